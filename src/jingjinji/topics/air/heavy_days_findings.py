"""What is said of fits of `heavy_days`: the named quantities of a fit."""

import numpy as np

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.air.heavy_days import AREAS, TABLES, YEARS, data

RATE = "yearly change of heavy-pollution days, mean of the three areas"
OF_AREA = {
    "change": ("%", "relative change of heavy-pollution days, {period}"),
    "days": ("days", "change of the expected heavy-pollution days, {period}"),
    "halved": ("probability", "probability that the expected heavy-pollution days at least halved, {period}"),
}


def findings(fit) -> list[Finding]:
    """Change of the expected number of heavy days from the first to the last year, on the smooth path.

    Of a made-up panel the yearly change alone, beside its truth.
    """
    say = Scribe(TABLES, "heavy.", fit)
    rate = 100 * np.expm1(fit.parameters["slope"].transpose("chain", "draw").values)
    if fit.panel.truth:
        say.pair("rate", RATE, float(100 * np.expm1(fit.panel.truth["slope"])), rate, "% a year")
        return say.made
    path = fit.parameters["path"].transpose("chain", "draw", "year", "area").values
    for k, area in enumerate(AREAS):
        first, last = path[:, :, 0, k], path[:, :, -1, k]
        made = {"change": 100 * (last / first - 1), "days": last - first, "halved": last <= first / 2}
        say.under(f"{area.lower()}.").table(OF_AREA, made, period=f"{YEARS[0]} to {YEARS[-1]}, {area}")
    inside = _inside(fit)
    words = "published counts inside the central 94 % of counts drawn anew"
    say.score("check.inside", words, int(inside.sum()))
    say.fact("check.counts", "published counts of heavy-pollution days", len(inside))
    say.draws("rate", RATE, rate, "% a year")
    for row in fit.panel.counts.itertuples():
        if row.year in (YEARS[0], YEARS[-1]):
            words = f"published heavy-pollution days of {row.area}, {row.year}"
            say.fact(f"{row.area.lower()}.{row.year}", words, row.days, "days")
    return say.made


def _inside(fit) -> np.ndarray:
    """Whether each published count lies inside the central 94 % of counts drawn anew."""
    index = data(fit.panel)
    expected = (
        fit.parameters["expected"]
        .transpose("chain", "draw", "year", "area")
        .values.reshape(-1, len(YEARS), len(AREAS))[:, index["year_index"], index["area_index"]]
    )
    size = fit.parameters["concentration"].transpose("chain", "draw").values.reshape(-1, 1)
    drawn = np.random.default_rng(fit.seed).negative_binomial(size, size / (size + expected))
    low, high = np.percentile(drawn, [3, 97], axis=0)
    return (low <= index["days"]) & (index["days"] <= high)
