"""The grammar of figures, and figures that several chapters have: each function takes arrays and returns one Figure.

One colour a place (`palette`). A dot with a bar or a line with a band is what a model says (`posterior`, `band`),
a hollow diamond what somebody published (`published`), a small dot what was measured (`raw`), grey what was believed
before.
Every function that is `drawn` draws its figure twice: as wide as a page's text, and as wide as a phone. Its data are
read off its charts (`plotted`): a label that begins with a line, ``_Baoding``, names a series there and in no legend.
"""

import textwrap
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.ticker import NullLocator

from jingjinji.core.errors import DataError
from jingjinji.core.findings import PROBABILITY, Finding
from jingjinji.show import palette, plotted, sheets, vector

INK, SOFT, FAINT, PAPER = (palette.INKS[name].light for name in ("ink", "soft", "faint", "paper"))
MODEL, MARK, KNOWN = (palette.INKS[name].light for name in ("model", "mark", "known"))
MANY = 10
TAIL = 100 * (1 - PROBABILITY) / 2
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Layout(NamedTuple):
    """How wide a figure is (inches), how large its letters are (points), and how many charts stand side by side."""

    width: float
    size: float
    columns: int


WIDE, NARROW = Layout(6.9, 10, 4), Layout(3.6, 9, 2)
"""9 points of a figure of 3.6 inches are 12 pixels on a phone of 390, where it is a little wider than drawn."""
_LAYOUT: ContextVar[Layout] = ContextVar("layout", default=WIDE)
_SIZE_OF_HEIGHTS = 8.5
_LETTER, _BOLD = 0.6, 1.1
"""Mean width of a letter as a part of its size, rather too much than too little; how much wider a bold one is."""


def use_house_style() -> None:
    """Set the look of every figure of a page, and SVG in both widths as its format.

    A letter that Matplotlib's font lacks is no warning: text of an SVG stays text, and browsers have fonts for it.
    """
    warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
    sns.set_theme(
        style="ticks",
        rc={
            "font.size": WIDE.size,
            **dict.fromkeys(
                ("axes.labelsize", "axes.titlesize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize",
                 "legend.title_fontsize", "figure.labelsize", "figure.titlesize"), "medium"),
            "axes.titlelocation": "left",
            "axes.linewidth": 0.8,
            "xtick.major.size": 3,
            "ytick.major.size": 3,
            **dict.fromkeys(("axes.edgecolor", "axes.labelcolor", "text.color", "xtick.color", "ytick.color"), INK),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.facecolor": "none",
            "figure.facecolor": "none",
            "savefig.facecolor": "none",
            "svg.fonttype": "none",
            "svg.hashsalt": "jingjinji",
            "figure.constrained_layout.use": True,
            "legend.frameon": False,
        },
    )  # fmt: skip
    _show_as_svg()


def _show_as_svg() -> None:
    from IPython import get_ipython

    if (shell := get_ipython()) is not None:
        for mime, formatter in shell.display_formatter.formatters.items():
            formatter.pop(Figure, None)
            if mime == "image/svg+xml":
                formatter.for_type(Figure, svg)


def svg(figure: Figure) -> str:
    """A figure in both widths with its data, as one file; StrangeColour for a colour that is not of the palette."""
    return vector.both(figure, getattr(figure, "narrow", None), sheets.csv(plotted.rows(figure)))


def drawn(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Let a function draw its figure in both widths: it gives the wide one, whose `narrow` is the one for a phone."""

    @wraps(draw)
    def in_both(*arguments, **keywords) -> Figure:
        figures = []
        for layout in (NARROW, WIDE):
            with laid_out(layout):
                figure = draw(*arguments, **keywords)
                figure.draw_without_rendering()
                figures.append(figure)
        figures[1].narrow = figures[0]
        return figures[1]

    return in_both


@contextmanager
def laid_out(layout: Layout) -> Iterator[None]:
    """Draw in one width."""
    token = _LAYOUT.set(layout)
    try:
        with mpl.rc_context({"font.size": layout.size}):
            yield
    finally:
        _LAYOUT.reset(token)


def narrow() -> bool:
    """Whether what is drawn now is for a phone."""
    return _LAYOUT.get() is NARROW


def scaled(height: float) -> float:
    """A height in inches that goes with the size of the letters."""
    return height * _LAYOUT.get().size / _SIZE_OF_HEIGHTS


def letters(share: float = 1) -> int:
    """How many letters fit into a share of the width of a figure."""
    layout = _LAYOUT.get()
    return int(share * layout.width * 72 / (_LETTER * layout.size))


def wrapped(text: str, share: float = 1) -> str:
    """A text in lines that fit into a share of the width of a figure."""
    return textwrap.fill(text, letters(share), break_long_words=False)


def chart(height: float) -> tuple[Figure, Axes]:
    """A figure of one chart. Pyplot does not know it, so a notebook shows it once, where it is returned."""
    figure = Figure(figsize=(_LAYOUT.get().width, scaled(height)))
    return figure, figure.subplots()


def grid(titles: Collection, height: float, columns: int = 1, above: float = 0, **keywords) -> tuple[Figure, list]:
    """A figure of charts, one a title, and their axes; places that are left over stay empty.

    Parameters
    ----------
    height : of a row of charts, in inches; `above` of what all charts have in common.
    columns : on a page; a phone has `NARROW.columns` at most.
    keywords : of ``Figure.subplots``. Axes are shared where they do not say otherwise.
    """
    columns = min(columns, _LAYOUT.get().columns, len(titles))
    count, rows = len(titles), -(-len(titles) // columns)
    figure = Figure(figsize=(_LAYOUT.get().width, scaled(height * rows + above)))
    axes = figure.subplots(rows, columns, squeeze=False, **{"sharex": True, "sharey": True} | keywords).ravel()
    for axis, title in zip(axes, titles, strict=False):
        axis.set_title(wrapped(str(title), 0.9 / columns), loc="left")
    for axis in axes[count:]:
        axis.set_axis_off()
    for axis in axes[max(0, count - columns) : count]:
        axis.tick_params(labelbottom=True)
    return figure, list(axes[:count])


def interval(draws: np.ndarray) -> np.ndarray:
    """Lower end, median and upper end of the 94 % in the middle of draws (draw, ...)."""
    return np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)


def band(axis: Axes, x, draws: np.ndarray, colour=MODEL, alpha=0.25, width=1.6, label=None, median=None) -> None:
    """What a model says: draws (draw, x) as their median and 94 % band; `label` names the band, `median` the line."""
    low, middle, high = interval(draws)
    axis.fill_between(x, low, high, color=colour, alpha=alpha, lw=0, label=label)
    axis.plot(x, middle, color=colour, lw=width, label=median)


def posterior(axis: Axes, place, low, middle, high, colour=MODEL, across: bool = True, label=None, size=5) -> None:
    """What a model says: dots with bars from low to high, lying (`across`) or upright."""
    (axis.hlines if across else axis.vlines)(place, low, high, color=colour, lw=2)
    x, y = (middle, place) if across else (place, middle)
    axis.plot(x, y, "o", color=colour, ms=size, label=label)


def published(axis: Axes, x, y, label=None, colour=INK, size=5) -> None:
    """What somebody published: hollow diamonds."""
    axis.plot(x, y, "D", color=PAPER, mec=colour, mew=1.2, ms=size, label=label, ls="")


def raw(axis: Axes, x, y, label=None, colour=INK, size=2.6, line: float = 0) -> None:
    """What was measured: small dots, joined by a line of that width if there is one."""
    axis.plot(x, y, "o", color=colour, ms=size, label=label, ls="-" if line else "", lw=line)


def key(figure: Figure, columns: int = 4, **keywords) -> None:
    """One legend above all charts of a figure: what they name, in as many columns as fit, at most `columns`."""
    named = {}
    for axis in figure.axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    legend(figure, list(named.values()), list(named), columns, **keywords)


def legend(figure: Figure, handles: list, labels: list[str], columns: int = 4, **keywords) -> None:
    """A legend above all charts, in as many columns as fit the width, at most `columns`."""
    for count in range(min(columns, len(labels)), 0, -1):
        wide = sum(6.5 + max(map(len, column)) for column in np.array_split(np.array(labels, dtype=object), count))
        if wide <= letters():
            break
    labels = [wrapped(label, 0.85) for label in labels]
    style = {"loc": "outside upper left", "ncols": count, "handlelength": 1.2, "columnspacing": 1.2,
             "handler_map": {tuple: HandlerTuple(None)}, "alignment": "left"}  # fmt: skip
    figure.legend(handles, labels, **style | keywords)


def name_ends(axis: Axes, ends: dict[str, tuple[float, float, str]], height: float, room: float | None = None) -> None:
    """Name lines at their right ends, name -> (x, y, colour), each as near as the others let it.

    height : of the chart in inches, as `chart` was given it; room : what part of the width the names take.
    """
    low, high = axis.get_ylim()
    to, back = (np.log, np.exp) if axis.get_yscale() == "log" else (np.asarray, np.asarray)
    gap = (to(high) - to(low)) * 1.15 * _LAYOUT.get().size / (72 * scaled(height) * 0.8)
    order = sorted(ends, key=lambda name: ends[name][1])
    places = [float(to(ends[name][1])) for name in order]
    for _ in range(200):
        for one in range(len(places) - 1):
            short = gap - (places[one + 1] - places[one])
            if short > 1e-9:
                places[one] -= short / 2
                places[one + 1] += short / 2
    longest = max(len(line) for name in ends for line in name.split("\n"))
    room = (longest + 1.5) / letters() if room is None else room
    left, right = axis.get_xlim()
    axis.set_xticks([tick for tick in axis.get_xticks() if left <= tick <= right])
    axis.set_xlim(left, left + (right - left) / (1 - room))
    for name, y in zip(order, places, strict=True):
        x, _, colour = ends[name]
        axis.annotate(name, (x, back(y)), xytext=(5, 0), textcoords="offset points", va="center", color=colour,
                      annotation_clip=False)  # fmt: skip


@drawn
def forest(
    groups: dict[str, list[tuple[str, Finding]]],
    label: str,
    reference: float | None = None,
    log: bool = False,
    beside: tuple[str, dict[str, float]] | None = None,
) -> Figure:
    """Estimates with 94 % highest-density intervals, one row a finding, one block a group.

    beside : what numbers are that rows have beside their estimates, and row -> number; they are hollow diamonds.

    What comes from a table and no model has the mark of published figures, with its range if it has one. Blocks of
    `MANY` rows or more are sorted by their estimates.
    """
    groups = {title: sorted(group, key=lambda row: row[1].estimate) if len(group) >= MANY else group
              for title, group in groups.items()}  # fmt: skip
    share = 0.34 if narrow() else 0.4
    names = [[wrapped(name, share) for name, _ in group] for group in groups.values()]
    lines = sum(0.85 + 0.65 * text.count("\n") for block in names for text in block) + sum(map(bool, groups))
    figure, axis = chart(0.21 * lines + 0.75)
    position, ticks, shown, marks, rows = 0.0, [], [], set(), []
    for (title, group), block in zip(groups.items(), names, strict=True):
        if title:
            axis.text(0, position, title, transform=axis.get_yaxis_transform(), weight="bold", va="center")
            position -= 1
        for (name, finding), text in zip(group, block, strict=True):
            position -= 0.325 * text.count("\n")
            low, high = finding.hdi
            if finding.model == "table":
                axis.plot([low, high], [position] * 2, color=INK, lw=1)
                published(axis, finding.estimate, position)
            else:
                posterior(axis, position, low, finding.estimate, high, palette.place(name, MODEL))
            if beside and name in beside[1]:
                published(axis, beside[1][name], position)
                rows.append((title, name, beside[0], beside[1][name], None, None))
            marks.add(finding.model == "table")
            rows.append(
                (title, name, "published" if finding.model == "table" else "model", finding.estimate, low, high)
            )
            ticks.append(position)
            shown.append(text)
            position -= 0.85 + 0.325 * text.count("\n")
    if reference is not None:
        axis.axvline(reference, color=SOFT, lw=1, ls="--", zorder=0)
        rows.append(("", "", "reference", reference, None, None))
    if log:
        axis.set_xscale("log")
        ends = _few_ticks(*axis.get_xlim())
        axis.set_xticks(ends, [f"{end:,g}" for end in ends])
        axis.xaxis.set_minor_locator(NullLocator())
    axis.set_yticks(ticks, shown)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(position + 0.2, 0.7)
    axis.set_xlabel(wrapped(label, 1 - share))
    if len(marks) > 1:
        posterior(axis, [], [], [], [], label="model, with 94 % interval")
        published(axis, [], [], label="published")
        key(figure)
    elif beside:
        posterior(axis, [], [], [], [], label="model, with 94 % interval")
        published(axis, [], [], label=beside[0])
        key(figure)
    told = pd.DataFrame(rows, columns=["group", "name", "shown as", label, f"{label} low", f"{label} high"])
    return plotted.tell(figure, told if any(groups) else told.drop(columns="group"))


@drawn
def prior_and_posterior(
    prior: np.ndarray, posterior: np.ndarray, label: str, marks: dict[str, float], powers: bool = False
) -> Figure:
    """Densities of one quantity before and after the data, with named reference lines.

    powers : draws and marks are logarithms to base ten; the axis says the numbers themselves.
    """
    figure, axis = chart(2.3)
    sns.kdeplot(prior, ax=axis, color=SOFT, fill=True, alpha=0.3, lw=1.2, label="prior")
    sns.kdeplot(posterior, ax=axis, color=MODEL, fill=True, alpha=0.3, lw=1.6, label="posterior")
    for (name, value), style in zip(marks.items(), ("--", ":"), strict=False):
        axis.axvline(value, color=INK, lw=1, ls=style, label=name)
    if powers:
        plotted.in_powers(axis.xaxis)
        ticks = _few_ticks(*(10**end for end in axis.get_xlim()))
        axis.set_xticks(np.log10(ticks), [f"{tick:,g}" for tick in ticks])
    axis.set_xlabel(wrapped(label))
    _without_heights(axis)
    key(figure)
    return figure


def _without_heights(axis: Axes) -> None:
    axis.set_yticks([])
    axis.set_ylabel("")
    axis.spines["left"].set_visible(False)


@drawn
def prior_predictive(panels: dict[str, tuple[np.ndarray, np.ndarray]], label: str, columns: int = 2) -> Figure:
    """What the priors alone expect against what was measured: name -> (drawn, measured), histograms on a log axis.

    Bars are shares of all values, so that many draws compare with few figures; values at or below zero are left out.
    Raises DataError where the priors do not allow a wider range than was measured, as captions say they do.
    """
    figure, axes = grid(panels, 1.35, columns, 0.6, sharex=False, sharey=False)
    columns = min(columns, _LAYOUT.get().columns, len(panels))
    for axis, (name, (expected, measured)) in zip(axes, panels.items(), strict=True):
        expected, measured = (np.asarray(values)[np.asarray(values) > 0] for values in (expected, measured))
        (low, high), (least, most) = (np.percentile(values, [0.5, 99.5]) for values in (expected, measured))
        if low > least or high < most:
            raise DataError(
                f"{name}: the priors allow {low:.3g} to {high:.3g}, which is no wider than what was measured, "
                f"{least:.3g} to {most:.3g}: mend the priors or the headline of the figure"
            )
        low, high = min(low, measured.min()), max(high, measured.max())
        bins = np.geomspace(low, 1.0001 * high, 31)
        bars = {"color": SOFT, "alpha": 0.5, "label": "prior"}
        line = {"histtype": "step", "color": INK, "lw": 1.3, "label": "measured"}
        for values, style in ((expected, bars), (measured, line)):
            kept = np.clip(values, low, high)
            axis.hist(kept, bins, weights=np.full(kept.size, 1 / kept.size), **style)
        axis.set_xscale("log")
        ticks = [10.0**power for power in range(int(np.ceil(np.log10(low))), int(np.floor(np.log10(high))) + 1)]
        if len(ticks) < 2:
            ticks = _few_ticks(low, high)
        ticks = ticks[:: -(-len(ticks) // (6 - columns))]
        axis.set_xticks(ticks, [_power(tick) for tick in ticks])
        axis.xaxis.set_minor_locator(NullLocator())
        _without_heights(axis)
    figure.supxlabel(wrapped(label))
    key(figure)
    return figure


def _power(value: float) -> str:
    """A power of ten as it is printed on an axis."""
    return f"{value:,g}" if value < 1e4 else "10" + f"{np.log10(value):.0f}".translate(RAISED)


@drawn
def predictive_check(
    panels: dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]], label: str, columns: int = 1
) -> Figure:
    """Statistics drawn anew against measured ones: name -> (groups, {statistic: (drawn (draw, group), measured)})."""
    columns = min(columns, _LAYOUT.get().columns)
    tilts = [len(" ".join(groups)) > letters(0.85 / columns) for groups, _ in panels.values()]
    figure, axes = grid(panels, 1.5, columns, 0.6 + 0.5 * sum(tilts) / columns, sharex=False, sharey=False)
    for axis, tilted, (groups, statistics) in zip(axes, tilts, panels.values(), strict=True):
        place = np.arange(len(groups))
        shifts = np.linspace(-0.16, 0.16, len(statistics)) if len(statistics) > 1 else [0.0]
        for shift, colour, (name, (anew, measured)) in zip(shifts, (MODEL, MARK), statistics.items(), strict=False):
            there = np.isfinite(measured)
            low, _, high = interval(anew[:, there])
            axis.vlines(
                place[there] + shift, low, high, color=colour, lw=5, alpha=0.4, label=f"{name}, drawn anew (94 %)"
            )
            raw(axis, place + shift, measured, f"{name}, measured", INK if len(statistics) == 1 else colour, 3)
        axis.set_yscale("log")
        ticks = _few_ticks(*axis.get_ylim())
        axis.set_yticks(ticks, [f"{tick:,g}" for tick in ticks])
        axis.yaxis.set_minor_locator(NullLocator())
        axis.set_xticks(place, groups, **({"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if tilted else {}))
    figure.supylabel(wrapped(label, figure.get_figheight() / figure.get_figwidth()))
    key(figure, 2)
    return figure


def _few_ticks(low: float, high: float) -> list[float]:
    """Two to six round numbers of a logarithmic axis, or as many as there are."""
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7), range(1, 10), np.arange(10, 100, 5) / 10,
                  np.arange(100, 1000, 20) / 100, np.arange(100, 1000, 10) / 100):  # fmt: skip
        ticks = [step * 10.0**power for power in range(-4, 7) for step in steps]
        ticks = [float(f"{tick:.6g}") for tick in ticks if low <= tick <= high]
        if len(ticks) > 1:
            break
    return ticks[:: -(-len(ticks) // 6)] if len(ticks) > 6 else ticks


@drawn
def model_graph(parents: dict[str, set[str]], observed: tuple[str, ...]) -> Figure:
    """Variables of a model from causes (top) to data (bottom), an arrow for each dependence; data are yellow."""
    words = {name: textwrap.fill(name, 13, break_long_words=False) for name in parents}
    half = {name: np.array([max(map(len, text.split("\n"))) * 0.5 * _LETTER + 0.6, 0.62 * text.count("\n") + 1.1])
            * _LAYOUT.get().size for name, text in words.items()}  # fmt: skip
    width, gap = 72 * _LAYOUT.get().width, 2.2 * _LAYOUT.get().size
    in_a_row = max(1, int(width // (2 * max(size[0] for size in half.values()) + 8)))
    place = _places(_rows(parents, min(in_a_row, 5)), parents, half, width, gap)
    top = gap / 2 - min(place[name][1] - half[name][1] for name in place)
    figure = Figure(figsize=(_LAYOUT.get().width, (top - gap / 2) / 72), layout="none")
    axis = figure.add_axes((0, 0, 1, 1))
    boxes = {
        name: axis.text(*place[name], text, ha="center", va="center", zorder=3, gid="node",
                        bbox={"boxstyle": "round", "fc": KNOWN if name in observed else PAPER, "ec": INK, "lw": 0.8})
        for name, text in words.items()
    }  # fmt: skip
    for name, causes in parents.items():
        for cause in sorted(causes):
            others = [one for one in parents if one not in (name, cause)]
            bend = min(BENDS, key=lambda rad: (_hits(place, half, cause, name, others, rad), abs(rad)))
            arrow(axis, boxes[cause], boxes[name], bend)
    axis.set_xlim(0, width)
    axis.set_ylim(gap / 2 - top, 0)
    axis.set_axis_off()
    edges = [(name, cause, name in observed) for name, causes in parents.items() for cause in sorted(causes) or [""]]
    return plotted.tell(figure, pd.DataFrame(edges, columns=["variable", "depends on", "is data"]))


BENDS = (0, 0.12, -0.12, 0.25, -0.25, 0.4, -0.4, 0.55, -0.55)


def arrow(axis: Axes, start, end, bend: float = 0, colour: str = SOFT) -> None:
    """An arrow from the edge of one text's box to the edge of another's, whose head lies on no box."""
    axis.annotate(
        "", end.get_position(), start.get_position(), zorder=4,
        arrowprops={"arrowstyle": "-|>,head_width=0.22,head_length=0.5", "color": colour, "lw": 1, "shrinkA": 1,
                    "shrinkB": 1, "patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch(),
                    "connectionstyle": f"arc3,rad={bend}"},
    )  # fmt: skip


def _places(rows: list[list[str]], parents: dict, half: dict, width: float, gap: float) -> dict[str, np.ndarray]:
    """Where the middle of each box lies (points): in each row neighbours are exchanged as long as arrows gain by it."""

    def placed() -> dict[str, np.ndarray]:
        place, top = {}, 0.0
        for row, members in enumerate(rows):
            height = max(half[name][1] for name in members)
            free = width / len(members) - 2 * max(half[name][0] for name in members)
            for column, name in enumerate(members):
                x = (column + 0.5) * width / len(members) + 0.35 * (-1) ** row * max(free, 0)
                place[name] = np.array([np.clip(x, half[name][0] + 2, width - half[name][0] - 2), -top - height])
            top += 2 * height + gap
        return place

    def cost() -> float:
        place, total = placed(), 0.0
        for name, causes in parents.items():
            for cause in causes:
                others = [one for one in place if one not in (name, cause)]
                total += min(_hits(place, half, cause, name, others, bend, 12) for bend in (0, 0.25, -0.25))
                total += 0.3 * abs(place[name][0] - place[cause][0]) / width
        return total

    best = cost()
    for _ in range(4):
        before = best
        for members in rows:
            for one in range(len(members)):
                for other in range(one):
                    members[one], members[other] = members[other], members[one]
                    if (now := cost()) < best - 1e-9:
                        best = now
                    else:
                        members[one], members[other] = members[other], members[one]
        if best == before:
            break
    return placed()


def _hits(place: dict, half: dict, start: str, end: str, others: list[str], bend: float, points: int = 40) -> int:
    """How many of the `others` a bent line from one box to another crosses."""
    if not others:
        return 0
    middles, sizes = np.array([place[one] for one in others]), np.array([half[one] for one in others])
    (x, y), along = (place[start] + place[end]) / 2, place[end] - place[start]
    control = np.array([x + bend * along[1], y - bend * along[0]])
    t = np.linspace(0, 1, points)[:, None]
    line = (1 - t) ** 2 * place[start] + 2 * t * (1 - t) * control + t**2 * place[end]
    inside = (np.abs(line[:, None] - middles) < sizes + 2).all(axis=2)
    return int(inside.any(axis=0).sum())


def _rows(parents: dict[str, set[str]], most: int) -> list[list[str]]:
    """Variables by rank, causes first, at most so many a row; the last causes stand just above what they cause."""
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
    rows = []
    for level in range(max(depth.values()) + 1):
        names = sorted(name for name in parents if depth[name] == level)
        rows += [list(members) for members in np.array_split(names, -(-len(names) // most))]
    return rows
