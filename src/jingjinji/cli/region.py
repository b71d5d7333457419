"""``jingjinji region``: a small book on somebody's own region: check its csv, write its folder, build it, remove it."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from jingjinji.cli import region_folder as folder
from jingjinji.core import descriptor, intake, parts
from jingjinji.core.descriptor import Descriptor
from jingjinji.core.errors import BookError, DataError
from jingjinji.teaching import editions

OF_THE_BOOK = ("base_compiledir", "numba__fastmath")
"""Flags of PyTensor that the book sets itself when it is imported."""
app = typer.Typer(name="region", help="A small book on your own region, from a csv file.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the region's folder: small letters, digits and hyphens.")]
Official = Annotated[Path | None, typer.Option("--official", help="csv with area, year, pm25: official annual means.")]
Weather = Annotated[
    Path | None,
    typer.Option("--weather", help="csv with month and some of temperature, pressure, wind, dew_point."),
]
About = Annotated[
    Path | None,
    typer.Option(
        "--descriptor", help="Title, latitudes, areas, source; by default a .toml of the csv's name beside it."
    ),
]
Title = Annotated[str, typer.Option("--title", help="What the region is called on its pages.")]
Break = Annotated[
    str, typer.Option("--break", metavar="YYYY-MM", help="First month told in the air as it is, as China's 2018-09.")
]
Starts = Annotated[
    int | None,
    typer.Option("--starts", min=1, max=12, help="Month in which compared years begin; January by default."),
]
Years = Annotated[
    str, typer.Option("--years", metavar="FIRST:LAST", help="Years to compare; all whole ones by default.")
]


@app.command()
def check(
    csv: Annotated[Path, typer.Argument(help="csv with the columns city, month (YYYY-MM), pm25 (µg/m³).")],
    official: Official = None,
    weather: Weather = None,
    about: About = None,
    ruler: Break = "",
    starts: Starts = None,
    years: Years = "",
) -> None:
    """Say what a csv file holds, and what could be fitted with it and what not; nothing is written."""
    about = about or _beside(csv)
    given = _given(csv, official, weather, about, "", ruler, starts, years)
    for line in _said(given, about):
        print(line)


@app.command()
def new(
    name: Name,
    csv: Annotated[Path, typer.Option("--from", help="csv with the columns city, month (YYYY-MM), pm25 (µg/m³).")],
    official: Official = None,
    weather: Weather = None,
    about: About = None,
    title: Title = "",
    ruler: Break = "",
    starts: Starts = None,
    years: Years = "",
) -> None:
    """Check csv files and write a region's folder: descriptor, tables, pages. No code is edited, nothing is sampled."""
    folder.refuse_name(name)
    about = about or _beside(csv)
    given = _given(csv, official, weather, about, title, ruler, starts, years)
    for line in _said(given, about):
        print(line)
    place = folder.create(name, given)
    print(f"{place} is written: build it with 'jingjinji region build {name}'")


@app.command()
def simulate(
    name: Name,
    places: Annotated[int, typer.Option(min=2, max=intake.MOST_CITIES, help="How many cities.")] = 8,
    years: Annotated[int, typer.Option(min=2, max=20, help="How many whole years.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another region.")] = 1,
    decline: Annotated[
        float | None,
        typer.Option(
            min=-95,
            max=200,
            help="Lasting change from the first year to the last, %; by default drawn with the seed, mostly a fall.",
        ),
    ] = None,
    title: Title = "",
) -> None:
    """Make up a region whose truth is known, and write its folder; the truth stands apart, for whoever asks."""
    folder.refuse_name(name)
    from jingjinji.cli import made_up

    if decline is None:
        decline = made_up.likely(years, seed)
    fastest = made_up.fastest(years)
    if not fastest[0] <= decline <= fastest[1]:
        raise BookError(
            f"--decline is {decline:g} % in {years} years: expected {fastest[0]:.0f} to {fastest[1]:.0f} %, because "
            "the model's prior draws a larger change back so far that its intervals would miss more than they say; "
            "choose a smaller one or more years"
        )
    record, truth = made_up.region(places, years, seed, decline)
    title = title or f"A made-up region, {name}"
    made = Descriptor(title=title, made_up=True, about=made_up.ABOUT, source=made_up.SOURCE)
    made = descriptor.fitted(made, record, descriptor.FILE)
    made = replace(made, years=parts.choose_years(record, None, 1, "the made-up record"))
    place = folder.create(name, folder.Given(made, record, None, None), truth)
    print(f"{place} is written, with its truth in {folder.TRUTH}: build it with 'jingjinji region build {name}'")


@app.command()
def build(
    name: Name,
    quick: Annotated[bool, typer.Option("--quick", help="Few draws, for drafts; never for publication.")] = False,
    truth: Annotated[bool, typer.Option("--truth", help="Add a page that folds out a made-up region's truth.")] = False,
) -> None:
    """Sample what is missing, build the region's site, say where it is."""
    place = folder.existing(name)
    folder.complete(place, truth)
    folder.lend_compiled(place)
    command = [sys.executable, "-m", "jingjinji.cli.main", "book", *(["--quick"] if quick else [])]
    code = subprocess.run(command, env=environment(place)).returncode
    if code:
        raise BookError(f"region '{name}' was not built whole: the reason stands above")
    print(place / ("_build/quick/_build/html/index.html" if quick else "_build/html/index.html"))


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove a region's folder with its tables, pages, fits and site: nothing of it is anywhere else."""
    place = folder.existing(name)
    if not yes:
        typer.confirm(f"Remove {place} with all that is in it?", abort=True)
    folder.remove(place)
    print(f"{place} is gone")


@app.command("list")
def list_regions() -> None:
    """List the regions: name, title, cities, years."""
    found = folder.all_regions()
    for place in found:
        try:
            made = descriptor.read(place / descriptor.FILE)
            print(f"{place.name}: {made.title}, {len(made.cities)} cities, {made.period}")
        except DataError as error:
            print(f"{place.name}: {error}")
    if not found:
        print(f"{folder.root()} has no region: make one with 'jingjinji region new' or 'jingjinji region simulate'")


def environment(place: Path) -> dict[str, str]:
    """For a process whose project is a region: its fits and caches lie in its own folder."""
    of_another = ("JINGJINJI_STORE", "NUMBA_CACHE_DIR", *editions.ADDRESSES)
    kept = {name: value for name, value in os.environ.items() if name not in of_another}
    flags = kept.get("PYTENSOR_FLAGS", "").split(",")
    kept["PYTENSOR_FLAGS"] = ",".join(flag for flag in flags if flag and not flag.startswith(OF_THE_BOOK))
    return kept | {"JINGJINJI_PROJECT": str(place), "JINGJINJI_CACHE": str(place / ".cache")}


def _beside(csv: Path) -> Path | None:
    """The descriptor of a csv's name beside it, if there is one."""
    file = csv.parent / f"{csv.stem}.toml"
    return file if file.is_file() else None


def _given(
    csv: Path,
    official: Path | None,
    weather: Path | None,
    about: Path | None,
    title: str,
    ruler: str,
    starts: int | None,
    years: str,
) -> folder.Given:
    """All that a user gives of a region, checked; raises DataError with the first fault."""
    made = descriptor.read(about) if about else Descriptor()
    if made.made_up:
        raise DataError(f"{about.name}: found made_up = true, expected a region that was measured; remove the line")
    if ruler and not intake.MONTH.fullmatch(ruler):
        raise BookError(f"--break is '{ruler}': expected a month as YYYY-MM, for instance 2018-09")
    if title and (len(title) > 100 or set(title) & descriptor.MARKUP or not title.isprintable()):
        raise BookError(f"--title is '{title[:60]}': expected a plain text of at most 100 characters")
    starts = starts or made.starts
    months = intake.read_months(csv, starts)
    made = descriptor.fitted(made, months, about.name if about else descriptor.FILE)
    title = title or made.title or " ".join(re.findall(r"\w+", csv.stem)).replace("_", " ").capitalize()
    chosen = parts.choose_years(months, _years(years, made.years), starts, "--years" if years else "years")
    made = replace(made, title=title, ruler=ruler or made.ruler, starts=starts, years=chosen)
    if official:
        parts.refuse_official(official.name, starts)
    means = intake.read_official(official, months, made.areas) if official else None
    air = intake.read_weather(weather, months) if weather else None
    return folder.Given(made, months, means, air)


def _years(text: str, told: tuple[int, int]) -> tuple[int, int] | None:
    """The years that are asked for on the command line, or else in a descriptor; None for none."""
    if not text:
        return told if any(told) else None
    if not re.fullmatch(r"\d{4}:\d{4}", text, re.ASCII):
        raise BookError(f"--years is '{text}': expected FIRST:LAST in whole years, for instance 2015:2019")
    return int(text[:4]), int(text[5:])


def _said(given: folder.Given, descriptor_file: Path | None) -> list[str]:
    """What was found and what could be fitted with it, a line each."""
    months, made = given.months, given.about
    told = parts.of(months, made, given.official, given.weather)
    files = [given.months, *filter(None, (given.official, given.weather))]
    lines = [
        f"{months.file}: {len(months.cities)} cities, {len(months.months)} months from {months.months[0]} to "
        f"{months.months[-1]}, {len(months.cells):,} measured city-months; {intake.missing_words(months)}"
    ]
    if descriptor_file:
        lines.append(f"{descriptor_file.name}: what it says of the region is used")
    lines += [f"{file.file}: column {', '.join(file.ignored)} is not used" for file in files if file.ignored]
    whole = [made.year(year) for year in months.whole_years(made.starts)]
    every = dict.fromkeys(made.year(intake.year_of(month, made.starts)) for month in months.months)
    broken = [year for year in every if year not in whole]
    more = f"; months of {', '.join(broken)} inform the fit, and no annual mean is made of them" if broken else ""
    lines.append(f"whole years: {', '.join(whole)}{more}")
    lines += [f"could be fitted: {words}" for words in told.has.values()]
    lines += [f"not: {words}" for words in told.lacks.values()]
    return lines
