"""What is said of fits of `decline`: the named quantities of a fit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from jingjinji.core import registry, tables
from jingjinji.core.batches import with_errors
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.air.decline import (
    AFTER_CHANGE,
    AHEAD,
    AREAS,
    CALENDAR,
    CITIES,
    CITY_EFFECTS,
    COLLECTED,
    DAY_WEIGHTS,
    ERROR_SHAPE,
    FIRST,
    FORECAST_YEARS,
    HIGHER,
    LAST,
    LEFT_OUT,
    MONTHS,
    NEVER,
    NORTH,
    ORIGINS,
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
    bend_city_told,
    bend_told,
    bend_waves,
    collected_share,
    measured_before,
    membership,
    middle,
    season_waves,
    step_line,
    weather_city_told,
    yearly_means,
)

STANDARD = 35.0
ANSWERS = ("decline.beijing", "decline.tianjin", "decline.hebei", "weather.share.beijing", "converge.spread-change")
"""What of the main fit is also said of the variants `ANSWERING`."""
ANSWERING = ("step-unknown", "without-beijing", "without-fold-2")
DUST = 0.03
CLAIMED_FALL = -60.0
FORECASTS = {f"to-{origin - 1}": origin for origin in ORIGINS}
AREA_WORDS = {"beijing": "Beijing", "tianjin": "Tianjin", "hebei": "Hebei", "region": "all thirteen cities"}
DECLINE = {
    "": ("%", f"change of the annual mean of PM2.5 from {FIRST} to {LAST}, {{area}}, {{basis}}"),
    ".atleast60": ("probability", f"probability that the fall was at least {-CLAIMED_FALL:.0f} %, {{area}}, {{basis}}"),
}
CITIES_TOGETHER = {
    "together.all-fell.ten-years": (
        "probability",
        f"probability that every city's annual mean fell from {FIRST} to {LAST}, on one basis",
    ),
    "rebound": ("probability", "probability that the region's annual mean of 2023 was above that of 2022"),
    "rebound.change": ("%", "change of the region's annual mean from 2022 to 2023"),
    "together.fastest": ("% a year", "yearly change of the city that fell fastest, 2014 to 2020, on one basis"),
    "together.slowest": ("% a year", "yearly change of the city that fell slowest, 2014 to 2020, on one basis"),
    "together.all-fell": (
        "probability",
        "probability that every city's annual mean fell from 2014 to 2020, on one basis",
    ),
    "together.fastest-slowest": (
        "percentage points a year",
        "difference between the fastest and the slowest yearly rate of a city",
    ),
    "converge.spread-change": ("%", "change of the relative spread between cities, 2014 to 2020"),
    "converge.probability": (
        "probability",
        "probability that the relative spread between cities was smaller in 2020 than in 2014",
    ),
    "converge.slope-on-level": (
        "percentage points a year",
        "change of a city's yearly rate when its level is ten per cent higher",
    ),
}
SPREAD = {
    "spread": (
        "%",
        "relative spread (standard deviation of logs, times 100) of the cities' annual means in {year}",
    ),
    "spread-absolute": ("µg/m³", "standard deviation between the cities' annual means in {year}"),
}
MONTHLY = {
    "season.ratio": ("", "ratio of the dirtiest to the cleanest calendar month of the region"),
    "noise.carry-over": ("", "carry-over of a city's residual to the next month"),
    "noise.persistence": ("", "persistence of the regional month shock"),
    "noise.collected": ("%", "by how much more months of collected releases scatter than the ministry's"),
}
WEATHER_PERIODS = {"": 2017, ".ten-years": LAST}
OF_WEATHER = {
    "observed": ("%", "change of the annual mean, {period}, {area}, on one basis"),
    "normalised": ("%", "weather-normalised change, {period}, {area}, on one basis"),
    "rate": ("% a year", "yearly change of the annual means, {period}, {area}, on one basis"),
    "normalised-rate": ("% a year", "weather-normalised yearly change, {period}, {area}, on one basis"),
    "share": ("%", "share of the slope of the log annual means that goes with weather, {period}, {area}, on one basis"),
}
AGREEMENT = {
    "mean": ("%", "mean distance of annual means of the months from the official ones, {area}", 1),
    "most": ("%", "largest distance of an annual mean of the months from the official one, {area}", 1),
    "years": ("", "years in which all months and the official mean are known, {area}", None),
}
RECORD = {
    "cells": ("", "city-months measured", None),
    "cells.two-month": ("", "city-months that are two-month means", None),
    "cells.missing": ("", "city-months without a measurement, December 2013 to December 2020", None),
    "official.rows": ("", "official annual means used", None),
}
RECOVERED = {
    "step": "step, multiple of the full conversion",
    "slope-on-level": "slope on level",
    "persistence": "persistence of the monthly shock",
    "carry-over": "carry-over of a city's residual",
}
OF_BASELINE = {
    "crps": "mean CRPS, {baseline}, {years}",
    "gain": "CRPS of {baseline} less that of the model with weather unknown, mean over months, {years}",
    "gain-error": "standard error over months of that gain, {baseline}, {years}",
}
BASELINES = {
    "same-month": "the same month of the last year in which it is known",
    "climatology": "the city's climatology with a straight trend",
}


def posterior(draws: xr.Dataset, panel: Panel, seed: int, most: int | None = None) -> Posterior:
    """Flatten chains and draws; `most` keeps at least that many, evenly spaced: more draws never leave fewer."""
    step = 1 if most is None else max(1, draws.sizes["chain"] * draws.sizes["draw"] // most)
    draws = draws.isel(draw=slice(None, None, step))
    values = {
        name: array.transpose("chain", "draw", ...).values.reshape(-1, *array.shape[2:]).astype(float, copy=False)
        for name, array in draws.data_vars.items()
    }
    return Posterior(panel, values, draws.sizes["chain"], np.random.default_rng(seed))


def scales(post: Posterior, collected: np.ndarray = COLLECTED) -> np.ndarray:
    """(draw, month, city) scale of a city's month beside what is expected; `collected` (month,) as the constant."""
    more = post["collected"][:, None] * (collected - collected_share(post.panel))
    return np.exp(post["log_scale"][:, None] + more[:, :, None])


def residuals(post: Posterior, collected: np.ndarray = COLLECTED) -> np.ndarray:
    """New residuals of these months, (draw, month, city): Student-t with carry-over from month to month."""
    draws = post.rng.standard_t(3 + post["tail"][:, None, None], (post.size, len(collected), len(CITIES)))
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
    """Weather departures of a random year for each draw, (draw, calendar month, variable)."""
    by_year = post.panel.weather.reshape(len(YEARS), 12, len(WEATHER))
    return by_year[post.rng.integers(years[0] - FIRST, years[-1] - FIRST + 1, post.size)]


def concentrations(post: Posterior) -> np.ndarray:
    """Actual monthly means (draw, month, city), µg/m³, each on the basis in force at the time.

    A measured month is itself. A missing one is drawn from the model and then moved so that its area's year agrees
    with the official mean, as far as that mean is exact (conditioning by Matheron's rule on log-normal variances).
    """
    panel = post.panel
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
    conversion = (1 - AFTER_CHANGE)[:, None] * (post.panel.conversion[:, None] + HIGHER)
    return actual * np.exp(post["step"][:, None, None] * conversion)


def area_means(actual: np.ndarray) -> np.ndarray:
    """(draw, month, city) -> (draw, year, area) for Beijing, Tianjin, Hebei and the mean of all 13 cities."""
    return yearly_means(actual) @ membership()[:4].T


def findings(fit) -> list[Finding]:
    """Findings of a fit: all of them for the main one, for a variant Beijing's decline, and `ANSWERS` of some of them.

    Of a made-up panel the truths and their estimates. Ids of a variant end in ``@variant``. The id that ends in
    ``@with-dust`` is the main fit's decline, had the dust days that the official means leave out since 2021 been
    counted. Scores of what a variant leaves out have no ending.
    """
    say = Scribe(TABLES, "pm25.", fit)
    if fit.panel.truth:
        _say_recovered(say, fit)
        return say.made
    post = posterior(fit.parameters, fit.panel, fit.seed, most=1500 if fit.variant else 3000)
    actual = concentrations(post)
    if fit.variant in FORECASTS:
        _say_forecast(say.under(ending=""), post, actual, FORECASTS[fit.variant])
        return say.made
    constant = on_one_basis(post, actual)
    _say_decline_of_beijing(say, constant)
    if not fit.variant:
        _say_declines(say, actual, constant)
        _say_cities(say, post, yearly_means(constant))
        _say_weather(say, post, constant)
        _say_step(say, post, actual, constant)
        _say_standard(say, actual)
        _say_monthly(say, post)
        _say_tables(say)
        _say_residual_correlation(say, post)
        _say_decline_of_beijing(say.under(ending="with-dust"), dustier(constant))
    for city in LEFT_OUT.get(fit.variant, ()):
        _say_left_out(say.under(ending=""), city, fit.panel, actual)
    if fit.variant in ANSWERING:
        _say_answers(say, post, actual, constant)
    return say.made


def _say_answers(say: Scribe, post: Posterior, actual: np.ndarray, constant: np.ndarray) -> None:
    """`ANSWERS` alone, of what is said of the main fit."""
    every, wanted = replace(say, made=[]), {f"{say.prefix}{id}{say.suffix}" for id in ANSWERS}
    _say_declines(every, actual, constant)
    _say_cities(every, post, yearly_means(constant))
    _say_weather(every, post, constant)
    say.made.extend(finding for finding in every.made if finding.id in wanted)


def dustier(months: np.ndarray) -> np.ndarray:
    """(draw, month, city) means with those after 2020 raised by `DUST`, µg/m³."""
    return months * (1 + DUST * (MONTHS.year > 2020))[:, None]


def _say_decline_of_beijing(say: Scribe, constant: np.ndarray) -> None:
    unit, label = DECLINE[""]
    label = label.format(area=AREA_WORDS["beijing"], basis="on one constant basis")
    say.draws("decline.beijing.constant", label, _change(area_means(constant))[:, 0], unit)


def _say_declines(say: Scribe, actual: np.ndarray, constant: np.ndarray) -> None:
    """All areas on both bases; Beijing's change on one basis is said before."""
    published, converted = _change(area_means(actual)), _change(area_means(constant))
    for k, (area, words) in enumerate(AREA_WORDS.items()):
        for key, change, basis in (
            ("", published[:, k], "on the published basis"),
            (".constant", converted[:, k], "on one constant basis"),
        ):
            made = {"": change, ".atleast60": change <= CLAIMED_FALL}
            if f"{area}{key}" == "beijing.constant":
                del made[""]
            say.under(f"decline.{area}{key}").table(DECLINE, made, area=words, basis=basis)


def _say_cities(say: Scribe, post: Posterior, yearly: np.ndarray) -> None:
    """Rates of the cities, (draw, year, city) on one basis, and whether they fell together and came closer.

    A mean of twelve measured months is exact no more than official and monthly figures agree.
    """
    noise = post["official_scale"][:, 0, None, None] * post.rng.standard_t(ERROR_SHAPE, yearly.shape)
    yearly = yearly * np.exp(noise)
    start, end, region = yearly[:, 2014 - FIRST], yearly[:, 2020 - FIRST], yearly.mean(axis=2)
    change, rate = _change(yearly), 100 * ((end / start) ** (1 / 6) - 1)
    for k, city in enumerate(CITIES):
        words = f"yearly change of PM2.5 in {city}, 2014 to 2020, on one basis"
        say.draws(f"rate.{city.lower()}", words, rate[:, k], "% a year")
        words = f"change of the annual mean of PM2.5 in {city}, {FIRST} to {LAST}, on one basis"
        say.draws(f"decline.city.{city.lower()}", words, change[:, k], "%")
    shorter = 100 * ((yearly[:, 2019 - FIRST] / start) ** (1 / 5) - 1)
    words = "largest difference of a city's yearly change between 2014 to 2019 and 2014 to 2020, on one basis"
    difference = np.abs((rate - shorter).mean(axis=0)).max()
    say.score("together.without-2020", words, difference, "percentage points a year", 1)
    logs = {year: np.log(means).std(axis=1, ddof=1) for year, means in ((2014, start), (2020, end))}
    for year, means in ((2014, start), (2020, end)):
        for key, spread in {"spread": 100 * logs[year], "spread-absolute": means.std(axis=1, ddof=1)}.items():
            unit, label = SPREAD[key]
            say.draws(f"converge.{key}.{year}", label.format(year=year), spread, unit)
    ratio = logs[2020] / logs[2014]
    made = {
        "together.all-fell.ten-years": (yearly[:, LAST - FIRST] < yearly[:, 0]).all(axis=1),
        "rebound": region[:, 2023 - FIRST] > region[:, 2022 - FIRST],
        "rebound.change": _change(region[:, :, None], 2022, 2023),
        "together.fastest": rate.min(axis=1),
        "together.slowest": rate.max(axis=1),
        "together.all-fell": (end < start).all(axis=1),
        "together.fastest-slowest": np.ptp(rate, axis=1),
        "converge.spread-change": 100 * (ratio - 1),
        "converge.probability": ratio < 1,
        "converge.slope-on-level": 100 * post["slope_on_level"] * np.log(1.1),
    }
    say.table(CITIES_TOGETHER, made)
    relative = 100 * (end / start - 1)
    cities = {city: CITIES.index(city) for city in ("Zhangjiakou", "Shijiazhuang")}
    for city, k in cities.items():
        words = f"change of {city}'s annual mean, 2014 to 2020, on one basis"
        say.draws(f"gain.{city.lower()}", words, relative[:, k], "%")
        say.draws(f"gain.{city.lower()}.absolute", words, end[:, k] - start[:, k], "µg/m³")
    less = relative[:, cities["Zhangjiakou"]] - relative[:, cities["Shijiazhuang"]]
    words = "Zhangjiakou's relative change less Shijiazhuang's, 2014 to 2020"
    say.draws("gain.difference", words, less, "percentage points")


def normalised(post: Posterior, constant: np.ndarray) -> np.ndarray:
    """The months as they would have been with the usual weather: (draw, month, city); associations, not a design.

    A calibrated wind carries its error twice: once for each month and once for the whole calibrated year.
    """
    departures = np.repeat(post.panel.weather[None], post.size, axis=0)
    error = post.rng.normal(size=(post.size, len(MONTHS))) + post.rng.normal(size=(post.size, 1))
    departures[:, :, 0] += error * post.panel.wind_error
    return constant * np.exp(-weather_effect(post, departures))


def _say_weather(say: Scribe, post: Posterior, constant: np.ndarray) -> None:
    """Changes and slopes with the weather as it was and with the usual one; a slope hangs on no single year."""
    as_it_was, usual = area_means(constant), area_means(normalised(post, constant))
    for k, area in ((0, "beijing"), (3, "region")):
        for key, last in WEATHER_PERIODS.items():
            years = slice(0, last - FIRST + 1)
            (observed, slope), (without, slope_without) = (
                (np.log(means[:, last - FIRST, k] / means[:, 0, k]), yearly_slope(np.log(means[:, years, k])))
                for means in (as_it_was, usual)
            )
            made = {
                "observed": 100 * np.expm1(observed),
                "normalised": 100 * np.expm1(without),
                "rate": 100 * np.expm1(slope),
                "normalised-rate": 100 * np.expm1(slope_without),
                "share": 100 * (1 - slope_without / slope),
            }
            for what, drawn in made.items():
                unit, label = OF_WEATHER[what]
                label = label.format(period=f"{FIRST} to {last}", area=AREA_WORDS[area])
                say.draws(f"weather.{what}.{area}{key}", label, drawn, unit)


def yearly_slope(values: np.ndarray) -> np.ndarray:
    """Least-squares slope (draw,) of values (draw, year) over their years."""
    time = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2
    return values @ time / (time @ time)


def _say_step(say: Scribe, post: Posterior, actual: np.ndarray, constant: np.ndarray) -> None:
    """The ruler: what the conversion does to the annual means of 2013, when all of it was on the old basis."""
    full = actual * np.exp((1 - AFTER_CHANGE)[:, None] * (post.panel.conversion[:, None] + HIGHER))
    before, by_model, in_full = (area_means(months)[:, 0] for months in (actual, constant, full))
    for k, (area, words) in enumerate(AREA_WORDS.items()):
        label = f"change of the {FIRST} mean by"
        for key, how, after in (
            ("", "the model's conversion", by_model),
            ("full.", "full conversion to ambient temperature and pressure", in_full),
        ):
            say.draws(f"step.{key}{area}", f"{label} {how}, {words}", 100 * (after[:, k] / before[:, k] - 1), "%")
    words = "step as a multiple of the full conversion to ambient temperature and pressure"
    say.draws("step.multiple", words, post["step"], "")
    squares = post.by_chain((post["step"] - post["step"].mean()) ** 2)
    left = Finding("pm25.step.left", "", 100 * squares / STEP_PRIOR[1] ** 2, "%", "decline", TABLES)
    words = "share of the prior variance of the step that the data removed"
    say.score("step.learned", words, 100 - left.mean, "%", error=left.mcse)


def _say_standard(say: Scribe, actual: np.ndarray) -> None:
    within = area_means(actual)[:, [year - FIRST for year in (2021, 2022, 2023)], 0] <= STANDARD
    words = f"probability that Beijing's annual mean, as officially counted, was at most {STANDARD:.0f} µg/m³"
    say.draws("standard.beijing.all", f"{words} in each of 2021 to 2023", within.all(axis=1), "probability")


def _say_monthly(say: Scribe, post: Posterior) -> None:
    season = post["season"]
    dirtiest, cleanest = season.mean(axis=0).argmax(), season.mean(axis=0).argmin()
    made = {
        "season.ratio": np.exp(season[:, dirtiest] - season[:, cleanest]),
        "noise.carry-over": post["carry_over"],
        "noise.persistence": post["persistence"],
        "noise.collected": 100 * np.expm1(post["collected"]),
    }
    say.table(MONTHLY, made)
    for k, variable in enumerate(WEATHER):
        more = f"{'stronger' if variable == 'wind' else 'higher'} {variable.replace('_', ' ')}"
        words = f"change of the regional month that goes with one standard deviation of {more}"
        say.draws(f"weather.{variable.replace('_', '-')}", words, 100 * np.expm1(post["weather"][:, k]), "%")


def _say_residual_correlation(say: Scribe, post: Posterior) -> None:
    """What neighbouring cities still share after the model: the extreme correlations of the residuals."""
    scores = pd.DataFrame(normal_quantile_residuals(post), columns=CITIES).corr().to_numpy()
    pairs = scores[np.triu_indices(len(CITIES), 1)]
    for key, word, value in (("highest", "largest", pairs.max()), ("lowest", "smallest", pairs.min())):
        label = f"{word} correlation between two cities' residuals"
        say.score(f"residual.correlation.{key}", label, value, digits=2)


def _say_tables(say: Scribe) -> None:
    """Official and independent figures, from the tables alone."""
    official, panel = tables.load("pm25_official_annual"), registry.load("decline")
    for area in ("Beijing", "Tianjin", "Hebei"):
        rows = official.query("series == 'official' and area == @area").set_index("year").pm25
        words, of = f"official annual mean of {area}", say.under(f"official.{area.lower()}.")
        for year in (FIRST, LAST):
            of.fact(str(year), f"{words}, {year}", rows[year], "µg/m³")
        for key, last in (("change", LAST), ("change.2022", 2022)):
            change = 100 * (rows[last] / rows[FIRST] - 1)
            of.fact(key, f"change of the {words}, {FIRST} to {last}", change, "%", 1)
    for area, distances in disagreement(official, panel.pm25).items():
        made = {"mean": distances.abs().mean(), "most": distances.abs().max(), "years": len(distances)}
        say.under(f"agreement.{area}.").facts(AGREEMENT, made, area=AREA_WORDS[area])
    months = tables.load("pm25_city_month")
    made = {
        "cells": len(months),
        "cells.two-month": (months.quality == "D").sum(),
        "cells.missing": np.isnan(panel.pm25[11:96]).sum(),
        "official.rows": len(panel.official),
    }
    say.facts(RECORD, made)


def disagreement(official: pd.DataFrame, pm25: np.ndarray) -> dict[str, pd.Series]:
    """By area: per cent that means of twelve measured months lie above the official ones, by year.

    official : the table ``pm25_official_annual``. pm25 : (month, city), NaN where there is none: a year with one is not
    compared, in any of its area's cities.
    """
    yearly = yearly_means(pm25)
    areas = {"beijing": "Beijing", "tianjin": "Tianjin", "hebei": "Hebei", "region": "BTH13"}
    found = {}
    for key, area in areas.items():
        members = membership()[AREAS.index(area)] > 0
        measured = pd.Series(yearly[:, members].mean(axis=1), index=YEARS).dropna()
        rows = official[(official.series == "official") & (official.area == area)].set_index("year").pm25
        found[key] = (100 * (measured / rows - 1)).dropna()
    return found


def _say_recovered(say: Scribe, fit) -> None:
    """Truth and estimate of a made-up panel: ``pm25.truth.KEY`` and ``pm25.recovered.KEY``."""
    truth, post = fit.panel.truth, posterior(fit.parameters, fit.panel, fit.seed, most=1000)
    actual = concentrations(post)

    def pair(key: str, label: str, known: float, draws: np.ndarray, unit: str = "") -> None:
        say.pair(key, label, known, draws, unit, f"recovered.{key}")

    for key, label in RECOVERED.items():
        name = key.replace("-", "_")
        pair(key, label, truth[name], post[name])
    for k, variable in enumerate(WEATHER):
        label = f"effect of {variable.replace('_', ' ')} on the log"
        pair(f"weather.{variable.replace('_', '-')}", label, truth["weather"][k], post["weather"][:, k])
    for months, known, end, basis in (
        (actual, truth["decline"], "", "published basis"),
        (on_one_basis(post, actual), truth["decline_constant"], ".constant", "one basis"),
    ):
        change = _change(area_means(months))
        for k, (area, words) in enumerate(AREA_WORDS.items()):
            label = f"change {FIRST} to {LAST}, {words}, {basis}"
            pair(f"decline.{area}{end}", label, known[area], change[:, k], "%")


def _say_left_out(say: Scribe, city: str, panel: Panel, actual: np.ndarray) -> None:
    """How well a city is predicted from others: coverage of the measured months that the panel leaves out."""
    k = CITIES.index(city)
    measured = registry.load("decline").pm25[:, k]
    kept = np.isfinite(measured) & np.isnan(panel.pm25[:, k])
    say = say.under(f"leave-out.{city.lower()}.")
    _say_coverage(say, actual[:, kept, k], measured[kept], f"months of {city}, left out")


def _say_coverage(say: Scribe, predicted: np.ndarray, measured: np.ndarray, words: str) -> None:
    """Coverage with its Monte Carlo error, which is at least that of half a measured value."""

    def inside(some: np.ndarray) -> dict[str, float]:
        return {level: 100 * _is_inside(some, measured, int(level)).mean() for level in ("50", "94")}

    for level, (share, error) in with_errors(inside, predicted, least=50 / len(measured)).items():
        label = f"share of measured values inside the central {level} % interval, {words}"
        say.score(f"coverage{level}", label, share, "%", error=error)


def _is_inside(predicted: np.ndarray, measured: np.ndarray, probability: float) -> np.ndarray:
    low, high = np.percentile(predicted, [50 - probability / 2, 50 + probability / 2], axis=0)
    return (low <= measured) & (measured <= high)


def forecast_months(origin: int) -> np.ndarray:
    """Mask (month,) of the months that are asked for of a forecast whose first unseen year is `origin`."""
    return (MONTHS.year >= origin) & (MONTHS.year < origin + FORECAST_YEARS)


def with_unknown_weather(post: Posterior, actual: np.ndarray, origin: int) -> np.ndarray:
    """The same months (draw, month, city) with the weather of random years before `origin` from then on.

    The wind of the first year came from another archive, so that year's weather is not among them.
    """
    years = range(origin - FIRST, len(YEARS))
    departures = -np.repeat(post.panel.weather[None], post.size, axis=0)
    departures[:, MONTHS.year < origin] = 0
    for year in years:
        departures[:, 12 * year : 12 * year + 12] += weather_of_a_year(post, (FIRST + 1, origin - 1))
    return actual * np.exp(weather_effect(post, departures))


def _say_forecast(say: Scribe, post: Posterior, known_weather: np.ndarray, origin: int) -> None:
    """Fitted to the years before `origin`, asked for the next: coverage of months and years, CRPS beside baselines."""
    everything = registry.load("decline").pm25
    future = forecast_months(origin)
    kept = np.isfinite(everything[future])
    measured, month = everything[future][kept], np.nonzero(kept)[0]
    unknown_weather = with_unknown_weather(post, known_weather, origin)
    years = f"{origin} and {origin + 1} predicted from the years before"
    say, scores = say.under(f"forecast.{origin}."), {}
    for key, months, weather in (("weather-known.", known_weather, "known"), ("", unknown_weather, "unknown")):
        predicted, of = months[:, future][:, kept], say.under(key)
        words = f"months of {years}, weather {weather}"
        _say_coverage(of, predicted, measured, words)
        scores[weather] = _crps(predicted, measured)
        of.score("crps", f"mean CRPS, {words}", scores[weather].mean(), "µg/m³", 2)
    _say_coverage_of_years(say.under("years."), unknown_weather, everything, origin, f"annual means of {years}")
    say.score("months", f"measured city-months of {years}", len(measured))
    _say_if_right(say, "coverage", unknown_weather[:, future][:, kept], f"share of the months of {years}", "%")
    for key, baseline in (("same-month", _same_month_of_last_year), ("climatology", _climatology_with_trend)):
        score = _crps(baseline(everything, origin, post.rng)[:, kept], measured)
        gain = pd.Series(score - scores["unknown"]).groupby(month).mean()
        made = {"crps": np.nanmean(score), "gain": gain.mean(), "gain-error": gain.std(ddof=1) / np.sqrt(gain.count())}
        for what, value in made.items():
            label = OF_BASELINE[what].format(baseline=BASELINES[key], years=years)
            say.score(f"{what}.{key}", label, value, "µg/m³", 2)


def _say_if_right(say: Scribe, key: str, predicted: np.ndarray, words: str, unit: str) -> None:
    """In what range coverage lies where the model is right: that of each of the predictions (draw, cell) by the others.

    All cities of a month and all months of a forecast err together, so it is far wider than a binomial range. Of a
    share in per cent, without a unit of a count.
    """
    for probability in (50, 94):
        inside = _is_inside(predicted, predicted, probability)
        covered = 100 * inside.mean(axis=1) if unit else inside.sum(axis=1)
        label = f"{words} inside the {probability} % interval where the model is right"
        for what, (value, error) in with_errors(_range, covered, least=0.25).items():
            say.score(f"{key}{probability}.{what}", f"{label}, {RANGE[what]}", value, unit, 1, error=error)


RANGE = {"low": "2.5 % quantile", "high": "97.5 % quantile", "sd": "spread"}


def _range(values: np.ndarray) -> dict[str, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return {"low": low, "high": high, "sd": values.std(ddof=1)}


def _say_coverage_of_years(say: Scribe, months: np.ndarray, everything: np.ndarray, origin: int, words: str) -> None:
    """How many annual means of cities with twelve measured months lie inside their intervals."""
    asked = slice(origin - FIRST, origin - FIRST + FORECAST_YEARS)
    measured = yearly_means(everything)[asked]
    kept = np.isfinite(measured)
    predicted = yearly_means(months)[:, asked][:, kept]
    say.score("count", f"measured {words}", int(kept.sum()))
    for probability in (50, 94):
        inside = _is_inside(predicted, measured[kept], probability).sum()
        say.score(f"inside{probability}", f"how many lie inside the {probability} % interval, {words}", int(inside))
    _say_if_right(say, "inside", predicted, f"how many of the {words}", "")


def _crps(predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of (draw, cell) predictions, by cell, µg/m³; fair to any number of draws."""
    import scoringrules

    return scoringrules.crps_ensemble(measured, predicted.T, estimator="pwm")


def _same_month_of_last_year(pm25: np.ndarray, origin: int, rng) -> np.ndarray:
    """(draw, month, city): the city's calendar month of the last year before `origin` in which it was measured.

    It is spread by the known years' own changes over as many years. A month that was never measured is NaN.
    """
    log = np.log(np.where((MONTHS.year < origin)[:, None], pm25, np.nan))
    asked = np.flatnonzero(forecast_months(origin))
    predicted = np.full((2000, len(asked), len(CITIES)), np.nan)
    for lag in range(12, len(MONTHS), 12):
        changes = log[lag:] - log[:-lag]
        changes = changes[np.isfinite(changes)]
        before = np.where((asked >= lag)[:, None], log[asked - lag], np.nan)
        use = np.isfinite(before) & np.isnan(predicted[0])
        if len(changes) and use.any():
            predicted[:, use] = before[use] + rng.choice(changes, (2000, use.sum()))
    return np.exp(predicted)


def _climatology_with_trend(pm25: np.ndarray, origin: int, rng) -> np.ndarray:
    """(draw, month, city): calendar-month means and a straight line by city, least squares, normal errors of logs."""
    train, future = origin > MONTHS.year, forecast_months(origin)
    design = np.column_stack([np.eye(12)[CALENDAR], TIME])
    predicted = np.empty((2000, future.sum(), len(CITIES)))
    for k in range(len(CITIES)):
        use = train & np.isfinite(pm25[:, k])
        coefficients, *_ = np.linalg.lstsq(design[use], np.log(pm25[use, k]), rcond=None)
        errors = np.log(pm25[use, k]) - design[use] @ coefficients
        spread = np.sqrt(np.square(errors).sum() / (use.sum() - design.shape[1]))
        predicted[:, :, k] = design[future] @ coefficients + spread * rng.normal(size=(2000, future.sum()))
    return np.exp(predicted)


def ahead(post: Posterior) -> np.ndarray:
    """Months `AHEAD` (draw, month, city), µg/m³, after the last one of the model, with the weather of a random year.

    The wind of the first year came from another archive, so that year's weather is not among them.
    """
    time = TIME[-1] + np.arange(1, 13) / 12
    departures = weather_of_a_year(post, (FIRST + 1, LAST))
    conversion = post.panel.conversion.reshape(-1, 12).mean(axis=0)
    last = post["region"][:, -1] - _expected(post, TIME[-1:], post.panel.weather[-1:], post.panel.conversion[-1:])[:, 0]
    shocks = post["shock_scale"][:, None] * post.rng.standard_t(3 + post["shock_tail"][:, None], (post.size, 12))
    shock = np.empty_like(shocks)
    for month in range(12):
        last = post["persistence"] * last + shocks[:, month]
        shock[:, month] = last
    region = (_expected(post, time, departures, conversion) + shock)[:, :, None]
    since = time - middle(post.panel)
    waves, amplitude = _bends(post, time)
    wave_scale = post["city_scale"][:, CITY_EFFECTS.index("bend"), None] * amplitude
    wave_scale = wave_scale ** (1 - bend_city_told(post.panel))
    bend_city = waves @ (wave_scale[:, :, None] * post["bend_city"])
    mu = region + post["level_city"][:, None] + since[:, None] * post["slope_city"][:, None] + bend_city
    mu += np.einsum("mw,dwc->dmc", season_waves(), post["season_city"])
    mu += departures @ (weather_response(post) - post["weather"][:, :, None])
    mu += post["step"][:, None, None] * HIGHER
    mu += post["contrast_scale"][:, None, None] * post.rng.normal(size=(post.size, 12, 1)) * NORTH
    return np.exp(mu + residuals(post, np.zeros(12)))


def _bends(post: Posterior, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Basis of bends (time, wave) and their amplitudes (draw, wave) at scale one."""
    waves, frequency = bend_waves(time)
    length = post["length_scale"][:, None]
    return waves, (2 * np.pi) ** 0.25 * np.sqrt(length) * np.exp(-0.25 * (length * frequency) ** 2)


def _expected(post: Posterior, time: np.ndarray, weather: np.ndarray, conversion: np.ndarray) -> np.ndarray:
    """(draw, time) of the regional month before its shock, in years that end with December, on today's basis."""
    waves, amplitude = _bends(post, time)
    calendar, since = np.arange(12)[-len(time) :], time - middle(post.panel)
    wave_scale = post["bend_scale"][:, None] * amplitude
    bend = (wave_scale ** (1 - bend_told(post.panel)) * post["bend"]) @ waves.T
    expected = post["level"][:, None] + post["slope"][:, None] * since + bend + post["season"][:, calendar]
    expected = expected + since * (post["season_change"] @ season_waves()[calendar, :2].T)
    level, slope = step_line(post.panel)
    expected = expected + post["step"][:, None] * (conversion - level - slope * since)
    return expected + (weather @ post["weather"][:, :, None])[..., 0]


def predict(fit, months: tuple[str, str] | None, years: tuple[int, int] | None) -> pd.DataFrame:
    """Posterior predictive of city-months and of annual means, each on the official basis of its time.

    Returns columns area, period, mean, sd, q03, q25, q50, q75, q97 in µg/m³. A month that was measured is
    replicated, with the month's own shock; a missing month and a year use the official means there are.
    Raises BookError for a period outside the panel.
    """
    post = posterior(fit.parameters, fit.panel, fit.seed)
    actual, next_year = concentrations(post), ahead(post)
    rows = []
    if months:
        first, last = (_month(text) for text in months)
        again = np.where(np.isfinite(fit.panel.pm25), np.exp(post["mu"] + residuals(post)), actual)
        again = np.concatenate([again, next_year], axis=1)
        for month in pd.period_range(first, last, freq="M"):
            values = again[:, MONTHS.append(AHEAD).get_loc(month)]
            rows += [_summary(city, str(month), values[:, k]) for k, city in enumerate(CITIES)]
    if years:
        last_year = np.average(next_year, axis=1, weights=AHEAD.days_in_month.to_numpy())
        yearly = np.concatenate([yearly_means(actual), last_year[:, None]], axis=1)
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
    """Measured months drawn anew given the measured one before: (draw, month, city); NaN where nothing was measured."""
    before, since = measured_before(post.panel)
    log, cities = np.log(post.panel.pm25), np.arange(len(CITIES))
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
