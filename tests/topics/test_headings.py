"""What headings and captions say in words, without a number, is what the published findings say."""

import json

import pytest

import jingjinji
from jingjinji.topics.carbon import facts as carbon
from jingjinji.topics.carbon import market
from jingjinji.topics.carbon.page import CHOICES
from jingjinji.topics.hongkong import emissions, page
from jingjinji.topics.hongkong import emissions_findings as hongkong


@pytest.fixture(scope="module")
def published() -> dict[str, dict]:
    return json.loads((jingjinji.PROJECT / "results/reference.json").read_text("utf-8"))


def test_shares_of_the_three_regions_fell(published):
    for series, last in carbon.LAST.items():
        first = published[f"carbon.share.three.{series}.{carbon.FIRST}"]
        assert published[f"carbon.share.three.{series}.{last}"]["mean"] < first["mean"]
    assert published["carbon.growth.three.gdp"]["mean"] < published[f"carbon.share.three.gdp.{carbon.FIRST}"]["mean"]


def test_totals_imply_less_than_published_prices(published):
    claimed = published["carbon.implied.shenzhen"]["mean"]
    assert all(published[f"carbon.shenzhen.weighted{end}"]["mean"] > claimed for end in CHOICES.values())
    least = min(published[f"carbon.mean.{name.lower()}"]["mean"] for name in market.PILOTS)
    assert max(claimed, published["carbon.implied.pilots.2017"]["mean"]) < least
    assert all(published[f"carbon.pilots.against.{k}@without-totals"]["mean"] > 1 for k in (1, 2, 3))


def test_every_reading_expected_too_much_and_the_model_held_what_came(published):
    truth = published[f"silk.hongkong.{emissions.NOW}"]["mean"]
    for reading in hongkong.READINGS:
        for last in emissions.ORIGINS:
            asked = published[f"silk.hongkong.{emissions.NOW}{page.ENDS[reading]}@to-{last}"]
            assert asked["mean"] > truth
            assert reading != hongkong.MODEL or asked["low"] < truth < asked["high"]


def test_beijings_energy_target_asks_for_less_than_its_past(published):
    needed, rate = (published[f"silk.beijing.energy-per-output.{end}"]["mean"] for end in ("needed", "rate"))
    assert rate < needed < 0


def test_the_air_had_met_the_alert_rule_before_it_existed(published):
    assert published["governance.alert.red-days.2014"]["mean"] > 0


def test_the_first_year_decides_whether_both_inventories_fall():
    shares = carbon.shares()
    lower = {}
    for first in (2010, 2015):
        ratios = [shares[series, "three"] / shares["gdp", "three"] for series in carbon.INVENTORIES]
        lower[first] = [ratio.dropna().iloc[-1] < ratio[first] for ratio in ratios]
    assert sum(lower[2010]) == 1
    assert all(lower[2015])
