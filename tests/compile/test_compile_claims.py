"""The maintainers' script for the claims: what it writes is what is published, and what does not fit is refused."""

import compile_claims
import pandas as pd
import pytest

from jingjinji.core import tables


def test_the_published_table_is_what_the_rules_give():
    written = compile_claims.rules_as_written()
    made = compile_claims.claims_table(compile_claims.published_table(written), written)
    pd.testing.assert_frame_equal(made, tables.load("claims").fillna(""), check_dtype=False)


def test_a_claim_without_research_or_without_a_rule_is_refused():
    written = compile_claims.rules_as_written()
    researched = compile_claims.published_table(written)
    with pytest.raises(SystemExit, match="claims C117 are in one of"):
        compile_claims.claims_table(researched[researched.id != "C117"], written)
    with pytest.raises(SystemExit, match=r"\[C001\]: missing \['rule'\]"):
        compile_claims.claims_table(researched, written | {"C001": {**written["C001"], "rule": ""}})
    with pytest.raises(SystemExit, match=r"unknown \['verdict'\]"):
        compile_claims.claims_table(researched, written | {"C001": {**written["C001"], "verdict": "supported"}})
