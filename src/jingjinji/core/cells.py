"""The cells of a csv file against its schema: whether they are plain, quickly, and what is wrong with their text.

`plain` is asked each time that a table is loaded. It says yes only where it is sure; whoever gets a no asks
frictionless, which names row and column. `text_faults` finds what a schema does not: a text that a spreadsheet would
run, that cannot be seen or that has no end.
"""

import csv
import io
import re
from datetime import date

import numpy as np

LONGEST = 2000
"""Characters of the longest text that a cell may hold."""
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Characters that cannot be seen: controls, other ends of a line, marks that turn the direction of writing."""
FORMULA = re.compile(r"[=@\uff1d\uff20]|[-+\uff0b\uff0d](?!\d[^(|!=&\"']*$)")
"""How a text begins that a spreadsheet would run as a formula; a number with a sign is none."""
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
            return not any(map(_text_fault, filled))
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


def text_faults(rows: list[list[str]], names: list[str], file: str) -> list[str]:
    """Cells that hold what no text of a table may: a sentence each; `rows` begin with the header."""
    return [
        f"{file}, row {number}, column '{name}': {fault}"
        for number, row in enumerate(rows[1:], start=2)
        for name, cell in zip(names, row, strict=False)
        if (fault := _text_fault(cell))
    ]


def _text_fault(cell: str) -> str:
    """What is wrong with a text, as the end of a sentence; empty for a plain one."""
    if len(cell) > LONGEST:
        return f"found {len(cell):,} characters, expected at most {LONGEST:,}; shorten the cell"
    if hidden := HIDDEN.search(cell):
        return f"found the hidden character U+{ord(hidden[0]):04X}, expected text in one line; remove it"
    if is_formula(cell):
        return f"found '{cell[:40]}', which a spreadsheet runs as a formula, expected text; write it in words"
    return ""


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a text; a number with its sign, and words after it, is none."""
    return bool(FORMULA.match(text.lstrip("\t\r ")))
