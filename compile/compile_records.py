"""Compile the records that claims are checked with, from the research table and records.toml; called by compile.py.

By itself it writes records.csv and its hash alone: python compile/compile_records.py --research DIR
"""

import argparse
import tomllib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from compile_claims import DATA, SHORT, write_table

HERE = Path(__file__).parent
COLUMNS = ("id", "claims", "statement", "quantity", "value", "unit", "text", "date", "standing", "origin", "title",
           "publisher", "reprint", "url", "kind", "seen", "note")  # fmt: skip
OF_TABLE = ("value", "unit", "title", "publisher", "url")
DATES = ("start", "date", "approved", "published")
NOT_FOUND, READ = "not found", "page"
REPORT = "report"


def records(research: Path, load: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """Table `records`; `load` gives tables of the package, of which some rows are records too.

    Raises SystemExit for a row of records.toml that fits no row, and for a quantity that a rule could not name.
    """
    written = tomllib.loads((HERE / "records.toml").read_text(encoding="utf-8"))
    found = pd.read_csv(research / "official/records.csv", keep_default_na=False, dtype=str)
    _check(written, set(found["id"]))
    rows = [_researched(row, written) for row in found.to_dict("records")]
    first = len(rows) + 1
    rows += [_further(row, f"R{number:03}", load) for number, row in enumerate(written["more"], start=first)]
    table = pd.DataFrame(rows)[list(COLUMNS)]
    if table["quantity"].str.contains("'").any():
        raise SystemExit(f"a rule cannot name {table['quantity'][table['quantity'].str.contains(chr(39))].tolist()}")
    for column in ("statement", "quantity", "title", "note"):
        table[column] = table[column].replace(SHORT, regex=True)
    return table.assign(value=pd.to_numeric(table["value"]))


def _check(written: dict, ids: set[str]) -> None:
    named = {*written["document"], *written["own"], *written["origin"], *written["rows"]}
    if strangers := sorted(named - ids):
        raise SystemExit(f"records.toml names {', '.join(strangers)}, which the research table has not")


def _researched(row: dict, written: dict) -> dict:
    absent = not row["publisher"]
    publisher, reprint = written["publishers"].get(row["publisher"], (row["publisher"], ""))
    standing = "document" if row["id"] in written["document"] else "own side" if row["id"] in written["own"] else REPORT
    made = {
        "id": row["id"], "claims": row["claims"].replace(";", " "), "statement": row["statement"],
        "quantity": row["quantity"], "value": row["value"], "unit": row["unit"] if row["value"] else "", "text": "",
        "date": row["date"], "standing": standing, "origin": written["origin"].get(row["id"], publisher or reprint),
        "title": row["source_title"], "publisher": publisher, "reprint": reprint, "url": row["url"],
        "kind": row["kind"], "seen": row["seen"], "note": row["note"],
    }  # fmt: skip
    if absent:
        made |= {"statement": "Not found.", "kind": NOT_FOUND, "seen": "", "standing": "", "origin": "",
                 "note": row["note"].removeprefix("not found: ")}  # fmt: skip
    return made | written["rows"].get(row["id"], {})


def _further(row: dict, id: str, load: Callable[[str], pd.DataFrame]) -> dict:
    made = dict.fromkeys(COLUMNS, "") | {"id": id, "standing": REPORT, "seen": READ}
    if "table" in row:
        made |= _cell(load(row["table"]), row["where"], row["table"])
    made |= {name: value for name, value in row.items() if name in COLUMNS}
    return made | {"origin": row.get("origin", made["publisher"] or made["reprint"])}


def _cell(table: pd.DataFrame, where: dict[str, str], name: str) -> dict:
    """Figure, date and source of the one row of a table."""
    for column, value in where.items():
        table = table[table[column] == value]
    if len(table) != 1:
        raise SystemExit(f"records.toml: table {name} has {len(table)} rows with {where}, expected one")
    cells = {column: "" if pd.isna(cell) else cell for column, cell in table.iloc[0].to_dict().items()}
    publisher, reprint = str(cells.get("publisher") or ""), ""
    if "first publisher is not known" in publisher:
        publisher = ""
    elif publisher.endswith(", reprint"):
        publisher, reprint = publisher.removesuffix(", reprint"), "a reprint"
    date = next((str(cells[column])[:10] for column in DATES if cells.get(column)), "")
    made = {column: cells[column] for column in OF_TABLE if cells.get(column, "") != ""}
    address = str(cells.get("url") or "")
    site = address.partition("//")[2].partition("/")[0].removeprefix("www.")
    made |= {"publisher": publisher, "reprint": reprint if publisher else site, "date": date}
    return (
        made
        | {"title": made.get("title") or str(cells.get("study", ""))}
        | ({"publisher": str(cells["study"]), "reprint": ""} if "study" in cells else {})
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--research", type=Path, required=True, help="folder of the research tables")

    def load(name: str) -> pd.DataFrame:
        return pd.read_csv(DATA / f"{name}.csv", keep_default_na=False)

    write_table("records", records(parser.parse_args().research, load))


if __name__ == "__main__":
    main()
