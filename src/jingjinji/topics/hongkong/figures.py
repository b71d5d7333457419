"""Figures of the chapter on Hong Kong; each returns one Figure."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from jingjinji.show import palette
from jingjinji.show.figures import INK, MARK, MODEL, PAPER, SOFT, band, chart, drawn, grid, key, published

HERE = palette.PLACES["Hong Kong"].light
MARKS = ("D", "s", "^", "v", "P", "X")
"""Hollow marks of releases of the inventory, one after the other."""


@drawn
def printed_emissions(table: pd.DataFrame) -> Figure:
    """Printed totals of Hong Kong by release of the inventory, and fossil CO2 of the Global Carbon Budget (Mt)."""
    figure, axis = chart(3)
    budget = table[table.quantity == "fossil CO2"]
    axis.plot(budget.year, budget.value, color=SOFT, lw=1.4, label="fossil CO2 (carbon budget)")
    totals = table[table.quantity == "emissions"]
    releases = totals.sort_values("published").groupby("release", sort=False)
    for mark, (release, rows) in zip(MARKS, releases, strict=False):
        axis.plot(rows.year, rows.value, mark, color=PAPER, mec=HERE, mew=1.3, ms=6, label=f"release {release}")
    axis.set_ylim(0, None)
    axis.set_ylabel("emissions (Mt)")
    key(figure, 3)
    return figure


@drawn
def fan(
    past: tuple,
    future: tuple,
    printed: pd.DataFrame,
    targets: dict[int, tuple[float, float]],
    others: dict[str, np.ndarray],
) -> Figure:
    """All emissions: past and future as (years, draws (draw, year)), 50 and 94 % bands; totals; target ranges (Mt).

    others : what other readings lead to (year,), by name, as lines.
    """
    figure, axis = chart(3.3)
    for (years, draws), colour, name in ((past, HERE, "past"), (future, MODEL, "the trend changes")):
        for probability, alpha in ((94, 0.18), (50, 0.35)):
            low, high = np.percentile(draws, [50 - probability / 2, 50 + probability / 2], axis=0)
            label = f"_{name}, {probability} %"
            axis.fill_between(years, low, high, color=colour, alpha=alpha, lw=0, label=label)
        axis.plot(years, np.median(draws, axis=0), color=colour, lw=1.4)
    published(axis, printed.year, printed.value, "published totals", size=4)
    for (name, values), style in zip(others.items(), (":", "--", "-."), strict=False):
        axis.plot(future[0], values, color=INK, lw=1.1, ls=style, label=name)
    for year, (low, high) in targets.items():
        axis.plot([year, year], [low, high], color=MARK, lw=5, solid_capstyle="butt", label="_target")
        axis.plot(year, (low + high) / 2, "_", color=MARK, ms=13, mew=2)
    axis.plot([], [], "_", color=MARK, ms=10, mew=2, label="target")
    for colour, name in ((HERE, "past, 94 %"), (MODEL, "the trend changes, 50 and 94 %")):
        axis.plot([], [], color=colour, lw=5, alpha=0.5, label=name)
    axis.set_ylim(0, 1.04 * max(np.percentile(draws, 97, axis=0).max() for _, draws in (past, future)))
    axis.set_ylabel("emissions (Mt a year)")
    key(figure, 3)
    return figure


@drawn
def parts(years: np.ndarray, draws: dict[str, np.ndarray]) -> Figure:
    """Parts of the emissions (draw, year) in Mt, median with 94 % band, each panel from zero."""
    figure, axes = grid(draws, 1.6, 3, sharey=False)
    for axis, values in zip(axes, draws.values(), strict=True):
        band(axis, years, values, HERE, width=1.5)
        axis.set_ylim(0, None)
        axis.set_xticks([2005, 2014, 2024])
    figure.supylabel("emissions (Mt a year)")
    return figure
