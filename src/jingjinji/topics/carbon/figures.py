"""Figures of the chapter on carbon markets: each function takes arrays or tables and returns one Figure."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from jingjinji.show import palette
from jingjinji.show.figures import INK, MARK, MODEL, PAPER, SOFT, band, drawn, grid, interval, key, narrow


@drawn
def prices(years: np.ndarray, panels: dict[str, tuple[np.ndarray, pd.DataFrame]]) -> Figure:
    """Price by market: draws (draw, year) with 94 % band, published averages as diamonds, closes as
    triangles, closes without trade as crosses."""
    figure, axes = grid(panels, 1.25, 3, 0.5)
    styles = {"average": {"marker": "D", "mfc": PAPER}, "close": {"marker": "v", "mfc": PAPER}, "idle": {"marker": "x"}}
    names = {"average": "average of a period", "close": "close", "idle": "close without trade"}
    for axis, (market, (draws, printed)) in zip(axes, panels.items(), strict=True):
        band(axis, years + 0.5, draws, palette.place(market, MODEL), alpha=0.2, width=1.4)
        kind = np.where(printed.idle > 0, "idle", np.where(printed.close > 0, "close", "average"))
        for name, style in styles.items():
            use = kind == name
            axis.plot(printed.centre[use], printed.price[use], ls="", color=INK, ms=4.5, mew=1, label=f"_{names[name]}",
                      **style)  # fmt: skip
        axis.set_yscale("log")
        axis.set_yticks([10, 30, 100], ["10", "30", "100"])
        axis.yaxis.set_minor_locator(NullLocator())
        axis.set_ylim(5, 200)
        axis.set_xticks([2014, 2019, 2024])
    for name, style in styles.items():
        axes[0].plot([], [], ls="", color=INK, ms=4, mew=0.9, label=names[name], **style)
    figure.supylabel("CNY a tonne")
    key(figure, 3)
    return figure


@drawn
def shares(table: pd.DataFrame, regions: dict[str, str]) -> Figure:
    """Share of each region by year (columns (series, region) in per cent): output, and CO2 of two inventories."""
    figure, axes = grid(("output", "CO2"), 2.5, 2, 0.9 if narrow() else 0.5, sharex=False)
    for id, region in regions.items():
        colour = palette.place(region)
        axes[0].plot(table.index, table["gdp", id], color=colour, lw=1.8, label=region)
        axes[1].plot(table.index, table["edgar", id], color=colour, lw=1.8, label=f"_{region}, EDGAR")
        axes[1].plot(table.index, table["ceads", id], color=colour, lw=1.4, ls="--", label=f"_{region}, CEADs")
    axes[1].plot([], [], color=SOFT, lw=1.8, label="CO2 by EDGAR")
    axes[1].plot([], [], color=SOFT, lw=1.4, ls="--", label="CO2 by CEADs")
    for axis in axes:
        axis.set_xticks([2005, 2014, 2023])
        axis.set_ylim(0, 30)
    axes[0].set_ylabel("share of thirty provinces (%)")
    key(figure, 3)
    return figure


@drawn
def claim_against_prices(price: np.ndarray, claimed: np.ndarray, years: np.ndarray, volume: np.ndarray) -> Figure:
    """Shenzhen's price by year (draw, year) with 94 % band, the claim's mean (draw,) across, assumed volumes below."""
    figure, (axis, below) = grid(("", ""), 1.6, sharey=False, height_ratios=[3, 1])
    band(axis, years + 0.5, price, palette.PLACES["Shenzhen"].light, 0.2, median="from published prices")
    low, middle, high = interval(claimed)
    axis.axhspan(low, high, color=MARK, alpha=0.4, lw=0)
    axis.axhline(middle, color=MARK, lw=1.4, label="turnover over volume of the claim")
    axis.set_ylim(0, None)
    axis.set_ylabel("CNY a tonne")
    below.bar(years + 0.5, volume, color=SOFT, width=0.8)
    below.set_ylabel("Mt, pilots")
    below.set_xticks([2014, 2016, 2018, 2020, 2022])
    key(figure, 2)
    return figure
