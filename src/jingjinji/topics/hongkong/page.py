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
OTHERS = tuple(ENDS[reading] for reading in said.READINGS if ENDS[reading])


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


def origins(found: dict[str, Finding]) -> pd.DataFrame:
    """What each reading says of the last year from figures to earlier ones; a star where its interval holds it."""
    truth = found[f"silk.hongkong.{emissions.NOW}"].estimate
    rows = []
    for reading in said.READINGS:
        row = {"as before": WORDS[reading]}
        for last in emissions.ORIGINS:
            finding = found[f"silk.hongkong.{emissions.NOW}{ENDS[reading]}@to-{last}"]
            low, high = finding.hdi
            row[f"from {last}"] = f"{finding.estimate:.0f} ({low:.0f} to {high:.0f}){' *' * (low <= truth <= high)}"
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
