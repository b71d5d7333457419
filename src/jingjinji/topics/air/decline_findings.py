"""What is said of fits of `decline`: the named quantities of a fit."""

from dataclasses import replace

import numpy as np
import pandas as pd

from jingjinji.core import registry, tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.air.decline import (
    AREA_KEYS,
    CITIES,
    FIRST,
    FORECAST_YEARS,
    LAST,
    LEFT_OUT,
    ORIGINS,
    REGION,
    TABLES,
    Panel,
)
from jingjinji.topics.air.drawn import (
    Posterior,
    concentrations,
    crps,
    expected,
    forecast_months,
    is_inside,
    month_of,
    normal_quantile_residuals,
    normalised,
    of_cities,
    on_one_basis,
    posterior,
    residuals,
    say_coverage,
    say_gains,
    say_if_right,
    summary,
    weather_of_a_year,
    weather_response,
    with_unknown_weather,
    year_of,
    yearly_slope,
)
from jingjinji.topics.air.months import ERROR_SHAPE, STEP_PRIOR, change_between, yearly_means

AHEAD = pd.period_range(f"{LAST + 1}-01", f"{LAST + 1}-12", freq="M")
WEATHER_SINCE = FIRST + 1
"""The wind of the first year came from another archive, so a random year's weather is never that year's."""
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


def area_means(actual: np.ndarray) -> np.ndarray:
    """(draw, month, city) -> (draw, year, area) for Beijing, Tianjin, Hebei and the mean of all 13 cities."""
    return yearly_means(REGION, actual) @ REGION.membership[:4].T


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
        _say_cities(say, post, yearly_means(REGION, constant))
        _say_weather(say, post, constant)
        _say_step(say, post, actual, constant)
        _say_standard(say, actual)
        _say_monthly(say, post)
        _say_tables(say)
        _say_residual_correlation(say, post)
        words = f", with every month since 2021 {100 * DUST:g} % higher, for the dust days that are left out"
        _say_decline_of_beijing(say.under(ending="with-dust"), dustier(constant), words)
    for city in LEFT_OUT.get(fit.variant, ()):
        _say_left_out(say.under(ending=""), city, fit.panel, actual)
    if fit.variant in ANSWERING:
        _say_answers(say, post, actual, constant)
    return say.made


def _say_answers(say: Scribe, post: Posterior, actual: np.ndarray, constant: np.ndarray) -> None:
    """`ANSWERS` alone, of what is said of the main fit."""
    every, wanted = replace(say, made=[]), {f"{say.prefix}{id}{say.suffix}" for id in ANSWERS}
    _say_declines(every, actual, constant)
    _say_cities(every, post, yearly_means(REGION, constant))
    _say_weather(every, post, constant)
    say.made.extend(finding for finding in every.made if finding.id in wanted)


def dustier(months: np.ndarray) -> np.ndarray:
    """(draw, month, city) means with those after 2020 raised by `DUST`, µg/m³."""
    return months * (1 + DUST * (REGION.months.year > 2020))[:, None]


def _say_decline_of_beijing(say: Scribe, constant: np.ndarray, beside: str = "") -> None:
    unit, label = DECLINE[""]
    label = label.format(area=AREA_WORDS["beijing"], basis="on one constant basis") + beside
    say.draws("decline.beijing.constant", label, change_between(REGION, area_means(constant))[:, 0], unit)


def _say_declines(say: Scribe, actual: np.ndarray, constant: np.ndarray) -> None:
    """All areas on both bases; Beijing's change on one basis is said before."""
    published, converted = change_between(REGION, area_means(actual)), change_between(REGION, area_means(constant))
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
    change, rate = change_between(REGION, yearly), 100 * ((end / start) ** (1 / 6) - 1)
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
        "rebound.change": change_between(REGION, region[:, :, None], 2022, 2023),
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


def _say_step(say: Scribe, post: Posterior, actual: np.ndarray, constant: np.ndarray) -> None:
    """The ruler: what the conversion does to the annual means of 2013, when all of it was on the old basis."""
    full = actual * np.exp((1 - REGION.after_change)[:, None] * (post.panel.conversion[:, None] + REGION.higher))
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
    for k, variable in enumerate(REGION.weather):
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
    yearly = yearly_means(REGION, pm25)
    found = {}
    for key, area in AREA_KEYS.items():
        members = REGION.membership[REGION.place(area)] > 0
        measured = pd.Series(yearly[:, members].mean(axis=1), index=REGION.years).dropna()
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
    for k, variable in enumerate(REGION.weather):
        label = f"effect of {variable.replace('_', ' ')} on the log"
        pair(f"weather.{variable.replace('_', '-')}", label, truth["weather"][k], post["weather"][:, k])
    for months, known, end, basis in (
        (actual, truth["decline"], "", "published basis"),
        (on_one_basis(post, actual), truth["decline_constant"], ".constant", "one basis"),
    ):
        change = change_between(REGION, area_means(months))
        for k, (area, words) in enumerate(AREA_WORDS.items()):
            label = f"change {FIRST} to {LAST}, {words}, {basis}"
            pair(f"decline.{area}{end}", label, known[area], change[:, k], "%")


def _say_left_out(say: Scribe, city: str, panel: Panel, actual: np.ndarray) -> None:
    """How well a city is predicted from others: coverage of the measured months that the panel leaves out."""
    k = CITIES.index(city)
    measured = registry.load("decline").pm25[:, k]
    kept = np.isfinite(measured) & np.isnan(panel.pm25[:, k])
    say = say.under(f"leave-out.{city.lower()}.")
    say_coverage(say, actual[:, kept, k], measured[kept], f"months of {city}, left out")


def _say_forecast(say: Scribe, post: Posterior, known_weather: np.ndarray, origin: int) -> None:
    """Fitted to the years before `origin`, asked for the next: coverage of months and years, CRPS beside baselines."""
    everything = registry.load("decline").pm25
    future = forecast_months(REGION, origin, FORECAST_YEARS)
    kept = np.isfinite(everything[future])
    measured = everything[future][kept]
    unknown_weather = with_unknown_weather(post, known_weather, origin, WEATHER_SINCE)
    years = f"{origin} and {origin + 1} predicted from the years before"
    say, scores = say.under(f"forecast.{origin}."), {}
    for key, months, weather in (("weather-known.", known_weather, "known"), ("", unknown_weather, "unknown")):
        predicted, of = months[:, future][:, kept], say.under(key)
        words = f"months of {years}, weather {weather}"
        say_coverage(of, predicted, measured, words)
        scores[weather] = crps(predicted, measured)
        of.score("crps", f"mean CRPS, {words}", scores[weather].mean(), "µg/m³", 2)
    _say_coverage_of_years(say.under("years."), unknown_weather, everything, origin, f"annual means of {years}")
    say.score("months", f"measured city-months of {years}", len(measured))
    say_if_right(say, "coverage", unknown_weather[:, future][:, kept], f"share of the months of {years}", "%")
    say_gains(say, scores["unknown"], everything, origin, FORECAST_YEARS, post, years)


def _say_coverage_of_years(say: Scribe, months: np.ndarray, everything: np.ndarray, origin: int, words: str) -> None:
    """How many annual means of cities with twelve measured months lie inside their intervals."""
    asked = slice(origin - FIRST, origin - FIRST + FORECAST_YEARS)
    measured = yearly_means(REGION, everything)[asked]
    kept = np.isfinite(measured)
    predicted = yearly_means(REGION, months)[:, asked][:, kept]
    say.score("count", f"measured {words}", int(kept.sum()))
    for probability in (50, 94):
        inside = is_inside(predicted, measured[kept], probability).sum()
        say.score(f"inside{probability}", f"how many lie inside the {probability} % interval, {words}", int(inside))
    say_if_right(say, "inside", predicted, f"how many of the {words}", "")


def ahead(post: Posterior) -> np.ndarray:
    """Months `AHEAD` (draw, month, city), µg/m³, after the last one of the model, with the weather of a random year."""
    record, calendar = REGION.time[-1:], np.arange(12)
    time = REGION.time[-1] + np.arange(1, 13) / 12
    departures = weather_of_a_year(post, (WEATHER_SINCE, LAST))
    conversion = post.panel.conversion.reshape(-1, 12).mean(axis=0)
    at_end = expected(post, record, calendar[-1:], post.panel.weather[-1:], post.panel.conversion[-1:])[:, 0]
    last = post["region"][:, -1] - at_end
    shocks = post["shock_scale"][:, None] * post.rng.standard_t(3 + post["shock_tail"][:, None], (post.size, 12))
    shock = np.empty_like(shocks)
    for month in range(12):
        last = post["persistence"] * last + shocks[:, month]
        shock[:, month] = last
    mu = (expected(post, time, calendar, departures, conversion) + shock)[:, :, None] + of_cities(post, time, calendar)
    mu += departures @ (weather_response(post) - post["weather"][:, :, None])
    mu += post["contrast_scale"][:, None, None] * post.rng.normal(size=(post.size, 12, 1)) * REGION.north
    return np.exp(mu + residuals(post, np.zeros(12)))


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
        first, last = (month_of(text, REGION.months[0], AHEAD[-1]) for text in months)
        again = np.where(np.isfinite(fit.panel.pm25), np.exp(post["mu"] + residuals(post)), actual)
        again = np.concatenate([again, next_year], axis=1)
        for month in pd.period_range(first, last, freq="M"):
            values = again[:, REGION.months.append(AHEAD).get_loc(month)]
            rows += [summary(city, str(month), values[:, k]) for k, city in enumerate(CITIES)]
    if years:
        last_year = np.average(next_year, axis=1, weights=AHEAD.days_in_month.to_numpy())
        yearly = np.concatenate([yearly_means(REGION, actual), last_year[:, None]], axis=1)
        areas = {"Beijing": yearly[:, :, 0], "Tianjin": yearly[:, :, 1], "Hebei": yearly[:, :, 2:].mean(axis=2)}
        areas |= {city: yearly[:, :, k] for k, city in enumerate(CITIES)}
        asked = [year_of(year, FIRST, AHEAD[0].year) for year in years]
        for year in range(asked[0], asked[1] + 1):
            for area, values in areas.items():
                mean = values[:, year - FIRST]
                kind = int(area not in CITIES)
                error = post["official_scale"][:, kind] * mean * post.rng.standard_t(ERROR_SHAPE, post.size)
                rows.append(summary(area, str(year), mean + error))
    return pd.DataFrame(rows)
