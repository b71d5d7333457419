"""The exercises of the book itself: every page has enough, and the code of every solution runs."""

import re

import pytest
from prior_fits import prior, prior_cache  # noqa: F401
from traces import secrets, traces

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


@pytest.mark.parametrize(("page", "exercise"), [pair for pair in EVERY if pair[1].code or pair[1].given], ids=named)
def test_the_code_of_a_solution_runs_and_its_answer_passes(prior, page, exercise):  # noqa: F811
    names = notebooks.run(exercise)
    if exercise.within is not None:
        sealed = notebooks.sealed_answer(page, exercise)
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
        (READER, SOLUTION, NOTES), (STUDENT, (), SOLUTION + NOTES), (INSTRUCTOR, SOLUTION + NOTES, ()),
    ):  # fmt: skip
        editions.write(PROJECT, tmp_path / edition, edition)
        for page in PAGES:
            hidden = secrets(PROJECT / page, gone) if gone else {}
            shown = secrets(PROJECT / page, there) if there else {}
            assert len(secrets(PROJECT / page, SOLUTION + NOTES)) > 40
            assert traces(tmp_path / edition, hidden) == {}
            assert traces(tmp_path / edition, shown).keys() == shown.keys()


def test_notebooks_of_the_book_hold_what_they_may(prior, tmp_path):  # noqa: F811
    for edition in (STUDENT, INSTRUCTOR):
        notebooks.write(PROJECT, tmp_path / edition, edition)
        assert {file.stem for file in (tmp_path / edition).iterdir()} == {page.stem for page in PAGES}
    for page in PAGES:
        hidden = secrets(PROJECT / page, SOLUTION + NOTES)
        hidden = {sentence: words for sentence, words in hidden.items() if not sentence.startswith("**")}
        assert traces(tmp_path / STUDENT, hidden) == {}
    assert fitting.draft()
