"""The search of the site, in a browser."""

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site

FIRST = {
    "PM2.5": "pm25-decline",
    "Zhangjiakou": "pm25-decline",
    "hydrogen": "hydrogen-clusters",
    "coal": "energy-structure",
    "Germany": "energy-structure",
    "Hong Kong": "green-silk-road",
    "Shenzhen": "carbon-market",
    "nitrogen": "miyun-compensation",
    "APEC": "apec-blue",
    "Tokyo": "efficiency",
}
SPELLED = {"PM25": "pm25-decline", "pm 2.5": "pm25-decline", "Hongkong": "green-silk-road"}
"""Other ways to write what a chapter is about."""
CODE = re.compile(r"Show the code|figures\.[a-z]|import \w+ as|\.ipynb|On this page")


@pytest.fixture(scope="module")
def ask(browser, address):
    """Looks for words; gives addresses and texts of the pages found, and what the browser complained of."""

    def asked(words: str) -> tuple[list[str], list[str], list[str]]:
        page, errors = browser.new_page(), []
        try:
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
            page.goto(f"{address}index.html")
            page.goto(f"{address}search.html")
            page.fill(".book-search input", words)
            page.keyboard.press("Enter")
            expect(page.locator("#search-status")).to_contain_text("“")
            rows = page.locator("#search-results > li").all()
            links = [row.locator("a").first.get_attribute("href") for row in rows]
            return links, [row.inner_text() for row in rows], errors
        finally:
            page.close()

    return asked


@pytest.mark.parametrize(("words", "chapter"), FIRST.items())
def test_a_place_or_a_subject_brings_its_chapter_first(ask, words, chapter):
    links, texts, errors = ask(words)
    assert errors == []
    assert links[0].endswith(f"chapters/{chapter}.html")
    assert words.lower() in texts[0].lower()
    assert not any(CODE.search(text) for text in texts)


@pytest.mark.parametrize(("words", "chapter"), SPELLED.items())
def test_another_spelling_brings_the_same_chapter(ask, words, chapter):
    links, _, errors = ask(words)
    assert errors == []
    assert links[0].endswith(f"chapters/{chapter}.html")


@pytest.mark.parametrize("words", ["Hebei", "Beijing", "Tianjin"])
def test_a_place_brings_chapters_before_the_first_page(ask, words):
    links, _, _ = ask(words)
    assert all("chapters/" in link for link in links[:3])


def test_a_number_finds_the_page_that_says_it(ask, site):
    found = {row["id"]: row for row in json.loads((site / "findings.json").read_text("utf-8"))["findings"]}
    number = re.search(r"\d+\.\d+", found["pm25.decline.beijing"]["text"])[0]
    links, texts, _ = ask(number)
    assert links[0].endswith("chapters/pm25-decline.html")
    assert number in texts[0]


def test_nothing_found_is_said(ask):
    assert ask("xyzzyx")[:2] == ([], [])


def test_the_list_of_words_is_loaded_by_the_search_page_alone(visit):
    for page in ("index", "chapters/pm25-decline"):
        assert not any("search" in url for url in visit(page).requested)
    assert not any("searchindex" in url for url in visit("search").requested)
