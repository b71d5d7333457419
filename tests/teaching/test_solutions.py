"""The exercises of the book itself: every page has enough, and the code of every solution runs."""

import re
import zipfile

import pytest
from prior_fits import prior, prior_cache  # noqa: F401
from traces import hidden, secrets, traces

from jingjinji import PROJECT
from jingjinji.core import registry
from jingjinji.fits import fitting
from jingjinji.teaching import editions, notebooks
from jingjinji.teaching.checks import agrees
from jingjinji.teaching.editions import INSTRUCTOR, READER, STUDENT
from jingjinji.teaching.exercises import plan

EXERCISES = editions.exercises_of(PROJECT)
PAGES = list(EXERCISES)
EVERY = [(page, exercise) for page, made in EXERCISES.items() for exercise in made]
FEWEST = 5
NOTES = ("For the instructor",)
SOLUTION = ("Solution",)
MINUTES = ("minutes",)
LESSONS = "chapters/teach.md"


def named(given) -> str:
    return given.stem if hasattr(given, "stem") else str(given.number)


def test_every_chapter_has_exercises():
    assert {*registry.CHAPTERS, "claims", "conclusions"} == {page.stem for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_goes_from_reading_to_changing_a_model(page):
    made = EXERCISES[page]
    assert len(made) >= FEWEST
    assert any(exercise.within is not None for exercise in made), "no answer is checked"
    assert any(exercise.harder for exercise in made)
    assert sum(exercise.minutes for exercise in made) >= 60
    if page.stem in registry.CHAPTERS:
        assert any("{numref}" in exercise.question for exercise in made), "no figure is read"
        assert any(exercise.harder and exercise.code for exercise in made), "no model or rule is changed"
    assert plan((PROJECT / page).read_text("utf-8"), page.as_posix())


def numbers(text: str) -> list[int]:
    """The exercises that words name: ``exercises 1 to 3, 5 and 6``."""
    found = []
    for named in re.findall(r"exercises? (\d+(?:(?:,| and| to) ?\d+)*)", text, re.IGNORECASE):
        for first, last in re.findall(r"(\d+)(?: to (\d+))?", named):
            found += range(int(first), int(last or first) + 1)
    return found


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_plan_of_a_lesson_has_room_for_its_exercises(page):
    """Its slots fill one or two lessons, none is shorter than its exercises, and each exercise has one place."""
    text = plan((PROJECT / page).read_text("utf-8"), page.as_posix()).text
    told = " ".join(text.partition("**Time.**")[2].partition("**What to change.**")[0].split())
    lessons = {"One": 1, "Two": 2}[told.split()[0]]
    (homework,) = re.findall(r"[^.]*homework[^.]*\.", told)
    slots = re.findall(r"(\d+) (?:for|to) (.*?)(?=,? \d+ (?:for|to [a-z])|\.)", told.removesuffix(homework))
    minutes = {exercise.number: exercise.minutes for exercise in EXERCISES[page]}
    assert sum(int(length) for length, _ in slots) == 90 * lessons, slots
    for length, what in slots:
        assert sum(minutes[number] for number in numbers(what)) <= int(length), what
    assert sorted(numbers(" and ".join([homework, *(what for _, what in slots)]))) == sorted(minutes)


@pytest.mark.parametrize(("page", "exercise"), [pair for pair in EVERY if pair[1].code or pair[1].given], ids=named)
def test_the_code_of_a_solution_runs_and_its_answer_passes(prior, page, exercise):  # noqa: F811
    names = notebooks.run(exercise)
    if exercise.within is not None:
        _, sealed = notebooks.answer(page, exercise)
        assert agrees(f"{page.stem} {exercise.number}", names[f"answer_{exercise.number}"], sealed)
        assert not agrees(f"{page.stem} {exercise.number}", ..., sealed)


@pytest.mark.parametrize(("page", "exercise"), EVERY, ids=named)
def test_a_question_gives_no_solution_away(page, exercise):
    """No variable of the answer stands in what a student reads, and code that is given has a solution."""
    shown = exercise.question + exercise.hint
    assert f"answer_{exercise.number}" not in shown
    assert not exercise.given or exercise.code
    assert re.search(r"\w{3,}", exercise.hint)


def test_sources_of_editions_hold_what_they_may(tmp_path):
    for edition, there, gone in (
        (READER, SOLUTION + MINUTES, NOTES),
        (STUDENT, (), SOLUTION + NOTES + MINUTES),
        (INSTRUCTOR, SOLUTION + NOTES + MINUTES, ()),
    ):
        editions.write(PROJECT, tmp_path / edition, edition)
        shown = hidden(PROJECT, *there)
        assert traces(tmp_path / edition, hidden(PROJECT, *gone)) == {}
        assert traces(tmp_path / edition, shown).keys() == shown.keys()


def test_students_are_not_told_where_solutions_are():
    rerun = (PROJECT / "chapters/appendix/rerun.md").read_text("utf-8")
    told, where = editions.gated(rerun, "chapters/appendix/rerun.md", STUDENT), "holds every solution"
    assert where in rerun
    assert where not in told
    assert "pip install" in told
    assert "(handing-out)=" in told


def test_students_lessons_keep_what_is_shown_and_asked_and_nothing_of_the_teacher():
    """A new section of a lesson belongs to one of the two sides, so it is listed here or in `FOR_TEACHERS`."""
    whole = (PROJECT / LESSONS).read_text("utf-8")
    text = editions.gated(whole, LESSONS, STUDENT)
    asked = ("What to show in", "Homework of", "Data of")
    titles = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert titles == [f"{words} lesson {number}" for number in (1, 2, 3, 4) for words in asked]
    assert "{minutes}" not in text
    assert "{lesson-plan}" not in text
    for kept in (r"^## Lesson .+$", r"^#### .+$", r"^\([\w-]+\)=$", r"^```\{lesson-data\} \d$", r"^ *name: fig-.+$"):
        assert re.findall(kept, text, re.MULTILINE) == re.findall(kept, whole, re.MULTILINE) != []
    for edition in (READER, INSTRUCTOR):
        others = editions.gated(whole, LESSONS, edition)
        assert re.findall(r"^###? .+$", others, re.MULTILINE) == re.findall(r"^###? .+$", whole, re.MULTILINE)
        assert others.count("{minutes}") == whole.count("{minutes}") > 0


def test_nearly_every_sentence_of_a_solution_is_looked_for():
    wanted = hidden(PROJECT, *SOLUTION, *NOTES)
    for page in PAGES:
        sentences = secrets(PROJECT / page, SOLUTION + NOTES).keys()
        assert len(sentences) > 5 * len(EXERCISES[page])
        assert len(sentences - wanted.keys()) < 0.1 * len(sentences)


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("_sources/chapters/wind.md", "{}"),
        ("chapters/wind.html", "<p>{}</p>"),
        ("_downloads/wind.ipynb", '{{"cells": [{{"source": ["{}"]}}]}}'),
        ("searchindex.js", 'Search.setIndex({{"titles": ["{}"]}})'),
        (".doctrees/wind.doctree", "\x80\x05{}\x00"),
    ],
)
def test_the_search_finds_a_sentence_in_every_kind_of_file(tmp_path, file, written):
    wanted = hidden(PROJECT, *SOLUTION)
    leaked = max((sentence for sentence in wanted if '"' not in sentence and "{" not in sentence), key=len)
    place = tmp_path / file
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(written.format(leaked), "utf-8")
    assert traces(tmp_path, wanted) == {leaked: [file]}


def test_the_search_looks_into_archives_and_into_archives_within_them(tmp_path):
    wanted = hidden(PROJECT, *SOLUTION)
    leaked = max((sentence for sentence in wanted if '"' not in sentence and "{" not in sentence), key=len)
    with zipfile.ZipFile(tmp_path / "book.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("book/page.md", leaked)
    with zipfile.ZipFile(tmp_path / "kit.zip", "w", zipfile.ZIP_DEFLATED) as kit:
        kit.write(tmp_path / "book.whl", "packages/book.whl")
    assert traces(tmp_path, wanted).keys() == {leaked}
    assert sorted(traces(tmp_path, wanted)[leaked]) == [
        "book.whl/book/page.md",
        "kit.zip/packages/book.whl/book/page.md",
    ]


def test_notebooks_of_the_book_hold_what_they_may(prior, tmp_path):  # noqa: F811
    for edition in (STUDENT, INSTRUCTOR):
        notebooks.write(PROJECT, tmp_path / edition, edition)
        assert {file.stem for file in (tmp_path / edition).iterdir()} == {page.stem for page in PAGES}
    assert traces(tmp_path / STUDENT, hidden(PROJECT, *SOLUTION, *NOTES)) == {}
    assert fitting.draft()
