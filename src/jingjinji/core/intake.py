"""What somebody brings of a region: csv files of months, official means and weather, read with the standard library.

Each fault is one sentence: file, row, column, what was found, what was expected, what to do. Nothing is mended in
silence. No library is loaded, so that a file is checked within a second.
"""

import csv
import difflib
import io
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jingjinji.core.errors import DataError
from jingjinji.core.texts import HIDDEN, is_formula

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
DATE = re.compile(
    r"(\d{4}[-./]\d{1,2}([-./]\d{1,2})?|\d{1,2}[-./]\d{4}|\d{1,2}[-./]\d{1,2}[-./](\d{2}|\d{4})"
    r"|(\d{1,2}[- ./])?[A-Za-z]{3,9}\.?[- ./](\d{1,2},? )?(\d{2}|\d{4})|\d{2,4}[- ./][A-Za-z]{3,9}"
    r"|\d{4}年\d{1,2}月(\d{1,2}日)?)([ T]\d{1,2}:\d\d(:\d\d)?)?",
    re.ASCII,
)
"""A day or a month as spreadsheets write them."""
SERIALS = (32874, 49674)
"""The first and the last day of `YEARS` as spreadsheets number days."""
NUMBER = re.compile(r"[-+]?\d{1,15}(\.\d{1,15})?", re.ASCII)
YEARS = (1990, 2035)
"""Years in which a measurement may lie."""
PM25 = (0.1, 2000.0)
WEATHER = {
    "temperature": (-60.0, 50.0, "degC"),
    "pressure": (500.0, 1100.0, "hPa"),
    "wind": (0.0, 40.0, "m/s"),
    "dew_point": (-80.0, 40.0, "degC"),
}
"""Weather variable -> lowest and highest mean of a month, unit."""
ALSO = {
    "city": ("town", "place", "location", "station", "name", "城市", "市", "地区"),
    "area": ("city", "town", "place", "region", "name", "城市", "地区"),
    "month": ("date", "time", "period", "year-month", "月份", "月", "日期", "时间"),
    "year": ("年", "年份"),
    "pm25": ("pm2.5", "pm2_5", "pm2,5", "pm 2.5", "value", "concentration", "mean"),
}
"""Column -> what users call it."""
ALL = "all"
"""What official means of all cities together are called."""
OF_ALL = (ALL, "all cities")
"""Names that neither a city nor an area may have, in small letters."""
MOST_CITIES, MOST_BYTES, LONGEST_NAME = 80, 20_000_000, 60
LEAST_MONTHS = 12
"""Measured months that a city needs for a season of its own."""
LEAST_OF_YEAR = 6
"""Months that a city needs in each of the years that are compared."""
LONGEST_GAP = 12
WHOLE = 10
"""Months of a year that must be measured, in half of the cities at least, for the year to be compared with others."""
ENOUGH_WEATHER = 0.75
STILL = 1e-6
"""Departure from the calendar month's mean, in a variable's unit, that is none."""


@dataclass(frozen=True)
class Sheet:
    """A csv file: its name, the columns that count, and rows as (number in the file, column -> text)."""

    file: str
    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]
    decimal: str = "."

    def fault(self, row: int, column: str, found: str, expected: str, todo: str) -> DataError:
        return DataError(f"{self.file}, row {row}, column '{column}': found {found}, expected {expected}; {todo}")


@dataclass(frozen=True)
class Months:
    """Measured months: (city, month YYYY-MM) -> µg/m³, cities in the order of the file, months from first to last."""

    file: str
    cells: dict[tuple[str, str], float]
    cities: tuple[str, ...]
    months: tuple[str, ...]
    ignored: tuple[str, ...] = ()

    @property
    def by_month(self) -> dict[str, int]:
        """Month -> in how many cities it was measured."""
        counts = Counter(month for _, month in self.cells)
        return {month: counts[month] for month in self.months}

    def whole_years(self, starts: int = 1) -> tuple[int, ...]:
        """Years that can be compared: every month in the span of the record, `WHOLE` of them measured.

        starts : month in which years begin; they are called by the calendar year in which they do.
        """
        counts = self.by_month.items()
        enough = Counter(year_of(month, starts) for month, count in counts if 2 * count >= len(self.cities))
        inside = Counter(year_of(month, starts) for month in self.months)
        return tuple(sorted(year for year in inside if inside[year] == 12 and enough[year] >= WHOLE))


@dataclass(frozen=True)
class Official:
    """Official annual means: rows (area, year, µg/m³, rounding), sorted."""

    file: str
    rows: tuple[tuple[str, int, float, float], ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Weather:
    """Weather of the region by month: variable -> month -> number."""

    file: str
    values: dict[str, dict[str, float]]
    ignored: tuple[str, ...] = ()


def read_months(path: Path, starts: int = 1) -> Months:
    """The months of a csv file with columns city, month and pm25; raises DataError with the first fault.

    starts : month in which the years begin that are compared.
    """
    sheet = read_sheet(path, ("city", "month", "pm25"))
    cells, first, cities = {}, {}, {}
    for row, cell in sheet.rows:
        city, month = name_of(sheet, row, "city", cell["city"]), month_of(sheet, row, cell["month"])
        if city.lower() in OF_ALL:
            raise sheet.fault(
                row, "city", f"'{city}'", "the name of one city", "remove the rows of means of all cities"
            )
        cities[city] = row
        if (city, month) in first:
            before = f"row {first[city, month]} is the same city and month"
            raise sheet.fault(row, "month", f"'{month}' of {city} again", "one row for each city and month",
                              f"{before}: remove one of them")  # fmt: skip
        first[city, month] = row
        if cell["pm25"]:
            cells[city, month] = number_of(sheet, row, "pm25", cell["pm25"], *PM25, "µg/m³")
    if not cells:
        raise DataError(
            f"{sheet.file}: found no measurement in column 'pm25', expected monthly means in µg/m³; fill it"
        )
    _refuse_other_unit(sheet, cells)
    _refuse_still(sheet, cells)
    _refuse_alike(sheet, cities)
    _refuse_same(sheet, cells)
    months = span(min(month for _, month in cells), max(month for _, month in cells))
    made = Months(sheet.file, cells, tuple(cities), months, sheet.ignored)
    _refuse_too_little(made, starts)
    return made


def read_official(path: Path, months: Months, areas: Iterable[str]) -> Official:
    """Official annual means of a csv file with columns area, year, pm25 and, if there is one, rounding.

    areas : what an area may be called beside the cities and `ALL`. Raises DataError with the first fault.
    """
    sheet = read_sheet(path, ("area", "year", "pm25"), ("rounding",))  # calendar years
    known, rows, first = [*months.cities, *areas, ALL], [], {}
    whole = [year for year in range(*_ends(months)) if span(f"{year}-01", f"{year}-12")[0] in months.months
             and f"{year}-12" in months.months]  # fmt: skip
    for row, cell in sheet.rows:
        area = name_of(sheet, row, "area", cell["area"])
        if area not in known:
            near = difflib.get_close_matches(area, known, n=1)
            hint = (
                f"did you mean {near[0]}?"
                if near
                else f"areas of several cities stand in the descriptor, '{ALL}' is the mean of all"
            )
            raise sheet.fault(row, "area", f"'{area}'", "a city of the months or an area of the descriptor", hint)
        if not re.fullmatch(r"\d{4}", cell["year"], re.ASCII) or int(cell["year"]) not in whole:
            raise sheet.fault(row, "year", f"'{cell['year'][:40]}'", f"one of the whole years {words_of(whole)}",
                              "leave out official means of years of which months are outside the record")  # fmt: skip
        year = int(cell["year"])
        if (area, year) in first:
            raise sheet.fault(row, "year", f"'{year}' of {area} again", "one row for each area and year",
                              f"row {first[area, year]} is the same: remove one of them")  # fmt: skip
        first[area, year] = row
        text = cell["pm25"].replace(sheet.decimal, ".")
        mean = number_of(sheet, row, "pm25", cell["pm25"], *PM25, "µg/m³")
        rounding = 0.5 * 10.0 ** -len(text.partition(".")[2])
        if cell.get("rounding"):
            rounding = number_of(sheet, row, "rounding", cell["rounding"], 0.0, 50.0, "µg/m³")
        rows.append((area, year, mean, rounding))
    return Official(sheet.file, tuple(sorted(rows)), sheet.ignored)


def read_weather(path: Path, months: Months) -> Weather:
    """Weather of a csv file with columns month and some of `WEATHER`; raises DataError with the first fault."""
    sheet = read_sheet(path, ("month",), tuple(WEATHER))
    variables = [name for name in WEATHER if name in sheet.columns]
    if not variables:
        raise DataError(f"{sheet.file}, row 1: found no variable, expected some of {', '.join(WEATHER)} beside month; "
                        "name the columns so")  # fmt: skip
    values, first = {name: {} for name in variables}, {}
    for row, cell in sheet.rows:
        month = month_of(sheet, row, cell["month"])
        if month in first:
            raise sheet.fault(row, "month", f"'{month}' again", "one row for each month, the region's mean",
                              f"row {first[month]} is the same month: remove one of them")  # fmt: skip
        first[month] = row
        for name in variables:
            if cell[name]:
                low, high, unit = WEATHER[name]
                value = number_of(sheet, row, name, cell[name], low, high, unit)
                if month in months.months:
                    values[name][month] = value
    for name, known in values.items():
        by_calendar = Counter(month[5:] for month in known)
        if len(known) < ENOUGH_WEATHER * len(months.months) or min(by_calendar[f"{m:02}"] for m in range(1, 13)) < 2:
            raise DataError(
                f"{sheet.file}, column '{name}': found {len(known)} of the {len(months.months)} months from "
                f"{months.months[0]} to {months.months[-1]}, expected three quarters of them and each calendar month "
                "twice; fill it or remove the column"
            )
        if len(set(known.values())) == 1:
            raise DataError(f"{sheet.file}, column '{name}': found one number in every month, expected weather; remove "
                            "the column")  # fmt: skip
        if max(abs(departure) for departure in _departures(known)) < STILL:
            raise DataError(
                f"{sheet.file}, column '{name}': found the same twelve numbers in every year, which look like normals, "
                "expected the weather that each month had; give that or remove the column"
            )
    return Weather(sheet.file, values, sheet.ignored)


def read_sheet(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Sheet:
    """A csv file with a header; columns that are neither required nor optional are ignored.

    Cells are separated by commas or semicolons; where by semicolons, a number may have a decimal comma.
    """
    text, file = _text(path), path.name
    first = text.lstrip("\r\n").partition("\n")[0]
    mark = ";" if first.count(";") > first.count(",") else ","
    try:
        lines = [
            (number, row) for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=mark), 1)
        ]
    except csv.Error as error:
        raise DataError(
            f"{file}: found what is no csv ({error}), expected rows of short cells; restore the file"
        ) from None
    lines = [(number, row) for number, row in lines if any(cell.strip() for cell in row)]
    head, columns = [cell.strip() for cell in lines[0][1]], [cell.strip().lower() for cell in lines[0][1]]
    if missing := [name for name in required if name not in columns]:
        below = [number for number, row in lines[1:6]
                 if {*required} <= {cell.strip().lower() for cell in re.split("[,;]", ",".join(row))}]  # fmt: skip
        raise DataError(_no_column(file, head, missing, [*required, *optional], first, below))
    if twice := [name for name in (*required, *optional) if columns.count(name) > 1]:
        raise DataError(f"{file}, row 1: found column '{twice[0]}' twice, expected it once; remove one of them")
    if len(lines) < 2:
        raise DataError(f"{file}, row 2: found no row, expected at least one below the header; fill the file")
    used = {name: columns.index(name) for name in (*required, *optional) if name in columns}
    rows = []
    for number, row in lines[1:]:
        if len(row) != len(columns):
            raise DataError(f"{file}, row {number}: found {len(row)} cells, expected {len(columns)} as in the header; "
                            "correct the row")  # fmt: skip
        rows.append((number, {name: row[place].strip() for name, place in used.items()}))
    filled = {place for _, row in lines[1:] for place, cell in enumerate(row) if cell.strip()}
    ignored = tuple(name or f"number {place + 1}" for place, name in enumerate(head)
                    if name.lower() not in used and (name or place in filled))  # fmt: skip
    return Sheet(file, tuple(used), ignored, rows, "," if mark == ";" else ".")


def name_of(sheet: Sheet, row: int, column: str, text: str) -> str:
    """A name as a cell has it, with letters and their marks composed (NFC), which look no other than apart.

    Raises DataError for one that is empty, too long, hidden in part, or a formula.
    """
    text = unicodedata.normalize("NFC", text)
    if not text:
        raise sheet.fault(row, column, "an empty cell", "a name", "fill the cell or remove the row")
    if len(text) > LONGEST_NAME:
        raise sheet.fault(row, column, f"{len(text)} characters", f"a name of at most {LONGEST_NAME}", "shorten it")
    if hidden := HIDDEN.search(text):
        raise sheet.fault(
            row, column, f"the hidden character U+{ord(hidden[0]):04X}", "a name in one line", "remove it"
        )
    if is_formula(text) or set(text) & set('<>{}`|\\"$'):
        raise sheet.fault(row, column, f"'{text[:40]}'", "a plain name", "write it without signs of formulas or markup")
    return text


def month_of(sheet: Sheet, row: int, text: str) -> str:
    """A month as YYYY-MM; raises DataError for anything else."""
    found = MONTH.fullmatch(text)
    if not found:
        raise sheet.fault(row, "month", f"'{text[:40]}'", "a month as YYYY-MM", _of_another_month(text))
    if not YEARS[0] <= int(found[1]) <= YEARS[1]:
        raise sheet.fault(row, "month", f"'{text}'", f"a month from {YEARS[0]} to {YEARS[1]}", "correct the year")
    return text


def number_of(sheet: Sheet, row: int, column: str, text: str, low: float, high: float, unit: str) -> float:
    """A number within limits; raises DataError for anything else."""
    plain = text.replace(",", ".") if sheet.decimal == "," else text
    expected = f"a number from {low:g} to {high:g} {unit}"
    if not NUMBER.fullmatch(plain):
        todo = "write it with a point" if "," in text else "leave the cell empty where nothing was measured"
        raise sheet.fault(row, column, f"'{text[:40]}'", expected, todo)
    value = float(plain)
    if not low <= value <= high:
        todo = "leave the cell empty where nothing was measured" if value <= 0 or value >= 999 else "correct the number"
        if unit == "µg/m³" and 0 < value < low:
            todo = "multiply the column by 1000 if it is in mg/m³, or correct the number"
        raise sheet.fault(row, column, text[:40], expected, todo)
    return value


def span(first: str, last: str) -> tuple[str, ...]:
    """All months from first to last, YYYY-MM."""
    start, end = (12 * int(month[:4]) + int(month[5:]) - 1 for month in (first, last))
    return tuple(f"{place // 12:04}-{place % 12 + 1:02}" for place in range(start, end + 1))


def year_of(month: str, starts: int) -> int:
    """The year of a month, YYYY-MM, where years begin with the month `starts`: the calendar year in which it begins."""
    return int(month[:4]) - (int(month[5:]) < starts)


def year_words(year: int, starts: int = 1) -> str:
    """``2018``, or ``2018/19`` of years that do not begin in January."""
    return str(year) if starts == 1 else f"{year}/{(year + 1) % 100:02}"


def words_of(years: Sequence[int], starts: int = 1) -> str:
    """``2015 to 2019``, ``2015``, or ``none``."""
    if not years:
        return "none"
    words = [year_words(year, starts) for year in (years[0], years[-1])]
    return words[0] if len(years) == 1 else " to ".join(words)


def slug(name: str) -> str:
    """A name as it stands in ids of findings: small letters and digits of ASCII, joined by hyphens; may be empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "-".join(re.findall("[a-z0-9]+", plain.replace("'", "").lower()))


def slugs(names: Sequence[str]) -> dict[str, str]:
    """Name -> its `slug`; where that is empty or taken, the number of the place, which is never taken."""
    made, plain = {}, [slug(name) for name in names]
    for number, (name, short) in enumerate(zip(names, plain, strict=True), 1):
        place = f"place-{number}"
        while place in plain:
            place += "-again"
        made[name] = short if short and short not in made.values() else place
    return made


def _text(path: Path) -> str:
    file = path.name
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(
                f"{file}: found {path.stat().st_size:,} bytes, expected at most {MOST_BYTES:,}; give months, not days"
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path} is missing: give the name of a csv file") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder: expected a csv file") from None
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise DataError(f"{file}: found a workbook of a spreadsheet, expected csv; save the sheet as csv in UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{file}, row {row}: found byte 0x{content[error.start]:02x} that is not UTF-8, expected UTF-8 text; save "
            "the file as csv in UTF-8"
        ) from None
    if not text.strip(" \t\r\n;,"):
        raise DataError(f"{file}, row 1: found an empty file, expected a header and rows in csv; fill it")
    if "\x00" in text:
        row = text[: text.index("\x00")].count("\n") + 1
        raise DataError(
            f"{file}, row {row}: found the hidden character U+0000, expected text; save the file as csv in UTF-8"
        )
    return text


def _no_column(
    file: str, head: list[str], missing: list[str], expected: list[str], first: str, below: list[int]
) -> str:
    """Why a header lacks columns: rows above it, a wide table, another separator, other names.

    first : the file's first line. below : numbers of rows that would be a header.
    """
    if re.match("sep=", first, re.IGNORECASE):
        return f"{file}, row 1: found '{first.strip()[:20]}', expected the header; remove the row"
    if below:
        found = ", ".join(filter(None, head))[:60]
        return f"{file}, row 1: found '{found}' above the header in row {below[0]}; remove the rows above it"
    years = [name for name in head if re.fullmatch(r"(19|20)\d\d([-/.]?\d{1,2})?", name)]
    if len(years) > 2:
        return (
            f"{file}, row 1: found a column for each of {years[0]}, {years[1]}, ..., expected one row for each city "
            f"and month with the columns {', '.join(expected[:3])}; turn the wide table into a long one"
        )
    if len(head) == 1 and "\t" in first:
        return f"{file}, row 1: found cells separated by tabs, expected commas or semicolons; save the file as csv"
    other = {name.lower(): name for name in head if name and name.lower() not in expected}
    hints = []
    for name in missing:
        near = [one for one in other if one in ALSO.get(name, ())] or difflib.get_close_matches(name, other, 1, 0.5)
        hints.append(f"rename '{other.pop(near[0])}' to '{name}'" if near else f"name the column of it '{name}'")
    names = " and ".join(f"'{name}'" for name in missing)
    return (
        f"{file}, row 1: column{'s' * (len(missing) > 1)} {names} {'are' if len(missing) > 1 else 'is'} missing, found "
        f"columns {', '.join(filter(None, head))[:200]}, expected {', '.join(expected)}; {', '.join(hints)}"
    )


def _of_another_month(text: str) -> str:
    """What to do about a cell that is no month: a spreadsheet makes dates of months, and keeps dates as numbers."""
    if re.fullmatch(r"\d{4}-\d", text):
        return f"write {text[:5]}0{text[5:]}"
    if re.fullmatch(r"\d{6}", text) and MONTH.fullmatch(f"{text[:4]}-{text[4:]}"):
        return f"write {text[:4]}-{text[4:]}"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return f"write {text[:7]}, one row a month"
    is_serial = re.fullmatch(r"\d{5}", text) and SERIALS[0] <= int(text) <= SERIALS[1]
    if is_serial or DATE.fullmatch(text):
        what = "is how a spreadsheet keeps a date" if is_serial else "may be what a spreadsheet has made of a month"
        return f"it {what}: give the column the custom format yyyy-mm there, and save the file as csv again"
    return "correct the cell"


def _ends(months: Months) -> tuple[int, int]:
    return int(months.months[0][:4]), int(months.months[-1][:4]) + 1


def _departures(known: dict[str, float]) -> list[float]:
    """Month -> number as departures from the mean of the calendar month, of which nothing else enters the model."""
    by_calendar = {}
    for month, value in known.items():
        by_calendar.setdefault(month[5:], []).append(value)
    means = {month: sum(values) / len(values) for month, values in by_calendar.items()}
    return [value - means[month[5:]] for month, value in known.items()]


def _refuse_other_unit(sheet: Sheet, cells: dict) -> None:
    middle = sorted(cells.values())[len(cells) // 2]
    if middle < 1:
        raise DataError(
            f"{sheet.file}, column 'pm25': found values around {middle:g} that look like mg/m³ throughout, expected "
            "µg/m³; multiply the column by 1000"
        )


def _refuse_still(sheet: Sheet, cells: dict) -> None:
    """A city whose number never changes was not measured month by month: it has no chance of its own."""
    numbers = {}
    for (city, _), value in cells.items():
        numbers.setdefault(city, []).append(value)
    for city, values in numbers.items():
        if len(values) >= LEAST_MONTHS and len({*values}) == 1:
            raise DataError(f"{sheet.file}, column 'pm25': found {values[0]:g} in every month of {city}, expected "
                            "months that differ; give the months themselves or leave the city out")  # fmt: skip


def _refuse_alike(sheet: Sheet, cities: dict[str, int]) -> None:
    """Names that differ in capitals, blanks or the width of letters alone are one city, spelt in two ways."""
    seen = {}
    for city, row in cities.items():
        plain = "".join(unicodedata.normalize("NFKC", city).casefold().split())
        if plain in seen:
            raise sheet.fault(row, "city", f"'{city}'", f"the name '{seen[plain]}' as in rows before", "spell it alike")
        seen[plain] = city


def _refuse_same(sheet: Sheet, cells: dict) -> None:
    """Two cities whose numbers are the same in every month that both have were not measured apart."""
    series = {}
    for (city, month), value in cells.items():
        series.setdefault(city, {})[month] = value
    for (one, numbers), (other, others) in itertools.combinations(series.items(), 2):
        both = numbers.keys() & others.keys()
        if len(both) >= LEAST_MONTHS and all(numbers[month] == others[month] for month in both):
            raise DataError(f"{sheet.file}, column 'pm25': found the same numbers for {one} and {other} in all "
                            f"{len(both)} months that both have, expected those of each; correct them or leave one "
                            "out")  # fmt: skip


def _refuse_too_little(made: Months, starts: int) -> None:
    """Raise DataError where the months do not carry the model: it is said what is missing."""
    file, cities = made.file, made.cities
    counts = Counter(city for city, _ in made.cells)
    if len(cities) < 2:
        raise DataError(f"{file}: found one city, {cities[0]}, expected at least two, which a region is compared of; "
                        "add cities")  # fmt: skip
    if len(cities) > MOST_CITIES:
        raise DataError(f"{file}: found {len(cities)} cities, expected at most {MOST_CITIES}, as a fit of more takes "
                        "hours; choose a region")  # fmt: skip
    whole = made.whole_years(starts)
    if len(whole) < 2:
        other = [month for month in range(1, 13) if len(made.whole_years(month)) > 1]
        hint = f"give --starts {other[0]}, as years that begin so are whole" if other else "add months"
        raise DataError(
            f"{file}: found {len(made.months)} months, {made.months[0]} to {made.months[-1]}, with whole years "
            f"{words_of(whole, starts)}, expected at least two whole years with {WHOLE} months measured in half of the "
            f"cities; {hint}"
        )
    short = [city for city in cities if counts[city] < LEAST_MONTHS]
    if short:
        raise DataError(f"{file}: found {counts[short[0]]} measured months of {short[0]}, expected at least "
                        f"{LEAST_MONTHS} of each city; leave the city out or add months")  # fmt: skip
    empty = 0
    for month, count in made.by_month.items():
        empty = 0 if count else empty + 1
        if empty >= LONGEST_GAP:
            raise DataError(f"{file}: found no measurement in {empty} months in a row to {month}, expected shorter "
                            "gaps; correct the months or cut the record")  # fmt: skip


def missing_words(made: Months) -> str:
    """Of how many cells nothing was measured, and where: in all cities of a month, or in single ones."""
    away = len(made.cities) * len(made.months) - len(made.cells)
    nowhere = [month for month, count in made.by_month.items() if not count]
    if not away:
        return "every month of every city is measured"
    words = f"{away:,} of {len(made.cities) * len(made.months):,} are missing"
    if nowhere:
        more = f" and {len(nowhere) - 3} more" if len(nowhere) > 3 else ""
        words += f", {', '.join(nowhere[:3])}{more} in every city"
    return words
