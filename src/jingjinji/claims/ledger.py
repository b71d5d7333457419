"""What five articles claim, judged: table `claims` and the findings give each claim a verdict and a reading."""

from collections.abc import Callable

import pandas as pd

from jingjinji.claims import rules
from jingjinji.claims.rules import (
    BY_JUDGEMENT,
    BY_RECORDS,
    BY_TESTS,
    CONTRADICTED,
    DECIDED,
    DEPENDS,
    IN_PART,
    SUPPORTED,
    UNDECIDED,
    VERDICTS,
    Rule,
    World,
)
from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError, DataError
from jingjinji.core.findings import Finding, Findings, did_not_converge

CONCLUSIONS = {
    SUPPORTED: "the claim of {said} holds",
    IN_PART: "the claim of {said} holds in part",
    DEPENDS: "whether the claim of {said} holds depends on the measure",
    CONTRADICTED: "the claim of {said} does not hold",
    UNDECIDED: "the claim of {said} is not decided by this",
}
OTHER_LEVELS = (0.8, 0.95)
"""Levels of probability at which a verdict is looked at again, to see how fragile it is."""


def load() -> pd.DataFrame:
    """Table `claims`, one row a claim, empty cells as empty text; raises DataError as `check` does."""
    rows = tables.load("claims").fillna("")
    check(rows)
    return rows


def check(rows: pd.DataFrame) -> None:
    """Raise DataError for the first row without a rule or a reason, with the id of another, or against one side."""
    twice = rows["id"][rows["id"].duplicated()]
    if len(twice):
        raise DataError(
            f"table claims has id {twice.iloc[0]} in more than one row: expected one; number the claims anew"
        )
    for row in rows.itertuples():
        for column in ("rule", "reason"):
            if not getattr(row, column).strip():
                raise DataError(
                    f"table claims, claim {row.id}, column '{column}' is empty: every claim needs one; write it"
                )
    against = {row.id: row.against.split() for row in rows.itertuples()}
    for one, others in against.items():
        for other in others:
            if other.startswith("C") and one not in against.get(other, ()):
                raise DataError(f"table claims, claim {one} is against {other}, which is not against {one}: name both")


def ledger(
    findings: dict[str, Finding], rows: pd.DataFrame | None = None, load_table: Callable = tables.load
) -> pd.DataFrame:
    """Every claim with what the book says of it.

    Columns of table `claims`, and verdict, reading (one sentence), findings and tables (names that the rule and the
    reading use, separated by spaces), basis (`rules.basis`), own_side_alone (``yes`` where nobody gives a part but the
    claimant's own side), fits and misfits (rows of table `records` that the rule weighs for and against), fragile (the
    verdicts that `OTHER_LEVELS` of probability would give, if others), unpublished (fits that rule or reading would
    need but which did not converge on this machine, separated by spaces).
    A claim whose rule needs such a fit is not decided.
    Raises BookError that names the claim, for a rule that cannot be read or names what is not there.
    """
    rows = load() if rows is None else rows
    world = World(findings, load_table)
    judged = pd.DataFrame([_judged(row, world) for row in rows.itertuples()], index=rows.index)
    return pd.concat([rows, judged], axis=1)


def tally(judged: pd.DataFrame) -> dict[str, int]:
    """How many claims there are, by verdict and by what the verdict rests on, under the words that pages use."""
    decided, basis = judged["verdict"].isin(DECIDED), judged["basis"]
    numbers = {"all": len(judged), **{verdict: (judged["verdict"] == verdict).sum() for verdict in VERDICTS}}
    numbers |= {
        "computed": (basis != BY_JUDGEMENT).sum(),
        "missing": ((basis == BY_JUDGEMENT) & (judged["verdict"] == UNDECIDED)).sum(),
        "judged": decided.sum(),
        "judged by tests": (decided & (basis == BY_TESTS)).sum(),
        "judged by records": (decided & (basis == BY_RECORDS)).sum(),
        "own side alone": (judged["own_side_alone"] == "yes").sum(),
    }
    return {word: int(number) for word, number in numbers.items()}


def records_of(rows: pd.DataFrame, row) -> pd.DataFrame:
    """Rows of table `records` that belong to a judged claim: weighed by its rule, or collected for it.

    Column `speaks` says ``for``, ``against`` or, where the rule does not weigh the row, nothing.
    """
    fits, misfits = row.fits.split(), row.misfits.split()
    weighed, claimed = {*fits, *misfits}, rows["claims"].fillna("").str.split()
    chosen = rows[[row.id in ids or id in weighed for id, ids in zip(rows["id"], claimed, strict=True)]]
    speaks = ["for" if id in fits else "against" if id in misfits else "" for id in chosen["id"]]
    words = chosen.columns.drop("value")
    return chosen.assign(**{column: chosen[column].fillna("") for column in words}, speaks=speaks)


def of_chapter(findings: dict[str, Finding], chapter: str) -> pd.DataFrame:
    """The claims of a chapter as its page lists them: claim, what the article says, verdict, reading, reason.

    `findings` are those that their rules and readings name.
    """
    rows = load()
    judged = ledger(findings, rows[rows.chapter == chapter])[["id", "claim", "verdict", "reading", "reason"]]
    judged.columns = ["claim", "the article says", "verdict", "found", "why so"]
    return judged


def counts(judged: pd.DataFrame) -> pd.DataFrame:
    """How many claims have each verdict, by chapter (rows, in the order of `CHAPTERS`, and all of them last)."""
    table = pd.crosstab(judged["chapter"], judged["verdict"]).reindex(
        index=list(registry.CHAPTERS), columns=VERDICTS, fill_value=0
    )
    table.loc["all"] = table.sum()
    return table.assign(claims=table.sum(axis=1))


def _judged(row, world: World) -> dict[str, str]:
    try:
        rule = rules.parse(row.rule)
        of_rule, of_tables = rules.named(rule)
        found, ids = rules.filled(row.found, world)
        failed = _failed(of_rule, world)
        verdict, results = (UNDECIDED, []) if failed else rules.judge(rule, world)
        others = [] if failed else [rules.judge(rule, world, level)[0] for level in OTHER_LEVELS]
        weighed = {} if failed else rules.sources(rule, world)
        own = not failed and rules.own_side_alone(rule, world)
        reading = (
            _reading_without(failed, row.said) if failed else _reading(row.said, found, rule, verdict, results, own)
        )
    except BookError as error:
        raise type(error)(f"table claims, claim {row.id}: {error}") from error
    return {
        "verdict": verdict,
        "reading": reading,
        "findings": " ".join(dict.fromkeys([*of_rule, *ids])),
        "tables": " ".join(of_tables),
        "basis": rules.basis(rule),
        "own_side_alone": "yes" if own else "",
        "fits": " ".join(id for id, fits in weighed.items() if fits),
        "misfits": " ".join(id for id, fits in weighed.items() if not fits),
        "fragile": "; ".join(dict.fromkeys(other for other in others if other != verdict)),
        "unpublished": " ".join(_failed([*of_rule, *ids], world)),
    }


def _failed(ids: list[str], world: World) -> list[str]:
    """Fits for want of which some of these findings are not published."""
    return sorted(world.findings.fits_failed(ids)) if isinstance(world.findings, Findings) else []


def _reading_without(failed: list[str], said: str) -> str:
    """One sentence on a claim whose rule needs fits that are not published."""
    numbers = "its numbers are" if len(failed) == 1 else "their numbers are"
    conclusion = CONCLUSIONS[UNDECIDED].format(said=said)
    return _sentence(f"{did_not_converge(failed)}, so {numbers} not published: {conclusion}")


def _reading(said: str, found: str, rule: Rule, verdict: str, results: list[bool | str | None], own: bool) -> str:
    """One sentence: what was found, and what follows of the claim."""
    if rule.kind == "missing":
        return _sentence(f"{found}; to decide it one would need {rule.text}" if found else f"it would take {rule.text}")
    if rule.kind == "untestable":
        return _sentence(rule.text)
    conclusion = CONCLUSIONS[verdict].format(said=said)
    if rule.kind == "clauses" or verdict not in (IN_PART, DEPENDS):
        return _sentence(f"{found}: {conclusion}")
    return _sentence(f"{found}: {_of_parts(conclusion, said, rule, verdict, results, own)}")


def _of_parts(conclusion: str, said: str, rule: Rule, verdict: str, results: list[bool | str | None], own: bool) -> str:
    """What follows where some parts or measures hold and others do not, and where all that holds rests on little."""
    things = f"{len(results)} {rule.kind}"
    held, half, failed = (sum(result == value for result in results) for value in (True, IN_PART, False))
    several = len(results) > 1
    if verdict == IN_PART and not held:
        who = "the claimant's own side alone" if own else "little more than one report" if half > 1 else "one report"
        where = f" in {half} of {things}" if half < len(results) else ""
        conclusion = f"the claim of {said} has the support of {who}{where}"
    elif several and half and not held:
        conclusion += f", {half} of {things} on little evidence"
    elif several:
        conclusion += f", {held} of {things}" + (f" and {half} more on little evidence" if half else "")
    fails = f", and {failed} fail{'s' if failed == 1 else ''}" if failed and verdict == IN_PART else ""
    return conclusion + fails


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
