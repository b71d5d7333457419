"""Figures of the chapter on hydrogen: each function takes arrays or tables and returns one Figure."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.dates import YearLocator, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from jingjinji.show.figures import ACCENT, INK, SOFT, TAIL, band, chart, grid, key


def adoption(panels: dict[str, tuple[np.ndarray, np.ndarray, pd.DataFrame]]) -> Figure:
    """Yearly sales by unit: years, expected (draw, year) with 94 % band, and the printed figures (year, vehicles)."""
    figure, axes = grid(panels, 1.35, 3)
    for axis, (years, draws, printed) in zip(axes, panels.values(), strict=True):
        band(axis, years, draws, alpha=0.2, width=1.4)
        axis.plot(printed.year, printed.vehicles, "o", color=INK, ms=2.5)
        axis.set_yscale("symlog", linthresh=10)
        axis.set_yticks([0, 10, 100, 1000, 10000], ["0", "10", "100", "1,000", "10,000"])
        axis.yaxis.set_minor_locator(NullLocator())
        axis.set_ylim(0, 60000)
        axis.set_xticks([2011, 2017, 2023])
    figure.supylabel("vehicles a year", fontsize=8.5)
    return figure


def prior_against_posterior(draws: dict[str, tuple[np.ndarray, np.ndarray]], targets: dict[str, float]) -> Figure:
    """Vehicles of each cluster without and with its own counts, 94 % and half of the draws, and the target."""
    figure, axis = chart(0.42 * len(draws) + 1.2)
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
    key(figure, 1)
    return figure


def firms(dates: pd.DatetimeIndex, draws: np.ndarray, counts: pd.DataFrame) -> Figure:
    """Firms on the curve (draw, date) with 94 % band; counts, those that are lower bounds with an arrow."""
    figure, axis = chart(2.5)
    band(axis, dates, draws, alpha=0.2, width=1.4)
    bound = counts.lower > 0
    axis.plot(counts.date[~bound], counts.firms[~bound], "o", color=INK, ms=4, label="count")
    axis.plot(counts.date[bound], counts.firms[bound], "^", color=ACCENT, ms=6, label="more than")
    axis.set_xlim(date2num(dates[0]), date2num(dates[-1]))
    axis.set_ylim(0, None)
    axis.xaxis.set_major_locator(YearLocator())
    axis.set_ylabel("firms in the zone")
    axis.legend(loc="upper left")
    return figure
