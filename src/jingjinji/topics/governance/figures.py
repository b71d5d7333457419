"""Figures of the chapter on governance; each returns one Figure."""

import pandas as pd
from matplotlib.figure import Figure

from jingjinji.show import palette, plotted
from jingjinji.show.figures import FAINT, INK, PAPER, chart, drawn, key, narrow

KIND_COLOURS = {
    kind: palette.PARTS[part].light
    for kind, part in (("plan", "abroad"), ("agreement", "growth"), ("campaign", "oil"), ("enforcement", "heat"),
                       ("alert rule", "electricity"), ("heating", "gas"), ("closure", "coal"))
} | {"measurement": palette.INKS["ink"].light, "event": palette.INKS["soft"].light}  # fmt: skip
ROW = 0.2


@drawn
def by_kind(acts: pd.DataFrame, first: int, last: int) -> Figure:
    """When acts began, a row a kind, the kind with the most acts at the top; `acts` and marks as in `timeline`."""
    kinds = acts.kind.value_counts()
    figure, axis = chart(0.28 * len(kinds) + 1.1)
    for row, kind in enumerate(kinds.index):
        for act in acts[acts.kind == kind].itertuples():
            _draw(axis, -row, act._replace(end=act.end if _ended_before(act, first) else pd.NaT), first, last)
    _lay_out(axis, first, last, -len(kinds) + 0.5, 0.6)
    axis.set_yticks([-row for row in range(len(kinds))], [f"{kind} ({count})" for kind, count in kinds.items()])
    key(figure)
    return _with_acts(figure, acts)


@drawn
def timeline(acts: pd.DataFrame, first: int, last: int) -> Figure:
    """Acts by kind, those of a kind in order of their dates, from year `first` to `last`, with their words beside them.

    acts : label, kind, start, end, precision, parts. A hollow mark: the day is not known. What ended before `first` is
    no mark in these years: a triangle at the edge points back to it, and its words say when it was. An act that lasts
    beyond `last` ends in a triangle at the other edge.
    """
    kinds = [kind for kind in KIND_COLOURS if (acts.kind == kind).any()]
    step = 2 if narrow() else 1
    figure, axis = chart(ROW * (step * len(acts) + 1.3 * len(kinds)) * (0.85 if narrow() else 1) + 0.8)
    row, ticks, words = 0.0, [], []
    for kind in kinds:
        axis.text(0, row, kind, transform=axis.get_yaxis_transform(), weight="bold", va="center", color=INK)
        row -= 1.0
        for act in acts[acts.kind == kind].sort_values("start").itertuples():
            text = act.label + (f" (+{act.parts})" if act.parts else "")
            if _ended_before(act, first):
                text += f" ({act.start.year} to {act.end.year})"
            if narrow():
                axis.text(0, row, text, transform=axis.get_yaxis_transform(), va="center")
            ticks.append(row)
            words.append(text)
            _draw(axis, row - (step - 1) * 0.9, act, first, last)
            row -= step
        row -= 0.3
    _lay_out(axis, first, last, row + 0.3, 0.8)
    axis.set_yticks(*([[]] if narrow() else (ticks, words)))
    twin = axis.secondary_xaxis("top")
    twin.set_xticks(axis.get_xticks(), [text.get_text() for text in axis.get_xticklabels()])
    key(figure)
    return _with_acts(figure, acts)


def _lay_out(axis, first: int, last: int, lowest: float, highest: float) -> None:
    """The axis of years, and what the marks mean."""
    axis.set_xlim(first, last)
    axis.set_ylim(lowest, highest)
    axis.tick_params(axis="y", length=0, pad=9)
    axis.spines["left"].set_visible(False)
    years = range(first, last + 1, 3 if narrow() else 2)
    axis.set_xticks(years, [str(year) for year in years])
    axis.xaxis.grid(True, color=FAINT, lw=0.8)
    axis.set_axisbelow(True)
    axis.plot([], [], "o", color=INK, ms=5, label="day known")
    axis.plot([], [], "o", color=PAPER, mec=INK, mew=1.2, ms=5, label="day not known")
    axis.plot([], [], "<", color=INK, ms=6, label="before these years")


def _with_acts(figure: Figure, acts: pd.DataFrame) -> Figure:
    """The figure, whose data are the acts in words."""
    words = {"label": "act", "precision": "date known to the", "parts": "further parts"}
    columns = ["label", "kind", "start", "end", "precision", "parts"]
    return plotted.tell(figure, acts[columns].rename(columns=words))


def _ended_before(act, first: int) -> bool:
    return pd.notna(act.end) and act.end.year < first


def _draw(axis, row: float, act, first: int, last: int) -> None:
    colour, hollow = KIND_COLOURS[act.kind], act.precision != "day"
    start, end = _year(act.start), _year(act.end) if pd.notna(act.end) else _year(act.start)
    if end < first:
        axis.plot(first, row, "<", color=colour, ms=6, clip_on=False)
        return
    axis.plot([max(start, first), min(end, last)], [row, row], color=colour, lw=4, alpha=0.5, solid_capstyle="butt")
    if start >= first:
        axis.plot(start, row, "o", ms=5, color=PAPER if hollow else colour, mec=colour, mew=1.2, clip_on=False)
    if end > last:
        axis.plot(last, row, ">", color=colour, ms=6, clip_on=False)


def _year(date) -> float:
    date = pd.Timestamp(date)
    return date.year + (date.day_of_year - 1) / 365.25
