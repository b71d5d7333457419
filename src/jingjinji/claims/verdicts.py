"""Verdicts as they are published, with every value that their rules read, and a comparison with them."""

import jingjinji
from jingjinji.claims import ledger, rules
from jingjinji.claims.rules import World
from jingjinji.core import published
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding

PUBLISHED = jingjinji.PROJECT / "results" / "verdicts.json"


def judged(findings: dict[str, Finding]) -> dict[str, dict]:
    """Each claim's verdict, and what its rule read: finding, cell or record -> value; nothing where a fit failed.

    `fragile` names the verdicts that other levels of probability would give.
    """
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


def compare(findings: dict[str, Finding]) -> str:
    """One sentence when every verdict is as published; raises BookError that says which turned, and with what.

    A verdict that another level of probability would turn as well may turn by Monte Carlo error alone: it is named, and
    is no error.
    """
    there = published.read(PUBLISHED)
    here = judged(findings)
    if strangers := there.keys() ^ here.keys():
        raise BookError(f"the published verdicts and the claims differ in {', '.join(sorted(strangers)[:5])}")
    turned = {id: row for id, row in here.items() if row["verdict"] != there[id]["verdict"]}
    said = {id: _turned(id, row, there[id]) for id, row in turned.items()}
    near = [id for id, row in turned.items() if there[id]["verdict"] in row["fragile"].split("; ")]
    if other := [said[id] for id in turned if id not in near]:
        raise BookError(f"{len(other)} of {len(here)} verdicts differ from {PUBLISHED.name}: {'; '.join(other)}")
    words = f"{len(here) - len(near)} verdicts agree with {PUBLISHED.name}"
    if near:
        words += f"; {len(near)} turned that lie near a level of probability: {'; '.join(said[id] for id in near)}"
    return f"{words}."


def _turned(id: str, here: dict, there: dict) -> str:
    names = [name for name in {**there["read"], **here["read"]} if here["read"].get(name) != there["read"].get(name)]
    values = [f"{name} is {here['read'].get(name, 'not read')} here, {there['read'].get(name, 'not read')} there"
              for name in names]  # fmt: skip
    because = f" ({'; '.join(values)})" if values else " (its rule is another, for it read the same values)"
    return f"{id} is {here['verdict']} here, {there['verdict']} there{because}"
