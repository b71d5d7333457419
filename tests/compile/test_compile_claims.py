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


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"rule": 3}, "rule = 3 is no text: write it in quotes"),
        ({"rule": "a.b ="}, "has its end where"),
        ({"rule": "eval('1') = 1"}, "has eval where"),
        ({"rule": f"{'(' * 3000}1{')' * 3000} = 1"}, "more than"),
        ({"found": "so much: {a.b +}"}, "has its end where"),
    ],
)
def test_a_broken_rule_is_told_in_one_sentence_before_anything_is_written(parts, said):
    written = compile_claims.rules_as_written()
    researched = compile_claims.published_table(written)
    with pytest.raises(SystemExit, match=said) as stop:
        compile_claims.claims_table(researched, written | {"C001": {**written["C001"], **parts}})
    assert str(stop.value).startswith("claims.toml, [C001]: ")
    assert "\n" not in str(stop.value)
    assert len(str(stop.value)) < 300


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[C001\nrule = ''", "is no TOML in UTF-8: "),
        (b"\xff = 1", "is no TOML in UTF-8: "),
        (b"[C001]\nrule = 'a'\n", "expected name, speaker and published"),
        (b"[articles.x]\nname = 'a'\n", r"\[articles\.x\]: expected name"),
    ],
)
def test_a_slip_in_the_file_is_told_in_one_sentence(tmp_path, monkeypatch, content, said):
    (tmp_path / "claims.toml").write_bytes(content)
    monkeypatch.setattr(compile_claims, "HERE", tmp_path)
    with pytest.raises(SystemExit, match=said) as stop:
        compile_claims.rules_as_written()
    assert "\n" not in str(stop.value)
