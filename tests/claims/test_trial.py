"""A rule on trial: what each part gives, which probability it asks, and what is refused."""

import numpy as np
import pytest

from jingjinji.claims import ledger, trial
from jingjinji.core.errors import DataError, UnknownFinding
from jingjinji.core.findings import Finding

FELL = Finding("a.fell", "fell", np.arange(-70.0, -50.0)[None], "%", "toy", ())
FINDINGS = {"a.fell": FELL, "a.other": Finding("a.other", "other", FELL.draws + 50, "%", "toy", ())}


def test_every_part_has_its_text_its_probability_and_what_it_gives():
    rule = "P(a.fell < 0) > 0.9; P(a.fell < -60) > 0.9 ; low(a.fell) > 0; own(P(a.other < 90) > 0.8)"
    found = trial.tried(rule, FINDINGS)
    assert found.verdict == "supported in part"
    assert found.rows == [
        {"part": "P(a.fell < 0) > 0.9", "probability": "> 0.99", "gives": "holds"},
        {"part": "P(a.fell < -60) > 0.9", "probability": "0.50", "gives": "open"},
        {"part": "low(a.fell) > 0", "probability": "", "gives": "fails"},
        {"part": "own(P(a.other < 90) > 0.8)", "probability": "> 0.99", "gives": "holds in part"},
    ]
    assert list(found.read) == ["a.fell", "a.other"]


def test_measures_and_clauses_keep_their_texts():
    measures = trial.tried("measures: P(a.fell < 0) > 0.9; P(a.fell > 0) > 0.9", FINDINGS)
    assert [part.text for part in measures.parts] == ["P(a.fell < 0) > 0.9", "P(a.fell > 0) > 0.9"]
    assert measures.verdict == "depends on the measure"
    clauses = trial.tried("contradicted if P(a.fell > 0) > 0.9; supported if P(a.fell < 0) > 0.9", FINDINGS)
    assert [part.gives for part in clauses.parts] == ["fails", "holds"]
    assert clauses.verdict == "supported"


@pytest.mark.parametrize("text", ["missing: the months of 2023", "untestable: a wish"])
def test_what_cannot_be_judged_has_no_parts(text):
    found = trial.tried(text, FINDINGS)
    assert found.rows == []
    assert found.verdict in ("not decided by these data", "not a testable statement")


def test_another_level_turns_a_part():
    rule = "P(a.fell < -54) > 0.9"
    assert trial.tried(rule, FINDINGS).parts[0].gives == "open"
    assert trial.tried(rule, FINDINGS, level=0.7).parts[0].gives == "holds"


def test_a_number_of_a_claim_stands_for_its_rule():
    rows = ledger.load().set_index("id")
    assert trial.rule_of("C066") == rows.rule["C066"]
    with pytest.raises(DataError, match="there is no claim 'C999': expected one from C001 to C"):
        trial.rule_of("C999")


def test_mistakes_are_one_sentence():
    with pytest.raises(UnknownFinding, match=r"there is no finding 'a\.fel'"):
        trial.tried("P(a.fel < 0) > 0.9", FINDINGS)
    with pytest.raises(DataError, match="is uncertain: write P"):
        trial.tried("a.fell < 0", FINDINGS)
    with pytest.raises(DataError, match=r"the level is 0\.3"):
        trial.tried("P(a.fell < 0) > 0.9", FINDINGS, level=0.3)
