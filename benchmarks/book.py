"""What a reader and a writer wait for: whole builds in a clone, what they store, and the weight of the chapter."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import changes
from measure import Found, Part, Run, clean_environment, watch

from jingjinji import CACHE, PROJECT

FITS_FROM, SITE_FROM = "Looking which fits are stored", "Running the pages"
BY_TOPIC = "seconds "
COUNT = re.compile(r"(\d+) of (\d+) fits would be sampled")
WOULD = re.compile(r"(\S+): would be sampled")
COMMAND = ".venv/bin/jingjinji"


@dataclass(frozen=True)
class Place:
    """A clone of the last commit, and the environment to build it in."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str, weigh: bool = False, **environment: str) -> Run:
        return watch(list(command), self.folder, self.environment | environment, weigh=weigh)

    def need_site(self) -> None:
        """Raise RuntimeError where the book has not been built: what is done again would be done for the first time."""
        if not (self.folder / "_build/html/index.html").exists():
            raise RuntimeError("there is no site: step 'cold' comes first and has to end with one")

    def restore(self) -> None:
        """Undo every change of a file that is part of the commit; caches and the site stay."""
        subprocess.run(["git", "checkout", "--quiet", "."], cwd=self.folder, check=True)
        subprocess.run(["git", "clean", "--quiet", "--force", "-d", "src"], cwd=self.folder, check=True)


@contextmanager
def clone() -> Iterator[Place]:
    """A fresh clone of the last commit with empty caches."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=CACHE, ignore_cleanup_errors=True) as name:
        folder = Path(name, "book")
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(folder)], check=True)
        yield Place(folder, clean_environment(Path(name, "caches")))


def cold(place: Place) -> Part:
    """``make book`` from nothing but downloaded packages, timed and weighed."""
    run = place.run("make", "book", weigh=True)
    setup, fits, site = stages(run)
    note = with_hole(f"set-up {setup:.0f} s, fits {fits:.0f} s, site {site:.0f} s", run.hole)
    return Part(
        {
            "cold": Found(run.seconds, note),
            "memory": Found(run.peak / 1e9, "processes together, at the worst moment"),
            "largest": Found(run.largest / 1e9),
        },
        by_topic([text for _, text in run.lines]),
    )


def stages(run: Run) -> tuple[float, float, float]:
    """Seconds of set-up, fits and site, from the lines with which a build begins each; RuntimeError without them."""
    begins = []
    for words in (FITS_FROM, SITE_FROM):
        begins += [next((second for second, text in run.lines if text.startswith(words)), None)]
    if None in begins:
        raise RuntimeError(f"the build did not print '{FITS_FROM}' and '{SITE_FROM}'")
    return begins[0], begins[1] - begins[0], run.seconds - begins[1]


def by_topic(lines: list[str]) -> str:
    """The last lines of the fits, seconds by topic, as a Markdown table; says so where there are none."""
    first = next((place for place, text in enumerate(lines) if text.startswith(BY_TOPIC)), None)
    if first is None:
        return "The build printed no seconds by topic.\n"
    rows = []
    for text in lines[first:]:
        cells = text.split()
        if len(cells) != len(lines[first].split()):
            break
        rows.append(f"| {' | '.join(cells)} |")
    rows.insert(1, "|---" * len(lines[first].split()) + "|")
    last = lines[first + len(rows) - 1] if first + len(rows) - 1 < len(lines) else ""
    words = "Seconds of the cold build by topic, of all processes together"
    return f"## By topic\n\n{words}. {last}\n\n" + "\n".join(rows) + "\n"


def with_hole(note: str, hole: str) -> str:
    return "; ".join(filter(None, [note, hole and f"with a hole: {hole}"]))


def stored(place: Place) -> Part:
    """What the fits of the book take on disk."""
    files = [path for path in (place.folder / ".cache/fits").rglob("*") if path.is_file()]
    if not files:
        raise RuntimeError("no fit is stored")
    return Part({"store": Found(sum(path.stat().st_size for path in files) / 1e6, f"{len(files)} files")})


def again(key: str, change: Callable[[Path], None] = lambda folder: None) -> Callable[[Place], Part]:
    """A step that changes the clone and builds the book again."""

    def step(place: Place) -> Part:
        place.need_site()
        change(place.folder)
        run = place.run("make", "book")
        return Part({key: Found(run.seconds, with_hole("", run.hole))})

    return step


def quick(_: Place) -> Part:
    """A draft in a clone of its own, where nothing is compiled and nothing stored; and again after another prior."""
    with clone() as place:
        place.run("make", "setup")
        first = place.run("make", "quick", weigh=True)
        changes.prior(place.folder)
        again = place.run("make", "quick")
    stored = "draws that come with the book"
    return Part(
        {
            "quick": Found(first.seconds, stored),
            "quick-memory": Found(first.peak / 1e9, "processes together, at the worst moment"),
            "quick-prior": Found(again.seconds, f"the model and its variant are sampled, the others have {stored}"),
        }
    )


CHANGES = {"moved": changes.moved, "renamed": changes.renamed, "unit": changes.unit, "topic": changes.topic}


def unsampled(place: Place, *fits: str) -> Part:
    """Fits that would be sampled after each of the `CHANGES`; one by one only where all together make a difference."""

    def after(*makes: Callable[[Path], None]) -> int:
        place.restore()
        for change in makes:
            change(place.folder)
        try:
            return would_be_sampled(place.run(COMMAND, "fit", "--dry-run", *fits))
        finally:
            place.restore()

    place.need_site()
    if together := after(*CHANGES.values()):
        note = f"alone; {together} after all four"
        return Part({key: Found(after(change), note) for key, change in CHANGES.items()})
    return Part({key: Found(0, "after all four changes at once") for key in CHANGES})


def would_be_sampled(run: Run) -> int:
    """How many fits a dry run would sample, those of the topic that is new left out."""
    lines = [text for _, text in run.lines]
    counts = [match for match in map(COUNT.match, lines) if match]
    if not counts:
        raise RuntimeError("the dry run did not say how many fits would be sampled")
    names = [match[1] for match in map(WOULD.match, lines) if match]
    return int(counts[-1][1]) - sum(name.partition("/")[0] == changes.ANOTHER for name in names)


def second_clone(place: Place) -> Part:
    """Fits that another clone would sample which shares the store of the first."""
    place.need_site()
    place.restore()
    with clone() as second:
        second.run("make", "setup")
        run = second.run(COMMAND, "fit", "--dry-run", JINGJINJI_STORE=str(place.folder / ".cache/fits"))
    return Part({"second": Found(would_be_sampled(run))})


def page_weight(place: Place) -> Part:
    """What a first visit to the chapter transfers, each file compressed, seen by a real browser."""
    sys.path.insert(0, str(PROJECT / "tests" / "site"))
    from playwright.sync_api import sync_playwright
    from site_checks import BROWSER_ARGUMENTS, BROWSERS, PHONE, served, visit

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise RuntimeError("there is no Chromium")
    place.need_site()
    with sync_playwright() as playwright, served(place.folder / "_build/html") as address:
        browser = playwright.chromium.launch(executable_path=program, args=BROWSER_ARGUMENTS)
        seen = visit(browser, f"{address}chapters/pm25-decline.html", (PHONE,))
        browser.close()
    return Part({"weight": Found(seen.weight / 1e6, f"{len(seen.requested)} files")})
