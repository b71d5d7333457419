"""Lessons: their plans, their cells, their data in the built site, and their slides in a real browser."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
import site_checks as checks
from axe_core_python.base import AXE_FILE_PATH

from jingjinji import PROJECT
from jingjinji.core import tables
from jingjinji.sphinxext import decks
from jingjinji.topics.lessons import page as lessons

pytestmark = pytest.mark.site

SLIDES = Path(os.environ.get("JINGJINJI_SLIDES", PROJECT / "_build" / "slides"))
TEXT = (PROJECT / decks.PAGE).read_text("utf-8")
PROMISED = {"lesson-1": 90, "lesson-2": 90, "lesson-3": 90, "lesson-4": 90}
MINUTES = re.compile(r"^:::\{minutes\} (\d+) ", re.MULTILINE)
LEAST_LETTERS = 18
"""Pixels of the smallest letter of a figure on a slide of 720: a fortieth of its height is read from the last row."""
MOST_WORDS = 110
"""Words of a slide beside its code and tables."""
MOST_CALLS = 13_000_000
"""Calls of functions by all cells of the page, about twice as many as they are: nothing is sampled or built."""
COUNT_CALLS = """
import sys
import jupytext
import matplotlib
matplotlib.use("agg")
calls = 0
def count(frame, event, argument):
    global calls
    calls += event in ("call", "c_call")
code = [cell.source for cell in jupytext.read(sys.argv[1], fmt="md:myst").cells if cell.cell_type == "code"]
space = {}
exec(code[0], space)
sys.setprofile(count)
for cell in code[1:]:
    exec(cell, space)
sys.setprofile(None)
print("calls", calls)
"""
MEASURE = """() => {
    const slide = Reveal.getCurrentSlide(), box = slide.getBoundingClientRect()
    const scale = Reveal.getScale()
    const words = [...slide.querySelectorAll("h1, h2, p, li")]
        .filter((part) => !part.closest("aside, table, pre") && !part.querySelector("p, li"))
    const letters = [...slide.querySelectorAll("svg.wide text")].map((text) => {
        const svg = text.closest("svg")
        const drawn = svg.viewBox.baseVal
        const ratio = Math.min(svg.clientWidth / drawn.width, svg.clientHeight / drawn.height)
        return parseFloat(getComputedStyle(text).fontSize) * ratio
    })
    const right = Math.max(...[...slide.querySelectorAll("*")].filter((part) => part.checkVisibility())
        .map((part) => part.getBoundingClientRect().right))
    return {
        title: slide.querySelector("h1, h2").innerText, height: slide.scrollHeight, right: right / scale,
        words: words.map((part) => part.innerText).join(" ").split(/\\s+/).length,
        letters: letters.length ? Math.min(...letters) : null, figures: slide.querySelectorAll("figure").length,
        ink: getComputedStyle(slide).color, ground: getComputedStyle(document.body).backgroundColor,
        notes: slide.querySelectorAll("aside.notes").length,
    }
}"""


@pytest.fixture(scope="module")
def notebooks() -> dict:
    return decks.split(jupytext.reads(TEXT, fmt="md:myst"))


@pytest.fixture(scope="module")
def slides() -> Path:
    if not (SLIDES / "lesson-1.html").exists():
        sentence = "the tests of the slides need them: run 'make slides' first"
        pytest.fail(sentence, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(sentence)
    return SLIDES


def slides_marked(notebook) -> list[str]:
    """Headings of the slides of a deck."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return [heading for cell in cells for heading in re.findall(r"^##? (.+)$", cell, re.MULTILINE)]


@pytest.mark.parametrize(("name", "minutes"), PROMISED.items())
def test_the_minutes_of_a_lesson_add_up(notebooks, name, minutes):
    cells = "\n".join(cell.source for cell in notebooks[name].cells if cell.cell_type == "markdown")
    assert sum(map(int, MINUTES.findall(cells))) == minutes
    assert len(MINUTES.findall(cells)) == len(slides_marked(notebooks[name]))


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_lesson_has_all_its_parts(number):
    lesson = TEXT.partition(f"\n## Lesson {number}: ")[2].partition("\n## ")[0]
    for part in ("Goal: ", "**Students need**", "**You need**", f"{{lesson-data}} {number}", "On your own machine"):
        assert part in lesson or (number == 4 and part == "On your own machine"), part
    answers = "Answers to the three questions of"
    for heading in ("The plan", "What to show in", "What will surprise in", answers, "Homework of"):
        assert f"### {heading}" in lesson
    assert len(re.findall(r"^:::\{dropdown\} Solution$", lesson, re.MULTILINE)) == 3
    last = lesson.partition("#### Three questions to end with")[2].partition(":::")[0]
    asked = re.findall(r"^\d\. (.+)$", last, re.MULTILINE)
    assert re.findall(r"^\*\*\d\.\*\* (.+)$", lesson, re.MULTILINE) == asked


def test_no_answer_stands_on_a_slide(notebooks):
    for notebook in notebooks.values():
        assert not any("Solution" in cell.source or "dropdown" in cell.source for cell in notebook.cells)


def test_the_cells_of_the_page_run_with_few_calls(site):
    environment = {name: value for name, value in os.environ.items() if name != "JINGJINJI_CACHE"}
    run = subprocess.run([sys.executable, "-c", COUNT_CALLS, str(PROJECT / decks.PAGE)], env=environment,
                         capture_output=True, text=True)  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert 0 < int(re.search(r"calls (\d+)", run.stdout)[1]) < MOST_CALLS


@pytest.mark.parametrize("sheet", lessons.SHEETS, ids=lambda sheet: sheet.file)
def test_data_of_a_lesson_open_in_a_spreadsheet(site, sheet):
    content = (site / "_static/lessons" / sheet.file).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    assert len(rows) > 3
    assert {len(row) for row in rows} == {len(rows[0])}
    assert f"_static/lessons/{sheet.file}" in (site / "chapters/teach.html").read_text("utf-8")


def test_months_in_the_spreadsheet_are_those_of_the_table(site):
    with (site / "_static/lessons/lesson-1-months.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    table = tables.load("pm25_city_month")
    assert list(rows[0]) == list(table)
    assert [float(row["pm25"]) for row in rows] == table.pm25.tolist()
    assert [(row["city"], row["month"]) for row in rows] == list(zip(table.city, table.month, strict=True))


def test_the_site_has_the_verdicts_of_the_ledger_in_the_lessons_claims(site):
    with (site / "_static/lessons/lesson-3-claims.csv").open(encoding="utf-8-sig", newline="") as file:
        lesson = {row["id"]: row["verdict"] for row in csv.DictReader(file)}
    with (site / "claims.csv").open(encoding="utf-8-sig", newline="") as file:
        ledger = {row["id"]: row["verdict"] for row in csv.DictReader(file)}
    assert lesson == {id: verdict for id, verdict in ledger.items() if id in lesson}


def test_no_slide_names_another_host_or_leaves_a_role(slides):
    assert checks.foreign_loads(slides) == []
    for deck in PROMISED:
        text = (slides / f"{deck}.html").read_text("utf-8")
        assert not re.search(r"\{[a-z-]+\}`|:::|not published", text), deck


@pytest.fixture(scope="module")
def decks_seen(browser, slides, notebooks):
    """Each deck, opened as a file and gone through with the arrow key: what was asked for, said, and seen."""
    seen = {}
    for name in PROMISED:
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        requests, errors = [], []
        context.on("request", lambda request, found=requests: found.append(request.url))
        tab = context.new_page()
        tab.on("console", lambda message, found=errors: found.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error, found=errors: found.append(str(error)))
        tab.goto((slides / f"{name}.html").as_uri())
        tab.wait_for_selector(".reveal.ready")
        looks = [tab.evaluate(MEASURE)]
        while len(looks) < 40 and not tab.evaluate("Reveal.isLastSlide()"):
            tab.keyboard.press("ArrowRight")
            looks.append(tab.evaluate(MEASURE))
        tab.keyboard.press("ArrowLeft")
        back = tab.evaluate("Reveal.getCurrentSlide().querySelector('h1, h2').innerText")
        tab.evaluate(AXE_FILE_PATH.read_text("utf-8"))
        seen[name] = {"looks": looks, "back": back, "requests": requests, "errors": errors,
                      "axe": checks.serious(tab.evaluate(checks.RUN_AXE))}  # fmt: skip
        context.close()
    return seen


@pytest.mark.parametrize("name", PROMISED)
def test_the_arrow_key_shows_every_marked_slide_in_order(decks_seen, notebooks, name):
    titles = [look["title"] for look in decks_seen[name]["looks"]]
    plain = [title.replace("'", "’") for title in slides_marked(notebooks[name])]
    assert titles == plain
    assert decks_seen[name]["back"] == titles[-2]


@pytest.mark.parametrize("name", PROMISED)
def test_a_deck_asks_nobody_and_says_no_error(decks_seen, name):
    assert [url for url in decks_seen[name]["requests"] if not url.startswith(("file:", "data:", "blob:"))] == []
    assert decks_seen[name]["errors"] == []
    assert decks_seen[name]["axe"] == []


@pytest.mark.parametrize("name", PROMISED)
def test_a_slide_holds_what_it_shows_and_has_one_note(decks_seen, name):
    for look in decks_seen[name]["looks"]:
        assert look["height"] <= 720, look
        assert look["right"] <= 1281, look
        assert look["words"] <= MOST_WORDS, look
        assert look["notes"] == 1, look


def test_figures_are_read_from_the_last_row(decks_seen):
    letters = [look["letters"] for deck in decks_seen.values() for look in deck["looks"] if look["figures"]]
    assert len(letters) > 6
    assert None not in letters
    assert min(letters) >= LEAST_LETTERS


def test_slides_are_dark_in_a_dark_room_and_light_at_a_key(browser, slides):
    tab = browser.new_page(viewport={"width": 1280, "height": 720})
    try:
        tab.goto((slides / "lesson-1.html").as_uri())
        tab.wait_for_selector(".reveal.ready")
        dark = tab.evaluate(MEASURE)
        tab.keyboard.press("l")
        light = tab.evaluate(MEASURE)
    finally:
        tab.close()
    assert brightness(dark["ground"]) < 40 < 200 < brightness(dark["ink"])
    assert brightness(light["ink"]) < 60 < 240 < brightness(light["ground"])


def brightness(colour: str) -> float:
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


def test_the_speakers_window_shows_the_minutes(browser, slides):
    context = browser.new_context()
    try:
        tab = context.new_page()
        tab.goto((slides / "lesson-1.html").as_uri())
        tab.wait_for_selector(".reveal.ready")
        with context.expect_page() as opened:
            tab.keyboard.press("s")
        notes = opened.value.locator(".speaker-controls-notes .value")
        notes.filter(has_text="0:00 to 0:05, 5 minutes, together.").wait_for()
        tab.keyboard.press("ArrowRight")
        notes.filter(has_text="0:05 to 0:10").wait_for()
    finally:
        context.close()


def test_a_deck_prints_a_light_page_for_each_slide(browser, slides, notebooks):
    tab = browser.new_page()
    try:
        tab.goto((slides / "lesson-2.html").as_uri() + "?print-pdf")
        tab.wait_for_selector(".reveal.ready .pdf-page", state="attached")
        ground = tab.evaluate("getComputedStyle(document.querySelector('.pdf-page')).backgroundColor")
        pdf = tab.pdf(prefer_css_page_size=True, print_background=True)
    finally:
        tab.close()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == len(slides_marked(notebooks["lesson-2"]))
    assert brightness(ground) > 240


def test_the_first_page_leads_to_every_deck(slides):
    text = (slides / "index.html").read_text("utf-8")
    assert [name for name in PROMISED if f'href="{name}.html"' not in text] == []
