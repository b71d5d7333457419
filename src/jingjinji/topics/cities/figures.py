"""Figures of the chapter on low-carbon efficiency: each function takes arrays and returns one Figure."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from jingjinji.show import palette, plotted
from jingjinji.show.figures import (
    FAINT,
    INK,
    MARK,
    MODEL,
    PAPER,
    SOFT,
    band,
    chart,
    drawn,
    grid,
    interval,
    key,
    narrow,
    posterior,
    wrapped,
)  # fmt: skip

STYLES = {"EDGAR": (INK, "-"), "sum of counties": (SOFT, "-"), "CEADs": (MARK, "--")}


@drawn
def paths(years: np.ndarray, series: dict[str, dict[str, np.ndarray]], label: str) -> Figure:
    """One small chart a city, one line a source (year,), on a common logarithmic axis."""
    figure, axes = grid(series, 1.2, 4, 0.4)
    for axis, lines in zip(axes, series.values(), strict=True):
        for source, values in lines.items():
            colour, style = STYLES[source]
            axis.plot(years, values, style, color=colour, lw=1.4, marker="o", ms=1.8, label=source)
    axis = axes[0]
    axis.set_yscale("log")
    ticks = [tick for tick in (50, 100, 200, 500, 1000) if axis.get_ylim()[0] <= tick <= axis.get_ylim()[1]]
    axis.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.yaxis.set_minor_locator(NullLocator())
    axis.set_xticks(years[[0, -1]])
    figure.supylabel(wrapped(label))
    key(figure, 3, handlelength=1.8)
    return figure


@drawn
def rank_map(probabilities: dict[str, np.ndarray], cities) -> Figure:
    """Probability of each rank (city, rank) as shades with figures in per cent, one panel a criterion."""
    figure, axes = grid(probabilities, 2.15, sharey=False)
    for axis, values in zip(axes, probabilities.values(), strict=True):
        order = np.argsort(values @ np.arange(values.shape[1]))
        for row, chances in enumerate(values[order]):
            axis.plot([-0.5, values.shape[1] - 0.5], [row + 0.5] * 2, color=FAINT, lw=0.5, zorder=0)
            for column in np.flatnonzero(chances >= 0.05):
                axis.bar(column, 0.9, 0.96, row - 0.45, color=MODEL, alpha=0.12 + 0.88 * chances[column], lw=0)
                axis.text(column, row, f"{100 * chances[column]:.0f}", ha="center", va="center",
                          color=PAPER if chances[column] > 0.55 else INK)  # fmt: skip
        axis.set_yticks(range(len(cities)), [cities[place] for place in order])
        axis.set_xticks(range(values.shape[1]), range(1, values.shape[1] + 1))
        axis.tick_params(length=0)
        axis.set_xlim(-0.5, values.shape[1] - 0.5)
        axis.set_ylim(len(cities) - 0.5, -0.5)
        for spine in axis.spines.values():
            spine.set_visible(False)
    axes[-1].set_xlabel(wrapped("rank, 1 is the least (figures: probability in %, from 5 % on)", 0.75))
    rows = [(criterion, city, rank, chance) for criterion, values in probabilities.items()
            for city, chances in zip(cities, values, strict=True)
            for rank, chance in enumerate(chances.tolist(), start=1)]  # fmt: skip
    return plotted.tell(figure, pd.DataFrame(rows, columns=["criterion", "city", "rank", "probability"]))


@drawn
def check(names, drawn: np.ndarray, seen: np.ndarray) -> Figure:
    """Statistics (draw, statistic) of figures drawn anew against those seen, each on its own axis."""
    figure, axes = grid(names, 0.7, above=0.6, sharex=False, sharey=False)
    for axis, new, old in zip(axes, drawn.T, seen.T, strict=True):
        low, _, high = interval(new)
        axis.plot([low, high], [0, 0], color=MODEL, lw=7, alpha=0.4, solid_capstyle="butt",
                  label="drawn anew (94 %)")  # fmt: skip
        axis.axvline(np.median(old), 0.2, 0.8, color=INK, lw=2, label="reported figures")
        axis.set_yticks([])
        axis.set_ylim(-0.8, 0.8)
        axis.spines["left"].set_visible(False)
    key(figure, 2)
    return figure


@drawn
def yearly(years: np.ndarray, draws: dict[str, np.ndarray]) -> Figure:
    """One panel a quantity: draws (draw, year) as median and 94 % band."""
    figure, axes = grid(draws, 1.9, 1 if narrow() else 2, sharey=False)
    for axis, values in zip(axes, draws.values(), strict=True):
        band(axis, years, values)
        axis.set_ylim(0, None)
    axes[-1].set_xticks(years[:: 2 if narrow() else 4])
    return figure


@drawn
def intervals(rows: dict[str, tuple[float, float, float]], label: str) -> Figure:
    """One line a city: estimate, lower and upper end; Beijing and Tianjin in their colours."""
    figure, axis = chart(0.24 * len(rows) + 0.7)
    order = sorted(rows, key=lambda name: rows[name][0])
    for place, name in enumerate(order):
        middle, low, high = rows[name]
        posterior(axis, place, low, middle, high, palette.place(name))
    axis.set_yticks(range(len(rows)), order)
    axis.tick_params(axis="y", length=0)
    axis.set_xlim(0, None)
    axis.set_xlabel(label)
    return figure
