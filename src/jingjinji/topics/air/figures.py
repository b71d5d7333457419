"""Figures of the chapter on the decline of PM2.5: each function takes arrays or tables and returns one Figure."""

import calendar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from jingjinji.show.figures import ACCENT, COLOURS, INK, SECOND, SOFT, band, chart, grid, interval

CALENDAR = calendar.month_abbr[1:]
BASIS_CHANGE = 2018 + 8 / 12


def raw_series(months: pd.DataFrame) -> Figure:
    """Monthly means of every city (table pm25_city_month), small multiples on one scale."""
    cities = sorted(months.city.unique())
    figure, axes = grid(cities, 1.28, 3)
    for axis, city in zip(axes, cities, strict=True):
        rows = months[months.city == city]
        year = rows.month.str[:4].astype(int) + (rows.month.str[5:].astype(int) - 0.5) / 12
        axis.plot(year, rows.pm25, color=INK, lw=0.9)
        doubtful = rows.quality.isin(["C", "D"]).to_numpy()
        axis.plot(year[doubtful], rows.pm25[doubtful], "o", color=ACCENT, ms=3)
        axis.axvline(BASIS_CHANGE, color=SOFT, lw=0.8, ls=":")
        axis.set_xticks([2014, 2017, 2020])
    figure.supylabel("PM2.5, monthly mean (µg/m³)")
    return figure


def yearly_intervals(years: np.ndarray, draws: dict[str, np.ndarray], official: pd.DataFrame) -> Figure:
    """Annual means by area: draws (draw, year) as median and 94 % band, official means as points."""
    figure, axes = grid(draws, 2, 2)
    for axis, (area, values) in zip(axes, draws.items(), strict=True):
        band(axis, years, values, COLOURS[area])
        rows = official[official.area == area]
        axis.plot(rows.year, rows.pm25, "o", color="white", mec=INK, ms=4.5)
        axis.axvline(BASIS_CHANGE - 0.5, color=SOFT, lw=0.8, ls=":")
        axis.set_xticks([2013, 2018, 2023])
    axes[0].set_ylim(0, None)
    figure.supylabel("PM2.5, annual mean (µg/m³)")
    return figure


def season(region: np.ndarray, cities: dict[str, np.ndarray]) -> Figure:
    """Season as a multiple of the year's typical month: region (draw, 12) with band, each city's mean as a line."""
    figure, axis = chart(2.8)
    months = np.arange(12)
    for name, values in cities.items():
        bold = name in ("Zhangjiakou", "Shijiazhuang")
        axis.plot(months, values, color=SECOND if bold else SOFT, lw=1.4 if bold else 0.7)
        if bold:
            axis.annotate(name, (11, values[-1]), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    band(axis, months, region, ACCENT, 0.35, 2)
    axis.axhline(1, color=SOFT, lw=0.8)
    axis.set_xticks(months, CALENDAR)
    axis.set_ylabel("multiple of the typical month")
    return figure


def effects(draws: dict[str, np.ndarray], cities: list[str]) -> Figure:
    """Change in per cent with one standard deviation of each weather variable: draws (draw, city), one panel each."""
    figure, axes = grid(draws, 2.5, 2)
    rows = np.arange(len(cities))[::-1]
    for axis, values in zip(axes, draws.values(), strict=True):
        low, middle, high = interval(values)
        axis.hlines(rows, low, high, color=INK, lw=1.5)
        axis.plot(middle, rows, "o", color=ACCENT, ms=4)
        axis.axvline(0, color=SOFT, lw=0.8)
        axis.set_yticks(rows, cities)
    figure.supxlabel("change of the month (%) with one standard deviation more")
    return figure


def paired_years(years: np.ndarray, first: np.ndarray, second: np.ndarray, names: tuple[str, str]) -> Figure:
    """Two sets of annual means (draw, year) side by side, median and 94 % interval."""
    figure, axis = chart(2.8)
    for shift, values, colour, name in ((-0.09, first, INK, names[0]), (0.09, second, ACCENT, names[1])):
        low, middle, high = interval(values)
        axis.errorbar(
            years + shift, middle, [middle - low, high - middle], fmt="o-", color=colour, ms=4, lw=1.2, label=name
        )
    axis.set_ylim(0, None)
    axis.set_xticks(years)
    axis.set_ylabel("PM2.5, annual mean (µg/m³)")
    axis.legend()
    return figure


def forecast(months: pd.PeriodIndex, predicted: dict[str, np.ndarray], measured: dict[str, np.ndarray]) -> Figure:
    """Months predicted from earlier years: (draw, month) as 50 and 94 % bands, what was measured as points."""
    figure, axes = grid(predicted, 1.4, sharey=False)
    place = months.year + (months.month - 0.5) / 12
    for axis, (city, values) in zip(axes, predicted.items(), strict=True):
        for probability, alpha in ((94, 0.2), (50, 0.35)):
            low, high = np.percentile(values, [50 - probability / 2, 50 + probability / 2], axis=0)
            axis.fill_between(place, low, high, color=SECOND, alpha=alpha, lw=0, label=f"{probability} %")
        axis.plot(place, measured[city], "o", color=ACCENT, ms=4, label="measured")
        axis.set_ylim(0, None)
    starts = [k for k, month in enumerate(months) if month.month in (1, 7)]
    axes[-1].set_xticks(place[starts], [months[k].strftime("%b %Y") for k in starts])
    axes[0].legend(ncols=3)
    figure.supylabel("PM2.5 (µg/m³)")
    return figure


def counts(years: np.ndarray, path: np.ndarray, areas: tuple[str, ...], published: pd.DataFrame) -> Figure:
    """Heavy days: smooth path (draw, year, area) with 94 % band, published counts as points."""
    figure, axes = grid(areas, 2.5, 3)
    for k, (axis, area) in enumerate(zip(axes, areas, strict=True)):
        band(axis, years, path[:, :, k], COLOURS[area])
        rows = published[published.area == area]
        axis.plot(rows.year, rows.days, "o", color="white", mec=INK, ms=4.5)
        axis.set_xticks([2013, 2018, 2023])
    axes[0].set_ylim(0, 1.3 * published.days.max())
    axes[0].set_ylabel("days a year")
    return figure


def scatter_with_intervals(
    names: list[str], predicted: np.ndarray, other: np.ndarray, labels: tuple[str, str]
) -> Figure:
    """Predicted (draw, unit) against an independent figure, with the line of equality."""
    figure, axis = chart(3.6)
    low, middle, high = interval(predicted)
    axis.errorbar(other, middle, [middle - low, high - middle], fmt="o", color=INK, ecolor=SOFT, ms=4)
    ends = [0.9 * min(low.min(), other.min()), 1.05 * max(high.max(), other.max())]
    axis.plot(ends, ends, color=ACCENT, lw=1, ls="--")
    for rank, k in enumerate(np.argsort(other)):
        side = {"xytext": (6, -9), "ha": "left"} if rank % 2 else {"xytext": (-6, 5), "ha": "right"}
        axis.annotate(names[k], (other[k], middle[k]), textcoords="offset points", fontsize=8, **side)
    axis.set_xlabel(labels[0])
    axis.set_ylabel(labels[1])
    return figure
