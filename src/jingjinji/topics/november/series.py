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

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

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
TWO_WEEKS = pd.Timedelta(days=13)
DAY = pd.Timedelta(days=1)
TABLES = ("beijing_day", "interventions")
STATIONS_TABLES = ("beijing_station_day", *TABLES)
STATIONS = "stations"
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


def panel(days: pd.DataFrame, events: pd.DataFrame) -> Panel:
    """The panel of the embassy's series, of `TABLES`."""
    return series("embassy", days, events)


def panel_of_stations(stations: pd.DataFrame, days: pd.DataFrame, events: pd.DataFrame) -> Panel:
    """The panel of the mean of the twelve stations, of `STATIONS_TABLES`."""
    return of_stations(by_station(stations), series("stations", days, events))


def by_station(stations: pd.DataFrame) -> pd.DataFrame:
    """Daily means of the twelve stations (day, station), µg/m³, NaN where there is none."""
    return stations.pivot(index="date", columns="station", values="pm25")


def of_stations(days: pd.DataFrame, city: Panel) -> Panel:
    """The panel `city` with the mean of the stations' logs, as exp, for the day's mean.

    days : (day, station). A day that misses a station takes the mean of the others, each against its own level.
    """
    log = np.log(days.reindex(city.pm25.index))
    offset = log.dropna().mean()
    mean = (log - offset).mean(axis=1) + offset.mean()
    return checked(replace(city, pm25=np.exp(mean)))


def series(name: str, table: pd.DataFrame, events: pd.DataFrame) -> Panel:
    """The panel of series `embassy` or `stations` of table ``beijing_day``; raises BookError for gaps in the event."""
    days = days_of(name, table)
    variables = weather_table(days)
    roots = [column for column in variables if column.startswith("wind")]
    variables[roots] = np.sqrt(variables[roots])
    scaled = (variables - variables.mean()) / variables.std()
    wet = (days.wet_hours - days.wet_hours.mean()) / days.wet_hours.std()
    found = {
        event: span for event, span in windows(events).items() if days.index[0] <= span[0] and span[1] <= days.index[-1]
    }
    return checked(Panel(days.pm25, scaled.to_numpy(), wet.to_numpy(), found))


def weather_table(days: pd.DataFrame) -> pd.DataFrame:
    """The variables of `WEATHER` by day: winds in m/s, dew point and temperature in K and pressure in hPa against the
    usual course of the year."""
    cycle = np.column_stack([np.ones(len(days)), seasons(days.index)])
    air = days[["dew_point", "temperature", "pressure"]]
    winds = days[["wind_nw", "wind_ne", "wind_se"]]
    total = winds.sum(axis=1)
    before = total.shift(fill_value=total.iloc[0]).rename("wind_before")
    departures = air - cycle @ np.linalg.lstsq(cycle, air.to_numpy())[0]
    return pd.concat([winds, before, departures], axis=1)[list(WEATHER)]


def days_of(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of one series of table ``beijing_day``, one for every day."""
    days = table.query("series == @name").set_index("date")
    return days.reindex(pd.date_range(days.index[0], days.index[-1]))


def windows(events: pd.DataFrame) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last day of every event: dates from ``interventions``, two weeks after them, National Day weeks."""
    dated = events.set_index("id")
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
    if "ban-1" in panel.windows:
        ban_start, _ = panel.windows["ban-1"]
    else:
        ban_start, _ = windows(tables.load("interventions"))["ban-1"]
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


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) and the days, gaps and weather of `panel`.

    ``effect`` is the true effect of the ban, as a share: -0.3 for thirty per cent less; ``parade`` that of the parade.
    No other event has one.
    """
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
    return simulate({"effect": effect, "parade": parade}, rng, panel)


VARIANTS = {
    "without-weather": Variant("without weather", partial(_with, use_weather=False)),
    "three-days-earlier": Variant("three days earlier", partial(_moved, days=-3)),
    "three-days-later": Variant("three days later", partial(_moved, days=3)),
    "wide-prior": Variant("wide prior", partial(_with, control_prior=1.0)),
    "narrow-prior": Variant("narrow prior", partial(_with, control_prior=0.15)),
    "stations": Variant("mean of the stations", tables=STATIONS_TABLES, panel=panel_of_stations),
    "stations-without-weather": Variant(
        "stations without weather", partial(_with, use_weather=False), tables=STATIONS_TABLES, panel=panel_of_stations
    ),
    "stations-parade-apart": Variant(
        "stations, the parade apart", partial(_with, alone=("parade",)), tables=STATIONS_TABLES, panel=panel_of_stations
    ),
}
TOYS = {
    "toy": partial(_toy, effect=-0.3),
    "toy-small": partial(_toy, effect=-0.1),
    "toy-none": partial(_toy, effect=0.0),
    "stations-toy": partial(_stations_toy, effect=-0.3, parade=-0.3),
    "stations-toy-no-parade": partial(_stations_toy, effect=-0.3, parade=0.0),
    "stations-toy-none": partial(_stations_toy, effect=0.0, parade=0.0),
}
TOYS_OF = {toy: STATIONS for toy in TOYS if toy.startswith(STATIONS)}
DERIVED = ("effect",)
