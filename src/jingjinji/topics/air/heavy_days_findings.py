"""What is said of fits of `heavy_days`: the named quantities of a fit."""

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.air.heavy_days import AREAS, TABLES, YEARS, drawn_days

RATE = "yearly change of heavy-pollution days, mean of the three areas"
OF_AREA = {
    "change": ("%", "change of the expected heavy-pollution days, {period}"),
    "halved": ("probability", "probability that the expected heavy-pollution days at least halved, {period}"),
}


def findings(fit) -> list[Finding]:
    """Change of the expected number of heavy days from the first to the last year, with what was odd in these years.

    Of a made-up panel the yearly change alone, beside its truth.
    """
    say = Scribe(TABLES, "heavy.", fit)
    if fit.panel.truth:
        rate = 100 * np.expm1(fit.parameters["slope"].transpose("chain", "draw").values)
        say.pair("rate", RATE, float(100 * np.expm1(fit.panel.truth["slope"])), rate, "% a year")
        return say.made
    expected = fit.parameters["expected"].transpose("chain", "draw", "year", "area").values
    for k, area in enumerate(AREAS):
        first, last = expected[:, :, 0, k], expected[:, :, -1, k]
        made = {"change": 100 * (last / first - 1), "halved": last <= first / 2}
        say.under(f"{area.lower()}.").table(OF_AREA, made, period=f"{YEARS[0]} to {YEARS[-1]}, {area}")
    inside = _inside(fit)
    words = "published counts inside the central 94 % of counts drawn anew"
    say.score("check.inside", words, int(inside.sum()))
    say.fact("check.counts", "published counts of heavy-pollution days", len(inside))
    for area in AREAS:
        days = fit.panel.counts[fit.panel.counts.area == area].set_index("year").days
        of = say.under(f"{area.lower()}.")
        for year in (YEARS[0], YEARS[-1]):
            of.fact(str(year), f"published heavy-pollution days of {area}, {year}", days[year], "days")
        words = f"change of the published heavy-pollution days of {area}, {YEARS[0]} to {YEARS[-1]}"
        of.fact("published", words, 100 * (days[YEARS[-1]] / days[YEARS[0]] - 1), "%", 1)
    return say.made


def _inside(fit) -> np.ndarray:
    """Whether each published count lies inside the central 94 % of counts drawn anew."""
    counts = fit.panel.counts
    year, area = counts.year.to_numpy() - YEARS[0], [AREAS.index(area) for area in counts.area]
    draws = fit.parameters.stack(sample=("chain", "draw"))
    mean = draws["expected"].transpose("sample", "year", "area").values[:, year, area]
    size, shared = (draws[name].values[:, None] for name in ("concentration", "shared"))
    drawn = drawn_days(mean, size, shared, fit.panel, np.random.default_rng(fit.seed))
    low, high = np.percentile(drawn, [3, 97], axis=0)
    return (np.round(low) <= counts.days) & (counts.days <= np.round(high))
