"""The shared look, and the figures of the chapters: each function takes arrays or tables and returns one Figure."""

import calendar
import textwrap

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.dates import DateFormatter, MonthLocator
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jingjinji.core.findings import PROBABILITY, Finding

WIDTH = 4.3
INK, SOFT = "#1f2937", "#9ca3af"
COLOURS = {"Beijing": "#b91c1c", "Tianjin": "#1d4ed8", "Hebei": "#047857", "All thirteen cities": "#374151"}
ACCENT, SECOND = "#b45309", "#0e7490"
MIX_COLOURS = {"coal": "#4b5563", "oil": "#b45309", "gas": "#0e7490", "electricity": "#eab308", "heat": "#be185d"}
PATH_COLOURS = {"its own": "#047857", "the Ruhr's": "#4b5563", "Beijing's": "#b91c1c"}
SOURCE_COLOURS = {
    "coal": "#4b5563", "vehicles": "#0e7490", "industry": "#b45309", "dust": "#eab308", "living": "#be185d",
    "agriculture and nature": "#65a30d", "other": "#d1d5db", "from outside": "#1d4ed8",
}  # fmt: skip
CALENDAR = calendar.month_abbr[1:]
TAIL = 100 * (1 - PROBABILITY) / 2
BASIS_CHANGE = 2018 + 8 / 12
IN_A_ROW = 3


def use_house_style() -> None:
    """Set the look of every figure of a page, and SVG as its format."""
    import matplotlib_inline.backend_inline

    matplotlib_inline.backend_inline.set_matplotlib_formats("svg", metadata={"Date": None})
    sns.set_theme(
        style="ticks",
        rc={
            "font.size": 8.5,
            "axes.labelsize": 8.5,
            "axes.titlesize": 8.5,
            "axes.linewidth": 0.8,
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
            "xtick.major.size": 3,
            "ytick.major.size": 3,
            "legend.fontsize": 8,
            "axes.edgecolor": INK,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "savefig.dpi": 160,
            "svg.fonttype": "path",
            "svg.hashsalt": "jingjinji",
            "figure.constrained_layout.use": True,
            "legend.frameon": False,
        },
    )


def _subplots(*arguments, figsize: tuple[float, float], **keywords):
    """A figure that pyplot does not know: a notebook shows it once, where it is returned."""
    figure = Figure(figsize=figsize)
    return figure, figure.subplots(*arguments, **keywords)


def raw_series(months: pd.DataFrame) -> Figure:
    """Monthly means of every city (table pm25_city_month), small multiples on one scale."""
    cities = sorted(months.city.unique())
    figure, axes = _subplots(-(-len(cities) // 3), 3, figsize=(WIDTH, 6.4), sharex=True, sharey=True)
    for axis, city in zip(axes.flat, cities, strict=False):
        rows = months[months.city == city]
        year = rows.month.str[:4].astype(int) + (rows.month.str[5:].astype(int) - 0.5) / 12
        axis.plot(year, rows.pm25, color=INK, lw=0.9)
        doubtful = rows.quality.isin(["C", "D"]).to_numpy()
        axis.plot(year[doubtful], rows.pm25[doubtful], "o", color=ACCENT, ms=3)
        axis.axvline(BASIS_CHANGE, color=SOFT, lw=0.8, ls=":")
        axis.set_title(city, loc="left")
    for axis in list(axes.flat)[len(cities) :]:
        axis.set_axis_off()
    for axis in axes.flat:
        axis.set_xticks([2014, 2017, 2020])
    for axis in list(axes.flat)[len(cities) - 3 : len(cities)]:
        axis.tick_params(labelbottom=True)
    figure.supylabel("PM2.5, monthly mean (µg/m³)")
    return figure


def yearly_intervals(years: np.ndarray, draws: dict[str, np.ndarray], official: pd.DataFrame) -> Figure:
    """Annual means by area: draws (draw, year) as median and 94 % band, official means as points."""
    figure, axes = _subplots(2, 2, figsize=(WIDTH, 4), sharex=True, sharey=True)
    for axis, (area, values) in zip(axes.flat, draws.items(), strict=True):
        low, middle, high = np.percentile(values, [TAIL, 50, 100 - TAIL], axis=0)
        axis.fill_between(years, low, high, color=COLOURS[area], alpha=0.25, lw=0)
        axis.plot(years, middle, color=COLOURS[area], lw=1.6)
        rows = official[official.area == area]
        axis.plot(rows.year, rows.pm25, "o", color="white", mec=INK, ms=4.5)
        axis.axvline(BASIS_CHANGE - 0.5, color=SOFT, lw=0.8, ls=":")
        axis.set_title(area, loc="left")
        axis.set_xticks([2013, 2018, 2023])
    axes[0, 0].set_ylim(0, None)
    figure.supylabel("PM2.5, annual mean (µg/m³)")
    return figure


def forest(groups: dict[str, list[tuple[str, Finding]]], label: str, reference: float | None = None) -> Figure:
    """Posterior means with 94 % highest-density intervals, one row a finding, one block a group."""
    rows = sum(len(group) for group in groups.values()) + len(groups)
    figure, axis = _subplots(figsize=(WIDTH, 0.21 * rows + 0.7))
    position, ticks, names = 0, [], []
    for title, group in groups.items():
        axis.text(0.01, position, title, transform=axis.get_yaxis_transform(), weight="bold", va="center", fontsize=8)
        position -= 1
        for name, finding in group:
            low, high = finding.hdi
            axis.plot([low, high], [position, position], color=INK, lw=2, solid_capstyle="butt")
            axis.plot(finding.mean, position, "o", color=ACCENT, ms=5)
            ticks.append(position)
            names.append(name)
            position -= 1
    if reference is not None:
        axis.axvline(reference, color=SOFT, lw=1, ls="--")
    axis.set_yticks(ticks, names)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(position + 0.3, 0.7)
    axis.set_xlabel(label)
    return figure


def season(region: np.ndarray, cities: dict[str, np.ndarray]) -> Figure:
    """Season as a multiple of the year's typical month: region (draw, 12) with band, each city's mean as a line."""
    figure, axis = _subplots(figsize=(WIDTH, 2.8))
    months = np.arange(12)
    for name, values in cities.items():
        bold = name in ("Zhangjiakou", "Shijiazhuang")
        axis.plot(months, values, color=SECOND if bold else SOFT, lw=1.4 if bold else 0.7)
        if bold:
            axis.annotate(name, (11, values[-1]), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    low, middle, high = np.percentile(region, [TAIL, 50, 100 - TAIL], axis=0)
    axis.fill_between(months, low, high, color=ACCENT, alpha=0.35, lw=0)
    axis.plot(months, middle, color=ACCENT, lw=2)
    axis.axhline(1, color=SOFT, lw=0.8)
    axis.set_xticks(months, CALENDAR)
    axis.set_ylabel("multiple of the typical month")
    return figure


def effects(draws: dict[str, np.ndarray], cities: list[str]) -> Figure:
    """Change in per cent with one standard deviation of each weather variable: draws (draw, city), one panel each."""
    figure, axes = _subplots(2, 2, figsize=(WIDTH, 5), sharex=True, sharey=True)
    rows = np.arange(len(cities))[::-1]
    for axis, (name, values) in zip(axes.flat, draws.items(), strict=True):
        low, middle, high = np.percentile(values, [TAIL, 50, 100 - TAIL], axis=0)
        axis.hlines(rows, low, high, color=INK, lw=1.5)
        axis.plot(middle, rows, "o", color=ACCENT, ms=4)
        axis.axvline(0, color=SOFT, lw=0.8)
        axis.set_title(name, loc="left")
        axis.set_yticks(rows, cities)
    figure.supxlabel("change of the month (%) with one standard deviation more")
    return figure


def paired_years(years: np.ndarray, first: np.ndarray, second: np.ndarray, names: tuple[str, str]) -> Figure:
    """Two sets of annual means (draw, year) side by side, median and 94 % interval."""
    figure, axis = _subplots(figsize=(WIDTH, 2.8))
    for shift, values, colour, name in ((-0.09, first, INK, names[0]), (0.09, second, ACCENT, names[1])):
        low, middle, high = np.percentile(values, [TAIL, 50, 100 - TAIL], axis=0)
        axis.errorbar(
            years + shift, middle, [middle - low, high - middle], fmt="o-", color=colour, ms=4, lw=1.2, label=name
        )
    axis.set_ylim(0, None)
    axis.set_xticks(years)
    axis.set_ylabel("PM2.5, annual mean (µg/m³)")
    axis.legend()
    return figure


def prior_and_posterior(prior: np.ndarray, posterior: np.ndarray, label: str, marks: dict[str, float]) -> Figure:
    """Densities of one quantity before and after the data, with named reference lines."""
    figure, axis = _subplots(figsize=(WIDTH, 2.5))
    sns.kdeplot(prior, ax=axis, color=SOFT, fill=True, alpha=0.3, lw=1.2, label="prior")
    sns.kdeplot(posterior, ax=axis, color=ACCENT, fill=True, alpha=0.3, lw=1.6, label="posterior")
    for (name, value), style in zip(marks.items(), ("--", ":"), strict=False):
        axis.axvline(value, color=INK, lw=1, ls=style, label=name)
    axis.set_xlabel(label)
    axis.set_yticks([])
    axis.set_ylabel("")
    axis.spines["left"].set_visible(False)
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def prior_predictive(draws: np.ndarray, measured: np.ndarray, span: str = "month") -> Figure:
    """Prior predictive distribution of means over a span (month, day) against the measured ones, log scale."""
    figure, axis = _subplots(figsize=(WIDTH, 2.5))
    bins = np.geomspace(1, 3000, 50)
    axis.hist(np.clip(draws, 1, 3000), bins, density=False, weights=np.full(draws.size, 1 / draws.size), color=SOFT,
              alpha=0.6, label="prior")  # fmt: skip
    axis.hist(measured, bins, weights=np.full(measured.size, 1 / measured.size), color=ACCENT, alpha=0.6,
              label="measured")  # fmt: skip
    axis.set_xscale("log")
    axis.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    axis.set_xlabel(f"PM2.5, mean of a {span} (µg/m³)")
    axis.set_ylabel(f"share of {span}s")
    axis.legend()
    return figure


def predictive_check(checks: dict[str, tuple[list[str], np.ndarray, np.ndarray]]) -> Figure:
    """Replicated against measured means by group: name -> (labels, replicated (draw, group), measured (group))."""
    figure, axes = _subplots(len(checks), 1, figsize=(WIDTH, 2.4 * len(checks)))
    for axis, (title, (labels, replicated, measured)) in zip(np.atleast_1d(axes), checks.items(), strict=True):
        low, high = np.percentile(replicated, [TAIL, 100 - TAIL], axis=0)
        place = np.arange(len(labels))
        axis.vlines(place, low, high, color=SECOND, lw=5, alpha=0.45, label="replicated, 94 %")
        axis.plot(place, measured, "o", color=ACCENT, ms=4.5, label="measured")
        tilt = {"rotation": 45, "ha": "right"} if max(map(len, labels)) > 4 else {}
        axis.set_xticks(place, labels, **tilt)
        axis.set_title(textwrap.fill(title, 60), loc="left")
        axis.set_ylabel("µg/m³")
        axis.set_ylim(0, None)
    np.atleast_1d(axes)[0].legend()
    return figure


def forecast(months: pd.PeriodIndex, predicted: dict[str, np.ndarray], measured: dict[str, np.ndarray]) -> Figure:
    """Months predicted from earlier years: (draw, month) as 50 and 94 % bands, what was measured as points."""
    figure, axes = _subplots(len(predicted), 1, figsize=(WIDTH, 1.4 * len(predicted)), sharex=True)
    place = months.year + (months.month - 0.5) / 12
    for axis, (city, values) in zip(axes, predicted.items(), strict=True):
        for probability, alpha in ((94, 0.2), (50, 0.35)):
            low, high = np.percentile(values, [50 - probability / 2, 50 + probability / 2], axis=0)
            axis.fill_between(place, low, high, color=SECOND, alpha=alpha, lw=0, label=f"{probability} %")
        axis.plot(place, measured[city], "o", color=ACCENT, ms=4, label="measured")
        axis.set_title(city, loc="left")
        axis.set_ylim(0, None)
    starts = [k for k, month in enumerate(months) if month.month in (1, 7)]
    axes[-1].set_xticks(place[starts], [months[k].strftime("%b %Y") for k in starts])
    axes[0].legend(ncols=3)
    figure.supylabel("PM2.5 (µg/m³)")
    return figure


def counts(years: np.ndarray, path: np.ndarray, areas: tuple[str, ...], published: pd.DataFrame) -> Figure:
    """Heavy days: smooth path (draw, year, area) with 94 % band, published counts as points."""
    figure, axes = _subplots(1, 3, figsize=(WIDTH, 2.5), sharey=True)
    for k, (axis, area) in enumerate(zip(axes, areas, strict=True)):
        low, middle, high = np.percentile(path[:, :, k], [TAIL, 50, 100 - TAIL], axis=0)
        axis.fill_between(years, low, high, color=COLOURS[area], alpha=0.25, lw=0)
        axis.plot(years, middle, color=COLOURS[area], lw=1.6)
        rows = published[published.area == area]
        axis.plot(rows.year, rows.days, "o", color="white", mec=INK, ms=4.5)
        axis.set_title(area, loc="left")
        axis.set_xticks([2013, 2018, 2023])
    axes[0].set_ylim(0, 1.3 * published.days.max())
    axes[0].set_ylabel("days a year")
    return figure


def scatter_with_intervals(
    names: list[str], predicted: np.ndarray, other: np.ndarray, labels: tuple[str, str]
) -> Figure:
    """Predicted (draw, unit) against an independent figure, with the line of equality."""
    figure, axis = _subplots(figsize=(WIDTH, 3.6))
    low, middle, high = np.percentile(predicted, [TAIL, 50, 100 - TAIL], axis=0)
    axis.errorbar(other, middle, [middle - low, high - middle], fmt="o", color=INK, ecolor=SOFT, ms=4)
    ends = [0.9 * min(low.min(), other.min()), 1.05 * max(high.max(), other.max())]
    axis.plot(ends, ends, color=ACCENT, lw=1, ls="--")
    for rank, k in enumerate(np.argsort(other)):
        side = {"xytext": (6, -9), "ha": "left"} if rank % 2 else {"xytext": (-6, 5), "ha": "right"}
        axis.annotate(names[k], (other[k], middle[k]), textcoords="offset points", fontsize=8, **side)
    axis.set_xlabel(labels[0])
    axis.set_ylabel(labels[1])
    return figure


def model_graph(parents: dict[str, set[str]], observed: tuple[str, ...]) -> Figure:
    """Variables of a model from causes (top) to data (bottom), an arrow for each dependence."""
    depth: dict[str, int] = {}

    def rank(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((rank(parent) for parent in parents[name]), default=-1)
        return depth[name]

    for name in parents:
        rank(name)
    children = {name: [child for child, causes in parents.items() if name in causes] for name in parents}
    for name in sorted(parents, key=depth.get, reverse=True):
        if children[name]:
            depth[name] = max(depth[name], min(depth[child] for child in children[name]) - 1)
    place, top = {}, 0.0
    for level in range(max(depth.values()) + 1):
        names = sorted(name for name in parents if depth[name] == level)
        rows = -(-len(names) // IN_A_ROW)
        for row, members in enumerate(np.array_split(names, rows)):
            for column, name in enumerate(members):
                place[name] = ((column + 0.5) / len(members) + (0.06 if row % 2 else 0), -(top + row))
        top += rows + 0.6
    figure, axis = _subplots(figsize=(WIDTH, 0.5 * top))
    for name, causes in parents.items():
        for cause in sorted(causes):
            axis.annotate("", place[name], place[cause], arrowprops={"arrowstyle": "->", "color": SOFT, "shrinkA": 9,
                          "shrinkB": 9, "lw": 0.8})  # fmt: skip
    for name, (x, y) in place.items():
        colour = "#fde68a" if name in observed else "white"
        axis.text(x, y, name, ha="center", va="center", fontsize=8, zorder=3,
                  bbox={"boxstyle": "round", "fc": colour, "ec": INK, "lw": 0.7})  # fmt: skip
    axis.set_xlim(0, 1)
    axis.set_ylim(-top + 0.4, 0.5)
    axis.set_axis_off()
    return figure


def event_days(
    series: dict[str, pd.Series], shaded: dict[str, tuple[pd.Timestamp, pd.Timestamp]], label: str, reference: float
) -> Figure:
    """Daily series (index date) on one axis, with named spans shaded and a dotted reference line."""
    figure, axis = _subplots(figsize=(WIDTH, 2.8))
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
    rows = -(-len(panels) // 2)
    figure, axes = _subplots(rows, 2, figsize=(WIDTH, 1.5 * rows), sharey=True)
    for axis, (name, (x, values, unit)) in zip(axes.flat, panels.items(), strict=False):
        low, middle, high = np.percentile(values, [TAIL, 50, 100 - TAIL], axis=0)
        axis.fill_between(x, low, high, color=ACCENT, alpha=0.3, lw=0)
        axis.plot(x, middle, color=ACCENT, lw=1.6)
        axis.axhline(0, color=SOFT, lw=0.8)
        axis.set_title(name, loc="left")
        axis.set_xlabel(unit)
    for axis in list(axes.flat)[len(panels) :]:
        axis.set_axis_off()
    figure.supylabel("change of the day (%)")
    return figure


def twin(starts: pd.DatetimeIndex, measured: np.ndarray, draws: np.ndarray, event: int, label: str) -> Figure:
    """A city's periods against draws (draw, period) of its synthetic twin; the event's period is marked."""
    figure, axis = _subplots(figsize=(WIDTH, 2.8))
    low, middle, high = np.percentile(draws, [TAIL, 50, 100 - TAIL], axis=0)
    axis.fill_between(starts, low, high, color=SECOND, alpha=0.25, lw=0, label="twin, 94 %")
    axis.plot(starts, middle, color=SECOND, lw=1.4)
    axis.plot(starts, measured, "o-", color=INK, ms=4, lw=1, label="measured")
    axis.plot(starts[event], measured[event], "o", color=ACCENT, ms=8, label="the ban")
    axis.xaxis.set_major_locator(MonthLocator())
    axis.xaxis.set_major_formatter(DateFormatter("%b %Y"))
    axis.tick_params(axis="x", rotation=30)
    axis.set_ylim(0, 1.25 * max(measured.max(), np.percentile(high, 90)))
    axis.set_ylabel(label)
    axis.legend(ncols=3)
    return figure


def placebos(standing: pd.Series, marked: list[str]) -> Figure:
    """Predictive standard deviations of every city taken as if the event had been there; some are named."""
    figure, axis = _subplots(figsize=(WIDTH, 2.3))
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


def structure_series(panel: pd.DataFrame, titles: dict[str, str], breaks: dict[str, tuple[int, ...]]) -> Figure:
    """Columns of table energy_province_year as multiples of their first year: three areas in colour."""
    figure, axes = _subplots(2, 2, figsize=(WIDTH, 4.2), sharex=True)
    for axis, (column, title) in zip(axes.flat, titles.items(), strict=True):
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
        axis.set_title(title, loc="left")
        axis.set_xticks([2003, 2008, 2013])
    axes[0, 0].legend(handlelength=1.2)
    figure.supylabel(f"multiple of {panel.year.min()}")
    return figure


def mix_areas(mix: pd.DataFrame, parts: tuple[str, ...], areas: tuple[str, ...]) -> Figure:
    """Shares of end-use energy by year as stacked areas, one panel an area (table energy_mix_year)."""
    figure, axes = _subplots(1, len(areas), figsize=(WIDTH, 3), sharey=True)
    for axis, area in zip(axes, areas, strict=True):
        rows = mix[mix.province == area].sort_values("year")
        values = rows[list(parts)].to_numpy()
        values = 100 * values / values.sum(axis=1, keepdims=True)
        axis.stackplot(rows.year, values.T, colors=[MIX_COLOURS[part] for part in parts], labels=parts, lw=0)
        axis.set_title(area, loc="left")
        axis.set_xlim(rows.year.min(), rows.year.max())
        axis.set_xticks([2005, 2013, 2021])
        axis.set_ylim(0, 100)
    axes[0].set_ylabel("share of end-use energy (%)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(parts), handlelength=1,
                  columnspacing=1)  # fmt: skip
    return figure


def path_against_level(
    years: np.ndarray, path: np.ndarray, level: np.ndarray, first: int, names: tuple[str, str]
) -> Figure:
    """A path (draw, year) with 94 % band, and a level (draw,) across it; years before `first` are carried back."""
    figure, axis = _subplots(figsize=(WIDTH, 3))
    low, middle, high = np.percentile(path, [TAIL, 50, 100 - TAIL], axis=0)
    known = years >= first
    axis.fill_between(years, low, high, color=COLOURS["Beijing"], alpha=0.2, lw=0)
    axis.plot(years[known], middle[known], color=COLOURS["Beijing"], lw=1.8, label=names[0])
    axis.plot(years[~known], middle[~known], color=COLOURS["Beijing"], lw=1.4, ls="--", label="carried back")
    ends = np.percentile(level, [TAIL, 50, 100 - TAIL])
    axis.axhspan(ends[0], ends[2], color=COLOURS["Hebei"], alpha=0.25, lw=0)
    axis.axhline(ends[1], color=COLOURS["Hebei"], lw=1.4, label=names[1])
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
    columns = 2
    figure, axes = _subplots(-(-len(left) // columns), columns, figsize=(WIDTH, 1.4 * -(-len(left) // columns)),
                             sharex=True, sharey=True)  # fmt: skip
    for axis, (name, values) in zip(axes.flat, left.items(), strict=False):
        low, middle, high = np.percentile(100 * values, [TAIL, 50, 100 - TAIL], axis=0)
        axis.fill_between(elapsed, low, high, color=SECOND, alpha=0.25, lw=0)
        axis.plot(elapsed, middle, color=SECOND, lw=1.5)
        years, share = figures[name]
        axis.plot(years, 100 * share, "o", color=ACCENT, ms=4)
        for mark in (50, 10):
            axis.axhline(mark, color=SOFT, lw=0.7, ls=":")
        axis.set_title(name, loc="left")
        axis.set_xlim(-2, elapsed[-1])
        axis.set_ylim(0, 115)
        axis.set_yticks([0, 10, 50, 100])
    for axis in list(axes.flat)[len(left) :]:
        axis.set_axis_off()
    for axis in list(axes.flat)[len(left) - columns : len(left)]:
        axis.tick_params(labelbottom=True)
    figure.supxlabel("years since the largest figure")
    figure.supylabel("left of the plateau (%)")
    return figure


def future_paths(years: np.ndarray, paths: dict[str, np.ndarray], published: pd.DataFrame, label: str) -> Figure:
    """One region's future on several paths: (draw, year) as median and 94 % band, published figures as points."""
    figure, axis = _subplots(figsize=(WIDTH, 3.1))
    for name, values in paths.items():
        low, middle, high = np.percentile(values, [TAIL, 50, 100 - TAIL], axis=0)
        axis.fill_between(years, low, high, color=PATH_COLOURS[name], alpha=0.15, lw=0)
        axis.plot(years, middle, color=PATH_COLOURS[name], lw=1.8, label=f"on {name} path")
    axis.plot(published.year, published.value, "o", color="white", mec=INK, ms=4.5, label="yearbook")
    axis.set_ylim(0, None)
    axis.set_xlim(published.year.min(), years[-1])
    axis.set_ylabel(label)
    axis.legend(fontsize=8)
    return figure


def stacked_rounds(shares: pd.DataFrame) -> Figure:
    """Shares of the whole by round (rows) and source (columns) as stacked bars, per cent."""
    figure, axis = _subplots(figsize=(WIDTH, 3.1))
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
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=3, handlelength=1)
    return figure


def output_against_capacity(years: np.ndarray, output: np.ndarray, marks: dict[str, float]) -> Figure:
    """Yearly output as bars and named levels of capacity as lines (Mt)."""
    figure, axis = _subplots(figsize=(WIDTH, 2.6))
    axis.bar(years, output, color=SECOND, width=0.7)
    for (name, value), style in zip(marks.items(), ("--", ":"), strict=False):
        axis.axhline(value, color=ACCENT, lw=1.4, ls=style)
        axis.annotate(name, (years[0] - 0.4, value), xytext=(0, 3), textcoords="offset points", fontsize=8)
    axis.set_ylim(0, 1.12 * max(*marks.values(), *output))
    axis.set_xticks(np.arange(years[0], years[-1] + 1))
    axis.set_ylabel("crude steel (Mt a year)")
    return figure


LINE = 44
"""Letters in a line of a question above its row."""


def certainty(rows: pd.DataFrame, colours: dict[str, str]) -> Figure:
    """Probability of each answer on one scale: a dot, and a line over other choices of model.

    rows : question, chapter, probability, lowest, highest, uncertain (True for those that are printed bold).
    """
    texts = [textwrap.wrap(question, LINE) for question in rows.question]
    heights = [0.155 * len(lines) + 0.2 for lines in texts]
    figure = Figure(figsize=(WIDTH, sum(heights) + 1.1))
    axis = figure.subplots()
    top = 0.0
    for row, lines, height in zip(rows.itertuples(), texts, heights, strict=True):
        bold = "bold" if row.uncertain else "normal"
        axis.text(0, top, "\n".join(lines), va="top", fontsize=8, weight=bold, linespacing=1.1,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.2})  # fmt: skip
        y, colour = top - height + 0.1, colours[row.chapter]
        axis.plot([0, 1], [y, y], color=SOFT, lw=0.5)
        axis.plot([row.lowest, row.highest], [y, y], color=colour, lw=4, alpha=0.4, solid_capstyle="butt")
        axis.plot(row.probability, y, "o", color=colour, ms=6, clip_on=False)
        top -= height
    axis.axvline(0.5, color=SOFT, lw=0.8, ls="--", zorder=0)
    axis.set_xlim(-0.02, 1.02)
    axis.set_ylim(top - 0.05, 0.08)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1], ["no", "¼", "even", "¾", "yes"])
    marks = [Line2D([], [], marker="o", ls="", color=colour, label=name) for name, colour in colours.items()
             if (rows.chapter == name).any()]  # fmt: skip
    figure.legend(handles=marks, loc="outside upper center", ncols=3, handlelength=0.8, columnspacing=1)
    return figure
