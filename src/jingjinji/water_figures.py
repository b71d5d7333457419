"""Figures of the chapters on Miyun and on hydrogen: each function takes arrays or tables and returns one Figure."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from jingjinji.figures import ACCENT, INK, SECOND, SOFT, TAIL, WIDTH, _subplots

NODES = {
    "Gubeikou\n(Chao)": (1.6, 3.2), "Houcheng\n(Bai)": (0.2, 2.6), "Qiangzilu\n(Qingshui)": (3.0, 2.4),
    "Xinzhuang Bridge": (1.6, 1.9), "Daguan Bridge": (0.6, 1.5), "Miyun Reservoir": (1.6, 0.6),
}  # fmt: skip
FLOWS = (
    ("Gubeikou\n(Chao)", "Xinzhuang Bridge"), ("Houcheng\n(Bai)", "Daguan Bridge"),
    ("Xinzhuang Bridge", "Miyun Reservoir"), ("Daguan Bridge", "Miyun Reservoir"),
    ("Qiangzilu\n(Qingshui)", "Miyun Reservoir"),
)  # fmt: skip


def basin(read: set[str]) -> Figure:
    """A schematic of the basin, not to scale; `read` are the names of sections with weekly readings."""
    figure, axis = _subplots(figsize=(WIDTH, 3.8))
    for start, end in FLOWS:
        axis.annotate("", NODES[end], NODES[start], arrowprops={"arrowstyle": "-|>", "color": SECOND, "lw": 1.6,
                                                                "shrinkA": 14, "shrinkB": 14})  # fmt: skip
    for name, (x, y) in NODES.items():
        known = name.split("\n")[0] in read
        box = {"boxstyle": "round", "fc": "white", "ec": ACCENT if known else SOFT, "lw": 1.8 if known else 1}
        axis.text(x, y, name, ha="center", va="center", fontsize=9, bbox=box)
    axis.axhline(2.15, color=INK, ls="--", lw=1)
    axis.text(3.75, 2.2, "Hebei", ha="right", va="bottom", fontsize=9)
    axis.text(3.75, 2.1, "Beijing", ha="right", va="top", fontsize=9)
    axis.set_xlim(-0.5, 3.8)
    axis.set_ylim(0.2, 3.7)
    axis.set_axis_off()
    return figure


def year_of_weeks(weeks: np.ndarray, draws: np.ndarray, dates: pd.Series, values: pd.Series, label: str) -> Figure:
    """Typical concentration (draw, week) with 94 % band and the weekly medians behind it; log scale."""
    figure, axis = _subplots(figsize=(WIDTH, 3.2))
    low, middle, high = np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)
    axis.fill_between(weeks, low, high, color=ACCENT, alpha=0.25, lw=0, label="typical week, 94 %")
    axis.plot(weeks, middle, color=ACCENT, lw=1.6)
    axis.plot(dates, values, "o", color=INK, ms=3, label="weekly medians")
    axis.set_yscale("log")
    ticks = [1, 2, 4, 8, 16]
    axis.set_yticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    axis.set_ylabel(label)
    axis.legend()
    axis.tick_params(axis="x", rotation=30)
    return figure


def class_shares(months: list[str], shares: dict[str, np.ndarray]) -> Figure:
    """Probability of each class by month (class: array of months), stacked."""
    figure, axis = _subplots(figsize=(WIDTH, 3.2))
    base = np.zeros(len(months))
    for (name, values), colour in zip(shares.items(), sns.color_palette("crest", len(shares)), strict=True):
        axis.bar(months, values, bottom=base, color=colour, width=0.85, label=name)
        base = base + values
    axis.set_ylabel("probability")
    axis.set_ylim(0, 1)
    axis.tick_params(axis="x", rotation=45)
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), title="class")
    return figure


def storage(months: pd.PeriodIndex, draws: np.ndarray, points: pd.DataFrame) -> Figure:
    """Storage by month (draw, month) with 94 % band, the dated points and the lower bounds."""
    figure, axis = _subplots(figsize=(WIDTH, 3.4))
    when = months.to_timestamp() + pd.Timedelta(days=14)
    low, middle, high = np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)
    axis.fill_between(when, low, high, color=SECOND, alpha=0.2, lw=0, label="storage, 94 %")
    axis.plot(when, middle, color=SECOND, lw=1.4)
    bound = points.bound == "lower"
    axis.plot(points.date[~bound], points.storage[~bound], "o", color=INK, ms=3.5, label="printed")
    axis.plot(points.date[bound], points.storage[bound], "^", color=ACCENT, ms=5, label="printed as more than")
    axis.set_ylabel("storage (10⁸ m³)")
    axis.set_ylim(0, None)
    axis.legend(loc="upper left")
    return figure


def surface(nitrogen: np.ndarray, quality: np.ndarray, values: np.ndarray) -> Figure:
    """Mean payment over two assumptions, as contours."""
    figure, axis = _subplots(figsize=(WIDTH, 3.4))
    filled = axis.contourf(nitrogen, quality, values, levels=12, cmap="crest")
    figure.colorbar(filled, ax=axis, label="payment of a year (10⁸ CNY)")
    axis.set_xlabel("change of total nitrogen against the year before (%)")
    axis.set_ylabel("assumed rate for quality (10⁸ CNY)")
    return figure


def payments(rows: pd.DataFrame) -> Figure:
    """Printed sums of money, one bar a figure, with payer and period; they overlap and do not add up."""
    figure, axis = _subplots(figsize=(WIDTH, 0.32 * len(rows) + 0.8))
    labels = [f"{row.quantity}, {row.scope} ({row.period})" for row in rows.itertuples()]
    axis.barh(np.arange(len(rows)), rows.value, color=SECOND, height=0.7)
    axis.set_yticks(np.arange(len(rows)), labels, fontsize=8)
    axis.invert_yaxis()
    axis.set_xlabel("10⁸ CNY (some a year, some of several years)")
    return figure


def adoption(panels: dict[str, tuple[np.ndarray, np.ndarray, pd.DataFrame]]) -> Figure:
    """Yearly sales by unit: years, expected (draw, year) with 94 % band, and the printed figures (year, vehicles)."""
    columns = 3
    rows = -(-len(panels) // columns)
    figure, axes = _subplots(rows, columns, figsize=(WIDTH, 1.9 * rows), sharex=True, squeeze=False)
    for axis in axes.ravel()[len(panels) :]:
        axis.set_axis_off()
    for axis, (title, (years, draws, printed)) in zip(axes.ravel(), panels.items(), strict=False):
        low, middle, high = np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)
        axis.fill_between(years, low, high, color=SECOND, alpha=0.2, lw=0)
        axis.plot(years, middle, color=SECOND, lw=1.4)
        axis.plot(printed.year, printed.vehicles, "o", color=INK, ms=3)
        axis.set_title(title)
        axis.set_yscale("symlog", linthresh=10)
    figure.supylabel("vehicles a year")
    return figure


def prior_against_posterior(draws: dict[str, tuple[np.ndarray, np.ndarray]], targets: dict[str, float]) -> Figure:
    """Vehicles of each cluster without and with its own counts, 94 % and half of the draws, and the target."""
    figure, axis = _subplots(figsize=(WIDTH, 0.62 * len(draws) + 1))
    for k, (name, (before, after)) in enumerate(draws.items()):
        for shift, values, colour in ((0.15, before, SOFT), (-0.15, after, ACCENT)):
            low, first, middle, third, high = np.percentile(values, [TAIL, 25, 50, 75, 100 - TAIL])
            axis.plot([low, high], [k + shift] * 2, color=colour, lw=1.5)
            axis.plot([first, third], [k + shift] * 2, color=colour, lw=5, solid_capstyle="butt")
            axis.plot(middle, k + shift, "o", color="white", ms=3)
        if name in targets:
            axis.plot([targets[name]] * 2, [k - 0.35, k + 0.35], color=INK, lw=1.5)
    axis.plot([], [], color=SOFT, lw=4, label="from the countries alone (prior)")
    axis.plot([], [], color=ACCENT, lw=4, label="with the clusters' counts (posterior)")
    axis.plot([], [], color=INK, lw=1.5, label="target")
    axis.set_yticks(range(len(draws)), list(draws))
    axis.set_xscale("log")
    axis.set_xlabel("vehicles added from 2021 to 2025")
    axis.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=1)
    return figure


def firms(dates: pd.DatetimeIndex, draws: np.ndarray, counts: pd.DataFrame) -> Figure:
    """Firms on the curve (draw, date) with 94 % band; counts, those that are lower bounds with an arrow."""
    figure, axis = _subplots(figsize=(WIDTH, 3))
    low, middle, high = np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)
    axis.fill_between(dates, low, high, color=SECOND, alpha=0.2, lw=0)
    axis.plot(dates, middle, color=SECOND, lw=1.4)
    bound = counts.lower > 0
    axis.plot(counts.date[~bound], counts.firms[~bound], "o", color=INK, ms=4, label="count")
    axis.plot(counts.date[bound], counts.firms[bound], "^", color=ACCENT, ms=6, label="more than")
    axis.set_xlim(date2num(dates[0]), date2num(dates[-1]))
    axis.set_ylabel("firms in the zone")
    axis.legend()
    return figure
