"""A rule on trial: the verdict on any rule that somebody writes, what each of its parts gives, and what it read."""

from dataclasses import dataclass

from jingjinji.claims import ledger, rules
from jingjinji.claims.rules import IN_PART, World
from jingjinji.core.errors import DataError
from jingjinji.core.findings import Finding

GIVES = {True: "holds", False: "fails", None: "open", IN_PART: "holds in part"}


@dataclass(frozen=True)
class Part:
    """A test of a rule: its text, what it gives (`GIVES`), and the probability of which it asks, if it does."""

    text: str
    gives: str
    chance: float | None


@dataclass(frozen=True)
class Trial:
    """What a rule says: its verdict, its parts, and every value that it read (`rules.read`)."""

    rule: str
    verdict: str
    parts: list[Part]
    read: dict[str, str]

    @property
    def rows(self) -> list[dict[str, str]]:
        """A row for each part, as words."""
        return [{"part": part.text, "probability": "" if part.chance is None else _rounded(part.chance),
                 "gives": part.gives} for part in self.parts]  # fmt: skip


def tried(text: str, findings: dict[str, Finding], level: float | None = None) -> Trial:
    """The trial of a rule, or of the rule of a claim by its number, ``C066``.

    level : stands in for every level of a probability. Raises DataError for a text that is no rule and for a level
    outside 0.5 to 1, and what `rules.judge` raises.
    """
    if level is not None and not 0.5 <= level < 1:
        raise DataError(f"the level is {level}: expected a number from 0.5 to below 1")
    text = rule_of(text)
    rule, world = rules.parse(text), World(findings)
    verdict, results = rules.judge(rule, world, level)
    parts = [
        Part(written, GIVES[result], rules.chance(test, world))
        for written, result, (_, test) in zip(rules.written_parts(text), results, rule.tests, strict=True)
    ]
    return Trial(text, verdict, parts, rules.read(rule, world))


def rule_of(text: str) -> str:
    """The rule of a claim whose number is given; any other text is a rule itself. DataError where there is no claim."""
    if not (text[:1] == "C" and text[1:].isdigit()):
        return text
    rows = ledger.load().set_index("id")
    if text not in rows.index:
        raise DataError(f"there is no claim '{text}': expected one from {rows.index[0]} to {rows.index[-1]}")
    return rows.rule[text]


def _rounded(chance: float) -> str:
    """A probability in two decimals, which never rounds to certainty."""
    return "< 0.01" if chance < 0.01 else "> 0.99" if chance > 0.99 else f"{chance:.2f}"
