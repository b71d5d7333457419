"""What is said of fits of `firms`: the named quantities of a fit."""

import numpy as np

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.hydrogen.firms import TABLES, path

HORIZON = 2025
LONGEST = 30
"""Years in which firms double, at most."""
GROWTH = "growth of the zone's firms over 2023"
OF_FIRMS = {
    "firms.growth": ("%", GROWTH),
    "firms.grows": ("probability", "probability that the zone's firms grew over 2023"),
    "firms.doubling": (
        "years",
        f"time in which the zone's firms double at the pace of 2023, at most {LONGEST} years",
    ),
    f"firms.{HORIZON}": ("firms", f"firms in the zone at the end of {HORIZON} on the curve"),
    "output.per-firm": ("%", "change of output per firm over 2023 if output grew as stated and firms as on the curve"),
}


def findings(fit) -> list[Finding]:
    """Growth a year, doubling time, firms at the end of `HORIZON`, and what +86 % would mean for output per firm.

    Of a synthetic record growth alone, with its truth.
    """
    say = Scribe(TABLES, "hydrogen.", fit)
    rate = fit.parameters["rate"].values + fit.parameters["bend"].values
    """The mean rate over 2023: the curve's slope in its middle."""
    growth = 100 * np.expm1(rate)
    if fit.panel.truth:
        truth = round(float(100 * np.expm1(fit.panel.truth["rate"] + fit.panel.truth["bend"])), 3)
        say.under("firms.").pair("growth", GROWTH, truth, growth, "%")
        return say.made
    table, slowest = tables.load("hydrogen_zone"), np.log(2) / LONGEST
    stated = float(table.value[table.quantity == "output value growth"].iloc[0])
    end = path(fit, np.array([HORIZON + 1 - 2023.0]))[:, 0]
    made = {
        "firms.growth": growth,
        "firms.grows": rate > 0,
        "firms.doubling": np.where(rate > slowest, np.log(2) / np.maximum(rate, slowest), float(LONGEST)),
        f"firms.{HORIZON}": np.minimum(end, 5000),
        "output.per-firm": 100 * ((1 + stated / 100) / np.exp(rate) - 1),
    }
    say.table(OF_FIRMS, made)
    if fit.variant:
        return say.made
    vehicles = float(table.value[table.quantity == "cumulative FCV"].iloc[0])
    say.fact("zone.vehicles", "fuel-cell vehicles in Daxing as stated, at least", vehicles, "vehicles")
    say.fact("output.growth", "stated growth of the zone's output value, 2023", stated, "%")
    for row in fit.panel.rows.itertuples():
        say.fact(f"firms.count.{row.date:%Y-%m}", f"firms in the zone, {row.date:%Y-%m}", row.firms, "firms")
    return say.made
