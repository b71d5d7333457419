"""What follows from draws of `months`: actual months, one basis, the usual weather, data drawn anew, forecasts.

Arrays have the draw first: (draw, month, city). Random numbers come from the posterior's own generator, in the order
in which functions are called.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from jingjinji.core.batches import with_errors
from jingjinji.core.errors import BookError
from jingjinji.core.scribe import Scribe
from jingjinji.topics.air.months import (
    CITY_EFFECTS,
    ERROR_SHAPE,
    NEVER,
    Panel,
    Region,
    bend_city_told,
    bend_told,
    bend_waves,
    collected_share,
    measured_before,
    middle,
    season_waves,
    step_line,
    weather_city_told,
)

BASELINES = {
    "same-month": "the same month of the last year in which it is known",
    "climatology": "the city's climatology with a straight trend",
}
OF_BASELINE = {
    "crps": "mean CRPS, {baseline}, {years}",
    "gain": "CRPS of {baseline} less that of the model with weather unknown, mean over months, {years}",
}
RANGE = {"low": "2.5 % quantile", "high": "97.5 % quantile", "sd": "spread"}


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
    def region(self) -> Region:
        return self.panel.region

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


def scales(post: Posterior, collected: np.ndarray | None = None) -> np.ndarray:
    """(draw, month, city) scale of a city's month beside what is expected; `collected` (month,) as `Region.collected`.

    The months are those of the record by default.
    """
    collected = post.region.collected if collected is None else collected
    if not post.region.procedure:
        return np.exp(np.repeat(post["log_scale"][:, None], len(collected), axis=1))
    more = post["collected"][:, None] * (collected - collected_share(post.panel))
    return np.exp(post["log_scale"][:, None] + more[:, :, None])


def residuals(post: Posterior, collected: np.ndarray | None = None) -> np.ndarray:
    """New residuals of these months, (draw, month, city): Student-t with carry-over from month to month."""
    collected = post.region.collected if collected is None else collected
    shape = post.size, len(collected), len(post.region.cities)
    draws = post.rng.standard_t(3 + post["tail"][:, None, None], shape)
    draws *= scales(post, collected)
    carry = post["carry_over"][:, None]
    draws[:, 0] /= np.sqrt(1 - carry**2)
    for month in range(1, len(collected)):
        draws[:, month] += carry * draws[:, month - 1]
    return draws


def weather_response(post: Posterior) -> np.ndarray:
    """(draw, variable, city) change of the log concentration with one standard deviation of a weather variable."""
    unit = post["weather_city_scale"] ** (1 - weather_city_told(post.panel))
    return post["weather"][:, :, None] + unit[:, :, None] * post["weather_city"]


def weather_effect(post: Posterior, departures: np.ndarray) -> np.ndarray:
    """(draw, month, city) effect of weather departures (month, variable) or (draw, month, variable)."""
    response = weather_response(post)
    return np.matmul(departures, response)


def weather_of_a_year(post: Posterior, years: tuple[int, ...]) -> np.ndarray:
    """Weather departures of a random one of whole years, first to last, for each draw: (draw, month, variable)."""
    region = post.region
    by_year = post.panel.weather[region.whole].reshape(len(region.years), 12, len(region.weather))
    return by_year[post.rng.integers(years[0] - region.years[0], years[-1] - region.years[0] + 1, post.size)]


def concentrations(post: Posterior) -> np.ndarray:
    """Actual monthly means (draw, month, city), µg/m³, each on the basis in force at the time.

    A measured month is itself. A missing one is drawn from the model and then moved so that its area's year agrees
    with the official mean, as far as that mean is exact (conditioning by Matheron's rule on log-normal variances).
    """
    panel, region = post.panel, post.region
    log_mean = post["mu"]
    actual = np.exp(log_mean + residuals(post))
    observed = np.isfinite(panel.pm25)
    actual[:, observed] = panel.pm25[observed]
    carry = post["carry_over"]
    tail = 3 + post["tail"]
    variance = scales(post) ** 2 * (tail / (tail - 2) / (1 - carry**2))[:, None, None]
    together = (1 + carry) / (1 - carry)
    cell_variance = np.exp(2 * log_mean + variance) * variance
    cell_variance[:, observed] = 0.0
    for year, rows in panel.official.groupby("year"):
        months = np.array([of == year for of in region.year])
        areas = [region.place(area) for area in rows.area]
        weights = region.day_weights[year - region.years[0]][:, None] * region.membership[areas][:, None, :]
        spread = cell_variance[:, None, months] * weights * together[:, None, None, None]
        between = np.einsum("drmc,smc->drs", spread, weights)
        if not between.any():
            continue
        error = np.hypot(rows.error.to_numpy(), official_error(post, list(rows.area), rows.pm25.to_numpy()))
        noise = error * post.rng.standard_t(ERROR_SHAPE, error.shape)
        surprise = rows.pm25.to_numpy() + noise - np.einsum("dmc,rmc->dr", actual[:, months], weights)
        error_variance = error**2 * ERROR_SHAPE / (ERROR_SHAPE - 2)
        total = between + error_variance[:, :, None] * np.eye(len(rows))
        pull = np.linalg.solve(total, surprise[:, :, None])[:, :, 0]
        actual[:, months] = np.maximum(actual[:, months] + np.einsum("drmc,dr->dmc", spread, pull), 1.0)
    return actual


def official_error(post: Posterior, areas: list[str], mean: np.ndarray) -> np.ndarray:
    """(draw, row) disagreement of official and monthly figures, µg/m³, for means (row) or (draw, row) of areas."""
    kind = [post.region.official.index(post.region.kind(area)) for area in areas]
    return post["official_scale"][:, kind] * mean


def on_one_basis(post: Posterior, actual: np.ndarray) -> np.ndarray:
    """The same months at ambient temperature and pressure throughout: those before the change of ruler are converted.

    They are as they were where the model does not know of a change.
    """
    region = post.region
    if not region.converts:
        return actual
    conversion = (1 - region.after_change)[:, None] * (post.panel.conversion[:, None] + region.higher)
    return actual * np.exp(post["step"][:, None, None] * conversion)


def normalised(post: Posterior, constant: np.ndarray) -> np.ndarray:
    """The months as they would have been with the usual weather: (draw, month, city); associations, not a design.

    A calibrated wind carries its error twice: once for each month and once for the whole calibrated year.
    """
    departures = np.repeat(post.panel.weather[None], post.size, axis=0)
    if post.panel.wind_error is not None:
        error = post.rng.normal(size=(post.size, len(post.region.months))) + post.rng.normal(size=(post.size, 1))
        departures[:, :, post.region.weather.index("wind")] += error * post.panel.wind_error
    return constant * np.exp(-weather_effect(post, departures))


def yearly_slope(values: np.ndarray) -> np.ndarray:
    """Least-squares slope (draw,) of values (draw, year) over their years."""
    time = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2
    return values @ time / (time @ time)


def bends(post: Posterior, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Basis of bends (time, wave) and their amplitudes (draw, wave) at scale one."""
    waves, frequency = bend_waves(post.region, time)
    length = post["length_scale"][:, None]
    return waves, (2 * np.pi) ** 0.25 * np.sqrt(length) * np.exp(-0.25 * (length * frequency) ** 2)


def expected(post: Posterior, time: np.ndarray, calendar: np.ndarray, weather=None, conversion=None) -> np.ndarray:
    """(draw, time) of the regional month before its shock.

    time : as `Region.time`. calendar : (time,) as `Region.calendar`.
    weather : (time, variable) or (draw, time, variable); the usual one where it is not given.
    conversion : (time,) on today's basis, of a region that converts.
    """
    waves, amplitude = bends(post, time)
    since = time - middle(post.panel)
    wave_scale = post["bend_scale"][:, None] * amplitude
    bend = (wave_scale ** (1 - bend_told(post.panel)) * post["bend"]) @ waves.T
    made = post["level"][:, None] + post["slope"][:, None] * since + bend + post["season"][:, calendar]
    made = made + since * (post["season_change"] @ season_waves()[calendar, :2].T)
    if post.region.converts:
        level, slope = step_line(post.panel)
        made = made + post["step"][:, None] * (conversion - level - slope * since)
    return made if weather is None else made + (weather @ post["weather"][:, :, None])[..., 0]


def of_cities(post: Posterior, time: np.ndarray, calendar: np.ndarray) -> np.ndarray:
    """(draw, time, city) of what cities lastingly depart from the regional month, on today's basis.

    It has neither weather nor a contrast of north and south.
    """
    since = time - middle(post.panel)
    waves, amplitude = bends(post, time)
    wave_scale = post["city_scale"][:, CITY_EFFECTS.index("bend"), None] * amplitude
    wave_scale = wave_scale ** (1 - bend_city_told(post.panel))
    made = post["level_city"][:, None] + since[:, None] * post["slope_city"][:, None]
    made = made + waves @ (wave_scale[:, :, None] * post["bend_city"])
    made += np.einsum("mw,dwc->dmc", season_waves()[calendar], post["season_city"])
    return made + post["step"][:, None, None] * post.region.higher if post.region.converts else made


def course(post: Posterior) -> np.ndarray:
    """Months (draw, month, city), µg/m³, without the chance of single months: level, slope, bends and seasons alone.

    The weather is the usual one, and the basis today's where the region converts.
    """
    region = post.region
    shared = expected(post, region.time, region.calendar, conversion=post.panel.conversion)
    return np.exp(shared[:, :, None] + of_cities(post, region.time, region.calendar))


def replicates(post: Posterior) -> np.ndarray:
    """Measured months drawn anew given the measured one before: (draw, month, city); NaN where nothing was measured."""
    before, since = measured_before(post.panel)
    log, cities = np.log(post.panel.pm25), np.arange(len(post.region.cities))
    carry = post["carry_over"][:, None, None]
    carried = carry**since
    mean = post["mu"] + np.where(since < NEVER, carried * (log - post["mu"])[:, before, cities], 0)
    scale = scales(post) * np.sqrt((1 - carried**2) / (1 - carry**2))
    drawn = np.exp(mean + scale * post.rng.standard_t(3 + post["tail"][:, None, None], scale.shape))
    return np.where(np.isfinite(post.panel.pm25), drawn, np.nan)


def normal_quantile_residuals(post: Posterior) -> np.ndarray:
    """(month, city) probability of each measured value under its predictive distribution, as a normal quantile."""
    drawn = replicates(post)
    share = (drawn < post.panel.pm25).mean(axis=0)
    size = len(drawn)
    score = scipy.stats.norm.ppf(np.clip(share, 0.5 / size, 1 - 0.5 / size))
    return np.where(np.isfinite(post.panel.pm25), score, np.nan)


def summary(area: str, period: str, values: np.ndarray) -> dict:
    quantiles = np.percentile(values, [3, 25, 50, 75, 97])
    names = ("q03", "q25", "q50", "q75", "q97")
    return {"area": area, "period": period, "mean": values.mean(), "sd": values.std(ddof=1)} | dict(
        zip(names, quantiles, strict=True)
    )


def month_of(text: str, first: pd.Period, last: pd.Period) -> pd.Period:
    """A month that somebody asks for; raises BookError for what is none, or is not one of those from first to last."""
    try:
        month = pd.Period(text, freq="M")
        if str(month) != text:
            raise ValueError(text)
    except ValueError:
        raise BookError(f"'{text}' is not a month: write it as YYYY-MM, for instance 2021-01") from None
    if not first <= month <= last:
        raise BookError(f"month {text} is outside the model: it knows {first} to {last}")
    return month


def year_of(year: int, first: int, last: int) -> int:
    """A year that somebody asks for; raises BookError where it is not one of those from first to last."""
    if not first <= year <= last:
        raise BookError(f"year {year} is outside the model: it knows {first} to {last}")
    return year


def say_coverage(say: Scribe, predicted: np.ndarray, measured: np.ndarray, words: str) -> None:
    """Coverage with its Monte Carlo error, which is at least that of half a measured value."""

    def inside(some: np.ndarray) -> dict[str, float]:
        return {level: 100 * is_inside(some, measured, int(level)).mean() for level in ("50", "94")}

    for level, (share, error) in with_errors(inside, predicted, least=50 / len(measured)).items():
        label = f"share of measured values inside the central {level} % interval, {words}"
        say.score(f"coverage{level}", label, share, "%", error=error)


def is_inside(predicted: np.ndarray, measured: np.ndarray, probability: float) -> np.ndarray:
    low, high = np.percentile(predicted, [50 - probability / 2, 50 + probability / 2], axis=0)
    return (low <= measured) & (measured <= high)


def forecast_months(region: Region, origin: int, years: int) -> np.ndarray:
    """Mask (month,) of the months that are asked for of a forecast of so many years, of which `origin` is the first."""
    return (region.year >= origin) & (region.year < origin + years)


def with_unknown_weather(post: Posterior, actual: np.ndarray, origin: int, since: int) -> np.ndarray:
    """The same months (draw, month, city) with the weather of random years before `origin` from then on.

    since : the first year whose weather may be taken. Months are as they were where the model has no weather.
    """
    region = post.region
    if not region.weather:
        return actual
    departures = -np.repeat(post.panel.weather[None], post.size, axis=0)
    departures[:, region.year < origin] = 0
    for year in range(origin, region.years[-1] + 1):
        start = region.whole.start + 12 * (year - region.years[0])
        departures[:, start : start + 12] += weather_of_a_year(post, (since, origin - 1))
    return actual * np.exp(weather_effect(post, departures))


def say_if_right(say: Scribe, key: str, predicted: np.ndarray, words: str, unit: str) -> None:
    """In what range coverage lies where the model is right: that of each of the predictions (draw, cell) by the others.

    All cities of a month and all months of a forecast err together, so it is far wider than a binomial range. Of a
    share in per cent, without a unit of a count.
    """
    for probability in (50, 94):
        inside = is_inside(predicted, predicted, probability)
        covered = 100 * inside.mean(axis=1) if unit else inside.sum(axis=1)
        label = f"{words} inside the {probability} % interval where the model is right"
        for what, (value, error) in with_errors(_range, covered, least=0.25).items():
            say.score(f"{key}{probability}.{what}", f"{label}, {RANGE[what]}", value, unit, 1, error=error)


def _range(values: np.ndarray) -> dict[str, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return {"low": low, "high": high, "sd": values.std(ddof=1)}


def crps(predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of (draw, cell) predictions, by cell, µg/m³; fair to any number of draws.

    E|X - y| - E|X - X'| / 2, the second by probability-weighted moments of the ordered draws, over pairs of different
    draws (Zamo and Naveau 2018, the estimator of probability-weighted moments).
    """
    count = len(predicted)
    # of each ordered draw, how many more lie below it than above it
    weights = 2 * np.arange(count) - count + 1
    apart = weights @ np.sort(predicted, axis=0) / (count * (count - 1))
    return abs(predicted - measured).mean(axis=0) - apart


def same_month_of_last_year(region: Region, pm25: np.ndarray, origin: int, years: int, rng) -> np.ndarray:
    """(draw, month, city): the city's calendar month of the last year before `origin` in which it was measured.

    It is spread by the known years' own changes over as many years. A month that was never measured is NaN.
    """
    log = np.log(np.where((region.year < origin)[:, None], pm25, np.nan))
    asked = np.flatnonzero(forecast_months(region, origin, years))
    predicted = np.full((2000, len(asked), len(region.cities)), np.nan)
    for lag in range(12, len(region.months), 12):
        changes = log[lag:] - log[:-lag]
        changes = changes[np.isfinite(changes)]
        before = np.where((asked >= lag)[:, None], log[asked - lag], np.nan)
        use = np.isfinite(before) & np.isnan(predicted[0])
        if len(changes) and use.any():
            predicted[:, use] = before[use] + rng.choice(changes, (2000, use.sum()))
    return np.exp(predicted)


def climatology_with_trend(region: Region, pm25: np.ndarray, origin: int, years: int, rng) -> np.ndarray:
    """(draw, month, city): calendar-month means and a straight line by city, least squares, normal errors of logs.

    A city with no more months than there are coefficients is NaN.
    """
    train, future = origin > region.year, forecast_months(region, origin, years)
    design = np.column_stack([np.eye(12)[region.calendar], region.time])
    predicted = np.empty((2000, future.sum(), len(region.cities)))
    for k in range(len(region.cities)):
        use = train & np.isfinite(pm25[:, k])
        if use.sum() <= design.shape[1]:
            predicted[:, :, k] = np.nan
            continue
        coefficients, *_ = np.linalg.lstsq(design[use], np.log(pm25[use, k]), rcond=None)
        errors = np.log(pm25[use, k]) - design[use] @ coefficients
        spread = np.sqrt(np.square(errors).sum() / (use.sum() - design.shape[1]))
        predicted[:, :, k] = design[future] @ coefficients + spread * rng.normal(size=(2000, future.sum()))
    return np.exp(predicted)


def say_gains(
    say: Scribe, scores: np.ndarray, everything: np.ndarray, origin: int, span: int, post: Posterior, years: str
) -> None:
    """CRPS of `BASELINES` and what the model, with `scores` by measured cell, gains on them.

    Without a standard error: all months of a forecast err together, so its months are not so many witnesses.
    """
    kept = np.isfinite(everything[forecast_months(post.region, origin, span)])
    measured, month = everything[forecast_months(post.region, origin, span)][kept], np.nonzero(kept)[0]
    for key, baseline in (("same-month", same_month_of_last_year), ("climatology", climatology_with_trend)):
        score = crps(baseline(post.region, everything, origin, span, post.rng)[:, kept], measured)
        gain = pd.Series(score - scores).groupby(month).mean()
        made = {"crps": np.nanmean(score), "gain": gain.mean()}
        for what, value in made.items():
            label = OF_BASELINE[what].format(baseline=BASELINES[key], years=years)
            say.score(f"{what}.{key}", label, value, "µg/m³", 2)
