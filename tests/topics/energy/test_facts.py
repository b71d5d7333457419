"""Findings read from the tables of energy, by hand."""

import math

import pytest

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.topics.energy import facts


@pytest.fixture(scope="module")
def found() -> dict:
    return {finding.id: finding for finding in facts.findings()}


def test_every_finding_is_exact_and_has_its_tables(found):
    assert all(finding.exact for finding in found.values())
    assert {name for finding in found.values() for name in finding.panel} <= set(tables.names())


def test_capacity_is_counted_from_the_table(found):
    assert found["energy.capacity.planned-cut"].mean == 286 - 220
    assert found["energy.capacity.first-list"].mean == 20 + 102 + 33 + 13 + 11 + 3
    assert found["energy.steel.hebei.change.to-top"].mean == pytest.approx(100 * (249.7695 / 185 - 1), abs=0.05)


def test_the_fall_that_the_article_gives_of_the_ruhr_is_kept(found):
    assert found["energy.claims.ruhr.output.claimed"].mean == -90


def test_shares_of_a_round_add_up_to_the_whole():
    whole = facts.apportionment()
    assert whole.sum(axis=1).tolist() == pytest.approx([100.0] * 4)
    assert whole.loc[1, "coal"] == pytest.approx(22.4 * 0.68)
    assert whole.loc[1, "other"] == pytest.approx(14.1 * 0.68)
    assert whole.loc[4, "from outside"] == 57


def test_coal_of_a_round_with_the_annual_mean(found):
    assert found["energy.sources.coal.1.absolute"].mean == pytest.approx(89.5 * 0.224 * 0.68, abs=0.06)
    assert found["energy.sources.coal.2.absolute"].mean == pytest.approx(58 * 0.03 * 0.67, abs=0.06)


def test_ends_of_published_ranges_and_of_rounding(found):
    ends = facts.ends()
    assert ends.loc[(1, "from outside")].tolist() == [28, 36]
    assert ends.loc[(1, "coal")].tolist() == pytest.approx([22.35 * 0.64, 22.45 * 0.72])
    assert ends.loc[(2, "coal")].tolist() == pytest.approx([2.5 * 0.58, 3.5 * 0.74])
    assert ends.loc[(4, "from outside")].tolist() == [56.5, 57.5]
    whole = facts.apportionment()
    for (number, part), (low, high) in ends.iterrows():
        assert low < whole.loc[number, part] < high
    coal = [found[f"energy.sources.coal.{end}"].mean for end in ("1.absolute.low", "1.absolute.high")]
    assert coal == pytest.approx([89.45 * 0.2235 * 0.64, 89.55 * 0.2245 * 0.72], abs=0.06)
    coal = [found[f"energy.sources.coal.{end}"].mean for end in ("2.absolute.low", "2.absolute.high")]
    assert coal == pytest.approx([57.5 * 0.025 * 0.58, 58.5 * 0.035 * 0.74], abs=0.06)


def test_table_of_sources_names_every_share():
    table = facts.sources_table().set_index("source")
    assert table.loc["coal", "round 1"] == "15 % (14.3 to 16.2)"
    assert table.loc["coal", "round 4"] == ""
    assert table.loc["from outside", "round 2"] == "33 % (26.0 to 42.0)"


def test_log_ratios_do_not_depend_on_the_local_share():
    table = facts.log_ratios_to_vehicles().set_index("source")
    assert "vehicles" not in table.index
    row = table.loc["industry"]
    assert row.rounds == "1 to 4"
    assert row.change == pytest.approx(math.log(10 / 50) - math.log(18.1 / 31.1))
    low = math.log(9.5 / 50.5) - math.log(18.15 / 31.05)
    high = math.log(10.5 / 49.5) - math.log(18.05 / 31.15)
    assert [row.low, row.high] == pytest.approx([low, high])
    assert table.loc["coal"].rounds == "1 to 3"


def test_vehicles_grew_in_the_local_part_in_every_round(found):
    local = [found[f"energy.sources.local.vehicles.{number}"].mean for number in facts.ROUNDS]
    assert local == [31.1, 45, 46, 50]


def test_the_fall_of_coal_is_that_of_the_yearbook(found):
    assert found["energy.coal.hebei.cut"].mean == pytest.approx(316.6327 - 274.1713, abs=0.05)
    assert found["energy.coal.beijing.peak-year"].mean == 2005
    assert found["energy.germany.jobs.left.1970"].mean == round(100 * 251.5 / 607)


def test_half_of_the_largest_coal_is_set_beside_end_use_in_one_unit(found):
    assert found["energy.coal.hebei.half"].mean == round(316.6327 * 0.7143 / 2)
    assert found["energy.coal.hebei.end-use"].mean == round(122.9888)


def test_a_fact_that_is_not_there_is_named():
    with pytest.raises(BookError, match="has 0 rows with area 'Hebei', quantity 'crude-steel output'"):
        facts.fact("Hebei", "crude-steel output", "1990")
