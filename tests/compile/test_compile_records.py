"""The maintainers' script for the records: who published, where it was read, what a row goes back to."""

import tomllib

import compile_records
import pandas as pd
import pytest

from jingjinji.core import tables

ROW = {
    "id": "R001", "claims": "C001;C002", "statement": "It was closed.", "quantity": "closing", "value": "2018",
    "unit": "year", "date": "2018-12-21", "source_title": "A title", "publisher": "mirror.example (of The Paper)",
    "url": "http://mirror.example/1", "kind": "mirror of a report", "seen": "excerpt", "against": "no", "note": "",
}  # fmt: skip
WRITTEN = {
    "document": [], "own": [], "origin": {}, "rows": {},
    "publishers": {"mirror.example (of The Paper)": ["The Paper", "mirror.example"]},
}  # fmt: skip


def test_a_row_names_the_first_publisher_and_where_it_was_read():
    made = compile_records._researched(ROW, WRITTEN)
    assert (made["publisher"], made["reprint"], made["origin"]) == ("The Paper", "mirror.example", "The Paper")
    assert (made["claims"], made["standing"]) == ("C001 C002", "report")


def test_a_row_is_weighed_as_written():
    written = WRITTEN | {"own": ["R001"], "origin": {"R001": "an agency"}, "rows": {"R001": {"value": 2019}}}
    made = compile_records._researched(ROW, written)
    assert (made["standing"], made["origin"], made["value"]) == ("own side", "an agency", 2019)


def test_what_was_not_found_has_no_source():
    row = ROW | {"statement": "", "publisher": "", "value": "", "kind": "", "seen": "", "note": "not found: two tries"}
    made = compile_records._researched(row, WRITTEN)
    assert (made["kind"], made["standing"], made["origin"], made["note"]) == ("not found", "", "", "two tries")


def test_a_row_of_another_table_keeps_its_figure_and_source():
    table = pd.DataFrame(
        {"id": ["P1", "P2"], "value": [4.0, 5.0], "unit": "count", "published": ["2021-10-08", ""], "title": "A page",
         "publisher": ["Government, reprint", "reprint; the first publisher is not known"],
         "url": ["https://a.example/x", "http://www.b.example/y"]}
    )  # fmt: skip
    further = {"table": "facts", "claims": "C057", "statement": "Four.", "quantity": "parts", "kind": "official text"}
    made = compile_records._further(further | {"where": {"id": "P1"}}, "R117", lambda name: table)
    assert (made["value"], made["publisher"], made["date"]) == (4.0, "Government", "2021-10-08")
    unknown = compile_records._further(further | {"where": {"id": "P2"}}, "R118", lambda name: table)
    assert (unknown["publisher"], unknown["reprint"], unknown["origin"]) == ("", "b.example", "b.example")
    with pytest.raises(SystemExit, match="facts has 0 rows"):
        compile_records._further(further | {"where": {"id": "P3"}}, "R119", lambda name: table)


def test_an_id_that_the_research_has_not_is_refused():
    with pytest.raises(SystemExit, match="names R999"):
        compile_records._check(WRITTEN | {"own": ["R999"]}, {"R001"})


def test_the_published_table_is_weighed_as_written():
    written = tomllib.loads((compile_records.HERE / "records.toml").read_text("utf-8"))
    published = tables.load("records").set_index("id")
    first = {id for id in published.index if int(id[1:]) <= len(published) - len(written["more"])}
    documents, own = (set(published.index[published.standing == kind]) & first for kind in ("document", "own side"))
    assert (documents, own) == (set(written["document"]), set(written["own"]))
    rest = published.loc[[id for id in published.index if id not in first]]
    assert rest.quantity.tolist() == [row["quantity"] for row in written["more"]]
    assert published[published.kind != "not found"].origin.notna().all()
    assert (published[published.kind == "not found"].standing.isna()).all()
