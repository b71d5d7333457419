"""Figures of the chapter on coal, steel and the Ruhr: each function takes arrays or tables and returns one Figure."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from jingjinji.show.figures import ACCENT, COLOURS, INK, SECOND, SOFT, band, chart, grid, interval, key

MIX_COLOURS = {"coal": "#4b5563", "oil": "#b45309", "gas": "#0e7490", "electricity": "#eab308", "heat": "#be185d"}
SOURCE_COLOURS = {
    "coal": "#4b5563", "vehicles": "#0e7490", "industry": "#b45309", "dust": "#eab308", "living": "#be185d",
    "agriculture and nature": "#65a30d", "other": "#d1d5db", "from outside": "#1d4ed8",
}  # fmt: skip


def structure_series(panel: pd.DataFrame, titles: dict[str, str], breaks: dict[str, tuple[int, ...]]) -> Figure:
    """Columns of table energy_province_year as multiples of their first year: three areas in colour."""
    figure, axes = grid(titles.values(), 2.1, 2, sharey=False)
    for axis, column in zip(axes, titles, strict=True):
        wide = panel.pivot(index="year", columns="province", values=column)
        relative = wide / wide.iloc[0]
        for province in relative:
            shown = province in COLOURS
            axis.plot(relative.index, relative[province], color=COLOURS.get(province, SOFT), lw=1.8 if shown else 0.5,
                      zorder=2 if shown else 1, label=province if shown else None)  # fmt: skip
        for year in breaks.get(column, ()):
            axis.axvline(year - 0.5, color=INK, lw=0.8, ls=":")
        axis.set_yscale("log")
        axis.set_ylim(max(0.02, 0.8 * relative.min().min()), 1.2 * relative.max().max())
        axis.set_yticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
        axis.minorticks_off()
        axis.set_xticks([2003, 2008, 2013])
    axes[0].legend(handlelength=1.2)
    figure.supylabel(f"multiple of {panel.year.min()}")
    return figure


def mix_areas(mix: pd.DataFrame, parts: tuple[str, ...], areas: tuple[str, ...]) -> Figure:
    """Shares of end-use energy by year as stacked areas, one panel an area (table energy_mix_year)."""
    figure, axes = grid(areas, 3, len(areas), sharex=False)
    for axis, area in zip(axes, areas, strict=True):
        rows = mix[mix.province == area].sort_values("year")
        values = rows[list(parts)].to_numpy()
        values = 100 * values / values.sum(axis=1, keepdims=True)
        axis.stackplot(rows.year, values.T, colors=[MIX_COLOURS[part] for part in parts], labels=parts, lw=0)
        axis.set_xlim(rows.year.min(), rows.year.max())
        axis.set_xticks([2005, 2013, 2021])
        axis.set_ylim(0, 100)
    axes[0].set_ylabel("share of end-use energy (%)")
    key(figure, len(parts), loc="outside lower center", handlelength=1, columnspacing=1)
    return figure


def path_against_level(
    years: np.ndarray, path: np.ndarray, level: np.ndarray, first: int, names: tuple[str, str]
) -> Figure:
    """A path (draw, year) with 94 % band, and a level (draw,) across it; years before `first` are carried back."""
    figure, axis = chart(3)
    low, middle, high = interval(path)
    known = years >= first
    axis.fill_between(years, low, high, color=COLOURS["Beijing"], alpha=0.2, lw=0)
    axis.plot(years[known], middle[known], color=COLOURS["Beijing"], lw=1.8, label=names[0])
    axis.plot(years[~known], middle[~known], color=COLOURS["Beijing"], lw=1.4, ls="--", label="carried back")
    low, middle, high = interval(level)
    axis.axhspan(low, high, color=COLOURS["Hebei"], alpha=0.25, lw=0)
    axis.axhline(middle, color=COLOURS["Hebei"], lw=1.4, label=names[1])
    axis.axvline(first, color=SOFT, lw=0.8, ls=":")
    axis.set_ylim(0, 100)
    axis.set_xlim(years[0], years[-1])
    axis.set_ylabel("coal, share of end-use energy (%)")
    axis.legend()
    return figure


def declines(
    elapsed: np.ndarray, left: dict[str, np.ndarray], figures: dict[str, tuple[np.ndarray, np.ndarray]]
) -> Figure:
    """What is left of the plateau by years since the peak: bands (draw, year) and figures (years, share)."""
    figure, axes = grid(left, 1.4, 2)
    for axis, (name, values) in zip(axes, left.items(), strict=True):
        band(axis, elapsed, 100 * values, width=1.5)
        years, share = figures[name]
        axis.plot(years, 100 * share, "o", color=ACCENT, ms=4)
        for mark in (50, 10):
            axis.axhline(mark, color=SOFT, lw=0.7, ls=":")
        axis.set_xlim(-2, elapsed[-1])
        axis.set_ylim(0, 115)
        axis.set_yticks([0, 10, 50, 100])
    figure.supxlabel("years since the largest figure")
    figure.supylabel("left of the plateau (%)")
    return figure


def measured_paths(
    years: np.ndarray, paths: dict[str, np.ndarray], last_book: int, titles: tuple[str, ...], known: np.ndarray
) -> Figure:
    """One province's coal by year: panels of (draw, year) in per cent, with the yearbook's figures (`known`)."""
    figure, axes = grid(titles, 2.4, 2)
    for axis, values in zip(axes, paths.values(), strict=True):
        band(axis, years, values, COLOURS["Hebei"], 0.25, 1.6)
        axis.plot(years[: len(known)], known, "o", color="white", mec=INK, ms=3)
        axis.axvline(last_book + 0.5, color=SOFT, lw=0.8, ls=":")
        axis.set_ylim(0, 150)
        axis.set_xticks([2005, 2011, 2017, 2023])
    figure.supylabel("of the largest figure (%)")
    return figure


def since_largest(
    paths: dict[str, tuple[np.ndarray, np.ndarray]], figures: dict[str, tuple[np.ndarray, np.ndarray]], most: int
) -> Figure:
    """What is left by years since the largest figure: paths as bands (draw, year), figures of others as lines."""
    figure, axis = chart(3.2)
    for name, (years, left) in paths.items():
        band(axis, years, left, COLOURS[name], 0.2, 1.8, median=name)
    for (name, (years, left)), (colour, style) in zip(
        figures.items(), (("#4b5563", "s--"), ("#b91c1c", "o:")), strict=True
    ):
        shown = np.append(np.flatnonzero(years <= most), np.flatnonzero(years > most)[:1])
        axis.plot(years[shown], left[shown], style, color=colour, ms=4, lw=1, label=f"{name}, figures")
    axis.axhline(50, color=SOFT, lw=0.7, ls=":")
    axis.set_xlim(0, most)
    axis.set_ylim(0, 115)
    axis.set_xlabel("years since the largest figure")
    axis.set_ylabel("left of the largest figure (%)")
    axis.legend(fontsize=8)
    return figure


def stacked_rounds(shares: pd.DataFrame) -> Figure:
    """Shares of the whole by round (rows) and source (columns) as stacked bars, per cent."""
    figure, axis = chart(3.1)
    bottom = np.zeros(len(shares))
    for source in shares:
        height = shares[source].fillna(0).to_numpy()
        axis.barh(np.arange(len(shares)), height, left=bottom, color=SOURCE_COLOURS[source], label=source, height=0.7)
        for row, (start, width) in enumerate(zip(bottom, height, strict=True)):
            if width >= 6:
                dark = source in ("coal", "vehicles", "industry", "living", "from outside")
                axis.text(start + width / 2, row, f"{width:.0f}", ha="center", va="center", fontsize=8,
                          color="white" if dark else INK)  # fmt: skip
        bottom += height
    axis.set_yticks(np.arange(len(shares)), [f"round {number}" for number in shares.index])
    axis.invert_yaxis()
    axis.set_xlim(0, 100)
    axis.set_xlabel("share of all PM2.5 (%)")
    key(figure, 3, loc="outside lower center", handlelength=1)
    return figure


def output_against_capacity(years: np.ndarray, output: np.ndarray, marks: dict[str, float]) -> Figure:
    """Yearly output as bars and named levels of capacity as lines (Mt)."""
    figure, axis = chart(2.6)
    axis.bar(years, output, color=SECOND, width=0.7)
    for (name, value), style in zip(marks.items(), ("--", ":"), strict=False):
        axis.axhline(value, color=ACCENT, lw=1.4, ls=style)
        axis.annotate(name, (years[0] - 0.4, value), xytext=(0, 3), textcoords="offset points", fontsize=8)
    axis.set_ylim(0, 1.12 * max(*marks.values(), *output))
    axis.set_xticks(np.arange(years[0], years[-1] + 1))
    axis.set_ylabel("crude steel (Mt a year)")
    return figure
