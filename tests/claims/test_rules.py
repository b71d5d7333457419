"""The language of rules: what holds, fails and stays open by hand, and what is refused with one sentence."""

import numpy as np
import pandas as pd
import pytest

from jingjinji.claims import rules
from jingjinji.claims.rules import CONTRADICTED, DEPENDS, IN_PART, SUPPORTED, UNDECIDED, UNTESTABLE, World
from jingjinji.core.errors import DataError, UnknownFinding
from jingjinji.core.findings import Finding, exact


def spread(id: str, values: list[float], unit: str = "%") -> Finding:
    return Finding(id, id, np.array([values]), unit, "toy", ())


def chance(id: str, share: float) -> Finding:
    return spread(id, (np.arange(100) < 100 * share).astype(float).tolist(), "probability")


TABLES = {
    "days": pd.DataFrame(
        {
            "area": ["Beijing", "Beijing", "Tianjin"], "year": [2013, 2023, 2023], "value": [176.0, 271.0, 232.0],
            "note": ["", "more than before", None], "start": pd.to_datetime(["2013-09-10", "2022-08-30", "2023-01-01"]),
        }
    ),
    "records": pd.DataFrame(
        {
            "id": ["R1", "R2", "R3"], "quantity": ["mines", "mines", "ships"], "value": [3.0, 3.0, np.nan],
            "text": [None, None, "two or more"], "standing": "report", "origin": ["a", "b", "a"],
        }
    ),
}  # fmt: skip
WORLD = World(
    {
        "a.fell": spread("a.fell", list(range(-70, -50))),
        "a.rose": spread("a.rose", list(range(-1, 19))),
        "a.other-fit": spread("a.other-fit", [1.0, 2.0, 3.0]),
        "a.exact": exact("a.exact", "x", 32.0, "µg/m³", ()),
        "a.likely": chance("a.likely", 0.95),
        "a.even": chance("a.even", 0.5),
        "a.unlikely": chance("a.unlikely", 0.05),
        "a.half-time.2023-09@with-dust": exact("a.half-time.2023-09@with-dust", "x", 7.0, "", ()),
    },
    TABLES.__getitem__,
)


def verdict(text: str, level: float | None = None) -> str:
    return rules.judge(rules.parse(text), WORLD, level)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.exact = 32", SUPPORTED),
        ("a.exact != 32", CONTRADICTED),
        ("30 <= a.exact < 33", SUPPORTED),
        ("30 <= a.exact < 32", CONTRADICTED),
        ("a.exact - 2 * 3 + 4 / 8 = 26.5", SUPPORTED),
        ("-(a.exact - 40) = 8", SUPPORTED),
        ("a.exact - -1 = 33", SUPPORTED),
        ("|10 - a.exact| = 22", SUPPORTED),
        ("a.half-time.2023-09@with-dust = 7", SUPPORTED),
        ("mean(a.fell) = -60.5", SUPPORTED),
        ("low(a.fell) < mean(a.fell) < high(a.fell)", SUPPORTED),
        ("P(a.likely) > 0.9", SUPPORTED),
        ("P(a.even) > 0.9", UNDECIDED),
        ("P(a.unlikely) > 0.9", CONTRADICTED),
        ("P(|a.fell + 60| <= 10) > 0.9", SUPPORTED),
        ("P(|a.fell + 60| <= 6) > 0.9", UNDECIDED),
        ("P(a.fell > 0) > 0.9", CONTRADICTED),
        ("P(a.rose > -1) >= 0.95", SUPPORTED),
        ("P(a.rose > -1) > 0.95", UNDECIDED),
        ("P(a.rose >= 0 and a.rose <= 9) > 0.5", UNDECIDED),
        ("P(a.rose >= 0 or a.exact = 32) > 0.9", SUPPORTED),
        ("P(a.fell < a.rose) > 0.99", SUPPORTED),
        ("a.exact = 32 and P(a.even) > 0.9", UNDECIDED),
        ("a.exact = 31 and P(a.even) > 0.9", CONTRADICTED),
        ("a.exact = 32 or P(a.even) > 0.9", SUPPORTED),
        ("a.exact = 31 or P(a.even) > 0.9", UNDECIDED),
        ("a.exact = 31 and a.exact = 32 or a.exact = 32", SUPPORTED),
        ("a.exact = 32; a.exact = 33", IN_PART),
        ("a.exact = 32; P(a.even) > 0.9", IN_PART),
        ("a.exact = 31; P(a.even) > 0.9", UNDECIDED),
        ("a.exact = 31; a.exact = 33", CONTRADICTED),
        ("contradicted if a.exact = 31", UNDECIDED),
        ("contradicted if a.exact = 32", CONTRADICTED),
        ("contradicted if a.exact = 31; supported in part if a.exact = 32; supported if a.exact = 32", IN_PART),
        ("supported if P(a.even) > 0.9", UNDECIDED),
        ("missing: readings of 2023", UNDECIDED),
        ("untestable: a judgement; of taste", UNTESTABLE),
        ("measures: a.exact = 32; a.exact > 30", SUPPORTED),
        ("measures: a.exact = 32; a.exact = 33", DEPENDS),
        ("measures: a.exact = 32; P(a.even) > 0.9", IN_PART),
        ("measures: a.exact = 31; P(a.even) > 0.9", UNDECIDED),
        ("measures: a.exact = 31; a.exact = 33", CONTRADICTED),
        ("measures: own(a.exact = 32); a.exact = 33", DEPENDS),
        ("range(1, 3) < 4", SUPPORTED),
        ("range(1, 3) < 1", CONTRADICTED),
        ("range(1, 3) < 2", UNDECIDED),
        ("0 < range(1, 3) <= a.exact", SUPPORTED),
        ("range(1, 3) < 2 and a.exact = 31", CONTRADICTED),
        ("own(a.exact = 32)", IN_PART),
        ("own(a.exact = 33)", CONTRADICTED),
        ("own(P(a.even) > 0.9)", UNDECIDED),
        ("own(a.exact = 32); a.exact = 32", IN_PART),
        ("own(a.exact = 32); a.exact = 33", IN_PART),
        ("single(a.exact = 32)", IN_PART),
        ("single(a.exact = 33)", UNDECIDED),
        ("settings(P(a.likely) > 0.9, a.exact = 32)", SUPPORTED),
        ("settings(P(a.unlikely) > 0.9, a.exact = 33)", CONTRADICTED),
        ("settings(P(a.even) > 0.9, P(a.unlikely) > 0.9)", UNDECIDED),
        ("settings(P(a.likely) > 0.9, P(a.unlikely) > 0.9)", UNDECIDED),
        ("measures: settings(P(a.unlikely) > 0.9, P(a.even) > 0.9); a.exact = 32", IN_PART),
        ("measures: settings(a.exact = 32 or a.exact = 1, a.exact = 32); a.exact = 33", DEPENDS),
        ("average(days, value, year = 2023) = 251.5", SUPPORTED),
        ("count(days, value > table(days, value, area = 'Tianjin')) = 1", SUPPORTED),
        ("count(days, value > a.exact * 6) = 2", SUPPORTED),
        ("records(quantity = 'mines', fits value = 3)", SUPPORTED),
        ("records(quantity = 'mines', fits value = 4)", CONTRADICTED),
        ("records(quantity = 'mines', fits value > 2, value < 3.5)", SUPPORTED),
        ("records(quantity = 'ships', fits text ~ 'two|three')", IN_PART),
        ("records(quantity = 'ships', fits value = 1)", UNDECIDED),
        ("records(quantity = 'nothing', fits value = 1)", UNDECIDED),
        ("records(quantity = 'mines', fits value = a.exact - 29)", SUPPORTED),
        ("measures: records(quantity = 'mines', fits value = 3); a.exact = 31", DEPENDS),
        ("table(days, value, area = 'Beijing', year = 2023) = 271", SUPPORTED),
        ("table(days, value, area = 'Beijing', year > 2013) - table(days, value, area = 'Beijing', year = 2013) = 95",
         SUPPORTED),
        ("count(days, area = 'Beijing') = 2", SUPPORTED),
        ("count(days, note != '') = 1", SUPPORTED),
        ("count(days, note ~ 'nothing|MORE than') = 1", SUPPORTED),
        ("count(days, note ~ 'm.re') = 0", SUPPORTED),
        ("distinct(days, area) = 2", SUPPORTED),
        ("distinct(days, note) = 1", SUPPORTED),
        ("largest(days, value) - smallest(days, value) = 95", SUPPORTED),
        ("total(days, value, area = 'Beijing') = 447", SUPPORTED),
        ("year(table(days, start, area = 'Tianjin')) = 2023", SUPPORTED),
        ("month(table(days, start, year = 2013)) = '2013-09'", SUPPORTED),
        ("table(days, start, year = 2013) = '2013-09-11'", CONTRADICTED),
    ],
)  # fmt: skip
def test_verdicts_by_hand(text, expected):
    assert verdict(text) == expected


def test_another_level_replaces_every_level():
    assert verdict("P(|a.fell + 60| <= 9) > 0.9", 0.8) == SUPPORTED
    assert verdict("P(a.likely) > 0.9", 0.96) == UNDECIDED
    assert verdict("settings(P(a.likely) > 0.9, a.exact = 32)", 0.96) == UNDECIDED
    assert verdict("a.exact = 32", 0.99) == SUPPORTED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" ; ", "is empty"),
        ("missing: ", "gives no reason"),
        ("a.exact", "compares nothing"),
        ("a.exact = ", "has its end where"),
        ("a.exact = 32)", "goes on with '\\)'"),
        ("__import__('os').system('x') = 0", "which is no part of a rule"),
        ("eval('1') = 1", "has eval where"),
        ("a.exact = 32; supported if a.exact = 32", "mixes tests with and without a verdict"),
        ("P(a.even) > 0.3", "level 0.3: expected a number from 0.5"),
        ("P(a.even) < 0.9", "has < where > or >= was expected"),
        ("P(a.exact) > 0.9 and a.exact = 'x", "which is no part of a rule"),
        ("mean(a.exact + 1) = 33", "of what is no finding"),
        ("records(quantity = 'mines')", "asks records for nothing"),
        ("records(fits value = 3)", "asks records for nothing"),
        ("records(quantity = 'mines', fits value = 3) and a.exact = 32", "goes on with 'and'"),
        ("a.exact = 32 and own(a.exact = 32)", "has own where"),
        ("settings(a.exact = 32; a.exact = 33)", "has its end where , or \\) was expected"),
        ("own(settings(a.exact = 32, a.exact = 33))", "has settings where"),
        ("supported if records(quantity = 'mines', fits value = 3)", "has records where"),
        ("measures: supported if a.exact = 32", "mixes tests with and without a verdict"),
        (f"{'(' * 3000}1{')' * 3000} = 1", "more than"),
        (f"{'(' * 100}1{')' * 100} = 1", "more than 20 brackets in one another"),
        (f"{'-' * 100}1 = 1", "more than 20 brackets in one another"),
        (f"{' + '.join(['1'] * 3000)} = 1", "more than 400 words and signs"),
    ],
)
def test_what_is_no_rule_is_refused_when_it_is_read(text, said):
    with pytest.raises(DataError, match=said):
        rules.parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.fell < 0", "'a.fell' is uncertain: write P"),
        ("P(a.fell) > 0.9", "asks for the probability of a quantity in %"),
        ("P(a.likely and a.exact = 32) > 0.9", "joins 'a.likely' with another event"),
        ("P(a.fell < a.other-fit) > 0.9", "unlike numbers of draws"),
        ("table(days, value, area = 'Beijing') = 1", "has 2 rows with area = Beijing: expected one"),
        ("table(days, value, area = 'Hebei') = 1", "has 0 rows"),
        ("largest(days, value, area = 'Hebei') = 1", "has no value with area = Hebei"),
        ("table(days, days, year = 2013) = 1", "has no column 'days': expected one of area, year"),
        ("table(days, note, area = 'Tianjin') = 'x'", "column 'note' is empty where"),
        ("table(days, note, year = 2013) = 'x'", "column 'note' is empty where"),
        ("table(days, area, year = 2013) > 'x'", "expected = or !="),
        ("table(days, area, year = 2013) = 1", "compares words with numbers"),
        ("table(days, area, year = 2013) + 1 = 2", "expected a number"),
        ("year(table(days, area, year = 2013)) = 2013", "expected a date"),
        ("range(1, 3) + 1 = 2", "range\\(...\\) stands alone"),
        ("1 / 0 = 1", "divides by 0"),
        ("P(a.fell / (a.fell - a.fell) > 1) > 0.9", "divides by 0"),
        (f"{'9' * 400} + 1 > 2", "is no finite number"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_sentence(text, said):
    with pytest.raises(DataError, match=said) as error:
        verdict(text)
    assert "\n" not in str(error.value)


def test_an_unknown_finding_is_named_with_its_neighbours():
    with pytest.raises(UnknownFinding, match=r"no finding 'a.exakt'.*a\.exact"):
        verdict("a.exakt = 32")


def test_names_of_findings_and_tables_in_order():
    rule = rules.parse("P(|a.fell + 60| <= 6) > 0.9 and mean(a.rose) > 1; table(days, value, year = 2013) < a.exact")
    assert rules.named(rule) == (["a.fell", "a.rose", "a.exact"], ["days"])


def test_placeholders_are_filled_with_findings_cells_and_probabilities():
    text, ids = rules.filled(
        "{a.exact}, {value:a.fell}, {a.likely}, {table(days, value, year = 2013) / 3}, {P(a.fell < -60)}, "
        "{count(days)}, {table(days, note, area = 'Beijing', year = 2023)}",
        WORLD,
    )
    assert text == "32\N{NO-BREAK SPACE}µg/m³, −60\N{NO-BREAK SPACE}%, 0.9, 58.7, 0.5, 3, more than before"
    assert ids == ["a.exact", "a.fell", "a.likely", "a.fell"]
    assert "HDI" in rules.filled("{a.fell}", WORLD)[0]
    with pytest.raises(DataError, match="is no finding"):
        rules.filled("{value:2 + 2}", WORLD)


@pytest.mark.parametrize(
    ("value", "text"),
    [(32.0, "32"), (-57.25, "−57.2"), (0.0123456, "0.0123"), (2508.4, "2508"), (1234567.0, "1234567")],
)
def test_numbers_keep_three_digits_or_are_whole(value, text):
    assert rules.number(value) == text


def test_what_a_rule_reads_is_listed_with_its_values():
    rule = rules.parse("a.exact = table(days, value, year = 2013); records(quantity = 'mines', fits value = 3)")
    assert rules.read(rule, WORLD) == {
        "a.exact": "32\N{NO-BREAK SPACE}µg/m³", "table(days, value, year = 2013)": "176", "record R1": "fits",
        "record R2": "fits",
    }  # fmt: skip
    assert rules.named(rule) == (["a.exact"], ["days", "records"])
    assert rules.read(rules.parse("missing: readings"), WORLD) == {}


def test_what_a_verdict_rests_on():
    assert rules.basis(rules.parse("missing: readings")) == rules.BY_JUDGEMENT
    assert rules.basis(rules.parse("records(quantity = 'mines', fits value = 3)")) == rules.BY_RECORDS
    assert rules.basis(rules.parse("records(quantity = 'mines', fits value = 3); a.exact = 32")) == rules.BY_TESTS


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("own(a.exact = 32)", True),
        ("own(a.exact = 32); P(a.even) > 0.9", True),
        ("own(a.exact = 32); a.exact = 32", False),
        ("own(a.exact = 32); records(quantity = 'ships', fits text ~ 'two')", False),
        ("a.exact = 32", False),
    ],
)
def test_who_else_was_heard(text, alone):
    assert rules.own_side_alone(rules.parse(text), WORLD) == alone


def test_a_placeholder_that_divides_by_nothing_is_refused():
    with pytest.raises(DataError, match="divides by 0"):
        rules.filled("so much: {1 / 0}", WORLD)
