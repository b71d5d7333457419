"""A copy of the data package and the faults that tests put into it."""

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jingjinji.core import tables

TABLE = "pm25_city_month"


def copy_package(target: Path, *names: str) -> Path:
    """Copy the package, or a smaller one of the named tables; returns the folder."""
    target.mkdir()
    descriptor = json.loads((tables.DATA / "datapackage.json").read_text("utf-8"))
    descriptor["resources"] = [
        resource for resource in descriptor["resources"] if not names or resource["name"] in names
    ]
    for resource in descriptor["resources"]:
        shutil.copy(tables.path(resource["name"]), target)
    (target / "datapackage.json").write_text(json.dumps(descriptor, ensure_ascii=False, indent=2), "utf-8")
    return target


def edit_cell(data: Path, row: int, column: int, text: str, table: str = TABLE) -> None:
    """Put text into a cell; row counts the header as 1, column starts at 0."""
    file = data / f"{table}.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    cells = lines[row - 1].split(",")
    cells[column] = text
    lines[row - 1] = ",".join(cells)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def put(data: Path, table: str, row: int, column: str, text: str) -> None:
    """Put any text into a cell, quoted where csv needs it; row counts the header as 1."""
    file = data / f"{table}.csv"
    rows = list(csv.reader(io.StringIO(file.read_text("utf-8"), newline="")))
    rows[row - 1][rows[0].index(column)] = text
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(rows)
    file.write_text(written.getvalue(), "utf-8", newline="\n")


def describe(data: Path, table: str, **parts: object) -> None:
    """Change parts of what the descriptor says of a table."""
    file = data / "datapackage.json"
    descriptor = json.loads(file.read_text("utf-8"))
    next(one for one in descriptor["resources"] if one["name"] == table).update(parts)
    file.write_text(json.dumps(descriptor, ensure_ascii=False, indent=2), "utf-8")


def pin(data: Path, table: str) -> None:
    """Have the descriptor give the file's hash and bytes, as one who wants a changed table to pass would."""
    content = (data / f"{table}.csv").read_bytes()
    describe(data, table, hash=f"sha256:{hashlib.sha256(content).hexdigest()}", bytes=len(content))


def _missing_column(data: Path) -> None:
    edit_cell(data, 1, 2, "pm2_5")


def _negative(data: Path) -> None:
    edit_cell(data, 14, 2, "-4.2")


def _duplicate(data: Path) -> None:
    file = data / f"{TABLE}.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines.insert(5, lines[2])
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _text_in_number(data: Path) -> None:
    edit_cell(data, 9, 2, "about 50")


def _wrong_unit(data: Path) -> None:
    file = data / "datapackage.json"
    descriptor = json.loads(file.read_text(encoding="utf-8"))
    resource = next(resource for resource in descriptor["resources"] if resource["name"] == TABLE)
    next(field for field in resource["schema"]["fields"] if field["name"] == "pm25")["unit"] = "mg/m³"
    file.write_text(json.dumps(descriptor), encoding="utf-8")


def _values_in_wrong_unit(data: Path) -> None:
    file = data / f"{TABLE}.csv"
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines]
    scaled = [",".join([*row[:2], f"{float(row[2]) / 1000:.5f}", *row[3:]]) for row in rows]
    file.write_text("\n".join([header, *scaled]) + "\n", encoding="utf-8", newline="\n")


def _changed_hash(data: Path) -> None:
    edit_cell(data, 20, 2, "77.7")


def _not_utf8(data: Path) -> None:
    file = data / f"{TABLE}.csv"
    lines = file.read_bytes().split(b"\n")
    lines[3] = lines[3].replace(b"aqistudy", "北京".encode("gb18030"))
    file.write_bytes(b"\n".join(lines))


def _empty(data: Path) -> None:
    (data / f"{TABLE}.csv").write_bytes(b"")


def _missing_file(data: Path) -> None:
    (data / f"{TABLE}.csv").unlink()


@dataclass(frozen=True)
class Fault:
    """What is done to the package and the words that the one message must hold."""

    name: str
    inject: Callable[[Path], None]
    words: tuple[str, ...]


FAULTS = (
    Fault("missing column", _missing_column, ("pm25_city_month.csv", "row 1", "'pm25' is missing", "found 'pm2_5'")),
    Fault("negative", _negative, ("pm25_city_month.csv", "row 14", "'pm25'", "'-4.2'", "µg/m³ between 1 and 1000")),
    Fault(
        "duplicate", _duplicate, ("pm25_city_month.csv", "row 6", "'city', 'month'", "first in row 3", "one row each")
    ),
    Fault("text", _text_in_number, ("pm25_city_month.csv", "row 9", "'pm25'", "'about 50'", "a number in µg/m³")),
    Fault("unit", _wrong_unit, ("datapackage.json", "pm25_city_month", "'pm25'", "'mg/m³'", "expected 'µg/m³'")),
    Fault("values", _values_in_wrong_unit, ("pm25_city_month.csv", "row 2", "'pm25'", "look like mg/m³", "µg/m³")),
    Fault("hash", _changed_hash, ("pm25_city_month.csv", "every row and column", "found sha256", "expected")),
    Fault("not UTF-8", _not_utf8, ("pm25_city_month.csv", "row 4", "column 'source'", "0xb1", "expected UTF-8")),
    Fault("empty", _empty, ("pm25_city_month.csv", "row 1", "found an empty file", "expected a header")),
    Fault("missing file", _missing_file, ("pm25_city_month.csv", "is missing", "restore")),
)
