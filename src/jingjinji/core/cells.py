"""The cells of a csv file against its schema: whether they are plain, quickly, and what is wrong with their text.

`plain` is asked each time that a table is loaded. It says yes only where it is sure; whoever gets a no asks
frictionless, which names row and column. What a text may not hold is said in `texts`.
"""

import csv
import io
import re
from datetime import date

import numpy as np

from jingjinji.core.texts import text_fault

NOT_A_NUMBER = re.compile(r"(?m)^(?!(?:-?\d{1,15}(?:\.\d{1,15})?(?:e[-+]?\d{1,2})?)?$)", re.ASCII)
NOT_WHOLE = re.compile(r"(?m)^(?!(?:-?\d{1,15})?$)", re.ASCII)
NOT_A_DATE = re.compile(r"(?m)^(?!(?:\d{4}-\d\d-\d\d)?$)", re.ASCII)
WORDS_OF_TRUTH = {"", "True", "False", "true", "false"}


def rows_of(content: bytes) -> list[list[str]]:
    """The rows of a csv file in UTF-8; raises csv.Error for a cell that is longer than the reader takes."""
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


def plain(content: bytes, resource: dict) -> bool:
    """True where a csv file is, beyond doubt, what its descriptor says: header, every cell, every key."""
    fields = resource["schema"]["fields"]
    try:
        header, *rows = rows_of(content)
    except (csv.Error, UnicodeDecodeError, ValueError):
        return False
    if header != [field["name"] for field in fields] or not rows or any(len(row) != len(fields) for row in rows):
        return False
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    key = list(zip(*(columns[name] for name in resource["schema"]["primaryKey"]), strict=True))
    return len(set(key)) == len(key) and all(map(any, key)) and all(_plain(columns[f["name"]], f) for f in fields)


def _plain(cells: tuple[str, ...], field: dict) -> bool:
    limits, distinct = field.get("constraints", {}), set(cells)
    filled, joined = distinct - {""}, "\n".join(distinct)
    if joined.count("\n") != len(distinct) - 1:
        return False
    if ("" in distinct and limits.get("required")) or (limits.get("unique") and len(distinct) < len(cells)):
        return False
    if "enum" in limits and not filled <= set(map(str, limits["enum"])):
        return False
    if "pattern" in limits and not all(re.fullmatch(limits["pattern"], cell) for cell in filled):
        return False
    match field["type"]:
        case "string":
            return not any(map(text_fault, filled))
        case "boolean":
            return distinct <= WORDS_OF_TRUTH
        case "date":
            return not NOT_A_DATE.search(joined) and all(map(_is_date, filled)) and _inside(sorted(filled), limits)
        case "integer" | "number" as kind:
            wrong = NOT_WHOLE if kind == "integer" else NOT_A_NUMBER
            return not wrong.search(joined) and _inside(np.sort(np.array([*filled], dtype=float)), limits)
    return False


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _inside(values, limits: dict) -> bool:
    """Whether sorted values lie within the limits of their column."""
    if not len(values):
        return True
    low, high = limits.get("minimum"), limits.get("maximum")
    return (low is None or values[0] >= low) and (high is None or values[-1] <= high)
