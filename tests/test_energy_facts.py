"""Findings read from the tables of energy, by hand."""

import pytest

from jingjinji import energy_facts, tables
from jingjinji.errors import BookError


@pytest.fixture(scope="module")
def found() -> dict:
    return {finding.id: finding for finding in energy_facts.findings()}


def test_every_finding_is_exact_and_has_its_tables(found):
    assert all(finding.exact for finding in found.values())
    assert {name for finding in found.values() for name in finding.panel} <= set(tables.names())


def test_capacity_is_counted_from_the_table(found):
    assert found["energy.capacity.planned-cut"].mean == 286 - 220
    assert found["energy.capacity.first-list"].mean == 20 + 102 + 33 + 13 + 11 + 3
    assert found["energy.steel.hebei.change.to-top"].mean == pytest.approx(100 * (249.7695 / 185 - 1), abs=0.05)


def test_shares_of_a_round_add_up_to_the_whole():
    whole = energy_facts.apportionment()
    assert whole.sum(axis=1).tolist() == pytest.approx([100.0] * 4)
    assert whole.loc[1, "coal"] == pytest.approx(22.4 * 0.68)
    assert whole.loc[1, "other"] == pytest.approx(14.1 * 0.68)
    assert whole.loc[4, "from outside"] == 57


def test_coal_of_a_round_with_the_annual_mean(found):
    assert found["energy.sources.coal.1.absolute"].mean == pytest.approx(89.5 * 0.224 * 0.68, abs=0.06)
    assert found["energy.sources.coal.2.absolute"].mean == pytest.approx(58 * 0.03 * 0.67, abs=0.06)


def test_the_fall_of_coal_is_that_of_the_yearbook(found):
    assert found["energy.coal.hebei.cut"].mean == pytest.approx(316.6327 - 274.1713, abs=0.05)
    assert found["energy.coal.beijing.peak-year"].mean == 2005
    assert found["energy.germany.jobs.left.1970"].mean == round(100 * 251.5 / 607)


def test_a_fact_that_is_not_there_is_named():
    with pytest.raises(BookError, match="has 0 rows for 'crude-steel output' of Hebei in '1990'"):
        energy_facts.fact("Hebei", "crude-steel output", "1990")
