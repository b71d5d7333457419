"""Figures of the chapter on November 2014: each function takes arrays or tables and returns one Figure."""

import numpy as np
import pandas as pd
from matplotlib.dates import DateFormatter, MonthLocator
from matplotlib.figure import Figure

from jingjinji.show.figures import ACCENT, INK, SECOND, SOFT, band, chart, grid, interval


def event_days(
    series: dict[str, pd.Series], shaded: dict[str, tuple[pd.Timestamp, pd.Timestamp]], label: str, reference: float
) -> Figure:
    """Daily series (index date) on one axis, with named spans shaded and a dotted reference line."""
    figure, axis = chart(2.8)
    for (name, values), colour in zip(series.items(), (INK, ACCENT), strict=False):
        axis.plot(values.index, values, "o-", color=colour, ms=2.5, lw=1, label=name)
    for (name, (first, last)), colour in zip(shaded.items(), (SECOND, SOFT), strict=False):
        day = pd.Timedelta(hours=12)
        axis.axvspan(first - day, last + day, color=colour, alpha=0.25, lw=0, label=name)
    axis.axhline(reference, color=SOFT, lw=0.8, ls=":")
    axis.xaxis.set_major_locator(MonthLocator())
    axis.xaxis.set_major_formatter(DateFormatter("%-d %b"))
    axis.set_ylim(
        min(0, *(1.1 * values.min() for values in series.values())), 1.35 * max(v.max() for v in series.values())
    )
    axis.set_ylabel(label)
    axis.legend(ncols=2, loc="upper center")
    return figure


def curves(panels: dict[str, tuple[np.ndarray, np.ndarray, str]]) -> Figure:
    """Change in per cent along each variable: name -> (values, draws (draw, value), unit), median and 94 % band."""
    figure, axes = grid(panels, 1.5, 2, sharex=False)
    for axis, (x, values, unit) in zip(axes, panels.values(), strict=True):
        band(axis, x, values, ACCENT, 0.3)
        axis.axhline(0, color=SOFT, lw=0.8)
        axis.set_xlabel(unit)
    figure.supylabel("change of the day (%)")
    return figure


def twin(starts: pd.DatetimeIndex, measured: np.ndarray, draws: np.ndarray, event: int, label: str) -> Figure:
    """A city's periods against draws (draw, period) of its synthetic twin; the event's period is marked."""
    figure, axis = chart(2.8)
    band(axis, starts, draws, width=1.4, label="twin, 94 %")
    axis.plot(starts, measured, "o-", color=INK, ms=4, lw=1, label="measured")
    axis.plot(starts[event], measured[event], "o", color=ACCENT, ms=8, label="the ban")
    axis.xaxis.set_major_locator(MonthLocator())
    axis.xaxis.set_major_formatter(DateFormatter("%b %Y"))
    axis.tick_params(axis="x", rotation=30)
    axis.set_ylim(0, 1.25 * max(measured.max(), np.percentile(interval(draws)[2], 90)))
    axis.set_ylabel(label)
    axis.legend(ncols=3)
    return figure


def windows(departures: np.ndarray, ban: float, names: tuple[str, str]) -> Figure:
    """Departures (%) of all windows of ten days as a histogram, with the ban's as a line."""
    figure, axis = chart(2.3)
    axis.hist(departures, np.arange(-70, 131, 10), color=SOFT, alpha=0.7, label=names[0])
    axis.axvline(ban, color=ACCENT, lw=1.6, label=names[1])
    axis.set_xlabel("departure from expectation (%)")
    axis.set_ylabel("windows")
    axis.legend()
    return figure


def placebos(standing: pd.Series, marked: list[str]) -> Figure:
    """Predictive standard deviations of every city taken as if the event had been there; some are named."""
    figure, axis = chart(2.3)
    others = standing.drop(marked)
    axis.hist(others, np.arange(-5.25, 5.5, 0.5), color=SOFT, alpha=0.7, label="donors as placebos")
    for city in marked:
        axis.axvline(
            standing[city], color=ACCENT if city == "Beijing" else SECOND, lw=1.6 if city == "Beijing" else 0.8
        )
        if city == "Beijing":
            axis.annotate(city, (standing[city], 0.9), xycoords=("data", "axes fraction"), xytext=(-4, 0),
                          textcoords="offset points", ha="right", fontsize=8.5)  # fmt: skip
    axis.plot([], [], color=SECOND, lw=0.8, label="other cities of the area")
    axis.set_xlabel("departure from the twin (predictive standard deviations)")
    axis.set_ylabel("cities")
    axis.legend()
    return figure
