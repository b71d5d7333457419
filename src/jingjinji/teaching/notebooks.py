"""Notebooks of exercises for a class, in the format of otter-grader: one a chapter, whose checks know no answer.

A check holds a seal of the answer (`checks`), which is made here by running the code of the solution.
"""

import re
from pathlib import Path

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from jingjinji.core import writing
from jingjinji.core.errors import BookError, FitNotPublished
from jingjinji.core.findings import NOT_PUBLISHED, Findings
from jingjinji.fits import fitting
from jingjinji.sphinxext import ledger, travel
from jingjinji.sphinxext.roles import KINDS, printed, without_popover
from jingjinji.teaching import checks, editions
from jingjinji.teaching.exercises import CODE, Exercise

BEGIN = """# Exercises: {title}

They belong to the chapter of this name. Where an exercise has a check, set the variable that it names and run the
check. {install}"""
INSTALL = """To run the notebook, with Python {python} or newer, install the book's package and what checks answers
once, in the folder of the package's file, which the site offers in the download menu of its pages:

```
pip install "{package}[classroom]"
```"""
OF_A_DRAFT = "The notebook is of a draft with few draws: only the finished book comes with a package to run it."
START = """import otter

grader = otter.Notebook("{file}")"""
CHECK = """>>> from jingjinji.teaching.checks import agrees
>>> agrees({name!r}, answer_{number}, {sealed!r})
True
"""
ROLE = re.compile(r"\{(" + "|".join(KINDS) + r")\}`([^`]+)`")
FIGURE = re.compile(r"\{numref\}`([\w-]+)`")
CAPTIONED = re.compile(r"(?ms)^ *name: (?P<name>[\w-]+)\n +caption: >-\s+\*\*(?P<headline>.+?)\.?\*\*")
INSIDE = re.compile(r"\[([^\]]+)\]\((?!\w+://)[^)]*\)")
"""A link that leads to a place in the book, which a notebook does not have."""
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def write(project: Path, folder: Path, edition: str) -> None:
    """Write the notebook of each page with exercises; for students without any solution, for instructors with all.

    Raises BookError where the code of a solution that is to be checked does not run.
    """
    findings, made = fitting.all_findings(), {}
    for page, exercises in editions.exercises_of(project).items():
        notebook = of_page(page, (project / page).read_text("utf-8"), exercises, edition == editions.INSTRUCTOR)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = ROLE.sub(lambda role: _text(findings, KINDS[role[1]], role[2].strip()), cell.source)
        made[folder / f"{page.stem}.ipynb"] = nbformat.writes(notebook)
    folder.mkdir(parents=True, exist_ok=True)
    for old in set(folder.glob("*.ipynb")) - made.keys():
        old.unlink()
    for file, text in made.items():
        writing.replace(file, text)


def of_page(page: Path, text: str, exercises: list[Exercise], solved: bool) -> nbformat.NotebookNode:
    """The notebook of a page's exercises; with `solved` it holds solutions and notes, and its checks pass.

    It is handed out alone, so it leads to no file of the site: a figure is named by the first words of its caption.
    """
    title = re.search(r"(?m)^# (.+)$", text)[1]
    figures = {found["name"]: " ".join(found["headline"].split()) for found in CAPTIONED.finditer(text)}
    answers = {exercise.number: answer(page, exercise) for exercise in exercises}
    tests = {f"q{number}": _test(_name(page, number), number, seal) for number, (_, seal) in answers.items() if seal}
    cells = [new_markdown_cell(BEGIN.format(title=title, install=_install()), id="begin")]
    if tests:
        cells.append(new_code_cell(START.format(file=f"{page.stem}.ipynb"), id="start"))
    for exercise in exercises:
        cells += _cells(exercise, answers[exercise.number][0], solved)
    for cell in cells:
        if cell.cell_type == "markdown":
            source = FIGURE.sub(lambda found: _figure(figures, found[1], page), ledger.NAMED.sub(r"\1", cell.source))
            cell.source = INSIDE.sub(r"\1", source)
    return new_notebook(cells=cells, metadata=KERNEL | {"otter": {"OK_FORMAT": True, "tests": tests}})


def answer(page: Path, exercise: Exercise) -> tuple[float | str | bool | None, str]:
    """What the solution of an exercise gives, and its seal.

    None and nothing where the exercise has no check, or needs a fit that is not published here. Raises BookError where
    the code of the solution does not run, sets no answer, or one that no check can hold.
    """
    if exercise.within is None:
        return None, ""
    try:
        answered = run(exercise)[f"answer_{exercise.number}"]
        return answered, checks.seal(_name(page, exercise.number), answered, exercise.within)
    except FitNotPublished:
        return None, ""
    except Exception as error:
        raise BookError(
            f"{page.as_posix()}, line {exercise.line}: the solution of exercise {exercise.number} ended with "
            f"{type(error).__name__}: {error}"
        ) from error


def run(exercise: Exercise) -> dict:
    """The names that the code of an exercise's solution binds, after what the question gives."""
    names = {"__name__": "solution"}
    exec(compile(f"{exercise.given}\n{exercise.code}", f"solution of exercise {exercise.number}", "exec"), names)
    return names


def _cells(exercise: Exercise, answered, solved: bool) -> list[nbformat.NotebookNode]:
    number, harder, checked = exercise.number, "harder, " * exercise.harder, answered is not None
    asked = f"## {number}\n\n({harder}{exercise.minutes} minutes) {exercise.question}"
    cells = [
        new_markdown_cell(asked, id=f"q{number}-question"),
        new_markdown_cell(_folded("Hint", exercise.hint), id=f"q{number}-hint"),
    ]
    if exercise.given:
        cells.append(new_code_cell(exercise.given.strip(), id=f"q{number}-given"))
    if solved:
        cells.append(new_markdown_cell(f"**Solution**\n\n{CODE.sub('', exercise.solution)}", id=f"q{number}-solution"))
        cells.append(new_markdown_cell(_folded("For the instructor", exercise.notes), id=f"q{number}-notes"))
    if exercise.code if solved else checked:
        code = exercise.code.strip() if solved else f"answer_{number} = ..."
        cells.append(new_code_cell(code, id=f"q{number}-answer"))
        if solved and checked:  # so that answers can be marked on paper
            cells[-1].source += f"\nanswer_{number}"
            plain = answered.item() if isinstance(answered, np.generic) else answered
            cells[-1].outputs = [new_output("execute_result", {"text/plain": repr(plain)})]
    elif not solved:
        cells.append(new_markdown_cell("*Your answer:*", id=f"q{number}-answer"))
    if checked:
        within = f"  # within {exercise.within:g}" if exercise.within else ""
        cells.append(new_code_cell(f'grader.check("q{number}"){within}', id=f"q{number}-check"))
    return cells


def _install() -> str:
    if fitting.draft():
        return OF_A_DRAFT
    return INSTALL.format(python=travel.python(), package=travel.package(""))


def _figure(figures: dict[str, str], name: str, page: Path) -> str:
    """What an exercise calls a figure of its chapter; raises BookError for one that the page does not caption."""
    if name not in figures:
        raise BookError(f"{page.as_posix()}: an exercise names the figure '{name}': expected one of {sorted(figures)}")
    return f"the chapter's figure “{figures[name]}”"


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _test(name: str, number: int, sealed: str) -> dict:
    """A test as otter-grader reads it from the metadata of a notebook."""
    code = CHECK.format(name=name, number=number, sealed=sealed)
    case = {"code": code, "hidden": False, "locked": False, "failure_message": "Not yet: look at the hint."}
    suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    return {"name": f"q{number}", "points": 1, "suites": [suite]}


def _name(page: Path, number: int) -> str:
    return f"{page.stem} {number}"


def _text(findings: Findings, kind: str, id: str) -> str:
    try:
        return printed(findings, id, without_popover(kind), fitting.draft())
    except FitNotPublished:
        return NOT_PUBLISHED
