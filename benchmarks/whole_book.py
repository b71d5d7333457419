"""What a reader waits for: whole builds in a temporary clone, and the weight of the chapter."""

import ast
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Measure, at_most, clean_environment, peak_memory, timed

from jingjinji import CACHE, PROJECT
from jingjinji.models import TOPICS

CHAPTER = "chapters/pm25-decline"
PLOTS = "src/jingjinji/figures.py"


def measures() -> list[Measure]:
    with clone() as (folder, environment):
        found = [cold_book(folder, environment), unchanged(folder, environment)]
        found += [prose_changed(folder, environment), plot_changed(folder, environment)]
        return [*found, page_weight(folder), fit_memory(folder, environment), *other_fits(folder, environment)]


@contextmanager
def clone() -> Iterator[tuple[Path, dict[str, str]]]:
    """A fresh clone of the last commit with empty caches, and the environment to build it in."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=CACHE) as name:
        folder = Path(name, "book")
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(folder)], check=True)
        yield folder, clean_environment(Path(name, "caches"))


def cold_book(folder: Path, environment: dict[str, str]) -> Measure:
    setup = timed(["make", "setup"], folder, environment)
    fit = timed([".venv/bin/jingjinji", "fit"], folder, environment)
    build = timed(["make", "book"], folder, environment)
    note = f"set-up {setup:.0f} s, fits {fit:.0f} s, site {build:.0f} s"
    return at_most("cold `make book`, packages already downloaded", (setup + fit + build) / 60, 6, "min", note)


def unchanged(folder: Path, environment: dict[str, str]) -> Measure:
    return at_most("unchanged rebuild", timed(["make", "book"], folder, environment), 10, "s")


def prose_changed(folder: Path, environment: dict[str, str]) -> Measure:
    page = folder / f"{CHAPTER}.md"
    page.write_text(with_another_word(page.read_text("utf-8")), encoding="utf-8")
    return at_most("one word of prose changed", timed(["make", "book"], folder, environment), 12, "s")


def plot_changed(folder: Path, environment: dict[str, str]) -> Measure:
    module = folder / PLOTS
    module.write_text(with_another_statement(module.read_text("utf-8")), encoding="utf-8")
    return at_most("one plotting function changed", timed(["make", "book"], folder, environment), 30, "s")


def with_another_word(text: str) -> str:
    """A page with one word more at the end of its first sentence that stands alone on a line."""
    lines = text.splitlines()
    title = next(number for number, line in enumerate(lines) if line.startswith("# "))
    place = next(
        number for number, line in enumerate(lines[title:], title) if line[:1].isalpha() and line.endswith(".")
    )
    lines[place] = f"{lines[place][:-1]} indeed."
    return "\n".join(lines) + "\n"


def with_another_statement(text: str) -> str:
    """A module whose first function has one statement more, which does nothing."""
    function = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    last = function.body[-1]
    lines = text.splitlines()
    lines.insert(last.lineno - 1, " " * last.col_offset + "pass")
    return "\n".join(lines) + "\n"


def page_weight(folder: Path) -> Measure:
    """What a first visit to the chapter transfers, each file compressed, seen by a real browser."""
    sys.path.insert(0, str(PROJECT / "tests" / "site"))
    from playwright.sync_api import sync_playwright
    from site_checks import BROWSER_ARGUMENTS, BROWSERS, served, visit

    name = "weight of the chapter, first visit, gzip"
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        return Measure(name, "<= 2 MB", "not measured: no Chromium")
    with sync_playwright() as playwright, served(folder / "_build" / "html") as address:
        browser = playwright.chromium.launch(executable_path=program, args=BROWSER_ARGUMENTS)
        seen = visit(browser, f"{address}{CHAPTER}.html", 1280)
        browser.close()
    return at_most(name, seen.weight / 1e6, 2, "MB", f"{len(seen.requested)} files")


def fit_memory(folder: Path, environment: dict[str, str]) -> Measure:
    shutil.rmtree(folder / ".cache" / "fits")
    peak = peak_memory([".venv/bin/jingjinji", "fit", "decline"], folder, environment)
    return at_most("peak memory of a fit, all its processes", peak, 2, "GB")


def other_fits(folder: Path, environment: dict[str, str]) -> Iterator[Measure]:
    """Seconds and memory of the main fit of every other topic, each alone and with caches of its own that are empty."""
    for topic in TOPICS[1:]:
        own = environment | {"JINGJINJI_CACHE": str(folder / f".cache-{topic}")}
        start = time.perf_counter()
        memory = peak_memory([".venv/bin/jingjinji", "fit", topic], folder, own)
        yield at_most(f"cold fit {topic}", time.perf_counter() - start, 180, "s")
        yield at_most(f"peak memory of fit {topic}, all its processes", memory, 1, "GB")
