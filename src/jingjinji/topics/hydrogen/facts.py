"""What tables say of Daxing's hydrogen zone without a sampler: firms on a curve, under each reading of their counts."""

import numpy as np

from jingjinji.core import tables
from jingjinji.core.findings import Finding, record
from jingjinji.core.scribe import Scribe
from jingjinji.topics.hydrogen import firms

TABLES = ("hydrogen_zone",)
LONGEST = 30
"""Years in which firms double, at most."""
GROWTH = "growth of the zone's firms over 2023"
CHOICES = {
    "in-the-park": "the first count as firms in the park", "without-first": "without the first count",
    "without-article": "without the article's count", "bounds-as-counts": "“more than” read as a plain count",
    "far-above": "“more than” read as up to half as much again", "wide-scatter": "counts that scatter twice as much",
}  # fmt: skip
"""What is assumed of counts, beside the main reading of them, in words."""


def findings() -> list[Finding]:
    """Growth of firms over 2023 by choice, and what the stated growth of output would mean per firm."""
    say, table = Scribe(TABLES, "hydrogen."), tables.load("hydrogen_zone")
    stated = float(table.value[table.quantity == "output value growth"].iloc[0])
    for name in firms.choices():
        value = firms.drawn(name)
        growth = firms.growth_of_2023(value)
        say.made.append(_drawn("firms.growth", GROWTH, growth, "%", name))
        if name in ("", *firms.FIRST):
            words = "change of output per firm over 2023 if output grew as stated and firms as on the curve"
            per_firm = 100 * ((1 + stated / 100) / (1 + growth / 100) - 1)
            say.made.append(_drawn("output.per-firm", words, per_firm, "%", name))
        if not name:
            rate, slowest = value[:, 1] + value[:, 2], np.log(2) / LONGEST
            years = np.where(rate > slowest, np.log(2) / np.maximum(rate, slowest), float(LONGEST))
            words = f"time in which the zone's firms double at the pace of 2023, at most {LONGEST} years"
            say.made.append(_drawn("firms.doubling", words, years, "years"))
    vehicles = float(table.value[table.quantity == "cumulative FCV"].iloc[0])
    say.fact("zone.vehicles", "fuel-cell vehicles in Daxing as stated, at least", vehicles, "vehicles")
    say.fact("output.growth", "stated growth of the zone's output value, 2023", stated, "%")
    for key in ("registered", "in-the-park"):
        row = firms.panel(table, key).rows.iloc[0]
        words = f"firms {'in the park' if key == 'in-the-park' else 'registered'} in the zone, {row.date:%Y-%m}"
        say.fact(f"firms.{key}", words, row.firms, "firms")
    for row in firms.panel(table, "without-first").rows.itertuples():
        say.fact(f"firms.count.{row.date:%Y-%m}", f"firms in the zone, {row.date:%Y-%m}", row.firms, "firms")
    return say.made


def _drawn(id: str, label: str, values: np.ndarray, unit: str, choice: str = "") -> Finding:
    by_chain = values.reshape(firms.CHAINS, -1)
    suffix = f"@{choice}" if choice else ""
    label = f"{label} (variant: {CHOICES[choice]})" if choice else label
    return record(f"hydrogen.{id}", label, by_chain, unit, model="table", panel=TABLES, suffix=suffix)
