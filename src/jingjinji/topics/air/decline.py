"""Ten years of PM2.5 in thirteen cities: monthly means, weather, official annual means, the step of 2018.

The regional month (`region`, dims month) carries what all cities share; each city departs from it by effects that sum
to zero over the cities, of which one is a month's contrast of north and south. A month without a measurement is
predicted; an official annual mean constrains the average of its area's months. All concentrations are in µg/m³, all
effects on the natural-log scale.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant
from jingjinji.topics.air import weather_of_days

CITIES = (
    "Beijing", "Tianjin", "Baoding", "Cangzhou", "Chengde", "Handan", "Hengshui", "Langfang", "Qinhuangdao",
    "Shijiazhuang", "Tangshan", "Xingtai", "Zhangjiakou",
)  # fmt: skip
AREAS = ("Beijing", "Tianjin", "Hebei", "BTH13", "Zhangjiakou")
WEATHER = ("wind", "dew_point", "pressure", "temperature")
FIRST, LAST = 2013, 2023
YEARS = tuple(range(FIRST, LAST + 1))
MONTHS = pd.period_range(f"{FIRST}-01", f"{LAST}-12", freq="M")
AHEAD = pd.period_range(f"{LAST + 1}-01", f"{LAST + 1}-12", freq="M")
BASIS_CHANGE = pd.Period("2018-09", freq="M")
PROCEDURE_CHANGE = pd.Period("2017-02", freq="M")
"""The first month of which the ministry's own means are known; those before are means of collected releases."""
STEP_PRIOR = (1.0, 0.35)
TABLES = ("pm25_city_month", "pm25_official_annual", "weather_beijing_month", "beijing_day")

LATITUDE = {
    "Beijing": 39.9, "Tianjin": 39.1, "Baoding": 38.9, "Cangzhou": 38.3, "Chengde": 41.0, "Handan": 36.6,
    "Hengshui": 37.7, "Langfang": 39.5, "Qinhuangdao": 39.9, "Shijiazhuang": 38.0, "Tangshan": 39.6,
    "Xingtai": 37.1, "Zhangjiakou": 40.8,
}  # fmt: skip
"""Degrees north."""
_LATITUDES = np.array([LATITUDE[city] for city in CITIES])
NORTH = (_LATITUDES - _LATITUDES.mean()) / _LATITUDES.std()
"""Standardised latitude of `CITIES`."""
HEIGHT = {"Beijing": 31.0, "Chengde": 375.0, "Zhangjiakou": 724.0}
"""Metres above the sea, of the weather stations; the other cities lie in the plain."""

AFTER_CHANGE = (MONTHS >= BASIS_CHANGE).astype(float)
COLLECTED = (MONTHS < PROCEDURE_CHANGE).astype(float)
TIME = (np.arange(len(MONTHS)) - np.flatnonzero(pd.Period("2018-07", freq="M") == MONTHS)[0]) / 12
CALENDAR = MONTHS.month.to_numpy() - 1
DAYS = MONTHS.days_in_month.to_numpy().reshape(len(YEARS), 12)
DAY_WEIGHTS = DAYS / DAYS.sum(axis=1, keepdims=True)
BEND_WAVES, BEND_BOUNDARY = 11, 2.0
CITY_EFFECTS = ("slope", "bend", "season")
ERROR_SHAPE = 4.0
SLOPE_SCALE, CITY_BEND_SCALE, SEASON_SCALE, RESPONSE_SCALE, CONTRAST_SCALE = 0.02, 0.07, 0.07, 0.02, 0.05
"""Medians of priors: cities' yearly rates, bends, seasons and responses to weather; north and south in a month."""
BEND_SCALE, LENGTH_SCALE, SHOCK_SCALE, MONTH_SCALE = 0.1, 2.5, 0.1, 0.12
"""Medians of priors: the region's bends and their years, its months, a city's month beside it."""
NEVER = 1000
"""Months since a measurement that there is not: nothing is carried over so long."""
LENGTH_SPREAD = 0.2
"""Prior standard deviation of the logarithm of the bends' length scale."""

NORTH_TO_SOUTH = (
    "Chengde", "Zhangjiakou", "Qinhuangdao", "Tangshan", "Langfang", "Tianjin", "Baoding", "Cangzhou", "Shijiazhuang",
    "Hengshui", "Xingtai", "Handan",
)  # fmt: skip
ORIGINS = (2016, 2017, 2018, 2019)
"""First years that a forecast has not seen."""
FORECAST_YEARS = 2
FOLDS = 4
FOLDS_FROM = pd.Period("2015-01", freq="M")
LEFT_OUT = {
    "without-beijing": ("Beijing",),
    **{f"without-fold-{fold + 1}": NORTH_TO_SOUTH[fold::FOLDS] for fold in range(FOLDS)},
}


def thinner_air(height: float) -> float:
    """Log density of the air at a height in metres, beside that at the sea (ISO 2533, the standard atmosphere)."""
    return 4.2559 * np.log1p(-2.25577e-5 * height)


HIGHER = np.array([thinner_air(HEIGHT.get(city, HEIGHT["Beijing"])) for city in CITIES]) - thinner_air(
    HEIGHT["Beijing"]
)
"""By city: log of what ambient air is thinner than Beijing's, zero in the plain."""


@dataclass(frozen=True)
class Panel:
    """What is known.

    pm25 : (month, city) measured means, NaN where there is none.
    weather : (month, variable) departures from the calendar month's mean, in standard deviations; 0 where unknown.
    wind_error : (month,) standard error of the wind's departure, in the same unit.
    conversion : (month,) log of the factor from 273 K and 1013 hPa to the month's temperature and pressure.
    official : rows area, year, pm25, error (standard deviation of rounding or derivation).
    days : what days before the first month say of the response of Beijing's log concentration to `weather`.
    """

    pm25: np.ndarray
    weather: np.ndarray
    wind_error: np.ndarray
    conversion: np.ndarray
    official: pd.DataFrame
    days: weather_of_days.Response
    step_prior: tuple[float, float] = STEP_PRIOR
    truth: dict | None = None


def panel(months: pd.DataFrame, official: pd.DataFrame, weather: pd.DataFrame, days: pd.DataFrame) -> Panel:
    """The panel of `TABLES`; the means of two months together are left out.

    So are official means of the whole region of years in which those of its three parts are known: they are their mean.
    """
    months = months[months.quality != "D"]
    pm25 = months.pivot(index="month", columns="city", values="pm25")
    pm25 = pm25.reindex(index=MONTHS.astype(str), columns=CITIES).to_numpy()
    departures, wind_error, conversion = _weather(weather)
    official = official.query("series == 'official' and area in @AREAS")
    parts = official[official.area.isin(["Beijing", "Tianjin", "Hebei"])].groupby("year").size()
    official = official[(official.area != "BTH13") | ~official.year.isin(parts.index[parts == 3])]
    official = official.assign(error=official.rounding / np.sqrt(3))[["area", "year", "pm25", "error"]]
    response = weather_of_days.response(days, weather, before=months.month[months.city == "Beijing"].min())
    return Panel(pm25, departures, wind_error, conversion, official.reset_index(drop=True), response)


def _weather(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standardised departures, the wind's error and the log conversion factor by month."""
    table = table.set_index("month").reindex(MONTHS.astype(str))
    values = table[list(WEATHER)]
    usual = values.groupby(CALENDAR).transform("mean")
    departures = values - usual
    spread = departures.std()
    filled = values.fillna(usual)
    kelvin = 273.15 + filled["temperature"]
    conversion = np.log(273.15 / kelvin * filled["pressure"] / 1013.25)
    calibration = tables.describe("weather_beijing_month")["calibration"]["wind"]
    calibrated = (table["source"] == "uci-381").to_numpy()
    wind_error = calibrated * calibration["residual_sd_month"] / spread["wind"]
    return (departures / spread).fillna(0).to_numpy(), wind_error, conversion.to_numpy()


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    observed = np.isfinite(panel.pm25)
    time, city = np.nonzero(observed)
    log_pm25 = np.log(np.where(observed, panel.pm25, 1.0))
    before, since = (values[time, city] for values in measured_before(panel))
    return {
        "weather_departure": panel.weather,
        "conversion": panel.conversion,
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
        "step_line": step_line(panel),
        "bend_told": bend_told(panel),
        "bend_city_told": bend_city_told(panel),
        "weather_city_told": weather_city_told(panel),
        "contrast_told": contrast_told(panel),
        "collected_here": COLLECTED - collected_share(panel),
        "month_told": month_told(panel),
        "measured_share": observed / np.maximum(observed.sum(axis=1, keepdims=True), 1),
        "official_year": panel.official.year.to_numpy() - FIRST,
        "official_kind": np.array([int(area not in CITIES) for area in panel.official.area], dtype=int),
        "official_area": np.array([AREAS.index(area) for area in panel.official.area], dtype=int),
        "official_pm25": panel.official.pm25.to_numpy(dtype=float),
        "official_error": panel.official.error.to_numpy(dtype=float),
        "days_whitening": panel.days.whitening,
        "days_response": panel.days.whitening @ panel.days.estimate,
        "step_prior": np.array(panel.step_prior),
    }


def step_line(panel: Panel) -> np.ndarray:
    """Level and slope that a full step gives the measured months: they belong to `level` and `slope`, not to `step`."""
    measured = np.nonzero(np.isfinite(panel.pm25))[0]
    design = np.column_stack([np.ones_like(TIME), TIME - middle(panel)])[measured]
    return np.linalg.lstsq(design, (AFTER_CHANGE * panel.conversion)[measured])[0]


def measured_before(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """(month, city): the last month before in which the city was measured, and how many months ago.

    Where there was none, the first month and `NEVER`.
    """
    month = np.arange(len(MONTHS))[:, None]
    latest = np.maximum.accumulate(np.where(np.isfinite(panel.pm25), month, -1), axis=0)
    before = np.vstack([np.full((1, len(CITIES)), -1), latest[:-1]])
    return np.maximum(before, 0), np.where(before < 0, NEVER, month - before)


def bend_told(panel: Panel) -> np.ndarray:
    """By wave, what share of the precision of its size comes from the region's months, as in `slope_told`.

    At a length scale that is long by three standard deviations of its prior: where it grows, quick waves vanish, and
    chains would diverge in those that are centred.
    """
    return _told(_wave_squares(np.isfinite(panel.pm25).any(axis=1)), BEND_SCALE / SHOCK_SCALE)


def bend_city_told(panel: Panel) -> np.ndarray:
    """By wave, the same of the bends of an average city."""
    return _told(_wave_squares(np.isfinite(panel.pm25).mean(axis=1)), CITY_BEND_SCALE / MONTH_SCALE)


def _wave_squares(measured: np.ndarray) -> np.ndarray:
    """By wave, the sum of its squares over months (month,) that count so much, at the amplitude of long bends."""
    waves, frequency = bend_waves()
    length_scale = LENGTH_SCALE * np.exp(3 * LENGTH_SPREAD)
    return measured @ waves**2 * np.sqrt(2 * np.pi) * length_scale * np.exp(-0.5 * (length_scale * frequency) ** 2)


def slope_told(panel: Panel) -> np.ndarray:
    """By city, what share of the precision of its slope comes from its own months, at the scales of the priors.

    Papaspiliopoulos et al. 2007, doi 10.1214/088342307000000014, on how far to centre.
    """
    squares = np.isfinite(panel.pm25).T @ (TIME - middle(panel)) ** 2
    return _told(squares, SLOPE_SCALE / MONTH_SCALE)


def weather_city_told(panel: Panel) -> np.ndarray:
    """By weather variable, the same of the response of an average city."""
    return _told(np.isfinite(panel.pm25).mean(axis=1) @ panel.weather**2, RESPONSE_SCALE / MONTH_SCALE)


def contrast_told(panel: Panel) -> np.ndarray:
    """By month, the same of its contrast of north and south."""
    return _told(np.isfinite(panel.pm25) @ NORTH**2, CONTRAST_SCALE / MONTH_SCALE)


def _told(squares: np.ndarray, ratio: float) -> np.ndarray:
    """Share of an effect's precision that measurements give: sums of squares, the effect's scale beside the noise."""
    return squares * ratio**2 / (squares * ratio**2 + 1)


def month_told(panel: Panel) -> np.ndarray:
    """By month, 1 where a city was measured or an official mean of many cities holds its year, else 0."""
    official = panel.official[~panel.official.area.isin(CITIES)]
    return (np.isfinite(panel.pm25).any(axis=1) | np.isin(MONTHS.year, official.year)).astype(float)


def collected_share(panel: Panel) -> float:
    """Share of means of collected releases among the measured months of all cities."""
    return float(COLLECTED[np.nonzero(np.isfinite(panel.pm25))[0]].mean())


def middle(panel: Panel) -> float:
    """The mean time of the measured months of all cities: levels and seasons are those of then, in years as `TIME`."""
    return float(TIME[np.nonzero(np.isfinite(panel.pm25))[0]].mean())


def membership() -> np.ndarray:
    """(area, city) weights: an area's mean is the unweighted mean of its cities."""
    hebei = [city not in ("Beijing", "Tianjin") for city in CITIES]
    members = [[city == area for city in CITIES] for area in AREAS]
    members[AREAS.index("Hebei")] = hebei
    members[AREAS.index("BTH13")] = [True] * len(CITIES)
    weights = np.array(members, dtype=float)
    return weights / weights.sum(axis=1, keepdims=True)


def bend_waves(time: np.ndarray = TIME) -> tuple[np.ndarray, np.ndarray]:
    """Basis (time, wave) of slow bends and the waves' frequencies (per year).

    Eigenfunctions of the Laplacian on an interval twice as long as the record, as many as length scales from a seventh
    of it on need (Riutort-Mayol et al. 2023, doi 10.1007/s11222-022-10167-2), made orthogonal over the record to a
    constant and a straight line, so that level and slope keep their meaning.

    time : in years, as `TIME`, also outside the record.
    """
    half = BEND_BOUNDARY * np.abs(TIME).max()
    frequency = np.arange(1, BEND_WAVES + 1) * np.pi / (2 * half)
    waves, within = (np.sin(frequency * (t[:, None] + half)) / np.sqrt(half) for t in (time, TIME))
    line, *_ = np.linalg.lstsq(np.column_stack([np.ones_like(TIME), TIME]), within)
    return waves - np.column_stack([np.ones_like(time), time]) @ line, frequency


def season_waves() -> np.ndarray:
    """(calendar month, wave): cosine and sine of one and of two cycles a year."""
    angle = 2 * np.pi * np.arange(12) / 12
    return np.column_stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """The model of a panel; every array of `data` is a ``pm.Data``."""
    import pymc as pm
    import pytensor.tensor as pt

    waves, frequency = bend_waves()
    seasons = season_waves()
    coords = {
        "month": MONTHS.astype(str),
        "city": list(CITIES),
        "kind": ["city", "average"],
        "calendar": range(1, 13),
        "weather_variable": list(WEATHER),
        "city_effect": list(CITY_EFFECTS),
        "bend_wave": range(BEND_WAVES),
        "season_wave": ["cos 1", "sin 1", "cos 2", "sin 2"],
        "change_wave": ["cos 1", "sin 1"],
    }
    dims = {"weather_departure": ("month", "weather_variable"), "conversion": "month"}
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values, dims=dims.get(name)) for name, values in data(panel).items()}

        level = pm.Normal("level", np.log(60), 0.5)
        slope = pm.Normal("slope", -0.05, 0.1)
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
        bend_scale = pm.LogNormal("bend_scale", np.log(BEND_SCALE), 0.5)
        told, wave_scale = d["bend_told"], bend_scale * amplitude
        bend = waves @ (wave_scale ** (1 - told) * pm.Normal("bend", 0, wave_scale**told, dims="bend_wave"))
        told, wave_scale = d["bend_city_told"][:, None], (bend_city_scale * amplitude)[:, None]
        bend_city = pm.ZeroSumNormal("bend_city", sigma=wave_scale**told, dims=("bend_wave", "city"))
        bend_city = waves @ (wave_scale ** (1 - told) * bend_city)

        season = pm.ZeroSumNormal("season", 0.4, dims="calendar")
        season_change = pm.Normal("season_change", 0, 0.03, dims="change_wave")
        season_city = seasons @ pm.ZeroSumNormal("season_city", sigma=season_city_scale, dims=("season_wave", "city"))

        weather = pm.Normal("weather", 0, 0.15, dims="weather_variable")
        weather_city_scale = pm.LogNormal("weather_city_scale", np.log(RESPONSE_SCALE), 0.5, dims="weather_variable")
        told, response_scale = d["weather_city_told"][:, None], weather_city_scale[:, None]
        weather_city = pm.ZeroSumNormal("weather_city", sigma=response_scale**told, dims=("weather_variable", "city"))
        weather_city = response_scale ** (1 - told) * weather_city
        of_beijing = weather + weather_city[:, CITIES.index("Beijing")]
        pm.Normal("days", d["days_whitening"] @ of_beijing, 1, observed=d["days_response"])

        step = pm.Normal("step", d["step_prior"][0], d["step_prior"][1])

        persistence = pm.Beta("persistence", 2, 3)
        shock_scale = pm.LogNormal("shock_scale", np.log(SHOCK_SCALE), 0.4)
        shock_tail = 3 + pm.Gamma("shock_tail", 2, 0.1)
        contrast_scale = pm.LogNormal("contrast_scale", np.log(CONTRAST_SCALE), 0.5)
        contrast = pm.Normal("contrast", 0, contrast_scale ** d["contrast_told"], dims="month")
        contrast = contrast_scale ** (1 - d["contrast_told"]) * contrast
        time = TIME - d["middle"]
        of_city = (
            level_city + time[:, None] * slope_city + bend_city + season_city[CALENDAR] + contrast[:, None] * NORTH
        )
        of_city = of_city + d["weather_departure"] @ weather_city + AFTER_CHANGE[:, None] * step * HIGHER
        course = level + slope * time + bend
        season_and_weather = season[CALENDAR] + time * (seasons[:, :2] @ season_change)[CALENDAR]
        season_and_weather = season_and_weather + d["weather_departure"] @ weather
        season_and_weather = season_and_weather + step * (
            AFTER_CHANGE * d["conversion"] - d["step_line"][0] - d["step_line"][1] * time
        )
        # a measured month is drawn itself, as the mean of the cities measured in it; where an official mean tells of
        # the year alone, without the month's season and weather; elsewhere its innovation is drawn
        apart = (d["measured_share"] * of_city).sum(axis=1)
        told, measured = d["month_told"], d["measured_share"].sum(axis=1)
        mean = told * course + measured * season_and_weather + apart
        shock = autoregressive("shock", mean, told, persistence, shock_scale, shock_tail, dims="month")
        region = mean + departures(shock, mean, told, persistence, shock_scale)
        region = region + (1 - told) * course + (1 - measured) * season_and_weather - apart
        region = pm.Deterministic("region", region, dims="month")
        mu = region[:, None] + of_city
        mu = pm.Deterministic("mu", mu, dims=("month", "city"))

        log_scale_mean = pm.Normal("log_scale_mean", np.log(MONTH_SCALE), 0.3)
        scale = pt.exp(pm.Normal("log_scale", log_scale_mean, 0.3, dims="city"))
        collected = pm.HalfNormal("collected", 0.5)
        scale = scale * pt.exp(collected * d["collected_here"])[:, None]
        tail = 3 + pm.Gamma("tail", 2, 0.1)
        carry_over = pm.Beta("carry_over", 4, 8)
        month, city = d["time"], d["city_index"]
        carried = pt.exp(d["months_since"] * pt.log(carry_over))
        pm.StudentT(
            "cells",
            nu=tail,
            mu=mu[month, city] + carried * (d["log_pm25_before"] - mu[d["time_before"], city]),
            sigma=scale[month, city] * pt.sqrt((1 - carried**2) / (1 - carry_over**2)),
            observed=d["log_pm25"],
        )

        variance = scale**2 * tail / (tail - 2) / (1 - carry_over**2)
        predicted = d["missing"] * pt.exp(mu + variance / 2)
        together = (1 + carry_over) / (1 - carry_over)
        by_year, weights = (len(YEARS), 12, len(CITIES)), DAY_WEIGHTS[:, :, None]
        yearly = ((d["known"] + predicted).reshape(by_year) * weights).sum(axis=1)
        yearly_variance = ((predicted**2 * variance).reshape(by_year) * weights**2).sum(axis=1)
        official_scale = pm.LogNormal("official_scale", np.log(0.01), 0.5, dims="kind")
        members = membership()
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


def autoregressive(name: str, mean, told, persistence, scale, tail, dims: str):
    """First-order autoregression around a moving mean with Student-t innovations, partly drawn as innovations.

    Where `told` is one a value is drawn itself, where it is zero its innovation in units of `scale`: `departures` says
    what follows. The innovation at t is d_t - persistence d_{t-1} of departures d from the mean, with scale `scale` and
    `tail` degrees of freedom; the first departure is an innovation at the stationary scale. ``pm.AR`` has no moving
    mean.
    """
    import pymc as pm
    import pytensor.tensor as pt

    def logp(value, mean, told, persistence, scale, tail):
        departure = departures(value, mean, told, persistence, scale)
        first = departure[:1] * pt.sqrt(1 - persistence**2)
        innovation = pt.concatenate([first, departure[1:] - persistence * departure[:-1]])
        density = pm.logp(pm.StudentT.dist(nu=tail, mu=0, sigma=scale), innovation) + (1 - told) * pt.log(scale)
        return pt.inc_subtensor(density[0], 0.5 * told[0] * pt.log(1 - persistence**2))

    def random(mean, told, persistence, scale, tail, rng=None, size=None):
        shape = np.shape(mean) if size is None else (*np.atleast_1d(size), np.shape(mean)[-1])
        innovation = rng.standard_t(tail, shape)
        return np.where(told > 0, mean + scale * _autoregression(float(persistence), innovation, axis=-1), innovation)

    return pm.CustomDist(
        name,
        mean,
        told,
        persistence,
        scale,
        tail,
        logp=logp,
        random=random,
        signature="(t),(t),(),(),()->(t)",
        dims=dims,
    )


def departures(value, mean, told, persistence, scale):
    """Departures from the mean of what `autoregressive` draws, in its order.

    d_t = a_t d_{t-1} + b_t, where a is `persistence` and b an innovation, or a is zero and b the departure that is
    drawn; so many steps at once as a power of two.
    """
    import pytensor.tensor as pt

    carried = persistence * (1 - told)
    departure = told * (value - mean) + (1 - told) * scale * value
    departure = pt.set_subtensor(departure[0], departure[0] * (1 - persistence**2) ** (-0.5 * (1 - told[0])))
    for step in 2 ** np.arange(int(np.ceil(np.log2(len(MONTHS))))):
        before, more = (pt.concatenate([pt.zeros(step), of[:-step]]) for of in (departure, carried))
        departure, carried = departure + carried * before, carried * more
    return departure


TRUTH = {
    "level": np.log(60),
    "slope": -0.10,
    "level_city_scale": 0.3,
    "slope_on_level": -0.08,
    "slope_city_scale": 0.02,
    "season": 0.35,
    "season_city_scale": 0.07,
    "weather": np.array([-0.09, 0.02, -0.02, 0.02]),
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

    truth : the keys of `TRUTH`. The panel's own ``truth`` gets them, with ``decline`` (per cent, published basis) and
    ``decline_constant`` of Beijing, Tianjin, Hebei and BTH13 between the first and the last year.
    """
    known = {**TRUTH, **truth}
    level = _zero_sum(rng.normal(0, known["level_city_scale"], len(CITIES)))
    slope = known["slope_on_level"] * level + _zero_sum(rng.normal(0, known["slope_city_scale"], len(CITIES)))
    response = _zero_sum(rng.normal(0, known["weather_city_scale"], (len(WEATHER), len(CITIES))))
    conversion = AFTER_CHANGE * known["step"] * panel.conversion
    season = known["season"] * np.cos(2 * np.pi * CALENDAR / 12)
    season_city = _zero_sum(rng.normal(0, known["season_city_scale"], (4, len(CITIES))))
    region = known["level"] + known["slope"] * TIME + season + panel.weather @ known["weather"] + conversion
    shock = known["shock_scale"] * rng.standard_t(known["shock_tail"], len(MONTHS))
    region = region + _autoregression(known["persistence"], shock)
    mu = region[:, None] + level + TIME[:, None] * slope + panel.weather @ response
    mu = mu + (season_waves() @ season_city)[CALENDAR] + AFTER_CHANGE[:, None] * known["step"] * HIGHER
    mu = mu + rng.normal(size=(len(MONTHS), 1)) * known["contrast"] * NORTH
    noise = known["scale"] * rng.standard_t(known["tail"], (len(MONTHS), len(CITIES)))
    noise *= np.exp(known["collected"] * COLLECTED)[:, None]
    actual = np.exp(mu + _autoregression(known["carry_over"], noise))
    whole = known["step"] * (panel.conversion[:, None] + HIGHER)
    constant = actual * np.exp((1 - AFTER_CHANGE)[:, None] * whole)
    yearly = yearly_means(actual) @ membership().T
    official = panel.official.copy()
    mean = yearly[official.year - FIRST, [AREAS.index(area) for area in official.area]]
    error = rng.standard_t(ERROR_SHAPE, len(official)) * known["official_scale"] * mean
    official["pm25"] = mean + error + rng.normal(0, official.error)
    areas = [AREAS.index(area) for area in ("Beijing", "Tianjin", "Hebei", "BTH13")]
    yearly_constant = yearly_means(constant) @ membership().T
    known["decline"] = dict(zip(("beijing", "tianjin", "hebei", "region"), _change(yearly)[areas], strict=True))
    known["decline_constant"] = dict(
        zip(("beijing", "tianjin", "hebei", "region"), _change(yearly_constant)[areas], strict=True)
    )
    pm25 = np.where(np.isfinite(panel.pm25), actual, np.nan)
    of_beijing = known["weather"] + response[:, CITIES.index("Beijing")]
    days = replace(panel.days, estimate=rng.multivariate_normal(of_beijing, panel.days.covariance))
    return replace(panel, pm25=pm25, official=official, days=days, truth=known)


def _zero_sum(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=-1, keepdims=True)


def _autoregression(persistence: float, innovation: np.ndarray, axis: int = 0) -> np.ndarray:
    """First-order autoregression along an axis, stationary from its first point."""
    innovation = np.moveaxis(innovation, axis, 0).copy()
    innovation[0] /= np.sqrt(1 - persistence**2)
    return np.moveaxis(scipy.signal.lfilter([1.0], [1.0, -persistence], innovation, axis=0), 0, axis)


def yearly_means(months: np.ndarray) -> np.ndarray:
    """(..., month, city) -> (..., year, city), months weighted by their days."""
    shaped = months.reshape(*months.shape[:-2], len(YEARS), 12, months.shape[-1])
    return np.einsum("...ymc,ym->...yc", shaped, DAY_WEIGHTS)


def _change(yearly: np.ndarray, first: int = FIRST, last: int = LAST) -> np.ndarray:
    """Per cent change of (..., year, area) between two years -> (..., area)."""
    return 100 * (yearly[..., last - FIRST, :] / yearly[..., first - FIRST, :] - 1)


def _without_cities(panel: Panel, cities: tuple[str, ...]) -> Panel:
    """Leave out months of cities and their own official means; the official means of their areas stay.

    Of several cities the months before `FOLDS_FROM` stay: an area's mean tells the level of one city, not of three.
    """
    first = FOLDS_FROM if len(cities) > 1 else MONTHS[0]
    pm25 = panel.pm25.copy()
    pm25[np.ix_([month >= first for month in MONTHS], [CITIES.index(city) for city in cities])] = np.nan
    return replace(panel, pm25=pm25, official=panel.official[~panel.official.area.isin(cities)].reset_index(drop=True))


def _until(panel: Panel, year: int) -> Panel:
    pm25 = np.where((MONTHS.year <= year)[:, None], panel.pm25, np.nan)
    return replace(panel, pm25=pm25, official=panel.official[panel.official.year <= year].reset_index(drop=True))


def _with_step_prior(panel: Panel, mean: float, sd: float) -> Panel:
    return replace(panel, step_prior=(mean, sd))


def _toy(panel: Panel, rng: np.random.Generator, **truth: float) -> Panel:
    return simulate(truth, rng, panel)


VARIANTS = {
    "step-unknown": Variant("step nearly unknown", partial(_with_step_prior, mean=0.5, sd=1.0)),
    **{f"to-{year - 1}": Variant(f"cut off in {year - 1}", partial(_until, year=year - 1)) for year in ORIGINS},
    **{
        variant: Variant(f"without figures of {' and '.join(cities)}", partial(_without_cities, cities=cities))
        for variant, cities in LEFT_OUT.items()
    },
}
TOYS = {
    "toy": partial(_toy, slope=-0.10, slope_on_level=-0.08),
    "toy-no-decline": partial(_toy, slope=0.0, slope_on_level=0.0, slope_city_scale=0.0),
}
DERIVED = ("mu", "region", "slope_city")
TARGET_ACCEPT = 0.92
"""At 0.9 the error of energy was above 10 with 12 of 8,000 draws of a record that is cut off, at 0.92 never above 3."""


@dataclass(frozen=True)
class Posterior:
    """Draws as arrays, draw first: (draw, ...), with the panel and a generator of random numbers."""

    panel: Panel
    values: dict[str, np.ndarray]
    chains: int
    rng: np.random.Generator

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]

    @property
    def size(self) -> int:
        return len(self.values["slope"])

    def by_chain(self, draws: np.ndarray) -> np.ndarray:
        return np.reshape(draws, (self.chains, -1))


def _summary(area: str, period: str, values: np.ndarray) -> dict:
    quantiles = np.percentile(values, [3, 25, 50, 75, 97])
    names = ("q03", "q25", "q50", "q75", "q97")
    return {"area": area, "period": period, "mean": values.mean(), "sd": values.std(ddof=1)} | dict(
        zip(names, quantiles, strict=True)
    )


def _month(text: str) -> pd.Period:
    try:
        month = pd.Period(text, freq="M")
        if str(month) != text:
            raise ValueError(text)
    except ValueError:
        raise BookError(f"'{text}' is not a month: write it as YYYY-MM, for instance 2021-01") from None
    if not MONTHS[0] <= month <= AHEAD[-1]:
        raise BookError(f"month {text} is outside the model: it knows {MONTHS[0]} to {AHEAD[-1]}")
    return month


def _year(year: int) -> int:
    if not FIRST <= year <= AHEAD[0].year:
        raise BookError(f"year {year} is outside the model: it knows {FIRST} to {AHEAD[0].year}")
    return year
