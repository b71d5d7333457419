"""What pages say in words below their headlines, without a number, is what the published findings say."""

import json
import re

import pytest

import jingjinji
from jingjinji.core import tables
from jingjinji.topics.carbon import facts as carbon
from jingjinji.topics.carbon import market
from jingjinji.topics.energy import phase_out_findings
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


# --- pages as they are written ---------------------------------------------------------------------------------------


def written(name: str) -> str:
    """A page's source on one line, so that a sentence may break anywhere."""
    return " ".join((jingjinji.PROJECT / name).read_text("utf-8").split())


def card(question: str) -> str:
    """What the first page says below one of its questions or doors."""
    return re.split(r" - \*\*\[| :::", written("index.md").partition(f"**[{question}]")[2])[0]


def test_the_first_pages_answer_on_hong_kong_is_the_models_and_comes_first():
    asked = re.findall(r"`(silk\.[\w.-]+)`", card("Will Hong Kong halve its emissions by 2035?"))
    ends = [page.ENDS[reading] for reading in (hongkong.MODEL, "drawn-tonnes")]
    assert asked == [f"silk.hongkong.reached.2035{end}" for end in (*ends, f"{ends[1]}.all")]


def test_the_door_of_teachers_leads_to_the_lessons_and_names_each():
    door = card("Teach: lessons and exercises")
    page = (jingjinji.PROJECT / "chapters/teach.md").read_text("utf-8")
    lessons = re.findall(r"^## Lesson \d: (.+)$", page, re.M)
    assert door.startswith("(chapters/teach)")
    assert lessons
    assert all(" ".join(lesson.split()[:5]) in door for lesson in lessons)


def test_what_is_inferred_and_what_is_one_gauges_is_said_so_on_the_first_page():
    coal = card("Did Beijing leave coal faster than Germany?")
    water = card("Did an agreement with Hebei clean the water above Miyun?")
    assert re.search(r"{finding-with-interval}`energy\.hebei\.left\.2022` [^.]*inferred", coal)
    assert "Gubeikou" in water.partition("{finding-value}")[0]


def test_no_page_promises_more_of_one_command_than_it_makes():
    for name in ("README.md", "index.md"):
        assert not re.search(r"commands rebuild|every number", written(name))
        assert "made-up records" in re.search(r"rebuilds .{200}", written(name))[0]


def test_a_section_whose_agreement_came_after_its_readings_is_not_said_to_have_been_under_it():
    begun = tables.load("water_agreements").query("agreement.str.contains('Guanting')").start.min()
    assert begun > tables.load("water_section_week").week.dt.year.max()
    text = written("chapters/miyun-compensation.md")
    group = re.compile("(two other|other three|four|at the) sections (under|with) an agreement")
    named = [sentence for sentence in re.split("(?<=[.:*]) ", text) if group.search(sentence)]
    assert len(named) == 5
    assert all("agreement, then or later" in sentence for sentence in named)


def test_a_class_is_said_of_months_with_readings_alone(published):
    assert published["miyun.gubeikou.months"]["mean"] < 12
    figure = written("chapters/miyun-compensation.md").partition("fig-miyun-basin")[0]
    said = re.findall("every month[^.,:]*", figure)
    assert len(said) == 3
    assert all(words.startswith("every month with readings") for words in said)


def test_the_share_of_the_three_regions_fell_and_not_that_of_each(published):
    def fell(region):
        return all(
            published[f"carbon.share.{region}.{series}.{last}"]["mean"]
            < published[f"carbon.share.{region}.{series}.{carbon.FIRST}"]["mean"]
            for series, last in carbon.LAST.items()
        )

    assert fell("three")
    assert not all(fell(region) for region in carbon.REGIONS)
    assert "## The three regions are large, and their share together fell" in written("chapters/carbon-market.md")


def test_years_to_a_tenth_are_said_to_be_the_curves():
    assert "on the curve" in phase_out_findings.OF_CURVE["tenth-time"][1]
    figure = written("chapters/energy-structure.md").partition("Five panels of")[2].partition("Curves with 94 %")[0]
    said = re.findall(r"[A-Z][^.*]* to a tenth in", figure)
    assert len(said) == 2
    assert all(words.startswith("On the curve, ") for words in said)
