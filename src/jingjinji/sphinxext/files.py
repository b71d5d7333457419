"""Rows that a page offers to download, as JSON and as csv, and the line that links to both."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
from docutils import nodes

from jingjinji.core import writing


def paths(folder: Path, name: str) -> list[Path]:
    """Where the files of rows of a name are."""
    return [folder / f"{name}.json", folder / f"{name}.csv"]


def write(folder: Path, name: str, rows: list[dict], **about) -> None:
    """Write rows as ``name.json``, below what is said `about` them, and as ``name.csv``.

    A number that does not exist (R-hat of an exact quantity) is null in the one and empty in the other. The csv begins
    with the mark by which a spreadsheet takes it for UTF-8.
    """
    rows = [{key: None if _is_missing(value) else value for key, value in row.items()} for row in rows]
    listed, tabled = paths(folder, name)
    text = json.dumps({**about, name: rows}, ensure_ascii=False, indent=1, allow_nan=False)
    listed.write_text(f"{text}\n", encoding="utf-8")
    tabled.write_text(as_csv(rows), encoding="utf-8-sig", newline="")


def as_csv(rows: list[dict]) -> str:
    """Rows as csv, missing values empty; a text that a spreadsheet would run gets an apostrophe before it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([writing.harmless(name) for name in (rows[0] if rows else ["id"])])
    writer.writerows(["" if _is_missing(value) else writing.harmless(value) for value in row.values()] for row in rows)
    return text.getvalue()


def _is_missing(value) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def links(docname: str, name: str) -> nodes.paragraph:
    """A line of a page that links to the files of rows of a name."""
    up = "../" * docname.count("/")
    both = [nodes.reference("", file.name, refuri=f"{up}{file.name}") for file in paths(Path(), name)]
    return nodes.paragraph("", "", nodes.Text(f"All {name} as files: "), *separated(both), nodes.Text("."))


def separated(items: list[nodes.Node], mark: str = ", ") -> list[nodes.Node]:
    """Nodes with a mark between each two of them."""
    return [node for item in items for node in (nodes.Text(mark), item)][1:]
