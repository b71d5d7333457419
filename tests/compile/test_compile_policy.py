"""The maintainers' script for Hong Kong, plans and acts: pure parts by hand, tables against the published."""

import compile_policy
import pandas as pd
import pytest

from jingjinji.core import tables


@pytest.mark.parametrize(("text", "half"), [("43.0", 0.05), ("4.41", 0.005), ("61", 0.5), ("0.011", 0.0005)])
def test_a_figure_is_known_to_half_of_its_last_place(text, half):
    assert compile_policy.half_place(text) == pytest.approx(half)


@pytest.mark.parametrize(
    ("text", "first"), [("2015", ("2015-01-01", "year")), ("2018-11", ("2018-11-01", "month")),
                        ("2022-06-21", ("2022-06-21", "day"))]
)  # fmt: skip
def test_a_vague_date_begins_with_its_first_day(text, first):
    assert compile_policy.first_day(text) == first


def cite(url: str) -> tuple:
    return "a page", "a publisher", "2020", url if url.startswith("http") else None


def test_a_derived_total_becomes_the_change_that_was_printed():
    row = {"year": "2016", "variable": "ghg_total", "value": "41.7", "unit": "Mt CO2e", "source": "http://government-world",
           "confidence": "verified-page", "note": "derived from -2.4% in 2017"}  # fmt: skip
    about = row | {"year": "2018", "value": "40.9", "note": "derived from about -2% in 2019"}
    nobody = row | {"year": "2010", "note": "", "confidence": "memory-unverified"}
    table = compile_policy.emissions(pd.DataFrame([row, about, nobody]), pd.DataFrame(columns=list(row)), [], cite)
    assert table[["year", "base_year", "value", "half_step"]].to_numpy().tolist() == [
        [2017, 2016, -2.4, pytest.approx(0.05)], [2019, 2018, -2.0, 0.5],
    ]  # fmt: skip
    assert set(table.quantity) == {"change"}


def test_a_range_of_a_target_has_two_rows():
    row = {"year": "2030", "variable": "target_2017_plan_absolute_cut_vs_2005", "value": "26-36", "source": "http://x",
           "confidence": "verified-page", "note": ""}  # fmt: skip
    table = compile_policy.facts(pd.DataFrame([row]), [], cite)
    assert table.value.tolist() == [36.0, 26.0]
    assert table.quantity.str.endswith(("low end", "high end")).all()


def test_no_recalled_figure_and_no_sentence_is_published():
    for name in ("hongkong_emissions", "policy_facts", "governance_acts"):
        table = tables.load(name)
        assert "quote" not in table.columns
        assert set(table.confidence) <= {"verified-file", "verified-page", "article"}


def test_what_an_article_says_is_marked():
    facts = tables.load("policy_facts")
    assert ((facts.topic == "articles") == (facts.confidence == "article")).all()
