"""The ban of 2014 and the parade of 2015 at twelve stations of Beijing: who departed from the city's day.

The stations' departures from the mean of their logs, which sum to zero, follow level, season, wind and events of their
own. Their mean is one of the two series of `apec_series`, with which this model shares no parameter. A station's effect
in an event is the city's plus its departure.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji.core.errors import BookError
from jingjinji.topics.november import series

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
CONTROLS = (*series.PHASES, "parade")
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
TABLES = series.TABLES
BESIDE = {"city": "apec_series"}


@dataclass(frozen=True)
class Panel:
    """What is known.

    city : the series of the mean of the stations' logs; its days and weather are used.
    windows : event -> (first day, last day), the ban in its two phases.
    departures : (day, station) log of a station less the mean of all, NaN on days that miss a station.
    """

    city: series.Site
    windows: dict[str, tuple[pd.Timestamp, pd.Timestamp]]
    departures: np.ndarray
    truth: dict | None = None


def panel(stations: pd.DataFrame, days: pd.DataFrame, events: pd.DataFrame) -> Panel:
    """The panel of `TABLES`."""
    windows = series.windows(events) | series.phases(events)
    return panel_of(series.site("stations", days), windows, series.by_station(stations))


def panel_of(city: series.Site, windows: dict, days: pd.DataFrame) -> Panel:
    """The panel of stations' daily means (day, station); raises BookError for a station without a day of an event."""
    days = days.reindex(index=city.pm25.index, columns=STATIONS)
    for event, (first, last) in windows.items():
        missing = days.loc[first:last].isna().all()
        if missing.any():
            raise BookError(
                f"station '{missing.idxmax()}' has no day of event '{event}' ({first.date()} to {last.date()}): "
                "expected at least one; leave the station or the event out"
            )
    log = np.log(days)
    departures = log.sub(log.mean(axis=1), axis=0).where(log.notna().all(axis=1))
    return Panel(city, windows, departures.to_numpy())


def pattern_days(panel: Panel) -> np.ndarray:
    """(day, pattern): 1 on the days of an event, or on the same days of a year without one."""
    dates = panel.city.pm25.index
    days = np.zeros((len(dates), len(PATTERNS)))
    for column, name in enumerate(PATTERNS):
        event, _, year = name.partition(", ")
        first, last = panel.windows[event]
        if year:
            first, last = first.replace(year=int(year)), last.replace(year=int(year))
        days[(dates >= first) & (dates <= last), column] = 1
    return days


def features(panel: Panel, used: np.ndarray) -> np.ndarray:
    """(used day, feature) of the stations' departures; all but the first are centred."""
    dates = panel.city.pm25.index[used]
    season = (dates.day_of_year.to_numpy() - dates.day_of_year.to_numpy().mean()) / 75
    year = (dates.year - dates.year[0]).to_numpy(dtype=float)
    columns = [panel.city.weather[used, series.WEATHER.index(name)] for name in FEATURES[4:]]
    varying = np.column_stack([season, season**2, year, *columns])
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
    return {
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

    coords = {
        "station": list(STATIONS),
        "feature": list(FEATURES),
        "pattern": list(PATTERNS),
        "axis": range(len(STATIONS) - 1),
    }
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        response = FEATURE_SCALE[:, None] * pm.ZeroSumNormal("response", 1, dims=("feature", "station"))
        common = pm.ZeroSumNormal("common_pattern", 0.15, dims="station")
        pattern_scale = pm.LogNormal("pattern_scale", np.log(0.1), 0.4)
        apart = pattern_scale * pm.ZeroSumNormal("pattern_apart", 1, dims=("pattern", "station"))
        control = np.array([name in CONTROLS for name in PATTERNS], dtype=float)
        pattern = pm.Deterministic("departure_of_event", apart + control[:, None] * common, dims=("pattern", "station"))
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


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`), the city, the days and the gaps of `panel`.

    The panel's ``truth`` gets ``patterns`` (pattern, station), the true departures of events.
    """
    known = {**TRUTH, **truth}
    rows = np.arange(len(panel.departures))
    response = FEATURE_SCALE[:, None] * rng.normal(0, known["response"], (len(FEATURES), len(STATIONS)))
    pattern = rng.normal(0, known["pattern_scale"], (len(PATTERNS), len(STATIONS)))
    noise = known["axis_scale"] * rng.standard_t(known["axis_tail"], (len(rows), len(STATIONS)))
    error = scipy.signal.lfilter([1.0], [1.0, -known["axis_carry_over"]], noise, axis=0)
    made = features(panel, rows) @ response + pattern_days(panel) @ pattern + error
    made = made - made.mean(axis=1, keepdims=True)
    known["patterns"] = pattern - pattern.mean(axis=1, keepdims=True)
    return replace(panel, departures=np.where(np.isfinite(panel.departures), made, np.nan), truth=known)


def _toy(panel: Panel, rng: np.random.Generator, pattern_scale: float) -> Panel:
    return simulate({"pattern_scale": pattern_scale}, rng, panel)


VARIANTS: dict = {}
TOYS = {"toy": partial(_toy, pattern_scale=0.08), "toy-none": partial(_toy, pattern_scale=0.0)}
DERIVED = ("departure_of_event",)


def of_controls(pattern: np.ndarray, windows: dict) -> dict[str, np.ndarray]:
    """Departures in ``ban`` and ``parade`` on the log scale, (..., pattern, station) -> (..., station).

    The ban is the mean of its two phases, weighted by their days.
    """
    first, second, parade = (pattern[..., PATTERNS.index(event), :] for event in CONTROLS)
    days = [(last - start).days + 1 for start, last in (windows[event] for event in series.PHASES)]
    return {"ban": (days[0] * first + days[1] * second) / sum(days), "parade": parade}
