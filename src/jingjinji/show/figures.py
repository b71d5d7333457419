"""The shared look, and figures that several chapters have: each function takes arrays and returns one Figure."""

import textwrap
from collections.abc import Collection

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from jingjinji.core.findings import PROBABILITY, Finding

WIDTH = 4.3
INK, SOFT = "#1f2937", "#9ca3af"
COLOURS = {"Beijing": "#b91c1c", "Tianjin": "#1d4ed8", "Hebei": "#047857", "All thirteen cities": "#374151"}
ACCENT, SECOND = "#b45309", "#0e7490"
TAIL = 100 * (1 - PROBABILITY) / 2
IN_A_ROW = 3
LINE = 60
"""Letters of a title, or below an axis, that fit the width of a figure."""
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def use_house_style() -> None:
    """Set the look of every figure of a page, and SVG as its format."""
    import matplotlib_inline.backend_inline

    matplotlib_inline.backend_inline.set_matplotlib_formats("svg", metadata={"Date": None})
    sns.set_theme(
        style="ticks",
        rc={
            "font.size": 8.5,
            "axes.labelsize": 8.5,
            "axes.titlesize": 8.5,
            "axes.linewidth": 0.8,
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
            "xtick.major.size": 3,
            "ytick.major.size": 3,
            "legend.fontsize": 8,
            "axes.edgecolor": INK,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "savefig.dpi": 160,
            "svg.fonttype": "path",
            "svg.hashsalt": "jingjinji",
            "figure.constrained_layout.use": True,
            "legend.frameon": False,
        },
    )


def chart(height: float) -> tuple[Figure, Axes]:
    """A figure of one chart. Pyplot does not know it, so a notebook shows it once, where it is returned."""
    figure = Figure(figsize=(WIDTH, height))
    return figure, figure.subplots()


def grid(titles: Collection, height: float, columns: int = 1, above: float = 0, **keywords) -> tuple[Figure, list]:
    """A figure of charts, one a title, and their axes; places that are left over stay empty.

    Parameters
    ----------
    height : of a row of charts, in inches; `above` of what all charts have in common.
    keywords : of ``Figure.subplots``. Axes are shared where they do not say otherwise.
    """
    count, rows = len(titles), -(-len(titles) // columns)
    figure = Figure(figsize=(WIDTH, height * rows + above))
    axes = figure.subplots(rows, columns, squeeze=False, **{"sharex": True, "sharey": True} | keywords).ravel()
    for axis, title in zip(axes, titles, strict=False):
        axis.set_title(title, loc="left")
    for axis in axes[count:]:
        axis.set_axis_off()
    for axis in axes[max(0, count - columns) : count]:
        axis.tick_params(labelbottom=True)
    return figure, list(axes[:count])


def interval(draws: np.ndarray) -> np.ndarray:
    """Lower end, median and upper end of the 94 % in the middle of draws (draw, ...)."""
    return np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)


def band(axis: Axes, x, draws: np.ndarray, colour=SECOND, alpha=0.25, width=1.6, label=None, median=None) -> None:
    """Draws (draw, x) as their median and 94 % band; `label` names the band in a legend, `median` the line."""
    low, middle, high = interval(draws)
    axis.fill_between(x, low, high, color=colour, alpha=alpha, lw=0, label=label)
    axis.plot(x, middle, color=colour, lw=width, label=median)


def key(figure: Figure, columns: int, **keywords) -> None:
    """One legend above all charts of a figure: what the first of them names."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, **{"loc": "outside upper center", "ncols": columns} | keywords)


def forest(groups: dict[str, list[tuple[str, Finding]]], label: str, reference: float | None = None) -> Figure:
    """Estimates with 94 % highest-density intervals, one row a finding, one block a group."""
    rows = sum(len(group) for group in groups.values()) + len(groups)
    figure, axis = chart(0.21 * rows + 0.7)
    position, ticks, names = 0, [], []
    for title, group in groups.items():
        axis.text(0.01, position, title, transform=axis.get_yaxis_transform(), weight="bold", va="center", fontsize=8)
        position -= 1
        for name, finding in group:
            low, high = finding.hdi
            axis.plot([low, high], [position, position], color=INK, lw=2, solid_capstyle="butt")
            axis.plot(finding.estimate, position, "o", color=ACCENT, ms=5)
            ticks.append(position)
            names.append(name)
            position -= 1
    if reference is not None:
        axis.axvline(reference, color=SOFT, lw=1, ls="--")
    axis.set_yticks(ticks, names)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(position + 0.3, 0.7)
    axis.set_xlabel(label)
    return figure


def prior_and_posterior(prior: np.ndarray, posterior: np.ndarray, label: str, marks: dict[str, float]) -> Figure:
    """Densities of one quantity before and after the data, with named reference lines."""
    figure, axis = chart(2.5)
    sns.kdeplot(prior, ax=axis, color=SOFT, fill=True, alpha=0.3, lw=1.2, label="prior")
    sns.kdeplot(posterior, ax=axis, color=ACCENT, fill=True, alpha=0.3, lw=1.6, label="posterior")
    for (name, value), style in zip(marks.items(), ("--", ":"), strict=False):
        axis.axvline(value, color=INK, lw=1, ls=style, label=name)
    axis.set_xlabel(label)
    axis.set_yticks([])
    axis.set_ylabel("")
    axis.spines["left"].set_visible(False)
    key(figure, 2)
    return figure


def prior_predictive(panels: dict[str, tuple[np.ndarray, np.ndarray]], label: str, columns: int = 2) -> Figure:
    """What the priors alone expect against what was measured: name -> (drawn, measured), histograms on a log axis.

    Bars are shares of all values, so that many draws compare with few figures; values at or below zero are left out.
    """
    columns = min(columns, len(panels))
    figure, axes = grid(panels, 1.35, columns, 0.75, sharex=False, sharey=False)
    for axis, (drawn, measured) in zip(axes, panels.values(), strict=True):
        drawn, measured = (np.asarray(values)[np.asarray(values) > 0] for values in (drawn, measured))
        low, high = np.percentile(drawn, [0.5, 99.5])
        low, high = min(low, measured.min()), max(high, measured.max())
        bins = np.geomspace(low, 1.0001 * high, 31)
        for values, colour, name in ((drawn, SOFT, "prior"), (measured, ACCENT, "measured")):
            kept = np.clip(values, low, high)
            axis.hist(kept, bins, weights=np.full(kept.size, 1 / kept.size), color=colour, alpha=0.6, label=name)
        axis.set_xscale("log")
        ticks = [10.0**power for power in range(int(np.ceil(np.log10(low))), int(np.floor(np.log10(high))) + 1)]
        ticks = ticks[:: -(-len(ticks) // (6 - columns))]
        axis.set_xticks(ticks, [_power(tick) for tick in ticks])
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
    figure.supxlabel(label, fontsize=8.5)
    key(figure, 2)
    return figure


def _power(value: float) -> str:
    """A power of ten as it is printed on an axis."""
    return f"{value:,g}" if value < 1e4 else "10" + f"{np.log10(value):.0f}".translate(RAISED)


def predictive_check(
    panels: dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]], label: str, columns: int = 1
) -> Figure:
    """Statistics drawn anew against measured ones: name -> (groups, {statistic: (drawn (draw, group), measured)})."""
    figure, axes = grid([textwrap.fill(title, LINE) for title in panels], 1.5, columns, 0.8, sharex=False, sharey=False)
    for axis, (groups, statistics) in zip(axes, panels.values(), strict=True):
        place = np.arange(len(groups))
        shifts = np.linspace(-0.16, 0.16, len(statistics)) if len(statistics) > 1 else [0.0]
        for shift, colour, (name, (drawn, measured)) in zip(shifts, (SECOND, ACCENT), statistics.items(), strict=False):
            there = np.isfinite(measured)
            low, _, high = interval(drawn[:, there])
            axis.vlines(
                place[there] + shift, low, high, color=colour, lw=4, alpha=0.4, label=f"{name}, drawn anew (94 %)"
            )
            axis.plot(place + shift, measured, "o", color=colour, ms=3, label=f"{name}, measured")
        axis.set_yscale("log")
        ticks = _few_ticks(*axis.get_ylim())
        axis.set_yticks(ticks, [f"{tick:,g}" for tick in ticks])
        axis.yaxis.set_minor_locator(NullLocator())
        tilt = {"rotation": 45, "ha": "right"} if len("".join(groups)) > LINE / columns else {}
        axis.set_xticks(place, groups, **tilt)
    figure.supylabel(label, fontsize=8.5)
    key(figure, 2, handlelength=1, columnspacing=1)
    return figure


def _few_ticks(low: float, high: float) -> list[float]:
    """Two to five round numbers of a logarithmic axis, or as many as there are."""
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7), range(1, 10)):
        ticks = [step * 10.0**power for power in range(-4, 7) for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) > 1:
            break
    return ticks


def model_graph(parents: dict[str, set[str]], observed: tuple[str, ...]) -> Figure:
    """Variables of a model from causes (top) to data (bottom), an arrow for each dependence."""
    depth: dict[str, int] = {}

    def rank(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((rank(parent) for parent in parents[name]), default=-1)
        return depth[name]

    for name in parents:
        rank(name)
    children = {name: [child for child, causes in parents.items() if name in causes] for name in parents}
    for name in sorted(parents, key=depth.get, reverse=True):
        if children[name]:
            depth[name] = max(depth[name], min(depth[child] for child in children[name]) - 1)
    place, top = {}, 0.0
    for level in range(max(depth.values()) + 1):
        names = sorted(name for name in parents if depth[name] == level)
        rows = -(-len(names) // IN_A_ROW)
        for row, members in enumerate(np.array_split(names, rows)):
            for column, name in enumerate(members):
                place[name] = ((column + 0.5) / len(members) + (0.06 if row % 2 else 0), -(top + row))
        top += rows + 0.6
    figure, axis = chart(0.5 * top)
    for name, causes in parents.items():
        for cause in sorted(causes):
            axis.annotate("", place[name], place[cause], arrowprops={"arrowstyle": "->", "color": SOFT, "shrinkA": 9,
                          "shrinkB": 9, "lw": 0.8})  # fmt: skip
    for name, (x, y) in place.items():
        colour = "#fde68a" if name in observed else "white"
        axis.text(x, y, name, ha="center", va="center", fontsize=8, zorder=3,
                  bbox={"boxstyle": "round", "fc": colour, "ec": INK, "lw": 0.7})  # fmt: skip
    axis.set_xlim(0, 1)
    axis.set_ylim(-top + 0.4, 0.5)
    axis.set_axis_off()
    return figure
