"""Rows that a page offers to download, as JSON and as csv, and the line that links to both."""

import csv
import json
import math
from pathlib import Path

from docutils import nodes

from jingjinji.core import writing


def paths(folder: Path, name: str) -> list[Path]:
    """Where the files of rows of a name are."""
    return [folder / f"{name}.json", folder / f"{name}.csv"]


def write(folder: Path, name: str, rows: list[dict], **about) -> None:
    """Write rows as ``name.json``, below what is said `about` them, and as ``name.csv``.

    A number that does not exist (R-hat of an exact quantity) is null in the one and empty in the other. The csv begins
    with the mark by which a spreadsheet takes it for UTF-8, and a text that one would run gets an apostrophe before it.
    """
    rows = [{key: None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
            for row in rows]  # fmt: skip
    listed, tabled = paths(folder, name)
    text = json.dumps({**about, name: rows}, ensure_ascii=False, indent=1, allow_nan=False)
    listed.write_text(f"{text}\n", encoding="utf-8")
    with tabled.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["id"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: writing.harmless(value) for key, value in row.items()} for row in rows)


def links(docname: str, name: str) -> nodes.paragraph:
    """A line of a page that links to the files of rows of a name."""
    up = "../" * docname.count("/")
    both = [nodes.reference("", file.name, refuri=f"{up}{file.name}") for file in paths(Path(), name)]
    return nodes.paragraph("", "", nodes.Text(f"All {name} as files: "), *separated(both), nodes.Text("."))


def separated(items: list[nodes.Node], mark: str = ", ") -> list[nodes.Node]:
    """Nodes with a mark between each two of them."""
    return [node for item in items for node in (nodes.Text(mark), item)][1:]
