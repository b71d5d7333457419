"""What the page of lessons shows, and the csv files that go with each lesson."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from jingjinji.claims import ledger, trial
from jingjinji.core import tables
from jingjinji.core.findings import Finding, find
from jingjinji.topics.lessons import steps

AREAS = {"Beijing": "beijing", "Tianjin": "tianjin", "Hebei": "hebei"}
CHAPTER = "pm25-decline"
MINUS = "\N{MINUS SIGN}"
CLAIMED, TOLERANCES, LEVELS = 60, (1, 2, 4, 6, 8, 10), (0.8, 0.9, 0.95)
"""The claimed fall (per cent), how far off it may be (percentage points), and levels of probability."""
LIMITS = np.arange(50, 70.5, 0.5)
"""Falls (per cent) of which the third lesson asks how sure they are."""


@dataclass(frozen=True)
class Sheet:
    """A csv file of a lesson: its name, what it holds, and its rows as a table made of the findings."""

    lesson: int
    file: str
    what: str
    make: Callable[[dict[str, Finding]], pd.DataFrame]

    def rows(self, findings: dict[str, Finding]) -> list[dict]:
        """Its rows; raises FitNotPublished where a fit behind them did not converge."""
        return self.make(findings).to_dict("records")


def years(area: str) -> pd.DataFrame:
    """Official annual means of an area: year, pm25 (µg/m³)."""
    return tables.load("pm25_official_annual").query("series == 'official' and area == @area")


def falls(area: str) -> pd.Series:
    """By first year: change in per cent of an area's official annual mean to the last year."""
    means = years(area).set_index("year").pm25.sort_index()
    return 100 * (means.iloc[-1] / means.iloc[:-1] - 1)


def rates(area: str) -> pd.DataFrame:
    """Three readings of one decline of the official means: ends, a line through all logarithms, and medians of ends."""
    means = years(area).set_index("year").pm25.sort_index()
    span = means.index[-1] - means.index[0]
    slope = np.polyfit(means.index, np.log(means), 1)[0]
    three = means.iloc[-3:].median() / means.iloc[:3].median() - 1
    return pd.DataFrame({
        "reading": ["last year beside the first", "a line through the logarithms of all years",
                    "median of the last three years beside that of the first three"],
        "change (%)": [f"{change:.0f}".replace("-", MINUS) for change in
                       (100 * (means.iloc[-1] / means.iloc[0] - 1), steps.per_cent(slope * span), 100 * three)],
    })  # fmt: skip


def chances(findings: dict[str, Finding], limits: np.ndarray = LIMITS) -> dict[str, np.ndarray]:
    """Place -> probability that its annual mean fell by at least each of the `limits` (per cent), 2013 to 2023."""
    return {
        place: np.array([np.mean(find(findings, f"pm25.decline.{key}").draws <= -limit) for limit in limits])
        for place, key in AREAS.items()
    }


def experience() -> pd.DataFrame:
    """What two analyses say of many made-up records, as words: whole numbers."""
    rows = steps.experience()
    numbers = [name for name in rows if rows[name].dtype.kind == "f"]
    return rows.assign(**{name: [f"{round(value)}".replace("-", MINUS) for value in rows[name]] for name in numbers})


def as_table(judged: trial.Trial) -> pd.DataFrame:
    """The parts of a rule on trial, a row each; columns that are empty throughout are left out."""
    rows = pd.DataFrame(judged.rows)
    return rows[[name for name in rows if (rows[name] != "").any()]]


def verdicts(findings: dict[str, Finding]) -> pd.DataFrame:
    """The verdict on a fall by the claimed size in all three places, by how far off it may be and how sure one is."""
    rows = []
    for tolerance in TOLERANCES:
        rule = "; ".join(f"P(|pm25.decline.{key} + {CLAIMED}| <= {tolerance}) > 0.9" for key in AREAS.values())
        judged = {f"level {level}": trial.tried(rule, findings, level).verdict for level in LEVELS}
        rows.append({"give or take (points)": tolerance} | judged)
    return pd.DataFrame(rows)


def _months(findings: dict[str, Finding]) -> pd.DataFrame:
    return tables.load("pm25_city_month")


def _years(findings: dict[str, Finding]) -> pd.DataFrame:
    rows = tables.load("pm25_official_annual").query("series == 'official'")
    return rows[["area", "year", "pm25", "rounding", "derived", "publisher", "published"]]


def _answers(findings: dict[str, Finding]) -> pd.DataFrame:
    ids = [f"pm25.decline.{key}{basis}" for key in AREAS.values() for basis in ("", ".constant")]
    rows = [find(findings, id).summary() for id in ids]
    return pd.DataFrame(rows)[["id", "label", "unit", "mean", "hdi_low", "hdi_high"]].round(2)


def _made_up(findings: dict[str, Finding]) -> pd.DataFrame:
    return steps.table()


def _experience(findings: dict[str, Finding]) -> pd.DataFrame:
    return steps.experience().round(1)


def _claims(findings: dict[str, Finding]) -> pd.DataFrame:
    rows = ledger.load()
    judged = ledger.ledger(findings, rows[rows.chapter == CHAPTER])
    return judged[["id", "claim", "rule", "reason", "verdict", "fragile"]]


def _chances(findings: dict[str, Finding]) -> pd.DataFrame:
    return pd.DataFrame({"fall of at least (%)": LIMITS} | chances(findings))


SHEETS = (
    Sheet(1, "lesson-1-months.csv", "monthly means of thirteen cities, in µg/m³", _months),
    Sheet(1, "lesson-1-years.csv", "official annual means, in µg/m³, with half of what rounding leaves open", _years),
    Sheet(1, "lesson-1-answers.csv", "what the model says of the change from 2013 to 2023, with intervals", _answers),
    Sheet(2, "lesson-2-made-up.csv", "the made-up months, as logarithms, and where the change begins", _made_up),
    Sheet(2, "lesson-2-experience.csv", "what two analyses say of many made-up records", _experience),
    Sheet(3, "lesson-3-claims.csv", "the claims of the first chapter, with rule, reason and verdict", _claims),
    Sheet(3, "lesson-3-chances.csv", "how probable it is that each place fell by so much", _chances),
)
