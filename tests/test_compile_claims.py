"""The maintainers' script for the claims: what it writes is what is published, and what does not fit is refused."""

import compile_claims
import pandas as pd
import pytest

from jingjinji import tables


def test_the_published_table_is_what_the_rules_give():
    written = compile_claims.rules_as_written()
    made = compile_claims.claims_table(compile_claims.published_table(written), written)
    pd.testing.assert_frame_equal(made, tables.load("claims").fillna(""), check_dtype=False)


def test_a_chapter_that_no_longer_waits_has_its_planned_rules():
    written = compile_claims.rules_as_written()
    researched = compile_claims.published_table(written)
    before = compile_claims.claims_table(researched, written | {"waiting": ["carbon-market"]}).set_index("id")
    after = compile_claims.claims_table(researched, written | {"waiting": []}).set_index("id")
    assert before.rule["C098"].startswith("missing:")
    assert after.rule["C098"] == written["C098"]["planned"]["rule"]
    assert after.reason["C098"] == written["C098"]["planned"]["reason"]
    assert after.rule["C020"] == before.rule["C020"] == written["C020"]["rule"]


def test_a_claim_without_research_or_without_a_rule_is_refused():
    written = compile_claims.rules_as_written()
    researched = compile_claims.published_table(written)
    with pytest.raises(SystemExit, match="claims C117 are in one of"):
        compile_claims.claims_table(researched[researched.id != "C117"], written)
    with pytest.raises(SystemExit, match=r"\[C001\]: missing \['rule'\]"):
        compile_claims.claims_table(researched, written | {"C001": {**written["C001"], "rule": ""}})
    with pytest.raises(SystemExit, match=r"unknown \['verdict'\]"):
        compile_claims.claims_table(researched, written | {"C001": {**written["C001"], "verdict": "supported"}})
