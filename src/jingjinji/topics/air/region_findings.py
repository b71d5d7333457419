"""What is said of fits of a `region`: the named quantities, of as many parts as the region's data inform."""

import numpy as np
import pandas as pd

from jingjinji.core import intake, parts, registry
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.air import region
from jingjinji.topics.air.drawn import (
    Posterior,
    concentrations,
    course,
    crps,
    forecast_months,
    month_of,
    normal_quantile_residuals,
    normalised,
    official_error,
    on_one_basis,
    posterior,
    residuals,
    say_coverage,
    say_gains,
    say_if_right,
    summary,
    with_unknown_weather,
    year_of,
    yearly_slope,
)
from jingjinji.topics.air.months import (
    BEND_SCALE,
    BEND_SPREAD,
    ERROR_SHAPE,
    LENGTH_SCALE,
    LENGTH_SPREAD,
    SLOPE_SCALE,
    STEP_PRIOR,
    Panel,
    Region,
    bend_waves,
    change_between,
    thinner_air,
    yearly_means,
)

PREFIX = "region."
USUAL_AIR = 15.0
"""Degrees Celsius of the standard atmosphere at the sea, by which a change of ruler is told where nobody measured."""
MOST_DRAWS = 2000
YEARS_AHEAD = 1
"""Years that the fit of the record cut off is asked for."""
OF_WEATHER = {
    "rate": ("% a year", "yearly change of the annual means, {period}, mean of all cities"),
    "normalised-rate": (
        "% a year",
        "yearly change of the annual means less what goes with weather, {period}, mean of all cities",
    ),
    "difference": (
        "percentage points a year",
        "yearly change of the annual means beyond that less what goes with weather, {period}, mean of all cities",
    ),
}
TOGETHER = {
    "all-fell": ("probability", "probability that the lasting level of every city fell, {period}"),
    "fastest-slowest": ("percentage points", "difference between the cities that changed most and least, {period}"),
    "spread.first": ("%", "relative spread between cities (standard deviation of logs, times 100), {first}"),
    "spread.last": ("%", "relative spread between cities (standard deviation of logs, times 100), {last}"),
    "spread.smaller": ("probability", "probability that the relative spread between cities became smaller, {period}"),
}


def findings(fit) -> list[Finding]:
    """Findings of a fit: all of them for the main one, of the cut record how well it foretells the last year.

    Ids of neither have an ending. What is compared are the years of the descriptor.
    """
    say = Scribe(region.TABLES, PREFIX, fit, ending="")
    post = posterior(fit.parameters, fit.panel, fit.seed, most=MOST_DRAWS)
    actual = concentrations(post)
    about = region.ABOUT
    first, last = about.years
    if fit.variant:
        _say_forecast(say.under("forecast."), post, actual, registry.load("region").pm25, last)
        return say.made
    lasting = course(post)
    told = on_one_basis(post, actual)
    _say_record(say, fit.panel)
    _say_change(say, post, told, lasting, first, last)
    _say_cities(say, post.region, told, lasting, first, last)
    _say_months(say, post)
    if post.region.weather:
        _say_weather(say, post, told, first, last)
    if post.region.converts:
        _say_ruler(say, post, actual, first)
    elif post.region.ruler:
        _say_usual_ruler(say, post.region)
    if post.region.official:
        _say_official(say, post)
    return say.made


def _say_record(say: Scribe, panel: Panel) -> None:
    """Counts of the record, from its table alone."""
    measured = np.isfinite(panel.pm25)
    say.fact("cities", "cities of the region", len(panel.region.cities))
    say.fact("months", "months from the first measured to the last", len(panel.region.months))
    say.fact("cells", "measured city-months", int(measured.sum()))
    say.fact("cells.missing", "city-months without a measurement", int((~measured).sum()))
    say.fact("months.nowhere", "months that were measured in no city", int((~measured.any(axis=1)).sum()))
    of = panel.region
    cells = {(of.cities[k], str(of.months[t])): panel.pm25[t, k] for t, k in np.argwhere(measured)}
    months = intake.Months("", cells, of.cities, tuple(of.months.astype(str)))
    say.fact("calendar-years", "whole calendar years that could be compared", len(months.whole_years()))


def _basis(of: Region) -> str:
    """What a label says of the ruler of a change: nothing where both years have the same."""
    if of.converts:
        return ", on one basis"
    return ", as published, across a change of ruler" if region.ABOUT.ruler_between else ""


def _say_change(say: Scribe, post: Posterior, told: np.ndarray, lasting: np.ndarray, first: int, last: int) -> None:
    """Means of two years as measured, their change, and the lasting change without the chance of months, by area.

    told : months (draw, month, city) as measured, on one basis where the region converts.
    """
    of, about = post.region, region.ABOUT
    start, end, period, basis = of.years.index(first), of.years.index(last), about.period, _basis(of)
    yearly = yearly_means(of, told) @ of.membership.T
    for key, year, place in (("first", first, start), ("last", last, end)):
        words = f"annual mean of PM2.5 in {about.year(year)}, mean of all cities{', on one basis' * of.converts}"
        _say_known(say, f"mean.{key}", words, yearly[:, place, 0], "µg/m³")
    _say_known(say, "change.measured", f"change of the annual mean as measured, {period}, mean of all cities{basis}",
               change_between(of, yearly, first, last)[:, 0], "%")  # fmt: skip
    change = change_between(of, yearly_means(of, lasting) @ of.membership.T, first, last)
    label = f"lasting change of PM2.5, {period}, {{place}}{basis}"
    say.draws("change", label.format(place="mean of all cities"), change[:, 0], "%")
    say.draws("fell", f"probability that PM2.5 lastingly fell, {period}, mean of all cities{basis}", change[:, 0] < 0,
              "probability")  # fmt: skip
    rate = 100 * ((1 + change[:, 0] / 100) ** (1 / (last - first)) - 1)
    say.draws("rate", f"lasting yearly change of PM2.5, {period}, mean of all cities{basis}", rate, "% a year")
    _say_prior(say, post, np.log1p(change[:, 0] / 100), first, last)
    for area, short in intake.slugs(list(about.areas)).items():
        say.draws(f"area.{short}", label.format(place=f"mean of the cities of {area}"), change[:, of.place(area)], "%")


def _say_prior(say: Scribe, post: Posterior, change: np.ndarray, first: int, last: int) -> None:
    """How wide the prior of the change (draw,) of logs is, and which part of a true change it takes.

    On average over what the prior allows, the posterior mean lacks of the truth the posterior variance's share of the
    prior's.
    """
    variance, words = prior_variance(post.region, first, last), "lasting change of the log of PM2.5"
    say.fact("prior.spread", f"prior standard deviation of the {words}, times 100, mean of all cities",
             100 * variance**0.5, "%", 1)  # fmt: skip
    squares = post.by_chain((change - change.mean()) ** 2)
    left = Finding("region.prior.left", "", 100 * squares / variance, "%", "region", region.TABLES)
    label = f"share of a {words} that the prior takes on average, mean of all cities"
    say.score("prior.takes", label, left.mean, "%", error=left.mcse)


def prior_variance(of: Region, first: int, last: int) -> float:
    """Prior variance of the lasting change of the region's log annual mean between two years: slope and bends."""
    waves, frequency = bend_waves(of)
    yearly = yearly_means(of, np.column_stack([of.time, waves]))
    time, *bends = yearly[of.years.index(last)] - yearly[of.years.index(first)]
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    length = LENGTH_SCALE * np.exp(LENGTH_SPREAD * nodes[:, None])
    amplitudes = np.sqrt(2 * np.pi) * length * np.exp(-0.5 * (length * frequency) ** 2)
    size = BEND_SCALE**2 * np.exp(2 * BEND_SPREAD**2) * (weights / weights.sum()) @ amplitudes
    return float((of.slope[1] * time) ** 2 + size @ np.square(bends))


def _say_known(say: Scribe, id: str, label: str, values: np.ndarray, unit: str) -> None:
    """A quantity of measured months: exact where all are measured, drawn where some were predicted."""
    if np.ptp(values) < 1e-9:
        say.fact(id, label, values[0], unit, 2)
    else:
        say.draws(id, label, values, unit)


def _say_cities(say: Scribe, of: Region, told: np.ndarray, lasting: np.ndarray, first: int, last: int) -> None:
    """The lasting change of each city, who changed most and least, and whether cities came closer together."""
    about, period = region.ABOUT, region.ABOUT.period + _basis(of)
    yearly = yearly_means(of, lasting)
    change, measured = change_between(of, yearly, first, last), change_between(of, yearly_means(of, told), first, last)
    for k, (city, short) in enumerate(intake.slugs(of.cities).items()):
        say.draws(f"city.{short}", f"lasting change of PM2.5 in {city}, {period}", change[:, k], "%")
        words = f"change of the annual mean as measured in {city}, {period}"
        _say_known(say, f"measured.{short}", words, measured[:, k], "%")
    order = np.argsort(change.mean(axis=0))
    for key, k, extreme in (("lowest", order[0], change.min(axis=1)), ("highest", order[-1], change.max(axis=1))):
        words = f"probability that the change of {of.cities[k]} is the {key} of all cities, {period}"
        label = f"lasting change of PM2.5 in {of.cities[k]}, whose mean is the {key} of all cities, {period}"
        say.draws(key, label, change[:, k], "%")
        say.draws(f"{key}.probability", words, change[:, k] == extreme, "probability")
        words = f"change of the annual mean as measured in {of.cities[k]}, {period}"
        _say_known(say, f"{key}.measured", words, measured[:, k], "%")
    words = (
        f"probability that the change of {of.cities[order[0]]} is lower than that of {of.cities[order[1]]}, {period}"
    )
    say.draws("lowest.below-next", words, change[:, order[0]] < change[:, order[1]], "probability")
    words = "median of the prior of the standard deviation of cities' yearly rates"
    say.fact("cities.prior", words, 100 * SLOPE_SCALE, "percentage points a year", 1)
    logs = {
        name: np.log(yearly[:, of.years.index(year)]).std(axis=1, ddof=1)
        for name, year in (("first", first), ("last", last))
    }
    made = {
        "all-fell": (change < 0).all(axis=1),
        "fastest-slowest": np.ptp(change, axis=1),
        **{f"spread.{name}": 100 * values for name, values in logs.items()},
        "spread.smaller": logs["last"] < logs["first"],
    }
    say.table(TOGETHER, made, period=period, first=about.year(first), last=about.year(last))


def _say_months(say: Scribe, post: Posterior) -> None:
    """Season, chance of months, and what neighbouring cities still share after the model."""
    season = post["season"]
    dirtiest, cleanest = season.mean(axis=0).argmax(), season.mean(axis=0).argmin()
    ratio = np.exp(season[:, dirtiest] - season[:, cleanest])
    say.draws("season.ratio", "ratio of the dirtiest to the cleanest calendar month of all cities", ratio, "")
    say.draws("chance", "typical surprise of a month that all cities share", 100 * np.expm1(post["shock_scale"]), "%")
    say.draws("persistence", "persistence of the surprise of a month that all cities share", post["persistence"], "")
    scores = pd.DataFrame(normal_quantile_residuals(post)).corr(min_periods=2).to_numpy()
    pairs = scores[np.triu_indices(len(scores), 1)]
    for key, word, value in (("highest", "largest", np.nanmax(pairs)), ("lowest", "smallest", np.nanmin(pairs))):
        say.score(f"residual.correlation.{key}", f"{word} correlation between two cities' residuals", value, digits=2)


def _say_weather(say: Scribe, post: Posterior, constant: np.ndarray, first: int, last: int) -> None:
    """What goes with a standard deviation of each variable, and the slope of the years less what goes with weather.

    The slope only of years enough: the departures of two are each other's opposites.
    """
    unknown = (post.panel.weather == 0).any(axis=1).sum()
    say.fact("weather.filled", "months of which some weather counts as usual, because it is not known", int(unknown))
    for k, variable in enumerate(post.region.weather):
        words = f"change of the month that goes with one standard deviation more of {variable.replace('_', ' ')}"
        say.draws(f"weather.{intake.slug(variable)}", words, 100 * np.expm1(post["weather"][:, k]), "%")
    if not parts.tells_rates(first, last):
        return
    of, years = post.region, slice(post.region.years.index(first), post.region.years.index(last) + 1)
    slope, without = (
        yearly_slope(np.log((yearly_means(of, months) @ of.membership.T)[:, years, 0]))
        for months in (constant, normalised(post, constant))
    )
    made = {
        "rate": 100 * np.expm1(slope),
        "normalised-rate": 100 * np.expm1(without),
        "difference": 100 * (np.expm1(slope) - np.expm1(without)),
    }
    for key, values in made.items():
        unit, label = OF_WEATHER[key]
        _say_known(say, f"weather.{key}", label.format(period=region.ABOUT.period), values, unit)


def _say_ruler(say: Scribe, post: Posterior, actual: np.ndarray, first: int) -> None:
    """What the conversion does to the mean of the first year, and how much the data say of it."""
    of = post.region
    before, after = (
        (yearly_means(of, months) @ of.membership.T)[:, of.years.index(first), 0]
        for months in (actual, on_one_basis(post, actual))
    )
    if np.ptp(after / before) > 1e-12:
        year = region.ABOUT.year(first)
        words = f"change of the annual mean of {year} by the model's conversion to today's ruler, mean of all cities"
        say.draws("ruler.change", words, 100 * (after / before - 1), "%")
    words = "step as a multiple of the full conversion to ambient temperature and pressure"
    say.draws("ruler.multiple", words, post["step"], "")
    squares = post.by_chain((post["step"] - post["step"].mean()) ** 2)
    left = Finding("region.ruler.left", "", 100 * squares / STEP_PRIOR[1] ** 2, "%", "region", region.TABLES)
    words = "share of the prior variance of the step that the data removed"
    say.score("ruler.learned", words, 100 - left.mean, "%", error=left.mcse)


def _say_usual_ruler(say: Scribe, of: Region) -> None:
    """What the change of ruler does to a number in usual air, where nobody measured temperature and pressure."""
    where, thinner = "at the sea", 0.0
    if of.height.keys() >= {*of.cities}:
        where, thinner = "at the cities' heights", np.mean([thinner_air(of.height[city]) for city in of.cities])
    change = 100 * (273.15 / (273.15 + USUAL_AIR) * np.exp(thinner) - 1)
    words = f"change of a concentration that is told in the air of the standard atmosphere {where} instead of 0 °C"
    say.fact("ruler.usual", f"{words} and 1013 hPa", change, "%", 1)


def _say_official(say: Scribe, post: Posterior) -> None:
    """How many official means there are, and how far those of areas that are measured in full lie from the months."""
    of, rows = post.region, post.panel.official
    say.fact("official.rows", "official annual means", len(rows))
    means = yearly_means(of, post.panel.pm25)
    distances = []
    for row in rows.itertuples():
        members = of.membership[of.place(row.area)] > 0
        distances.append(100 * (means[of.years.index(row.year), members].mean() / row.pm25 - 1))
    distances = np.array(distances)[np.isfinite(distances)]
    say.fact("official.compared", "official annual means of years of which every month is measured", len(distances))
    if len(distances):
        for key, word, value in (
            ("mean", "mean", np.abs(distances).mean()),
            ("most", "largest", np.abs(distances).max()),
        ):
            words = f"{word} distance of annual means of the months from the official ones"
            say.fact(f"official.{key}", words, value, "%", 1)


def _say_forecast(say: Scribe, post: Posterior, known_weather: np.ndarray, everything: np.ndarray, origin: int) -> None:
    """A fit to the years before `origin`, asked for its months: coverage, CRPS beside baselines."""
    future = forecast_months(post.region, origin, YEARS_AHEAD)
    kept = np.isfinite(everything[future])
    measured, years = everything[future][kept], f"{region.ABOUT.year(origin)} predicted from the years before"
    months = with_unknown_weather(post, known_weather, origin, post.region.years[0])
    predicted = months[:, future][:, kept]
    say_coverage(say, predicted, measured, f"months of {years}")
    say_if_right(say, "coverage", predicted, f"share of the months of {years}", "%")
    scores = crps(predicted, measured)
    say.score("months", f"measured city-months of {years}", len(measured))
    say.score("crps", f"mean CRPS, months of {years}", scores.mean(), "µg/m³", 2)
    say_gains(say, scores, everything, origin, YEARS_AHEAD, post, years)


def predict(fit, months: tuple[str, str] | None, years: tuple[int, int] | None) -> pd.DataFrame:
    """Posterior predictive of city-months and of annual means of cities and areas, each on the basis of its time.

    Returns columns area, period, mean, sd, q03, q25, q50, q75, q97 in µg/m³. A month that was measured is replicated,
    with the month's own shock. Raises BookError for a period outside the record: nothing is said of it.
    """
    post = posterior(fit.parameters, fit.panel, fit.seed)
    of, actual, rows = post.region, concentrations(post), []
    if months:
        first, last = (month_of(text, of.months[0], of.months[-1]) for text in months)
        again = np.where(np.isfinite(fit.panel.pm25), np.exp(post["mu"] + residuals(post)), actual)
        for month in pd.period_range(first, last, freq="M"):
            values = again[:, of.months.get_loc(month)]
            rows += [summary(city, str(month), values[:, k]) for k, city in enumerate(of.cities)]
    if years:
        yearly = yearly_means(of, actual)
        of_areas, cities = yearly @ of.membership.T, {city: yearly[:, :, k] for k, city in enumerate(of.cities)}
        areas = {area: of_areas[:, :, k] for k, area in enumerate(of.areas)} | cities
        asked = [year_of(year, of.years[0], of.years[-1]) for year in years]
        for year in range(asked[0], asked[1] + 1):
            for area, values in areas.items():
                mean = values[:, of.years.index(year)]
                if of.kind(area) in of.official:
                    error = official_error(post, [area], mean[:, None])[:, 0]
                    mean = mean + error * post.rng.standard_t(ERROR_SHAPE, post.size)
                rows.append(summary(area, str(year), mean))
    return pd.DataFrame(rows)
