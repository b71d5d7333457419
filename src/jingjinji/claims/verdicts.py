"""Verdicts as they are published, with every value that their rules read, and a comparison with them."""

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

import jingjinji
from jingjinji.claims import ledger, rules
from jingjinji.claims.rules import World
from jingjinji.core import published, tables
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding

PUBLISHED = jingjinji.PROJECT / "results" / "verdicts.json"
TABLE = "claims"


def judged(findings: dict[str, Finding]) -> dict[str, dict]:
    """Each claim's verdict, and what its rule read: finding, cell or record -> value; nothing where a fit failed.

    `fragile` names the verdicts that other levels of probability would give. A region has no claims.
    """
    if TABLE not in tables.names():
        return {}
    world = World(findings)
    return {
        row.id: {
            "verdict": row.verdict,
            "fragile": row.fragile,
            "read": {} if row.unpublished else rules.read(rules.parse(row.rule), world),
        }
        for row in ledger.ledger(findings).itertuples()
    }


def publish(findings: dict[str, Finding]) -> int:
    """Write the verdicts of these findings to ``results/verdicts.json``; returns how many."""
    here = judged(findings)
    published.write(PUBLISHED, here)
    return len(here)


@dataclass(frozen=True)
class Turn:
    """What became of a published verdict.

    Parameters
    ----------
    id : of the claim.
    status : ``same``; where it turned, ``changed`` or ``noise``; ``new``, ``gone``; ``not compared`` where a fit that
        its rule needs is absent or did not pass.
    errors : the largest shift of a finding that its rule reads, as `verify.Shift` has it.
    there, here : the verdict, published and in this run; empty where there is none.
    why : what its rule read otherwise, in words.
    """

    id: str
    status: str
    errors: float | None
    there: str
    here: str
    why: str = ""

    def as_dict(self) -> dict:
        """As JSON, which has no infinity: where what may not differ did, `errors` is None."""
        infinite = self.errors is not None and math.isinf(self.errors)
        return asdict(self) | ({"errors": None} if infinite else {})


def compare(
    findings: dict[str, Finding],
    status: Mapping[str, str],
    errors: Mapping[str, float | None],
    among: Collection[str] | None = None,
) -> list[Turn]:
    """What became of every verdict, those that turned first.

    A verdict that turned is *changed* where a finding that its rule reads has changed, or a cell or record is another,
    or the rule is; where all it reads differs by Monte Carlo error alone, so does the verdict, and that is *noise*. So
    verdicts add no false alarm to those of the findings.

    status, errors : id of a finding -> what became of it (`verify.Shift`).
    among : ids of findings; verdicts that read none of them are left out.

    Raises BookError where the published verdicts are missing or damaged.
    """
    there, here = published.read(PUBLISHED), judged(findings)
    if not all(isinstance(row, dict) and "read" in row for row in there.values()):
        raise BookError(f"{PUBLISHED} has not the form of published verdicts: restore it from the repository")
    turns = []
    for id in {**there, **here}:
        before, after = (rows.get(id, {"verdict": "", "read": {}}) for rows in (there, here))
        names = list({**before["read"], **after["read"]})
        if among is not None and not any(name in among for name in names):
            continue
        shifts = [errors[name] for name in names if errors.get(name) is not None]
        what, why = _what(id, before, after, names, status, findings)
        turns.append(Turn(id, what, max(shifts, default=0.0), before["verdict"], after["verdict"], why))
    return sorted(turns, key=lambda turn: (_RANKS.index(turn.status), -turn.errors, turn.id))


_RANKS = ("changed", "new", "gone", "not judged", "noise", "same", "not compared")


def _what(id: str, before: dict, after: dict, names: list[str], status: Mapping[str, str], findings) -> tuple[str, str]:
    """Status of a verdict, and why."""
    if not before["verdict"] or not after["verdict"]:
        return ("new" if after["verdict"] else "gone"), ""
    if failed := getattr(findings, "fits_failed", lambda ids: set())(before["read"]):
        return "not compared", f"its rule needs {', '.join(sorted(failed))}"
    if before["verdict"] == after["verdict"]:
        return "same", ""
    other = [name for name in names if before["read"].get(name) != after["read"].get(name)]
    values = "; ".join(f"{name} was {before['read'].get(name, 'not read')}, is {after['read'].get(name, 'not read')}"
                       for name in other)  # fmt: skip
    moved = [name for name in names if status.get(name, "same") != "same"]
    others = [name for name in other if name not in status]
    if others or not moved:
        return "changed", values or "its rule is another, for it read the same values"
    worst = min((status[name] for name in moved), key=_RANKS.index)
    return ("changed" if worst in ("new", "gone") else worst), values


def summary(turns: list[Turn]) -> str:
    """How many verdicts are what, in one sentence."""
    counts = {status: sum(turn.status == status for turn in turns) for status in _RANKS}
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return f"{len(turns)} verdicts beside {PUBLISHED.name}: {said or 'none'}."
