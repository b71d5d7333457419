"""``region.toml``: what a region is called, its cities, areas and years, and when its ruler changed.

A folder with such a file is a project of its own: its model, pages and results are those of that region.
"""

import json
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from jingjinji.core import intake
from jingjinji.core.errors import DataError
from jingjinji.core.texts import HIDDEN

FILE = "region.toml"
LIMITS = {"latitude": (-90.0, 90.0, "degrees north"), "height": (-500.0, 6000.0, "metres")}
"""What may be told of a city as a number -> limits and unit."""
OF_CITY = (*LIMITS, "local")
OF_SOURCE = ("title", "publisher", "path", "license", "note")
FORECAST_YEARS = 3
"""Whole years that it takes to ask a model of the last for its forecast."""
MARKUP = set("<>{}`|\\$")


@dataclass(frozen=True)
class Descriptor:
    """A region as its file tells it.

    title : the region's name, as pages print it.
    cities : in the order of the model; empty where a user's file leaves them to the csv.
    latitude, height, local : city -> degrees north, metres above the sea, name in the language of the place.
    areas : area -> its cities.
    years : first and last year that are compared.
    starts : month in which a year begins, 1 for calendar years.
    ruler, procedure : first month of today's ruler and of today's way of making monthly means, YYYY-MM, or empty.
    plain : metres above the sea at which the weather was measured.
    about : who belongs to the region and by whose word.
    source : title, publisher, path, license and note of the months.
    made_up : True where the record was simulated.
    """

    title: str = ""
    cities: tuple[str, ...] = ()
    latitude: Mapping[str, float] = field(default_factory=dict)
    height: Mapping[str, float] = field(default_factory=dict)
    local: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    years: tuple[int, int] = (0, 0)
    starts: int = 1
    ruler: str = ""
    procedure: str = ""
    plain: float = 0.0
    about: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    made_up: bool = False

    def year(self, number: int) -> str:
        """A year in words."""
        return intake.year_words(number, self.starts)

    @property
    def period(self) -> str:
        """The years that are compared, in words."""
        return intake.words_of(self.years, self.starts)

    @property
    def ruler_between(self) -> bool:
        """Whether the ruler changed after the first month that is compared and not after the last."""
        first, end = (f"{year}-{self.starts:02d}" for year in (self.years[0], self.years[1] + 1))
        return bool(self.ruler) and first < self.ruler < end

    @property
    def forecasts(self) -> bool:
        """Whether the model is asked for the last year from those before."""
        return self.years[1] - self.years[0] + 1 >= FORECAST_YEARS


def of(project: Path) -> Descriptor | None:
    """The descriptor of a region's folder; None for a folder that is none. Raises DataError where it is faulty."""
    return read(project / FILE) if (project / FILE).is_file() else None


def read(path: Path) -> Descriptor:
    """A descriptor; raises DataError that names file and key, what was found and what was expected."""
    try:
        found = tomllib.loads(unicodedata.normalize("NFC", path.read_text("utf-8-sig")))
    except FileNotFoundError:
        raise DataError(f"{path} is missing: give the name of a descriptor, as region.toml is one") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder: expected a descriptor, as region.toml is one") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path.name} is not readable as TOML in UTF-8 ({error}): correct it") from None
    file = path.name
    known = {"title", "cities", "areas", "years", "starts", "ruler", "procedure", "plain", "about", "source", "made_up"}
    if strange := sorted(found.keys() - known):
        raise DataError(f"{file}: found '{strange[0]}', expected some of {', '.join(sorted(known))}; correct the name")
    cities = _table(file, found, "cities")
    told = {name: _of_city(file, name, about) for name, about in cities.items()}
    areas = {name: _cities_of(file, name, members) for name, members in _table(file, found, "areas").items()}
    months = {key: _month(file, key, found.get(key, "")) for key in ("ruler", "procedure")}
    source = {key: _words(file, f"source.{key}", value) for key, value in _table(file, found, "source").items()}
    if strange := sorted(source.keys() - set(OF_SOURCE)):
        raise DataError(
            f"{file}: found 'source.{strange[0]}', expected some of {', '.join(OF_SOURCE)}; correct the name"
        )
    plain = found.get("plain", 0.0)
    if not _is_number(plain, *LIMITS["height"][:2]):
        raise _fault(file, "plain", plain, "metres from -500 to 6000")
    starts = found.get("starts", 1)
    if type(starts) is not int or not 1 <= starts <= 12:
        raise _fault(file, "starts", starts, "the number of a month, from 1 to 12")
    if not isinstance(found.get("made_up", False), bool):
        raise _fault(file, "made_up", found["made_up"], "true or false")
    made = Descriptor(
        title=_words(file, "title", found.get("title", "")),
        cities=tuple(cities),
        **{key: {name: about[key] for name, about in told.items() if key in about} for key in OF_CITY},
        areas=areas,
        years=_years(file, found.get("years", [0, 0])),
        starts=starts,
        **months,
        plain=float(plain),
        about=_words(file, "about", found.get("about", "")),
        source=source,
        made_up=found.get("made_up", False),
    )
    return made


def fitted(made: Descriptor, months: intake.Months, file: str) -> Descriptor:
    """The descriptor with the cities of the months, in their order; raises DataError where the two contradict.

    file : what the descriptor is called in a message.
    """
    strange = [city for city in made.cities if city not in months.cities]
    if strange:
        raise DataError(
            f"{file}, cities: found {strange[0]}, expected cities of {months.file}; correct the name, or take the city "
            "out of the descriptor"
        )
    areas = {}
    for area, members in made.areas.items():
        if missing := [city for city in members if city not in months.cities]:
            raise DataError(
                f"{file}, areas.{area}: found {missing[0]}, expected cities of {months.file}; correct the name, or "
                "take the city out of the descriptor"
            )
        if area in months.cities or area.lower() in intake.OF_ALL:
            raise DataError(
                f"{file}, areas: found {area}, expected a name that no city has, nor '{intake.ALL}'; rename it"
            )
        areas[area] = tuple(city for city in months.cities if city in members)
    return replace(made, cities=months.cities, areas=areas)


def write(made: Descriptor) -> str:
    """The text of a descriptor, as `read` reads it."""
    lines = [f"title = {_quoted(made.title)}"]
    if any(made.years):
        lines += ["# first and last year that are compared: of both every month lies in the record",
                  f"years = [{made.years[0]}, {made.years[1]}]"]  # fmt: skip
    if made.starts != 1:
        lines += ["# month in which a year begins", f"starts = {made.starts}"]
    if made.about:
        lines.append(f"about = {_quoted(made.about)}")
    if made.ruler:
        lines += ["# first month whose concentrations are those of the air as it is", f"ruler = {_quoted(made.ruler)}"]
    if made.procedure:
        lines += ["# first month of today's way of making monthly means", f"procedure = {_quoted(made.procedure)}"]
    if made.plain:
        lines += ["# metres above the sea at which the weather was measured", f"plain = {made.plain:g}"]
    if made.made_up:
        lines.append("made_up = true")
    lines += ["", "[cities]"]
    for city in made.cities:
        told = [f"{key} = {getattr(made, key)[city]:g}" for key in LIMITS if city in getattr(made, key)]
        told += [f"local = {_quoted(made.local[city])}"] if city in made.local else []
        lines.append(f"{_quoted(city)} = {{ {', '.join(told)} }}" if told else f"{_quoted(city)} = {{}}")
    if made.areas:
        lines += ["", "[areas]"]
        lines += [f"{_quoted(area)} = [{', '.join(map(_quoted, cities))}]" for area, cities in made.areas.items()]
    if made.source:
        lines += ["", "[source]", *(f"{key} = {_quoted(value)}" for key, value in made.source.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A text as a basic string of TOML, which JSON's strings are."""
    return json.dumps(text, ensure_ascii=False)


def _fault(file: str, key: str, found: object, expected: str) -> DataError:
    return DataError(f"{file}, {key}: found {str(found)[:60]!r}, expected {expected}; correct it")


def _table(file: str, found: dict, key: str) -> dict:
    table = found.get(key, {})
    if not isinstance(table, dict):
        raise _fault(file, key, table, f"a table, [{key}]")
    for name in table:
        if not name.strip() or len(name) > intake.LONGEST_NAME or HIDDEN.search(name) or set(name) & MARKUP:
            raise _fault(file, key, name, f"a plain name of at most {intake.LONGEST_NAME} characters")
    return table


def _of_city(file: str, name: str, about: object) -> dict:
    if not isinstance(about, dict) or about.keys() - set(OF_CITY):
        raise _fault(file, f"cities.{name}", about, f"some of {', '.join(OF_CITY)}, as {{ latitude = 31.2 }}")
    for key, (low, high, unit) in LIMITS.items():
        if key in about and not _is_number(about[key], low, high):
            raise _fault(file, f"cities.{name}.{key}", about[key], f"a number from {low:g} to {high:g} {unit}")
    told = {key: float(about[key]) for key in LIMITS if key in about}
    return told | ({"local": _words(file, f"cities.{name}.local", about["local"])} if "local" in about else {})


def _cities_of(file: str, area: str, members: object) -> tuple[str, ...]:
    if not isinstance(members, list) or not members or not all(isinstance(city, str) for city in members):
        raise _fault(file, f"areas.{area}", members, "a list of cities")
    if len({*members}) < len(members):
        raise _fault(file, f"areas.{area}", members, "each city once")
    return tuple(members)


def _words(file: str, key: str, text: object) -> str:
    if not isinstance(text, str) or len(text) > 600 or HIDDEN.search(text) or set(text) & MARKUP:
        raise _fault(file, key, text, "a text in one line without markup")
    return text


def _month(file: str, key: str, text: object) -> str:
    if text != "" and not (isinstance(text, str) and re.fullmatch(intake.MONTH, text)):
        raise _fault(file, key, text, "a month as YYYY-MM")
    return text


def _years(file: str, years: object) -> tuple[int, int]:
    if not (isinstance(years, list) and len(years) == 2 and all(type(year) is int for year in years)):
        raise _fault(file, "years", years, "two years, as [2015, 2019]")
    return years[0], years[1]


def _is_number(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
