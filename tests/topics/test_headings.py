"""What pages say in words below their headlines, without a number, is what the published findings say."""

import json

import pytest

import jingjinji
from jingjinji.topics.carbon import facts as carbon
from jingjinji.topics.carbon import market
from jingjinji.topics.hongkong import emissions, page
from jingjinji.topics.hongkong import emissions_findings as hongkong


@pytest.fixture(scope="module")
def published() -> dict[str, dict]:
    return json.loads((jingjinji.PROJECT / "results/reference.json").read_text("utf-8"))


def test_the_three_regions_have_less_of_the_growth_than_of_the_level(published):
    assert published["carbon.growth.three.gdp"]["mean"] < published[f"carbon.share.three.gdp.{carbon.FIRST}"]["mean"]


def test_totals_imply_less_than_published_prices(published):
    claimed = published["carbon.implied.shenzhen"]["mean"]
    least = min(published[f"carbon.mean.{name.lower()}"]["mean"] for name in market.PILOTS)
    assert max(claimed, published["carbon.implied.pilots.2017"]["mean"]) < least


def test_the_model_held_what_came(published):
    truth = published[f"silk.hongkong.{emissions.NOW}"]["mean"]
    for last in emissions.ORIGINS:
        asked = published[f"silk.hongkong.{emissions.NOW}{page.ENDS[hongkong.MODEL]}@to-{last}"]
        assert asked["low"] < truth < asked["high"]
        assert truth - asked["low"] < asked["mean"] - truth  # on the low side, nearer to the edge than to the middle


def test_the_first_year_decides_whether_both_inventories_fall():
    shares = carbon.shares()
    lower = {}
    for first in (2010, 2015):
        ratios = [shares[series, "three"] / shares["gdp", "three"] for series in carbon.INVENTORIES]
        lower[first] = [ratio.dropna().iloc[-1] < ratio[first] for ratio in ratios]
    assert sum(lower[2010]) == 1
    assert all(lower[2015])
