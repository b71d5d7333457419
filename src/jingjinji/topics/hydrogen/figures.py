"""Figures of the chapter on hydrogen: each function takes arrays or tables and returns one Figure."""

import numpy as np
import pandas as pd
from matplotlib.dates import YearLocator, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from jingjinji.show import palette
from jingjinji.show.figures import (
    INK,
    MODEL,
    PAPER,
    SOFT,
    TAIL,
    band,
    chart,
    drawn,
    grid,
    key,
    legend,
    narrow,
    published,
    wrapped,
)  # fmt: skip


@drawn
def adoption(panels: dict[str, tuple[np.ndarray, np.ndarray, pd.DataFrame]]) -> Figure:
    """Yearly sales by unit: years, expected (draw, year) with 94 % band, and the printed figures (year, vehicles)."""
    figure, axes = grid(panels, 1.35, 4, 0.3)
    for axis, (years, draws, printed) in zip(axes, panels.values(), strict=True):
        band(axis, years, draws, alpha=0.2, width=1.4)
        published(axis, printed.year, printed.vehicles, "published", size=3.2)
        axis.set_yscale("symlog", linthresh=10)
        axis.set_yticks([0, 10, 100, 1000, 10000], ["0", "10", "100", "1,000", "10,000"])
        axis.yaxis.set_minor_locator(NullLocator())
        axis.set_ylim(0, 60000)
        axis.set_xticks([2011, 2017, 2023])
    axes[0].plot([], [], color=MODEL, lw=1.6, label="model, with 94 % band")
    figure.supylabel("vehicles a year")
    key(figure)
    return figure


@drawn
def prior_against_posterior(draws: dict[str, tuple[np.ndarray, np.ndarray]], targets: dict[str, float]) -> Figure:
    """Vehicles of each cluster without and with its own counts, 94 % and half of the draws, and the target."""
    figure, axis = chart(0.45 * len(draws) + 1.1)
    order = sorted(draws, key=lambda name: -np.median(draws[name][1]))
    for k, name in enumerate(order):
        own = palette.place(name, MODEL)
        sides = (0.17, draws[name][0], SOFT, "prior"), (-0.17, draws[name][1], own, "with own counts")
        for shift, values, colour, what in sides:
            low, first, middle, third, high = np.percentile(values, [TAIL, 25, 50, 75, 100 - TAIL])
            axis.plot([low, high], [k + shift] * 2, color=colour, lw=1.5, label=f"_{what}, 94 %")
            axis.plot(
                [first, third], [k + shift] * 2, color=colour, lw=5, solid_capstyle="butt", label=f"_{what}, half"
            )
            axis.plot(middle, k + shift, "o", color=PAPER, mec=colour, ms=5)
        if name in targets:
            published(axis, targets[name], k - 0.17, "_published target", size=7)
    marks = [axis.plot([], [], color=SOFT, lw=4)[0],
             tuple(axis.plot([], [], color=palette.place(name, MODEL), lw=4)[0] for name in order[:3]),
             axis.plot([], [], "D", color=PAPER, mec=INK, mew=1.2, ms=7)[0]]  # fmt: skip
    axis.set_yticks(range(len(draws)), [wrapped(name, 0.3) for name in order])
    axis.tick_params(axis="y", length=0)
    axis.invert_yaxis()
    axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.set_xlabel("vehicles added from 2021 to 2025")
    names = ["from the countries alone (prior)", "with the clusters' own counts", "published target"]
    legend(figure, marks, names, 1 if narrow() else 3)
    return figure


@drawn
def firms(dates: pd.DatetimeIndex, draws: np.ndarray, counts: pd.DataFrame) -> Figure:
    """Firms on the curve (draw, date) with 94 % band; counts, those that are lower bounds with an arrow."""
    figure, axis = chart(2.5)
    band(axis, dates, draws, alpha=0.2, width=1.4)
    bound = counts.lower > 0
    axis.plot(counts.date[~bound], counts.firms[~bound], "D", color=PAPER, mec=INK, mew=1.2, ms=5,
              label="published count")  # fmt: skip
    axis.plot(counts.date[bound], counts.firms[bound], "^", color=PAPER, mec=INK, mew=1.2, ms=6.5,
              label="published as more than")  # fmt: skip
    axis.set_xlim(date2num(dates[0]), date2num(dates[-1]))
    axis.set_ylim(0, None)
    axis.xaxis.set_major_locator(YearLocator())
    axis.set_ylabel("firms in the zone")
    key(figure)
    return figure
