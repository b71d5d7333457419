"""The first page: what it says at once, in a browser with and without scripts, on a phone and in the dark."""

import csv
import re

import pytest
import yaml

from jingjinji import PROJECT

pytestmark = pytest.mark.site

MOST_BYTES = 250_000
FIRST_LOOK = """() => {
    const inside = (name) => document.querySelector(name).getBoundingClientRect().top < innerHeight
    return ["h1", ".front-lead", ".front-cite", ".front-figure"].filter(inside)
}"""
LETTERS = """() => [...document.querySelectorAll(".front-figure svg")].filter((one) => one.clientWidth).map((one) => ({
    scale: one.getBoundingClientRect().width / one.viewBox.baseVal.width,
    words: [...one.querySelectorAll("text")].map((text) => text.textContent),
    colours: [...one.querySelectorAll("polyline")].map((line) => getComputedStyle(line).stroke)}))"""


@pytest.fixture(params=[(1280, "light"), (390, "light"), (390, "dark")])
def page(browser, address, request):
    width, theme = request.param
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    page.goto(f"{address}index.html")
    yield page
    page.close()


def test_it_is_light(visit):
    assert visit("index").weight <= MOST_BYTES


def test_the_first_screen_has_title_sentence_date_and_figure(page):
    assert page.evaluate(FIRST_LOOK) == ["h1", ".front-lead", ".front-cite", ".front-figure"]
    assert all(name in page.inner_text("h1") for name in ("Beijing", "Tianjin", "Hebei"))
    assert page.inner_text(".front-lead").count(".") == 1 + page.inner_text(".front-lead .finding").count(".")


def test_the_figure_has_three_named_lines_and_letters_of_natural_size(page):
    (shown,) = page.evaluate(LETTERS)
    assert {"Beijing", "Tianjin", "Hebei"} <= set(shown["words"])
    assert any("60 % less" in word for word in shown["words"])
    assert 0.85 <= shown["scale"] <= 1.15
    assert len(set(shown["colours"])) == 3


def test_each_of_nine_cards_asks_and_answers_with_a_finding_or_a_count(page):
    cards = page.locator(".front-cards > ul > li")
    assert cards.count() == 9
    for card in cards.all():
        question, answer = card.locator("p").all()
        assert question.inner_text().endswith("?")
        assert question.locator("a").count() == 1
        assert answer.locator("a.finding").count() >= 1
    assert len({card.locator("p a").first.get_attribute("href") for card in cards.all()}) == 9
    assert page.locator(".front-doors > ul > li").count() == 3


def test_verdicts_on_it_add_up_to_all_claims(page):
    door = page.inner_text(".front-doors")
    every = int(re.search(r"judges (\d+) claims", door)[1])
    words = ("are supported", "in part", "contradicted", "depend", "are not decided", "not testable")
    said = " ".join(door.split())
    assert sum(int(re.search(rf"(\d+) {word}", said)[1]) for word in words) == every


def test_it_says_how_to_cite_what_the_citation_file_says(page):
    cited = yaml.safe_load((PROJECT / "CITATION.cff").read_text("utf-8"))
    page.click(".front-cite summary")
    said = page.inner_text(".front-cite")
    for words in (cited["title"], cited["version"], str(cited["date-released"]), cited["authors"][0]["name"]):
        assert words in said


def test_without_scripts_everything_is_there(browser, address):
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}index.html")
    assert page.locator(".front-figure svg >> visible=true").count() == 1
    assert page.locator(".front-cards li >> visible=true").count() == 9
    assert page.locator(".pst-js-only >> visible=true").count() == 0
    colour, ground = page.evaluate(
        """() => [getComputedStyle(document.querySelector("article p")).color,
                  getComputedStyle(document.body).backgroundColor]"""
    )
    assert colour != ground
    context.close()


def test_the_picture_is_drawn_from_the_table(site):
    with (PROJECT / "data/pm25_official_annual.csv").open(encoding="utf-8", newline="") as file:
        official = [row for row in csv.DictReader(file) if row["series"] == "official"]
    html = (site / "index.html").read_text("utf-8")
    for place in ("Beijing", "Tianjin", "Hebei"):
        ends = {row["year"]: float(row["pm25"]) for row in official if row["area"] == place}
        assert f"{place} from {ends['2013']:.1f} to {ends['2023']:.1f}" in html
    assert (site / "_static/front.png").stat().st_size > 10_000
