"""Figures of plans, days of red alert and clean heating, by hand; bad tables are refused."""

import pytest

from jingjinji.topics.hongkong import facts


def test_a_range_of_cuts_has_two_ends():
    assert set(facts.cuts(2030)) == {"2030.low", "2030.high"}
    assert facts.cuts(2030)["2030.low"] < facts.cuts(2030)["2030.high"]
    assert set(facts.cuts(2035)) == {"2035"}
    assert facts.cuts(2050) == {}


def test_people_and_output_follow_from_one_release():
    persons, output, rounding = facts.persons_and_output()
    assert persons == pytest.approx(33.2 / 4.41)
    assert output == pytest.approx(33.2 / 0.011)
    assert rounding == pytest.approx(0.0005 / 0.011)


def test_every_finding_is_finite_and_told_once():
    ids = [finding.id for finding in facts.findings()]
    assert len(ids) == len(set(ids))
    assert all(id.startswith(("silk.", "governance.")) for id in ids)
