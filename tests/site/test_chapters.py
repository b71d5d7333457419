"""What a reader of a chapter meets first, in which order the rest follows, and how numbers stand in its prose."""

import re

import pytest

pytestmark = pytest.mark.site

KEY_FIGURES = {
    "chapters/miyun-compensation": "fig-miyun-nitrogen",
    "chapters/hydrogen-clusters": "fig-hydrogen-clusters",
    "chapters/efficiency": "fig-efficiency-ranks",
}
TWO_SCREENS = 1500
LAST = ["What cannot be said", "How we know", "Exercises", "Sources"]
EDGES = """ids => ids.map(id => {
    const place = document.querySelector(id).getBoundingClientRect()
    return [place.top + scrollY, place.bottom + scrollY]
})"""
PROSE = """() => [...document.querySelectorAll("article p, article li, article figcaption")]
    .filter(part => !part.closest("table, details") && !part.querySelector("p"))
    .map(part => {
        const copy = part.cloneNode(true)
        for (const number of copy.querySelectorAll("a.finding")) number.textContent = `{${number.textContent}}`
        return copy.textContent
    })"""
LISTINGS = """() => [...document.querySelectorAll("article pre")].filter(listing => !listing.closest("details"))
    .map(listing => listing.textContent.trim().split("\\n").length)"""


@pytest.fixture(scope="module", params=KEY_FIGURES)
def chapter(request, browser, address):
    """A chapter in a browser, once for all tests."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    try:
        page.goto(f"{address}{request.param}.html", wait_until="networkidle")
        page.key_figure = f"#{KEY_FIGURES[request.param]}"
        yield page
    finally:
        page.close()


def test_claim_answer_and_key_figure_stand_on_two_screens(chapter):
    parts = [".admonition.claim", ".admonition.answer", chapter.key_figure]
    edges = [edge for pair in chapter.evaluate(EDGES, parts) for edge in pair]
    assert edges == sorted(edges)
    assert edges[-1] <= TWO_SCREENS


def test_what_was_found_comes_before_how_it_is_known(chapter):
    heads = chapter.eval_on_selector_all("article h2", "heads => heads.map(head => head.firstChild.textContent)")
    assert heads[-len(LAST) :] == LAST
    assert len(heads) > len(LAST)


def test_a_paragraph_has_one_interval_and_a_sentence_two_numbers(chapter):
    prose = chapter.evaluate(PROSE)
    assert any("HDI" in part for part in prose)
    assert [part for part in prose if len(re.findall(r"\{[^}]*HDI", part)) > 1] == []
    sentences = [sentence for part in prose for sentence in re.split(r"(?<=[.?!])\s+", part)]
    assert [sentence for sentence in sentences if sentence.count("{") > 2] == []


def test_no_long_listing_is_open(chapter):
    assert max(chapter.evaluate(LISTINGS), default=0) <= 3
