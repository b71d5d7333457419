"""A region's folder: written whole or not at all from what a user gives, found, completed, removed.

It is a project of its own: descriptor, tables, pages, results, fits and site, and nothing anywhere else.
"""

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jingjinji
from jingjinji.core import descriptor, intake, parts, writing
from jingjinji.core.descriptor import Descriptor
from jingjinji.core.errors import BookError, DataError
from jingjinji.core.intake import Months, Official, Weather

REFERENCES = "references.bib"
TRUTH = "truth.json"
"""Of a made-up region what was put in; pages read it only where somebody asks for it."""
COMPILED = "pytensor/numba"
"""Where in a cache the compiled operations of models are."""
TEMPLATE = Path(__file__).with_name("region_template")
CHAPTER, OF_TRUTH, TOC = "chapters/decline.md", "chapters/truth.md", "_toc.yml"
LISTED = r"(?m)^( *)- file: {}(\.md)?[ \t]*\n"
"""The line of a table of contents that names a page."""
WRITTEN_FOR = re.compile(r"(?m)^written_for: (.*)$")
"""The line of the chapter's head that says of which parts it tells."""
BLOCK = re.compile(r"(?m)^%% (?P<word>if|unless) (?P<part>[a-z-]+)\n(?P<text>(?:(?!%% ).*\n)*)%% end\n")
MARK = re.compile(r"%%(?P<what>[a-z-]+)%%")
SIGNS = re.compile(r"([!-/:-@\[-`{-~])")
"""Signs that Markdown could take for more than themselves."""


@dataclass(frozen=True)
class Given:
    """What a user gives of a region."""

    about: Descriptor
    months: Months
    official: Official | None
    weather: Weather | None


def root() -> Path:
    """Where regions are: the folder that JINGJINJI_REGIONS names, by default ``regions/`` of the book.

    Where the package is installed there is no folder of the book, and it is ``regions/`` of the working folder.
    """
    if descriptor.of(jingjinji.PROJECT):
        raise BookError(f"{jingjinji.PROJECT} is itself a region: run the command in the book")
    book = Path.cwd() if jingjinji.CARRIED.resolve() == jingjinji.PROJECT else jingjinji.PROJECT
    return Path(os.environ.get("JINGJINJI_REGIONS") or book / "regions").resolve()


def refuse_name(name: str) -> None:
    """Raise BookError for a name that no folder may have, or that a region or something else has already."""
    if not re.fullmatch("[a-z][a-z0-9-]{0,39}", name):
        raise BookError(
            f"'{name[:60]}' cannot name a region: expected a small letter and then at most 39 small letters, digits or "
            "hyphens"
        )
    place = root() / name
    if (place / descriptor.FILE).is_file():
        raise BookError(
            f"there is a region '{name}' already: choose another name, or remove it with 'jingjinji region remove "
            f"{name}'"
        )
    if os.path.lexists(place):
        raise BookError(
            f"there is something else at {place}, without a {descriptor.FILE}: choose another name, or move it away"
        )


def all_regions() -> list[Path]:
    """The folders of all regions, by name."""
    return sorted(file.parent for file in root().glob(f"[a-z]*/{descriptor.FILE}"))


def existing(name: str) -> Path:
    """The folder of a region; raises BookError where there is none of that name."""
    found = {place.name: place for place in all_regions()}
    if name not in found:
        known = f"expected one of {', '.join(found)}" if found else "there is none yet"
        raise BookError(f"there is no region '{name[:60]}': {known}")
    return found[name]


@contextmanager
def _writing() -> Iterator[None]:
    """Tell in one sentence where a folder of regions cannot be written; BookError instead of such an OSError."""
    try:
        yield
    except OSError as error:
        if error.errno not in writing.CLOSED:
            raise
        raise BookError(
            f"{error.filename2 or error.filename or root()} cannot be read or written ({error.strerror}): make it so, "
            "or have JINGJINJI_REGIONS name a folder that can be written"
        ) from None


@_writing()
def create(name: str, given: Given, truth: dict | None = None) -> Path:
    """Write a region's folder beside and rename it when it is whole; returns where it is."""
    place = root() / name
    aside = place.with_name(f".{name}.{uuid.uuid4().hex}.part")
    try:
        _fill(aside, place, given, truth)
        aside.rename(place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        _remove_empty(root())
    return place


@_writing()
def complete(place: Path, truth: bool = False) -> None:
    """Write pages of a region that are not there.

    Raises BookError, before anything is written, where the descriptor contradicts the tables, where a page cannot be
    read, and where the chapter was written for other parts.

    truth : whether a made-up region is to have a page that folds out its truth.
    """
    about = refuse_contradictions(place)
    told = has(about, _columns(place))
    if truth and not (place / TRUTH).is_file():
        raise BookError(f"region '{place.name}' was not made up: nobody knows its truth")
    made = pages(about, told, place)
    if not truth:
        del made[OF_TRUTH]
    there = {file: _own(place / file) for file in made if (place / file).exists()}
    found = WRITTEN_FOR.search(there.get(CHAPTER, ""))
    if found and not found[1].split() == told:
        raise BookError(
            f"{place / CHAPTER} was written for a region with {found[1]}, which has now {' '.join(told)}: delete the "
            "file, and it is written anew, or correct its line 'written_for'"
        )
    new = {file: text for file, text in made.items() if file not in there}
    if truth:
        toc = (there | new)[TOC]
        if (listed := _with_truth(place, toc)) != toc:
            new[TOC] = listed
    for file, text in new.items():
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        writing.replace(place / file, text)


def refuse_contradictions(place: Path) -> Descriptor:
    """The descriptor of a region; DataError where it says what the region's tables do not hold, as at its making."""
    about, data = descriptor.read(place / descriptor.FILE), place / "data"
    months = intake.read_months(data / "city_month.csv", about.starts)
    if missing := [city for city in months.cities if city not in about.cities]:
        raise DataError(
            f"{descriptor.FILE}, cities: found no {missing[0]}, expected every city of {months.file}; add it, or make "
            "the region again without it"
        )
    about = descriptor.fitted(about, months, descriptor.FILE)
    parts.choose_years(months, about.years, about.starts, f"{descriptor.FILE}, years")
    official = weather = None
    if (data / "area_year.csv").is_file():
        parts.refuse_official("area_year.csv", about.starts)
        official = intake.read_official(data / "area_year.csv", months, about.areas)
    if (data / "weather_month.csv").is_file():
        weather = intake.read_weather(data / "weather_month.csv", months)
    parts.of(months, about, official, weather)
    return about


def _with_truth(place: Path, toc: str) -> str:
    """A table of contents with the page of the truth below the chapter; BookError where that is not found."""
    chapter, truth = CHAPTER.removesuffix(".md"), OF_TRUTH.removesuffix(".md")
    if re.search(LISTED.format(truth), f"{toc}\n"):
        return toc
    toc = toc if toc.endswith("\n") else f"{toc}\n"
    if not re.search(LISTED.format(chapter), toc):
        raise BookError(
            f"{place / TOC} has no line '- file: {chapter}', expected one to put the truth below; write the line "
            f"'- file: {truth}' where the page is to stand"
        )
    return re.sub(LISTED.format(chapter), rf"\g<0>\g<1>- file: {truth}\n", toc, count=1)


def _own(file: Path) -> str:
    """A page that is the user's own; BookError where it is no text in UTF-8."""
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        row = error.object[: error.start].count(b"\n") + 1
        raise BookError(
            f"{file}, row {row}: found byte 0x{error.object[error.start]:02x} that is not UTF-8, expected text in "
            "UTF-8; save the file so, or delete it, and it is written anew"
        ) from None


@_writing()
def lend_compiled(place: Path) -> None:
    """Give a region the operations that the book has compiled, most of which its model has too.

    They are links, so they take no room, and the book keeps them when the region goes.
    """
    theirs, own = jingjinji.CACHE / COMPILED, place / ".cache" / COMPILED
    if own.exists() or not theirs.is_dir():
        return
    aside = own.with_name(f"{own.name}.{uuid.uuid4().hex}.part")
    aside.mkdir(parents=True)
    for file in theirs.glob("*.nb[ic]"):
        try:
            os.link(file, aside / file.name)
        except FileNotFoundError:  # replaced by a fit that is compiling now
            continue
        except OSError:  # another disk
            shutil.copy2(file, aside / file.name)
    aside.rename(own)


@_writing()
def remove(place: Path) -> None:
    """Remove a region's folder and, where it was the last one, that of the regions."""
    shutil.rmtree(place)
    _remove_empty(place.parent)


def _remove_empty(regions: Path) -> None:
    """Leave no empty folder in the book."""
    if regions == jingjinji.PROJECT / "regions" and regions.is_dir() and not any(regions.iterdir()):
        regions.rmdir()


def has(about: Descriptor, tables: Mapping[str, Iterable[str]]) -> list[str]:
    """Which parts the chapter of a region tells of, sorted; tables : name -> columns."""
    measured = {*parts.TO_CONVERT} <= {*tables.get("weather_month", ())}
    there = {
        "months": True,
        "forecast": about.forecasts,
        "areas": bool(about.areas),
        "latitude": parts.has_latitude(about),
        "weather": "weather_month" in tables,
        "weather-rates": "weather_month" in tables and parts.tells_rates(*about.years),
        "official": "area_year" in tables,
        "procedure": bool(about.procedure),
        "ruler": bool(about.ruler),
        "converted": bool(about.ruler) and measured,
        "two-rulers": about.ruler_between and not measured,
        "made-up": about.made_up,
        "about": bool(about.about),
        "split": about.starts != 1,
    }
    return sorted(part for part, is_there in there.items() if is_there)


def pages(about: Descriptor, told: list[str], place: Path) -> dict[str, str]:
    """Every file of the template with the parts that are told, by its place in a region's folder; and sources."""
    words = {
        "title": _plain(about.title),
        "about": _plain(about.about),
        "name": place.name,
        "written-for": " ".join(told),
        "toml-title": json.dumps(about.title, ensure_ascii=False),
    }
    return {
        str(file.relative_to(TEMPLATE)): rendered(file.read_text("utf-8"), told, words)
        for file in sorted(TEMPLATE.rglob("*"))
        if file.is_file() and file.suffix in (".md", ".yml")
    } | {REFERENCES: (jingjinji.HOME / REFERENCES).read_text("utf-8")}


def rendered(text: str, told: Iterable[str], words: dict[str, str]) -> str:
    """A text of the template: passages between ``%% if PART`` (or ``unless``) and ``%% end`` stay or go, words go in.

    Passages lie within one another: the inner ones are decided first. Raises ValueError for a mark that is left over.
    """
    told = {*told}
    while BLOCK.search(text):
        text = BLOCK.sub(lambda m: m["text"] if (m["part"] in told) == (m["word"] == "if") else "", text)
    text = MARK.sub(lambda match: words[match["what"]], text)
    if left := re.search(r"(?m)^%% .*$", text):
        raise ValueError(f"the template has '{left[0]}' without its other end")
    return text


def _fill(aside: Path, place: Path, given: Given, truth: dict | None) -> None:
    (aside / "data").mkdir(parents=True)
    (aside / descriptor.FILE).write_text(descriptor.write(given.about), encoding="utf-8")
    tables = _tables(given)
    for name, (header, rows, _) in tables.items():
        (aside / f"data/{name}.csv").write_bytes(_csv(header, rows))
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": place.name,
        "title": f"{given.about.title}: tables",
        "description": "Tables that a user gave, checked; of the months, those without a measurement are left out.",
        "licenses": [{"name": "see-sources", "title": "see the sources of each table"}],
        "resources": [_resource(aside, name, about, given) for name, (_, _, about) in tables.items()],
    }
    text = json.dumps(package, indent=1, ensure_ascii=False) + "\n"
    (aside / "data/datapackage.json").write_text(text, encoding="utf-8")
    if truth is not None:
        (aside / TRUTH).write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for file, text in pages(
        given.about, has(given.about, {name: header for name, (header, _, _) in tables.items()}), place
    ).items():
        if file == OF_TRUTH:
            continue
        (aside / file).parent.mkdir(parents=True, exist_ok=True)
        (aside / file).write_text(text, encoding="utf-8")


def _tables(given: Given) -> dict[str, tuple[list[str], list[list], dict]]:
    """Name -> header, rows and what the data package says of each table that there is."""
    months = given.months
    of_cities = [[city, month, f"{months.cells[city, month]:g}"] for city in months.cities for month in months.months
                 if (city, month) in months.cells]  # fmt: skip
    made = {"city_month": (["city", "month", "pm25"], of_cities, {
        "title": "PM2.5 of cities by month",
        "description": f"Monthly means of {len(months.cities)} cities, {months.months[0]} to {months.months[-1]}.",
        "known_issues": [f"{intake.missing_words(months).capitalize()}."],
        "primaryKey": ["city", "month"],
        "fields": [
            _text_field("city", "City.", list(months.cities)),
            _month_field(),
            _number_field("pm25", "Mean concentration of PM2.5 in the month.", "µg/m³", *intake.PM25),
        ],
    })}  # fmt: skip
    if given.official:
        rows = [[area, str(year), f"{mean:g}", _plain_number(rounding)]
                for area, year, mean, rounding in given.official.rows]  # fmt: skip
        years = [year for _, year, _, _ in given.official.rows]
        made["area_year"] = (["area", "year", "pm25", "rounding"], rows, {
            "title": "Official annual means of PM2.5",
            "description": f"Annual means of cities and areas; '{intake.ALL}' is the mean of all cities.",
            "known_issues": [],
            "primaryKey": ["area", "year"],
            "fields": [
                _text_field("area", "City or area.", sorted({row[0] for row in rows})),
                {"name": "year", "type": "integer", "description": "Calendar year.",
                 "constraints": {"required": True, "minimum": min(years), "maximum": max(years)}},
                _number_field("pm25", "Annual mean as published.", "µg/m³", *intake.PM25),
                _number_field("rounding", "Half the width of what rounding leaves open.", "µg/m³", 0, 50),
            ],
        })  # fmt: skip
    if given.weather:
        values = given.weather.values
        known = [month for month in months.months if any(month in of for of in values.values())]
        rows = [[month, *(_plain_number(of[month]) if month in of else "" for of in values.values())]
                for month in known]  # fmt: skip
        made["weather_month"] = (["month", *values], rows, {
            "title": "Weather of the region by month",
            "description": "Monthly means that stand for the whole region.",
            "known_issues": [],
            "primaryKey": ["month"],
            "fields": [_month_field(), *(
                _number_field(name, f"Mean of the month, {name.replace('_', ' ')}.", intake.WEATHER[name][2],
                              *intake.WEATHER[name][:2], required=False) for name in values)],
        })  # fmt: skip
    return made


def _resource(aside: Path, name: str, about: dict, given: Given) -> dict:
    """How the data package describes a table, with sha256, bytes and rows of its file."""
    content = (aside / f"data/{name}.csv").read_bytes()
    told = given.about.source if name == "city_month" else {}
    file = {"city_month": given.months, "area_year": given.official, "weather_month": given.weather}[name].file
    source = {
        "name": "given",
        "title": told.get("title") or f"{file}, given by the user",
        "publisher": told.get("publisher") or "not told",
        "license": told.get("license") or "not told",
    }
    source |= {key: told[key] for key in ("path", "note") if told.get(key)}
    return {
        "name": name,
        "type": "table",
        "path": f"{name}.csv",
        "title": about["title"],
        "description": about["description"],
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "bytes": len(content),
        "rows": content.count(b"\n") - 1,
        "sources": [source],
        "licenses": [
            {"name": "as-told", "title": told.get("license") or "not told: ask the source before you publish"}
        ],
        "known_issues": about["known_issues"],
        "schema": {
            "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
            "fields": about["fields"],
            "missingValues": [""],
            "primaryKey": about["primaryKey"],
        },
    }


def _text_field(name: str, what: str, allowed: list[str]) -> dict:
    return {"name": name, "type": "string", "description": what, "constraints": {"required": True, "enum": allowed}}


def _month_field() -> dict:
    pattern = "(19|20)\\d{2}-(0[1-9]|1[0-2])"
    return {"name": "month", "type": "string", "description": "Month, YYYY-MM.",
            "constraints": {"required": True, "pattern": pattern}}  # fmt: skip


def _number_field(name: str, what: str, unit: str, low: float, high: float, required: bool = True) -> dict:
    limits = {"minimum": low, "maximum": high} | ({"required": True} if required else {})
    return {"name": name, "type": "number", "description": what, "unit": unit, "constraints": limits}


def _plain_number(value: float) -> str:
    """A number as `intake` reads it again: without an exponent."""
    text = f"{value:g}"
    return f"{value:.15f}".rstrip("0").rstrip(".") if "e" in text else text


def _csv(header: list[str], rows: list[list[str]]) -> bytes:
    """Rows as csv with line ends of one kind; a cell with a comma is quoted."""
    lines = [",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in [header, *rows]]
    return ("\n".join(lines) + "\n").encode()


def _columns(place: Path) -> dict[str, list[str]]:
    """The tables of a region's data package, name -> columns; BookError where it cannot be read."""
    path = place / "data/datapackage.json"
    try:
        resources = json.loads(path.read_text("utf-8"))["resources"]
        return {resource["name"]: [field["name"] for field in resource["schema"]["fields"]] for resource in resources}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BookError(f"{path} cannot be read ({type(error).__name__}): make the region again") from None


def _plain(text: str) -> str:
    """A text as Markdown that shows it as it is."""
    return SIGNS.sub(r"\\\1", text)
