"""Three editions of one source: readers fold solutions out, students get none, instructors get everything.

What an edition must not hold is taken away before Sphinx reads a page: an edition is built from a copy of the pages, so
its sources, downloads, notebooks, search index and caches are made without it.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from jingjinji.core import writing
from jingjinji.core.errors import BookError
from jingjinji.teaching.exercises import (
    FOR_TEACHERS,
    MINUTES,
    NOTES,
    PLAN,
    SOLUTION,
    TITLES,
    Exercise,
    exercises,
    parts,
    plan,
    sections,
)  # fmt: skip

READER, STUDENT, INSTRUCTOR = EDITIONS = ("reader", "student", "instructor")
HIDDEN = {READER: (NOTES, PLAN), STUDENT: (SOLUTION, NOTES, PLAN, MINUTES), INSTRUCTOR: ()}
"""Titles of the parts that an edition leaves out; the student's leaves out the sections `FOR_TEACHERS` too."""
CONFIG, CONTENTS = "_config.yml", "_toc.yml"
LINKED = (CONTENTS, "_static", "data", "results", "references.bib", "CITATION.cff", "requirements.lock")
"""What a build needs beside the pages and their configuration; links to the project lead there."""
BUTTONS = ("use_repository_button", "use_edit_page_button", "use_issues_button")
"""Buttons of a page that lead to the repository."""
PAGES = (".md", ".ipynb")
ADDRESSES = {"JINGJINJI_SITE": ("html", "baseurl"), "JINGJINJI_CODE": ("repository", "url")}
"""Environment variables that say where the reader's edition will stand and where its code is, and what they set."""


def pages(project: Path) -> list[Path]:
    """The pages that the table of contents names, below the project's folder, in its order.

    Raises BookError for a page that is not there.
    """
    found = []
    for name in _named(yaml.safe_load((project / CONTENTS).read_text("utf-8"))):
        places = [Path(name), *(Path(f"{name}{end}") for end in PAGES)]
        there = next((place for place in places if (project / place).is_file()), None)
        if there is None:
            raise BookError(f"{CONTENTS} names '{name}', and there is no such page: correct the name or write the page")
        found.append(there)
    return found


def exercises_of(project: Path) -> dict[Path, list[Exercise]]:
    """Page -> its exercises, of the pages that have some; raises as `exercises` does."""
    texts = {page: (project / page).read_text("utf-8") for page in pages(project) if page.suffix == ".md"}
    found = {page: exercises(text, page.as_posix()) for page, text in texts.items()}
    return {page: made for page, made in found.items() if made}


def gated(text: str, page: str, edition: str) -> str:
    """A page as an edition has it.

    In the reader's, lines keep their numbers, so that messages name those of the source. Raises
    BookError, with the line, where the page's exercises are not whole (`exercises.exercises`).
    """
    made, lesson = exercises(text, page), plan(text, page)
    lines = text.split("\n")
    if edition == INSTRUCTOR and lesson and made:
        lines[lesson.last - 1] = f"{_sum(made)}\n{lines[lesson.last - 1]}"
    left_out = [part for part in parts(text, page, (*TITLES, MINUTES)) if part.title in HIDDEN[edition]]
    if edition == STUDENT:
        left_out += sections(text, FOR_TEACHERS)
    for part in left_out:
        lines[part.first - 1 : part.last] = [None] * (part.last - part.first + 1)
    if edition == READER:
        return "\n".join(line or "" for line in lines)
    return "\n".join(line for line in lines if line is not None)


def refuse_faulty(project: Path) -> None:
    """Raise BookError for a page whose exercises are not whole or a wrong address, before anything takes time."""
    for page in pages(project):
        _page(project, page, READER)
    for variable in ADDRESSES:
        _address(variable)


def write(project: Path, folder: Path, edition: str) -> None:
    """Write the sources of an edition into a folder of its own; what is there already and the same is left alone.

    Raises BookError as `pages` and `gated` do; nothing is written then.
    """
    made = {folder / page: _page(project, page, edition) for page in pages(project)}
    made[folder / CONFIG] = _configuration(project, edition)
    beside = {folder / page.parent for page in pages(project)} - {folder}
    links = {folder / name: project / name for name in LINKED if (project / name).exists()}
    for place in beside:
        links |= {place / file.name: file for file in (project / place.relative_to(folder)).iterdir()
                  if file.is_file() and file.suffix not in PAGES}  # fmt: skip
    for place in list(_files(folder)):
        if place not in made and not (place in links and place.is_symlink()):
            place.unlink()
    for place, text in made.items():
        if not place.is_file() or place.read_text("utf-8") != text:
            place.parent.mkdir(parents=True, exist_ok=True)
            writing.replace(place, text)
    for place, target in links.items():
        if not (place.is_symlink() and place.readlink() == target):
            place.unlink(missing_ok=True)
            place.symlink_to(target)


def _named(contents) -> Iterator[str]:
    """Every page that a table of contents names, at whatever depth."""
    if isinstance(contents, list):
        for entry in contents:
            yield from _named(entry)
    elif isinstance(contents, dict):
        yield from (contents[key] for key in ("root", "file") if key in contents)
        for entry in contents.values():
            yield from _named(entry)


def _page(project: Path, page: Path, edition: str) -> str:
    text = (project / page).read_text("utf-8")
    return gated(text, page.as_posix(), edition) if page.suffix == ".md" else text


def _configuration(project: Path, edition: str) -> str:
    """The book's configuration, which names the edition; executed pages are kept where the project keeps them.

    They hold code and its output alone, and a page has the same code in every edition, that of lessons excepted: what
    one edition has run, the others need not run. The addresses of site and repository, which the environment may name
    (`ADDRESSES`), are those of the reader's edition, where solutions are, so no other edition has them.
    """
    config = yaml.safe_load((project / CONFIG).read_text("utf-8"))
    own = config.setdefault("sphinx", {}).setdefault("config", {})
    own["jingjinji_edition"] = edition
    if edition == READER:
        for variable, (section, key) in ADDRESSES.items():
            if address := _address(variable):
                config[section] = (config.get(section) or {}) | {key: address}
    else:
        config["html"] = (config.get("html") or {}) | {"baseurl": ""} | dict.fromkeys(BUTTONS, False)
        config["repository"] = (config.get("repository") or {}) | {"url": ""}
        own.pop("html_baseurl", None)
        (own.get("html_theme_options") or {}).pop("repository_url", None)
    if config.get("execute", {}).get("cache"):
        config["execute"]["cache"] = str(project / config["execute"]["cache"])
    return yaml.safe_dump(config, allow_unicode=True, sort_keys=False)


def _address(variable: str) -> str:
    """The address that an environment variable holds, or nothing; raises BookError for what is none."""
    address = os.environ.get(variable, "").strip()
    if address and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", address):
        raise BookError(f"{variable} is '{address}': expected an address that begins with https://, or nothing")
    return address


def _files(folder: Path) -> Iterator[Path]:
    """Every file and every link in a folder and below it; links are not followed."""
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in files)
        yield from (Path(place, name) for name in folders if Path(place, name).is_symlink())


def _sum(made: list[Exercise]) -> str:
    minutes, points = sum(one.minutes for one in made), sum(one.points for one in made)
    return f"\n**Exercises.** {len(made)}, {minutes} minutes and {points} points in all."
