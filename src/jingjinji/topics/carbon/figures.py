"""Figures of the chapter on carbon markets: each function takes arrays or tables and returns one Figure."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from jingjinji.show.figures import ACCENT, INK, SECOND, SOFT, TAIL, WIDTH, _subplots

REGION_COLOURS = {"Beijing, Tianjin and Hebei": "#b91c1c", "the Yangtze delta": "#1d4ed8", "Guangdong": "#047857"}


def prices(years: np.ndarray, panels: dict[str, tuple[np.ndarray, pd.DataFrame]]) -> Figure:
    """Price by market: draws (draw, year) with 94 % band, averages filled, closes open, idle closes as crosses."""
    columns = 3
    rows = -(-len(panels) // columns)
    figure, axes = _subplots(rows, columns, figsize=(WIDTH, 1.35 * rows + 0.5), sharex=True, sharey=True, squeeze=False)
    for axis in axes.ravel()[len(panels) :]:
        axis.set_axis_off()
    styles = {"average": {"marker": "o", "mfc": INK}, "close": {"marker": "o", "mfc": "white"}, "idle": {"marker": "x"}}
    for axis, (title, (draws, printed)) in zip(axes.ravel(), panels.items(), strict=False):
        low, middle, high = np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)
        axis.fill_between(years + 0.5, low, high, color=SECOND, alpha=0.2, lw=0)
        axis.plot(years + 0.5, middle, color=SECOND, lw=1.4)
        kind = np.where(printed.idle > 0, "idle", np.where(printed.close > 0, "close", "average"))
        for name, style in styles.items():
            use = kind == name
            axis.plot(printed.centre[use], printed.price[use], ls="", color=INK, ms=4, mew=0.9, **style)
        axis.set_title(title, loc="left")
        axis.set_yscale("log")
        axis.set_yticks([10, 30, 100], ["10", "30", "100"])
        axis.yaxis.set_minor_locator(NullLocator())
        axis.set_ylim(5, 200)
        axis.set_xticks([2014, 2019, 2024])
    for axis in axes.ravel()[max(0, len(panels) - columns) : len(panels)]:
        axis.tick_params(labelbottom=True)
    names = {"average": "average of a period", "close": "close", "idle": "close without trade"}
    for name, style in styles.items():
        axes[0, 0].plot([], [], ls="", color=INK, ms=4, mew=0.9, label=names[name], **style)
    figure.supylabel("CNY a tonne", fontsize=8.5)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3, handlelength=1,
                  columnspacing=1)  # fmt: skip
    return figure


def shares(table: pd.DataFrame, regions: dict[str, str]) -> Figure:
    """Share of each region by year (columns (series, region) in per cent): output, and CO2 of two inventories."""
    figure, axes = _subplots(1, 2, figsize=(WIDTH, 2.7), sharey=True)
    for key, region in regions.items():
        colour = REGION_COLOURS[region]
        axes[0].plot(table.index, table["gdp", key], color=colour, lw=1.8, label=region)
        axes[1].plot(table.index, table["edgar", key], color=colour, lw=1.8)
        axes[1].plot(table.index, table["ceads", key], color=colour, lw=1.4, ls="--")
    axes[1].plot([], [], color=SOFT, lw=1.8, label="EDGAR")
    axes[1].plot([], [], color=SOFT, lw=1.4, ls="--", label="CEADs")
    for axis, title in zip(axes, ("output", "CO2"), strict=True):
        axis.set_title(title, loc="left")
        axis.set_xticks([2005, 2014, 2023])
        axis.set_ylim(0, 30)
    axes[0].set_ylabel("share of thirty provinces (%)")
    axes[1].legend(loc="upper right", ncols=2, handlelength=1.5, columnspacing=1)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, columnspacing=1)
    return figure


def claim_against_prices(price: np.ndarray, claimed: np.ndarray, years: np.ndarray, volume: np.ndarray) -> Figure:
    """Shenzhen's price by year (draw, year) with 94 % band, the claim's mean (draw,) across, assumed volumes below."""
    figure, (axis, below) = _subplots(2, 1, figsize=(WIDTH, 3.3), sharex=True, height_ratios=[3, 1])
    low, middle, high = np.percentile(price, [TAIL, 50, 100 - TAIL], axis=0)
    axis.fill_between(years + 0.5, low, high, color=SECOND, alpha=0.2, lw=0)
    axis.plot(years + 0.5, middle, color=SECOND, lw=1.6, label="from published prices")
    ends = np.percentile(claimed, [TAIL, 50, 100 - TAIL])
    axis.axhspan(ends[0], ends[2], color=ACCENT, alpha=0.4, lw=0)
    axis.axhline(ends[1], color=ACCENT, lw=1.4, label="turnover over volume of the claim")
    axis.set_ylim(0, None)
    axis.set_ylabel("CNY a tonne")
    below.bar(years + 0.5, volume, color=SOFT, width=0.8)
    below.set_ylabel("Mt, pilots")
    below.set_xticks([2014, 2016, 2018, 2020, 2022])
    figure.legend(*axis.get_legend_handles_labels(), loc="outside upper center", ncols=1)
    return figure
