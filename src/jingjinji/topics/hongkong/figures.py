"""Figures of the chapters on governance, on Hong Kong and of the conclusions; each returns one Figure."""

import textwrap

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jingjinji.show.figures import ACCENT, INK, SECOND, SOFT, TAIL, WIDTH

KIND_COLOURS = {
    "plan": "#1d4ed8", "agreement": "#047857", "alert rule": "#b91c1c", "enforcement": "#be185d", "campaign": "#b45309",
    "closure": "#4b5563", "heating": "#0e7490", "measurement": "#111827", "event": "#9ca3af",
}  # fmt: skip
INCH_OF_LETTER = 0.061
"""Width of a letter of 8 points, rather too much than too little."""
ROW = 0.178
LINE = 44
"""Letters in a line of a question above its row."""


def timeline(acts: pd.DataFrame, first: int, last: int) -> Figure:
    """Acts one below another in order of their dates, from year `first` to `last`, coloured by kind.

    acts : label, kind, start, end, precision, parts. A hollow mark: the day is not known. Words stand after the bar, or
    before it where there is no room; a bar that is as long as the figure has them on it. What ended before `first`
    says when.
    """
    figure = Figure(figsize=(WIDTH, ROW * len(acts) + 1.1))
    axis = figure.subplots()
    inch = (WIDTH - 0.25) / (last - first)
    for row, act in enumerate(acts.itertuples()):
        colour, hollow = KIND_COLOURS[act.kind], act.precision != "day"
        start, end = _year(act.start), _year(act.end) if pd.notna(act.end) else _year(act.start)
        over = act.end.year if end < first else 0
        start, end = max(start, first), min(max(end, first), last)
        axis.plot([start, end], [-row, -row], color=colour, lw=3.5, alpha=0.45, solid_capstyle="butt")
        axis.plot(start, -row, "o", ms=4.5, color="white" if hollow else colour, mec=colour, mew=1.2)
        words = act.label + (f" (+{act.parts})" if act.parts else "") + (f", until {over}" if over else "")
        room = INCH_OF_LETTER * len(words) / inch + 0.25
        if end + room < last:
            place, side = end + 0.16, "left"
        elif start - room > first:
            place, side = start - 0.16, "right"
        else:
            place, side = start + 0.2, "left"
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.85}
        axis.text(place, -row, words, va="center", ha=side, fontsize=8, in_layout=False, bbox=paper)
    axis.set_xlim(first - 0.1, last)
    axis.set_ylim(-len(acts) + 0.3, 0.7)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    years = range(first, last + 1, 2)
    axis.set_xticks(years, [str(year) for year in years])
    axis.xaxis.grid(True, color=SOFT, lw=0.4, alpha=0.6)
    axis.set_axisbelow(True)
    twin = axis.secondary_xaxis("top")
    twin.set_xticks(years, [str(year) for year in years])
    marks = [Line2D([], [], color=colour, lw=3.5, label=kind) for kind, colour in KIND_COLOURS.items()
             if (acts.kind == kind).any()]  # fmt: skip
    marks.append(Line2D([], [], marker="o", ls="", color="white", mec=INK, label="day not known"))
    figure.legend(handles=marks, loc="outside upper center", ncols=4, handlelength=0.9, columnspacing=0.9)
    return figure


def _year(date) -> float:
    date = pd.Timestamp(date)
    return date.year + (date.day_of_year - 1) / 365.25


def printed_emissions(table: pd.DataFrame) -> Figure:
    """Printed totals of Hong Kong by release of the inventory, and fossil CO2 of the Global Carbon Budget (Mt)."""
    figure = Figure(figsize=(WIDTH, 3))
    axis = figure.subplots()
    budget = table[table.quantity == "fossil CO2"]
    axis.plot(budget.year, budget.value, color=SOFT, lw=1.4, label="fossil CO2 (carbon budget)")
    totals = table[table.quantity == "emissions"]
    releases = totals.sort_values("published").groupby("release", sort=False)
    for colour, (release, rows) in zip(sns.color_palette("flare", len(releases)), releases, strict=True):
        axis.plot(rows.year, rows.value, "o", color=colour, ms=5, label=f"release {release}")
    axis.set_ylim(0, None)
    axis.set_ylabel("emissions (Mt)")
    figure.legend(loc="outside upper center", ncols=2, columnspacing=1)
    return figure


def fan(past: tuple, future: tuple, printed: pd.DataFrame, targets: dict[int, tuple[float, float]]) -> Figure:
    """All emissions: past and future as (years, draws (draw, year)), 50 and 94 % bands; totals; target ranges (Mt)."""
    figure = Figure(figsize=(WIDTH, 3.3))
    axis = figure.subplots()
    for (years, draws), colour in ((past, INK), (future, SECOND)):
        for probability, alpha in ((94, 0.18), (50, 0.35)):
            low, high = np.percentile(draws, [50 - probability / 2, 50 + probability / 2], axis=0)
            axis.fill_between(years, low, high, color=colour, alpha=alpha, lw=0)
        axis.plot(years, np.median(draws, axis=0), color=colour, lw=1.4)
    axis.plot(printed.year, printed.value, "o", color=ACCENT, ms=4, label="printed totals")
    for year, (low, high) in targets.items():
        axis.plot([year, year], [low, high], color=ACCENT, lw=5, solid_capstyle="butt")
        axis.plot(year, (low + high) / 2, "_", color=ACCENT, ms=13, mew=2)
    axis.plot([], [], "_", color=ACCENT, ms=10, mew=2, label="target")
    for colour, name in ((INK, "path"), (SECOND, "if years go on as before")):
        axis.plot([], [], color=colour, lw=5, alpha=0.5, label=name)
    axis.set_ylim(0, 1.04 * max(np.percentile(draws, 97, axis=0).max() for _, draws in (past, future)))
    axis.set_ylabel("emissions (Mt a year)")
    figure.legend(loc="outside upper center", ncols=2, columnspacing=1)
    return figure


def sectors(years: np.ndarray, draws: dict[str, np.ndarray]) -> Figure:
    """Emissions by sector (draw, year) in Mt, median with 94 % band, each panel from zero."""
    figure = Figure(figsize=(WIDTH, 3.2))
    axes = figure.subplots(2, 2, sharex=True)
    for axis, (name, values) in zip(axes.flat, draws.items(), strict=True):
        low, middle, high = np.percentile(values, [TAIL, 50, 100 - TAIL], axis=0)
        axis.fill_between(years, low, high, color=SECOND, alpha=0.25, lw=0)
        axis.plot(years, middle, color=SECOND, lw=1.5)
        axis.set_title(name, loc="left")
        axis.set_ylim(0, None)
        axis.set_xticks([2005, 2014, 2024])
    figure.supylabel("emissions (Mt a year)", fontsize=8.5)
    return figure


def certainty(rows: pd.DataFrame, colours: dict[str, str]) -> Figure:
    """Probability of each answer on one scale: a dot, and a line over other choices of model.

    rows : question, chapter, probability, lowest, highest, uncertain (True for those that are printed bold).
    """
    texts = [textwrap.wrap(question, LINE) for question in rows.question]
    heights = [0.155 * len(lines) + 0.2 for lines in texts]
    figure = Figure(figsize=(WIDTH, sum(heights) + 1.1))
    axis = figure.subplots()
    top = 0.0
    for row, lines, height in zip(rows.itertuples(), texts, heights, strict=True):
        bold = "bold" if row.uncertain else "normal"
        axis.text(0, top, "\n".join(lines), va="top", fontsize=8, weight=bold, linespacing=1.1,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.2})  # fmt: skip
        y, colour = top - height + 0.1, colours[row.chapter]
        axis.plot([0, 1], [y, y], color=SOFT, lw=0.5)
        axis.plot([row.lowest, row.highest], [y, y], color=colour, lw=4, alpha=0.4, solid_capstyle="butt")
        axis.plot(row.probability, y, "o", color=colour, ms=6, clip_on=False)
        top -= height
    axis.axvline(0.5, color=SOFT, lw=0.8, ls="--", zorder=0)
    axis.set_xlim(-0.02, 1.02)
    axis.set_ylim(top - 0.05, 0.08)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1], ["no", "¼", "even", "¾", "yes"])
    marks = [Line2D([], [], marker="o", ls="", color=colour, label=name) for name, colour in colours.items()
             if (rows.chapter == name).any()]  # fmt: skip
    figure.legend(handles=marks, loc="outside upper center", ncols=3, handlelength=0.8, columnspacing=1)
    return figure
