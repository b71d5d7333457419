"""The ban of November 2014 in series by hour: the model of `apec_series` with a course of the day, on the raw archives.

Only for `jingjinji fit apec --resolution hour`: the raw hours are not part of the book. The main fit is of the embassy,
variant ``stations`` of the mean of the logs of twelve stations.
"""

import numpy as np
import pandas as pd

from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant
from jingjinji.topics.november import archives, series
from jingjinji.topics.november.series import Panel

RECENT, BEFORE = 6, 24
LEAST = 1.0
LAST_HOUR = pd.Timedelta(hours=23)
TABLES = ("interventions",)
"""Of the book; the hours come from raw archives that are no part of it."""


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
    variables = pd.concat([recent, np.sqrt(before), departures], axis=1)[list(series.WEATHER)]
    scaled = (variables - variables.mean()) / variables.std()
    wet = weather["wet_hours"].rolling(RECENT, min_periods=1).mean()
    first, last = mean.index[0], mean.index[-1]
    windows = {
        event: (start, end + LAST_HOUR)
        for event, (start, end) in series.windows(events).items()
        if first <= start and end + LAST_HOUR <= last
    }
    wet_scaled = ((wet - wet.mean()) / wet.std()).to_numpy()
    return series.checked(Panel(np.exp(mean), scaled.to_numpy(), wet_scaled, windows))


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    return series.data(panel) | {"hour_index": panel.pm25.index.hour.to_numpy()}


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """The model of a panel; every array of `data` is a ``pm.Data``."""
    import pymc as pm

    with pm.Model(coords=series.COORDS | {"wave_of_day": range(23)}) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        hour = waves_of_day() @ pm.Normal("hour_wave", 0, 0.2, dims="wave_of_day")
        series.day_series(d, hour[d["hour_index"]], (20, 2), 0.25, lopsided)
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


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `apec_series.TRUTH`) and the hours, gaps and weather of `panel`."""
    return series.simulate({"carry_over": 0.93, "scale": 0.2} | truth, rng, panel)


VARIANTS = {"stations": Variant("mean of the stations", panel=panel_of_stations)}
TOYS: dict = {}
DERIVED = ("effect",)
