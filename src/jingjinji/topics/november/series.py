"""The ban of November 2014 in two daily series of Beijing: weather-adjusted, with ordinary ten days as the yardstick.

The embassy and the mean of the logs of twelve stations are two readings of the same city. The log of a day's PM2.5
follows trend, season, heating, holidays, weekday and weather; what is left carries over from day to day and, by blocks
of ten days, stays off for reasons that nobody recorded. An event counts as one only as far as it stands out from those
blocks. Concentrations are in µg/m³, effects on the natural-log scale.
"""

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
import scipy

from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

WEATHER = ("wind_nw", "wind_ne", "wind_se", "wind_before", "dew_point", "temperature", "pressure")
SITES = ("embassy", "stations")
WAVES, TREND_WAVES = 6, 8
SMOOTHNESS, TREND_SMOOTHNESS = 1.0, 1.5
MARGIN, TREND_MARGIN = 1.3, 2.0
BLOCK_DAYS = 10
EVENTS = ("ban", "parade", "alert", "after-ban", "after-parade", "later-30", "later-60", "later-90")
CONTROLS = EVENTS[:2]
PHASES = ("ban-1", "ban-2")
EVENT_PRIOR = 0.3
TWO_WEEKS = pd.Timedelta(days=13)
DAY = pd.Timedelta(days=1)
TABLES = ("beijing_station_day", "beijing_day", "interventions")
FEWEST_DAYS = 2
STATIONS_ALONE, EMBASSY_ALONE, EMBASSY_BESIDE = range(3)
NEVER = 1000
"""Days after which nothing is carried over any more: the gap before the first reading of a course."""


@dataclass(frozen=True)
class Site:
    """One series of Beijing.

    pm25 : daily means indexed by date, every day of the span, NaN where there is none.
    weather : (day, variable) standardised variables of `WEATHER`; wet : (day,) hours of rain or snow, standardised.
    """

    pm25: pd.Series
    weather: np.ndarray
    wet: np.ndarray

    @cached_property
    def basis(self) -> np.ndarray:
        """(day, term times wave): the waves of which the weather's curves are made."""
        return np.concatenate([waves(column, WAVES, SMOOTHNESS) for column in self.weather.T], axis=1)


@dataclass(frozen=True)
class Panel:
    """What is known: both series, and windows, event -> (first day, last day)."""

    embassy: Site
    stations: Site
    windows: dict[str, tuple[pd.Timestamp, pd.Timestamp]]
    use_weather: bool = True
    truth: dict | None = None

    @property
    def sites(self) -> tuple[Site, Site]:
        """In the order of `SITES`."""
        return self.embassy, self.stations

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Every day from the first of either series to the last."""
        spans = [site.pm25.index for site in self.sites]
        return pd.date_range(min(span[0] for span in spans), max(span[-1] for span in spans))


def panel(stations: pd.DataFrame, days: pd.DataFrame, events: pd.DataFrame) -> Panel:
    """The panel of `TABLES`; raises BookError where an event lies outside the record or has hardly a measured day."""
    city = site("stations", days)
    city = replace(city, pm25=mean_of_logs(by_station(stations).reindex(city.pm25.index)))
    return checked(Panel(site("embassy", days), city, windows(events)))


def by_station(stations: pd.DataFrame) -> pd.DataFrame:
    """Daily means of the twelve stations (day, station), µg/m³, NaN where there is none."""
    return stations.pivot(index="date", columns="station", values="pm25")


def mean_of_logs(days: pd.DataFrame) -> pd.Series:
    """The mean of the stations' logs, as exp, of days (day, station).

    A day that misses a station takes the mean of the others, each against its own level.
    """
    log = np.log(days)
    offset = log.dropna().mean()
    return np.exp((log - offset).mean(axis=1) + offset.mean())


def site(name: str, table: pd.DataFrame) -> Site:
    """Series `embassy` or `stations` of table ``beijing_day``."""
    days = days_of(name, table)
    variables = weather_table(days)
    roots = [column for column in variables if column.startswith("wind")]
    variables[roots] = np.sqrt(variables[roots])
    scaled = (variables - variables.mean()) / variables.std()
    wet = (days.wet_hours - days.wet_hours.mean()) / days.wet_hours.std()
    return Site(days.pm25, scaled.to_numpy(), wet.to_numpy())


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
    """First and last day of every event: dates from ``interventions``, and two weeks after them."""
    dated = events.set_index("id")
    start, end = pd.to_datetime(dated["start"]), pd.to_datetime(dated["end"])
    ban_end, parade_end = end["I010"], end["I018"]
    spans = {
        "ban": (start["I010"], ban_end),
        "parade": (start["I018"], parade_end),
        "alert": (start["I021"], end["I021"]),
        "after-ban": (ban_end + DAY, ban_end + DAY + TWO_WEEKS),
        "after-parade": (parade_end + DAY, parade_end + DAY + TWO_WEEKS),
    }
    for days in (30, 60, 90):
        first = ban_end + pd.Timedelta(days=days)
        spans[f"later-{days}"] = (first, first + TWO_WEEKS)
    return {event: spans[event] for event in EVENTS}


def phases(events: pd.DataFrame) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last day of the two phases of the ban: more was banned in the second."""
    start = pd.to_datetime(events.set_index("id")["start"])
    first, last = windows(events)["ban"]
    return {PHASES[0]: (first, start["I014"] - DAY), PHASES[1]: (start["I014"], last)}


def checked(panel: Panel) -> Panel:
    """The panel; raises BookError where an event lies outside the record or has hardly a measured day."""
    dates = panel.dates
    first, last = dates[0].date(), dates[-1].date()
    for event, (start, end) in panel.windows.items():
        if start < dates[0] or end > dates[-1]:
            raise BookError(
                f"event '{event}' runs from {start.date()} to {end.date()}, outside the record of {first} to {last}: "
                "expected an event inside it; leave the event out or give a longer series"
            )
        measured = max(int(site.pm25[start:end].notna().sum()) for site in panel.sites)
        if measured < FEWEST_DAYS:
            raise BookError(
                f"event '{event}' ({start.date()} to {end.date()}) has {measured} measured days: expected "
                f"at least {FEWEST_DAYS}; leave the event out or take another series"
            )
    return panel


def block_of(panel: Panel, moved: int = 0) -> np.ndarray:
    """Number of the ten-day block of each day of the record; blocks are laid so that the ban is one of them.

    moved : days by which all blocks begin later.
    """
    ban_start, _ = panel.windows["ban"]
    number = np.floor(((panel.dates - ban_start).days - moved) / BLOCK_DAYS).astype(int)
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


def trend(dates: pd.DatetimeIndex) -> np.ndarray:
    """(day, wave): slow waves over the years."""
    year = (dates - dates[0]).days.to_numpy() / 365.25
    return waves(year - year.mean(), TREND_WAVES, TREND_SMOOTHNESS, TREND_MARGIN)


def heated(dates: pd.DatetimeIndex) -> np.ndarray:
    """1 on the days of Beijing's legal heating season, 15 November to 15 March, less its mean."""
    number = 100 * dates.month + dates.day
    heating = ((number >= 1115) | (number <= 315)).astype(float)
    return heating - heating.mean()


def holidays(dates: pd.DatetimeIndex) -> np.ndarray:
    """1 on the days of the National Day week, 1 to 7 October, less its mean."""
    holiday = ((dates.month == 10) & (dates.day <= 7)).astype(float)
    return holiday - holiday.mean()


def event_days(panel: Panel) -> np.ndarray:
    """(day, event): 1 on the days of an event."""
    dates = panel.dates
    days = np.zeros((len(dates), len(EVENTS)))
    for event, (first, last) in panel.windows.items():
        days[(dates >= first) & (dates <= last), EVENTS.index(event)] = 1
    return days


def readings(panel: Panel) -> dict[str, np.ndarray]:
    """The measured days of both series one below the other, those of the embassy first, and what each follows on.

    A reading of the stations follows on the one before it. One of the embassy is taken beside the stations' of the same
    day, and what it then departs by follows on the departure before it; where the stations have none, it follows on the
    embassy's own. ``day``: number of its day in the record; ``of_site``: its day in its own series; ``beside``: row of
    the stations' reading of that day, where ``has_beside``; ``before``: row of the reading that it follows on, ``gap``
    days earlier, or `NEVER`; ``course_index``: which of the three it is.
    """
    dates = panel.dates
    of_site = [np.flatnonzero(site.pm25.notna().to_numpy()) for site in panel.sites]
    day = [dates.get_indexer(site.pm25.index[rows]) for site, rows in zip(panel.sites, of_site, strict=True)]
    row_of_stations = np.full(len(dates), -1)
    row_of_stations[day[1]] = len(day[0]) + np.arange(len(day[1]))
    beside = np.concatenate([row_of_stations[day[0]], np.full(len(day[1]), -1)])
    days = np.concatenate(day)
    is_embassy = np.arange(len(days)) < len(day[0])
    course = np.where(~is_embassy, STATIONS_ALONE, np.where(beside < 0, EMBASSY_ALONE, EMBASSY_BESIDE))
    before, gap = np.arange(len(days)), np.full(len(days), float(NEVER))
    for kind in range(3):
        rows = np.flatnonzero(course == kind)
        before[rows[1:]], gap[rows[1:]] = rows[:-1], np.minimum(np.diff(days[rows]), NEVER)
    return {
        "day": days,
        "of_site": np.concatenate(of_site),
        "site_index": (~is_embassy).astype(int),
        "beside": np.maximum(beside, 0),
        "has_beside": (beside >= 0).astype(float),
        "before": before,
        "gap": gap,
        "course_index": course,
    }


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    dates, rows = panel.dates, readings(panel)
    of_site, course, is_embassy = rows.pop("of_site"), rows.pop("course_index"), rows["site_index"] == 0
    days = [of_site[is_embassy], of_site[~is_embassy]]
    bases = [site.basis[inside] * panel.use_weather for site, inside in zip(panel.sites, days, strict=True)]
    return {
        "smooth_embassy": bases[0],
        "smooth_stations": bases[1],
        "wet": panel.use_weather * np.concatenate([s.wet[inside] for s, inside in zip(panel.sites, days, strict=True)]),
        "use_weather": np.array(float(panel.use_weather)),
        "trend_basis": trend(dates),
        "season_basis": seasons(dates),
        "heated": heated(dates),
        "holiday": holidays(dates),
        "weekday_index": dates.day_of_week.to_numpy(),
        "block_index": block_of(panel),
        "event_days": event_days(panel),
        **rows,
        "courses": np.eye(3)[course],
        "log_pm25": logs(panel),
    }


def logs(panel: Panel) -> np.ndarray:
    """Log of every reading, in the order of `readings`."""
    return np.log(np.concatenate([site.pm25.dropna().to_numpy() for site in panel.sites]))


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """The model of a panel; every array of `data` is a ``pm.Data``."""
    import pymc as pm
    import pytensor.tensor as pt

    arrays = data(panel)
    coords = {
        "site": list(SITES),
        "term": list(WEATHER),
        "wave": range(WAVES),
        "trend_wave": range(TREND_WAVES),
        "season_wave": ["cos 1", "sin 1", "cos 2", "sin 2", "cos 3", "sin 3"],
        "weekday": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        "block": range(arrays["block_index"].max() + 1),
        "event": list(EVENTS),
    }
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in arrays.items()}
        level = pm.Normal("level", np.log(80), 0.5, dims="site")
        slow = pm.Normal("trend", 0, 0.2, dims="trend_wave")
        season = pm.Normal("season", 0, 0.3, dims="season_wave")
        heating = pm.Normal("heating", 0, 0.3)
        holiday = pm.Normal("holiday_effect", 0, 0.15)
        weekday = pm.ZeroSumNormal("weekday_effect", 0.1, dims="weekday")
        block_scale = pm.LogNormal("block_scale", np.log(0.12), 0.4)
        block = block_scale * pm.Normal("block_effect", 0, 1, dims="block")
        effect = pm.Normal("effect", 0, EVENT_PRIOR, dims="event")
        of_day = d["trend_basis"] @ slow + d["season_basis"] @ season + heating * d["heated"] + holiday * d["holiday"]
        of_day += weekday[d["weekday_index"]] + block[d["block_index"]] + d["event_days"] @ effect

        amplitude = pm.LogNormal("amplitude", np.log(0.4), 0.5, dims="term")
        size = pt.switch(d["use_weather"], amplitude, 1.0)
        smooth = pm.Normal("smooth", 0, size[:, None], dims=("site", "term", "wave"))
        wet = pm.Normal("wet_effect", 0, 0.2, dims="site")
        curves = [d["smooth_embassy"] @ smooth[0].ravel(), d["smooth_stations"] @ smooth[1].ravel()]
        mu = level[d["site_index"]] + of_day[d["day"]] + pt.concatenate(curves) + d["wet"] * wet[d["site_index"]]

        carry_over = pm.Beta("carry_over", 4, 6)
        scale = pm.LogNormal("scale", np.log(0.45), 0.3)
        own_scale = pm.LogNormal("own_scale", np.log(0.2), 0.5)
        shared = pm.Normal("shared", 1, 0.2)
        tail = 3 + pm.Gamma("tail", 2, 0.1)
        left = d["log_pm25"] - mu
        of_stations = shared * d["has_beside"] * left[d["beside"]]
        kept = carry_over ** d["gap"]
        of_before = kept * (left - of_stations)[d["before"]]
        of_course = d["courses"] @ pt.stack([scale, pt.sqrt((shared * scale) ** 2 + own_scale**2), own_scale])
        sigma = of_course * pt.sqrt((1 - kept**2) / (1 - carry_over**2))
        pm.StudentT("days", nu=tail, mu=mu + of_stations + of_before, sigma=sigma, observed=d["log_pm25"])
    return model


TRUTH = {
    "effect": 0.0,
    "parade": 0.0,
    "level": np.log([85, 80]),
    "season": np.array([0.1, 0.1, 0.0, 0.0, 0.0, 0.0]),
    "weather": np.array([-0.35, -0.1, 0.05, -0.05, 0.4, -0.05, -0.1]),
    "block_scale": 0.08,
    "carry_over": 0.43,
    "scale": 0.36,
    "own_scale": 0.15,
    "shared": 1.0,
    "tail": 8.0,
    "days_to_work": 0.0,
    "interaction": 0.0,
    "slow_scale": 0.0,
    "slow_days": 30.0,
}


def response(panel: Panel, event: str, days: float) -> np.ndarray:
    """(day,): what part of an event's effect has come; a step where `days` is zero.

    Otherwise the rest that is missing, and after the event the rest that is left, falls by a factor e in so many days.
    """
    inside = event_days(panel)[:, EVENTS.index(event)]
    if not days:
        return inside
    left = np.exp(-1 / days)
    return scipy.signal.lfilter([1 - left], [1.0, -left], inside)


def made_up(truth: dict, rng: np.random.Generator, panel: Panel, records: int = 1) -> np.ndarray:
    """Logs of all readings of made-up records with known parameters: (record, reading).

    Keys of `truth` are those of `TRUTH`. ``effect`` is the true effect of the ban, as a share: -0.3 for thirty per cent
    less; ``parade`` that of the parade. No other event has one. Three of them break what the model assumes: with
    ``days_to_work`` the ban comes and goes gradually (`response`), with ``interaction`` northerly wind does more where
    the air is moist and less in summer, and with ``slow_scale`` the city also departs for weeks (standard deviation,
    and the ``slow_days`` in which that falls by a factor e).
    """
    known = {**TRUTH, **truth}
    dates, rows = panel.dates, readings(panel)
    mean = seasons(dates) @ known["season"]
    mean = mean + response(panel, "ban", known["days_to_work"]) * np.log1p(known["effect"])
    mean = mean + response(panel, "parade", 0.0) * np.log1p(known["parade"])
    weather = []
    for site in panel.sites:
        bent = np.tanh(site.weather)
        summer = seasons(site.pm25.index)[:, 0]
        wind, moist = bent[:, WEATHER.index("wind_nw")], bent[:, WEATHER.index("dew_point")]
        weather.append(bent @ known["weather"] - known["interaction"] * wind * (moist + summer))
    blocks = block_of(panel)
    city = known["block_scale"] * rng.normal(size=(records, blocks.max() + 1))[:, blocks]
    if known["slow_scale"]:
        city = city + _course(rng, (records, len(dates)), known["slow_scale"], np.exp(-1 / known["slow_days"]), None)
    error = _course(rng, (records, len(dates)), known["scale"], known["carry_over"], known["tail"])
    own = _course(rng, (records, len(dates)), known["own_scale"], known["carry_over"], known["tail"])
    of_site = [mean + city + known["shared"] * error + own, mean + city + error]
    return np.concatenate(
        [
            known["level"][number]
            + of_site[number][:, rows["day"][rows["site_index"] == number]]
            + weather[number][rows["of_site"][rows["site_index"] == number]]
            for number in range(len(SITES))
        ],
        axis=1,
    )


def _course(rng, shape: tuple[int, int], scale: float, carry_over: float, tail: float | None) -> np.ndarray:
    """First-order autoregressions (record, day): of innovations of that scale, or normal of that standard deviation."""
    noise = rng.standard_t(tail, shape) if tail else np.sqrt(1 - carry_over**2) * rng.standard_normal(shape)
    return scipy.signal.lfilter([scale], [1.0, -carry_over], noise, axis=1)


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (`made_up`) and the days, gaps and weather of `panel`."""
    made, first = np.exp(made_up(truth, rng, panel)[0]), int(panel.embassy.pm25.notna().sum())
    sites = []
    for site, values in zip(panel.sites, (made[:first], made[first:]), strict=True):
        pm25 = site.pm25.copy()
        pm25[pm25.notna()] = values
        sites.append(replace(site, pm25=pm25))
    return replace(panel, embassy=sites[0], stations=sites[1], truth={**TRUTH, **truth})


def _with(panel: Panel, **changes) -> Panel:
    return replace(panel, **changes)


VARIANTS = {"without-weather": Variant("without weather", partial(_with, use_weather=False))}
TOYS: dict = {}
DERIVED: tuple = ()
