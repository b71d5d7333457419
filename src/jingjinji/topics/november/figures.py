"""Figures of the chapter on November 2014: each function takes arrays or tables and returns one Figure."""

import numpy as np
import pandas as pd
from matplotlib.dates import DateFormatter, MonthLocator
from matplotlib.figure import Figure

from jingjinji.show import palette
from jingjinji.show.figures import FAINT, INK, MARK, SOFT, band, chart, drawn, grid, interval, key, raw, wrapped


@drawn
def event_days(
    series: dict[str, pd.Series], shaded: dict[str, tuple[pd.Timestamp, pd.Timestamp]], label: str, reference: float
) -> Figure:
    """Daily series (index date) on one axis, with named spans shaded and a dotted reference line."""
    figure, axis = chart(2.8)
    for (name, (first, last)), colour in zip(shaded.items(), (MARK, SOFT), strict=False):
        day = pd.Timedelta(hours=12)
        axis.axvspan(first - day, last + day, color=colour, alpha=0.22, lw=0, label=name)
    for (name, values), colour in zip(series.items(), (INK, palette.PLACES["Beijing"].light), strict=False):
        raw(axis, values.index, values, name, colour, 2.5, 1)
    axis.axhline(reference, color=SOFT, lw=0.8, ls=":")
    axis.xaxis.set_major_locator(MonthLocator())
    axis.xaxis.set_major_formatter(DateFormatter("%-d %b"))
    lowest = min(values.min() for values in series.values())
    axis.set_ylim(min(0, 1.1 * lowest), 1.05 * max(values.max() for values in series.values()))
    axis.set_ylabel(label)
    key(figure, 2)
    return figure


@drawn
def curves(panels: dict[str, tuple[np.ndarray, np.ndarray, str]]) -> Figure:
    """Change in per cent along each variable: name -> (values, draws (draw, value), unit), median and 94 % band."""
    figure, axes = grid(panels, 1.5, 4, sharex=False)
    for axis, (x, values, unit) in zip(axes, panels.values(), strict=True):
        band(axis, x, values, alpha=0.3)
        axis.axhline(0, color=SOFT, lw=0.8)
        axis.set_xlabel(unit)
    figure.supylabel("change of the day (%)")
    return figure


@drawn
def twin(starts: pd.DatetimeIndex, measured: np.ndarray, draws: np.ndarray, event: int, label: str) -> Figure:
    """A city's periods against draws (draw, period) of its synthetic twin; the event's period is marked."""
    figure, axis = chart(2.8)
    band(axis, starts, draws, width=1.4, label="twin, 94 %")
    raw(axis, starts, measured, "measured", size=3.5, line=1)
    raw(axis, starts[event], measured[event], "the ban", MARK, 8)
    axis.xaxis.set_major_locator(MonthLocator(interval=2))
    axis.xaxis.set_major_formatter(DateFormatter("%b %Y"))
    axis.set_ylim(0, 1.25 * max(measured.max(), np.percentile(interval(draws)[2], 90)))
    axis.set_ylabel(label)
    key(figure)
    return figure


@drawn
def windows(departures: np.ndarray, ban: float, names: tuple[str, str]) -> Figure:
    """Departures (%) of all windows of ten days as a histogram, with the ban's as a line."""
    figure, axis = chart(2.3)
    axis.hist(departures, np.arange(-70, 131, 10), color=FAINT, ec=SOFT, lw=0.5, label=names[0])
    axis.axvline(ban, color=MARK, lw=2, label=names[1])
    axis.set_xlabel("departure from expectation (%)")
    axis.set_ylabel("windows")
    key(figure)
    return figure


@drawn
def placebos(standing: pd.Series, marked: list[str]) -> Figure:
    """Predictive standard deviations of every city taken as if the event had been there; some are named."""
    figure, axis = chart(2.3)
    others = standing.drop(marked)
    axis.hist(others, np.arange(-5.25, 5.5, 0.5), color=FAINT, ec=SOFT, lw=0.5, label="donors as placebos")
    for city in marked:
        axis.axvline(standing[city], color=palette.place(city), lw=2 if city == "Beijing" else 0.8,
                     label=city if city in palette.PLACES else "cities of Hebei")  # fmt: skip
    axis.set_xlabel(wrapped("departure from the twin (predictive standard deviations)"))
    axis.set_ylabel("cities")
    key(figure)
    return figure
