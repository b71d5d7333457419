"""What is said of fits of `heavy_days`: the named quantities of a fit."""

import numpy as np
import scipy

from jingjinji.core.findings import Finding
from jingjinji.core.left_out import UNRELIABLE, places
from jingjinji.core.scribe import Scribe
from jingjinji.topics.air.heavy_days import AREAS, BENT, LINE, TABLES, TIME, YEARS, of_several

NODES = 20
"""Of the quadrature over a year's effect."""

RATE = "yearly change of heavy-pollution days, mean of the three areas"
OF_AREA = {
    "change": ("%", "change of the expected heavy-pollution days, {period}"),
    "halved": ("probability", "probability that the expected heavy-pollution days at least halved, {period}"),
}
CHECKED = {
    "inside": "published counts inside the central 94 % predicted from the other years",
    "counts": "published counts of years whose weights can be trusted",
    "years": "years whose weights cannot be trusted",
}


def findings(fit) -> list[Finding]:
    """Change of the expected number of heavy days from the first to the last year, with what was odd in these years.

    Of a made-up panel the yearly change and Beijing's change, beside their truths; under another choice the changes
    alone.
    """
    say = Scribe(TABLES, "heavy.", fit)
    expected = fit.parameters["expected"].transpose("chain", "draw", "year", "area").values
    period = f"{YEARS[0]} to {YEARS[-1]}"
    if fit.panel.truth:
        rate = 100 * np.expm1(without_years(fit)[1].reshape(fit.parameters.sizes["chain"], -1))
        say.pair("rate", RATE, float(100 * np.expm1(fit.panel.truth["slope"])), rate, "% a year")
        unit, label = OF_AREA["change"]
        true, drawn = (
            100 * (days[..., -1, 0] / days[..., 0, 0] - 1) for days in (fit.panel.truth["expected"], expected)
        )
        label = label.format(period=f"{period}, {AREAS[0]}")
        say.pair(f"{AREAS[0].lower()}.change", label, float(true), drawn, unit)
        return say.made
    for k, area in enumerate(AREAS):
        first, last = expected[:, :, 0, k], expected[:, :, -1, k]
        made = {"change": 100 * (last / first - 1), "halved": last <= first / 2}
        say.under(f"{area.lower()}.").table(OF_AREA, made, period=f"{period}, {area}")
    if fit.variant:
        return say.made
    for key, value in _checked(*left_out(fit)).items():
        say.score(f"check.{key}", CHECKED[key], value)
    say.fact("check.limit", "Pareto k above which weights are not trusted", UNRELIABLE)
    for area in AREAS:
        days = fit.panel.counts[fit.panel.counts.area == area].set_index("year").days
        of = say.under(f"{area.lower()}.")
        for year in (YEARS[0], YEARS[-1]):
            of.fact(str(year), f"published heavy-pollution days of {area}, {year}", days[year], "days")
        words = f"change of the published heavy-pollution days of {area}, {YEARS[0]} to {YEARS[-1]}"
        of.fact("published", words, 100 * (days[YEARS[-1]] / days[YEARS[0]] - 1), "%", 1)
    return say.made


def _checked(scores: np.ndarray, below: np.ndarray) -> dict[str, int]:
    """How many counts can be predicted from the other years, and how many of these lie inside; of `left_out`."""
    place, k = left_out_places(scores, below)
    kept = place[k <= UNRELIABLE]
    inside, counts = (np.abs(kept - 0.5) <= 0.47).sum(), np.isfinite(kept).sum()
    return {"inside": int(inside), "counts": int(counts), "years": int((k > UNRELIABLE).sum())}


def without_years(fit) -> np.ndarray:
    """Level, slope and bend (3, draw) less what the effects of the eleven years add to them."""
    flat = fit.parameters.stack(sample=("chain", "draw"))
    years = flat["year_effect"].transpose("year", "sample").values * flat["year_scale"].values
    return np.stack([flat[name].values for name in ("level", "slope", "bend")]) - LINE @ years


def left_out(fit) -> tuple[np.ndarray, np.ndarray]:
    """Log probability of a year's counts (draw, year), and the share of its prediction below each (draw, year, area).

    In the probability the year's effect is integrated out, and a new effect is drawn for the prediction. NaN where
    there is no count.
    """
    flat = fit.parameters.stack(sample=("chain", "draw"))
    nodes, chance = np.polynomial.hermite_e.hermegauss(NODES)
    effect = flat["year_scale"].values[:, None] * nodes
    area = {name: flat[name].transpose("sample", "area").values for name in ("level_area", "slope_area")}
    common = (BENT @ without_years(fit)).T
    size, shared = (flat[name].values[:, None] for name in ("concentration", "shared"))
    scores = np.zeros((len(effect), len(YEARS), NODES))
    below = np.full((len(effect), len(YEARS), len(AREAS)), np.nan)
    for row in fit.panel.counts.itertuples():
        t, k = row.year - YEARS[0], AREAS.index(row.area)
        path = common[:, t] + area["level_area"][:, k] + TIME[t] * area["slope_area"][:, k]
        mean = np.exp(path[:, None] + effect)
        score, share = _of_count(row, mean, size, shared)
        scores[:, t] += score
        below[:, t, k] = share @ chance / chance.sum()
    return scipy.special.logsumexp(scores, axis=2, b=chance / chance.sum()), below


def left_out_places(scores: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the published counts lie in what the other years predict (year, area), and Pareto k of each year.

    All counts of a year are left out at once: draws are weighted by the inverse of their probability. Arguments as of
    `left_out`. NaN where there is no count, and for years without any.
    """
    place, k = places(scores, below)
    return place, np.where(np.isfinite(below[0]).any(axis=1), k, np.nan)


def _of_count(row, mean: np.ndarray, size: np.ndarray, shared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log probability of a published count, and the share of its distribution below it (half of that at it)."""
    if row.area == "Hebei":
        of = scipy.stats.norm(mean, np.sqrt(of_several(mean, size, shared)))
        return of.logpdf(row.days), of.cdf(row.days)
    of = scipy.stats.nbinom(size, size / (size + mean))
    return of.logpmf(row.days), of.cdf(row.days) - 0.5 * of.pmf(row.days)
