"""Slides are made of the cells that a page marks, with the book's roles, and name no other host."""

import re
import warnings

import jupytext
import pandas as pd
import pytest
from sphinx_book import SOURCE, fake_fitting, some_findings

import jingjinji
from jingjinji.core.errors import BookError
from jingjinji.sphinxext import decks, ledger

PAGE = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Lessons

What stands before is not shown.

```{code-cell} ipython3
:tags: [remove-cell]

number = 41
```

+++ {"slideshow": {"slide_type": "slide"}}

(first)=
## Lesson 1: a number

**The question**

:::{minutes} 5 together
Say it. Then wait.
:::

+++ {"slideshow": {"slide_type": "skip"}}

Only on the page.

```{code-cell} ipython3
---
slideshow:
  slide_type: skip
---
number = number + 1
```

+++ {"slideshow": {"slide_type": "slide"}}

#### A slide with a finding

It was {finding-value}`pm25.official.2013`, and fell by {finding-fall-with-interval}`pm25.decline.beijing`.
See {claim}`C066`.

```{code-cell} ipython3
:tags: [hide-input]

print("the number is", number)
```

Goes on, with $x^2$.

:::{minutes} 10 alone
Nobody speaks.
:::

+++ {"slideshow": {"slide_type": "skip"}}

:::{dropdown} Solution
The secret.
:::

+++ {"slideshow": {"slide_type": "slide"}}

(second)=
## Lesson 2: another

```{code-cell} ipython3
print("open code", number)
```

+++

Goes on without a mark.

:::{minutes} 5 together
Say.
:::
"""


def notebook(text: str = PAGE):
    return jupytext.reads(text, fmt="md:myst")


def sources(deck) -> list[str]:
    return [cell.source for cell in deck.cells if cell.cell_type == "markdown"]


def test_each_lesson_is_a_deck_of_its_marked_cells():
    found = decks.split(notebook())
    assert list(found) == ["lesson-1", "lesson-2"]
    first = "\n".join(sources(found["lesson-1"]))
    assert first.startswith("# Lesson 1: a number")
    assert "\n## A slide with a finding" in first
    assert "Goes on" in first
    for text in ("Only on the page", "secret", "before is not shown", "(first)="):
        assert text not in first


def test_code_that_is_not_on_a_slide_runs_unseen():
    deck = decks.split(notebook())["lesson-1"]
    code = [(cell.source, cell.metadata.tags) for cell in deck.cells if cell.cell_type == "code"]
    assert code == [
        ("number = 41", ["remove-cell"]),
        ("number = number + 1", ["remove-cell"]),
        ('print("the number is", number)', ["remove-input"]),
    ]


def test_code_that_the_page_shows_open_is_seen():
    deck = decks.split(notebook())["lesson-2"]
    assert [cell.metadata.tags for cell in deck.cells if cell.cell_type == "code"] == [["remove-cell"], []]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"slide"}}\n\n#### A', '"fragment"}}\n\n#### A', "slide_type 'fragment', expected slide, - or skip"),
        ("#### A slide with", "A slide with", "a slide begins with 'A slide with a finding"),
    ],
)
def test_a_mark_or_a_slide_that_is_none_is_one_sentence(old, new, words):
    with pytest.raises(BookError, match=words):
        decks.split(notebook(PAGE.replace(old, new)))


def test_a_page_without_lessons_is_refused(tmp_path):
    page = tmp_path / "teach.md"
    page.write_text(PAGE.replace("## Lesson", "## Chapter"), "utf-8")
    with pytest.raises(BookError, match="has no lesson"):
        decks.build(tmp_path / "slides", page)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("slides")
    page = root / "teach.md"
    page.write_text(PAGE, "utf-8")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fake_fitting(patch, some_findings())
        patch.setattr(ledger, "judged", judged)
        patch.setattr(jingjinji, "CACHE", root / "cache")
        made = decks.build(root / "out/slides", page, jingjinji_findings_source=SOURCE)
        yield made


def judged(app) -> pd.DataFrame:
    """A ledger that needs no findings."""
    row = {"id": "C066", "claim": "It fell.", "verdict": "supported", "unpublished": ""}
    return pd.DataFrame([row]).set_index("id", drop=False)


def test_numbers_and_claims_stand_on_slides_and_no_role_is_left(built):
    text = built[0].read_text("utf-8")
    assert [file.name for file in built] == ["lesson-1.html", "lesson-2.html"]
    assert "89.5\xa0µg/m³" in text
    assert "64" in text
    assert "C066" in text
    assert "the number is 42" in text
    assert not re.search(r"\{[a-z-]+\}`|:::", text)
    assert "print(" not in text
    assert "print(" in built[1].read_text("utf-8")


def test_minutes_are_the_notes_of_their_slide(built):
    notes = re.findall(r'<aside class="notes">(.*?)</aside>', built[0].read_text("utf-8"), re.DOTALL)
    assert ["0:00 to 0:05" in notes[0], "0:05 to 0:15" in notes[1], len(notes)] == [True, True, 2]


def test_no_deck_names_another_host_and_all_it_loads_is_there(built):
    folder = built[0].parent
    for file in [*folder.glob("*.html"), *folder.rglob("*.css")]:
        text = file.read_text("utf-8")
        loads = re.findall(r'(?:src|href)="([^"#]+)"|url\(["\']?([^"\')]+)', text)
        loads = ["".join(pair) for pair in loads]
        assert [one for one in loads if re.match(r"(https?:)?//", one)] == [], file.name
        missing = [one for one in loads if not one.startswith("data:") and not (file.parent / one).exists()]
        assert missing == [], file.name


def test_only_a_deck_with_mathematics_loads_the_library(built):
    assert ["mathjax" in file.read_text("utf-8") for file in built] == [True, False]


def test_nothing_of_reveal_js_is_kept_that_no_deck_loads(built):
    copy = built[0].parent / "_static/revealjs"
    kept = sorted(file.relative_to(copy).as_posix() for file in copy.rglob("*") if file.is_file())
    assert kept == sorted(decks.USED)
    assert not (built[0].parent / "_sources").exists()


def test_the_policy_lets_scripts_of_files_and_of_the_speakers_window_run_alone(built):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', built[0].read_text("utf-8"))[1]
    assert "default-src 'none'" in policy
    scripts = re.search(r"script-src ([^;]+)", policy)[1].split()
    assert scripts[0] == "'self'"
    assert [script.startswith("'sha256-") for script in scripts[1:]] == [True]


def test_the_script_of_the_speakers_window_is_read_out_of_the_plugin():
    plugin = 'n.document.write("\\x3cscript>\\n\\tlet a = \\"b\\";\\x3c\\/script>"),n.c()'
    assert decks._scripts_of(plugin) == ['\n\tlet a = "b";']
    assert decks._scripts_of("nothing") == []
