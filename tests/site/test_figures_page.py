"""Figures on the built pages: which width is shown, in which colours, with which letters, and what they cost."""

import json
import re

import pytest
import site_checks as checks

from jingjinji import PROJECT
from jingjinji.show import palette

pytestmark = pytest.mark.site

WITH_FIGURES = [
    page
    for page in checks.toc_pages(PROJECT / "_toc.yml")
    if "name: fig-" in (PROJECT / f"{page}.md").read_text("utf-8")
]
LEAST_LETTERS, MOST_ELEMENTS_A_FIGURE, MOST_KILOBYTES_A_FIGURE = 12, 500, 55
LOOK = """() => [...document.querySelectorAll('figure .picture')].map((picture) => {
    const shown = [...picture.querySelectorAll('svg')].filter((svg) => svg.getBoundingClientRect().width > 0)
    const texts = shown.flatMap((svg) => [...svg.querySelectorAll('text')].map((text) =>
        parseFloat(getComputedStyle(text).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))
    const figure = picture.closest('figure')
    const headline = figure.querySelector('.figure-headline')
    return {
        id: figure.id, shown: shown.map((svg) => svg.classList[0]), letters: Math.min(...texts), texts: texts.length,
        right: Math.max(...shown.map((svg) => svg.getBoundingClientRect().right)),
        headline: headline ? headline.innerText.trim() : '',
        above: headline && headline.getBoundingClientRect().bottom <= picture.getBoundingClientRect().top + 1,
        alt: picture.getAttribute('aria-label') || '', elements: picture.querySelectorAll('*').length,
        kilobytes: picture.outerHTML.length / 1000,
    }
})"""
INK = """() => getComputedStyle(document.querySelector('figure .picture svg text')).fill"""


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*(int(colour[at : at + 2], 16) for at in (1, 3, 5)))


@pytest.fixture
def open_page(browser, address):
    contexts = []

    def opened(page: str, width: int, dark: bool = False, **settings):
        scheme = "dark" if dark else "light"
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **settings)
        contexts.append(context)
        tab = context.new_page()
        tab.goto(f"{address}{page}.html", wait_until="domcontentloaded")
        return tab

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("page", WITH_FIGURES)
@pytest.mark.parametrize(("width", "kind"), [(390, "narrow"), (1280, "wide")])
def test_figures_of_a_page_can_be_read(open_page, page, width, kind):
    figures = open_page(page, width).evaluate(LOOK)
    assert figures
    for figure in figures:
        name = figure["id"]
        assert figure["shown"] == [kind], name
        assert figure["letters"] >= LEAST_LETTERS - 0.05, name
        assert figure["right"] <= width, name
        assert figure["headline"].endswith("."), name
        assert figure["above"], name
        assert figure["alt"].strip(), name
        assert figure["elements"] <= MOST_ELEMENTS_A_FIGURE * 2, name
        assert figure["kilobytes"] <= MOST_KILOBYTES_A_FIGURE * 2, name


def test_no_figure_of_a_page_is_a_file(site):
    for page in WITH_FIGURES:
        html = (site / f"{page}.html").read_text("utf-8")
        assert not re.search(r"<figure[^>]*>\s*<img", html), page


def test_colours_follow_the_switch_of_the_page_and_not_only_the_system(open_page):
    tab = open_page(WITH_FIGURES[0], 1280)
    assert tab.evaluate(INK) == rgb(palette.INKS["ink"].light)
    tab.evaluate("() => { document.documentElement.dataset.theme = 'dark' }")
    assert tab.evaluate(INK) == rgb(palette.INKS["ink"].dark)
    tab.emulate_media(media="print")
    assert tab.evaluate(INK) == rgb(palette.INKS["ink"].light)


def test_the_dark_paper_of_figures_is_that_of_the_page(open_page):
    tab = open_page(WITH_FIGURES[0], 1280, dark=True)
    tab.evaluate("() => { document.documentElement.dataset.theme = 'dark' }")
    assert tab.evaluate("() => getComputedStyle(document.body).backgroundColor") == rgb(palette.INKS["paper"].dark)


STRUCK = """([id, words]) => {
    const figure = document.getElementById(id)
    figure.scrollIntoView({block: "center"})
    const text = [...figure.querySelectorAll("svg.wide text")].find((one) => one.textContent.startsWith(words))
    const {left, top, width, height} = text.getBoundingClientRect()
    const places = [...Array(40).keys()].map((step) => [left + width * (step + 0.5) / 40, top + height / 2])
    const lines = (x, y) => {
        const there = document.elementsFromPoint(x, y).filter((one) => one.closest("svg") && one.tagName === "path")
        return there.length > 0 && getComputedStyle(there[0]).fill === "none"
    }
    return places.filter(([x, y]) => lines(x, y)).length
}"""


def test_no_coast_strikes_through_a_word_of_the_map(open_page):
    tab = open_page("chapters/pm25-decline", 1280)
    assert [city for city in ("Tianjin −", "Qinhuangdao −") if tab.evaluate(STRUCK, ["fig-map", city])] == []


def test_words_of_a_figure_can_be_selected_and_found(open_page):
    tab = open_page(WITH_FIGURES[0], 1280)
    word = tab.evaluate("""() => {
        const text = document.querySelector('figure .picture svg.wide text')
        const range = document.createRange()
        range.selectNodeContents(text)
        getSelection().removeAllRanges()
        getSelection().addRange(range)
        return [getSelection().toString(), text.textContent]
    }""")
    assert word[0]
    assert word[0].strip() == word[1].strip()


def test_figures_are_there_without_scripts(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 900}, java_script_enabled=False)
    try:
        tab = context.new_page()
        tab.goto(f"{address}{WITH_FIGURES[0]}.html")
        assert tab.locator("figure .picture svg.narrow").first.is_visible()
        assert not tab.locator("figure .picture svg.wide").first.is_visible()
    finally:
        context.close()


def test_ids_of_drawings_are_told_once_a_page(site):
    for page in WITH_FIGURES:
        html = (site / f"{page}.html").read_text("utf-8")
        ids = re.findall(r'<(?:path|clipPath|pattern)[^>]* id="(f[0-9a-f]{6}\d+)"', html)
        assert len(ids) == len(set(ids)), page


def test_a_notebook_to_download_carries_its_figures(site):
    notebook = json.loads((site / f"_sources/{WITH_FIGURES[0]}.ipynb").read_text("utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs)
