"""Notebooks of exercises: those of students hold no solution, their checks know the right answer from a wrong one."""

import re
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from exercise_page import PAGE
from nbclient import NotebookClient
from sphinx_book import decline
from traces import secrets, traces

from jingjinji.core.errors import BookError
from jingjinji.fits import fitting
from jingjinji.sphinxext import travel
from jingjinji.teaching import notebooks
from jingjinji.teaching.editions import INSTRUCTOR, STUDENT
from jingjinji.teaching.exercises import exercises

WIND = Path("chapters/wind.md")
FIGURE = """
## Figures

```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-wind
    caption: >-
      **Gusts are
      {finding-value}`pm25.decline.beijing`.** Points are gusts.
---
draw()
```
"""
ASKED = (
    PAGE.replace(
        "Why?",
        "Why, see {numref}`fig-wind`, [there](gusts), [here](https://wind.example), {claim}`C001` and "
        "{finding-value}`pm25.decline.beijing`?",
    )
    + FIGURE
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "all_findings", lambda: {f.id: f for f in [decline("pm25.decline.beijing", -64.0)]})
    (tmp_path / "chapters").mkdir()
    (tmp_path / WIND).write_text(ASKED, "utf-8")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: chapters/wind\n", "utf-8")
    return tmp_path


def written(project, edition) -> nbformat.NotebookNode:
    notebooks.write(project, project / edition, edition)
    return nbformat.read(project / edition / "wind.ipynb", as_version=4)


@pytest.mark.parametrize("edition", [STUDENT, INSTRUCTOR])
def test_a_students_notebook_holds_no_solution_and_an_instructors_holds_all(project, edition):
    written(project, edition)
    wanted = secrets(project / WIND, ("Solution",))
    for title in exercises(ASKED, "wind"):
        assert title.solution
    found = traces(project / edition, wanted)
    assert found.keys() == ({} if edition == STUDENT else wanted).keys()


def test_a_question_reads_without_the_site(project):
    cells = {cell.id: cell.source for cell in written(project, STUDENT).cells}
    assert cells["q2-question"] == (
        "## 2\n\n(harder, 25 minutes) Why, see the chapter's figure “Gusts are −64\N{NO-BREAK SPACE}%”, there, "
        "[here](https://wind.example), C001 and −64\N{NO-BREAK SPACE}%?"
    )
    assert cells["q1-given"] == "speeds = [2, 4]"
    assert cells["q1-answer"] == "answer_1 = ..."
    assert "Look up." in cells["q2-hint"]
    assert cells["q2-answer"] == "*Your answer:*"


@pytest.mark.parametrize("edition", [STUDENT, INSTRUCTOR])
def test_a_notebook_is_handed_out_alone_and_names_its_one_install_line(project, monkeypatch, edition):
    """It leads to no file beside it, and to nothing in the repository, where every solution is."""
    monkeypatch.setattr(fitting, "draft", lambda: False)
    cells = written(project, edition).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert re.findall(r"\]\(<?([^)>]*)", text) == ["https://wind.example"]
    (line,) = re.findall(r"^pip install (.+)$", cells[0].source, re.MULTILINE)
    assert line == f'"{travel.WHEEL}[classroom]"'
    assert any("otter-grader" in one and "classroom" in one for one in metadata.requires("jingjinji"))
    assert "make " not in text
    monkeypatch.setattr(fitting, "draft", lambda: True)
    assert "pip install" not in written(project, edition).cells[0].source


def test_a_figure_that_the_page_does_not_have_is_one_sentence(project):
    (project / WIND).write_text(ASKED.replace("name: fig-wind", "name: fig-gusts"), "utf-8")
    with pytest.raises(BookError, match=r"^chapters/wind\.md: an exercise names the figure 'fig-wind'"):
        written(project, STUDENT)


def test_notebooks_of_pages_that_are_gone_go_too(project):
    (project / STUDENT).mkdir()
    (project / STUDENT / "old.ipynb").write_text("{}", "utf-8")
    written(project, STUDENT)
    assert [file.name for file in (project / STUDENT).iterdir()] == ["wind.ipynb"]


@pytest.mark.parametrize(("answer", "passes"), [("...", False), ("3.2", True), ("3.6", False)])
def test_otter_checks_an_answer(project, monkeypatch, answer, passes):
    notebook = written(project, STUDENT)
    cell = next(cell for cell in notebook.cells if cell.id == "q1-answer")
    cell.source = f"answer_1 = {answer}"
    assert _verdict(project / STUDENT, notebook, monkeypatch) == passes


def test_an_instructors_notebook_passes_its_checks(project, monkeypatch):
    assert _verdict(project / INSTRUCTOR, written(project, INSTRUCTOR), monkeypatch)


def _verdict(folder, notebook, monkeypatch) -> bool:
    """What the check of the first exercise says when the notebook runs in a kernel, as in a class."""
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    ran = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    said = next(cell for cell in ran.cells if cell.id == "q1-check").outputs[-1].data["text/plain"]
    assert ("All test cases passed!" in said) != ("Not yet: look at the hint." in said)
    return "All test cases passed!" in said


@pytest.mark.parametrize("code", ["answer_1 = 1 / 0  # within 1", "answer_1 = 3.0"])
def test_a_solution_that_cannot_be_sealed_stops_the_build(project, code):
    text = ASKED.replace("answer_1 = sum(speeds) / 2  # within 0.5", code)
    (project / WIND).write_text(text, "utf-8")
    with pytest.raises(BookError, match=r"^chapters/wind\.md, line 19: the solution of exercise 1 ended with "):
        written(project, STUDENT)


def test_the_same_book_gives_the_same_notebooks(project):
    first = nbformat.writes(written(project, STUDENT))
    assert nbformat.writes(written(project, STUDENT)) == first
