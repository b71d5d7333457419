"""Figures of the chapters on Miyun and on hydrogen: each function takes arrays or tables and returns one Figure."""

import calendar
import textwrap

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.dates import MonthLocator, YearLocator, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from jingjinji.show.figures import ACCENT, INK, SECOND, SOFT, TAIL, WIDTH, _subplots
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
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
LINE_OF_TEXT = 62
"""Letters of eight points that fit the width of a figure."""


def basin(read: set[str]) -> Figure:
    """A schematic of the basin, not to scale; `read` are the names of sections with weekly readings."""
    figure, axis = _subplots(figsize=(WIDTH, 3.1))
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


def year_of_weeks(weeks: np.ndarray, draws: np.ndarray, medians: pd.DataFrame, label: str) -> Figure:
    """Typical concentration (draw, week) with 94 % band and the weekly medians behind it; log scale.

    medians : week (its first day), used, all (with readings under maintenance), faulty (days of a known fault).
    """
    figure, axis = _subplots(figsize=(WIDTH, 2.7))
    low, middle, high = np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)
    axis.fill_between(weeks, low, high, color=ACCENT, alpha=0.25, lw=0, label="typical week, 94 %")
    axis.plot(weeks, middle, color=ACCENT, lw=1.6)
    dates, other = medians.week + pd.Timedelta(days=3), (medians["all"] - medians.used).abs() > 0
    axis.plot(dates, medians.used, "o", color=INK, ms=3, label="weekly medians")
    axis.plot(dates[other], medians["all"][other], "o", color=INK, mfc="none", ms=5, mew=0.7, label="maintenance kept")
    for week in medians.week[medians.faulty > 0]:
        axis.axvspan(week, week + pd.Timedelta(days=7), color=SOFT, alpha=0.4, lw=0, label="_")
    values = pd.concat([medians.used, medians["all"]])
    axis.set_yscale("log")
    ticks = [1, 2, 4, 8, 16, 32]
    axis.set_yticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    axis.set_ylim(0.8 * min(low.min(), values.min()), 1.2 * max(high.max(), values.max()))
    axis.set_ylabel(label)
    _months_below(axis, 2)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _months_below(axis, every: int) -> None:
    """Names of months under a time axis, with the year under the first of each."""
    axis.xaxis.set_major_locator(MonthLocator(interval=every))
    shown = set()

    def text(value, position):
        when = pd.Timestamp("1970-01-01") + pd.Timedelta(days=value)
        if position == 0:
            shown.clear()
        first, name = when.year not in shown, calendar.month_abbr[when.month]
        shown.add(when.year)
        return f"{name}\n{when.year}" if first else name

    axis.xaxis.set_major_formatter(FuncFormatter(text))


def _month_names(months: list[str]) -> list[str]:
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
    figure, axis = _subplots(figsize=(WIDTH, 2.6))
    base, place = np.zeros(len(months)), np.arange(len(months))
    for (name, values), colour in zip(shares.items(), sns.color_palette("crest", len(shares)), strict=True):
        bars = axis.bar(place, values, bottom=base, color=colour, width=0.85, label=name)
        for bar in np.array(bars)[~read]:
            bar.set_alpha(0.35)
        base = base + values
    axis.set_ylabel("probability")
    axis.set_ylim(0, 1)
    axis.set_xticks(place, _month_names(months))
    figure.legend(*axis.get_legend_handles_labels(), loc="outside upper center", ncols=len(shares), title="class",
                  title_fontsize=8, handlelength=1, columnspacing=1.2)  # fmt: skip
    return figure


def storage(months: pd.PeriodIndex, draws: np.ndarray, points: pd.DataFrame) -> Figure:
    """Storage by month (draw, month; 10⁸ m³) with 94 % band, the dated points and the lower bounds, in billion m³."""
    figure, axis = _subplots(figsize=(WIDTH, 2.9))
    draws, points = draws / 10, points.assign(storage=points.storage / 10)
    when = months.to_timestamp() + pd.Timedelta(days=14)
    low, middle, high = np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)
    axis.fill_between(when, low, high, color=SECOND, alpha=0.2, lw=0, label="storage, 94 %")
    axis.plot(when, middle, color=SECOND, lw=1.4)
    bound = points.bound == "lower"
    axis.plot(points.date[~bound], points.storage[~bound], "o", color=INK, ms=3.5, label="printed")
    axis.plot(points.date[bound], points.storage[bound], "^", color=ACCENT, ms=5, label="printed as more than")
    axis.set_ylabel("storage (billion m³)")
    axis.set_ylim(0, None)
    axis.xaxis.set_major_locator(YearLocator(5))
    figure.legend(*axis.get_legend_handles_labels(), loc="outside upper center", ncols=3, handlelength=1.2,
                  columnspacing=1.2)  # fmt: skip
    return figure


def surface(nitrogen: np.ndarray, quality: np.ndarray, values: np.ndarray) -> Figure:
    """Mean payment (rates and payments in 10⁸ CNY, drawn in billions); a cross marks the default rate and no change."""
    figure, axis = _subplots(figsize=(WIDTH, 2.8))
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
    figure, axis = _subplots(figsize=(WIDTH, 0.145 * sum(map(len, words)) + 0.18 * len(rows) + 0.8))
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
    figure.legend(*axis.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def adoption(panels: dict[str, tuple[np.ndarray, np.ndarray, pd.DataFrame]]) -> Figure:
    """Yearly sales by unit: years, expected (draw, year) with 94 % band, and the printed figures (year, vehicles)."""
    columns = 3
    rows = -(-len(panels) // columns)
    figure, axes = _subplots(rows, columns, figsize=(WIDTH, 1.35 * rows), sharex=True, sharey=True, squeeze=False)
    for axis in axes.ravel()[len(panels) :]:
        axis.set_axis_off()
    for axis, (title, (years, draws, printed)) in zip(axes.ravel(), panels.items(), strict=False):
        low, middle, high = np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)
        axis.fill_between(years, low, high, color=SECOND, alpha=0.2, lw=0)
        axis.plot(years, middle, color=SECOND, lw=1.4)
        axis.plot(printed.year, printed.vehicles, "o", color=INK, ms=2.5)
        axis.set_title(title, loc="left")
        axis.set_yscale("symlog", linthresh=10)
        axis.set_yticks([0, 10, 100, 1000, 10000], ["0", "10", "100", "1,000", "10,000"])
        axis.yaxis.set_minor_locator(NullLocator())
        axis.set_ylim(0, 60000)
        axis.set_xticks([2011, 2017, 2023])
    for axis in axes.ravel()[max(0, len(panels) - columns) : len(panels)]:
        axis.tick_params(labelbottom=True)
    figure.supylabel("vehicles a year", fontsize=8.5)
    return figure


def prior_against_posterior(draws: dict[str, tuple[np.ndarray, np.ndarray]], targets: dict[str, float]) -> Figure:
    """Vehicles of each cluster without and with its own counts, 94 % and half of the draws, and the target."""
    figure, axis = _subplots(figsize=(WIDTH, 0.42 * len(draws) + 1.2))
    for k, (name, (before, after)) in enumerate(draws.items()):
        for shift, values, colour in ((0.17, before, SOFT), (-0.17, after, ACCENT)):
            low, first, middle, third, high = np.percentile(values, [TAIL, 25, 50, 75, 100 - TAIL])
            axis.plot([low, high], [k + shift] * 2, color=colour, lw=1.5)
            axis.plot([first, third], [k + shift] * 2, color=colour, lw=5, solid_capstyle="butt")
            axis.plot(middle, k + shift, "o", color="white", ms=3)
        if name in targets:
            axis.plot([targets[name]] * 2, [k - 0.38, k + 0.38], color=INK, lw=1.5)
    axis.plot([], [], color=SOFT, lw=4, label="from the countries alone (prior)")
    axis.plot([], [], color=ACCENT, lw=4, label="with the clusters' counts (posterior)")
    axis.plot([], [], color=INK, lw=1.5, label="target")
    axis.set_yticks(range(len(draws)), [textwrap.fill(name.replace("-", "- "), 12).replace("- ", "-")
                                        for name in draws])  # fmt: skip
    axis.invert_yaxis()
    axis.set_xlabel("vehicles added from 2021 to 2025")
    figure.legend(*axis.get_legend_handles_labels(), loc="outside upper center", ncols=1)
    return figure


def firms(dates: pd.DatetimeIndex, draws: np.ndarray, counts: pd.DataFrame) -> Figure:
    """Firms on the curve (draw, date) with 94 % band; counts, those that are lower bounds with an arrow."""
    figure, axis = _subplots(figsize=(WIDTH, 2.5))
    low, middle, high = np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)
    axis.fill_between(dates, low, high, color=SECOND, alpha=0.2, lw=0)
    axis.plot(dates, middle, color=SECOND, lw=1.4)
    bound = counts.lower > 0
    axis.plot(counts.date[~bound], counts.firms[~bound], "o", color=INK, ms=4, label="count")
    axis.plot(counts.date[bound], counts.firms[bound], "^", color=ACCENT, ms=6, label="more than")
    axis.set_xlim(date2num(dates[0]), date2num(dates[-1]))
    axis.set_ylim(0, None)
    axis.xaxis.set_major_locator(YearLocator())
    axis.set_ylabel("firms in the zone")
    axis.legend(loc="upper left")
    return figure


def expected_beforehand(panels: dict[str, tuple[np.ndarray, np.ndarray]], label: str, columns: int = 2) -> Figure:
    """What the priors alone expect against what was measured: name -> (drawn, measured), histograms on a log axis.

    Bars are shares of all values, so that many draws compare with few figures; values at or below zero are left out.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = _subplots(rows, columns, figsize=(WIDTH, 1.35 * rows + 0.75), squeeze=False)
    for axis in axes.ravel()[len(panels) :]:
        axis.set_axis_off()
    for axis, (title, (drawn, measured)) in zip(axes.ravel(), panels.items(), strict=False):
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
        axis.set_title(title, loc="left")
    figure.supxlabel(label, fontsize=8.5)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _power(value: float) -> str:
    """A power of ten as it is printed on an axis."""
    return f"{value:,g}" if value < 1e4 else "10" + f"{np.log10(value):.0f}".translate(RAISED)


def _few_ticks(low: float, high: float) -> list[float]:
    """Two to five round numbers of a logarithmic axis, or as many as there are."""
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7), range(1, 10)):
        ticks = [step * 10.0**power for power in range(-4, 7) for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) > 1:
            break
    return ticks


def group_check(
    panels: dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]], label: str, columns: int = 1
) -> Figure:
    """Statistics drawn anew against measured ones: name -> (groups, {statistic: (drawn (draw, group), measured)})."""
    rows = -(-len(panels) // columns)
    figure, axes = _subplots(rows, columns, figsize=(WIDTH, 1.5 * rows + 0.8), squeeze=False)
    for axis in axes.ravel()[len(panels) :]:
        axis.set_axis_off()
    for axis, (title, (groups, statistics)) in zip(axes.ravel(), panels.items(), strict=False):
        place = np.arange(len(groups))
        shifts = np.linspace(-0.16, 0.16, len(statistics)) if len(statistics) > 1 else [0.0]
        for shift, colour, (name, (drawn, measured)) in zip(shifts, (SECOND, ACCENT), statistics.items(), strict=False):
            there = np.isfinite(measured)
            low, high = np.percentile(drawn[:, there], [TAIL, 100 - TAIL], axis=0)
            axis.vlines(
                place[there] + shift, low, high, color=colour, lw=4, alpha=0.4, label=f"{name}, drawn anew (94 %)"
            )
            axis.plot(place + shift, measured, "o", color=colour, ms=3, label=f"{name}, measured")
        axis.set_yscale("log")
        ticks = _few_ticks(*axis.get_ylim())
        axis.set_yticks(ticks, [f"{tick:,g}" for tick in ticks])
        axis.yaxis.set_minor_locator(NullLocator())
        axis.set_xticks(place, groups)
        axis.set_title(title, loc="left")
    figure.supylabel(label, fontsize=8.5)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, handlelength=1,
                  columnspacing=1)  # fmt: skip
    return figure
