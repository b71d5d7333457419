"""Every headline has a rule, or says why not; each rule holds for what is published, and can fail."""

import itertools
import json
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from claim_findings import certain, chance
from scipy import stats

import jingjinji
from jingjinji.claims import headlines, ledger, rules
from jingjinji.claims.rules import World
from jingjinji.core.errors import DataError
from jingjinji.core.findings import Finding

ENTRIES = headlines.load()
RULES = list(headlines.every_rule(ENTRIES))
TESTS = [(page, line, test) for page, line, rule in RULES for test in headlines.tests(rule, ENTRIES["words"])]
STEPS = np.random.default_rng(1).permutation(stats.norm.ppf((np.arange(1000) + 0.5) / 1000)).reshape(4, 250)
WIDTH = 2 * stats.norm.ppf(0.97)


def as_published(id: str, row: dict, asked: set[str]) -> Finding:
    """A finding of ``results/reference.json``: its mean, and draws as wide as its interval where it has one."""
    if id in asked:
        return chance(id, row["mean"])
    if "low" not in row:
        return replace(certain(id, row["mean"]), model=row["fit"])
    draws = row["mean"] + (row["high"] - row["low"]) / WIDTH * np.roll(STEPS, len(id) * 37)
    return Finding(id, id, draws, "", row["fit"], ())


@pytest.fixture(scope="module")
def published() -> dict[str, dict]:
    return json.loads((jingjinji.PROJECT / "results/reference.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def found(published) -> dict[str, Finding]:
    asked = set(re.findall(r"P\(([\w.@-]+)\)", " ".join(test for _, _, test in TESTS)))
    return {id: as_published(id, row, asked) for id, row in published.items()}


def verdicts() -> pd.DataFrame:
    judged = json.loads((jingjinji.PROJECT / "results/verdicts.json").read_text("utf-8"))
    rows = ledger.load()
    return rows.assign(verdict=[judged[id]["verdict"] for id in rows.id])


@pytest.fixture(scope="module")
def world(found) -> World:
    """The book's tables, each read once; what the conclusions draw is asked in the build alone."""
    made = headlines.world(found, verdicts=verdicts, answers=lambda: pd.DataFrame({"away": [0.1, 0.2, 0.0]}))
    return World(found, cache(made.load))


def test_every_headline_of_every_page_has_one_entry_and_every_entry_a_headline():
    assert headlines.unlisted(ENTRIES, headlines.pages()) == []


def test_every_caption_begins_with_its_headline():
    for path in sorted((jingjinji.PROJECT / "chapters").glob("*.md")):
        text = path.read_text("utf-8")
        assert len(headlines.CAPTION.findall(text)) == text.count("caption:"), path.name


def test_every_headline_without_a_rule_has_a_reason():
    reasons = [reason for entry in ENTRIES.values() for reason in entry.get("reasons", {}).values()]
    assert reasons
    assert all(len(reason.split()) > 4 for reason in reasons)


def test_every_word_is_used():
    asked = " ".join(rule for _, _, rule in RULES)
    assert set(ENTRIES["words"]) == set(headlines.WORD.findall(asked))


def test_rules_hold_for_what_is_published(world):
    assert list(headlines.untrue(ENTRIES, world)) == []


TIMES, MORE = (-1, 20, 0, 0.05, -20, 0.5, 0.9, 1.1, 2), (2, -2)
"""What a value is multiplied with, and what is added to it, to look whether a test fails."""


def others(finding: Finding) -> list[Finding]:
    """The finding with other draws."""
    if finding.is_probability:
        return [chance(finding.id, share) for share in (0.0, 1.0)]
    draws = [*(finding.draws * times for times in TIMES), *(finding.draws + more for more in MORE)]
    return [replace(finding, draws=other) for other in draws]


def other_cells(value: float | str) -> list[float | str]:
    """What a table could say instead."""
    if isinstance(value, str):
        return ["1000-01-01", "3000-01-01"]
    return [*(value * times for times in TIMES), *(value + more for more in MORE)]


def holds(test: tuple, world: World) -> bool:
    try:
        return rules.judge(test, world)[1] == [True]
    except DataError:
        return True


@pytest.mark.parametrize("page", dict.fromkeys(page for page, _, _ in RULES))
def test_every_value_of_every_test_can_make_it_fail(page, found, world):
    for headline, text in [(headline, text) for of, headline, text in TESTS if of == page]:
        test = rules.parse(text)
        ids = rules.named(test)[0]
        for id in ids:
            alike = [replace(found[id], draws=found[other].draws) for other in ids if not found[id].is_probability]
            turned = (World(found | {id: other}, world.load) for other in [*others(found[id]), *alike])
            assert any(not holds(test, other) for other in turned), f"'{headline}': {id} decides nothing in {text}"
        for lookup in rules._lookups(test.tests):
            cells = other_cells(rules._value(lookup, world))
            turned = (World(found, world.load, {lookup: cell}) for cell in cells)
            assert any(not holds(test, other) for other in turned), f"'{headline}': {lookup} decides nothing in {text}"


ERRORS = 3
"""Monte Carlo errors by which another machine's finding may be off."""


def test_no_headline_hangs_on_the_chance_of_sampling(found, world, published):
    for page, headline, text in TESTS:
        test = rules.parse(text)
        ids, names = rules.named(test)
        if "findings" in names or not holds(test, world):
            continue
        for id, way in itertools.product(ids, (-ERRORS, ERRORS)):
            off, finding = way * published[id].get("mcse", 0), found[id]
            other = (
                chance(id, min(max(finding.mean + off, 0), 1))
                if finding.is_probability
                else replace(finding, draws=finding.draws + off)
            )
            assert holds(test, World(found | {id: other}, world.load)), f"{page}, '{headline}': {id} is near in {text}"


PAGE = """# A subject

:::{admonition} The answer first
:class: answer

**It fell by {finding-fall}`a.b` in
one year.** More.
:::

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: >-
      **It fell.** More.
---
# no heading
```

## It rose {cite:p}`someone`
"""


def test_headlines_of_a_page():
    assert headlines.of_page(PAGE) == ["A subject", "It rose …", "It fell by … in one year.", "It fell."]


ASKED = {
    "words": {"little": 0.25, "area": ["north", "south"]},
    "everywhere": {"subjects": ["Sources"]},
    "one": {"subjects": ["A subject"], "rules": {"It fell": "a.{area} < -{little}"}},
}


@pytest.mark.parametrize(
    ("shown", "said"),
    [({"one": ["A subject", "It fell", "Sources", "New"]}, "one: 'New' has 0 entries"),
     ({"one": ["A subject", "Sources"]}, "one: there is no headline 'It fell' any more"),
     ({"one": ["A subject", "It fell"]}, "no page: there is no headline 'Sources' any more"),
     ({"two": ["Sources"]}, "one: there is no headline 'A subject' any more"),
     ({"one": ["A subject", "It fell", "Sources"], "two": ["It fell"]}, "two: 'It fell' has 0 entries")],
)  # fmt: skip
def test_what_is_not_listed_or_stale_is_named(shown, said):
    assert headlines.unlisted(ASKED, {"one": ["A subject", "It fell", "Sources"]}) == []
    assert headlines.unlisted(ASKED, shown)[0].startswith(said)


def test_two_entries_for_one_headline_are_named():
    twice = ASKED | {"one": ASKED["one"] | {"reasons": {"It fell": "because"}}}
    assert "one: 'It fell' has 2 entries" in headlines.unlisted(twice, {"one": ["A subject", "It fell", "Sources"]})[0]


def fell(north: float, south: float) -> World:
    values = {"a.north": north, "a.south": south}
    return headlines.world({id: certain(id, value) for id, value in values.items()})


def test_a_headline_that_does_not_hold_is_named_with_its_test_and_values():
    assert list(headlines.untrue(ASKED, fell(-1, -1))) == []
    assert list(headlines.untrue(ASKED, fell(-1, 0.5))) == [
        "one: the headline 'It fell' does not hold, because not a.south < -0.25: a.south is 0.5"
    ]


def test_most_asks_for_more_than_half():
    rule, words = "most: a.{area} < 0; a.north < -5", ASKED["words"]
    assert headlines.failing(rule, words, fell(-1, -1)) == []
    assert headlines.failing(rule, words, fell(-1, 1)) == ["a.south < 0", "a.north < -5"]
    assert len(headlines.failing("most: a.{area} < 0", words, fell(-1, 1))) == 1


def test_a_rule_with_an_unknown_word_stops_with_page_and_headline():
    wrong = ASKED | {"one": {"rules": {"It fell": "a.north < {some}"}}}
    with pytest.raises(DataError, match=r"one, 'It fell': the rule .* has the word 'some'"):
        list(headlines.untrue(wrong, fell(-1, -1)))
    wrong = ASKED | {"one": {"rules": {"It fell": "a.north"}}}
    with pytest.raises(DataError, match=r"one, 'It fell': .* compares nothing"):
        list(headlines.untrue(wrong, fell(-1, -1)))


def test_findings_are_a_table():
    table = headlines.table_of({"a": certain("a", 3.0), "b": Finding("b", "b", STEPS, "%", "toy", ())})
    assert list(table.columns) == ["id", "model", "estimate", "low", "high", "width"]
    assert table.width.tolist()[0] == 0
    assert table.width.tolist()[1] == pytest.approx(WIDTH, abs=0.1)
