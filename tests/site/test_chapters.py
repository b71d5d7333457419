"""What a reader of a chapter meets first, in which order the rest follows, and how numbers stand in its prose."""

import re

import pytest

pytestmark = pytest.mark.site

KEY_FIGURES = {
    "pm25-decline": "fig-trend",
    "apec-blue": "fig-apec-windows",
    "energy-structure": "fig-since-largest",
    "miyun-compensation": "fig-miyun-nitrogen",
    "hydrogen-clusters": "fig-hydrogen-clusters",
    "efficiency": "fig-efficiency-ranks",
    "carbon-market": "fig-carbon-shenzhen",
    "green-silk-road": "fig-silk-fan",
    "governance": "fig-governance-kinds",
    "conclusions": "fig-conclusions-scale",
}
LISTS = ("conclusions",)
"""Pages whose key figure is a long list, of which more than half lies on the first two screens."""
TWO_SCREENS, MOST_WORDS = 1500, 165
"""Pixels of two screens of a desktop; words of an answer box."""
MEASURES = """figure => {
    const ends = element => {
        const box = element.getBoundingClientRect()
        return [box.top + scrollY, box.bottom + scrollY]
    }
    const article = document.querySelector("article"), answer = article.querySelector(".admonition.answer")
    const drawn = document.getElementById(figure), said = answer.querySelector("p:not(.admonition-title)")
    const prose = [...article.querySelectorAll("p, li, figcaption")]
        .filter(part => !part.closest("table, details, .finding-popover") && !part.querySelector("p, li"))
    return {
        answer: ends(answer), figure: ends(drawn.closest("figure") || drawn),
        first: said.firstElementChild.tagName, words: answer.innerText.split(/\\s+/).length,
        titles: [...article.querySelectorAll("h2")].map(title => title.innerText.replace("#", "").trim()),
        prose: prose.map(part => part.innerText),
        listings: [...article.querySelectorAll("pre")].filter(listing => !listing.closest("details"))
            .map(listing => listing.textContent.trim().split("\\n").length),
    }
}"""
READ_TABLES = """() => [...document.querySelectorAll("table.answers, table.choices")].map((table) => ({
    words: table.textContent, width: table.scrollWidth, room: table.parentElement.clientWidth,
    labels: [...table.querySelectorAll("tbody td")].map((cell) => getComputedStyle(cell, "::before").content)
}))"""


@pytest.fixture(scope="module", params=KEY_FIGURES)
def chapter(request, browser, address):
    """What is measured of a chapter, once for all tests, with its name."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    try:
        page.goto(f"{address}chapters/{request.param}.html")
        return page.evaluate(MEASURES, KEY_FIGURES[request.param]) | {"name": request.param}
    finally:
        page.close()


def test_answer_and_key_figure_stand_on_the_first_two_screens(chapter):
    top, bottom = chapter["figure"]
    assert chapter["answer"][1] < top
    seen = (min(bottom, TWO_SCREENS) - top) / (bottom - top)
    assert seen > 0.5 if chapter["name"] in LISTS else seen == 1


def test_the_answer_is_short_and_begins_with_its_bold_line(chapter):
    assert chapter["first"] == "STRONG"
    assert chapter["words"] <= MOST_WORDS


def test_what_was_found_comes_before_its_limits_and_how_it_is_known(chapter):
    titles = chapter["titles"]
    if chapter["name"] == "conclusions":
        pytest.skip("the conclusions have no model of their own")
    last = [title for title in titles if title.startswith(("What these data cannot say", "How we know"))]
    assert [title[:4] for title in last] == ["What", "How "]
    assert titles.index(last[0]) > 1


def test_a_paragraph_has_one_interval_at_most(chapter):
    assert len(chapter["prose"]) > 10
    assert [text for text in chapter["prose"] if text.count("HDI") > 1] == []


def test_no_long_listing_is_open(chapter):
    assert max(chapter["listings"], default=0) <= 3


@pytest.mark.parametrize("width", [390, 1280])
def test_tables_of_answers_fit_and_name_everything_in_words(browser, address, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"{address}chapters/conclusions.html")
    page.evaluate("() => document.querySelectorAll('details').forEach((details) => { details.open = true })")
    tables = page.evaluate(READ_TABLES)
    page.close()
    assert len(tables) == 3
    for table in tables:
        assert table["width"] <= table["room"]
        assert not re.search(r"\b[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*\.[a-z]", table["words"])
    labelled = [label for label in tables[0]["labels"] if label != "none"]
    assert len(labelled) == (4 * len(tables[0]["labels"]) // 5 if width == 390 else 0)
