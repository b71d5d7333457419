"""What is said of fits of `firms`: the named quantities of a fit."""

from functools import partial

import numpy as np

from jingjinji.core import tables
from jingjinji.core.findings import Finding, exact, record
from jingjinji.topics.hydrogen.firms import TABLES, path

HORIZON = 2025


def findings(fit) -> list[Finding]:
    """Growth a year, doubling time, firms at the end of `HORIZON`, and what +86 % would mean for output per firm.

    Of a synthetic record growth alone, with its truth.
    """
    name = partial(record, model=fit.name, panel=TABLES, suffix=f"@{fit.variant}" if fit.variant else "")
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    shape = partial(np.reshape, shape=(chains, draws))
    rate = fit.parameters["rate"].values + fit.parameters["bend"].values
    """The mean rate over 2023: the curve's slope in its middle."""
    made = [name("hydrogen.firms.growth", "growth of the zone's firms over 2023", 100 * np.expm1(rate), "%")]
    if fit.panel.truth:
        truth = 100 * np.expm1(fit.panel.truth["rate"] + fit.panel.truth["bend"])
        return [*made, exact(f"hydrogen.firms.truth.growth@{fit.variant}", "truth: growth of the zone's firms over "
                             "2023", round(float(truth), 3), "%", ())]  # fmt: skip
    end = path(fit, np.array([HORIZON + 1 - 2023.0]))
    table = tables.load("hydrogen_zone")
    growth = float(table.value[table.quantity == "output value growth"].iloc[0])
    made += [
        name("hydrogen.firms.grows", "probability that the zone's firms grew over 2023", (rate > 0).astype(float),
             "probability"),
        name("hydrogen.firms.doubling", "time in which the zone's firms double at the pace of 2023, at most 30 years",
             np.where(rate > np.log(2) / 30, np.log(2) / np.maximum(rate, np.log(2) / 30), 30.0), "years"),
        name(f"hydrogen.firms.{HORIZON}", f"firms in the zone at the end of {HORIZON} on the curve",
             shape(np.minimum(end[:, 0], 5000)), "firms"),
        name("hydrogen.output.per-firm", "change of output per firm over 2023 if output grew as stated and firms as "
             "on the curve", 100 * ((1 + growth / 100) / np.exp(rate) - 1), "%"),
    ]  # fmt: skip
    if fit.variant:
        return made
    rows = fit.panel.rows
    return [
        *made,
        exact("hydrogen.zone.vehicles", "fuel-cell vehicles in Daxing as stated, at least",
              float(table.value[table.quantity == "cumulative FCV"].iloc[0]), "vehicles", TABLES),
        exact("hydrogen.output.growth", "stated growth of the zone's output value, 2023", growth, "%", TABLES),
        *[exact(f"hydrogen.firms.count.{row.date:%Y-%m}", f"firms in the zone, {row.date:%Y-%m}", row.firms,
                "firms", TABLES) for row in rows.itertuples()],
    ]  # fmt: skip
