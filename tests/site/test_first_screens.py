"""What a chapter says first: answer and key figure in two screens, one interval a paragraph; answers in tables."""

import re

import pytest

pytestmark = pytest.mark.site

KEY_FIGURES = {
    "carbon-market": "fig-carbon-shenzhen",
    "green-silk-road": "fig-silk-fan",
    "governance": "fig-governance-timeline",
    "conclusions": "fig-conclusions-scale",
}
TWO_SCREENS, HALF = 1500, 0.5
"""Pixels of two screens of a desktop; the part of a key figure that must lie on them (two are long lists)."""
MOST_SENTENCES, MOST_WORDS = 8, 130
"""Of an answer box."""
READ_FIRST = """(figure) => {
    const box = document.querySelector(".admonition.answer"), drawn = document.getElementById(figure)
    const [above, below] = [box, drawn].map((element) => element.getBoundingClientRect())
    return {box: [above.top, above.bottom], figure: [below.top, below.bottom], words: box.innerText}
}"""
READ_PARAGRAPHS = """() => [...document.querySelectorAll("main p, main li, main figcaption")]
    .filter((element) => !element.closest("table, details") && !element.querySelector("p, li"))
    .map((element) => element.innerText)"""
READ_TABLES = """() => [...document.querySelectorAll("table.answers, table.choices")].map((table) => ({
    words: table.textContent, width: table.scrollWidth, room: table.parentElement.clientWidth,
    labels: [...table.querySelectorAll("tbody td")].map((cell) => getComputedStyle(cell, "::before").content)
}))"""


@pytest.fixture
def opened(browser, address):
    pages = []

    def open_at(name: str, width: int, height: int = 900):
        pages.append(browser.new_page(viewport={"width": width, "height": height}))
        pages[-1].goto(f"{address}chapters/{name}.html")
        return pages[-1]

    yield open_at
    for page in pages:
        page.close()


@pytest.mark.parametrize("name", KEY_FIGURES)
def test_answer_and_key_figure_stand_on_the_first_two_screens(opened, name):
    first = opened(name, 1280).evaluate(READ_FIRST, KEY_FIGURES[name])
    top, bottom = first["figure"]
    assert first["box"][1] < top
    assert (min(bottom, TWO_SCREENS) - top) / (bottom - top) > HALF


@pytest.mark.parametrize("name", KEY_FIGURES)
def test_an_answer_is_short(opened, name):
    words = opened(name, 1280).evaluate(READ_FIRST, KEY_FIGURES[name])["words"]
    assert len(words.split()) <= MOST_WORDS
    assert len(re.findall(r"[.?!](?=\s|$)", words)) <= MOST_SENTENCES


@pytest.mark.parametrize("name", KEY_FIGURES)
def test_a_paragraph_has_one_interval_at_most(opened, name):
    paragraphs = opened(name, 1280).evaluate(READ_PARAGRAPHS)
    assert len(paragraphs) > 10
    assert [text for text in paragraphs if text.count("HDI") > 1] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_tables_of_answers_fit_and_name_everything_in_words(opened, width):
    page = opened("conclusions", width)
    page.evaluate("() => document.querySelectorAll('details').forEach((details) => { details.open = true })")
    tables = page.evaluate(READ_TABLES)
    assert len(tables) == 3
    for table in tables:
        assert table["width"] <= table["room"]
        assert not re.search(r"\b[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*\.[a-z]", table["words"])
    labelled = [label for label in tables[0]["labels"] if label != "none"]
    assert len(labelled) == (4 * len(tables[0]["labels"]) // 5 if width == 390 else 0)
