"""The book's main answers on one scale: how probable each is, how far choices move it, which are least certain."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from jingjinji.core.findings import Finding, event, find, probability_text
from jingjinji.fits import weighing
from jingjinji.fits.power_scaling import POWERS
from jingjinji.show import plotted
from jingjinji.show.figures import FAINT, INK, MODEL, chart, drawn, key, letters
from jingjinji.topics.carbon import market_findings as carbon_findings
from jingjinji.topics.cities import page as efficiency_tables
from jingjinji.topics.hongkong import page as policy_tables
from jingjinji.topics.hydrogen import page as hydrogen_tables

MOST_UNCERTAIN = 5
NOT_WEIGHED = "not weighed for today's model"


@dataclass(frozen=True)
class Choice:
    """The finding that answers a question under another choice, and the choice in `words`."""

    id: str
    words: str


@dataclass(frozen=True)
class Nowhere:
    """Stands for a `Choice` that no fit makes, with the reason."""

    why: str


@dataclass(frozen=True)
class Headline:
    """A yes-or-no answer: the probability that finding `id` of `fit` lies `below` or `above` a limit.

    A finding that is a probability stands for itself and needs no limit; ``{limit}`` in the question is the limit
    without its sign. Every question is answered under the same choices: prior and likelihood halved and doubled
    (`power_scaling`), `without` one source of data, and with one change of `structure`. `dials` are findings of the
    same question under further choices of its own, such as readings of the one count. `settled_by` says which data
    would settle the answer.
    """

    id: str
    fit: str
    question: str
    chapter: str
    settled_by: str
    without: Choice | Nowhere
    structure: Choice | Nowhere
    below: float | None = None
    above: float | None = None
    dials: tuple[str, ...] = ()


def _choices(id: str, choices: dict[str, str], *named: str) -> tuple[str, ...]:
    """The finding of a question under each of a page's choices but the main one and those `named` elsewhere."""
    return tuple(f"{id}{end}" for end in choices.values() if end and end not in named)


ONE_SERIES = Nowhere("the question has one series of data")
ONE_YEARBOOK = Nowhere("coal and SO2 have one yearbook each")
ALL_INVENTORIES = Nowhere("no fit leaves one of the inventories out")
NO_FORM = Nowhere("no other form of the model is fitted")
STEP = "step of 2018 nearly unknown"
BASIS = "a restatement of the mean of 2013 on today's basis of measurement"
CLUSTER_COUNT = "the count of the cluster's vehicles at the end of 2025, with its definition"
BUDGET, STEPS = "the Global Carbon Budget", "past yearly steps in per cent, drawn again"
OTHER_READINGS = tuple(end for end in policy_tables.OTHERS if end != ".drawn-per-cent")
PLACE_OUT = Nowhere("a place cannot be asked without its own figures")
SAME_OF_CLUSTERS = ("@without-clusters", "@logistic")
HEADLINES = (
    Headline(
        "pm25.decline.beijing", "decline", "PM2.5 fell by {limit:g} % or more in Beijing from 2013 to 2023",
        "air", BASIS, PLACE_OUT,
        Choice("pm25.decline.beijing@step-unknown", STEP), below=-60, dials=("pm25.decline.beijing.constant",),
    ),
    Headline(
        "pm25.decline.tianjin", "decline", "PM2.5 fell by {limit:g} % or more in Tianjin from 2013 to 2023",
        "air", BASIS, PLACE_OUT,
        Choice("pm25.decline.tianjin@step-unknown", STEP), below=-60, dials=("pm25.decline.tianjin.constant",),
    ),
    Headline(
        "pm25.decline.hebei", "decline", "PM2.5 fell by {limit:g} % or more in Hebei from 2013 to 2023",
        "air", BASIS, Choice("pm25.decline.hebei@without-fold-2", "months of two of its cities"),
        Choice("pm25.decline.hebei@step-unknown", STEP), below=-60, dials=("pm25.decline.hebei.constant",),
    ),
    Headline(
        "pm25.weather.share.beijing", "decline", "Weather helped Beijing's decline from 2013 to 2017",
        "air", "heights of the mixing layer and winds aloft for all months", PLACE_OUT,
        Choice("pm25.weather.share.beijing@step-unknown", STEP), above=0,
    ),
    Headline(
        "pm25.converge.spread-change", "decline", "The cities' PM2.5 came closer together from 2014 to 2020",
        "air", "monthly means of all thirteen cities after 2020",
        Choice("pm25.converge.spread-change@without-beijing", "figures of Beijing"),
        Choice("pm25.converge.spread-change@step-unknown", STEP), below=0,
    ),
    Headline(
        "heavy.beijing.halved", "heavy_days", "The expected number of heavily polluted days in Beijing halved",
        "air", "counts of all years on one way of counting", ONE_SERIES,
        Choice("heavy.beijing.halved@bend-unknown", "bend nearly unknown"),
    ),
    Headline(
        "apec.beijing.ban.effect", "apec_series",
        "The days of the ban of 2014 were cleaner than expected from the weather",
        "November 2014", "more events with the same controls in other weather",
        Choice("apec.beijing.ban.effect@without-weather", "weather"),
        Choice("apec.beijing.prior.alike", "a mean in common with the parade"), below=0,
        dials=("apec.beijing.contrast.embassy", "apec.beijing.contrast.stations"),
    ),
    Headline(
        "apec.beijing.after-ban.effect", "apec_series", "The two weeks after the ban were dirtier than expected",
        "November 2014", "hourly records of industry and traffic in the weeks after",
        Choice("apec.beijing.after-ban.effect@without-weather", "weather"), NO_FORM, above=0,
    ),
    Headline(
        "apec.beijing.alert.effect", "apec_series", "Days of red alert were cleaner than expected from the weather",
        "November 2014", "a list of all alerts with the forecasts on which they were called",
        Choice("apec.beijing.alert.effect@without-weather", "weather"), NO_FORM, below=0,
    ),
    Headline(
        "energy.emissions.elasticity.so2.bth", "energy_emissions",
        "Years with less coal had less SO2 in the three provinces",
        "coal and steel", "emissions by source, measured at the stacks, over the years of closures", ONE_YEARBOOK,
        Nowhere("without own trends years and decades have one answer: a further choice"), above=0,
        dials=("energy.emissions.elasticity.so2.bth@without-own-trends",),
    ),
    Headline(
        "miyun.gubeikou.tn.winter", "miyun",
        "By its season, nitrogen at Gubeikou at least doubled from July to December",
        "water", "readings of several winters", ONE_SERIES, NO_FORM, above=100,
    ),
    Headline(
        "hydrogen.bth.reached", "hydrogen_clusters",
        "By what was known until 2023 the region's hydrogen cluster would reach its target for 2025",
        "hydrogen", CLUSTER_COUNT, Choice("hydrogen.bth.reached@without-clusters", "counts of clusters"),
        Choice("hydrogen.bth.reached@logistic", "logistic curves"),
        dials=_choices("hydrogen.bth.reached", hydrogen_tables.CHOICES, *SAME_OF_CLUSTERS),
    ),
    Headline(
        "hydrogen.shanghai.reached", "hydrogen_clusters",
        "By what was known until 2023 Shanghai's hydrogen cluster would reach its target for 2025",
        "hydrogen", CLUSTER_COUNT, Choice("hydrogen.shanghai.reached@without-clusters", "counts of clusters"),
        Choice("hydrogen.shanghai.reached@logistic", "logistic curves"),
        dials=_choices("hydrogen.shanghai.reached", hydrogen_tables.CHOICES, *SAME_OF_CLUSTERS),
    ),
    Headline(
        "efficiency.beijing.intensity.first", "efficiency", "Beijing emitted the least CO2 per output of ten cities",
        "ten cities", "measured emissions of the cities' plants and firms", ALL_INVENTORIES,
        Choice("efficiency.beijing.intensity.first@cobb-douglas", "no squares and products"),
        dials=_choices("efficiency.beijing.intensity.first", efficiency_tables.CHOICES, "@cobb-douglas"),
    ),
    Headline(
        "efficiency.beijing.excess.first", "efficiency",
        "Beijing emitted the least of ten cities for its inputs and output",
        "ten cities", "output, capital and emissions by branch in each city", ALL_INVENTORIES,
        Choice("efficiency.beijing.excess.first@cobb-douglas", "no squares and products"),
        dials=_choices("efficiency.beijing.excess.first", efficiency_tables.CHOICES, "@cobb-douglas"),
    ),
    Headline(
        "carbon.wider@without-totals", "carbon/without-totals",
        "Shenzhen's claimed totals lay further below its prices than the pilots'",
        "carbon market", "volume and turnover by year of each pilot",
        Choice("carbon.wider.flat@without-totals", "the week with volumes"),
        Choice("carbon.wider.equal@without-totals", "pilots that trade alike"),
        dials=tuple(f"carbon.{key}@without-totals" for key in carbon_findings.WIDER_BY
                    if key not in ("wider.flat", "wider.equal")),
    ),
    Headline(
        "silk.hongkong.reached.2035", "hongkong", "Hong Kong will halve its emissions by 2035",
        "Hong Kong", "the inventory by sector for every year since 2005, in one release",
        Choice("silk.hongkong.reached.2035@without-budget", BUDGET),
        Choice("silk.hongkong.reached.2035.drawn-per-cent", STEPS),
        dials=tuple(f"silk.hongkong.reached.2035{end}" for end in (*OTHER_READINGS, "@inventory-twice")),
    ),
    Headline(
        "silk.hongkong.reached.2050", "hongkong", "Hong Kong's emissions will be near zero by 2050",
        "Hong Kong", "the power stations' closing dates and what replaces them",
        Choice("silk.hongkong.reached.2050@without-budget", BUDGET),
        Choice("silk.hongkong.reached.2050.drawn-per-cent", STEPS),
        dials=tuple(f"silk.hongkong.reached.2050{end}" for end in OTHER_READINGS),
    ),
)  # fmt: skip


def named() -> set[str]:
    """Ids of all findings of the main answers, under every choice."""
    choices = [choice for one in HEADLINES for choice in (one.without, one.structure) if isinstance(choice, Choice)]
    return {one.id for one in HEADLINES} | {id for one in HEADLINES for id in one.dials} | {one.id for one in choices}


def asked(headlines: tuple[Headline, ...] = HEADLINES) -> dict[str, dict[str, tuple[float | None, float | None]]]:
    """Fit -> id of each of its headlines -> the limit below and the limit above which it is asked for."""
    found = {}
    for line in headlines:
        found.setdefault(line.fit, {})[line.id] = (line.below, line.above)
    return found


class Chance(NamedTuple):
    """A probability, and how it is printed: by its Monte Carlo error."""

    mean: float
    text: str


def probability(finding: Finding, below: float | None = None, above: float | None = None) -> Chance:
    """Share of the draws on the asked side of a limit; raises as `event` does."""
    happened = event(finding, below, above)
    return Chance(happened.mean, happened.value_text)


def weighed(
    found: dict[str, Finding], headlines: tuple[Headline, ...] = HEADLINES, powers: Callable = weighing.of_stored
) -> pd.DataFrame:
    """Each headline with its probability under the same choices, and how far from even it stays.

    Columns question, chapter, id, settled_by; as printed: said (the main answer), the words of `power_scaling.POWERS`,
    without and structure (or the words why there is none), same (the range of all these), further (that of the main
    answer and its further choices); without_words, structure_words; as numbers: probability, lowest, highest,
    dials_lowest and dials_highest (nan without any), away; uncertain. `away` is the distance of one half from the range
    between lowest and highest, zero where it is inside; the `MOST_UNCERTAIN` headlines with the least of it are
    `uncertain`, of equal ones those whose own probability is nearer to one half.

    powers : gives what is kept of a fit by power, empty where it is not of today's model.
    Raises UnknownFinding for an id that no chapter has.
    """
    kept = {fit: powers(fit) for fit in asked(headlines)}
    rows = []
    for line in headlines:

        def chance(id: str, line: Headline = line) -> Chance:
            return probability(find(found, id), line.below, line.above)

        main = chance(line.id)
        made = {words: _under(kept[line.fit].get(words), line) for words in POWERS}
        row = {"question": line.question.format(limit=abs(line.below or line.above or 0)), "chapter": line.chapter,
               "id": line.id, "settled_by": line.settled_by}  # fmt: skip
        for name, choice in (("without", line.without), ("structure", line.structure)):
            made[name] = f"none: {choice.why}" if isinstance(choice, Nowhere) else chance(choice.id)
            row[f"{name}_words"] = "" if isinstance(choice, Nowhere) else choice.words
        same = [main, *(one for one in made.values() if isinstance(one, Chance))]
        further = [main, *map(chance, line.dials)] if line.dials else [Chance(np.nan, "none")]
        row |= {"said": main.text, "probability": main.mean}
        row |= {name: one.text if isinstance(one, Chance) else one for name, one in made.items()}
        for name, ends, values in (("same", ("lowest", "highest"), same),
                                   ("further", ("dials_lowest", "dials_highest"), further)):  # fmt: skip
            least, most = min(values), max(values)
            row |= {name: _span(least, most)}
            row |= {ends[0]: least.mean, ends[1]: most.mean}
        rows.append(row | {"away": max(0.0, row["lowest"] - 0.5, 0.5 - row["highest"])})
    table = pd.DataFrame(rows)
    order = np.lexsort(((table.probability - 0.5).abs(), table.away))
    return table.assign(uncertain=np.isin(np.arange(len(table)), order[:MOST_UNCERTAIN]))


def _span(least: Chance, most: Chance) -> str:
    """Both ends of a range as printed; one of them where the other, with as many digits, is the same."""
    if least.text == most.text:
        return least.text
    coarse, fine = sorted((least.text, most.text), key=len)
    digits = len(coarse.partition(".")[2])
    alike = coarse[0].isdigit() and f"{least.mean:.{digits}f}" == f"{most.mean:.{digits}f}"
    return fine if alike else f"{least.text} to {most.text}"


def _under(kept: dict | None, line: Headline) -> Chance | str:
    """The probability of a headline under one power, or the words why there is none."""
    if kept is None:
        return NOT_WEIGHED
    if kept["problem"]:
        return "did not pass the gate"
    row = kept["findings"].get(line.id)
    if not row or (row["below"], row["above"]) != (line.below, line.above):
        return NOT_WEIGHED
    return Chance(row["probability"], probability_text(row["probability"], row["error"], kept["draws"]))


def least_certain(table: pd.DataFrame) -> pd.DataFrame:
    """The uncertain headlines of `weighed`, the least certain first, with the data that would settle them.

    Columns of `listed`, and what would settle it.
    """
    rows = table[table.uncertain].assign(near=lambda rows: (rows.probability - 0.5).abs())
    rows = rows.sort_values(["away", "near"])
    return listed(rows).assign(**{"what would settle it": rows.settled_by.to_numpy()})


def listed(table: pd.DataFrame) -> pd.DataFrame:
    """Headlines of `weighed` as they are printed: the answer, its probability, its ranges over choices."""
    columns = {"question": "answer", "said": "probability", "same": "same choices", "further": "further choices"}
    return table[list(columns)].rename(columns=columns).reset_index(drop=True)


def under_each(table: pd.DataFrame) -> pd.DataFrame:
    """The probability of each headline of `weighed` under each of the same choices, a row a choice.

    The answer stands in the first of its rows alone; a choice that no fit makes has its reason for a probability.
    """
    rows = []
    for row in table.to_dict("records"):
        named = {words: words for words in POWERS}
        named["without"] = f"left out: {row['without_words']}" if row["without_words"] else "one source left out"
        named["structure"] = f"structure: {row['structure_words']}" if row["structure_words"] else "another structure"
        for name, words in named.items():
            rows.append((row["question"] if name == next(iter(named)) else "", words, row[name]))
    return pd.DataFrame(rows, columns=["answer", "choice", "probability"])


@drawn
def certainty(rows: pd.DataFrame) -> Figure:
    """Probability of each answer on one scale: a dot, a broad line over the same choices, a thin one over further ones.

    rows : question, chapter, probability, lowest, highest, dials_lowest, dials_highest (nan where there are none),
        uncertain (True for those that are printed bold).
    """
    texts = [textwrap.wrap(question, letters(0.97)) for question in rows.question]
    heights = [0.155 * len(lines) + 0.2 for lines in texts]
    figure, axis = chart(sum(heights) + 0.9)
    top = 0.0
    for row, lines, height in zip(rows.itertuples(), texts, heights, strict=True):
        bold = "bold" if row.uncertain else "normal"
        axis.text(0, top, "\n".join(lines), va="top", weight=bold, linespacing=1.1)
        y = top - height + 0.1
        axis.plot([0, 1], [y, y], color=FAINT, lw=0.8)
        axis.plot([row.dials_lowest, row.dials_highest], [y, y], color=MODEL, lw=1.2)
        axis.plot([row.lowest, row.highest], [y, y], color=MODEL, lw=5, alpha=0.4, solid_capstyle="butt")
        axis.plot(row.probability, y, "o", color=MODEL, ms=6, clip_on=False)
        axis.plot([0.5, 0.5], [y - 0.05, y + 0.05], color=INK, lw=0.8)
        top -= height
    axis.set_xlim(-0.02, 1.02)
    axis.set_ylim(top - 0.05, 0.08)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1], ["no", "¼", "even", "¾", "yes"])
    axis.plot([], [], "o", color=MODEL, ms=6, label="probability of yes")
    axis.plot([], [], color=MODEL, lw=5, alpha=0.4, label="same other choices")
    axis.plot([], [], color=MODEL, lw=1.2, label="further choices")
    key(figure)
    words = {"question": "answer", "probability": "probability of yes", "lowest": "same choices low",
             "highest": "same choices high", "dials_lowest": "further choices low",
             "dials_highest": "further choices high"}  # fmt: skip
    return plotted.tell(figure, rows[list(words)].rename(columns=words))
