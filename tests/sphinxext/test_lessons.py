"""Lessons: a plan is the sum of its minutes, and data are csv files that a spreadsheet opens as they are."""

import pytest
from sphinx_book import build, decline, fake_fitting, html, some_findings, write_book

from jingjinji.sphinxext import lessons

PAGE = """
# Lessons

## Lesson 1: a decline

```{lesson-plan} 15
```

#### The first slide

:::{minutes} 5 together
Ask this. Then that.
:::

#### The second slide

:::{minutes} 10 in pairs
Pairs look at {finding-value}`pm25.official.2013`. They talk.
:::

## Lesson 2: a step

```{lesson-plan} 3
```

#### Another

:::{minutes} 3 alone
Think.
:::

```{lesson-data} 2
```
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        fake_fitting(patch, some_findings())
        root = tmp_path_factory.mktemp("book")
        write_book(root, {"chapters/teach": PAGE})
        build(root, myst_enable_extensions=["colon_fence"])
        yield root


def test_a_plan_lists_every_slide_of_its_lesson_on_a_clock(book):
    text = html(book, "chapters/teach")
    plan = text.partition('class="lesson-plan')[2].partition("</table>")[0]
    cells = [cell.partition("</p>")[0].partition("<p>")[2] for cell in plan.split("<td>")[1:]]
    assert cells == [
        "0:00", "5", "The first slide", "together", "Ask this.",
        "0:05", "10", "The second slide", "in pairs", "Pairs look at 89.5\xa0µg/m³.",
    ]  # fmt: skip


def test_each_lesson_has_a_clock_of_its_own(book):
    text = html(book, "chapters/teach")
    assert "0:05 to 0:15, 10 minutes, in pairs." in text
    assert "0:00 to 0:03, 3 minutes, alone." in text


def test_data_that_a_page_links_to_are_written_and_no_others(book):
    folder = book / "_build/html/_static/lessons"
    written = sorted(file.name for file in folder.iterdir())
    assert written == ["lesson-2-experience.csv", "lesson-2-made-up.csv"]
    text = html(book, "chapters/teach")
    assert all(f'href="../_static/lessons/{name}"' in text for name in written)
    content = (folder / "lesson-2-made-up.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfmonth,after_the_change,")


def test_data_are_written_again_where_they_are_gone_or_made_of_something_else(book, monkeypatch):
    files = [book / f"_build/html/_static/lessons/lesson-2-{name}.csv" for name in ("experience", "made-up")]
    whole = [file.read_bytes() for file in files]
    files[0].write_text("as it is", "utf-8")
    for change in ("nothing", "gone", "findings"):
        if change == "gone":
            files[1].unlink()
        if change == "findings":
            files[0].write_text("as it is", "utf-8")
        changed = {made.id: made for made in [decline("pm25.decline.beijing", -63.0)] if change == "findings"}
        fake_fitting(monkeypatch, some_findings() | changed)
        build(book, myst_enable_extensions=["colon_fence"])
        assert (files[0].read_text("utf-8") == "as it is") == (change == "nothing")
    assert [file.read_bytes() for file in files] == whole


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (PAGE.replace("{lesson-plan} 15", "{lesson-plan} 90"), "promises 90 minutes, its slides take 15"),
        (PAGE.replace("{minutes} 5 together", "{minutes} five"), "'five' is no time"),
        (PAGE.replace("{minutes} 5 together", "{minutes} 5"), "'5' is no time"),
        (PAGE.replace("{lesson-data} 2", "{lesson-data} 77"), "lesson 77 has no data"),
    ],
)
def test_a_plan_that_does_not_add_up_stops_the_build(tmp_path, monkeypatch, page, words):
    fake_fitting(monkeypatch, some_findings())
    write_book(tmp_path, {"chapters/teach": page})
    with pytest.raises(lessons.LessonError, match=words):
        build(tmp_path, myst_enable_extensions=["colon_fence"])


def test_a_book_without_lessons_writes_none(tmp_path, monkeypatch):
    fake_fitting(monkeypatch, some_findings())
    write_book(tmp_path, {"page": "# Page\n\nText.\n"})
    build(tmp_path)
    assert not (tmp_path / "_build/html/_static/lessons").exists()


@pytest.mark.parametrize(
    ("text", "first"),
    [("One. Two.", "One."), ("Ask who? Tell.", "Ask who?"), ("A mean of 2.5 is low", "A mean of 2.5 is low"), ("", "")],
)
def test_the_first_sentence_of_a_note_tells_what_happens(text, first):
    assert lessons.first_sentence(text) == first


def test_minutes_are_a_clock():
    assert [lessons.clock(minute) for minute in (0, 5, 75)] == ["0:00", "0:05", "1:15"]
