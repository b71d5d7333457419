"""What the page on the Green Silk Road shows: what "as before" can mean, from where, and figures drawn anew."""

import numpy as np
import pandas as pd

from jingjinji.core.findings import Finding
from jingjinji.show.answers import bare
from jingjinji.show.prior_draws import prior_fit
from jingjinji.topics.hongkong import emissions
from jingjinji.topics.hongkong import emissions_findings as said

ENDS = {reading: "" if reading == said.MODEL else f".{reading}" for reading in (*said.READINGS, *said.STRAIGHT)}
"""Reading -> what its findings' ids end in."""
SHORT = {
    said.MODEL: "trend changes", "drawn-fuels": "steps of fuels again", "drawn-per-cent": "steps again in per cent",
    "drawn-tonnes": "steps again in tonnes", "per-cent": "same per cent a year, no surprise",
    "tonnes": "same tonnes a year, no surprise",
}  # fmt: skip
"""Reading -> its name in figures."""
WORDS = {
    said.MODEL: "the trend itself changes, and years surprise both ways",
    "drawn-fuels": "past steps of power, fuel and the rest, drawn again together",
    "drawn-per-cent": "past yearly steps in per cent, drawn again",
    "drawn-tonnes": "past yearly steps in tonnes, drawn again",
    "per-cent": "the same per cent every year", "tonnes": "the same tonnes every year",
}  # fmt: skip
"""Reading -> its name in tables."""
BEGINS = {"": f"since {emissions.NOW - said.SPAN}", ".all": f"since {emissions.BASE}",
          ".five": f"since {emissions.NOW - said.SPANS['.five']}"}  # fmt: skip
"""What ids end in -> the first of the past years that go on."""
OTHERS = tuple(f"{ENDS[reading]}{span}" for reading in said.OF_STEPS for span in said.SPANS)
"""What ends the ids of probabilities by other readings than the model's."""


def answers(found: dict[str, Finding]) -> pd.DataFrame:
    """Emissions left in 2035 and the probability of each target, a row a reading of "as before".

    Where no year to come surprises there is no probability: what is left is uncertain as the past is, and no more.
    """
    ids = {
        "left in 2035": "left.2035", "P, 2030, low end": "reached.2030.low", "P, 2030, high end": "reached.2030.high",
        "P, 2035": "reached.2035", "P, near zero in 2050": "reached.2050",
    }  # fmt: skip
    rows = []
    for reading, end in ENDS.items():
        heads = ids if reading in said.READINGS else list(ids)[:1]
        rows.append(
            {"as before": WORDS[reading]} | {head: bare(found[f"silk.hongkong.{ids[head]}{end}"]) for head in heads}
        )
    return pd.DataFrame(rows).fillna("not given")


def begins(found: dict[str, Finding]) -> pd.DataFrame:
    """Emissions left in 2035 (median, per cent) and P of half, by reading and by the years that go on."""
    rows = []
    for reading in (*said.OF_STEPS, *said.STRAIGHT):
        row = {"as before": WORDS[reading]}
        for span, words in BEGINS.items():
            end = f"{emissions.HALF}{ENDS[reading]}{span}"
            row[words] = f"{found[f'silk.hongkong.left.{end}'].estimate:.0f} %"
            if reading in said.OF_STEPS:
                row[words] += f", P {bare(found[f'silk.hongkong.reached.{end}'])}"
        rows.append(row)
    return pd.DataFrame(rows)


def left_by_choice(found: dict[str, Finding]) -> dict[str, list[tuple[str, Finding]]]:
    """Emissions left in 2035 by each reading: block -> (words, finding), a block for each beginning of the past."""
    made = {"": [(SHORT[said.MODEL], found[f"silk.hongkong.left.{emissions.HALF}"])]}
    for span, words in BEGINS.items():
        made[words] = [
            (SHORT[reading], found[f"silk.hongkong.left.{emissions.HALF}{ENDS[reading]}{span}"])
            for reading in (*said.OF_STEPS, *said.STRAIGHT)
        ]
    return made


def origins(found: dict[str, Finding]) -> pd.DataFrame:
    """What each reading says of the last year from figures to earlier ones, and P of emissions as low as printed."""
    rows = []
    for reading, span in [(said.MODEL, ""), *((one, span) for span in said.SPANS for one in said.OF_STEPS)]:
        row = {"as before": f"{WORDS[reading]}{said.OF_SPANS[span]}"}
        for last in emissions.ORIGINS:
            end = f"{emissions.NOW}{ENDS[reading]}{span}@to-{last}"
            finding = found[f"silk.hongkong.{end}"]
            low, high = finding.hdi
            row[f"from {last}"] = (
                f"{finding.estimate:.0f} ({low:.0f} to {high:.0f}), P {bare(found[f'silk.hongkong.as-low.{end}'])}"
            )
        rows.append(row)
    return pd.DataFrame(rows)


def prior_figures(panel: emissions.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Totals (Mt) and shares of electricity in all and of coal in it (%), before any data: name -> (drawn, printed)."""
    fit = prior_fit(emissions.build(panel), panel, draws, seed)
    drawn, printed = emissions.drawn(fit, said.logs(said.states(fit))), panel.printed
    made = {}
    for kinds, name, factor in ((["total"], "totals (Mt)", 1.0), (["share", "fuel"], "shares (%)", 100.0)):
        use = printed.quantity.isin(kinds).to_numpy()
        made[name] = (factor * np.exp(drawn[:, use]).ravel(), factor * np.exp(printed.value[use].to_numpy()))
    return made


def check_figures(fit) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Totals and shares drawn anew and printed: panel -> (years, {name: (drawn (draw, year), printed)})."""
    drawn, printed = emissions.drawn(fit, said.logs(said.states(fit)))[::10], fit.panel.printed
    made = {}
    for title, quantity, factor in (
        ("all emissions (Mt)", "total", 1.0),
        ("share of electricity in them (%)", "share", 100.0),
        ("share of coal in electricity (%)", "fuel", 100.0),
    ):
        rows = printed[printed.quantity == quantity].sort_values("year")
        made[title] = (
            [str(year) for year in rows.year],
            {"figure": (factor * np.exp(drawn[:, rows.index]), factor * np.exp(rows.value.to_numpy()))},
        )
    return made
