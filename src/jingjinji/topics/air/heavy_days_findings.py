"""What is said of fits of `heavy_days`: the named quantities of a fit."""

from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.findings import Finding, exact, record
from jingjinji.topics.air.heavy_days import AREAS, TABLES, YEARS, data

RATE = "yearly change of heavy-pollution days, mean of the three areas"


def findings(fit) -> list[Finding]:
    """Change of the expected number of heavy days from the first to the last year, on the smooth path.

    Of a made-up panel the yearly change alone, beside its truth.
    """
    if fit.panel.truth:
        return _recovered(fit)
    name = partial(record, model=fit.name, panel=TABLES)
    path = fit.parameters["path"].transpose("chain", "draw", "year", "area").values
    made = []
    for k, area in enumerate(AREAS):
        first, last = path[:, :, 0, k], path[:, :, -1, k]
        id = f"heavy.{area.lower()}"
        period = f"{YEARS[0]} to {YEARS[-1]}, {area}"
        made += [
            name(f"{id}.change", f"relative change of heavy-pollution days, {period}", 100 * (last / first - 1), "%"),
            name(f"{id}.days", f"change of the expected heavy-pollution days, {period}", last - first, "days"),
            name(f"{id}.halved", f"probability that the expected heavy-pollution days at least halved, {period}",
                 last <= first / 2, "probability"),
        ]  # fmt: skip
    return [*made, *_check(fit), _rate(fit, name), *_published(fit.panel.counts)]


def _rate(fit, name) -> Finding:
    slope = fit.parameters["slope"].transpose("chain", "draw").values
    return name("heavy.rate", RATE, 100 * np.expm1(slope), "% a year")


def _recovered(fit) -> list[Finding]:
    """True yearly change of a made-up panel, and what the model gives back."""
    suffix, truth = f"@{fit.variant}", float(100 * np.expm1(fit.panel.truth["slope"]))
    return [
        exact(f"heavy.truth.rate{suffix}", f"truth: {RATE}", truth, "% a year", ()),
        _rate(fit, partial(record, model=fit.name, panel=(), suffix=suffix)),
    ]


def _check(fit) -> list[Finding]:
    """Share of the published counts inside the central 94 % of counts drawn anew."""
    index = data(fit.panel)
    expected = (
        fit.parameters["expected"]
        .transpose("chain", "draw", "year", "area")
        .values.reshape(-1, len(YEARS), len(AREAS))[:, index["year_index"], index["area_index"]]
    )
    size = fit.parameters["concentration"].transpose("chain", "draw").values.reshape(-1, 1)
    drawn = np.random.default_rng(fit.seed).negative_binomial(size, size / (size + expected))
    low, high = np.percentile(drawn, [3, 97], axis=0)
    inside = (low <= index["days"]) & (index["days"] <= high)
    return [
        exact("heavy.check.inside", "published counts inside the central 94 % of counts drawn anew", int(inside.sum()),
              "", TABLES, fit.name),
        exact("heavy.check.counts", "published counts of heavy-pollution days", len(inside), "", TABLES),
    ]  # fmt: skip


def _published(counts: pd.DataFrame) -> list[Finding]:
    made = []
    for area in AREAS:
        days = counts[counts.area == area].set_index("year").days
        for year in (YEARS[0], YEARS[-1]):
            made.append(exact(f"heavy.{area.lower()}.{year}", f"published heavy-pollution days of {area}, {year}",
                              days[year], "days", TABLES))  # fmt: skip
    return made
