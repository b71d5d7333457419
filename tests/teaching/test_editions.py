"""What an edition leaves out is gone from everything that is made of it; what it keeps is there."""

import re

import pytest
import yaml
from exercise_page import PAGE
from sphinx_book import build, decline, fake_fitting, html, write_book
from traces import contents, secrets, traces

from jingjinji.core.errors import BookError
from jingjinji.teaching import editions
from jingjinji.teaching.editions import INSTRUCTOR, READER, STUDENT

SOLUTION, NOTES = ("Solution",), ("For the instructor",)
USED = PAGE.replace("The mean is three metres.", "The mean is three metres: {finding}`pm25.decline.tianjin`.").replace(
    "It blows.", "It blows: {finding}`pm25.decline.beijing`."
)


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    write_book(root, {"chapters/wind": USED, "index": "# Winds\n\n```{toctree}\nchapters/wind\n```\n"})
    (root / "chapters/map.svg").write_text("<svg/>", "utf-8")
    (root / "data").mkdir()
    (root / "_config.yml").write_text("title: Winds\nexecute: {cache: .cache/jupyter}\n", "utf-8")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nparts:\n- chapters:\n  - file: chapters/wind\n", "utf-8"
    )
    return root


def test_an_edition_is_the_project_with_gated_pages(project, tmp_path):
    editions.write(project, tmp_path / "made", STUDENT)
    made = {path.relative_to(tmp_path / "made").as_posix() for path in (tmp_path / "made").rglob("*")}
    assert made == {
        "_config.yml", "_toc.yml", "index.md", "data", "chapters", "chapters/wind.md", "chapters/map.svg",
    }  # fmt: skip
    assert (tmp_path / "made/data").resolve() == project / "data"
    config = yaml.safe_load((tmp_path / "made/_config.yml").read_text("utf-8"))
    assert config["sphinx"]["config"]["jingjinji_edition"] == STUDENT
    assert config["execute"]["cache"] == str(project / ".cache/jupyter")


@pytest.mark.parametrize(
    ("edition", "there", "gone"),
    [(READER, SOLUTION, NOTES), (STUDENT, (), SOLUTION + NOTES), (INSTRUCTOR, SOLUTION + NOTES, ())],
)
def test_a_page_holds_what_its_edition_may_show(project, tmp_path, edition, there, gone):
    source = project / "chapters/wind.md"
    editions.write(project, tmp_path / "made", edition)
    assert traces(tmp_path / "made", secrets(source, gone) if gone else {}) == {}
    wanted = secrets(source, there) if there else {}
    assert traces(tmp_path / "made", wanted).keys() == wanted.keys()
    text = (tmp_path / "made/chapters/wind.md").read_text("utf-8")
    assert all(words in text for words in ("How fast is the wind?", "Take the mean.", "## Sources"))


def test_lines_of_the_readers_edition_keep_their_numbers(project, tmp_path):
    text = editions.gated(PAGE, "wind.md", READER)
    before, after = PAGE.splitlines(), text.splitlines()
    assert len(after) == len(before)
    assert [line for line, other in zip(after, before, strict=True) if line not in ("", other)] == []


def test_the_plan_of_the_instructor_counts_the_exercises():
    text = editions.gated(PAGE, "wind.md", INSTRUCTOR)
    assert "**Exercises.** 2, 35 minutes and 6 points in all.\n:::" in text


def test_what_is_there_and_the_same_is_left_alone_and_what_is_old_goes(project, tmp_path):
    folder = tmp_path / "made"
    editions.write(project, folder, STUDENT)
    (folder / "old.md").write_text("The mean is three metres.", "utf-8")
    (folder / "chapters/old.svg").symlink_to(project / "chapters/map.svg")
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.md")}
    (project / "index.md").write_text("# More winds\n", "utf-8")
    editions.write(project, folder, STUDENT)
    changed = {path.name for path in folder.rglob("*.md") if path.stat().st_mtime_ns != times[path]}
    assert changed == {"index.md"}
    assert not (folder / "old.md").exists()
    assert not (folder / "chapters/old.svg").is_symlink()


def test_nothing_is_written_of_a_book_with_a_faulty_exercise(project, tmp_path):
    (project / "chapters/wind.md").write_text(PAGE.replace("(10 minutes) ", ""), "utf-8")
    for make in (lambda: editions.write(project, tmp_path / "made", READER), lambda: editions.refuse_faulty(project)):
        with pytest.raises(BookError, match=r"^chapters/wind\.md, line 19: exercise 1 names no minutes"):
            make()
    assert not (tmp_path / "made").exists()


def test_a_page_that_is_not_there_is_one_sentence(project):
    (project / "chapters/wind.md").unlink()
    with pytest.raises(BookError, match="names 'chapters/wind', and there is no such page"):
        editions.pages(project)


@pytest.mark.parametrize("edition", editions.EDITIONS)
def test_what_is_built_of_an_edition_has_no_trace_of_what_it_leaves_out(project, tmp_path, monkeypatch, edition):
    """Also not in side products of the build, nor on the cards, which list where a finding is used."""
    cards = "# Cards\n\n```{findings-cards}\n```\n"
    (project / "cards.md").write_text(cards, "utf-8")
    (project / "_toc.yml").write_text("format: jb-book\nroot: index\nparts:\n- file: chapters/wind\n- file: cards\n")
    (project / "index.md").write_text("# Winds\n\n```{toctree}\nchapters/wind\ncards\n```\n", "utf-8")
    findings = [decline("pm25.decline.beijing", -64.0), decline("pm25.decline.tianjin", -57.0, "change of another")]
    fake_fitting(monkeypatch, {finding.id: finding for finding in findings})
    made = tmp_path / "made"
    editions.write(project, made, edition)
    extensions = ["myst_nb", "sphinx_design", "jingjinji.sphinxext"]
    build(made, extensions=extensions, myst_enable_extensions=["colon_fence"], exclude_patterns=["_build"])
    source = project / "chapters/wind.md"
    solution, notes = secrets(source, SOLUTION), secrets(source, NOTES)
    found = traces(made, solution | notes)
    assert len(solution) > 1
    assert len(notes) > 5
    assert found.keys() == {READER: solution, STUDENT: {}, INSTRUCTOR: solution | notes}[edition].keys()
    kinds = {file.rpartition(".")[2] for files in found.values() for file in files}
    assert kinds >= ({"md", "html", "doctree"} if found else set())
    uses = html(made, "cards/pm25").partition('id="pm25.decline.tianjin"')[2]
    assert ("chapters/wind" in uses) == (edition != STUDENT)


SITE, REPOSITORY = "https://class.example/book/", "https://github.com/owner/solved"


@pytest.mark.parametrize("edition", [STUDENT, INSTRUCTOR])
def test_only_the_readers_edition_leads_to_the_site_and_the_repository(project, tmp_path, monkeypatch, edition):
    """Both hold every solution; of a page with code, the notebook and its menu would name them."""
    told = {"html": {"baseurl": SITE, "use_repository_button": True}, "repository": {"url": REPOSITORY, "branch": "x"}}
    (project / "_config.yml").write_text(yaml.safe_dump({"title": "Winds", **told}), "utf-8")
    head, cell = (
        "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n",
        "\n```{code-cell} ipython3\n1 + 1\n```\n",
    )
    (project / "chapters/wind.md").write_text(f"{head}{PAGE}{cell}", "utf-8")
    fake_fitting(monkeypatch, {})
    leads = {}
    for made in (READER, edition):
        editions.write(project, tmp_path / made, made)
        config = yaml.safe_load((tmp_path / made / "_config.yml").read_text("utf-8"))
        about = {"html_baseurl": config["html"]["baseurl"]}
        about["html_theme_options"] = {"repository_url": config["repository"]["url"]}
        about["extensions"] = ["myst_nb", "sphinx_design", "jingjinji.sphinxext"]
        build(tmp_path / made, myst_enable_extensions=["colon_fence"], **about)
        built = contents(tmp_path / made / "_build/html")
        leads[made] = {place for place, text in built if SITE.encode() in text or REPOSITORY.encode() in text}
        assert config["html"]["use_repository_button"] == (made == READER)
    assert {"chapters/wind.html", "_sources/chapters/wind.ipynb"} <= leads[READER]
    assert leads[edition] == set()


def test_the_environment_names_site_and_repository_of_the_readers_edition_alone(project, tmp_path, monkeypatch):
    (project / "_config.yml").write_text(yaml.safe_dump({"title": "Winds", "html": {"favicon": "x.svg"}}), "utf-8")
    monkeypatch.setenv("JINGJINJI_SITE", SITE)
    monkeypatch.setenv("JINGJINJI_CODE", REPOSITORY)
    told = {}
    for edition in editions.EDITIONS:
        editions.write(project, tmp_path / edition, edition)
        told[edition] = yaml.safe_load((tmp_path / edition / "_config.yml").read_text("utf-8"))
    assert told[READER]["html"] == {"favicon": "x.svg", "baseurl": SITE}
    assert told[READER]["repository"]["url"] == REPOSITORY
    for edition in (STUDENT, INSTRUCTOR):
        assert told[edition]["html"]["baseurl"] == told[edition]["repository"]["url"] == ""


@pytest.mark.parametrize("address", ["book.example", "javascript:alert(1)", "https://a b/"])
def test_an_address_that_is_none_is_refused(project, tmp_path, monkeypatch, address):
    monkeypatch.setenv("JINGJINJI_SITE", address)
    with pytest.raises(BookError, match=re.escape(f"JINGJINJI_SITE is '{address}': expected an address")):
        editions.write(project, tmp_path / "made", READER)
    assert not (tmp_path / "made").exists()


LESSON = """# Lessons

(one)=
## Lesson 1: wind

:::{minutes} 5 together
Ask who has felt it.
:::

### The plan of lesson 1

```{lesson-plan} 5
```

### What to show in lesson 1

+++ {"slideshow": {"slide_type": "slide"}}

#### Gusts

What is a gust?

### What will surprise in lesson 1

```python
# a comment is no heading
### What to show is none either
```

+++ {"slideshow": {"slide_type": "skip"}}

(two)=
## Lesson 2: rain
"""


def test_a_students_lesson_has_no_minutes_and_no_section_for_teachers():
    told = editions.gated(LESSON, "teach", STUDENT)
    assert " ".join(told.split()) == (
        '# Lessons (one)= ## Lesson 1: wind ### What to show in lesson 1 +++ {"slideshow": {"slide_type": "slide"}} '
        '#### Gusts What is a gust? +++ {"slideshow": {"slide_type": "skip"}} (two)= ## Lesson 2: rain'
    )
    assert editions.gated(LESSON, "teach", READER) == editions.gated(LESSON, "teach", INSTRUCTOR) == LESSON


def test_solutions_of_a_page_without_exercises_are_gated_too():
    page = "# Lessons\n\nWhy?\n\n:::{dropdown} Solution\nBecause of the wind.\n:::\n\nNext.\n"
    assert "wind" in editions.gated(page, "teach", READER)
    assert "wind" in editions.gated(page, "teach", INSTRUCTOR)
    assert editions.gated(page, "teach", STUDENT) == "# Lessons\n\nWhy?\n\n\nNext.\n"
