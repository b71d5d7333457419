"""PM2.5 of the cities of a region by month: one model for every region, with the parts that a region's data inform.

The regional month (`region`, dims month) carries what all cities share; each city departs from it by effects that sum
to zero over the cities. A month without a measurement is predicted; an official annual mean constrains the average of
its area's months. Weather, the change of ruler, another procedure, a contrast of north and south and official means
are in the graph of a region that has them, and in no other. All concentrations are in µg/m³, all effects on the
natural-log scale.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
import scipy

from jingjinji.core.errors import BookError
from jingjinji.topics.air.weather_of_days import Response

CITY, AVERAGE = "city", "average"
"""Kinds of areas that have official means: single cities, means of several."""
CITY_EFFECTS = ("slope", "bend", "season")
BEND_BOUNDARY = 2.0
FEWEST_WAVES = 3
ERROR_SHAPE = 4.0
STEP_PRIOR = (1.0, 0.35)
SLOPE_SCALE, CITY_BEND_SCALE, SEASON_SCALE, RESPONSE_SCALE, CONTRAST_SCALE = 0.02, 0.07, 0.07, 0.02, 0.05
"""Medians of priors: cities' yearly rates, bends, seasons and responses to weather; north and south in a month."""
BEND_SCALE, LENGTH_SCALE, SHOCK_SCALE, MONTH_SCALE = 0.1, 2.5, 0.1, 0.12
"""Medians of priors: the region's bends and their years, its months, a city's month beside it."""
BEND_SPREAD, LENGTH_SPREAD = 0.5, 0.2
"""Prior standard deviations of the logarithms of the bends' scale and of their length scale."""
NEVER = 1000
"""Months since a measurement that there is not: nothing is carried over so long."""
DERIVED = ("mu", "region", "slope_city")
TARGET_ACCEPT = 0.92
"""At 0.9 the error of energy was above 10 with 12 of 8,000 draws of a record that is cut off, at 0.92 never above 3."""
AS_MANY_AS_MEASURED = (
    "time", "time_before", "city_index", "log_pm25", "log_pm25_before", "months_since", "official_year",
    "official_kind", "official_area", "official_pm25", "official_error",
)  # fmt: skip
"""Arrays with a row for each measured month or official mean; all others have one shape in every panel of a region."""
OF_OFFICIAL_MEANS = (
    "known", "missing", "official_year", "official_kind", "official_area", "official_pm25", "official_error"
)  # fmt: skip
"""Arrays that nothing reads where there are no official means."""


@dataclass(frozen=True)
class Region:
    """What the model knows of a region beside its measurements: who, when, and which parts of the model it informs.

    cities : in the order of the columns of all arrays.
    first, last : first and last month, YYYY-MM.
    areas : area -> its cities; its mean is their unweighted mean.
    latitude : city -> degrees north; empty where there is to be no contrast of north and south.
    height : city -> metres above the sea; a city that is not named lies as high as the weather was measured, `plain`.
    ruler : first month in which concentrations are those of the air as it is, empty where nothing changed.
    procedure : first month of today's way of making monthly means, empty where nothing changed.
    weather : names of the weather variables, in the order of the columns of `Panel.weather`.
    official : kinds of areas that have official annual means, `CITY` or `AVERAGE`.
    days_of : the city of whose days `Panel.days` tells.
    starts : month in which years begin that are averaged, 1 for calendar years; a year is called by the calendar year
        in which it begins.
    level, slope : mean and standard deviation of the priors of the region's log level and of its yearly rate.
    most_carried : largest carry-over of a city's chance from month to month.
    first_tail : degrees of freedom of each city's first month; 0 where they are those of all months.
    """

    cities: tuple[str, ...]
    first: str
    last: str
    areas: Mapping[str, tuple[str, ...]]
    latitude: Mapping[str, float] = field(default_factory=dict)
    height: Mapping[str, float] = field(default_factory=dict)
    plain: float = 0.0
    ruler: str = ""
    procedure: str = ""
    weather: tuple[str, ...] = ()
    official: tuple[str, ...] = ()
    days_of: str = ""
    starts: int = 1
    level: tuple[float, float] = (np.log(40), 0.8)
    slope: tuple[float, float] = (0.0, 0.1)
    most_carried: float = 1.0
    first_tail: float = 0.0

    @property
    def converts(self) -> bool:
        """Whether the change of ruler is in the model: without temperature and pressure nobody can compute it."""
        return bool(self.ruler) and {"temperature", "pressure"} <= set(self.weather)

    @cached_property
    def months(self) -> pd.PeriodIndex:
        return pd.period_range(self.first, self.last, freq="M")

    @cached_property
    def time(self) -> np.ndarray:
        """(month,) years since the middle of the record."""
        return (np.arange(len(self.months)) - len(self.months) // 2) / 12

    @cached_property
    def calendar(self) -> np.ndarray:
        """(month,) calendar month, January is 0."""
        return self.months.month.to_numpy() - 1

    @cached_property
    def year(self) -> np.ndarray:
        """(month,) the year of each month."""
        return self.months.year.to_numpy() - (self.months.month.to_numpy() < self.starts)

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Years of which every month is in the record: no other has an annual mean."""
        years, count = np.unique(self.year, return_counts=True)
        return tuple(years[count == 12].tolist())

    @cached_property
    def whole(self) -> slice:
        """The months of `years`."""
        start = int(np.searchsorted(self.year, self.years[0])) if self.years else 0
        return slice(start, start + 12 * len(self.years))

    @cached_property
    def days(self) -> np.ndarray:
        """(year, month of the year) days."""
        return self.months[self.whole].days_in_month.to_numpy().reshape(len(self.years), 12)

    @cached_property
    def day_weights(self) -> np.ndarray:
        """(year, month of the year) share of a month in its year."""
        return self.days / self.days.sum(axis=1, keepdims=True)

    @cached_property
    def after_change(self) -> np.ndarray:
        """(month,) 1 from the change of ruler on."""
        return (self.months >= pd.Period(self.ruler, freq="M")).astype(float)

    @cached_property
    def collected(self) -> np.ndarray:
        """(month,) 1 before today's procedure; 0 throughout where nothing changed."""
        if not self.procedure:
            return np.zeros(len(self.months))
        return (self.months < pd.Period(self.procedure, freq="M")).astype(float)

    @cached_property
    def north(self) -> np.ndarray:
        """(city,) standardised latitude."""
        latitudes = np.array([self.latitude[city] for city in self.cities])
        return (latitudes - latitudes.mean()) / latitudes.std()

    @cached_property
    def higher(self) -> np.ndarray:
        """(city,) log of what ambient air is thinner than where the weather was measured."""
        heights = [self.height.get(city, self.plain) for city in self.cities]
        return np.array([thinner_air(height) for height in heights]) - thinner_air(self.plain)

    @cached_property
    def membership(self) -> np.ndarray:
        """(area, city) weights."""
        members = [[city in cities for city in self.cities] for cities in self.areas.values()]
        weights = np.array(members, dtype=float)
        return weights / weights.sum(axis=1, keepdims=True)

    @property
    def waves(self) -> int:
        """How many waves bends are made of, one a year: as many as length scales from a seventh of 11 years on need."""
        return max(FEWEST_WAVES, round(len(self.months) / 12))

    def kind(self, area: str) -> str:
        """Kind of an area, as `official` names it."""
        return CITY if area in self.cities else AVERAGE

    def place(self, area: str) -> int:
        """Number of an area among `areas`."""
        return list(self.areas).index(area)


def thinner_air(height: float) -> float:
    """Log density of the air at a height in metres, beside that at the sea (ISO 2533, the standard atmosphere)."""
    return 4.2559 * np.log1p(-2.25577e-5 * height)


@dataclass(frozen=True)
class Panel:
    """What is known of a region; what it does not have is None, and `official` without rows.

    pm25 : (month, city) measured means, NaN where there is none.
    official : rows area, year, pm25, error (standard deviation of rounding or derivation).
    weather : (month, variable) departures from the calendar month's mean, in standard deviations; 0 where unknown.
    wind_error : (month,) standard error of the wind's departure, in the same unit.
    conversion : (month,) log of the factor from 273 K and 1013 hPa to the month's temperature and pressure.
    days : what days before the first month say of the response of a city's log concentration to `weather`.
    """

    region: Region
    pm25: np.ndarray
    official: pd.DataFrame
    weather: np.ndarray | None = None
    wind_error: np.ndarray | None = None
    conversion: np.ndarray | None = None
    days: Response | None = None
    step_prior: tuple[float, float] = STEP_PRIOR
    truth: dict | None = None


def no_means() -> pd.DataFrame:
    """`Panel.official` of a region without official means."""
    kinds = {"area": str, "year": int, "pm25": float, "error": float}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def departures_of_weather(values: pd.DataFrame, calendar: np.ndarray) -> tuple[np.ndarray, pd.Series]:
    """Standardised departures (month, variable) from calendar months' means, 0 where unknown; and the spreads."""
    departures = values - values.groupby(calendar).transform("mean")
    spread = departures.std()
    return (departures / spread).fillna(0).to_numpy(), spread


def log_conversion(values: pd.DataFrame, calendar: np.ndarray) -> np.ndarray:
    """(month,) log factor from 273 K and 1013 hPa to `temperature` (degC) and `pressure` (hPa), usual where unknown."""
    filled = values.fillna(values.groupby(calendar).transform("mean"))
    kelvin = 273.15 + filled["temperature"]
    return np.log(273.15 / kelvin * filled["pressure"] / 1013.25).to_numpy()


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    Raises BookError where nothing was measured: such a fit would print its priors as if they were answers.
    """
    region = panel.region
    observed = np.isfinite(panel.pm25)
    if not observed.any():
        raise BookError(
            f"the panel has no measured month of {region.cities[0]} or of another of its cities from {region.first} to "
            f"{region.last}: correct the names of the cities or the months in the table"
        )
    time, city = np.nonzero(observed)
    log_pm25 = np.log(np.where(observed, panel.pm25, 1.0))
    before, since = (values[time, city] for values in measured_before(panel))
    rows = panel.official
    told = {
        "weather_departure": panel.weather,
        "conversion": panel.conversion if region.converts else None,
        "time": time,
        "time_before": before,
        "city_index": city,
        "log_pm25": log_pm25[time, city],
        "log_pm25_before": log_pm25[before, city],
        "months_since": since.astype(float),
        "known": np.where(observed, panel.pm25, 0.0),
        "missing": (~observed).astype(float),
        "middle": np.array(middle(panel)),
        "slope_told": slope_told(panel),
        "step_line": step_line(panel) if region.converts else None,
        "bend_told": bend_told(panel),
        "bend_city_told": bend_city_told(panel),
        "weather_city_told": weather_city_told(panel) if region.weather else None,
        "contrast_told": contrast_told(panel) if region.latitude else None,
        "collected_here": region.collected - collected_share(panel) if region.procedure else None,
        "month_told": month_told(panel),
        "month_ahead": month_ahead(panel),
        "measured_share": observed / np.maximum(observed.sum(axis=1, keepdims=True), 1),
        "official_year": rows.year.to_numpy() - region.years[0] if region.official else None,
        "official_kind": np.array([region.official.index(region.kind(area)) for area in rows.area], dtype=int),
        "official_area": np.array([region.place(area) for area in rows.area], dtype=int),
        "official_pm25": rows.pm25.to_numpy(dtype=float),
        "official_error": rows.error.to_numpy(dtype=float),
        "days_whitening": panel.days.whitening if panel.days else None,
        "days_response": panel.days.whitening @ panel.days.estimate if panel.days else None,
        "step_prior": np.array(panel.step_prior) if region.converts else None,
    }
    unused = () if region.official else OF_OFFICIAL_MEANS
    return {name: values for name, values in told.items() if values is not None and name not in unused}


def step_line(panel: Panel) -> np.ndarray:
    """Level and slope that a full step gives the measured months: they belong to `level` and `slope`, not to `step`."""
    time = panel.region.time
    measured = np.nonzero(np.isfinite(panel.pm25))[0]
    design = np.column_stack([np.ones_like(time), time - middle(panel)])[measured]
    return np.linalg.lstsq(design, (panel.region.after_change * panel.conversion)[measured])[0]


def measured_before(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """(month, city): the last month before in which the city was measured, and how many months ago.

    Where there was none, the first month and `NEVER`.
    """
    month = np.arange(len(panel.pm25))[:, None]
    latest = np.maximum.accumulate(np.where(np.isfinite(panel.pm25), month, -1), axis=0)
    before = np.vstack([np.full((1, latest.shape[1]), -1), latest[:-1]])
    return np.maximum(before, 0), np.where(before < 0, NEVER, month - before)


def bend_told(panel: Panel) -> np.ndarray:
    """By wave, what share of the precision of its size comes from the region's months, as in `slope_told`.

    At a length scale that is long by three standard deviations of its prior: where it grows, quick waves vanish, and
    chains would diverge in those that are centred.
    """
    return _told(_wave_squares(panel.region, np.isfinite(panel.pm25).any(axis=1)), BEND_SCALE / SHOCK_SCALE)


def bend_city_told(panel: Panel) -> np.ndarray:
    """By wave, the same of the bends of an average city."""
    return _told(_wave_squares(panel.region, np.isfinite(panel.pm25).mean(axis=1)), CITY_BEND_SCALE / MONTH_SCALE)


def _wave_squares(region: Region, measured: np.ndarray) -> np.ndarray:
    """By wave, the sum of its squares over months (month,) that count so much, at the amplitude of long bends."""
    waves, frequency = bend_waves(region)
    length_scale = LENGTH_SCALE * np.exp(3 * LENGTH_SPREAD)
    return measured @ waves**2 * np.sqrt(2 * np.pi) * length_scale * np.exp(-0.5 * (length_scale * frequency) ** 2)


def slope_told(panel: Panel) -> np.ndarray:
    """By city, what share of the precision of its slope comes from its own months, at the scales of the priors.

    Papaspiliopoulos et al. 2007, doi 10.1214/088342307000000014, on how far to centre.
    """
    squares = np.isfinite(panel.pm25).T @ (panel.region.time - middle(panel)) ** 2
    return _told(squares, SLOPE_SCALE / MONTH_SCALE)


def weather_city_told(panel: Panel) -> np.ndarray:
    """By weather variable, the same of the response of an average city."""
    return _told(np.isfinite(panel.pm25).mean(axis=1) @ panel.weather**2, RESPONSE_SCALE / MONTH_SCALE)


def contrast_told(panel: Panel) -> np.ndarray:
    """By month, the same of its contrast of north and south."""
    return _told(np.isfinite(panel.pm25) @ panel.region.north**2, CONTRAST_SCALE / MONTH_SCALE)


def _told(squares: np.ndarray, ratio: float) -> np.ndarray:
    """Share of an effect's precision that measurements give: sums of squares, the effect's scale beside the noise."""
    return squares * ratio**2 / (squares * ratio**2 + 1)


def month_told(panel: Panel) -> np.ndarray:
    """By month, 1 where a city was measured or an official mean of many cities holds its year, else 0."""
    official = panel.official[~panel.official.area.isin(panel.region.cities)]
    return (np.isfinite(panel.pm25).any(axis=1) | np.isin(panel.region.year, official.year)).astype(float)


def month_ahead(panel: Panel) -> np.ndarray:
    """By month, 1 after the last month that was measured or lies in a year with an official mean, else 0."""
    last = np.flatnonzero(np.isfinite(panel.pm25).any(axis=1) | np.isin(panel.region.year, panel.official.year))[-1]
    return (np.arange(len(panel.pm25)) > last).astype(float)


def collected_share(panel: Panel) -> float:
    """Share of means of collected releases among the measured months of all cities."""
    return float(panel.region.collected[np.nonzero(np.isfinite(panel.pm25))[0]].mean())


def middle(panel: Panel) -> float:
    """The mean time of the measured months of all cities: levels and seasons are those of then, in `Region.time`."""
    return float(panel.region.time[np.nonzero(np.isfinite(panel.pm25))[0]].mean())


def bend_waves(region: Region, time: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Basis (time, wave) of slow bends and the waves' frequencies (per year).

    Eigenfunctions of the Laplacian on an interval twice as long as the record (Riutort-Mayol et al. 2023,
    doi 10.1007/s11222-022-10167-2), made orthogonal over the record to a constant and a straight line, so that level
    and slope keep their meaning.

    time : in years, as `Region.time`, also outside the record; the record itself by default.
    """
    record = region.time
    time = record if time is None else time
    half = BEND_BOUNDARY * np.abs(record).max()
    frequency = np.arange(1, region.waves + 1) * np.pi / (2 * half)
    waves, within = (np.sin(frequency * (t[:, None] + half)) / np.sqrt(half) for t in (time, record))
    line, *_ = np.linalg.lstsq(np.column_stack([np.ones_like(record), record]), within)
    return waves - np.column_stack([np.ones_like(time), time]) @ line, frequency


def season_waves() -> np.ndarray:
    """(calendar month, wave): cosine and sine of one and of two cycles a year."""
    angle = 2 * np.pi * np.arange(12) / 12
    return np.column_stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """The model of a panel; every array of `data` is a ``pm.Data``."""
    import pymc as pm
    import pytensor.tensor as pt

    region = panel.region
    waves, frequency = bend_waves(region)
    seasons, calendar = season_waves(), region.calendar
    coords = {
        "month": region.months.astype(str),
        "city": list(region.cities),
        "kind": list(region.official),
        "calendar": range(1, 13),
        "weather_variable": list(region.weather),
        "city_effect": list(CITY_EFFECTS),
        "bend_wave": range(region.waves),
        "season_wave": ["cos 1", "sin 1", "cos 2", "sin 2"],
        "change_wave": ["cos 1", "sin 1"],
    }
    dims = {"weather_departure": ("month", "weather_variable"), "conversion": "month"}
    with pm.Model(coords=coords) as model:
        d = {}
        for name, values in data(panel).items():
            shape = (None,) if name in AS_MANY_AS_MEASURED else values.shape
            d[name] = pm.Data(name, values, dims=dims.get(name), shape=shape)

        level = pm.Normal("level", *region.level)
        slope = pm.Normal("slope", *region.slope)
        level_city = pm.ZeroSumNormal("level_city", sigma=0.4, dims="city")
        slope_on_level = pm.Normal("slope_on_level", 0, 0.1)
        medians = [SLOPE_SCALE, CITY_BEND_SCALE, SEASON_SCALE]
        city_scale = pm.LogNormal("city_scale", np.log(medians), 0.5, dims="city_effect")
        slope_city_scale, bend_city_scale, season_city_scale = city_scale[0], city_scale[1], city_scale[2]
        # partly centred: as far as the city's own months tell its slope
        told, likely = d["slope_told"], slope_on_level * level_city
        apart = pm.Normal("slope_apart", told * likely, slope_city_scale**told, dims="city") - told * likely
        slope_city = likely + slope_city_scale ** (1 - told) * apart
        slope_city = pm.Deterministic("slope_city", slope_city - slope_city.mean(), dims="city")

        length_scale = pm.LogNormal("length_scale", np.log(LENGTH_SCALE), LENGTH_SPREAD)
        amplitude = np.sqrt(np.sqrt(2 * np.pi)) * pt.sqrt(length_scale)
        amplitude = amplitude * pt.exp(-0.25 * (length_scale * frequency) ** 2)
        bend_scale = pm.LogNormal("bend_scale", np.log(BEND_SCALE), BEND_SPREAD)
        told, wave_scale = d["bend_told"], bend_scale * amplitude
        bend = waves @ (wave_scale ** (1 - told) * pm.Normal("bend", 0, wave_scale**told, dims="bend_wave"))
        told, wave_scale = d["bend_city_told"][:, None], (bend_city_scale * amplitude)[:, None]
        bend_city = pm.ZeroSumNormal("bend_city", sigma=wave_scale**told, dims=("bend_wave", "city"))
        bend_city = waves @ (wave_scale ** (1 - told) * bend_city)

        season = pm.ZeroSumNormal("season", 0.4, dims="calendar")
        season_change = pm.Normal("season_change", 0, 0.03, dims="change_wave")
        season_city = seasons @ pm.ZeroSumNormal("season_city", sigma=season_city_scale, dims=("season_wave", "city"))

        if region.weather:
            weather = pm.Normal("weather", 0, 0.15, dims="weather_variable")
            weather_city_scale = pm.LogNormal(
                "weather_city_scale", np.log(RESPONSE_SCALE), 0.5, dims="weather_variable"
            )
            told, response_scale = d["weather_city_told"][:, None], weather_city_scale[:, None]
            weather_city = pm.ZeroSumNormal(
                "weather_city", sigma=response_scale**told, dims=("weather_variable", "city")
            )
            weather_city = response_scale ** (1 - told) * weather_city
        if panel.days is not None:
            of_one = weather + weather_city[:, region.cities.index(region.days_of)]
            pm.Normal("days", d["days_whitening"] @ of_one, 1, observed=d["days_response"])

        if region.converts:
            step = pm.Normal("step", d["step_prior"][0], d["step_prior"][1])

        persistence = pm.Beta("persistence", 2, 3)
        shock_scale = pm.LogNormal("shock_scale", np.log(SHOCK_SCALE), 0.4)
        shock_tail = 3 + pm.Gamma("shock_tail", 2, 0.1)
        time = region.time - d["middle"]
        of_city = level_city + time[:, None] * slope_city + bend_city + season_city[calendar]
        if region.latitude:
            contrast_scale = pm.LogNormal("contrast_scale", np.log(CONTRAST_SCALE), 0.5)
            contrast = pm.Normal("contrast", 0, contrast_scale ** d["contrast_told"], dims="month")
            contrast = contrast_scale ** (1 - d["contrast_told"]) * contrast
            of_city = of_city + contrast[:, None] * region.north
        course = level + slope * time + bend
        season_and_weather = season[calendar] + time * (seasons[:, :2] @ season_change)[calendar]
        if region.weather:
            of_city = of_city + d["weather_departure"] @ weather_city
            season_and_weather = season_and_weather + d["weather_departure"] @ weather
        if region.converts:
            of_city = of_city + region.after_change[:, None] * step * region.higher
            season_and_weather = season_and_weather + step * (
                region.after_change * d["conversion"] - d["step_line"][0] - d["step_line"][1] * time
            )
        # a measured month is drawn itself, as the mean of the cities measured in it; where an official mean tells of
        # the year alone, without the month's season and weather; elsewhere its departure is drawn, and after all that
        # is known, where nothing but a forecast asks for it, its innovation
        apart = (d["measured_share"] * of_city).sum(axis=1)
        told, measured = d["month_told"], d["measured_share"].sum(axis=1)
        mean = told * course + measured * season_and_weather + apart
        ahead = d["month_ahead"]
        shock = autoregressive("shock", mean, told, ahead, persistence, shock_scale, shock_tail, dims="month")
        departure = departures(shock, mean, told, shock_scale)
        month = mean + (1 - told) * course + (1 - measured) * season_and_weather - apart
        mu = (month + departure)[:, None] + of_city
        # no density asks for months ahead, so what is carried into them is computed for their draws alone
        month = pm.Deterministic("region", month + carried_ahead(departure, ahead, persistence), dims="month")
        pm.Deterministic("mu", month[:, None] + of_city, dims=("month", "city"))

        log_scale_mean = pm.Normal("log_scale_mean", np.log(MONTH_SCALE), 0.3)
        scale = pt.exp(pm.Normal("log_scale", log_scale_mean, 0.3, dims="city"))
        if region.procedure:
            collected = pm.HalfNormal("collected", 0.5)
            scale = scale * pt.exp(collected * d["collected_here"])[:, None]
        else:
            scale = scale * np.ones((len(region.months), 1))
        tail = 3 + pm.Gamma("tail", 2, 0.1)
        carry_over = pm.Beta("carry_over", 4, 8, **bounded(region.most_carried))
        month, city = d["time"], d["city_index"]
        carried = pt.exp(d["months_since"] * pt.log(carry_over))
        pm.StudentT(
            "cells",
            nu=tails(tail, d["months_since"], region.first_tail),
            mu=mu[month, city] + carried * (d["log_pm25_before"] - mu[d["time_before"], city]),
            sigma=scale[month, city] * pt.sqrt((1 - carried**2) / (1 - carry_over**2)),
            observed=d["log_pm25"],
        )
        if not region.official:
            return model

        variance = scale**2 * tail / (tail - 2) / (1 - carry_over**2)
        predicted = d["missing"] * pt.exp(mu + variance / 2)
        together = (1 + carry_over) / (1 - carry_over)
        by_year, weights = (len(region.years), 12, len(region.cities)), region.day_weights[:, :, None]
        yearly = (whole_years(region, d["known"] + predicted).reshape(by_year) * weights).sum(axis=1)
        yearly_variance = (whole_years(region, predicted**2 * variance).reshape(by_year) * weights**2).sum(axis=1)
        official_scale = pm.LogNormal("official_scale", np.log(0.01), 0.5, dims="kind")
        members = region.membership
        row = d["official_year"], d["official_area"]
        mean = (yearly @ members.T)[row]
        # the variance of these months, in a scale whose variance is larger
        unmeasured = (ERROR_SHAPE - 2) / ERROR_SHAPE * together * (yearly_variance @ (members**2).T)[row]
        pm.StudentT(
            "official",
            nu=ERROR_SHAPE,
            mu=mean,
            sigma=pt.sqrt(unmeasured + d["official_error"] ** 2 + (official_scale[d["official_kind"]] * mean) ** 2),
            observed=d["official_pm25"],
        )
    return model


def bounded(most: float) -> dict:
    """How a variable between 0 and 1 is kept below `most`; nothing where that is 1.

    A chain that begins far from a short record may run to a carry-over of all but one, where levels have no say, and
    stay there.
    """
    if most == 1:
        return {}
    from pymc.distributions.transforms import Interval

    return {"default_transform": Interval(0, most)}


def tails(tail, months_since, first: float):
    """Degrees of freedom of each measured month: `first` of those that no month of their city precedes, unless it is 0.

    Heavy tails let the first month of all cities be off by whole units of the logarithm, and carry-over and persistence
    together wear that off month by month: of a short record a chain can take it for the answer.
    """
    if not first:
        return tail
    import pytensor.tensor as pt

    return pt.switch(pt.ge(months_since, NEVER), first, tail)


def whole_years(region: Region, months):
    """Of months (month, ...) those of whole years; all of them as they are where no year is broken off."""
    return months if len(region.months) == 12 * len(region.years) else months[region.whole]


def autoregressive(name: str, mean, told, ahead, persistence, scale, tail, dims: str):
    """First-order autoregression around a moving mean with Student-t innovations.

    Where `told` is one a value is drawn itself; where it is zero its departure from the mean in units of `scale`, or,
    where `ahead` is one, its innovation (`departures`, `carried_ahead`). The innovation at t is
    d_t - persistence d_{t-1} of departures d from the mean, with scale `scale` and `tail` degrees of freedom; the first
    departure is an innovation at the stationary scale. ``pm.AR`` has no moving mean.

    Steps ahead are those after all data. Were they drawn as departures, a chain would move along persistence as slowly
    as if they had been measured; as innovations they are independent of it, and no density needs their departures.
    """
    import pymc as pm
    import pytensor.tensor as pt

    def logp(value, mean, told, ahead, persistence, scale, tail):
        departure = departures(value, mean, told, scale)
        first = departure[:1] * pt.sqrt(1 - persistence**2)
        innovation = pt.concatenate([first, departure[1:] - persistence * (1 - ahead[1:]) * departure[:-1]])
        density = pm.logp(pm.StudentT.dist(nu=tail, mu=0, sigma=scale), innovation) + (1 - told) * pt.log(scale)
        return pt.inc_subtensor(density[0], 0.5 * pt.log(1 - persistence**2))

    def random(mean, told, ahead, persistence, scale, tail, rng=None, size=None):
        shape = np.shape(mean) if size is None else (*np.atleast_1d(size), np.shape(mean)[-1])
        innovation = rng.standard_t(tail, shape)
        departure = _autoregression(float(persistence), innovation, axis=-1)
        return np.where(told > 0, mean + scale * departure, np.where(ahead > 0, innovation, departure))

    return pm.CustomDist(
        name,
        mean,
        told,
        ahead,
        persistence,
        scale,
        tail,
        logp=logp,
        random=random,
        signature="(t),(t),(t),(),(),()->(t)",
        dims=dims,
    )


def departures(value, mean, told, scale):
    """Departures from the mean of what `autoregressive` draws, in its order; of steps ahead only their innovations."""
    return told * (value - mean) + (1 - told) * scale * value


def carried_ahead(departure, ahead, persistence):
    """Departures of all steps, from what `departures` gives: of one ahead its innovation and a part of the last one."""
    import pytensor.tensor as pt

    steps = pt.arange(ahead.shape[0])
    lag = steps[:, None] - steps
    # what comes at a step reaches later ones as long as all between them are ahead
    reached = pt.eq(pt.cumsum(ahead)[:, None] - pt.cumsum(ahead), lag)
    return pt.dot(pt.switch(reached & pt.ge(lag, 0), persistence ** pt.abs(lag), 0.0), departure)


TRUTH = {
    "level": np.log(60),
    "slope": -0.10,
    "level_city_scale": 0.3,
    "slope_on_level": -0.08,
    "slope_city_scale": 0.02,
    "season": 0.35,
    "season_city_scale": 0.07,
    "weather": {"wind": -0.09, "dew_point": 0.02, "pressure": -0.02, "temperature": 0.02},
    "weather_city_scale": 0.02,
    "step": 1.0,
    "persistence": 0.35,
    "shock_scale": 0.1,
    "shock_tail": 8.0,
    "contrast": 0.06,
    "scale": 0.09,
    "collected": 0.3,
    "tail": 8.0,
    "carry_over": 0.2,
    "official_scale": 0.006,
}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters and with the gaps, the weather and the official rows of `panel`.

    truth : the keys of `TRUTH`; ``weather`` has a number for each variable of the region. The panel's own ``truth``
    gets them, with what came about between the first and the last whole year, in per cent by area: ``decline`` on the
    published basis, ``decline_constant`` on one basis, and ``course`` without the chance of months.
    """
    region = panel.region
    cities, count = len(region.cities), len(region.months)
    known = {**TRUTH, **truth}
    if isinstance(known["weather"], dict):
        known["weather"] = np.array([known["weather"][name] for name in region.weather])
    level = _zero_sum(rng.normal(0, known["level_city_scale"], cities))
    slope = known["slope_on_level"] * level + _zero_sum(rng.normal(0, known["slope_city_scale"], cities))
    response = _zero_sum(rng.normal(0, known["weather_city_scale"], (len(region.weather), cities)))
    convert = known["step"] * (panel.conversion[:, None] + region.higher) if region.converts else np.zeros((count, 1))
    after = (region.after_change if region.converts else np.ones(count))[:, None]
    season = known["season"] * np.cos(2 * np.pi * region.calendar / 12)
    season_city = _zero_sum(rng.normal(0, known["season_city_scale"], (4, cities)))
    course = (known["level"] + known["slope"] * region.time + season)[:, None] + level + region.time[:, None] * slope
    course = course + (season_waves() @ season_city)[region.calendar]
    shock = known["shock_scale"] * rng.standard_t(known["shock_tail"], count)
    mu = course + _autoregression(known["persistence"], shock)[:, None] + after * convert
    if region.weather:
        mu = mu + (panel.weather @ known["weather"])[:, None] + panel.weather @ response
    if region.latitude:
        mu = mu + rng.normal(size=(count, 1)) * known["contrast"] * region.north
    noise = known["scale"] * rng.standard_t(known["tail"], (count, cities))
    noise *= np.exp(known["collected"] * region.collected)[:, None]
    actual = np.exp(mu + _autoregression(known["carry_over"], noise))
    yearly = yearly_means(region, actual) @ region.membership.T
    official = panel.official.copy()
    mean = yearly[official.year - region.years[0], [region.place(area) for area in official.area]]
    error = rng.standard_t(ERROR_SHAPE, len(official)) * known["official_scale"] * mean
    official["pm25"] = mean + error + rng.normal(0, official.error)
    for name, of in (
        ("decline", actual),
        ("decline_constant", actual * np.exp((1 - after) * convert)),
        ("course", np.exp(course + convert)),
    ):
        changes = change_between(region, yearly_means(region, of) @ region.membership.T)
        known[name] = dict(zip(region.areas, changes.tolist(), strict=True))
    pm25 = np.where(np.isfinite(panel.pm25), actual, np.nan)
    days = panel.days
    if days is not None:
        of_one = known["weather"] + response[:, region.cities.index(region.days_of)]
        days = replace(days, estimate=rng.multivariate_normal(of_one, days.covariance))
    return replace(panel, pm25=pm25, official=official, days=days, truth=known)


def _zero_sum(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=-1, keepdims=True)


def _autoregression(persistence: float, innovation: np.ndarray, axis: int = 0) -> np.ndarray:
    """First-order autoregression along an axis, stationary from its first point."""
    innovation = np.moveaxis(innovation, axis, 0).copy()
    innovation[0] /= np.sqrt(1 - persistence**2)
    return np.moveaxis(scipy.signal.lfilter([1.0], [1.0, -persistence], innovation, axis=0), 0, axis)


def yearly_means(region: Region, months: np.ndarray) -> np.ndarray:
    """(..., month, city) -> (..., year, city), months of whole years weighted by their days."""
    whole = months[..., region.whole, :]
    shaped = whole.reshape(*whole.shape[:-2], len(region.years), 12, whole.shape[-1])
    return np.einsum("...ymc,ym->...yc", shaped, region.day_weights)


def change_between(region: Region, yearly: np.ndarray, first: int | None = None, last: int | None = None) -> np.ndarray:
    """Per cent change of (..., year, area) between two years, by default the first and the last -> (..., area)."""
    start, end = (region.years.index(year) if year else place for year, place in ((first, 0), (last, -1)))
    return 100 * (yearly[..., end, :] / yearly[..., start, :] - 1)


def until(panel: Panel, year: int) -> Panel:
    """The panel without what was measured or published of later years."""
    pm25 = np.where((panel.region.year <= year)[:, None], panel.pm25, np.nan)
    return replace(panel, pm25=pm25, official=panel.official[panel.official.year <= year].reset_index(drop=True))
