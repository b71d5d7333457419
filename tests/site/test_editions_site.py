"""The three editions as they are built: what one may not show is in none of its files."""

import json
import re
from pathlib import Path

import pytest
from traces import files, hidden, traces

from jingjinji import PROJECT
from jingjinji.teaching import editions
from jingjinji.teaching.editions import INSTRUCTOR, STUDENT

pytestmark = pytest.mark.site

SOLUTION, NOTES, MINUTES = "Solution", "For the instructor", "minutes"
TEMPLATE = PROJECT / "src/jingjinji/cli/region_template"
PAGES = list(editions.exercises_of(PROJECT))


def test_an_edition_holds_what_it_may(edition):
    name, folder = edition
    wanted = hidden(PROJECT, SOLUTION, NOTES, MINUTES)
    of_regions = hidden(TEMPLATE, SOLUTION)
    found = traces(folder, wanted | of_regions)
    assert len(wanted) > 500
    assert len(of_regions) > 5
    if name == STUDENT:
        assert found == {}
        return
    found = {sentence: places for sentence, places in found.items() if sentence in wanted}
    assert found.keys() == wanted.keys()
    kinds = {sentence: {Path(file).suffix for file in places} for sentence, places in found.items()}
    assert [sentence for sentence, ends in kinds.items() if not {".md", ".html"} <= ends] == []


def test_the_readers_edition_has_the_solutions_and_no_notes(site):
    solutions, notes = hidden(PROJECT, SOLUTION), hidden(PROJECT, NOTES)
    found = traces(site, solutions | notes)
    assert found.keys() == solutions.keys()
    kinds = {Path(file).suffix for places in found.values() for file in places}
    assert kinds >= {".html", ".md", ".ipynb", ".js"}


def test_lessons_of_students_have_no_notes_of_the_teacher(edition):
    name, folder = edition
    text = (folder / "_build/html/chapters/teach.html").read_text("utf-8")
    words = (
        'class="minutes"',
        'class="lesson-plan',
        "What will surprise in lesson",
        "Answers to the three questions of lesson",
    )
    assert [word in text for word in words] == [name == INSTRUCTOR] * len(words)
    assert "Three questions to end with" in text


def test_no_card_of_the_students_edition_tells_what_a_solution_uses(edition):
    """A finding that a page uses in solutions alone is, for students, not used on that page."""
    name, folder = edition
    role = re.compile(r"\{finding[\w-]*\}`([^`]+)`")
    for page in PAGES:
        text = (PROJECT / page).read_text("utf-8")
        outside = set(role.findall(editions.gated(text, page.as_posix(), STUDENT))) | set(
            re.findall(r"\{(?:\w+:)?([a-z][\w.@-]+)\}", text)
        )
        alone = set(role.findall(text)) - outside
        for id in alone:
            card = folder / f"_build/html/chapters/appendix/findings/{id.partition('.')[0]}.html"
            about = card.read_text("utf-8").partition(f'id="{id}"')[2].partition('class="finding-card')[0]
            assert (f"{page.stem}.html#" in about) == (name == INSTRUCTOR), id


def test_notebooks_are_there_for_every_page(edition):
    name, folder = edition
    made = {file.stem: json.loads(file.read_text("utf-8")) for file in (folder / "notebooks").glob("*.ipynb")}
    assert made.keys() == {page.stem for page in PAGES}
    for notebook in made.values():
        assert notebook["metadata"]["otter"]["tests"]
        sources = ["".join(cell["source"]) for cell in notebook["cells"]]
        assert not [source for source in sources if re.search(r"\{[\w-]+\}`", source)]
        assert any(re.fullmatch(r"answer_\d+ = \.\.\.", source) for source in sources) == (name == STUDENT)


def test_only_the_instructors_edition_says_that_it_is_one(edition, site):
    name, folder = edition
    words = "The instructor&#39;s edition", "The instructor's edition"
    index = (folder / "_build/html/index.html").read_text("utf-8")
    assert any(word in index for word in words) == (name == INSTRUCTOR)
    assert ("noindex" in index) == (name == INSTRUCTOR)
    assert not any(word in (site / "index.html").read_text("utf-8") for word in words)


def test_folders_of_editions_are_searched_whole(edition):
    kinds = {file.suffix for file in files(edition[1])}
    assert kinds >= {".html", ".md", ".ipynb", ".js", ".json", ".doctree", ".pickle"}
