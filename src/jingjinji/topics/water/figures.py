"""Figures of the chapter on Miyun: each function takes arrays or tables and returns one Figure."""

import calendar
import re
import textwrap
from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.dates import YearLocator
from matplotlib.figure import Figure

from jingjinji.show import plotted
from jingjinji.show.figures import (
    INK,
    MARK,
    MODEL,
    PAPER,
    SOFT,
    arrow,
    band,
    chart,
    drawn,
    grid,
    interval,
    key,
    letters,
    name_ends,
    narrow,
    published,
    raw,
    wrapped,
)
from jingjinji.topics.water.classes import Rates

NODES = {
    "Gubeikou\n(Chao)": (1.65, 3.2), "Houcheng\n(Bai)": (0.2, 2.65), "Qiangzilu\n(Qingshui)": (3.1, 2.65),
    "Xinzhuang Bridge": (1.65, 1.75), "Daguan Bridge": (0.35, 1.3), "Miyun Reservoir": (1.65, 0.55),
}  # fmt: skip
FLOWS = (
    ("Gubeikou\n(Chao)", "Xinzhuang Bridge"), ("Houcheng\n(Bai)", "Daguan Bridge"),
    ("Xinzhuang Bridge", "Miyun Reservoir"), ("Daguan Bridge", "Miyun Reservoir"),
    ("Qiangzilu\n(Qingshui)", "Miyun Reservoir"),
)  # fmt: skip


@drawn
def basin(read: set[str]) -> Figure:
    """A schematic of the basin, not to scale; `read` are the names of sections with weekly readings."""
    figure, axis = chart(3)
    boxes = {}
    for name, (x, y) in NODES.items():
        known = name.split("\n")[0] in read
        box = {"boxstyle": "round", "fc": PAPER, "ec": MARK if known else SOFT, "lw": 2 if known else 1}
        boxes[name] = axis.text(x, y, name, ha="center", va="center", bbox=box, zorder=3)
    for start, end in FLOWS:
        arrow(axis, boxes[start], boxes[end], colour=MODEL)
    axis.axhline(2.2, color=INK, ls="--", lw=1)
    axis.text(3.75, 2.17, "Beijing", ha="right", va="top")
    axis.text(-0.35, 2.23, "Hebei", ha="left", va="bottom")
    axis.set_xlim(-0.4, 3.8)
    axis.set_ylim(0.25, 3.6)
    axis.set_axis_off()
    rows = [(*(" ".join(name.split("\n")) for name in flow), flow[0].split("\n")[0] in read) for flow in FLOWS]
    return plotted.tell(figure, pd.DataFrame(rows, columns=["from", "to", "weekly readings of the first"]))


@drawn
def year_of_weeks(weeks: pd.DatetimeIndex, draws: np.ndarray, medians: pd.DataFrame, label: str) -> Figure:
    """Typical concentration (draw, week) with 94 % band and the weekly medians behind it; log scale.

    medians : week (its first day), used, all (with readings under maintenance), faulty (days of a known fault).
    """
    figure, axis = chart(2.7)
    band(axis, weeks, draws, label="typical week, 94 %")
    dates, other = medians.week + pd.Timedelta(days=3), (medians["all"] - medians.used).abs() > 0
    raw(axis, dates, medians.used, "weekly medians", size=3)
    axis.plot(dates[other], medians["all"][other], "o", color=INK, mfc="none", ms=5.5, mew=0.7,
              label="with readings under maintenance")  # fmt: skip
    week = pd.Timedelta(days=7)
    for first in medians.week[medians.faulty > 0]:
        axis.axvspan(first, first + week, color=SOFT, alpha=0.4, lw=0, label="known fault of the gauge")
    values = pd.concat([medians.used, medians["all"]])
    axis.set_yscale("log")
    ticks = [1, 2, 4, 8, 16, 32]
    axis.set_yticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    low, _, high = interval(draws)
    axis.set_ylim(0.8 * min(low.min(), values.min()), 1.2 * max(high.max(), values.max()))
    axis.set_ylabel(label)
    months = pd.date_range(weeks[0] - week, weeks[-1] + week, freq="4MS" if narrow() else "2MS")
    axis.set_xticks(months, _month_names(months.strftime("%Y-%m")))
    key(figure, 2)
    return figure


def _month_names(months: Iterable[str]) -> list[str]:
    """``2020-05`` as ``May``, with the year under the first month and under each January."""
    names = []
    for month in months:
        year, number = month.split("-")
        name = calendar.month_abbr[int(number)]
        names.append(f"{name}\n{year}" if not names or number == "01" else name)
    return names


@drawn
def class_shares(months: list[str], shares: dict[str, np.ndarray], read: np.ndarray) -> Figure:
    """Probability of each class by month (class: array of months), stacked; months not `read` are pale.

    Classes that reach a hundredth in no month are left out.
    """
    shares = {name: values for name, values in shares.items() if np.max(values) >= 0.01}
    figure, axis = chart(3)
    base, place = np.zeros(len(months)), np.arange(len(months))
    for (name, values), shade in zip(shares.items(), np.linspace(0.3, 1, len(shares)), strict=True):
        for there, label in ((read, f"class {name}"), (~read, "_")):
            bare = {"fill": False, "ec": MODEL, "alpha": 0.5 + shade / 2, "hatch": "////", "lw": 0.8}
            style = bare if label == "_" else {"color": MODEL, "alpha": shade}
            if there.any():
                axis.bar(place[there], values[there], bottom=base[there], width=0.85, label=label, **style)
        base = base + values
    if not read.all():
        axis.bar(place[:1], [0], color="none", ec=MODEL, hatch="////", lw=0.8, label="no readings")
    axis.set_ylabel("probability")
    axis.set_ylim(0, 1)
    every = 2 if narrow() else 1
    axis.set_xticks(place[::every], _month_names(months[::every]))
    key(figure)
    frame = pd.DataFrame(shares).assign(month=months, read=read).rename(columns={"read": "with readings"})
    frame = frame.melt(["month", "with readings"], var_name="class", value_name="probability")
    return plotted.tell(figure, frame[["month", "class", "probability", "with readings"]])


@drawn
def storage(months: pd.PeriodIndex, draws: np.ndarray, points: pd.DataFrame) -> Figure:
    """Storage by month (draw, month; 10⁸ m³) with 94 % band, the dated points and the lower bounds, in billion m³.

    A line leads back from each record as far as storage had stayed below it.
    """
    figure, axis = chart(2.9)
    draws, points = draws / 10, points.assign(storage=points.storage / 10)
    when = months.to_timestamp() + pd.Timedelta(days=14)
    band(axis, when, draws, alpha=0.2, width=1.4, label="storage, 94 %")
    bound = points.bound == "lower"
    published(axis, points.date[~bound], points.storage[~bound], "published", size=4)
    axis.plot(points.date[bound], points.storage[bound], "^", color=PAPER, mec=INK, mew=1.2, ms=6,
              label="published as more than")  # fmt: skip
    records = points[points.since.notna()]
    since = (pd.Timestamp("2000-01-01") + pd.to_timedelta(365.25 * records.since, unit="D")).clip(lower=when[0])
    axis.hlines(records.storage, since, records.date, color=INK, lw=0.7, ls=":", label="below until then")
    axis.set_ylabel("storage (billion m³)")
    axis.set_ylim(0, min(1.05 * np.percentile(draws, 97, axis=0).max(), 8))
    axis.xaxis.set_major_locator(YearLocator(5))
    key(figure, 2)
    return figure


@drawn
def surface(nitrogen: np.ndarray, quality: np.ndarray, values: np.ndarray) -> Figure:
    """A year's payment by the change of nitrogen (%), a line for each of five assumed rates; the default is marked.

    quality : rates for quality (10⁸ CNY, drawn in billions); values : payments (rate, change), 10⁸ CNY.
    """
    figure, axis = chart(2.9)
    ends = {}
    for row in np.unique(np.linspace(0, len(quality) - 1, 5).astype(int)):
        usual = bool(np.isclose(quality[row], Rates().quality))
        colour = MARK if usual else MODEL
        axis.plot(nitrogen, values[row] / 10, color=colour, lw=2 if usual else 1.2)
        ends[f"rate {quality[row] / 10:g}" + (", default" if usual else "")] = (
            nitrogen[-1],
            values[row][-1] / 10,
            colour,
        )
    axis.set_xlim(nitrogen[0], nitrogen[-1])
    axis.set_ylim(0, None)
    name_ends(axis, ends, 2.9)
    axis.set_xlabel("total nitrogen against the year before (%)")
    axis.set_ylabel(wrapped("payment of a year (billion CNY)", 0.5 if narrow() else 1))
    return figure


@drawn
def payments(rows: pd.DataFrame) -> Figure:
    """Printed sums of money, one bar a figure under its words; sums of one kind share an axis, and only they.

    rows : quantity, scope, period, value, unit (10⁸ CNY, or that a year).
    """
    rows = rows.assign(value=rows.value / 10, kind=[_kind(row) for row in rows.itertuples()])
    blocks = {kind: rows[rows.kind == kind].sort_values("value", ascending=False) for kind in KINDS}
    blocks = {kind: block for kind, block in blocks.items() if len(block)}
    words = {kind: [_words(row) for row in block.itertuples()] for kind, block in blocks.items()}
    heights = [sum(0.9 * len(lines) + 1.1 for lines in words[kind]) + 3.2 for kind in blocks]
    figure, axes = grid(blocks, 0.165 * sum(heights) / len(blocks), sharex=False, sharey=False, height_ratios=heights)
    for axis, (kind, block) in zip(axes, blocks.items(), strict=True):
        top, widest = 0.0, block.value.max()
        axis.set_title(kind, loc="left", weight="bold")
        for row, lines in zip(block.itertuples(), words[kind], strict=True):
            axis.text(0, top, "\n".join(lines), va="top", linespacing=1.1)
            bar = top - 0.9 * len(lines) - 0.4
            axis.barh(bar, row.value, height=0.6, color=MODEL, alpha=0.75)
            axis.text(row.value + 0.012 * widest, bar, f"{row.value:.2f}".rstrip("0"), va="center")
            top = bar - 0.7
        axis.set_xlim(0, 1.15 * widest)
        axis.set_ylim(top, 0.2)
        axis.set_yticks([])
        axis.locator_params(axis="x", nbins=4)
    axes[-1].set_xlabel("billion CNY")
    columns = {"kind": "chart", "quantity": "quantity", "scope": "scope", "period": "period", "value": "billion CNY"}
    return plotted.tell(figure, pd.concat(blocks.values())[list(columns)].rename(columns=columns))


KINDS = ("summed over years", "of one year", "agreed for each year")


def _kind(row) -> str:
    if "year" in row.unit:
        return KINDS[2]
    return KINDS[1] if re.fullmatch(r"\d{4}", row.period) else KINDS[0]


def _words(row) -> list[str]:
    text = f"{row.quantity} ({', '.join(part for part in (row.scope, row.period) if part)})"
    return textwrap.wrap(text, letters())
