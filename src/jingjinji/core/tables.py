"""A table of the data package by name, checked against its schema and its sha256.

`load` checks every cell quickly (`cells.plain`), then rows, bytes and sha256: a hash that matches says that nothing was
changed, not that it is right. A file with a doubtful cell is validated in full with frictionless, so that the message
names row and column. `problems` validates everything in full.
"""

from __future__ import annotations

import copy
import csv
import hashlib
import io
import json
import re
from functools import lru_cache
from pathlib import Path

import pandas as pd

import jingjinji
from jingjinji.core import cells, texts
from jingjinji.core.errors import BookError, DataError

DATA = jingjinji.PROJECT / "data"
UNITS = {
    "pm25": "µg/m³",
    "rounding": "µg/m³",
    "hours": "hours",
    "wind": "m/s",
    "wind_nw": "m/s",
    "wind_ne": "m/s",
    "wind_se": "m/s",
    "wet_hours": "hours",
    "dew_point": "degC",
    "temperature": "degC",
    "pressure": "hPa",
    "days": "days",
    "days_in_year": "days",
    "days_by_class.value": "days",
    "energy_province_year.coal": "Mt",
    "energy_province_year.co2_ceads": "Mt",
    "energy_province_year.co2_edgar": "Mt",
    "energy_province_year.energy": "Mtce",
    "energy_province_year.gdp": "10⁹ CNY",
    "energy_province_year.so2": "kt",
    "energy_province_year.dust": "kt",
    **{f"energy_mix_year.{part}": "Mtce" for part in ("coal", "oil", "gas", "electricity", "heat", "other")},
    "energy_coal_year.co2": "Mt",
    "energy_coal_year.heat": "EJ",
    **{f"source_apportionment.{column}": "%" for column in ("share", "low", "high")},
    **{f"water_section_week.{k}{end}": "mg/L" for k in ("codmn", "nh3n", "tp", "tn") for end in ("", "_all")},
    **{f"water_section_april.{pollutant}": "mg/L" for pollutant in ("codmn", "nh3n", "tp", "tn")},
    **{f"water_section.days_{name}": "days" for name in ("i", "ii", "iii", "iv", "v", "below_v")},
    "water_storage.storage": "10⁸ m³",
    "water_storage.half_step": "10⁸ m³",
    "water_storage.level": "m",
    "carbon_province_year.gdp": "10⁹ CNY",
    "carbon_province_year.co2_ceads": "Mt",
    "carbon_province_year.co2_edgar": "Mt",
    **{f"city_production.{column}": "10⁹ CNY" for column in ("gdp", "capital")},
    "city_production.labour": "10⁴ persons",
    **{f"city_production.co2_{source}": "Mt" for source in ("ceads", "edgar", "counties")},
    "carbon_benchmark.co2": "Mt",
    "carbon_benchmark.gdp": "10⁹ int$",
}
_MISTAKEN = {
    "µg/m³": {"mg/m³": lambda x: 1000 * x, "ng/m³": lambda x: x / 1000},
    "degC": {"K": lambda x: x - 273.15},
    "hPa": {"kPa": lambda x: 10 * x, "Pa": lambda x: x / 100},
    "m/s": {},
    "days": {},
    "hours": {"minutes": lambda x: x / 60},
    "Mt": {"kt": lambda x: x / 1000, "10⁴ t": lambda x: x / 100},
    "kt": {"t": lambda x: x / 1000, "Mt": lambda x: 1000 * x},
    "Mtce": {"10⁴ tce": lambda x: x / 100},
    "EJ": {"PJ": lambda x: x / 1000},
    "10⁹ CNY": {"10⁸ CNY": lambda x: x / 10},
    "10⁴ persons": {"persons": lambda x: x / 1e4},
    "10⁹ int$": {"int$": lambda x: x / 1e9},
    "mg/L": {"µg/L": lambda x: x / 1000},
    "10⁸ m³": {"10⁶ m³": lambda x: x / 100, "m³": lambda x: x / 1e8},
    "m": {"cm": lambda x: x / 100},
    "%": {"a fraction of one": lambda x: 100 * x},
}
_PLACES = ("city", "area", "source")
_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date (YYYY-MM-DD)",
    "string": "text",
}


def package() -> dict:
    """The data package's descriptor, ``data/datapackage.json``; raises DataError where it cannot be read."""
    return copy.deepcopy(_package())


def _package() -> dict:
    """The same, to be read only."""
    path = DATA / "datapackage.json"
    try:
        descriptor, fault = _descriptor(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path} is missing: restore it from the repository") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path} is not readable as JSON in UTF-8 ({error}): restore it from the repository") from None
    if fault:
        raise DataError(f"{path}: {fault}; correct it, or restore it from the repository")
    return descriptor


@lru_cache(maxsize=1)
def _descriptor(content: bytes) -> tuple[dict, str]:
    """What a descriptor holds, and what keeps the book from reading it, in words."""
    descriptor = json.loads(content.decode("utf-8"))
    resources = descriptor.get("resources") if isinstance(descriptor, dict) else None
    if not isinstance(resources, list) or not resources:
        return {}, "found no list of tables, expected it under 'resources'"
    names = [resource.get("name") if isinstance(resource, dict) else None for resource in resources]
    for place, (name, resource) in enumerate(zip(names, resources, strict=True), start=1):
        if not isinstance(name, str) or not re.fullmatch("[a-z][a-z0-9_]*", name) or names.count(name) > 1:
            return {}, f"table {place} has the name {str(name)[:60]!r}, expected a word that no other table is called"
        for key, (fits, expected) in _PARTS.items():
            if not fits(resource.get(key)):
                return {}, f"table '{name}' has {key} {str(resource.get(key))[:60]!r}, expected {expected}"
    return descriptor, ""


def _is_schema(schema: object) -> bool:
    """Whether something is a schema with fields and the names of some of them as its primary key."""
    if not isinstance(schema, dict):
        return False
    fields, key = schema.get("fields"), schema.get("primaryKey")
    if not (isinstance(fields, list) and fields and all(isinstance(field, dict) for field in fields)):
        return False
    told = all(isinstance(field.get(part), str) for field in fields for part in ("name", "type"))
    limited = all(isinstance(field.get("constraints", {}), dict) for field in fields)
    return told and limited and isinstance(key, list) and bool(key) and {*key} <= {field["name"] for field in fields}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(part, dict) for part in value)


_PARTS = {
    "path": (lambda x: isinstance(x, str) and bool(re.fullmatch(r"\w+\.csv", x)), "a csv file of the folder"),
    "title": (lambda x: isinstance(x, str), "a text"),
    "description": (lambda x: isinstance(x, str), "a text"),
    "schema": (_is_schema, "fields, each with name and type, and a primary key of some of them"),
    "sources": (_is_list_of_objects, "a list of sources"),
    "licenses": (_is_list_of_objects, "a list of licences"),
    "known_issues": (lambda x: isinstance(x, list), "a list of texts"),
    "hash": (
        lambda x: isinstance(x, str) and bool(re.fullmatch("sha256:[0-9a-f]{64}", x)),
        "sha256: and 64 digits of base sixteen",
    ),
    "bytes": (_is_count, "how many bytes the file has"),
    "rows": (_is_count, "how many rows the file has below its header"),
}
"""What the book reads of each table's description, and what each part must be."""


def names() -> list[str]:
    """Names of the tables, in the order of the package."""
    return [resource["name"] for resource in _package()["resources"]]


def describe(name: str) -> dict:
    """The descriptor of one table; raises DataError for an unknown name."""
    for resource in _package()["resources"]:
        if resource["name"] == name:
            return copy.deepcopy(resource)
    raise DataError(f"datapackage.json has no table '{name}': expected one of {', '.join(names())}")


def path(name: str) -> Path:
    """Where the table's csv file is."""
    return DATA / describe(name)["path"]


def load(name: str) -> pd.DataFrame:
    """A table of the data package, with the types of its schema.

    Text is ``str`` (missing: NaN), ``number`` float64, ``integer`` int64 (Int64 where it may be missing), ``boolean``
    bool, ``date`` datetime64. Units stand in the schema (`describe`).

    Raises DataError, naming file, row, column, what was found and what was expected.
    """
    resource = describe(name)
    file = DATA / resource["path"]
    # a table that is changed leaves the one that is kept as it is: pandas copies on writing
    return _loaded(_content(file), file.name, json.dumps(resource)).copy(deep=False)


def cell(name: str, column: str = "value", **where: str) -> float:
    """The number in the one row of a table whose other columns are as given; an empty text is a missing one.

    Raises BookError where no row, or more than one, is so.
    """
    rows = load(name)
    for other, value in where.items():
        rows = rows[rows[other].isna() if value == "" else rows[other] == value]
    rows = rows[rows[column].notna()]
    if len(rows) != 1:
        asked = ", ".join(f"{other} '{value}'" for other, value in where.items())
        raise BookError(f"table {name} has {len(rows)} rows with {asked}: expected one; correct the table or the name")
    return float(rows[column].iloc[0])


@lru_cache(maxsize=128)
def _loaded(content: bytes, file: str, descriptor: str) -> pd.DataFrame:
    resource = json.loads(descriptor)
    faults = _unit_faults(resource)
    if not faults and not cells.plain(content, resource):
        faults = _faults(content, file, resource)
    if faults := faults or _pin_faults(content, file, resource):
        raise DataError(_sentence(faults))
    return _parse(content, resource)


def read(path: Path | str, name: str) -> pd.DataFrame:
    """A user's own csv file with the columns and units of table `name`, for instance of another region.

    It is checked like a table of the package, except that cities, areas and sources may be other ones.
    Raises DataError, naming file, row, column, what was found and what was expected.
    """
    file, resource = Path(path), describe(name)
    content = _content(file)
    for field in resource["schema"]["fields"]:
        if field["name"] in _PLACES:
            field.get("constraints", {}).pop("enum", None)
    faults = _unit_faults(resource) or _faults(content, file.name, resource)
    if faults:
        raise DataError(_sentence(faults))
    return _parse(content, resource)


def problems(name: str | None = None) -> dict[str, str]:
    """Everything that is wrong, one sentence a table (key: its name; ``datapackage.json`` for the descriptor).

    Validates units, every cell and key with frictionless, sha256 and size; without a name also the descriptor itself
    and csv files that no table lists.
    """
    found = {} if name else _package_problems()
    if "datapackage.json" in found:
        return found
    for table in [name] if name else names():
        resource = describe(table)
        file = DATA / resource["path"]
        try:
            content = _content(file)
        except DataError as error:
            found[table] = str(error)
            continue
        faults = _unit_faults(resource) + _faults(content, file.name, resource)
        if faults := faults or _pin_faults(content, file.name, resource):
            found[table] = _sentence(faults)
    return found


def refuse_faulty() -> None:
    """Load every table, which checks it quickly; raises DataError with the first that has a fault and a count."""
    found = []
    for name in names():
        try:
            load(name)
        except DataError as error:
            found.append(str(error))
    if found:
        raise DataError(found[0] + (f" ({len(found) - 1} more tables with faults)" if len(found) > 1 else ""))


def check(name: str | None = None) -> None:
    """Raise DataError with the first problem and the number of further tables that have one."""
    found = list(problems(name).values())
    if found:
        more = f" ({len(found) - 1} more with problems)" if len(found) > 1 else ""
        raise DataError(found[0] + more)


def _package_problems() -> dict[str, str]:
    from frictionless import FrictionlessException, Package

    descriptor = package()
    try:
        report = Package.from_descriptor(descriptor, basepath=str(DATA))
    except FrictionlessException as error:
        reasons = "; ".join(reason.note for reason in error.reasons) or error.error.note
        return {"datapackage.json": f"datapackage.json is not a valid data package: {reasons}"}
    listed = {resource.path for resource in report.resources}
    strangers = sorted(file.name for file in DATA.glob("*.csv") if file.name not in listed)
    return {
        file: f"{file} is in data/ but no table of datapackage.json lists it: remove or list it" for file in strangers
    }


def _content(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{file} is missing: restore it from the repository") from None
    except IsADirectoryError:
        raise DataError(f"{file} is a folder: expected a csv file") from None
    if not content.strip():
        raise DataError(
            f"{file.name}, row 1: found an empty file, expected a header and rows in csv; restore it from its source"
        )
    return content


def _unit_faults(resource: dict) -> list[str]:
    faults = []
    for field in resource["schema"]["fields"]:
        expected = UNITS.get(f"{resource['name']}.{field['name']}", UNITS.get(field["name"]))
        found = field.get("unit")
        if found != expected:
            faults.append(
                f"datapackage.json, table '{resource['name']}' (every row), column '{field['name']}': found unit "
                f"{_quoted(found)}, expected {_quoted(expected)}; convert the values or correct the unit"
            )
    return faults


def _faults(content: bytes, file: str, resource: dict) -> list[str]:
    """Faults of a csv file in the order of its rows; an empty list for a faultless one."""
    encoding = _encoding_fault(content, file)
    if encoding:
        return [encoding]
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    try:
        rows = cells.rows_of(content)
    except csv.Error as error:
        return [f"{file}: found what is no csv ({error}), expected rows of short cells; restore the file"]
    header = _header_fault(rows[0], list(fields), file)
    if header:
        return [header]
    if len(rows) < 2:
        return [
            f"{file}, row 2: found no row, expected at least one after the header; restore the file from its source"
        ]
    short = _shape_faults(rows, list(fields), file) or texts.text_faults(rows, list(fields), file)
    return short or _unit_hints(rows, fields, file) or _cell_faults(content, rows, fields, file, resource)


def _encoding_fault(content: bytes, file: str) -> str:
    try:
        content.decode("utf-8")
        return ""
    except UnicodeDecodeError as error:
        before = content[: error.start]
        row = before.count(b"\n") + 1
        column = before.rpartition(b"\n")[2].count(b",") + 1
        header = content.partition(b"\n")[0].decode("utf-8", "replace").strip().split(",")
        name = header[column - 1] if column <= len(header) and row > 1 else str(column)
        return (
            f"{file}, row {row}, column '{name}': found byte 0x{content[error.start]:02x} that is not UTF-8, "
            "expected UTF-8 text; save the file as UTF-8"
        )


def _header_fault(found: list[str], expected: list[str], file: str) -> str:
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    if missing:
        hint = f" (found '{extra[0]}' that no column is called)" if extra else ""
        return (
            f"{file}, row 1: column '{missing[0]}' is missing{hint}, found columns {', '.join(found)}, expected "
            f"{', '.join(expected)}; add the column"
        )
    if found != expected:
        return (
            f"{file}, row 1: found columns {', '.join(found)}, expected exactly {', '.join(expected)} in this order; "
            "remove, rename or reorder columns"
        )
    return ""


def _shape_faults(rows: list[list[str]], names: list[str], file: str) -> list[str]:
    return [
        f"{file}, row {number}, column '{names[min(len(row), len(names)) - 1]}' is the last: found {len(row)} cells, "
        f"expected {len(names)} as in the header; correct the row"
        for number, row in enumerate(rows, start=1)
        if len(row) != len(names)
    ]


def _unit_hints(rows: list[list[str]], fields: dict[str, dict], file: str) -> list[str]:
    """A whole column that is out of its range and would be inside in another unit is one fault, not one a row."""
    faults = []
    for position, (name, field) in enumerate(fields.items()):
        limits = field.get("constraints", {})
        if "unit" not in field or not {"minimum", "maximum"} <= set(limits):
            continue
        values = pd.to_numeric(pd.Series([row[position] for row in rows[1:] if len(row) > position]), errors="coerce")
        middle = values.median()
        if pd.isna(middle) or limits["minimum"] <= middle <= limits["maximum"]:
            continue
        for unit, convert in _MISTAKEN[field["unit"]].items():
            if limits["minimum"] <= convert(middle) <= limits["maximum"]:
                row = int((values < limits["minimum"]).to_numpy().argmax() if middle < limits["minimum"] else 0) + 2
                faults.append(
                    f"{file}, row {row}, column '{name}': found {rows[row - 1][position]} and values that look like "
                    f"{unit} throughout, expected {field['unit']} between {limits['minimum']} and {limits['maximum']}; "
                    f"convert the column to {field['unit']}"
                )
                break
    return faults


def _cell_faults(content: bytes, rows: list, fields: dict, file: str, resource: dict) -> list[str]:
    from frictionless import Resource, Schema

    schema = Schema.from_descriptor(resource["schema"])
    report = Resource(data=content, format="csv", encoding="utf-8", schema=schema).validate()
    errors = [error for task in report.tasks for error in task.errors]
    return [_cell_fault(error, rows, fields, file, resource) for error in errors]


def _cell_fault(error, rows: list, fields: dict, file: str, resource: dict) -> str:
    row = getattr(error, "row_number", None)
    name = getattr(error, "field_name", None)
    if error.type == "primary-key":
        return _duplicate_fault(row, rows, fields, file, resource)
    if error.type in ("type-error", "constraint-error", "unique-error") and name in fields:
        found = rows[row - 1][list(fields).index(name)]
        expected = _expected(error, fields[name])
        return f"{file}, row {row}, column '{name}': found {_shown(found)}, expected {expected}; correct the cell"
    where = f", row {row}" if row else ""
    column = f", column '{name}'" if name else ""
    return f"{file}{where}{column}: found {error.note}, expected {len(fields)} cells as in the header; correct the row"


def _duplicate_fault(row: int, rows: list, fields: dict, file: str, resource: dict) -> str:
    key = resource["schema"]["primaryKey"]
    positions = [list(fields).index(name) for name in key]
    values = [rows[row - 1][position] for position in positions]
    first = next(i for i, cells in enumerate(rows, start=1) if [cells[position] for position in positions] == values)
    columns = ", ".join(f"'{name}'" for name in key)
    return (
        f"{file}, row {row}, column {columns}: found {' '.join(values)} a second time (first in row {first}), "
        "expected one row each; remove one of the two"
    )


def _expected(error, field: dict) -> str:
    unit = f" in {field['unit']}" if "unit" in field else ""
    kind = _KINDS.get(field["type"], field["type"])
    limits = field.get("constraints", {})
    constraint = re.search(r'constraint "(\w+)"', error.note)
    match constraint[1] if constraint else "":
        case "minimum" | "maximum":
            low, high = limits.get("minimum"), limits.get("maximum")
            return f"{kind}{unit} " + (f"between {low} and {high}" if None not in (low, high) else "within its limits")
        case "enum":
            return "one of " + ", ".join(map(str, limits["enum"]))
        case "pattern":
            return f"{kind} of the form {limits['pattern']}"
        case "required":
            return f"{kind}{unit}, not an empty cell"
        case "unique":
            return f"{kind} that no other row has"
    if error.type == "unique-error":
        return f"{kind} that no other row has"
    return kind + unit


def _pin_faults(content: bytes, file: str, resource: dict) -> list[str]:
    """What differs from the counts and the hash that the descriptor keeps of a well-formed file: at most one."""
    rows = len(cells.rows_of(content)) - 1
    if rows != resource["rows"]:
        return [
            f"{file}: every row and column is well formed, but found {rows} rows, expected {resource['rows']} as "
            "datapackage.json counts them; restore the file from the repository"
        ]
    if _sha256(content) != _pinned(resource):
        return [
            f"{file}: every row and column is well formed but the content changed, found sha256 {_sha256(content)}, "
            f"expected {_pinned(resource)}; restore the file from the repository"
        ]
    if len(content) != resource["bytes"]:
        return [
            f"{file}: its rows and its sha256 are as datapackage.json says, but found {len(content)} bytes, expected "
            f"{resource['bytes']}; correct 'bytes' in datapackage.json"
        ]
    return []


def _parse(content: bytes, resource: dict) -> pd.DataFrame:
    fields = resource["schema"]["fields"]
    missing = resource["schema"].get("missingValues", [""])
    dates = [field["name"] for field in fields if field["type"] == "date"]
    types = {field["name"]: _type(field) for field in fields if field["type"] != "date"}
    table = pd.read_csv(
        io.BytesIO(content), dtype=types, parse_dates=dates, keep_default_na=False, na_values=missing, encoding="utf-8"
    )
    return table[[field["name"] for field in fields]]


def _type(field: dict) -> str:
    required = field.get("constraints", {}).get("required", False)
    match field["type"]:
        case "number":
            return "float64"
        case "integer":
            return "int64" if required else "Int64"
        case "boolean":
            return "bool" if required else "boolean"
    return "str"


def _sentence(faults: list[str]) -> str:
    more = len(faults) - 1
    return faults[0] + (f" ({more} more like it in this file)" if more else "")


def _pinned(resource: dict) -> str:
    return resource["hash"].removeprefix("sha256:")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _shown(cell: str) -> str:
    return f"'{cell}'" if cell else "an empty cell"


def _quoted(unit: str | None) -> str:
    return f"'{unit}'" if unit else "no unit"
