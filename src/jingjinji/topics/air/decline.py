"""Ten years of PM2.5 in thirteen cities: monthly means, weather, official annual means, the step of 2018.

The regional month (`region`, dims month) carries what all cities share; each city departs from it by effects that sum
to zero over the cities. A month without a measurement is predicted; an official annual mean constrains the average of
its area's months. All concentrations are in µg/m³, all effects on the natural-log scale.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import scipy
import xarray as xr
from scipy import signal

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, exact, record

CITIES = (
    "Beijing", "Tianjin", "Baoding", "Cangzhou", "Chengde", "Handan", "Hengshui", "Langfang", "Qinhuangdao",
    "Shijiazhuang", "Tangshan", "Xingtai", "Zhangjiakou",
)  # fmt: skip
AREAS = ("Beijing", "Tianjin", "Hebei", "BTH13", "Zhangjiakou")
WEATHER = ("wind", "dew_point", "pressure", "temperature")
MONTHS = pd.period_range("2013-01", "2024-12", freq="M")
YEARS = tuple(range(2013, 2025))
FIRST, LAST = 2013, 2023
BASIS_CHANGE = pd.Period("2018-09", freq="M")
FORECAST_FROM = pd.Period("2019-01", freq="M")
LENGTH_SCALE = 2.5
STEP_PRIOR = (1.0, 0.35)
STANDARD = 35.0
DUST = 0.03
CLAIMED_FALL = -60.0
PANEL = ("pm25_city_month", "pm25_official_annual", "weather_beijing_month")

HIGH_CITIES = ("Chengde", "Zhangjiakou")
HIGH = np.array([[float(city == high) for city in CITIES] for high in HIGH_CITIES])

AFTER_CHANGE = (MONTHS >= BASIS_CHANGE).astype(float)
TIME = (np.arange(len(MONTHS)) - np.flatnonzero(pd.Period("2018-07", freq="M") == MONTHS)[0]) / 12
CALENDAR = MONTHS.month.to_numpy() - 1
DAYS = MONTHS.days_in_month.to_numpy().reshape(len(YEARS), 12)
DAY_WEIGHTS = DAYS / DAYS.sum(axis=1, keepdims=True)
BEND_WAVES, BEND_WAVES_CITY = 8, 5
ERROR_SHAPE = 4.0

NORTH_TO_SOUTH = (
    "Chengde", "Zhangjiakou", "Qinhuangdao", "Tangshan", "Langfang", "Tianjin", "Baoding", "Cangzhou", "Shijiazhuang",
    "Hengshui", "Xingtai", "Handan",
)  # fmt: skip
FOLDS = 4
FOLDS_FROM = pd.Period("2015-01", freq="M")
LEFT_OUT = {
    "without-beijing": ("Beijing",),
    **{f"without-fold-{fold + 1}": NORTH_TO_SOUTH[fold::FOLDS] for fold in range(FOLDS)},
}


@dataclass(frozen=True)
class Panel:
    """What is known.

    pm25 : (month, city) measured means, NaN where there is none.
    weather : (month, variable) departures from the calendar month's mean, in standard deviations; 0 where unknown.
    wind_error : (month,) standard error of the wind's departure, in the same unit.
    conversion : (month,) log of the factor from 273 K and 1013 hPa to the month's temperature and pressure.
    official : rows area, year, pm25, error (standard deviation of rounding or derivation).
    """

    pm25: np.ndarray
    weather: np.ndarray
    wind_error: np.ndarray
    conversion: np.ndarray
    official: pd.DataFrame
    length_scale: float = LENGTH_SCALE
    step_prior: tuple[float, float] = STEP_PRIOR
    truth: dict | None = None


def load(variant: str = "") -> Panel:
    """The panel of the main fit, or of one of `VARIANTS`; raises BookError for an unknown variant."""
    if variant and variant not in VARIANTS:
        raise BookError(f"model decline has no variant '{variant}': expected one of {', '.join(VARIANTS)}")
    panel = _measured()
    return VARIANTS[variant](panel) if variant else panel


def _measured() -> Panel:
    months = tables.load("pm25_city_month")
    months = months[months.quality != "D"]
    pm25 = months.pivot(index="month", columns="city", values="pm25")
    pm25 = pm25.reindex(index=MONTHS.astype(str), columns=CITIES).to_numpy()
    weather, wind_error, conversion = _weather()
    official = tables.load("pm25_official_annual").query("series == 'official' and area in @AREAS")
    official = official.assign(error=official.rounding / np.sqrt(3))[["area", "year", "pm25", "error"]]
    return Panel(pm25, weather, wind_error, conversion, official.reset_index(drop=True))


def _weather() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standardised departures, the wind's error and the log conversion factor by month."""
    table = tables.load("weather_beijing_month").set_index("month").reindex(MONTHS.astype(str))
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
    before = np.maximum(time - 1, 0)
    return {
        "weather_departure": panel.weather,
        "conversion": panel.conversion,
        "time": time,
        "time_before": before,
        "city_index": city,
        "log_pm25": log_pm25[time, city],
        "log_pm25_before": log_pm25[before, city],
        "has_before": ((time > 0) & observed[before, city]).astype(float),
        "known": np.where(observed, panel.pm25, 0.0),
        "missing": (~observed).astype(float),
        "unmeasured_month": (~observed.any(axis=1)).astype(float),
        "official_year": panel.official.year.to_numpy() - FIRST,
        "official_kind": np.array([int(area not in CITIES) for area in panel.official.area], dtype=int),
        "official_area": np.array([AREAS.index(area) for area in panel.official.area], dtype=int),
        "official_pm25": panel.official.pm25.to_numpy(dtype=float),
        "official_error": panel.official.error.to_numpy(dtype=float),
        "length_scale": np.array(panel.length_scale),
        "step_prior": np.array(panel.step_prior),
    }


def membership() -> np.ndarray:
    """(area, city) weights: an area's mean is the unweighted mean of its cities."""
    hebei = [city not in ("Beijing", "Tianjin") for city in CITIES]
    members = [[city == area for city in CITIES] for area in AREAS]
    members[AREAS.index("Hebei")] = hebei
    members[AREAS.index("BTH13")] = [True] * len(CITIES)
    weights = np.array(members, dtype=float)
    return weights / weights.sum(axis=1, keepdims=True)


def bend_waves() -> tuple[np.ndarray, np.ndarray]:
    """Basis (month, wave) of slow bends and the waves' frequencies (per year).

    Eigenfunctions of the Laplacian on an interval half as long again as the record (Riutort-Mayol et al. 2023,
    doi 10.1007/s11222-022-10167-2), made orthogonal to a constant and a straight line, so that level and slope keep
    their meaning.
    """
    half = 1.5 * np.abs(TIME).max()
    frequency = np.arange(1, BEND_WAVES + 1) * np.pi / (2 * half)
    waves = np.sin(frequency * (TIME[:, None] + half)) / np.sqrt(half)
    straight, _ = np.linalg.qr(np.column_stack([np.ones_like(TIME), TIME]))
    return waves - straight @ (straight.T @ waves), frequency


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
        "high_city": list(HIGH_CITIES),
        "kind": ["city", "average"],
        "calendar": range(1, 13),
        "weather_variable": list(WEATHER),
        "bend_wave": range(BEND_WAVES),
        "bend_wave_city": range(BEND_WAVES_CITY),
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
        slope_city_scale = pm.LogNormal("slope_city_scale", np.log(0.02), 0.5)
        slope_city = slope_on_level * level_city + pm.ZeroSumNormal("slope_city", sigma=slope_city_scale, dims="city")

        amplitude = np.sqrt(np.sqrt(2 * np.pi)) * pt.sqrt(d["length_scale"])
        amplitude = amplitude * pt.exp(-0.25 * (d["length_scale"] * frequency) ** 2)
        bend_scale = pm.LogNormal("bend_scale", np.log(0.1), 0.5)
        bend = waves @ (bend_scale * amplitude * pm.Normal("bend", 0, 1, dims="bend_wave"))
        bend_city_scale = pm.LogNormal("bend_city_scale", np.log(0.07), 0.5)
        bend_city_amplitude = bend_city_scale * amplitude[:BEND_WAVES_CITY, None]
        bend_city_wave = bend_city_amplitude * pm.ZeroSumNormal("bend_city", 1, dims=("bend_wave_city", "city"))
        bend_city = waves[:, :BEND_WAVES_CITY] @ bend_city_wave

        season = pm.ZeroSumNormal("season", 0.4, dims="calendar")
        season_change = pm.Normal("season_change", 0, 0.03, dims="change_wave")
        season_city_scale = pm.LogNormal("season_city_scale", np.log(0.07), 0.5)
        season_city = seasons @ pm.ZeroSumNormal("season_city", sigma=season_city_scale, dims=("season_wave", "city"))

        weather = pm.Normal("weather", 0, 0.15, dims="weather_variable")
        weather_city_scale = pm.LogNormal("weather_city_scale", np.log(0.02), 0.5, dims="weather_variable")
        weather_city = weather_city_scale[:, None] * pm.ZeroSumNormal(
            "weather_city", 1, dims=("weather_variable", "city")
        )

        step = pm.Normal("step", d["step_prior"][0], d["step_prior"][1])
        step_high = pm.HalfNormal("step_high", 0.06, dims="high_city")
        step_city = -step_high @ HIGH

        persistence = pm.Beta("persistence", 2, 3)
        shock_scale = pm.LogNormal("shock_scale", np.log(0.12), 0.4)
        expected = level + slope * TIME + bend + season[CALENDAR] + TIME * (seasons[:, :2] @ season_change)[CALENDAR]
        expected = expected + d["weather_departure"] @ weather + AFTER_CHANGE * step * d["conversion"]
        unmeasured_month = d["unmeasured_month"]
        shock = autoregressive("shock", (1 - unmeasured_month) * expected, persistence, shock_scale, dims="month")
        region = pm.Deterministic("region", shock + unmeasured_month * expected, dims="month")

        mu = region[:, None] + level_city + TIME[:, None] * slope_city + bend_city + season_city[CALENDAR]
        mu = mu + d["weather_departure"] @ weather_city + AFTER_CHANGE[:, None] * step_city
        mu = pm.Deterministic("mu", mu, dims=("month", "city"))

        log_scale_mean = pm.Normal("log_scale_mean", np.log(0.12), 0.3)
        scale = pt.exp(pm.Normal("log_scale", log_scale_mean, 0.3, dims="city"))
        tail = 3 + pm.Gamma("tail", 2, 0.1)
        carry_over = pm.Beta("carry_over", 4, 8)
        time, city = d["time"], d["city_index"]
        residual_before = d["has_before"] * (d["log_pm25_before"] - mu[d["time_before"], city])
        pm.StudentT(
            "cells",
            nu=tail,
            mu=mu[time, city] + carry_over * residual_before,
            sigma=scale[city],
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
        unmeasured = together * (yearly_variance @ (members**2).T)[row]
        pm.StudentT(
            "official",
            nu=ERROR_SHAPE,
            mu=mean,
            sigma=pt.sqrt(unmeasured + d["official_error"] ** 2 + (official_scale[d["official_kind"]] * mean) ** 2),
            observed=d["official_pm25"],
        )
    return model


def autoregressive(name: str, mean, persistence, scale, dims: str):
    """First-order autoregression around a moving mean, stationary from its first point.

    Measured months are centred (they are drawn themselves), the others are drawn as departures from their mean: the
    caller passes a mean of zero there and adds it.

    The innovation at t is (x_t - m_t) - persistence (x_{t-1} - m_{t-1}), with standard deviation `scale`;
    ``pm.AR`` has no moving mean.
    """
    import pymc as pm
    import pytensor.tensor as pt

    def logp(value, mean, persistence, scale):
        departure = value - mean
        first = departure[:1] * pt.sqrt(1 - persistence**2)
        innovation = pt.concatenate([first, departure[1:] - persistence * departure[:-1]])
        density = pm.logp(pm.Normal.dist(0, scale), innovation)
        return pt.inc_subtensor(density[0], 0.5 * pt.log(1 - persistence**2))

    def random(mean, persistence, scale, rng=None, size=None):
        shape = np.shape(mean) if size is None else (*np.atleast_1d(size), np.shape(mean)[-1])
        innovation = rng.normal(0, 1, shape)
        innovation[..., 0] /= np.sqrt(1 - persistence**2)
        return mean + scale * signal.lfilter([1.0], [1.0, -float(persistence)], innovation, axis=-1)

    return pm.CustomDist(
        name, mean, persistence, scale, logp=logp, random=random, signature="(t),(),()->(t)", dims=dims
    )


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
    "shock_scale": 0.11,
    "scale": 0.12,
    "tail": 8.0,
    "carry_over": 0.2,
    "official_scale": 0.006,
    "step_high": np.array([0.04, 0.08]),
}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known parameters and with the gaps, the weather and the official rows of `panel`.

    truth : the keys of `TRUTH`. The panel's own ``truth`` gets them, with ``decline`` (per cent, published basis) and
    ``decline_constant`` of Beijing, Tianjin, Hebei and BTH13 between the first and the last year.
    """
    panel = _measured() if panel is None else panel
    known = {**TRUTH, **truth}
    level = _zero_sum(rng.normal(0, known["level_city_scale"], len(CITIES)))
    slope = known["slope_on_level"] * level + _zero_sum(rng.normal(0, known["slope_city_scale"], len(CITIES)))
    response = _zero_sum(rng.normal(0, known["weather_city_scale"], (len(WEATHER), len(CITIES))))
    conversion = AFTER_CHANGE * known["step"] * panel.conversion
    season = known["season"] * np.cos(2 * np.pi * CALENDAR / 12)
    season_city = _zero_sum(rng.normal(0, known["season_city_scale"], (4, len(CITIES))))
    region = known["level"] + known["slope"] * TIME + season + panel.weather @ known["weather"] + conversion
    region = region + _autoregression(known["persistence"], known["shock_scale"] * rng.normal(size=len(MONTHS)))
    mu = region[:, None] + level + TIME[:, None] * slope + panel.weather @ response
    thinner = -known["step_high"] @ HIGH
    mu = mu + (season_waves() @ season_city)[CALENDAR] + AFTER_CHANGE[:, None] * thinner
    noise = known["scale"] * rng.standard_t(known["tail"], (len(MONTHS), len(CITIES)))
    actual = np.exp(mu + _autoregression(known["carry_over"], noise))
    whole = known["step"] * panel.conversion[:, None] + thinner
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
    return replace(panel, pm25=pm25, official=official, truth=known)


def _zero_sum(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=-1, keepdims=True)


def _autoregression(persistence, innovation: np.ndarray) -> np.ndarray:
    """First-order autoregression along axis 0, stationary from its first point."""
    innovation = innovation.copy()
    innovation[0] /= np.sqrt(1 - persistence**2)
    return signal.lfilter([1.0], [1.0, -persistence], innovation, axis=0)


def yearly_means(months: np.ndarray) -> np.ndarray:
    """(..., month, city) -> (..., year, city), months weighted by their days."""
    shaped = months.reshape(*months.shape[:-2], len(YEARS), 12, months.shape[-1])
    return np.einsum("...ymc,ym->...yc", shaped, DAY_WEIGHTS)


def _change(yearly: np.ndarray, first: int = FIRST, last: int = LAST) -> np.ndarray:
    """Per cent change of (..., year, area) between two years -> (..., area)."""
    return 100 * (yearly[..., last - FIRST, :] / yearly[..., first - FIRST, :] - 1)


def _without_weather(panel: Panel) -> Panel:
    return replace(panel, weather=np.zeros_like(panel.weather), wind_error=np.zeros_like(panel.wind_error))


def _with_two_month_means(panel: Panel) -> Panel:
    rows = tables.load("pm25_city_month").query("quality == 'D'")
    pm25 = panel.pm25.copy()
    pm25[[MONTHS.get_loc(m) for m in rows.month], [CITIES.index(c) for c in rows.city]] = rows.pm25
    return replace(panel, pm25=pm25)


def _without_cities(panel: Panel, cities: tuple[str, ...]) -> Panel:
    """Leave out months of cities and their own official means; the official means of their areas stay.

    Of several cities the months before `FOLDS_FROM` stay: an area's mean tells the level of one city, not of three.
    """
    first = FOLDS_FROM if len(cities) > 1 else MONTHS[0]
    pm25 = panel.pm25.copy()
    pm25[np.ix_([month >= first for month in MONTHS], [CITIES.index(city) for city in cities])] = np.nan
    return replace(panel, pm25=pm25, official=panel.official[~panel.official.area.isin(cities)].reset_index(drop=True))


def _to_2018(panel: Panel) -> Panel:
    pm25 = np.where((MONTHS < FORECAST_FROM)[:, None], panel.pm25, np.nan)
    known = panel.official[panel.official.year < FORECAST_FROM.year]
    return replace(panel, pm25=pm25, official=known.reset_index(drop=True))


def _with_length_scale(panel: Panel, years: float) -> Panel:
    return replace(panel, length_scale=years)


def _without_region_rows(panel: Panel) -> Panel:
    return replace(panel, official=panel.official[panel.official.area != "BTH13"].reset_index(drop=True))


def _with_step_prior(panel: Panel, mean: float, sd: float) -> Panel:
    return replace(panel, step_prior=(mean, sd))


def _toy(panel: Panel, rng: np.random.Generator, **truth: float) -> Panel:
    return simulate(truth, rng, panel)


VARIANTS = {
    "without-weather": _without_weather,
    "with-two-month-means": _with_two_month_means,
    "to-2018": _to_2018,
    "quick-bends": partial(_with_length_scale, years=1.5),
    "slow-bends": partial(_with_length_scale, years=4.0),
    "step-unknown": partial(_with_step_prior, mean=0.5, sd=1.0),
    "without-region-rows": _without_region_rows,
    **{variant: partial(_without_cities, cities=cities) for variant, cities in LEFT_OUT.items()},
}
TOYS = {
    "toy": partial(_toy, slope=-0.10, slope_on_level=-0.08),
    "toy-no-decline": partial(_toy, slope=0.0, slope_on_level=0.0, slope_city_scale=0.0),
}
DERIVED = ("mu", "region")


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


def posterior(draws: xr.Dataset, panel: Panel, seed: int, most: int | None = None) -> Posterior:
    """Flatten chains and draws; `most` keeps at least that many, evenly spaced: more draws never leave fewer."""
    step = 1 if most is None else max(1, draws.sizes["chain"] * draws.sizes["draw"] // most)
    draws = draws.isel(draw=slice(None, None, step))
    values = {
        name: array.transpose("chain", "draw", ...).values.reshape(-1, *array.shape[2:]).astype(float, copy=False)
        for name, array in draws.data_vars.items()
    }
    return Posterior(panel, values, draws.sizes["chain"], np.random.default_rng(seed))


def residuals(post: Posterior) -> np.ndarray:
    """New residuals of every city-month, (draw, month, city): Student-t with carry-over from month to month."""
    shape = (post.size, len(MONTHS), len(CITIES))
    draws = post.rng.standard_t(3 + post["tail"][:, None, None], shape) * np.exp(post["log_scale"])[:, None, :]
    carry = post["carry_over"][:, None]
    draws[:, 0] /= np.sqrt(1 - carry**2)
    for month in range(1, len(MONTHS)):
        draws[:, month] += carry * draws[:, month - 1]
    return draws


def weather_response(post: Posterior) -> np.ndarray:
    """(draw, variable, city) change of the log concentration with one standard deviation of a weather variable."""
    return post["weather"][:, :, None] + post["weather_city_scale"][:, :, None] * post["weather_city"]


def weather_effect(post: Posterior, departures: np.ndarray) -> np.ndarray:
    """(draw, month, city) effect of weather departures (month, variable) or (draw, month, variable)."""
    response = weather_response(post)
    return np.matmul(departures, response)


def unknown_weather(post: Posterior, months: np.ndarray, years: tuple[int, ...]) -> np.ndarray:
    """Effect of a random past year's weather for the months of a mask: (draw, month, city), zero elsewhere."""
    by_year = post.panel.weather.reshape(len(YEARS), 12, len(WEATHER))
    picks = post.rng.integers(years[0] - FIRST, years[-1] - FIRST + 1, (post.size, len(YEARS)))
    departures = by_year[picks].reshape(post.size, len(MONTHS), len(WEATHER))
    return weather_effect(post, departures * months[:, None])


def concentrations(post: Posterior) -> np.ndarray:
    """Actual monthly means (draw, month, city), µg/m³, each on the basis in force at the time.

    A measured month is itself. A missing one is drawn from the model and then moved so that its area's year agrees
    with the official mean, as far as that mean is exact (conditioning by Matheron's rule on log-normal variances).
    Months after the last weather record take the weather of a random past year.
    """
    panel = post.panel
    log_mean = post["mu"]
    after_record = np.array([month.year > LAST for month in MONTHS])
    log_mean = log_mean + unknown_weather(post, after_record, (2014, LAST))
    actual = np.exp(log_mean + residuals(post))
    observed = np.isfinite(panel.pm25)
    actual[:, observed] = panel.pm25[observed]
    carry = post["carry_over"]
    tail = 3 + post["tail"]
    variance = np.exp(2 * post["log_scale"]) * (tail / (tail - 2) / (1 - carry**2))[:, None]
    together = (1 + carry) / (1 - carry)
    cell_variance = np.exp(2 * log_mean + variance[:, None, :]) * variance[:, None, :]
    cell_variance[:, observed] = 0.0
    for year, rows in panel.official.groupby("year"):
        months = np.array([month.year == year for month in MONTHS])
        areas = [AREAS.index(area) for area in rows.area]
        weights = DAY_WEIGHTS[year - FIRST][:, None] * membership()[areas][:, None, :]
        spread = cell_variance[:, None, months] * weights * together[:, None, None, None]
        between = np.einsum("drmc,smc->drs", spread, weights)
        if not between.any():
            continue
        error = np.hypot(rows.error.to_numpy(), official_error(post, areas, rows.pm25.to_numpy()))
        noise = error * post.rng.standard_t(ERROR_SHAPE, error.shape)
        surprise = rows.pm25.to_numpy() + noise - np.einsum("dmc,rmc->dr", actual[:, months], weights)
        error_variance = error**2 * ERROR_SHAPE / (ERROR_SHAPE - 2)
        total = between + error_variance[:, :, None] * np.eye(len(rows))
        pull = np.linalg.solve(total, surprise[:, :, None])[:, :, 0]
        actual[:, months] = np.maximum(actual[:, months] + np.einsum("drmc,dr->dmc", spread, pull), 1.0)
    return actual


def official_error(post: Posterior, areas: list[int], mean: np.ndarray) -> np.ndarray:
    """(draw, row) disagreement of official and monthly figures, µg/m³, for means (row) or (draw, row) of areas."""
    kind = [int(AREAS[area] not in CITIES) for area in areas]
    return post["official_scale"][:, kind] * mean


def step_city(post: Posterior) -> np.ndarray:
    """(draw, city) further step of the cities on high ground, where the air is thinner; zero in the plain."""
    return -post["step_high"] @ HIGH


def on_one_basis(post: Posterior, actual: np.ndarray) -> np.ndarray:
    """The same months at ambient temperature and pressure throughout: those before September 2018 are converted."""
    conversion = post["step"][:, None, None] * post.panel.conversion[:, None] + step_city(post)[:, None, :]
    return actual * np.exp((1 - AFTER_CHANGE)[:, None] * conversion)


def area_means(actual: np.ndarray) -> np.ndarray:
    """(draw, month, city) -> (draw, year, area) for Beijing, Tianjin, Hebei and the mean of all 13 cities."""
    return yearly_means(actual) @ membership()[:4].T


def findings(fit) -> list[Finding]:
    """Findings of a fit: all of them for the main one, the headline ones for a variant (ids end in ``@variant``).

    Of a made-up panel the truths and their estimates. Ids that end in ``@with-dust`` are the main fit's declines, had
    the dust days that the official means leave out since 2021 been counted.
    """
    if fit.panel.truth:
        return _recovered(fit)
    post = posterior(fit.parameters, fit.panel, fit.seed, most=3000)
    actual = concentrations(post)
    constant = on_one_basis(post, actual)
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
    made = _declines(post, actual, constant, name)
    if not fit.variant:
        made += (
            _cities(post, constant, name) + _weather_share(post, constant, name) + _step(post, actual, constant, name)
        )
        made += _standard(post, actual, name) + _season_and_effects(post, name) + _comparisons()
        made += _residual_correlation(post)
        with_dust = partial(record, model=fit.name, panel=PANEL, suffix="@with-dust")
        made += _declines(post, dustier(actual), dustier(constant), with_dust)
    if fit.variant == "to-2018":
        made += _forecast(post, name)
    for city in LEFT_OUT.get(fit.variant, ()):
        made += _left_out(city, fit.panel, actual)
    return made


def dustier(months: np.ndarray) -> np.ndarray:
    """(draw, month, city) means with those after 2020 raised by `DUST`, µg/m³."""
    return months * (1 + DUST * (MONTHS.year > 2020))[:, None]


AREA_WORDS = {"beijing": "Beijing", "tianjin": "Tianjin", "hebei": "Hebei", "region": "all thirteen cities"}


def _declines(post, actual, constant, name) -> list[Finding]:
    made = []
    published, converted = _change(area_means(actual)), _change(area_means(constant))
    for k, (area, words) in enumerate(AREA_WORDS.items()):
        for key, change, basis in (
            ("", published, "on the published basis"),
            (".constant", converted, "on one constant basis"),
        ):
            draws = post.by_chain(change[:, k])
            label = f"change of the annual mean of PM2.5 from {FIRST} to {LAST}, {words}, {basis}"
            made.append(name(f"pm25.decline.{area}{key}", label, draws, "%"))
            label = f"probability that the fall was at least {-CLAIMED_FALL:.0f} %, {words}, {basis}"
            made.append(name(f"pm25.decline.{area}{key}.atleast60", label, draws <= CLAIMED_FALL, "probability"))
    made.append(name("pm25.decline.all.atleast60", "probability that Beijing, Tianjin and Hebei each fell by at least "
                     "60 %, on the published basis", post.by_chain((published[:, :3] <= CLAIMED_FALL).all(axis=1)),
                     "probability"))  # fmt: skip
    return made


def _cities(post, constant, name) -> list[Finding]:
    yearly = yearly_means(constant)
    start, end = yearly[:, 2014 - FIRST], yearly[:, 2020 - FIRST]
    rate = 100 * ((end / start) ** (1 / 6) - 1)
    made = []
    for k, city in enumerate(CITIES):
        label = f"yearly change of PM2.5 in {city}, 2014 to 2020, on one basis"
        made.append(name(f"pm25.rate.{city.lower()}", label, post.by_chain(rate[:, k]), "% a year"))
        label = f"change of the annual mean of PM2.5 in {city}, {FIRST} to {LAST}, on one basis"
        change = _change(yearly)[:, k]
        made.append(name(f"pm25.decline.city.{city.lower()}", label, post.by_chain(change), "%"))
    ten_years = post.by_chain((yearly[:, LAST - FIRST] < yearly[:, 0]).all(axis=1))
    made.append(name("pm25.together.all-fell.ten-years", f"probability that every city's annual mean fell from {FIRST} "
                     f"to {LAST}, on one basis", ten_years, "probability"))  # fmt: skip
    region = yearly.mean(axis=2)
    made.append(name("pm25.rebound", "probability that the region's annual mean of 2023 was above that of 2022",
                     post.by_chain(region[:, 2023 - FIRST] > region[:, 2022 - FIRST]), "probability"))  # fmt: skip
    made.append(name("pm25.rebound.change", "change of the region's annual mean from 2022 to 2023",
                     post.by_chain(_change(region[:, :, None], 2022, 2023)[:, 0]), "%"))  # fmt: skip
    for word, pick in (("fastest", np.min), ("slowest", np.max)):
        made.append(name(f"pm25.together.{word}", f"yearly change of the city that fell {word}, 2014 to 2020, on one "
                         "basis", post.by_chain(pick(rate, axis=1)), "% a year"))  # fmt: skip
    all_fell = post.by_chain((end < start).all(axis=1))
    made.append(name("pm25.together.all-fell", "probability that every city's annual mean fell from 2014 to 2020, on "
                     "one basis", all_fell, "probability"))  # fmt: skip
    made.append(name("pm25.together.fastest-slowest", "difference between the fastest and the slowest yearly rate of "
                     "a city", post.by_chain(np.ptp(rate, axis=1)), "percentage points a year"))  # fmt: skip
    spread = {year: yearly[:, year - FIRST] for year in (2014, 2020)}
    for year, means in spread.items():
        relative = 100 * np.log(means).std(axis=1, ddof=1)
        absolute = means.std(axis=1, ddof=1)
        made.append(name(f"pm25.converge.spread.{year}", f"relative spread (standard deviation of logs, times 100) of "
                         f"the cities' annual means in {year}", post.by_chain(relative), "%"))  # fmt: skip
        made.append(name(f"pm25.converge.spread-absolute.{year}", "standard deviation between the cities' annual means "
                         f"in {year}", post.by_chain(absolute), "µg/m³"))  # fmt: skip
    ratio = np.log(spread[2020]).std(axis=1, ddof=1) / np.log(spread[2014]).std(axis=1, ddof=1)
    made.append(name("pm25.converge.spread-change", "change of the relative spread between cities, 2014 to 2020",
                     post.by_chain(100 * (ratio - 1)), "%"))  # fmt: skip
    made.append(name("pm25.converge.probability", "probability that the relative spread between cities was smaller in "
                     "2020 than in 2014", post.by_chain(ratio < 1), "probability"))  # fmt: skip
    made.append(name("pm25.converge.slope-on-level", "change of a city's yearly rate when its level is ten per cent "
                     "higher", post.by_chain(100 * post["slope_on_level"] * np.log(1.1)),
                     "percentage points a year"))  # fmt: skip
    return made + _zhangjiakou(post, start, end, name)


def _zhangjiakou(post, start, end, name) -> list[Finding]:
    made = []
    fall = {}
    for city in ("Zhangjiakou", "Shijiazhuang"):
        k = CITIES.index(city)
        fall[city] = 100 * (end[:, k] / start[:, k] - 1)
        made.append(name(f"pm25.gain.{city.lower()}", f"change of {city}'s annual mean, 2014 to 2020, on one basis",
                         post.by_chain(fall[city]), "%"))  # fmt: skip
        made.append(name(f"pm25.gain.{city.lower()}.absolute", f"change of {city}'s annual mean, 2014 to 2020, on one "
                         "basis", post.by_chain(end[:, k] - start[:, k]), "µg/m³"))  # fmt: skip
    made.append(name("pm25.gain.difference", "Zhangjiakou's relative change less Shijiazhuang's, 2014 to 2020",
                     post.by_chain(fall["Zhangjiakou"] - fall["Shijiazhuang"]), "percentage points"))  # fmt: skip
    return made


def normalised(post: Posterior, constant: np.ndarray) -> np.ndarray:
    """The months as they would have been with the usual weather: (draw, month, city); associations, not a design.

    A calibrated wind carries its error twice: once for each month and once for the whole calibrated year.
    """
    departures = np.repeat(post.panel.weather[None], post.size, axis=0)
    error = post.rng.normal(size=(post.size, len(MONTHS))) + post.rng.normal(size=(post.size, 1))
    departures[:, :, 0] += error * post.panel.wind_error
    return constant * np.exp(-weather_effect(post, departures))


def _weather_share(post, constant, name) -> list[Finding]:
    as_it_was = area_means(constant)
    usual = area_means(normalised(post, constant))
    made = []
    for k, area in enumerate(("beijing", "tianjin", "hebei", "region")):
        words = AREA_WORDS[area]
        for first, last, key in ((2013, 2017, ""), (2013, 2023, ".ten-years")):
            observed = np.log(as_it_was[:, last - FIRST, k] / as_it_was[:, first - FIRST, k])
            without = np.log(usual[:, last - FIRST, k] / usual[:, first - FIRST, k])
            period = f"{first} to {last}, {words}, on one basis"
            made.append(name(f"pm25.weather.observed.{area}{key}", f"change of the annual mean, {period}",
                             post.by_chain(100 * np.expm1(observed)), "%"))  # fmt: skip
            made.append(name(f"pm25.weather.normalised.{area}{key}", f"weather-normalised change, {period}",
                             post.by_chain(100 * np.expm1(without)), "%"))  # fmt: skip
            made.append(name(f"pm25.weather.share.{area}{key}", f"share of the log decline that goes with weather, "
                             f"{period}", post.by_chain(100 * (1 - without / observed)), "%"))  # fmt: skip
    return made


def _step(post, actual, constant, name) -> list[Finding]:
    """The ruler: what the conversion does to the annual means of 2013, when all of it was on the old basis."""
    full = actual * np.exp((1 - AFTER_CHANGE) * post.panel.conversion)[:, None]
    made = []
    for k, (area, words) in enumerate(AREA_WORDS.items()):
        means = [area_means(months)[:, 0, k] for months in (actual, constant, full)]
        made.append(name(f"pm25.step.{area}", f"change of the {FIRST} mean by the model's conversion, {words}",
                         post.by_chain(100 * (means[1] / means[0] - 1)), "%"))  # fmt: skip
        made.append(name(f"pm25.step.full.{area}", f"change of the {FIRST} mean by full conversion to ambient "
                         f"temperature and pressure at Beijing, {words}",
                         post.by_chain(100 * (means[2] / means[0] - 1)), "%"))  # fmt: skip
    made.append(name("pm25.step.multiple", "step as a multiple of the full conversion to ambient temperature and "
                     "pressure", post.by_chain(post["step"]), ""))  # fmt: skip
    for k, city in enumerate(HIGH_CITIES):
        made.append(name(f"pm25.step.high.{city.lower()}", f"further step of {city}, on high ground",
                         post.by_chain(100 * np.expm1(-post["step_high"][:, k])), "%"))  # fmt: skip
    squares = post.by_chain((post["step"] - post["step"].mean()) ** 2)
    left = Finding("pm25.step.left", "", 100 * squares / STEP_PRIOR[1] ** 2, "%", "decline", PANEL)
    made.append(exact("pm25.step.learned", "share of the prior variance of the step that the data removed",
                      100 - left.mean, "%", PANEL, "decline", error=left.mcse))  # fmt: skip
    return made


def _standard(post, actual, name) -> list[Finding]:
    beijing = area_means(actual)[:, :, 0]
    made = []
    for year in (2021, 2022, 2023):
        mean = post.by_chain(beijing[:, year - FIRST])
        made.append(name(f"pm25.standard.beijing.{year}", f"probability that Beijing's annual mean of {year} was at or "
                         f"under {STANDARD:.0f} µg/m³", mean <= STANDARD, "probability"))  # fmt: skip
    within = (beijing[:, 2021 - FIRST : 2024 - FIRST] <= STANDARD).all(axis=1)
    label = (
        f"probability that Beijing's annual mean, as officially counted, was at most {STANDARD:.0f} µg/m³ in each of "
    )
    made.append(name("pm25.standard.beijing.all", f"{label}2021 to 2023", post.by_chain(within), "probability"))
    return made


def _season_and_effects(post, name) -> list[Finding]:
    season = post["season"]
    dirtiest, cleanest = season.mean(axis=0).argmax(), season.mean(axis=0).argmin()
    made = [name("pm25.season.ratio", "ratio of the dirtiest to the cleanest calendar month of the region",
                 post.by_chain(np.exp(season[:, dirtiest] - season[:, cleanest])), "")]  # fmt: skip
    labels = {"wind": "stronger wind", "dew_point": "higher dew point", "pressure": "higher pressure",
              "temperature": "higher temperature"}  # fmt: skip
    for k, variable in enumerate(WEATHER):
        effect = 100 * np.expm1(post["weather"][:, k])
        made.append(name(f"pm25.weather.{variable.replace('_', '-')}", f"change of the regional month that goes with "
                         f"one standard deviation of {labels[variable]}", post.by_chain(effect), "%"))  # fmt: skip
    for id, variable, words in (("pm25.noise.carry-over", "carry_over", "carry-over of a city's residual to the next "
                                 "month"), ("pm25.noise.persistence", "persistence", "persistence of the regional "
                                            "month shock")):  # fmt: skip
        made.append(name(id, words, post.by_chain(post[variable]), ""))
    return made


def _residual_correlation(post) -> list[Finding]:
    """What neighbouring cities still share after the model: the extreme correlations of the residuals."""
    scores = pd.DataFrame(normal_quantile_residuals(post), columns=CITIES).corr().to_numpy()
    pairs = scores[np.triu_indices(len(CITIES), 1)]
    return [
        exact("pm25.residual.correlation.highest", "largest correlation between two cities' residuals",
              round(float(pairs.max()), 2), "", PANEL, "decline"),
        exact("pm25.residual.correlation.lowest", "smallest correlation between two cities' residuals",
              round(float(pairs.min()), 2), "", PANEL, "decline"),
    ]  # fmt: skip


def _comparisons() -> list[Finding]:
    """Official and independent figures, from the tables alone."""
    official = tables.load("pm25_official_annual")
    made = []
    for area in ("Beijing", "Tianjin", "Hebei"):
        rows = official.query("series == 'official' and area == @area").set_index("year").pm25
        for year in (FIRST, LAST):
            made.append(exact(f"pm25.official.{area.lower()}.{year}", f"official annual mean of {area}, {year}",
                              rows[year], "µg/m³", PANEL))  # fmt: skip
        change = round(100 * (rows[LAST] / rows[FIRST] - 1), 1)
        made.append(exact(f"pm25.official.{area.lower()}.change", f"change of the official annual mean of {area}, "
                          f"{FIRST} to {LAST}", change, "%", PANEL))  # fmt: skip
    months = tables.load("pm25_city_month")
    for id, label, value, unit in (
        ("pm25.cells", "city-months measured", len(months), ""),
        ("pm25.cells.two-month", "city-months that are two-month means", int((months.quality == "D").sum()), ""),
        ("pm25.cells.missing", "city-months without a measurement, December 2013 to December 2020",
         int(np.isnan(_measured().pm25[11:96]).sum()), ""),
        ("pm25.official.rows", "official annual means used", len(_measured().official), ""),
    ):  # fmt: skip
        made.append(exact(id, label, value, unit, PANEL))
    return made


def _recovered(fit) -> list[Finding]:
    """Truth and estimate of a made-up panel: ``pm25.truth.KEY`` and ``pm25.recovered.KEY``."""
    suffix, truth = f"@{fit.variant}", fit.panel.truth
    post = posterior(fit.parameters, fit.panel, fit.seed, most=1000)
    actual = concentrations(post)
    pairs = [
        ("step", "step, multiple of the full conversion", truth["step"], post["step"], ""),
        ("slope-on-level", "slope on level", truth["slope_on_level"], post["slope_on_level"], ""),
        ("persistence", "persistence of the monthly shock", truth["persistence"], post["persistence"], ""),
        ("carry-over", "carry-over of a city's residual", truth["carry_over"], post["carry_over"], ""),
    ]
    pairs += [
        (f"weather.{variable.replace('_', '-')}", f"effect of {variable.replace('_', ' ')} on the log",
         truth["weather"][k], post["weather"][:, k], "")
        for k, variable in enumerate(WEATHER)
    ]  # fmt: skip
    for months, known, end, basis in (
        (actual, truth["decline"], "", "published basis"),
        (on_one_basis(post, actual), truth["decline_constant"], ".constant", "one basis"),
    ):
        change = _change(area_means(months))
        pairs += [
            (f"decline.{area}{end}", f"change {FIRST} to {LAST}, {words}, {basis}", known[area], change[:, k], "%")
            for k, (area, words) in enumerate(AREA_WORDS.items())
        ]
    made = []
    for key, label, value, draws, unit in pairs:
        draws = post.by_chain(draws)
        made.append(record(f"pm25.recovered.{key}", label, draws, unit, model=fit.name, panel=(), suffix=suffix))
        made.append(exact(f"pm25.truth.{key}{suffix}", f"truth: {label}", float(value), unit, ()))
    return made


def _left_out(city: str, panel: Panel, actual: np.ndarray) -> list[Finding]:
    """How well a city is predicted from others: coverage of the measured months that the panel leaves out."""
    k = CITIES.index(city)
    measured = _measured().pm25[:, k]
    kept = np.isfinite(measured) & np.isnan(panel.pm25[:, k])
    return _coverage(
        f"pm25.leave-out.{city.lower()}", actual[:, kept, k], measured[kept], f"months of {city}, left out"
    )


def _coverage(id, predicted, measured, words) -> list[Finding]:
    """Coverage with its Monte Carlo error, from four parts of the draws; at least that of half a measured value."""
    made = []
    for probability in (50, 94):
        whole, *parts = (_inside(some, measured, probability) for some in (predicted, *np.array_split(predicted, 4)))
        label = f"share of measured values inside the central {probability} % interval, {words}"
        made.append(exact(f"{id}.coverage{probability}", label, whole, "%", PANEL, "decline",
                          error=max(np.std(parts, ddof=1), 100 / len(measured)) / 2))  # fmt: skip
    return made


def _inside(predicted: np.ndarray, measured: np.ndarray, probability: float) -> float:
    """Per cent of measured values (cell,) inside the central interval of predictions (draw, cell)."""
    low, high = np.percentile(predicted, [50 - probability / 2, 50 + probability / 2], axis=0)
    return 100 * float(np.mean((low <= measured) & (measured <= high)))


def _forecast(post, name) -> list[Finding]:
    """Fitted to 2018, asked for 2019 and 2020: coverage, and CRPS against two baselines."""
    everything = _measured().pm25
    future = np.array([FORECAST_FROM.year <= month.year <= 2020 for month in MONTHS])
    measured = everything[future]
    kept = np.isfinite(measured)
    known_weather = concentrations(post)
    unknown = np.exp(
        np.log(known_weather)
        - weather_effect(post, post.panel.weather) * future[:, None]
        + unknown_weather(post, future, (FIRST, 2018))
    )
    made, scores = [], {}
    for key, months, words in (
        ("forecast", known_weather, "2019 and 2020 predicted from the years to 2018, weather known"),
        ("forecast.weather-unknown", unknown, "2019 and 2020 predicted from the years to 2018, weather unknown"),
    ):
        predicted = months[:, future][:, kept]
        made += _coverage(f"pm25.{key}", predicted, measured[kept], words)
        scores[key] = _crps(predicted, measured[kept])
        made.append(
            exact(f"pm25.{key}.crps", f"mean CRPS, {words}", round(scores[key].mean(), 2), "µg/m³", PANEL, "decline")
        )
    month = np.nonzero(kept)[0]
    for key, baseline, words in (
        ("same-month", _same_month_of_last_year, "the same month of the last known year"),
        ("climatology", _climatology_with_trend, "the city's climatology with a straight trend"),
    ):
        score = _crps(baseline(everything, future, post.rng)[:, kept], measured[kept])
        made.append(
            exact(f"pm25.forecast.crps.{key}", f"mean CRPS, {words}", round(score.mean(), 2), "µg/m³", PANEL, "decline")
        )
        gain = pd.Series(score - scores["forecast.weather-unknown"]).groupby(month).mean()
        made.append(exact(f"pm25.forecast.gain.{key}", f"CRPS of {words} less that of the model with weather unknown, "
                          "mean over months", round(gain.mean(), 2), "µg/m³", PANEL, "decline"))  # fmt: skip
        made.append(exact(f"pm25.forecast.gain-error.{key}", f"standard error over months of that gain, {words}",
                          round(gain.std(ddof=1) / np.sqrt(len(gain)), 2), "µg/m³", PANEL, "decline"))  # fmt: skip
    return made


def _crps(predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of (draw, cell) predictions, by cell, µg/m³; fair to any number of draws."""
    import scoringrules

    return scoringrules.crps_ensemble(measured, predicted.T, estimator="pwm")


def _same_month_of_last_year(pm25: np.ndarray, future: np.ndarray, rng) -> np.ndarray:
    """(draw, month, city): 2018's month, spread by the training years' own changes over one and over two years."""
    log = np.log(np.where((MONTHS < FORECAST_FROM)[:, None], pm25, np.nan))
    last = np.tile(log[(MONTHS.year == 2018)], (2, 1))
    predicted = []
    for lag in (12, 24):
        changes = (log[lag:] - log[:-lag])[:, :]
        changes = changes[np.isfinite(changes)]
        predicted.append(rng.choice(changes, (2000, 12, len(CITIES))))
    return np.exp(last + np.concatenate(predicted, axis=1))


def _climatology_with_trend(pm25: np.ndarray, future: np.ndarray, rng) -> np.ndarray:
    """(draw, month, city): calendar-month means and a straight line by city, least squares, normal errors of logs."""
    train = MONTHS < FORECAST_FROM
    design = np.column_stack([np.eye(12)[CALENDAR], TIME])
    predicted = np.empty((2000, future.sum(), len(CITIES)))
    for k in range(len(CITIES)):
        use = train & np.isfinite(pm25[:, k])
        coefficients, *_ = np.linalg.lstsq(design[use], np.log(pm25[use, k]), rcond=None)
        errors = np.log(pm25[use, k]) - design[use] @ coefficients
        spread = np.sqrt(np.square(errors).sum() / (use.sum() - design.shape[1]))
        predicted[:, :, k] = design[future] @ coefficients + spread * rng.normal(size=(2000, future.sum()))
    return np.exp(predicted)


def predict(fit, months: tuple[str, str] | None, years: tuple[int, int] | None) -> pd.DataFrame:
    """Posterior predictive of city-months and of annual means, each on the official basis of its time.

    Returns columns area, period, mean, sd, q03, q25, q50, q75, q97 in µg/m³. A month that was measured is
    replicated, with the month's own shock; a missing month and a year use the official means there are.
    Raises BookError for a period outside the panel.
    """
    post = posterior(fit.parameters, fit.panel, fit.seed)
    actual = concentrations(post)
    rows = []
    if months:
        first, last = (_month(text) for text in months)
        again = np.where(np.isfinite(fit.panel.pm25), np.exp(post["mu"] + residuals(post)), actual)
        for month in pd.period_range(first, last, freq="M"):
            values = again[:, MONTHS.get_loc(month)]
            rows += [_summary(city, str(month), values[:, k]) for k, city in enumerate(CITIES)]
    if years:
        yearly = yearly_means(actual)
        areas = {"Beijing": yearly[:, :, 0], "Tianjin": yearly[:, :, 1], "Hebei": yearly[:, :, 2:].mean(axis=2)}
        areas |= {city: yearly[:, :, k] for k, city in enumerate(CITIES)}
        for year in range(_year(years[0]), _year(years[1]) + 1):
            for area, values in areas.items():
                mean = values[:, year - FIRST]
                kind = int(area not in CITIES)
                error = post["official_scale"][:, kind] * mean * post.rng.standard_t(ERROR_SHAPE, post.size)
                rows.append(_summary(area, str(year), mean + error))
    return pd.DataFrame(rows)


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
    if month not in MONTHS:
        raise BookError(f"month {text} is outside the model: it knows {MONTHS[0]} to {MONTHS[-1]}")
    return month


def _year(year: int) -> int:
    if year not in YEARS:
        raise BookError(f"year {year} is outside the model: it knows {YEARS[0]} to {YEARS[-1]}")
    return year


def replicates(post: Posterior) -> np.ndarray:
    """Measured months drawn anew given the month before: (draw, month, city); NaN where nothing was measured."""
    log = np.log(post.panel.pm25)
    before = np.vstack([np.full((1, len(CITIES)), np.nan), log[:-1]])
    mu_before = np.concatenate([post["mu"][:, :1], post["mu"][:, :-1]], axis=1)
    carried = np.nan_to_num(post["carry_over"][:, None, None] * (before - mu_before))
    noise = post.rng.standard_t(3 + post["tail"][:, None, None], mu_before.shape)
    drawn = np.exp(post["mu"] + carried + noise * np.exp(post["log_scale"])[:, None, :])
    return np.where(np.isfinite(post.panel.pm25), drawn, np.nan)


def normal_quantile_residuals(post: Posterior) -> np.ndarray:
    """(month, city) probability of each measured value under its predictive distribution, as a normal quantile."""
    drawn = replicates(post)
    share = (drawn < post.panel.pm25).mean(axis=0)
    size = len(drawn)
    score = scipy.stats.norm.ppf(np.clip(share, 0.5 / size, 1 - 0.5 / size))
    return np.where(np.isfinite(post.panel.pm25), score, np.nan)
