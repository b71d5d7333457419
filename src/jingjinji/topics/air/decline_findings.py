"""What is said of fits of `decline`: the named quantities of a fit."""

from functools import partial

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from jingjinji.core import tables
from jingjinji.core.findings import Finding, exact, record
from jingjinji.topics.air.decline import (
    AFTER_CHANGE,
    AREAS,
    CALENDAR,
    CITIES,
    DAY_WEIGHTS,
    ERROR_SHAPE,
    FIRST,
    FORECAST_FROM,
    HIGH_CITIES,
    LAST,
    LEFT_OUT,
    MONTHS,
    STEP_PRIOR,
    TABLES,
    TIME,
    WEATHER,
    YEARS,
    Panel,
    Posterior,
    _change,
    _month,
    _summary,
    _year,
    measured_panel,
    membership,
    step_city,
    yearly_means,
)

STANDARD = 35.0


DUST = 0.03


CLAIMED_FALL = -60.0


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
    name = partial(record, model=fit.name, panel=TABLES, suffix=f"@{fit.variant}" if fit.variant else "")
    made = _declines(post, actual, constant, name)
    if not fit.variant:
        made += (
            _cities(post, constant, name) + _weather_share(post, constant, name) + _step(post, actual, constant, name)
        )
        made += _standard(post, actual, name) + _season_and_effects(post, name) + _comparisons()
        made += _residual_correlation(post)
        with_dust = partial(record, model=fit.name, panel=TABLES, suffix="@with-dust")
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
    left = Finding("pm25.step.left", "", 100 * squares / STEP_PRIOR[1] ** 2, "%", "decline", TABLES)
    made.append(exact("pm25.step.learned", "share of the prior variance of the step that the data removed",
                      100 - left.mean, "%", TABLES, "decline", error=left.mcse))  # fmt: skip
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
              round(float(pairs.max()), 2), "", TABLES, "decline"),
        exact("pm25.residual.correlation.lowest", "smallest correlation between two cities' residuals",
              round(float(pairs.min()), 2), "", TABLES, "decline"),
    ]  # fmt: skip


def _comparisons() -> list[Finding]:
    """Official and independent figures, from the tables alone."""
    official = tables.load("pm25_official_annual")
    made = []
    for area in ("Beijing", "Tianjin", "Hebei"):
        rows = official.query("series == 'official' and area == @area").set_index("year").pm25
        for year in (FIRST, LAST):
            made.append(exact(f"pm25.official.{area.lower()}.{year}", f"official annual mean of {area}, {year}",
                              rows[year], "µg/m³", TABLES))  # fmt: skip
        change = round(100 * (rows[LAST] / rows[FIRST] - 1), 1)
        made.append(exact(f"pm25.official.{area.lower()}.change", f"change of the official annual mean of {area}, "
                          f"{FIRST} to {LAST}", change, "%", TABLES))  # fmt: skip
    months = tables.load("pm25_city_month")
    for id, label, value, unit in (
        ("pm25.cells", "city-months measured", len(months), ""),
        ("pm25.cells.two-month", "city-months that are two-month means", int((months.quality == "D").sum()), ""),
        ("pm25.cells.missing", "city-months without a measurement, December 2013 to December 2020",
         int(np.isnan(measured_panel().pm25[11:96]).sum()), ""),
        ("pm25.official.rows", "official annual means used", len(measured_panel().official), ""),
    ):  # fmt: skip
        made.append(exact(id, label, value, unit, TABLES))
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
    measured = measured_panel().pm25[:, k]
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
        made.append(exact(f"{id}.coverage{probability}", label, whole, "%", TABLES, "decline",
                          error=max(np.std(parts, ddof=1), 100 / len(measured)) / 2))  # fmt: skip
    return made


def _inside(predicted: np.ndarray, measured: np.ndarray, probability: float) -> float:
    """Per cent of measured values (cell,) inside the central interval of predictions (draw, cell)."""
    low, high = np.percentile(predicted, [50 - probability / 2, 50 + probability / 2], axis=0)
    return 100 * float(np.mean((low <= measured) & (measured <= high)))


def _forecast(post, name) -> list[Finding]:
    """Fitted to 2018, asked for 2019 and 2020: coverage, and CRPS against two baselines."""
    everything = measured_panel().pm25
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
            exact(f"pm25.{key}.crps", f"mean CRPS, {words}", round(scores[key].mean(), 2), "µg/m³", TABLES, "decline")
        )
    month = np.nonzero(kept)[0]
    for key, baseline, words in (
        ("same-month", _same_month_of_last_year, "the same month of the last known year"),
        ("climatology", _climatology_with_trend, "the city's climatology with a straight trend"),
    ):
        score = _crps(baseline(everything, future, post.rng)[:, kept], measured[kept])
        made.append(
            exact(
                f"pm25.forecast.crps.{key}", f"mean CRPS, {words}", round(score.mean(), 2), "µg/m³", TABLES, "decline"
            )
        )
        gain = pd.Series(score - scores["forecast.weather-unknown"]).groupby(month).mean()
        made.append(exact(f"pm25.forecast.gain.{key}", f"CRPS of {words} less that of the model with weather unknown, "
                          "mean over months", round(gain.mean(), 2), "µg/m³", TABLES, "decline"))  # fmt: skip
        made.append(exact(f"pm25.forecast.gain-error.{key}", f"standard error over months of that gain, {words}",
                          round(gain.std(ddof=1) / np.sqrt(len(gain)), 2), "µg/m³", TABLES, "decline"))  # fmt: skip
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
