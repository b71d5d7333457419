"""Figures of the lessons: each function takes arrays or tables and returns one Figure."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from jingjinji.show import palette
from jingjinji.show.figures import (
    INK,
    MARK,
    MODEL,
    SOFT,
    chart,
    drawn,
    grid,
    key,
    letters,
    name_ends,
    narrow,
    published,
    raw,
    wrapped,
)  # fmt: skip
from jingjinji.topics.lessons import steps

STYLES = ("-", "--", ":", "-.")


@drawn
def months_and_years(months: pd.DataFrame, official: pd.DataFrame, place: str) -> Figure:
    """Monthly means of one place (table pm25_city_month) below its official annual means (year, pm25)."""
    figure, axis = chart(2.6)
    year = months.month.str[:4].astype(int) + (months.month.str[5:].astype(int) - 0.5) / 12
    axis.plot(year, months.pm25, color=palette.place(place), lw=0.8)
    raw(axis, year, months.pm25, "month, measured", palette.place(place), 2.4)
    published(axis, official.year + 0.5, official.pm25, "year, official", size=6)
    axis.set_ylim(0, None)
    axis.set_xticks(range(2013, 2025, 2))
    axis.set_ylabel("PM2.5 (µg/m³)")
    key(figure)
    return figure


@drawn
def falls(first: pd.Series, reference: float) -> Figure:
    """Change to the last year (per cent) by the year with which a comparison begins, and the claimed one."""
    figure, axis = chart(2.4)
    axis.plot(first.index, first, "D", color=INK, ms=6)
    shown = first.index[:: 2 if narrow() else 1]
    for year, change in first[shown].items():
        axis.annotate(f"{change:.0f}".replace("-", "\N{MINUS SIGN}"), (year, change), xytext=(0, 7),
                      textcoords="offset points", ha="center")  # fmt: skip
    axis.axhline(reference, color=SOFT, lw=1, ls="--")
    axis.set_ylim(min(reference, first.min()) - 8, max(0, first.max() + 12))
    axis.set_xticks(shown)
    axis.set_xlabel("year with which the comparison begins")
    axis.set_ylabel(wrapped("change to the last year (%)", 0.35))
    return figure


@drawn
def made_up_months(records: dict[str, np.ndarray], plain: np.ndarray | None = None) -> Figure:
    """Made-up months (month,) by name, each beside the same months without a change where those are given."""
    figure, axes = grid(records, 2.3, 3, 0.3)
    month = np.arange(1, steps.MONTHS + 1)
    for axis, values in zip(axes, records.values(), strict=True):
        if plain is not None:
            axis.plot(month, plain, color=SOFT, lw=1, label="without a change")
        axis.plot(month, values, color=MODEL, lw=1.2, label="as it was made")
        axis.axvline(steps.CHANGE + 0.5, color=INK, lw=0.8, ls=":")
        axis.set_xticks([1, 32, 64, 96])
    figure.supxlabel("month")
    axes[0].set_ylabel("logarithm, made up")
    if plain is not None:
        key(figure)
    return figure


@drawn
def signals(persistences: tuple[float, ...], months: int = 12, change: int = 4) -> Figure:
    """What an autoregression sees of a step in months (its innovations), a chart for each persistence."""
    step = (np.arange(months) >= change).astype(float)
    figure, axes = grid([f"persistence {value:g}" for value in persistences], 2.2, 3)
    for axis, persistence in zip(axes, persistences, strict=True):
        seen = steps.innovations(step, persistence)
        axis.bar(np.arange(1, months + 1), seen, color=[MARK if k == change else MODEL for k in range(months)])
        axis.axhline(0, color=INK, lw=0.8)
        axis.set_xticks([1, 6, 12])
    figure.supxlabel("month (the change comes with the fifth)")
    axes[0].set_ylabel("share of the step")
    return figure


@drawn
def errors(persistences: tuple[float, ...], months: np.ndarray) -> Figure:
    """Standard error of a step by the length of the record, in surprises of a month, a line for each persistence."""
    figure, axis = chart(2.6)
    ends = {}
    for persistence, style in zip(persistences, STYLES, strict=False):
        error = [steps.error_of_step(persistence, int(count)) for count in months]
        axis.plot(months, error, color=MODEL, ls=style, lw=1.8, label=f"_persistence {persistence:g}")
        ends[f"{persistence:g}"] = (months[-1], error[-1], INK)
    axis.set_ylim(0, 1.15)
    axis.set_xlabel("months in the record")
    axis.set_ylabel(wrapped("error of the step, in a month's surprises", 0.35))
    name_ends(axis, ends, 2.6, room=0.08)
    return figure


@drawn
def likelihoods(densities: dict[str, np.ndarray], truth: float) -> Figure:
    """Densities (step,) of a change over `steps.STEPS`, name -> density, and the change that was put in."""
    figure, axis = chart(2.5)
    change = steps.per_cent(steps.STEPS)
    shown = (steps.STEPS > -0.7) & (steps.STEPS < 0.4)
    for (name, density), style, colour in zip(densities.items(), STYLES, (MODEL, MARK, INK, SOFT), strict=False):
        axis.plot(change[shown], density[shown], color=colour, ls=style, lw=1.8, label=name)
    axis.axvline(steps.per_cent(truth), color=INK, lw=1, label="put in")
    axis.axvline(0, color=SOFT, lw=1, ls="--", label="no change")
    axis.set_xlabel("change (%)")
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    key(figure, 3)
    return figure


@drawn
def before_and_after(panels: dict[str, tuple[np.ndarray, np.ndarray]], label: str, marks: dict[str, float]) -> Figure:
    """Prior and posterior of one quantity under several priors: name -> (drawn from the prior, posterior draws)."""
    figure, axes = grid(panels, 2.3, 2, 0.3)
    for axis, (prior, posterior) in zip(axes, panels.values(), strict=True):
        sns.kdeplot(prior, ax=axis, color=SOFT, fill=True, alpha=0.3, lw=1.2, label="prior")
        sns.kdeplot(posterior, ax=axis, color=MODEL, fill=True, alpha=0.3, lw=1.8, label="posterior")
        for (name, value), style in zip(marks.items(), STYLES[1:], strict=False):
            axis.axvline(value, color=INK, lw=1, ls=style, label=name)
        axis.set_yticks([])
        axis.set_ylabel("")
        axis.spines["left"].set_visible(False)
    figure.supxlabel(wrapped(label))
    key(figure)
    return figure


@drawn
def thresholds(chances: dict[str, np.ndarray], limits: np.ndarray, level: float, claimed: float) -> Figure:
    """Chance that a fall was at least so large, by place, and where a rule with this level holds, is open and fails."""
    figure, axis = chart(2.8)
    for (place, chance), style in zip(chances.items(), STYLES, strict=False):
        axis.plot(limits, chance, color=palette.place(place), ls=style, lw=2, label=place)
    for edge in (level, 1 - level):
        axis.axhline(edge, color=SOFT, lw=1, ls="--")
    for word, where in (("holds", (1 + level) / 2), ("open", 0.5), ("fails", (1 - level) / 2)):
        axis.annotate(word, (limits[-1], where), xytext=(4, 0), textcoords="offset points", va="center",
                      annotation_clip=False)  # fmt: skip
    axis.axvline(claimed, color=INK, lw=1, ls=":")
    axis.set_ylim(-0.03, 1.03)
    axis.set_xlim(limits[0], limits[-1] + (limits[-1] - limits[0]) * 5 / letters())
    axis.set_xticks([tick for tick in axis.get_xticks() if limits[0] <= tick <= limits[-1]])
    axis.set_xlabel("a fall of at least (%)")
    axis.set_ylabel("probability")
    key(figure)
    return figure
