"""Figures of the chapter on governance; each returns one Figure."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jingjinji.show.figures import INK, SOFT, WIDTH, chart

KIND_COLOURS = {
    "plan": "#1d4ed8", "agreement": "#047857", "alert rule": "#b91c1c", "enforcement": "#be185d", "campaign": "#b45309",
    "closure": "#4b5563", "heating": "#0e7490", "measurement": "#111827", "event": "#9ca3af",
}  # fmt: skip


INCH_OF_LETTER = 0.061
"""Width of a letter of 8 points, rather too much than too little."""


ROW = 0.178


def timeline(acts: pd.DataFrame, first: int, last: int) -> Figure:
    """Acts one below another in order of their dates, from year `first` to `last`, coloured by kind.

    acts : label, kind, start, end, precision, parts. A hollow mark: the day is not known. Words stand after the bar, or
    before it where there is no room; a bar that is as long as the figure has them on it. What ended before `first`
    says when.
    """
    figure, axis = chart(ROW * len(acts) + 1.1)
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
