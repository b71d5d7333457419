"""What makes a page be read again: what it holds, and a build that was broken off; never the clock."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from sphinx_book import SOURCE, build, fake_fitting, html, some_findings, write_book

from jingjinji.sphinxext import contents, site

LONG_AGO = 1_000_000_000
PAGES = {
    "cards": "# Cards\n",
    "one": "# One\n\nThe old words.\n\n```{literalinclude} told.txt\n```\n\n{download}`told.txt`\n",
    "two": "# Two\n",
}


@pytest.fixture
def book(tmp_path, monkeypatch):
    fake_fitting(monkeypatch, some_findings())
    root = tmp_path / "book"
    root.mkdir()
    (root / "told.txt").write_text("oldest")
    write_book(root, PAGES)
    build(root)
    return root


def change(file: Path, old: str, new: str) -> None:
    """Change a file as a clock that is set back, or an archive that is unpacked, would leave it."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    os.utime(file, (LONG_AGO, LONG_AGO))


def mark(root: Path) -> Path:
    return root / "_build/html" / site.INCOMPLETE_MARK


def test_a_page_with_an_old_time_and_new_words_is_read_again_and_no_other(book):
    change(book / "one.md", "old words", "new words")
    assert build(book).read_pages == ["one"]
    assert "The new words." in html(book, "one")


def test_a_file_that_a_page_shows_or_offers_counts_by_what_it_holds(book):
    change(book / "told.txt", "oldest", "newest")
    assert build(book).read_pages == ["one"]
    assert "newest" in html(book, "one")
    (offered,) = (book / "_build/html/_downloads").rglob("told.txt")
    assert offered.read_text() == "newest"


def test_nothing_is_read_again_where_nothing_changed(book):
    assert build(book).read_pages == []
    assert not mark(book).exists()


def test_line_ends_and_marks_of_an_encoding_are_no_change():
    assert len({contents.of_text(text) for text in ("a\nb", "a\r\nb", "\ufeffa\rb")}) == 1
    assert contents.of_text("a b") != contents.of_text("a\nb")


def test_a_site_is_marked_while_it_is_built_and_no_more_when_it_stands(book, monkeypatch):
    seen = []
    monkeypatch.setattr(site, "_forbid_indexing", lambda app, *_: seen.append(mark(book).read_text("utf-8")))
    change(book / "one.md", "old words", "new words")
    build(book)
    assert seen
    assert set(seen) == {contents.UNFINISHED}
    assert not mark(book).exists()


def test_a_build_that_ends_in_warnings_is_repeated_in_full_with_all_of_them(book):
    change(book / "one.md", "old words", "{doc}`nowhere`")
    for _ in range(2):
        app = build(book, warn=True)
        assert app.statuscode == 1
        assert "nowhere" in app.warning.getvalue()
        assert mark(book).read_text("utf-8") == contents.UNFINISHED
    change(book / "one.md", "{doc}`nowhere`", "good words")
    assert build(book, warn=True).statuscode == 0
    assert not mark(book).exists()


START = f"""
import os, signal, sys, types
sys.path.insert(0, sys.argv[2])
from pathlib import Path
import sphinx_book

module = types.ModuleType({SOURCE!r})
module.all_findings, module.draft = sphinx_book.some_findings, lambda: False
sys.modules[{SOURCE!r}] = module

def die(app, name, *_):
    if name == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

from sphinx.application import Sphinx
start = Sphinx.build
Sphinx.build = lambda app, *args: (app.connect("html-page-context", die), start(app, *args))[1]
sphinx_book.build(Path(sys.argv[1]))
"""


def started(book: Path, dies_at: str = "") -> subprocess.Popen:
    """A build in a process of its own, which is killed when it is about to write a page."""
    command = [sys.executable, "-c", START, str(book), str(Path(__file__).parents[1]), dies_at]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_after_a_kill_between_two_pages_nothing_stale_is_taken_for_new(book):
    """Sphinx has noted both pages as read, and a page that was never written is newer than its source."""
    for name, old in (("one", "old words"), ("two", "# Two")):
        change(book / f"{name}.md", old, f"{old}, and new ones")
    killed = started(book, "two")
    _, said = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, said
    assert mark(book).read_text("utf-8") == contents.UNFINISHED
    assert "new ones" not in html(book, "two")
    assert sorted(build(book).read_pages) == ["cards", "index", "one", "two"]
    assert "new ones" in html(book, "two")
    assert not mark(book).exists()


RUNNING = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

# Two

```{{code-cell}} ipython3
import os, time
while os.path.exists("{file}"):
    time.sleep(0.1)
```
"""


def test_a_kill_while_a_page_runs_leaves_no_process_and_the_site_as_it_was(book):
    (book / "runs").touch()
    (book / "two.md").write_text(RUNNING.format(file=book / "runs"), "utf-8")
    change(book / "one.md", "old words", "new words")
    before = html(book, "one")
    run = started(book)
    try:
        children = []
        while not children and run.poll() is None:
            children = psutil.Process(run.pid).children(recursive=True)
            time.sleep(0.05)
    finally:
        run.kill()
        _, said = run.communicate(timeout=60)
    assert children, said
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    assert html(book, "one") == before
    (book / "runs").unlink()
    build(book)
    assert "new words" in html(book, "one")
