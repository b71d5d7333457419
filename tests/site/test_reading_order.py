"""A chapter shows its answer and key figure on the first two screens, and no paragraph is crowded with intervals."""

import pytest

pytestmark = pytest.mark.site

KEY_FIGURES = {
    "chapters/pm25-decline": "fig-trend",
    "chapters/apec-blue": "fig-apec-windows",
    "chapters/energy-structure": "fig-since-largest",
}
TWO_SCREENS = 1500
"""Pixels of a desktop, on which a page is 1280 pixels wide."""
MEASURES = """figure => {
    const article = document.querySelector('article');
    const bottom = element => element.getBoundingClientRect().bottom + window.scrollY;
    const image = document.getElementById(figure).closest('figure').querySelector('img, svg, picture');
    const answer = article.querySelector('.admonition.answer');
    const paragraphs = [...article.querySelectorAll('p, figcaption')].map(element => element.innerText);
    const titles = [...article.querySelectorAll('h2')].map(element => element.innerText);
    return {
        figure: bottom(image),
        answer: bottom(answer),
        bold: answer.querySelector('p:not(.admonition-title)').firstElementChild.tagName,
        sentences: [...answer.querySelectorAll('p:not(.admonition-title)')].length,
        crowded: paragraphs.filter(words => words.split('HDI').length > 2),
        how: titles.findIndex(title => title.startsWith('How we know')),
        limits: titles.findIndex(title => title.startsWith('What these data cannot say')),
        listings: [...article.querySelectorAll('.cell_output div.highlight')].filter(
            listing => !listing.closest('details')).length,
    };
}"""


@pytest.fixture(scope="module", params=KEY_FIGURES)
def measured(request, browser, address):
    page = browser.new_page(viewport={"width": 1280, "height": 750})
    try:
        page.goto(f"{address}{request.param}.html")
        return page.evaluate(MEASURES, KEY_FIGURES[request.param])
    finally:
        page.close()


def test_answer_and_key_figure_stand_on_the_first_two_screens(measured):
    assert measured["answer"] < measured["figure"] <= TWO_SCREENS


def test_the_answer_is_one_paragraph_that_begins_with_its_bold_line(measured):
    assert (measured["bold"], measured["sentences"]) == ("STRONG", 1)


def test_no_paragraph_holds_more_than_one_interval(measured):
    assert measured["crowded"] == []


def test_limits_and_how_it_is_known_follow_what_was_found(measured):
    assert 2 < measured["limits"] < measured["how"]


def test_long_listings_are_closed(measured):
    assert measured["listings"] == 0
