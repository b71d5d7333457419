"""The book's main answers on one scale: how probable each is, how far choices move it, which are least certain."""

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, find
from jingjinji.show.figures import SOFT, chart
from jingjinji.topics.carbon import market_findings as carbon_findings
from jingjinji.topics.cities import page as efficiency_tables
from jingjinji.topics.hongkong import page as policy_tables
from jingjinji.topics.hydrogen import page as hydrogen_tables

MOST_UNCERTAIN = 5
LINE = 44
"""Letters in a line of a question above its row."""
COLOURS = {
    "air": "#1d4ed8", "November 2014": "#b45309", "coal and steel": "#4b5563", "water": "#0e7490",
    "hydrogen": "#047857", "ten cities": "#7c3aed", "carbon market": "#a16207", "Hong Kong": "#be185d",
}  # fmt: skip


def _choices(id: str, choices: dict[str, str]) -> tuple[str, ...]:
    """The finding of a question under each of a page's choices but the main one."""
    return tuple(f"{id}{end}" for end in choices.values() if end)


@dataclass(frozen=True)
class Headline:
    """A yes-or-no answer: the probability that finding `id` lies `below` or `above` a limit.

    A finding that is a probability stands for itself and needs no limit; ``{limit}`` in the question is the limit
    without its sign. `others` are findings of the same question
    under other choices: another basis, another line of evidence, another variant of the model. `settled_by` says which
    data would settle the answer.
    """

    id: str
    question: str
    chapter: str
    settled_by: str
    below: float | None = None
    above: float | None = None
    others: tuple[str, ...] = ()


HEADLINES = (
    Headline("pm25.decline.beijing", "PM2.5 fell by {limit:g} % or more in Beijing from 2013 to 2023", "air",
             "a restatement of the mean of 2013 on today's basis of measurement", below=-60,
             others=("pm25.decline.beijing.constant",)),
    Headline("pm25.decline.tianjin", "PM2.5 fell by {limit:g} % or more in Tianjin", "air",
             "a restatement of the mean of 2013 on today's basis of measurement", below=-60,
             others=("pm25.decline.tianjin.constant",)),
    Headline("pm25.decline.hebei", "PM2.5 fell by {limit:g} % or more in Hebei", "air",
             "a restatement of the mean of 2013 on today's basis of measurement", below=-60,
             others=("pm25.decline.hebei.constant",)),
    Headline("pm25.weather.share.beijing", "Weather helped Beijing's decline from 2013 to 2017", "air",
             "heights of the mixing layer and winds aloft for all months", above=0),
    Headline("pm25.converge.spread-change", "The cities' PM2.5 came closer together from 2014 to 2020", "air",
             "monthly means of all thirteen cities after 2020", below=0),
    Headline("heavy.beijing.halved", "Days of heavy pollution halved in Beijing", "air",
             "counts of all years on one way of counting"),
    Headline("apec.beijing.ban.effect", "The days of the ban of 2014 were cleaner than the weather let expect",
             "November 2014", "more events with the same controls in other weather", below=0,
             others=("apec.beijing.contrast.embassy", "apec.beijing.contrast.stations", "apec.beijing.prior.alike")),
    Headline("apec.beijing.after-ban.effect", "The two weeks after the ban were dirtier than expected",
             "November 2014", "hourly records of industry and traffic in the weeks after", above=0),
    Headline("apec.beijing.alert.effect", "Days of red alert were cleaner than the weather let expect",
             "November 2014", "a list of all alerts with the forecasts on which they were called", below=0),
    Headline("energy.emissions.elasticity.so2.bth", "Years with less coal had less SO2 in the three provinces",
             "coal and steel", "emissions by source, measured at the stacks, over the years of closures", above=0,
             others=("energy.emissions.elasticity.so2.bth@without-own-trends",)),
    Headline("miyun.gubeikou.tn.winter", "By its season Gubeikou's nitrogen doubles or more from July to December",
             "water", "readings of several winters", above=100),
    Headline("hydrogen.bth.reached", "By what was known until 2023 the region's hydrogen cluster reaches its target",
             "hydrogen",
             "the count of the cluster's vehicles at the end of 2025, with its definition",
             others=_choices("hydrogen.bth.reached", hydrogen_tables.CHOICES)),
    Headline("hydrogen.shanghai.reached", "By what was known until 2023 Shanghai's hydrogen cluster reaches its target",
             "hydrogen",
             "the count of the cluster's vehicles at the end of 2025, with its definition",
             others=_choices("hydrogen.shanghai.reached", hydrogen_tables.CHOICES)),
    Headline("efficiency.beijing.intensity.first", "Beijing emits the least CO2 per output of ten cities", "ten cities",
             "measured emissions of the cities' plants and firms",
             others=_choices("efficiency.beijing.intensity.first", efficiency_tables.CHOICES)),
    Headline("efficiency.beijing.excess.first", "Beijing emits the least of ten cities for its inputs and output",
             "ten cities", "output, capital and emissions by branch in each city",
             others=_choices("efficiency.beijing.excess.first", efficiency_tables.CHOICES)),
    Headline("carbon.odder@without-totals", "Shenzhen's claimed totals are odder beside its prices than the pilots'",
             "carbon market", "volume and turnover by year of each pilot",
             others=tuple(f"carbon.{key}@without-totals" for key in carbon_findings.ODDER_BY)),
    Headline("silk.hongkong.reached.2035", "Hong Kong halves its emissions by 2035", "Hong Kong",
             "the inventory by sector for every year since 2005, in one release",
             others=tuple(f"silk.hongkong.reached.2035{end}" for end in policy_tables.OTHERS)),
    Headline("silk.hongkong.reached.2050", "Hong Kong's emissions are near zero by 2050", "Hong Kong",
             "the power stations' closing dates and what replaces them",
             others=tuple(f"silk.hongkong.reached.2050{end}" for end in policy_tables.OTHERS)),
)  # fmt: skip


def probability(finding: Finding, below: float | None = None, above: float | None = None) -> float:
    """Share of the draws on the asked side of a limit; a probability stands for itself.

    Raises BookError where a probability comes with a limit, or another finding without exactly one.
    """
    limits = (below is not None) + (above is not None)
    if finding.is_probability != (limits == 0) or limits > 1:
        wanted = "no limit, as it is a probability" if finding.is_probability else "one limit, below or above"
        raise BookError(f"headline '{finding.id}' has {limits} limits: expected {wanted}; correct the headline")
    if finding.is_probability:
        return finding.mean
    return float((finding.draws <= below).mean() if below is not None else (finding.draws >= above).mean())


def weighed(found: dict[str, Finding], headlines: tuple[Headline, ...] = HEADLINES) -> pd.DataFrame:
    """Each headline with its probability, the lowest and highest under other choices, and how far from even it stays.

    Columns question, chapter, id, probability, lowest, highest, away, uncertain, settled_by. `away` is the distance of
    one half from the range between lowest and highest, zero where it is inside; the `MOST_UNCERTAIN` headlines with the
    least of it are `uncertain`, of equal ones those whose own probability is nearer to one half.
    Raises UnknownFinding for an id that no chapter has.
    """
    rows = []
    for line in headlines:
        values = [probability(find(found, id), line.below, line.above) for id in (line.id, *line.others)]
        low, high = min(values), max(values)
        away = max(0.0, low - 0.5, 0.5 - high)
        question = line.question.format(limit=abs(next((x for x in (line.below, line.above) if x is not None), 0)))
        rows.append((question, line.chapter, line.id, values[0], low, high, away, line.settled_by))
    columns = ["question", "chapter", "id", "probability", "lowest", "highest", "away", "settled_by"]
    table = pd.DataFrame(rows, columns=columns)
    order = np.lexsort(((table.probability - 0.5).abs(), table.away))
    return table.assign(uncertain=np.isin(np.arange(len(table)), order[:MOST_UNCERTAIN]))


def least_certain(table: pd.DataFrame) -> pd.DataFrame:
    """The uncertain headlines of `weighed`, the least certain first, with the data that would settle them."""
    rows = table[table.uncertain].assign(near=lambda rows: (rows.probability - 0.5).abs())
    rows = rows.sort_values(["away", "near"])
    spans = [f"{_chance(row.lowest)} to {_chance(row.highest)}" if row.lowest < row.highest else "one choice only"
             for row in rows.itertuples()]  # fmt: skip
    return pd.DataFrame(
        {
            "answer": rows.question, "probability": rows.probability.map(_chance), "under other choices": spans,
            "what would settle it": rows.settled_by, "finding": rows.id,
        }
    ).reset_index(drop=True)  # fmt: skip


def listed(table: pd.DataFrame) -> pd.DataFrame:
    """All headlines of `weighed` with their probabilities as they are printed."""
    columns = ["probability", "lowest", "highest"]
    return table[["question", "chapter"]].join(table[columns].map(_chance))


def _chance(value: float) -> str:
    """A probability with two digits; never as certain as 0 or 1."""
    if value < 0.005:
        return "< 0.01"
    return "> 0.99" if value > 0.995 else f"{value:.2f}"


def certainty(rows: pd.DataFrame) -> Figure:
    """Probability of each answer on one scale: a dot, and a line over other choices of model.

    rows : question, chapter, probability, lowest, highest, uncertain (True for those that are printed bold).
    """
    texts = [textwrap.wrap(question, LINE) for question in rows.question]
    heights = [0.155 * len(lines) + 0.2 for lines in texts]
    figure, axis = chart(sum(heights) + 1.1)
    top = 0.0
    for row, lines, height in zip(rows.itertuples(), texts, heights, strict=True):
        bold = "bold" if row.uncertain else "normal"
        axis.text(0, top, "\n".join(lines), va="top", fontsize=8, weight=bold, linespacing=1.1,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.2})  # fmt: skip
        y, colour = top - height + 0.1, COLOURS[row.chapter]
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
    marks = [Line2D([], [], marker="o", ls="", color=colour, label=name) for name, colour in COLOURS.items()
             if (rows.chapter == name).any()]  # fmt: skip
    figure.legend(handles=marks, loc="outside upper center", ncols=3, handlelength=0.8, columnspacing=1)
    return figure
