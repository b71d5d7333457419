"""The ban of November 2014 in a daily series of Beijing: weather-adjusted, with ordinary ten days as the yardstick.

The log of a day's PM2.5 follows trend, season, heating, weekday and weather; what is left carries over from day to day
and, by blocks of ten days, stays off for reasons that nobody recorded. An event counts as one only as far as it stands
out from those blocks. The main fit is of the embassy; variants whose name begins with `stations` are of the mean of the
logs of twelve stations. Concentrations are in µg/m³, effects on the natural-log scale.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji import tables
from jingjinji.errors import BookError
from jingjinji.findings import Finding, exact, record

WEATHER = ("wind_nw", "wind_ne", "wind_se", "wind_before", "dew_point", "temperature", "pressure")
WAVES, TREND_WAVES = 6, 5
SMOOTHNESS, TREND_SMOOTHNESS = 1.0, 1.5
MARGIN, TREND_MARGIN = 1.3, 2.0
BLOCK_DAYS = 10
BLOCKS = 184
EVENTS = (
    "ban-1",
    "ban-2",
    "parade",
    "alert",
    "after-ban",
    "after-parade",
    "later-30",
    "later-60",
    "later-90",
    *(f"holiday-{year}" for year in range(2010, 2017)),
)
CONTROL, HOLIDAY, ALONE = range(3)
KIND = dict.fromkeys(EVENTS, ALONE) | dict.fromkeys(EVENTS[:3], CONTROL) | dict.fromkeys(EVENTS[9:], HOLIDAY)
CONTROL_PRIOR, HOLIDAY_PRIOR = 0.3, 0.15
BAN = ("ban-1", "ban-2")
GROUPS = {"ban": BAN, "ban-1": BAN[:1], "ban-2": BAN[1:], "parade": ("parade",)}
PRELIMINARY = -30.0
DAY_STANDARD = 75.0
LEAST_SPREAD = 1e-9
FEWEST_OF_BLOCK = 7
TWO_WEEKS = pd.Timedelta(days=13)
DAY = pd.Timedelta(days=1)
PANEL = ("beijing_day", "interventions")
STATIONS = "stations"
STATIONS_PANEL = ("beijing_station_day", *PANEL)
FEWEST_DAYS = 2


@dataclass(frozen=True)
class Panel:
    """What is known of one series.

    pm25 : daily means indexed by date, every day of the span, NaN where there is none.
    weather : (day, variable) standardised variables of `WEATHER`; wet : (day,) hours of rain or snow, standardised.
    windows : event -> (first day, last day), the events of the series only.
    alone : events that are not pooled with others of their kind. control_prior : standard deviation of controls' mean.
    """

    pm25: pd.Series
    weather: np.ndarray
    wet: np.ndarray
    windows: dict[str, tuple[pd.Timestamp, pd.Timestamp]]
    use_weather: bool = True
    alone: tuple[str, ...] = ()
    control_prior: float = CONTROL_PRIOR
    truth: dict | None = None


def load(variant: str = "") -> Panel:
    """The panel of the main fit, or of one of `VARIANTS`; raises BookError for an unknown variant."""
    if variant and variant not in VARIANTS:
        raise BookError(f"model apec_series has no variant '{variant}': expected one of {', '.join(VARIANTS)}")
    panel = of_stations(station_days()) if variant.startswith(STATIONS) else series("embassy")
    return VARIANTS[variant](panel) if variant else panel


def station_days() -> pd.DataFrame:
    """Daily means of the twelve stations (day, station), µg/m³, NaN where there is none."""
    return tables.load("beijing_station_day").pivot(index="date", columns="station", values="pm25")


def of_stations(days: pd.DataFrame, city: Panel | None = None) -> Panel:
    """The panel of series `stations` (or `city`) with the mean of the stations' logs, as exp, for the day's mean.

    days : (day, station). A day that misses a station takes the mean of the others, each against its own level.
    """
    city = series("stations") if city is None else city
    log = np.log(days.reindex(city.pm25.index))
    offset = log.dropna().mean()
    mean = (log - offset).mean(axis=1) + offset.mean()
    return checked(replace(city, pm25=np.exp(mean)))


def series(name: str) -> Panel:
    """The panel of series `embassy` or `stations` of table ``beijing_day``; raises BookError for gaps in the event."""
    variables = weather_table(name)
    roots = [column for column in variables if column.startswith("wind")]
    variables[roots] = np.sqrt(variables[roots])
    scaled = (variables - variables.mean()) / variables.std()
    days = _days(name)
    wet = (days.wet_hours - days.wet_hours.mean()) / days.wet_hours.std()
    found = {event: span for event, span in windows().items() if days.index[0] <= span[0] and span[1] <= days.index[-1]}
    return checked(Panel(days.pm25, scaled.to_numpy(), wet.to_numpy(), found))


def weather_table(name: str) -> pd.DataFrame:
    """The variables of `WEATHER` by day: winds in m/s, dew point and temperature in K and pressure in hPa against the
    usual course of the year."""
    days = _days(name)
    cycle = np.column_stack([np.ones(len(days)), seasons(days.index)])
    air = days[["dew_point", "temperature", "pressure"]]
    winds = days[["wind_nw", "wind_ne", "wind_se"]]
    total = winds.sum(axis=1)
    before = total.shift(fill_value=total.iloc[0]).rename("wind_before")
    departures = air - cycle @ np.linalg.lstsq(cycle, air.to_numpy())[0]
    return pd.concat([winds, before, departures], axis=1)[list(WEATHER)]


def _days(name: str) -> pd.DataFrame:
    days = tables.load("beijing_day").query("series == @name").set_index("date")
    return days.reindex(pd.date_range(days.index[0], days.index[-1]))


def windows() -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last day of every event: dates from ``interventions``, two weeks after them, National Day weeks."""
    dated = tables.load("interventions").set_index("id")
    start, end = pd.to_datetime(dated["start"]), pd.to_datetime(dated["end"])
    ban_end, parade_end = end["I010"], end["I018"]
    spans = {
        "ban-1": (start["I010"], start["I014"] - DAY),
        "ban-2": (start["I014"], ban_end),
        "parade": (start["I018"], parade_end),
        "alert": (start["I021"], end["I021"]),
        "after-ban": (ban_end + DAY, ban_end + DAY + TWO_WEEKS),
        "after-parade": (parade_end + DAY, parade_end + DAY + TWO_WEEKS),
    }
    for days in (30, 60, 90):
        first = ban_end + pd.Timedelta(days=days)
        spans[f"later-{days}"] = (first, first + TWO_WEEKS)
    for year in range(2010, 2017):
        spans[f"holiday-{year}"] = (pd.Timestamp(year, 10, 1), pd.Timestamp(year, 10, 7))
    return {event: spans[event] for event in EVENTS}


def checked(panel: Panel) -> Panel:
    """The panel; raises BookError where an event lies outside the record or has hardly a measured day."""
    first, last = panel.pm25.index[0].date(), panel.pm25.index[-1].date()
    for event, (start, end) in panel.windows.items():
        inside = panel.pm25[start:end]
        if len(inside) < (end - start).days + 1:
            raise BookError(
                f"event '{event}' runs from {start.date()} to {end.date()}, outside the record of {first} to {last}: "
                "expected an event inside it; leave the event out or give a longer series"
            )
        if inside.notna().sum() < FEWEST_DAYS:
            raise BookError(
                f"event '{event}' ({start.date()} to {end.date()}) has {inside.notna().sum()} measured days: expected "
                f"at least {FEWEST_DAYS}; leave the event out or take another series"
            )
    return panel


def block_of(panel: Panel) -> np.ndarray:
    """Number of the ten-day block of each day; blocks are laid so that the ban of the panel is one of them."""
    dates = panel.pm25.index
    ban_start, _ = panel.windows["ban-1"] if "ban-1" in panel.windows else windows()["ban-1"]
    number = np.floor((dates - ban_start).days / BLOCK_DAYS).astype(int)
    return number - number[0]


def waves(x: np.ndarray, count: int, smoothness: float, margin: float = MARGIN) -> np.ndarray:
    """Basis (row, wave) of a smooth function of x (in standard deviations), scaled for amplitude one.

    Hilbert-space approximation, on an interval `margin` times as long as the data's, of a Gaussian process with a
    squared-exponential kernel and length scale `smoothness` (Riutort-Mayol et al. 2023, doi
    10.1007/s11222-022-10167-2); columns are centred and turned until they are orthogonal, which leaves the prior of
    the function as it is.
    """
    half = margin * np.abs(x).max()
    frequency = np.arange(1, count + 1) * np.pi / (2 * half)
    density = np.sqrt(2 * np.pi) * smoothness * np.exp(-0.5 * (smoothness * frequency) ** 2)
    basis = np.sin(frequency * (x[:, None] + half)) / np.sqrt(half) * np.sqrt(density)
    turned, size, _ = np.linalg.svd(basis - basis.mean(axis=0), full_matrices=False)
    return turned * size


def seasons(dates: pd.DatetimeIndex) -> np.ndarray:
    """(day, 6): three cycles a year as cosine and sine."""
    angle = 2 * np.pi * (dates.day_of_year.to_numpy() - 1) / 365.25
    return np.column_stack([wave(k * angle) for k in (1, 2, 3) for wave in (np.cos, np.sin)])


def heated(dates: pd.DatetimeIndex) -> np.ndarray:
    """1 on the days of Beijing's legal heating season, 15 November to 15 March, less its mean."""
    number = 100 * dates.month + dates.day
    heating = ((number >= 1115) | (number <= 315)).astype(float)
    return heating - heating.mean()


def event_days(panel: Panel) -> np.ndarray:
    """(day, event): 1 on the days of an event."""
    dates = panel.pm25.index
    days = np.zeros((len(dates), len(EVENTS)))
    for event, (first, last) in panel.windows.items():
        days[(dates >= first) & (dates <= last), EVENTS.index(event)] = 1
    return days


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    dates = panel.pm25.index
    log = np.log(panel.pm25.to_numpy())
    measured = np.isfinite(log)
    before = np.concatenate([[False], measured[:-1]])
    year = (dates - dates[0]).days.to_numpy() / 365.25
    smooth = [waves(column, WAVES, SMOOTHNESS) for column in panel.weather.T]
    days = np.flatnonzero(measured)
    return {
        "smooth_basis": np.concatenate(smooth, axis=1) * panel.use_weather,
        "wet": panel.wet * panel.use_weather,
        "use_weather": np.array(float(panel.use_weather)),
        "trend_basis": waves(year - year.mean(), TREND_WAVES, TREND_SMOOTHNESS, TREND_MARGIN),
        "season_basis": seasons(dates),
        "heated": heated(dates),
        "weekday_index": dates.day_of_week.to_numpy(),
        "block_index": block_of(panel),
        "kind_index": np.array([ALONE if event in panel.alone else KIND[event] for event in EVENTS]),
        "control_prior": np.array(panel.control_prior),
        "event_days": event_days(panel),
        "day": days,
        "day_before": np.maximum(days - 1, 0),
        "has_before": before[days].astype(float),
        "log_pm25": log[days],
        "log_pm25_before": np.nan_to_num(log[np.maximum(days - 1, 0)]),
    }


COORDS = {
    "term": list(WEATHER),
    "wave": range(WAVES),
    "trend_wave": range(TREND_WAVES),
    "season_wave": ["cos 1", "sin 1", "cos 2", "sin 2", "cos 3", "sin 3"],
    "weekday": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    "block": range(BLOCKS),
    "event": list(EVENTS),
    "kind": ["control", "holiday"],
}


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """The model of a panel; every array of `data` is a ``pm.Data``."""
    import pymc as pm

    with pm.Model(coords=COORDS) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        day_series(d)
    return model


def symmetric(mean, scale, tail, observed) -> None:
    """Student-t likelihood of what is measured, in an open model."""
    import pymc as pm

    pm.StudentT("days", nu=tail, mu=mean, sigma=scale, observed=observed)


def day_series(
    d: dict, within_day=0.0, carry_over_prior: tuple = (4, 6), scale_prior: float = 0.45, likelihood=symmetric
):
    """Parameters and likelihood of the daily series inside an open model; returns the events' effects (event,).

    within_day : course of the day, for a series by hour; its carry-over, scale and likelihood are others.
    """
    import pymc as pm
    import pytensor.tensor as pt

    level = pm.Normal("level", np.log(80), 0.5)
    trend = pm.Normal("trend", 0, 0.2, dims="trend_wave")
    season = pm.Normal("season", 0, 0.3, dims="season_wave")
    heating = pm.Normal("heating", 0, 0.3)
    weekday = pm.ZeroSumNormal("weekday_effect", 0.1, dims="weekday")
    amplitude = pm.LogNormal("amplitude", np.log(0.4), 0.5, dims="term")
    size = pt.switch(d["use_weather"], amplitude, 1.0)
    smooth = pm.Normal("smooth", 0, size[:, None], dims=("term", "wave"))
    wet = pm.Normal("wet_effect", 0, 0.2)
    weather = d["smooth_basis"] @ smooth.ravel() + d["wet"] * wet

    block_scale = pm.LogNormal("block_scale", np.log(0.12), 0.4)
    block = block_scale * pm.Normal("block_effect", 0, 1, dims="block")
    kind_mean = pm.Normal("kind_mean", 0, pt.stack([d["control_prior"], HOLIDAY_PRIOR]), dims="kind")
    event_scale = pm.LogNormal("event_scale", np.log(0.12), 0.4)
    apart = pm.Normal("event_apart", 0, 1, dims="event")
    pooled = kind_mean[pt.minimum(d["kind_index"], HOLIDAY)] + event_scale * apart
    alone = CONTROL_PRIOR * apart
    effect = pm.Deterministic("effect", pt.where(pt.eq(d["kind_index"], ALONE), alone, pooled), dims="event")

    calendar = (
        d["trend_basis"] @ trend + d["season_basis"] @ season + heating * d["heated"] + weekday[d["weekday_index"]]
    )
    mu = level + within_day + calendar + weather + block[d["block_index"]] + d["event_days"] @ effect
    carry_over = pm.Beta("carry_over", *carry_over_prior)
    scale = pm.LogNormal("scale", np.log(scale_prior), 0.3)
    tail = 3 + pm.Gamma("tail", 2, 0.1)
    residual_before = d["has_before"] * (d["log_pm25_before"] - mu[d["day_before"]])
    likelihood(mu[d["day"]] + carry_over * residual_before, scale, tail, d["log_pm25"])
    return effect


TRUTH = {
    "effect": 0.0,
    "parade": 0.0,
    "level": np.log(85),
    "season": np.array([0.1, 0.1, 0.0, 0.0, 0.0, 0.0]),
    "weather": np.array([-0.35, -0.1, 0.05, -0.05, 0.4, -0.05, -0.1]),
    "block_scale": 0.08,
    "carry_over": 0.43,
    "scale": 0.36,
    "tail": 8.0,
}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) and the days, gaps and weather of `panel`.

    ``effect`` is the true effect of the ban, as a share: -0.3 for thirty per cent less; ``parade`` that of the parade.
    No other event has one.
    """
    panel = series("embassy") if panel is None else panel
    known = {**TRUTH, **truth}
    dates = panel.pm25.index
    mean = known["level"] + seasons(dates) @ known["season"] + np.tanh(panel.weather) @ known["weather"]
    mean = mean + rng.normal(0, known["block_scale"], BLOCKS)[block_of(panel)]
    effect = dict.fromkeys(BAN, known["effect"]) | {"parade": known["parade"]}
    mean = mean + event_days(panel)[:, [EVENTS.index(event) for event in effect]] @ np.log1p(list(effect.values()))
    noise = known["scale"] * rng.standard_t(known["tail"], len(dates))
    error = scipy.signal.lfilter([1.0], [1.0, -known["carry_over"]], noise)
    made = pd.Series(np.exp(mean + error), dates).where(panel.pm25.notna())
    return replace(panel, pm25=made, truth=known)


def _moved(panel: Panel, days: int) -> Panel:
    """The windows of ban and rebound moved by some days."""
    shift = pd.Timedelta(days=days)
    moved = {
        event: (first + shift, last + shift)
        for event, (first, last) in panel.windows.items()
        if event in (*BAN, "after-ban")
    }
    return replace(panel, windows=panel.windows | moved)


def _with(panel: Panel, **changes) -> Panel:
    return replace(panel, **changes)


def _toy(panel: Panel, rng: np.random.Generator, effect: float) -> Panel:
    return simulate({"effect": effect}, rng, panel)


def _stations_toy(panel: Panel, rng: np.random.Generator, effect: float, parade: float) -> Panel:
    return simulate({"effect": effect, "parade": parade}, rng, load(STATIONS))


VARIANTS = {
    "without-weather": partial(_with, use_weather=False),
    "three-days-earlier": partial(_moved, days=-3),
    "three-days-later": partial(_moved, days=3),
    "wide-prior": partial(_with, control_prior=1.0),
    "narrow-prior": partial(_with, control_prior=0.15),
    "stations": _with,
    "stations-without-weather": partial(_with, use_weather=False),
    "stations-parade-apart": partial(_with, alone=("parade",)),
}
TOYS = {
    "toy": partial(_toy, effect=-0.3),
    "toy-small": partial(_toy, effect=-0.1),
    "toy-none": partial(_toy, effect=0.0),
    "stations-toy": partial(_stations_toy, effect=-0.3, parade=-0.3),
    "stations-toy-no-parade": partial(_stations_toy, effect=-0.3, parade=0.0),
    "stations-toy-none": partial(_stations_toy, effect=0.0, parade=0.0),
}
DERIVED = ("effect",)


def findings(fit) -> list[Finding]:
    """Effects by event, the counterfactual of the ban, the weather of its days; checks of each series' first fit.

    Of a made-up panel the effect of the ban alone, beside its truth. Ids of the stations' fits begin with
    ``apec.stations``, and their suffix leaves the series out: ``@without-weather`` for `stations-without-weather`.
    """
    of_stations = fit.variant.startswith(STATIONS)
    site, words = ("stations", "geometric mean of twelve stations") if of_stations else ("embassy", "one site")
    prefix, panel = f"apec.{site}", STATIONS_PANEL if of_stations else PANEL
    if fit.panel.truth:
        name = partial(record, model=fit.name, panel=panel, suffix=f"@{fit.variant}")
        return _recovered(fit, prefix, words, name)
    choice = fit.variant.removeprefix(STATIONS).removeprefix("-") if of_stations else fit.variant
    name = partial(record, model=fit.name, panel=panel, suffix=f"@{choice}" if choice else "")
    made = event_findings(fit.parameters, fit.panel, prefix, words, name)
    if not choice:
        made += series_findings(fit, fit.panel, prefix, words, name)
    if not fit.variant:
        made += official_findings()
    return made


def _recovered(fit, prefix: str, words: str, name) -> list[Finding]:
    """True effect of the ban in a made-up panel, and what the model gives back."""
    truth, label = 100 * fit.panel.truth["effect"], f"truth: change of PM2.5 in the ban, {words}"
    return [
        exact(f"{prefix}.truth.ban.effect@{fit.variant}", label, truth, "%", ()),
        _group(fit.parameters, fit.panel, "ban", BAN, f"{prefix}.ban", words, name)[0],
    ]


def series_findings(fit, panel: Panel, prefix: str, words: str, name) -> list[Finding]:
    """Weather of the ban, standing among ordinary ten days and predictive checks of a main fit."""
    return [
        *weather_findings(fit.parameters, panel, prefix, words, name, fit.name),
        *standing_findings(fit.parameters, panel, prefix, words, fit.name),
        *check_findings(fit.parameters, panel, fit.seed, prefix, words, fit.name),
    ]


def event_findings(parameters, panel: Panel, prefix: str, words: str, name, steps_a_day: int = 1) -> list[Finding]:
    """Effect of each event (%), and of the ban as a whole in % and µg/m³ with what the days would have been.

    steps_a_day : readings of the series in a day, over which the carry-over is taken.
    """
    effect = parameters["effect"].transpose("chain", "draw", "event").values
    made = []
    for event, (first, last) in panel.windows.items():
        if event in GROUPS:
            continue
        span = f"{first.date()} to {last.date()}"
        made.append(
            name(
                f"{prefix}.{event}.effect",
                f"change of PM2.5 beyond weather and season, {span}, {words}",
                100 * np.expm1(effect[:, :, EVENTS.index(event)]),
                "%",
            )
        )
    for group, members in GROUPS.items():
        if members[0] in panel.windows:
            made += _group(parameters, panel, group, members, f"{prefix}.{group}", words, name)
    made.append(
        name(
            f"{prefix}.block-scale",
            f"part of the scatter of ten days that daily carry-over does not explain, {words}",
            100 * parameters["block_scale"].transpose("chain", "draw").values,
            "%",
        )
    )
    made.append(
        name(
            f"{prefix}.carry-over",
            f"part of a departure that carries over to the same hour of the next day, {words}",
            100 * parameters["carry_over"].transpose("chain", "draw").values ** steps_a_day,
            "%",
        )
    )
    return made


def _group(parameters, panel: Panel, group: str, members: tuple, prefix: str, words: str, name) -> list[Finding]:
    first, last = panel.windows[members[0]][0], panel.windows[members[-1]][1]
    span = f"{first.date()} to {last.date()}, {words}"
    days = panel.pm25[first:last].dropna()
    position = panel.pm25.index.get_indexer(days.index)
    shift = parameters["effect"].transpose("chain", "draw", "event").values @ event_days(panel)[position].T
    without = (days.to_numpy() * np.exp(-shift)).mean(axis=2)
    observed = days.mean()
    return [
        name(
            f"{prefix}.effect",
            f"change of PM2.5 beyond weather, season and the scatter of ordinary ten days, {span}",
            100 * (observed / without - 1),
            "%",
        ),
        name(
            f"{prefix}.difference",
            f"difference of PM2.5 beyond weather, season and ordinary scatter, {span}",
            observed - without,
            "µg/m³",
        ),
        name(
            f"{prefix}.counterfactual",
            f"mean PM2.5 had the days of the {group} been like others with their weather, {span}",
            without,
            "µg/m³",
        ),
        name(
            f"{prefix}.below",
            f"probability that the days of the {group} lay below expectation, {span}",
            without > observed,
            "probability",
        ),
        name(
            f"{prefix}.beyond-preliminary",
            f"probability that the days of the {group} lay more than {-PRELIMINARY:.0f} % below expectation, {span}",
            observed < (1 + PRELIMINARY / 100) * without,
            "probability",
        ),
    ]


def weather_mean(parameters, arrays: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Mean weather term of some days (chain, draw), log scale, from the arrays of `data`."""
    smooth = parameters["smooth"].transpose("chain", "draw", "term", "wave").values
    wet = parameters["wet_effect"].transpose("chain", "draw").values
    return smooth.reshape(*wet.shape, -1) @ arrays["smooth_basis"][rows].mean(axis=0) + wet * arrays["wet"][rows].mean()


def weather_findings(parameters, panel: Panel, prefix: str, words: str, name, model: str) -> list[Finding]:
    """Was the ban's weather adverse, and how much of the difference from October goes with weather?"""
    dates, arrays = panel.pm25.index, data(panel)
    first, last = panel.windows["ban-1"][0], panel.windows["ban-2"][1]
    ban = np.flatnonzero((dates >= first) & (dates <= last))
    october = np.flatnonzero((dates >= f"{first.year}-10-01") & (dates < f"{first.year}-11-01"))
    in_ban = weather_mean(parameters, arrays, ban)
    others = {}
    for year in sorted(set(dates.year) - {first.year}):
        rows = np.flatnonzero((dates >= first.replace(year=year)) & (dates <= last.replace(year=year)))
        if len(rows) == len(ban):
            others[year] = weather_mean(parameters, arrays, rows)
    autumn = [
        start
        for start in range(len(dates) - len(ban) + 1)
        if (dates[start].month, dates[start].day) >= (10, 15)
        and dates[start + len(ban) - 1].month in (10, 11)
        and not set(range(start, start + len(ban))) & set(ban)
    ]
    windows = np.stack([weather_mean(parameters, arrays, np.arange(start, start + len(ban))) for start in autumn])
    usual, spread = np.mean(list(others.values()), axis=0), np.std(list(others.values()), axis=0, ddof=1)
    log = np.log(panel.pm25.to_numpy())
    drop = np.nanmean(log[october]) - np.nanmean(log[ban])
    span = f"{first.date()} to {last.date()}, {words}"
    made = [
        name(
            f"{prefix}.weather.ban",
            f"PM2.5 that goes with the weather of {span}, against the same days of the other years",
            100 * np.expm1(in_ban - usual),
            "%",
        ),
        name(
            f"{prefix}.weather.adverse",
            f"probability that the same days of another year have better weather than {span}",
            scipy.stats.t.cdf(
                (in_ban - usual) / (np.maximum(spread, LEAST_SPREAD) * np.sqrt(1 + 1 / len(others))), len(others) - 1
            ),
            "probability",
        ),
        exact(
            f"{prefix}.weather.other-years",
            f"other years whose weather of the same days is compared, {words}",
            len(others),
            "",
            PANEL,
        ),
        exact(
            f"{prefix}.weather.worse-years",
            f"other years of {len(others)} whose weather of the same days was worse, {words}",
            int(np.median(sum(value > in_ban for value in others.values()))),
            "",
            PANEL,
            model,
        ),
        name(
            f"{prefix}.weather.better",
            f"share of ten-day windows from 15 October to 30 November with a weather worse than that of {span}",
            100 * (windows > in_ban).mean(axis=0),
            "%",
        ),
        name(
            f"{prefix}.weather.october",
            f"share of the difference from October {first.year} (mean of logs) that goes with weather, {span}",
            100 * (weather_mean(parameters, arrays, october) - in_ban) / drop,
            "%",
        ),
    ]
    for year, value in others.items():
        made.append(
            name(
                f"{prefix}.weather.{year}",
                f"PM2.5 that goes with the weather of {first.strftime('%-d %B')} to "
                f"{last.strftime('%-d %B')} {year}, against the record's mean, {words}",
                100 * np.expm1(value),
                "%",
            )
        )
    made.append(
        name(
            f"{prefix}.weather.{first.year}",
            f"PM2.5 that goes with the weather of {span}, against the record's mean",
            100 * np.expm1(in_ban),
            "%",
        )
    )
    after = panel.windows["after-ban"]
    rows = np.flatnonzero((dates >= after[0]) & (dates <= after[1]))
    made.append(
        name(
            f"{prefix}.weather.after",
            f"PM2.5 that goes with the weather of {after[0].date()} to "
            f"{after[1].date()}, against the record's mean, {words}",
            100 * np.expm1(weather_mean(parameters, arrays, rows)),
            "%",
        )
    )
    return made


def expected(parameters, panel: Panel, rows: slice) -> np.ndarray:
    """Mean of log PM2.5 given the day before: (draw, measured day), for every `rows`-th draw."""
    return _expected(parameters, data(panel), rows)


def _expected(parameters, d: dict, rows: slice) -> np.ndarray:
    """As `expected`, from the arrays of `data`; without blocks where ``block_index`` is None."""
    names = (
        "level", "trend", "season", "heating", "weekday_effect", "smooth", "wet_effect", "block_effect", "block_scale",
        "effect", "carry_over",
    )  # fmt: skip
    flat = {
        name: parameters[name].stack(sample=("chain", "draw")).transpose("sample", ...).values[rows] for name in names
    }
    size = len(flat["level"])
    mu = flat["level"][:, None] + flat["trend"] @ d["trend_basis"].T + flat["season"] @ d["season_basis"].T
    mu += flat["heating"][:, None] * d["heated"] + flat["weekday_effect"][:, d["weekday_index"]]
    mu += flat["smooth"].reshape(size, -1) @ d["smooth_basis"].T + flat["wet_effect"][:, None] * d["wet"]
    mu += flat["effect"] @ d["event_days"].T
    if d["block_index"] is not None:
        mu += flat["block_scale"][:, None] * flat["block_effect"][:, d["block_index"]]
    residual = d["has_before"] * (d["log_pm25_before"] - mu[:, d["day_before"]])
    return mu[:, d["day"]] + flat["carry_over"][:, None] * residual


def unexplained(parameters, panel: Panel, rows: slice) -> pd.Series:
    """Log of each measured day less what calendar and weather explain, mean over every `rows`-th draw, by date."""
    d = data(panel)
    without = d | {"event_days": 0 * d["event_days"], "has_before": 0 * d["has_before"], "block_index": None}
    days = panel.pm25.dropna()
    return np.log(days) - _expected(parameters, without, rows).mean(axis=0)


def standing_findings(parameters, panel: Panel, prefix: str, words: str, model: str) -> list[Finding]:
    """How far ordinary ten days stray, and how many of them lie as low as the ban's.

    Their Monte Carlo errors come from the chains. Few chains tell a standard deviation badly, so it is taken for one (a
    count, a per cent) at least.
    """
    chains = range(parameters.sizes["chain"])
    by_chain = [unexplained(parameters.isel(chain=[k]), panel, slice(None, None, 5)) for k in chains]
    count, scatter, lower = standing(sum(by_chain) / len(by_chain), panel)
    parts = np.array([standing(left, panel)[1:] for left in by_chain])
    scatter_error, lower_error = np.maximum(parts.std(axis=0, ddof=1), 1) / np.sqrt(len(parts))
    return [
        exact(
            f"{prefix}.ordinary-ten-days",
            f"standard deviation of ordinary ten days around what weather and season let expect, {words}",
            scatter,
            "%",
            PANEL,
            model,
            scatter_error,
        ),
        exact(f"{prefix}.ordinary-ten-days.count", f"ordinary ten days of the record, {words}", count, "", PANEL),
        exact(
            f"{prefix}.ordinary-ten-days.lower",
            f"ordinary ten days that lay as far below expectation as the ban's or farther, {words}",
            lower,
            "",
            PANEL,
            model,
            lower_error,
        ),
    ]


def standing(left: pd.Series, panel: Panel) -> tuple[int, float, int]:
    """Ordinary ten days: their number, their standard deviation (%), and how many lie as low as the ban's or lower.

    left : what `unexplained` leaves of each day.
    """
    block = pd.Series(block_of(panel), panel.pm25.index)[left.index]
    means = left.groupby(block.to_numpy()).agg(["mean", "count"])
    means = means.loc[means["count"] >= FEWEST_OF_BLOCK, "mean"]
    controls = event_days(panel)[:, : len(BAN) + 1].any(axis=1)
    of_controls = set(block_of(panel)[controls])
    ban = means[block_of(panel)[event_days(panel)[:, 0] > 0][0]]
    ordinary = means[[number for number in means.index if number not in of_controls]]
    return len(ordinary), float(100 * ordinary.std()), int((ordinary <= ban).sum())


def replicates(parameters, panel: Panel, seed: int, draws: int = 400) -> np.ndarray:
    """Measured days drawn anew given the day before: (draw, measured day), µg/m³."""
    total = parameters.sizes["chain"] * parameters.sizes["draw"]
    rows = slice(None, None, max(1, total // draws))
    mean = expected(parameters, panel, rows)
    scale, tail = (parameters[key].values.reshape(-1)[rows, None] for key in ("scale", "tail"))
    return np.exp(mean + scale * np.random.default_rng(seed).standard_t(3 + tail, mean.shape))


def dirtiest_days(drawn: np.ndarray, measured: pd.Series) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The twentieth dirtiest day of each year: years, drawn anew (draw, year), measured (year,), µg/m³."""
    years = sorted(set(measured.index.year))
    inside = [measured.index.year == year for year in years]
    return (
        [str(year) for year in years],
        np.column_stack([np.sort(drawn[:, use], axis=1)[:, -20] for use in inside]),
        np.array([np.sort(measured[use])[-20] for use in inside]),
    )


def check_findings(parameters, panel: Panel, seed: int, prefix: str, words: str, model: str) -> list[Finding]:
    """Share of the measured days inside the central 50 and 94 % of days drawn anew, and the same of dirty days."""
    drawn, days = replicates(parameters, panel, seed), panel.pm25.dropna()
    years, again, dirty = dirtiest_days(drawn, days)
    low, high = np.percentile(again, [3, 97], axis=0)
    measured = days.to_numpy()
    made = [
        exact(f"{prefix}.days", f"measured days, {words}", len(measured), "days", PANEL),
        exact(
            f"{prefix}.check.dirtiest",
            f"years of {len(years)} whose twentieth dirtiest day lies in the central 94 % of days drawn anew, {words}",
            int(((low <= dirty) & (dirty <= high)).sum()),
            "",
            PANEL,
            model,
        ),
    ]
    for probability in (50, 94):
        low, high = np.percentile(drawn, [50 - probability / 2, 50 + probability / 2], axis=0)
        share = 100 * np.mean((low <= measured) & (measured <= high))
        made.append(
            exact(
                f"{prefix}.check.coverage{probability}",
                f"share of measured days inside the central {probability} % of days drawn anew, {words}",
                round(float(share), 1),
                "%",
                PANEL,
                model,
            )
        )
    return made


def official_findings() -> list[Finding]:
    """The days as measured in the two series, and the official evaluation."""
    spans, made = windows(), []
    first, last = spans["ban-1"][0], spans["ban-2"][1]
    parade, parade_end = spans["parade"]
    year = first.year
    days = tables.load("beijing_day").set_index("date")
    for series_name in ("embassy", "stations"):
        pm25 = days.loc[days.series == series_name, "pm25"]
        asked = {
            "ban": (first, last),
            "official-days": (f"{year}-11-01", last),
            "october": (f"{year}-10-01", f"{year}-10-31"),
            "after": spans["after-ban"],
        }
        if series_name == "stations":
            asked |= {
                "parade": (parade, parade_end),
                "parade-year-before": (parade.replace(year=year), parade_end.replace(year=year)),
            }
        for id, (start, end) in asked.items():
            label = f"mean of measured PM2.5, {series_name}, {str(start)[:10]} to {str(end)[:10]}"
            mean = round(float(pm25[start:end].mean()), 1)
            made.append(exact(f"apec.observed.{series_name}.{id}", label, mean, "µg/m³", ("beijing_day",)))
        ban = pm25[first:last]
        clean = f"days of the ban at or under the daily standard of {DAY_STANDARD:.0f} µg/m³, {series_name}"
        made += [
            exact(
                f"apec.observed.{series_name}.clean-days", clean, (ban <= DAY_STANDARD).sum(), "days", ("beijing_day",)
            ),
            exact(
                f"apec.observed.{series_name}.dirtiest",
                f"dirtiest day of the ban, {series_name}",
                round(float(ban.max()), 1),
                "µg/m³",
                ("beijing_day",),
            ),
        ]
    observed = {finding.id: finding.mean for finding in made}
    change = 100 * (
        observed["apec.observed.stations.parade"] / observed["apec.observed.stations.parade-year-before"] - 1
    )
    table = tables.load("published_results").set_index("id")
    measured, without = table.loc["P043", "value"], table.loc["P044", "value"]
    source = ("published_results",)
    return [
        *made,
        exact(
            "apec.observed.stations.parade-change",
            f"change of PM2.5 in the days of the parade against the same days of {year}, weather included, stations",
            round(change),
            "%",
            ("beijing_day",),
        ),
        exact("apec.official.observed", table.loc["P043", "quantity"], measured, "µg/m³", source),
        exact("apec.official.counterfactual", table.loc["P044", "quantity"], without, "µg/m³", source),
        exact("apec.official.effect", "effect of the controls by the official evaluation",
              round(100 * (measured / without - 1)), "%", source),
    ]  # fmt: skip
