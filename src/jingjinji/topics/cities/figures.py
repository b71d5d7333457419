"""Figures of the chapter on low-carbon efficiency: each function takes arrays and returns one Figure."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from jingjinji.show.figures import ACCENT, COLOURS, INK, SECOND, SOFT, band, chart, grid, interval, key

STYLES = {"EDGAR": (SECOND, "-"), "sum of counties": (SOFT, "-"), "CEADs": (ACCENT, "--")}


def paths(years: np.ndarray, series: dict[str, dict[str, np.ndarray]], label: str) -> Figure:
    """One small chart a city, one line a source (year,), on a common logarithmic axis."""
    figure, axes = grid(series, 1.25, 3, 0.4)
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
    figure.supylabel(label, fontsize=8.5)
    key(figure, 3, handlelength=1.6, columnspacing=1.2)
    return figure


def rank_map(probabilities: dict[str, np.ndarray], cities) -> Figure:
    """Probability of each rank (city, rank) as shades with figures in per cent, one panel a criterion."""
    figure, axes = grid(probabilities, 2.15, sharey=False)
    for axis, values in zip(axes, probabilities.values(), strict=True):
        axis.imshow(values, cmap="crest", vmin=0, vmax=1, aspect="auto", alpha=0.85)
        for row, column in np.argwhere(values >= 0.05):
            dark = values[row, column] > 0.45
            axis.text(column, row, f"{100 * values[row, column]:.0f}", ha="center", va="center", fontsize=8,
                      color="white" if dark else INK)  # fmt: skip
        axis.set_yticks(range(len(cities)), cities)
        axis.set_xticks(range(values.shape[1]), range(1, values.shape[1] + 1))
        axis.tick_params(length=0)
        for spine in axis.spines.values():
            spine.set_visible(False)
    axes[-1].set_xlabel("rank (figures: probability in %, from 5 % on)")
    return figure


def check(names, drawn: np.ndarray, seen: np.ndarray) -> Figure:
    """Statistics (draw, statistic) of figures drawn anew against those seen, each on its own axis."""
    figure, axes = grid(names, 0.7, above=0.6, sharex=False, sharey=False)
    for axis, new, old in zip(axes, drawn.T, seen.T, strict=True):
        low, _, high = interval(new)
        axis.plot([low, high], [0, 0], color=SECOND, lw=6, solid_capstyle="butt", label="drawn anew")
        axis.axvline(np.median(old), color=ACCENT, lw=1.6, label="figures")
        axis.set_yticks([])
        axis.set_ylim(-0.8, 0.8)
        axis.spines["left"].set_visible(False)
    key(figure, 2, handlelength=1.4)
    return figure


def yearly(years: np.ndarray, draws: dict[str, np.ndarray]) -> Figure:
    """One panel a quantity: draws (draw, year) as median and 94 % band."""
    figure, axes = grid(draws, 1.7, sharey=False)
    for axis, values in zip(axes, draws.values(), strict=True):
        band(axis, years, values)
        axis.set_ylim(0, None)
    axes[-1].set_xticks(years[::2])
    return figure


def intervals(rows: dict[str, tuple[float, float, float]], label: str) -> Figure:
    """One line a city: estimate, lower and upper end; Beijing and Tianjin in their colours."""
    figure, axis = chart(0.24 * len(rows) + 0.7)
    for place, (name, (middle, low, high)) in enumerate(rows.items()):
        colour = COLOURS.get(name, INK)
        axis.plot([low, high], [place, place], color=colour, lw=2, solid_capstyle="butt")
        axis.plot(middle, place, "o", color=colour, ms=5)
    axis.set_yticks(range(len(rows)), list(rows))
    axis.tick_params(axis="y", length=0)
    axis.invert_yaxis()
    axis.set_xlim(0, None)
    axis.set_xlabel(label)
    return figure
