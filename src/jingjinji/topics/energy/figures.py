"""Figures of the chapter on coal, steel and the Ruhr: each function takes arrays or tables and returns one Figure."""

import textwrap
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from jingjinji.show import palette, plotted
from jingjinji.show.figures import (
    FAINT,
    INK,
    MARK,
    MODEL,
    PAPER,
    SOFT,
    band,
    chart,
    drawn,
    grid,
    interval,
    key,
    name_ends,
    narrow,
    published,
    wrapped,
)  # fmt: skip

MIX_COLOURS = {part: palette.PARTS[part].light for part in ("coal", "oil", "gas", "electricity", "heat")}
AREAS = ("Beijing", "Tianjin", "Hebei")
BEIJING, HEBEI = palette.PLACES["Beijing"].light, palette.PLACES["Hebei"].light


@drawn
def structure_series(panel: pd.DataFrame, titles: dict[str, str], breaks: dict[str, tuple[int, ...]]) -> Figure:
    """Columns of table energy_province_year as multiples of their first year: three areas in colour."""
    figure, axes = grid(titles.values(), 2.1, 2, 0.5)
    axes[0].plot([], [], color=SOFT, lw=0.4, label="other provinces")
    for axis, column in zip(axes, titles, strict=True):
        wide = panel.pivot(index="year", columns="province", values=column)
        relative = wide / wide.iloc[0]
        for province in relative:
            shown = province in palette.PLACES and province in AREAS
            axis.plot(relative.index, relative[province], color=palette.place(province) if shown else SOFT,
                      lw=1.8 if shown else 0.4, zorder=2 if shown else 1,
                      label=province if shown else f"_{province}")  # fmt: skip
        for year in breaks.get(column, ()):
            axis.axvline(year - 0.5, color=INK, lw=0.8, ls=":", label="counted anew from here")
        axis.set_xticks([2003, 2008, 2013])
    axes[0].set_yscale("log")
    axes[0].set_ylim(0.02, 5)
    axes[0].set_yticks([0.03, 0.1, 0.3, 1, 3], ["0.03", "0.1", "0.3", "1", "3"])
    axes[0].minorticks_off()
    figure.supylabel(f"multiple of {panel.year.min()}")
    key(figure, 3)
    return figure


@drawn
def mix_areas(mix: pd.DataFrame, parts: tuple[str, ...], areas: tuple[str, ...]) -> Figure:
    """Shares of end-use energy by year as stacked areas, one panel an area (table energy_mix_year)."""
    figure, axes = grid(areas, 2.2 if narrow() else 2.6, len(areas), 0.3, sharex=False)
    for axis, area in zip(axes, areas, strict=True):
        rows = mix[mix.province == area].sort_values("year")
        values = rows[list(parts)].to_numpy()
        values = 100 * values / values.sum(axis=1, keepdims=True)
        axis.stackplot(rows.year, values.T, colors=[MIX_COLOURS[part] for part in parts], labels=parts,
                       lw=0.4, ec=PAPER)  # fmt: skip
        axis.set_xlim(rows.year.min(), rows.year.max())
        axis.set_xticks([2005, 2013, 2021])
        axis.set_ylim(0, 100)
    axes[0].set_ylabel("share of end-use energy (%)")
    key(figure, len(parts))
    rows = mix[mix.province.isin(areas)].set_index(["province", "year"])[list(parts)]
    shares = 100 * rows.div(rows.sum(axis=1), axis=0)
    told = shares.stack().rename("share of end-use energy (%)").rename_axis(["area", "year", "part"])
    return plotted.tell(figure, told.reset_index())


@drawn
def path_against_level(
    years: np.ndarray, path: np.ndarray, level: np.ndarray, first: int, names: tuple[str, str]
) -> Figure:
    """A path (draw, year) with 94 % band, and a level (draw,) across it; years before `first` are carried back."""
    figure, axis = chart(2.8)
    low, middle, high = interval(path)
    known = years >= first
    path_name, level_name = (f"_{name}" for name in names)
    axis.fill_between(years, low, high, color=BEIJING, alpha=0.2, lw=0, label=path_name)
    axis.plot(years[known], middle[known], color=BEIJING, lw=1.8, label=path_name)
    axis.plot(years[~known], middle[~known], color=BEIJING, lw=1.4, ls="--", label=f"{path_name}, carried back")
    low, middle, high = interval(level)
    axis.axhspan(low, high, color=HEBEI, alpha=0.25, lw=0, label=level_name)
    axis.axhline(middle, color=HEBEI, lw=1.4, label=level_name)
    axis.axvline(first, color=SOFT, lw=0.8, ls=":")
    axis.text(years[-1], middle + 2, names[1], color=HEBEI, ha="right", va="bottom")
    last = np.flatnonzero(known)[len(known[known]) // 3]
    axis.text(years[last] + 0.5, np.median(path[:, last]) + 4, names[0], color=BEIJING)
    axis.text(years[0] + 0.3, 3, "carried back", color=BEIJING)
    axis.set_ylim(0, 100)
    axis.set_xlim(years[0], years[-1])
    axis.set_ylabel(wrapped("coal, share of end-use energy (%)", 0.5 if narrow() else 1))
    return figure


@drawn
def declines(
    elapsed: np.ndarray, left: dict[str, np.ndarray], figures: dict[str, tuple[np.ndarray, np.ndarray]]
) -> Figure:
    """What is left of the plateau by years since the peak: bands (draw, year) and figures (years, share)."""
    figure, axes = grid(left, 1.4, 3, 0.3)
    for axis, (name, values) in zip(axes, left.items(), strict=True):
        band(axis, elapsed, 100 * values, palette.place(name.partition(",")[0], MODEL), width=1.5)
        years, share = figures[name]
        published(axis, years, 100 * share, "published", size=4)
        for mark in (50, 10):
            axis.axhline(mark, color=SOFT, lw=0.7, ls=":")
        axis.set_xlim(-2, elapsed[-1])
        axis.set_ylim(0, 115)
        axis.set_yticks([0, 50, 100])
    figure.supxlabel("years since the largest figure")
    figure.supylabel("left of the plateau (%)")
    axes[0].plot([], [], color=INK, lw=1.5, label="model, with 94 % band")
    key(figure)
    return figure


@drawn
def measured_paths(
    years: np.ndarray, paths: dict[str, np.ndarray], last_book: int, titles: tuple[str, ...], known: np.ndarray
) -> Figure:
    """One province's coal by year: panels of (draw, year) in per cent, with the yearbook's figures (`known`)."""
    figure, axes = grid(titles, 2.2, 2)
    for axis, values in zip(axes, paths.values(), strict=True):
        band(axis, years, values, HEBEI, 0.25, 1.6)
        published(axis, years[: len(known)], known, size=3.2)
        axis.axvline(last_book + 0.5, color=SOFT, lw=0.8, ls=":")
        axis.set_ylim(0, 150)
        axis.set_xticks([2005, 2011, 2017, 2023][narrow() :: 1 + narrow()])
    figure.supylabel("of the largest figure (%)")
    return figure


@drawn
def since_largest(
    paths: dict[str, tuple[np.ndarray, np.ndarray]], figures: dict[str, tuple[np.ndarray, np.ndarray]], most: int
) -> Figure:
    """What is left by years since the largest figure: paths as bands (draw, year), figures of others as lines."""
    figure, axis = chart(3)
    ends = {}
    for name, (years, left) in paths.items():
        band(axis, years, left, palette.place(name), 0.2, 1.8)
        ends[name] = (years[-1], np.median(left[:, -1]), palette.place(name))
    for (name, (years, left)), style in zip(figures.items(), ("--", ":"), strict=True):
        colour = palette.place(name.partition(",")[0])
        shown = years <= most
        last = np.interp(most, years, left)
        axis.plot([*years[shown], most], [*left[shown], last], style, color=colour, lw=1)
        published(axis, years[shown], left[shown], colour=colour, size=4)
        ends[name.replace(", ", ",\n")] = (most, last, colour)
    axis.axhline(50, color=SOFT, lw=0.7, ls=":")
    axis.set_xlim(0, most)
    axis.set_ylim(0, 115)
    name_ends(axis, ends, 3)
    axis.set_xticks(range(0, most + 1, 4))
    axis.set_xlabel("years since the largest figure")
    axis.set_ylabel(wrapped("left of the largest figure (%)", 0.5 if narrow() else 1))
    axis.plot([], [], color=INK, lw=1.8, label="model, with 94 % band")
    published(axis, [], [], "published")
    key(figure)
    return figure


@drawn
def stacked_rounds(shares: pd.DataFrame, periods: dict[int, str]) -> Figure:
    """Shares of the whole by round and source, per cent: a bar each with its number, the largest of all rounds first.

    shares : round (rows), source (columns); periods : what a round covers.
    """
    order = list(shares.max().sort_values(ascending=False).index)
    figure, axis = chart(0.25 * len(order) + 0.6)
    longest = 1.7 * np.nanmax(shares.to_numpy())
    for place, number in enumerate(shares.index):
        start = place * longest
        axis.plot([start, start], [-0.5, len(order) - 0.5], color=SOFT, lw=0.8)
        axis.text(start, -0.75, textwrap.fill(periods[number], 9 if narrow() else 20), va="bottom")
        for row, source in enumerate(order):
            share = shares.at[number, source]
            if np.isfinite(share) and share > 0:
                colour = MARK if source == "from outside" else MODEL
                axis.barh(row, share, 0.66, left=start, color=colour, alpha=0.75, lw=0)
                axis.text(start + share + 0.02 * longest, row, f"{share:.0f}", va="center")
            else:
                axis.text(start + 0.02 * longest, row, "–", va="center", color=SOFT)
    axis.set_yticks(range(len(order)), [textwrap.fill(name, 12 if narrow() else 24) for name in order])
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(len(order) - 0.4, -0.6)
    axis.set_xlim(0, len(shares) * longest)
    axis.set_xticks([])
    axis.set_xlabel("share of all PM2.5 (%); –: not named")
    for spine in axis.spines.values():
        spine.set_visible(False)
    told = shares.rename(index=periods).stack().rename("share of all PM2.5 (%)").rename_axis(["period", "source"])
    return plotted.tell(figure, told.reset_index())


@drawn
def output_against_capacity(years: np.ndarray, output: np.ndarray, marks: dict[str, float]) -> Figure:
    """Published output of the years that have one, joined where they follow each other, and levels of capacity (Mt)."""
    figure, axis = chart(2.6)
    for run in np.split(np.arange(len(years)), np.flatnonzero(np.diff(years) > 1) + 1):
        axis.plot(years[run], output[run], color=HEBEI, lw=1.4)
    published(axis, years, output, colour=HEBEI, size=6)
    for year, value in zip(years, output, strict=True):
        axis.annotate(f"{value:.0f}", (year, value), xytext=(0, -15), textcoords="offset points", ha="center")
    for before, after in pairwise(years):
        if after - before > 1:
            axis.axvspan(before + 0.5, after - 0.5, color=FAINT, alpha=0.5, lw=0)
            axis.text((before + after) / 2, 0.1 * output.max(), f"{before + 1} to {after - 1}:\nno figure", ha="center")
    for (name, value), style in zip(marks.items(), ("--", ":"), strict=False):
        axis.axhline(value, color=MARK, lw=1.4, ls=style)
        axis.annotate(name, (years[0] - 0.4, value), xytext=(0, 3), textcoords="offset points", color=MARK)
    axis.set_ylim(0, 1.15 * max(*marks.values(), *output))
    axis.set_xlim(years[0] - 0.5, years[-1] + 0.5)
    axis.set_xticks(np.arange(years[0], years[-1] + 1)[:: 3 if narrow() else 1])
    axis.set_ylabel("crude steel (Mt a year)")
    return figure
