"""How a step in an autoregression goes wrong: the ban of November 2014 in series by hour.

The model of a single series, with a course of the day, on the raw hours. An event enters as a step in the mean of an
AR(1) process, whose innovations see it whole in its first hour and in the first hour after it, and hardly in the hours
between, so that a few midnights decide. Variants leave out those of the ban as innovations.

Only for `jingjinji fit apec --resolution hour`: the raw hours are not part of the book, and no answer of the book rests
on this model. The main fit is of the embassy, variants that begin with `stations` of the mean of the logs of twelve
stations.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant
from jingjinji.topics.november import archives, series
from jingjinji.topics.november.series import WAVES, WEATHER

RECENT, BEFORE = 6, 24
LEAST = 1.0
LAST_HOUR = pd.Timedelta(hours=23)
TREND_WAVES = 5
BLOCKS = 184
BAN = series.PHASES
EVENTS = (*BAN, *series.EVENTS[1:], *(f"holiday-{year}" for year in range(2010, 2017)))
CONTROL, HOLIDAY, ALONE = range(3)
KIND = dict.fromkeys(EVENTS, ALONE) | dict.fromkeys(EVENTS[:3], CONTROL) | dict.fromkeys(EVENTS[-7:], HOLIDAY)
CONTROL_PRIOR, HOLIDAY_PRIOR = 0.3, 0.15
TABLES = ("interventions",)
"""Of the book; the hours come from raw archives that are no part of it."""


@dataclass(frozen=True)
class Panel:
    """What is known of one series.

    pm25 : hourly readings indexed by time, every hour of the span, NaN where there is none.
    weather : (hour, variable) standardised variables of `series.WEATHER`; wet : (hour,) rain or snow, standardised.
    windows : event -> (first hour, last hour), the events of the series only.
    left_out : hours whose innovations do not count; they still are what the next hour follows on.
    """

    pm25: pd.Series
    weather: np.ndarray
    wet: np.ndarray
    windows: dict[str, tuple[pd.Timestamp, pd.Timestamp]]
    left_out: tuple[pd.Timestamp, ...] = ()
    truth: dict | None = None


def panel(events: pd.DataFrame) -> Panel:
    """The panel of the embassy; raises BookError where the raw hours are not there."""
    return panel_of(archives.embassy_hours(_raw(archives.BEIJING_AIRPORT)), events)


def panel_of_stations(events: pd.DataFrame) -> Panel:
    """The panel of the mean of the logs of twelve stations; raises BookError where the raw hours are not there."""
    return panel_of(archives.station_hours(_raw(archives.BEIJING_STATIONS)), events)


def _raw(archive: archives.Archive) -> pd.DataFrame:
    files = [archives.folder() / archive.id / name for name in archive.files]
    missing = [file.name for file in files if not file.exists()]
    if missing:
        raise BookError(
            f"{missing[0]} is not among the fetched archives: expected the raw hours of {archive.title}; run "
            "'jingjinji data fetch', or 'jingjinji data fetch --mirror DIR' without internet"
        )
    return pd.concat([pd.read_csv(file) for file in files], ignore_index=True)


def panel_of(hours: pd.DataFrame, events: pd.DataFrame) -> Panel:
    """The panel of hours of one or several sites (columns of `archives.embassy_hours`).

    An hour's reading is a whole number: nought counts as one µg/m³. The winds are means of the last six hours, the
    wind before is that of the 24 hours before them.
    """
    log = np.log(hours.pivot(index="time", columns="site", values="pm25").clip(lower=LEAST))
    offset = log.mean()
    mean = (log - offset).mean(axis=1) + offset.mean()
    weather = hours.drop(columns=["site", "pm25"]).groupby("time").mean().interpolate(limit_direction="both")
    winds = weather[["wind_nw", "wind_ne", "wind_se"]]
    recent = np.sqrt(winds.rolling(RECENT, min_periods=1).mean())
    before = winds.sum(axis=1).rolling(BEFORE, min_periods=1).mean().shift(RECENT).bfill().rename("wind_before")
    air = weather[["dew_point", "temperature", "pressure"]]
    cycle = np.column_stack([np.eye(24)[air.index.hour], series.seasons(air.index)])
    departures = air - cycle @ np.linalg.lstsq(cycle, air.to_numpy())[0]
    variables = pd.concat([recent, np.sqrt(before), departures], axis=1)[list(WEATHER)]
    scaled = (variables - variables.mean()) / variables.std()
    wet = weather["wet_hours"].rolling(RECENT, min_periods=1).mean()
    first, last = mean.index[0], mean.index[-1]
    windows = {
        event: (start, end + LAST_HOUR)
        for event, (start, end) in windows_of(events).items()
        if first <= start and end + LAST_HOUR <= last
    }
    wet_scaled = ((wet - wet.mean()) / wet.std()).to_numpy()
    return Panel(np.exp(mean), scaled.to_numpy(), wet_scaled, windows)


def windows_of(events: pd.DataFrame) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last day of every event: those of `series.windows`, the ban in its two phases, National Day weeks."""
    spans = series.windows(events) | series.phases(events)
    spans |= {f"holiday-{y}": (pd.Timestamp(y, 10, 1), pd.Timestamp(y, 10, 7)) for y in range(2010, 2017)}
    return {event: spans[event] for event in EVENTS}


def edges(panel: Panel) -> tuple[pd.Timestamp, ...]:
    """The first hour of each phase of the ban and the first hour after it."""
    return (*(panel.windows[event][0] for event in BAN), panel.windows[BAN[-1]][1] + pd.Timedelta(hours=1))


def block_of(panel: Panel) -> np.ndarray:
    """Number of the ten-day block of each hour; blocks are laid so that the ban is one of them."""
    ban_start, _ = series.windows(tables.load("interventions"))["ban"]
    number = np.floor((panel.pm25.index - ban_start).days / series.BLOCK_DAYS).astype(int)
    return number - number[0]


def event_days(panel: Panel) -> np.ndarray:
    """(hour, event): 1 in the hours of an event."""
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
    smooth = [series.waves(column, WAVES, series.SMOOTHNESS) for column in panel.weather.T]
    days = np.flatnonzero(measured & ~dates.isin(panel.left_out))
    return {
        "smooth_basis": np.concatenate(smooth, axis=1),
        "wet": panel.wet,
        "trend_basis": series.waves(year - year.mean(), TREND_WAVES, series.TREND_SMOOTHNESS, series.TREND_MARGIN),
        "season_basis": series.seasons(dates),
        "heated": series.heated(dates),
        "hour_index": dates.hour.to_numpy(),
        "weekday_index": dates.day_of_week.to_numpy(),
        "block_index": block_of(panel),
        "kind_index": np.array([KIND[event] for event in EVENTS]),
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
    "wave_of_day": range(23),
}


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """The model of a panel; every array of `data` is a ``pm.Data``."""
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model(coords=COORDS) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        hour = waves_of_day() @ pm.Normal("hour_wave", 0, 0.2, dims="wave_of_day")
        level = pm.Normal("level", np.log(80), 0.5)
        trend = pm.Normal("trend", 0, 0.2, dims="trend_wave")
        season = pm.Normal("season", 0, 0.3, dims="season_wave")
        heating = pm.Normal("heating", 0, 0.3)
        weekday = pm.ZeroSumNormal("weekday_effect", 0.1, dims="weekday")
        amplitude = pm.LogNormal("amplitude", np.log(0.4), 0.5, dims="term")
        smooth = pm.Normal("smooth", 0, amplitude[:, None], dims=("term", "wave"))
        wet = pm.Normal("wet_effect", 0, 0.2)
        weather = d["smooth_basis"] @ smooth.ravel() + d["wet"] * wet

        block_scale = pm.LogNormal("block_scale", np.log(0.12), 0.4)
        block = block_scale * pm.Normal("block_effect", 0, 1, dims="block")
        kind_mean = pm.Normal("kind_mean", 0, np.array([CONTROL_PRIOR, HOLIDAY_PRIOR]), dims="kind")
        event_scale = pm.LogNormal("event_scale", np.log(0.12), 0.4)
        apart = pm.Normal("event_apart", 0, 1, dims="event")
        pooled = kind_mean[pt.minimum(d["kind_index"], HOLIDAY)] + event_scale * apart
        alone = CONTROL_PRIOR * apart
        effect = pm.Deterministic("effect", pt.where(pt.eq(d["kind_index"], ALONE), alone, pooled), dims="event")

        calendar = (
            d["trend_basis"] @ trend + d["season_basis"] @ season + heating * d["heated"] + weekday[d["weekday_index"]]
        )
        mu = level + hour[d["hour_index"]] + calendar + weather + block[d["block_index"]] + d["event_days"] @ effect
        carry_over = pm.Beta("carry_over", 20, 2)
        scale = pm.LogNormal("scale", np.log(0.25), 0.3)
        tail = 3 + pm.Gamma("tail", 2, 0.1)
        residual_before = d["has_before"] * (d["log_pm25_before"] - mu[d["day_before"]])
        lopsided(mu[d["day"]] + carry_over * residual_before, scale, tail, d["log_pm25"])
    return model


def waves_of_day() -> np.ndarray:
    """Orthonormal waves of a day without a constant (hour, wave): twelve hours' cosines and sines, longest first.

    Independent normals for the waves are the same prior as a zero-sum normal for the hours. Neighbouring hours err
    together, so that the data know long and short waves apart, and hours only together.
    """
    angle = 2 * np.pi * np.arange(24)[:, None] * np.arange(1, 12) / 24
    pairs = np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(24, 22) / np.sqrt(12)
    return np.column_stack([pairs, (-1.0) ** np.arange(24) / np.sqrt(24)])


def lopsided(mean, scale, tail, observed) -> None:
    """Likelihood of hours in an open model: air fills up slowly and is swept clean fast.

    Two halves of a Student-t with scales of their own (Fernández and Steel 1998, doi 10.1080/01621459.1998.10474117),
    moved until its mean is `mean`: without that the level of a series whose falls are steep lies above its mean.
    """
    import pymc as pm
    import pytensor.tensor as pt

    rise_to_fall = pm.LogNormal("rise_to_fall", 0, 0.3)
    rise, fall = scale * pt.sqrt(rise_to_fall), scale / pt.sqrt(rise_to_fall)
    usual = pt.exp(pt.gammaln((tail + 1) / 2) - pt.gammaln(tail / 2)) * 2 * pt.sqrt(tail / np.pi) / (tail - 1)

    def logp(value, mode, rise, fall, tail):
        departure = value - mode
        side = pt.switch(departure > 0, rise, fall)
        return pm.logp(pm.StudentT.dist(nu=tail, mu=0, sigma=1), departure / side) + pt.log(2 / (rise + fall))

    def random(mode, rise, fall, tail, rng=None, size=None):
        size = np.broadcast_shapes(*(np.shape(x) for x in (mode, rise, fall, tail))) if size is None else size
        side = np.where(rng.random(size) < rise / (rise + fall), rise, -fall)
        return mode + side * np.abs(rng.standard_t(tail, size))

    pm.CustomDist("days", mean - (rise - fall) * usual, rise, fall, tail, logp=logp, random=random, observed=observed)


TRUTH = {
    "effect": 0.0,
    "level": np.log(85),
    "season": np.array([0.1, 0.1, 0.0, 0.0, 0.0, 0.0]),
    "weather": np.array([-0.35, -0.1, 0.05, -0.05, 0.4, -0.05, -0.1]),
    "block_scale": 0.08,
    "carry_over": 0.93,
    "scale": 0.2,
    "tail": 8.0,
}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) and the hours, gaps and weather of `panel`.

    ``effect`` is the true effect of the ban, as a share: -0.3 for thirty per cent less. No other event has one.
    """
    known = {**TRUTH, **truth}
    dates = panel.pm25.index
    mean = known["level"] + series.seasons(dates) @ known["season"] + np.tanh(panel.weather) @ known["weather"]
    mean = mean + rng.normal(0, known["block_scale"], BLOCKS)[block_of(panel)]
    in_ban = event_days(panel)[:, [EVENTS.index(event) for event in BAN]].any(axis=1)
    mean = mean + in_ban * np.log1p(known["effect"])
    noise = known["scale"] * rng.standard_t(known["tail"], len(dates))
    error = scipy.signal.lfilter([1.0], [1.0, -known["carry_over"]], noise)
    made = pd.Series(np.exp(mean + error), dates).where(panel.pm25.notna())
    return replace(panel, pm25=made, truth=known)


def _without_edges(panel: Panel) -> Panel:
    return replace(panel, left_out=edges(panel))


VARIANTS = {
    "without-edges": Variant("without the midnights of the ban", _without_edges),
    "stations": Variant("mean of the stations", panel=panel_of_stations),
    "stations-without-edges": Variant(
        "stations without the midnights of the ban", _without_edges, panel=panel_of_stations
    ),
}
TOYS: dict = {}
DERIVED = ("effect",)
