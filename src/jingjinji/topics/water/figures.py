"""Figures of the chapter on Miyun: each function takes arrays or tables and returns one Figure."""

import calendar
import textwrap
from collections.abc import Iterable

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.dates import YearLocator
from matplotlib.figure import Figure

from jingjinji.show.figures import ACCENT, INK, SECOND, SOFT, band, chart, interval, key
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
LINE_OF_TEXT = 62
"""Letters of eight points that fit the width of a figure."""


def basin(read: set[str]) -> Figure:
    """A schematic of the basin, not to scale; `read` are the names of sections with weekly readings."""
    figure, axis = chart(3.1)
    for start, end in FLOWS:
        axis.annotate("", NODES[end], NODES[start], arrowprops={"arrowstyle": "-|>", "color": SECOND, "lw": 1.4,
                                                                "shrinkA": 14, "shrinkB": 14})  # fmt: skip
    for name, (x, y) in NODES.items():
        known = name.split("\n")[0] in read
        box = {"boxstyle": "round", "fc": "white", "ec": ACCENT if known else SOFT, "lw": 1.8 if known else 1}
        axis.text(x, y, name, ha="center", va="center", fontsize=8, bbox=box)
    axis.axhline(2.2, color=INK, ls="--", lw=1)
    axis.text(3.75, 2.17, "Beijing", ha="right", va="top", fontsize=8)
    axis.text(-0.35, 2.23, "Hebei", ha="left", va="bottom", fontsize=8)
    axis.set_xlim(-0.4, 3.8)
    axis.set_ylim(0.25, 3.6)
    axis.set_axis_off()
    return figure


def year_of_weeks(weeks: pd.DatetimeIndex, draws: np.ndarray, medians: pd.DataFrame, label: str) -> Figure:
    """Typical concentration (draw, week) with 94 % band and the weekly medians behind it; log scale.

    medians : week (its first day), used, all (with readings under maintenance), faulty (days of a known fault).
    """
    figure, axis = chart(2.7)
    band(axis, weeks, draws, ACCENT, label="typical week, 94 %")
    dates, other = medians.week + pd.Timedelta(days=3), (medians["all"] - medians.used).abs() > 0
    axis.plot(dates, medians.used, "o", color=INK, ms=3, label="weekly medians")
    axis.plot(dates[other], medians["all"][other], "o", color=INK, mfc="none", ms=5, mew=0.7, label="maintenance kept")
    week = pd.Timedelta(days=7)
    for first in medians.week[medians.faulty > 0]:
        axis.axvspan(first, first + week, color=SOFT, alpha=0.4, lw=0, label="_")
    values = pd.concat([medians.used, medians["all"]])
    axis.set_yscale("log")
    ticks = [1, 2, 4, 8, 16, 32]
    axis.set_yticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    low, _, high = interval(draws)
    axis.set_ylim(0.8 * min(low.min(), values.min()), 1.2 * max(high.max(), values.max()))
    axis.set_ylabel(label)
    months = pd.date_range(weeks[0] - week, weeks[-1] + week, freq="2MS")
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


def class_shares(months: list[str], shares: dict[str, np.ndarray], read: np.ndarray) -> Figure:
    """Probability of each class by month (class: array of months), stacked; months not `read` are pale.

    Classes that reach a hundredth in no month are left out.
    """
    shares = {name: values for name, values in shares.items() if np.max(values) >= 0.01}
    figure, axis = chart(2.6)
    base, place = np.zeros(len(months)), np.arange(len(months))
    for (name, values), colour in zip(shares.items(), sns.color_palette("crest", len(shares)), strict=True):
        bars = axis.bar(place, values, bottom=base, color=colour, width=0.85, label=name)
        for bar in np.array(bars)[~read]:
            bar.set_alpha(0.35)
        base = base + values
    axis.set_ylabel("probability")
    axis.set_ylim(0, 1)
    axis.set_xticks(place, _month_names(months))
    key(figure, len(shares), title="class", title_fontsize=8, handlelength=1, columnspacing=1.2)
    return figure


def storage(months: pd.PeriodIndex, draws: np.ndarray, points: pd.DataFrame) -> Figure:
    """Storage by month (draw, month; 10⁸ m³) with 94 % band, the dated points and the lower bounds, in billion m³.

    A line leads back from each record as far as storage had stayed below it.
    """
    figure, axis = chart(2.9)
    draws, points = draws / 10, points.assign(storage=points.storage / 10)
    when = months.to_timestamp() + pd.Timedelta(days=14)
    band(axis, when, draws, alpha=0.2, width=1.4, label="storage, 94 %")
    bound = points.bound == "lower"
    axis.plot(points.date[~bound], points.storage[~bound], "o", color=INK, ms=3.5, label="printed")
    axis.plot(points.date[bound], points.storage[bound], "^", color=ACCENT, ms=5, label="printed as more than")
    records = points[points.since.notna()]
    since = (pd.Timestamp("2000-01-01") + pd.to_timedelta(365.25 * records.since, unit="D")).clip(lower=when[0])
    axis.hlines(records.storage, since, records.date, color=INK, lw=0.7, ls=":", label="below until then")
    axis.set_ylabel("storage (billion m³)")
    axis.set_ylim(0, min(1.05 * np.percentile(draws, 97, axis=0).max(), 8))
    axis.xaxis.set_major_locator(YearLocator(5))
    key(figure, 2, handlelength=1.2, columnspacing=1.2)
    return figure


def surface(nitrogen: np.ndarray, quality: np.ndarray, values: np.ndarray) -> Figure:
    """A year's payment (rates and payments in 10⁸ CNY, drawn in billions); a cross marks the default, no change."""
    figure, axis = chart(2.8)
    filled = axis.contourf(nitrogen, quality / 10, values / 10, levels=10, cmap="crest")
    axis.plot(0, Rates().quality / 10, "x", color=ACCENT, ms=8, mew=2)
    figure.colorbar(filled, ax=axis, label="payment of a year (billion CNY)")
    axis.set_xlabel("total nitrogen against the year before (%)")
    axis.set_ylabel("assumed rate for quality (billion CNY)")
    return figure


def payments(rows: pd.DataFrame) -> Figure:
    """Printed sums of money, one bar a figure under its words; yearly sums in another colour; they do not add up.

    rows : quantity, scope, period, value, unit (10⁸ CNY, or that a year).
    """
    rows = rows.assign(value=rows.value / 10)
    words = [f"{row.quantity} ({', '.join(part for part in (row.scope, row.period) if part)})"
             for row in rows.itertuples()]  # fmt: skip
    words = [textwrap.wrap(text, LINE_OF_TEXT) for text in words]
    figure, axis = chart(0.145 * sum(map(len, words)) + 0.18 * len(rows) + 0.8)
    top, widest = 0.0, rows.value.max()
    for row, lines in zip(rows.itertuples(), words, strict=True):
        axis.text(0.004 * widest, top, "\n".join(lines), fontsize=8, va="top", linespacing=1.1)
        bar = top - len(lines) - 0.45
        axis.barh(bar, row.value, height=0.7, color=ACCENT if "year" in row.unit else SECOND)
        axis.text(row.value + 0.012 * widest, bar, f"{row.value:g}", fontsize=8, va="center")
        top = bar - 0.8
    for colour, name in ((SECOND, "one sum"), (ACCENT, "a year")):
        axis.plot([], [], color=colour, lw=5, label=name)
    axis.set_xlim(0, 1.12 * widest)
    axis.set_ylim(top, 0.3)
    axis.set_yticks([])
    axis.set_xlabel("billion CNY")
    key(figure, 2)
    return figure
