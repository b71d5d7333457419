"""Figures of the chapter on the decline of PM2.5: each function takes arrays or tables and returns one Figure."""

import calendar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from jingjinji.show import palette
from jingjinji.show.figures import (
    INK,
    MARK,
    MODEL,
    SOFT,
    band,
    chart,
    drawn,
    grid,
    interval,
    key,
    name_ends,
    posterior,
    published,
    raw,
)  # fmt: skip

CALENDAR = calendar.month_abbr[1:]
BASIS_CHANGE = 2018 + 8 / 12


@drawn
def raw_series(months: pd.DataFrame) -> Figure:
    """Monthly means of every city (table pm25_city_month), small multiples on one scale, the dirtiest city first."""
    cities = list(months.groupby("city").pm25.mean().sort_values(ascending=False).index)
    figure, axes = grid(cities, 1.15, 4, 0.3)
    for axis, city in zip(axes, cities, strict=True):
        rows = months[months.city == city]
        year = rows.month.str[:4].astype(int) + (rows.month.str[5:].astype(int) - 0.5) / 12
        axis.plot(year, rows.pm25, color=palette.place(city), lw=0.9, label="_")
        doubtful = rows.quality.isin(["C", "D"]).to_numpy()
        raw(axis, year[doubtful], rows.pm25[doubtful], "month of doubtful quality", MARK, 3.5)
        axis.axvline(BASIS_CHANGE, color=SOFT, lw=0.8, ls=":")
        axis.set_xticks([2014, 2017, 2020])
    figure.supylabel("PM2.5, monthly mean (µg/m³)")
    key(figure)
    return figure


@drawn
def yearly_intervals(years: np.ndarray, draws: dict[str, np.ndarray], official: pd.DataFrame) -> Figure:
    """Annual means by area: draws (draw, year) as median and 94 % band, official means as published figures."""
    figure, axes = grid(draws, 2, 4, 0.3)
    for axis, (area, values) in zip(axes, draws.items(), strict=True):
        band(axis, years, values, palette.place(area))
        rows = official[official.area == area]
        published(axis, rows.year, rows.pm25, size=4.5)
        axis.axvline(BASIS_CHANGE - 0.5, color=SOFT, lw=0.8, ls=":")
        axis.set_xticks([2013, 2018, 2023])
    axes[0].set_ylim(0, None)
    axes[0].plot([], [], color=INK, lw=1.6, label="model, with 94 % band")
    published(axes[0], [], [], "official")
    figure.supylabel("PM2.5, annual mean (µg/m³)")
    key(figure)
    return figure


@drawn
def courses(
    years: dict[str, int], draws: dict[str, np.ndarray], measured: dict[str, np.ndarray], ruler: float | None
) -> Figure:
    """The lasting course of annual means by area, draws (draw, year), and the means as they were (year).

    years : what a year is called -> its number. ruler : where among these the ruler changed; None where it did not.
    """
    figure, axes = grid(draws, 2.3 if len(draws) < 3 else 1.9, min(3, len(draws)), 0.3)
    names, places = list(years), np.array(list(years.values()))
    every = max(1, -(-len(names) // 4))
    for axis, (area, values) in zip(axes, draws.items(), strict=True):
        band(axis, places, values, MODEL)
        raw(axis, places, measured[area], size=4)
        if ruler is not None:
            axis.axvline(ruler, color=SOFT, lw=0.8, ls=":")
        axis.set_xticks(places[::every], names[::every])
        axis.set_xlim(places[0] - 0.4, places[-1] + 0.4)
    axes[0].set_ylim(0, None)
    axes[0].plot([], [], color=MODEL, lw=1.6, label="lasting course, with 94 % band")
    raw(axes[0], [], [], "as measured", size=4)
    figure.supylabel("PM2.5, annual mean (µg/m³)")
    key(figure)
    return figure


@drawn
def monthly(months: pd.DataFrame, ruler: float | None) -> Figure:
    """Monthly means of cities (columns city, month, pm25), small multiples on one scale, the dirtiest city first.

    A month that was not measured is a gap of its line.
    """
    cities = list(months.groupby("city").pm25.mean().sort_values(ascending=False).index)
    figure, axes = grid(cities, 1.15, 4, 0.3)
    every = pd.period_range(months.month.min(), months.month.max(), freq="M")
    values = months.pivot(index="month", columns="city", values="pm25").reindex(every.astype(str))
    place = every.year.to_numpy() + (every.month.to_numpy() - 0.5) / 12
    years = np.arange(int(place.min()) + 1, int(place.max()) + 1)
    shown = years[:: max(1, -(-len(years) // 3))]
    for axis, city in zip(axes, cities, strict=True):
        axis.plot(place, values[city], color=INK, lw=0.9)
        if ruler is not None:
            axis.axvline(ruler, color=SOFT, lw=0.8, ls=":")
        axis.set_xticks(shown, [str(year) for year in shown])
    figure.supylabel("PM2.5, monthly mean (µg/m³)")
    return figure


@drawn
def season(
    region: np.ndarray, cities: dict[str, np.ndarray], named: tuple[str, ...] = ("Zhangjiakou", "Shijiazhuang")
) -> Figure:
    """Season as a multiple of the year's typical month: region (draw, 12) with band, each city's mean as a line.

    Cities that are `named` stand out.
    """
    figure, axis = chart(2.6)
    months = np.arange(12)
    for name, values in cities.items():
        bold = name in named
        axis.plot(months, values, color=INK if bold else SOFT, lw=1.2 if bold else 0.6, label=f"_{name}")
    band(axis, months, region, MODEL, 0.35, 2)
    axis.axhline(1, color=SOFT, lw=0.8)
    ends = {name: (11, cities[name][-1], INK) for name in named if name in cities}
    name_ends(axis, ends | {"region": (11, np.median(region[:, -1]), MODEL)}, 2.6)
    axis.set_xticks(months, [month[0] for month in CALENDAR])
    axis.set_ylabel("multiple of the typical month")
    return figure


@drawn
def effects(draws: dict[str, np.ndarray], cities: list[str]) -> Figure:
    """Change in per cent with one standard deviation of each weather variable: draws (draw, city), one panel each.

    Cities are sorted by the first of them.
    """
    order = np.argsort(next(iter(draws.values())).mean(axis=0))
    figure, axes = grid(draws, 2.6, 4, 0.2)
    rows = np.arange(len(cities))[::-1]
    for axis, values in zip(axes, draws.values(), strict=True):
        posterior(axis, rows, *interval(values[:, order]), size=4)
        axis.axvline(0, color=SOFT, lw=0.8, zorder=0)
        axis.set_yticks(rows, [cities[k] for k in order])
    figure.supxlabel("change of the month (%) with one standard\ndeviation more")
    return figure


@drawn
def paired_years(years: np.ndarray, first: np.ndarray, second: np.ndarray, names: tuple[str, str]) -> Figure:
    """Two sets of annual means (draw, year) side by side, median and 94 % interval."""
    figure, axis = chart(2.7)
    for shift, values, colour, name in ((-0.12, first, INK, names[0]), (0.12, second, MODEL, names[1])):
        low, middle, high = interval(values)
        axis.plot(years + shift, middle, color=colour, lw=1)
        posterior(axis, years + shift, low, middle, high, colour, across=False, label=name, size=4)
    axis.set_ylim(0, None)
    axis.set_xticks(years[::2])
    axis.set_ylabel("PM2.5, annual mean (µg/m³)")
    key(figure)
    return figure


@drawn
def forecast(months: pd.PeriodIndex, predicted: dict[str, np.ndarray], measured: dict[str, np.ndarray]) -> Figure:
    """Months predicted from earlier years: (draw, month) as 50 and 94 % bands, what was measured as points."""
    figure, axes = grid(predicted, 1.4, above=0.3, sharey=False)
    place = months.year + (months.month - 0.5) / 12
    for axis, (city, values) in zip(axes, predicted.items(), strict=True):
        for probability, alpha in ((94, 0.2), (50, 0.35)):
            low, high = np.percentile(values, [50 - probability / 2, 50 + probability / 2], axis=0)
            axis.fill_between(place, low, high, color=MODEL, alpha=alpha, lw=0, label=f"predicted, {probability} %")
        raw(axis, place, measured[city], "measured", size=3.5)
        axis.set_ylim(0, None)
    starts = [k for k, month in enumerate(months) if month.month in (1, 7)]
    axes[-1].set_xticks(place[starts], [months[k].strftime("%b %Y") for k in starts])
    figure.supylabel("PM2.5 (µg/m³)")
    key(figure)
    return figure


@drawn
def counts(years: np.ndarray, path: np.ndarray, areas: tuple[str, ...], counted: pd.DataFrame) -> Figure:
    """Heavy days: smooth path (draw, year, area) with 94 % band, published counts as points."""
    figure, axes = grid(areas, 2.2, 3, 0.3)
    for k, (axis, area) in enumerate(zip(axes, areas, strict=True)):
        band(axis, years, path[:, :, k], palette.place(area))
        rows = counted[counted.area == area]
        published(axis, rows.year, rows.days, size=4.5)
        axis.set_xticks([2013, 2018, 2023])
    axes[0].set_ylim(0, 1.3 * counted.days.max())
    figure.supylabel("days a year")
    published(axes[0], [], [], "published count")
    axes[0].plot([], [], color=INK, lw=1.6, label="model, with 94 % band")
    key(figure)
    return figure


@drawn
def scatter_with_intervals(
    names: list[str], predicted: np.ndarray, other: np.ndarray, labels: tuple[str, str]
) -> Figure:
    """Predicted (draw, unit) against an independent figure, with the line of equality."""
    figure, axis = chart(3.6)
    low, middle, high = interval(predicted)
    posterior(axis, other, low, middle, high, across=False, size=4)
    ends = [0.9 * min(low.min(), other.min()), 1.05 * max(high.max(), other.max())]
    axis.plot(ends, ends, color=SOFT, lw=1, ls="--")
    for rank, k in enumerate(np.argsort(other)):
        side = {"xytext": (6, -9), "ha": "left"} if rank % 2 else {"xytext": (-6, 5), "ha": "right"}
        axis.annotate(names[k], (other[k], middle[k]), textcoords="offset points", **side)
    axis.set_xlabel(labels[0])
    axis.set_ylabel(labels[1])
    return figure
