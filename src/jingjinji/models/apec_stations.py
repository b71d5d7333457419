"""The ban of 2014 and the parade of 2015 at twelve stations of Beijing: the city's day, and who departed from it.

The mean of the stations' logs follows the model of `apec_series`; the stations' departures from it, which sum to zero,
follow level, season, wind and events of their own. A station's effect in an event is the city's plus its departure.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import signal

from jingjinji import tables
from jingjinji.errors import BookError
from jingjinji.findings import Finding, exact, record
from jingjinji.models import apec_series
from jingjinji.models.apec_series import BAN, EVENTS

STATIONS = (
    "Aotizhongxin",
    "Changping",
    "Dingling",
    "Dongsi",
    "Guanyuan",
    "Gucheng",
    "Huairou",
    "Nongzhanguan",
    "Shunyi",
    "Tiantan",
    "Wanliu",
    "Wanshouxigong",
)
NORTH = ("Changping", "Dingling", "Huairou", "Shunyi")
CONTROLS = ("ban-1", "ban-2", "parade")
PATTERNS = (
    *CONTROLS,
    "alert",
    "after-ban",
    "after-parade",
    *(
        f"{event}, {year}"
        for event in CONTROLS
        for year in (2013, 2014, 2015, 2016)
        if year != (2015 if event == "parade" else 2014)
    ),
)
FEATURES = ("level", "day of season", "its square", "year", "wind_nw", "wind_ne", "wind_se", "dew_point")
FEATURE_SCALE = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1])
FIRST_MONTH = 8
PANEL = ("beijing_station_day", "beijing_day", "interventions")


@dataclass(frozen=True)
class Panel:
    """What is known.

    city : the panel of `apec_series` with the mean of the stations' logs, as exp, in place of the day's mean.
    departures : (day, station) log of a station less the mean of all, NaN on days that miss a station.
    """

    city: apec_series.Panel
    departures: np.ndarray
    truth: dict | None = None


def load(variant: str = "") -> Panel:
    """The panel of the main fit, or of one of `VARIANTS`; raises BookError for an unknown variant."""
    if variant and variant not in VARIANTS:
        raise BookError(f"model apec_stations has no variant '{variant}': expected one of {', '.join(VARIANTS)}")
    days = tables.load("beijing_station_day").pivot(index="date", columns="station", values="pm25")
    city = apec_series.series("stations")
    panel = panel_of(city, days.reindex(index=city.pm25.index, columns=STATIONS))
    return VARIANTS[variant](panel) if variant else panel


def panel_of(city: apec_series.Panel, days: pd.DataFrame) -> Panel:
    """The panel of stations' daily means (day, station); raises BookError for a station without a day of an event."""
    for event, (first, last) in city.windows.items():
        missing = days.loc[first:last].isna().all()
        if missing.any():
            raise BookError(
                f"station '{missing.idxmax()}' has no day of event '{event}' ({first.date()} to {last.date()}): "
                "expected at least one; leave the station or the event out"
            )
    log = np.log(days)
    offset = log.dropna().mean()
    mean = (log - offset).mean(axis=1) + offset.mean()
    departures = log.sub(log.mean(axis=1), axis=0).where(log.notna().all(axis=1))
    return Panel(apec_series.checked(replace(city, pm25=np.exp(mean))), departures.to_numpy())


def pattern_days(panel: Panel) -> np.ndarray:
    """(day, pattern): 1 on the days of an event, or on the same days of a year without one."""
    dates = panel.city.pm25.index
    days = np.zeros((len(dates), len(PATTERNS)))
    for column, name in enumerate(PATTERNS):
        event, _, year = name.partition(", ")
        first, last = panel.city.windows[event]
        if year:
            first, last = first.replace(year=int(year)), last.replace(year=int(year))
        days[(dates >= first) & (dates <= last), column] = 1
    return days


def features(panel: Panel, used: np.ndarray) -> np.ndarray:
    """(used day, feature) of the stations' departures; all but the first are centred."""
    dates = panel.city.pm25.index[used]
    season = (dates.day_of_year.to_numpy() - dates.day_of_year.to_numpy().mean()) / 75
    year = (dates.year - dates.year[0]).to_numpy(dtype=float)
    columns = [panel.city.weather[used, apec_series.WEATHER.index(name)] for name in FEATURES[4:]]
    varying = np.column_stack([season, season**2, year, np.column_stack(columns) * panel.city.use_weather])
    return np.column_stack([np.ones(len(used)), varying - varying.mean(axis=0)])


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    Departures enter from August to December, the months of the events. They are turned to eleven uncorrelated axes:
    the principal axes of what a least-squares fit leaves over.
    """
    season = panel.city.pm25.index.month >= FIRST_MONTH
    complete = np.flatnonzero(np.isfinite(panel.departures).all(axis=1) & season)
    known = panel.departures[complete]
    design = np.column_stack([features(panel, complete), pattern_days(panel)[complete]])
    left = known - design @ np.linalg.lstsq(design, known)[0]
    axes = np.linalg.svd(left, full_matrices=False)[2][:-1].T
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    row = np.arange(len(complete))
    before = np.maximum(row - 1, 0)
    return apec_series.data(panel.city) | {
        "feature_days": design[:, : len(FEATURES)],
        "pattern_days": design[:, len(FEATURES) :],
        "axes": axes,
        "turned": known @ axes,
        "row_before": before,
        "row_has_before": ((row > 0) & (complete[before] == complete - 1)).astype(float),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """The model of a panel; every array of `data` is a ``pm.Data``."""
    import pymc as pm

    coords = apec_series.COORDS | {
        "station": list(STATIONS),
        "feature": list(FEATURES),
        "pattern": list(PATTERNS),
        "axis": range(len(STATIONS) - 1),
        "control": list(CONTROLS),
    }
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        city = apec_series.day_series(d)
        response = FEATURE_SCALE[:, None] * pm.ZeroSumNormal("response", 1, dims=("feature", "station"))
        common = pm.ZeroSumNormal("common_pattern", 0.15, dims="station")
        pattern_scale = pm.LogNormal("pattern_scale", np.log(0.1), 0.4)
        apart = pattern_scale * pm.ZeroSumNormal("pattern_apart", 1, dims=("pattern", "station"))
        control = np.array([name in CONTROLS for name in PATTERNS], dtype=float)
        pattern = apart + control[:, None] * common
        own = pattern[np.array([PATTERNS.index(event) for event in CONTROLS])]
        city_effect = city[np.array([EVENTS.index(event) for event in CONTROLS])]
        pm.Deterministic("station_effect", city_effect[:, None] + own, dims=("control", "station"))
        mu = (d["feature_days"] @ response + d["pattern_days"] @ pattern) @ d["axes"]
        axis_carry_over = pm.Beta("axis_carry_over", 4, 6, dims="axis")
        axis_scale = pm.LogNormal("axis_scale", np.log(0.1), 0.7, dims="axis")
        axis_tail = 3 + pm.Gamma("axis_tail", 2, 0.1)
        residual = d["row_has_before"][:, None] * (d["turned"] - mu)[d["row_before"]]
        pm.StudentT(
            "departures", nu=axis_tail, mu=mu + axis_carry_over * residual, sigma=axis_scale, observed=d["turned"]
        )
    return model


TRUTH = {"response": 0.5, "pattern_scale": 0.04, "axis_carry_over": 0.25, "axis_scale": 0.1, "axis_tail": 4.0}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known parameters (keys of `TRUTH` and of `apec_series.TRUTH`), days and gaps of `panel`.

    The panel's ``truth`` gets ``patterns`` (pattern, station), the true departures of events.
    """
    panel = load() if panel is None else panel
    known = {**TRUTH, **truth}
    city = apec_series.simulate(
        {key: value for key, value in known.items() if key in apec_series.TRUTH}, rng, panel.city
    )
    rows = np.arange(len(panel.departures))
    response = FEATURE_SCALE[:, None] * rng.normal(0, known["response"], (len(FEATURES), len(STATIONS)))
    pattern = rng.normal(0, known["pattern_scale"], (len(PATTERNS), len(STATIONS)))
    noise = known["axis_scale"] * rng.standard_t(known["axis_tail"], (len(rows), len(STATIONS)))
    error = signal.lfilter([1.0], [1.0, -known["axis_carry_over"]], noise, axis=0)
    made = features(panel, rows) @ response + pattern_days(panel) @ pattern + error
    made = made - made.mean(axis=1, keepdims=True)
    known["patterns"] = pattern - pattern.mean(axis=1, keepdims=True)
    return Panel(city, np.where(np.isfinite(panel.departures), made, np.nan), known)


def _toy(panel: Panel, effect: float) -> Panel:
    return simulate({"effect": effect}, np.random.default_rng([12, int(-100 * effect)]), panel)


def _with_city(panel: Panel, **changes) -> Panel:
    return replace(panel, city=replace(panel.city, **changes))


VARIANTS = {
    "toy": partial(_toy, effect=-0.3),
    "toy-small": partial(_toy, effect=-0.1),
    "toy-none": partial(_toy, effect=0.0),
    "without-weather": partial(_with_city, use_weather=False),
    "parade-apart": partial(_with_city, alone=("parade",)),
}
DERIVED: tuple = ()
KEPT_WITH: tuple = ()


def findings(fit) -> list[Finding]:
    """Effects of the events on the city and on each station, the pattern north against the rest, the ban's weather."""
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
    city, prefix, words = fit.panel.city, "apec.stations", "geometric mean of twelve stations"
    made = apec_series.event_findings(fit.parameters, city, prefix, words, name)
    if fit.variant:
        return made
    made += apec_series.series_findings(fit, city, prefix, words, name)
    effect = fit.parameters["station_effect"].transpose("chain", "draw", "control", "station").values
    north = np.array([station in NORTH for station in STATIONS])
    days = np.array([(last - first).days + 1 for first, last in (city.windows[event] for event in BAN)])
    ban = np.tensordot(effect[:, :, :2], days / days.sum(), axes=([2], [0]))
    for key, values, what in (("ban", ban, "the ban of 2014"), ("parade", effect[:, :, 2], "the parade of 2015")):
        for column, station in enumerate(STATIONS):
            made.append(
                name(
                    f"{prefix}.{key}.{station.lower()}.effect",
                    f"change of PM2.5 beyond weather and season at {station}, {what}",
                    100 * np.expm1(values[:, :, column]),
                    "%",
                )
            )
        gap = values[:, :, north].mean(axis=2) - values[:, :, ~north].mean(axis=2)
        made.append(
            name(
                f"{prefix}.{key}.north",
                f"PM2.5 of the northern stations ({', '.join(NORTH)}) relative to the others, beyond usual, {what}",
                100 * np.expm1(gap),
                "%",
            )
        )
    complete = np.isfinite(fit.panel.departures).all(axis=1)
    autumn = city.pm25.index.month >= FIRST_MONTH
    made.append(
        exact(
            f"{prefix}.complete-days",
            "days from August to December with all twelve stations",
            int((complete & autumn).sum()),
            "days",
            PANEL,
        )
    )
    return made
