"""Files to download have the same rows, and a number that does not exist is none in both."""

import csv
import json

import pandas as pd
from docutils import nodes

from jingjinji.sphinxext import files


def test_both_files_have_the_rows_and_one_says_what_they_are(tmp_path):
    files.write(tmp_path, "claims", [{"id": "a", "rhat": float("nan")}, {"id": "ü", "rhat": 1.5}], draft=True)
    listed, tabled = files.paths(tmp_path, "claims")
    rows = [{"id": "a", "rhat": None}, {"id": "ü", "rhat": 1.5}]
    assert json.loads(listed.read_text("utf-8")) == {"draft": True, "claims": rows}
    with tabled.open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [{"id": "a", "rhat": ""}, {"id": "ü", "rhat": "1.5"}]


def test_a_text_that_a_spreadsheet_would_run_is_made_harmless_in_the_csv_alone(tmp_path):
    texts = ['=HYPERLINK("http://x")', "@SUM(A1)", "-2+3+cmd|' /C calc'!A0", "\t=1", "\uff1d1", "-17.7 %", "plain, =1"]
    files.write(tmp_path, "claims", [{"id": text, "value": -1.5} for text in texts])
    listed, tabled = files.paths(tmp_path, "claims")
    assert [row["id"] for row in json.loads(listed.read_text("utf-8"))["claims"]] == texts
    with tabled.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [f"'{text}" for text in texts[:5]] + texts[5:]
    assert {row["value"] for row in rows} == {"-1.5"}


def test_a_csv_has_no_word_for_what_is_missing_and_a_harmless_head():
    rows = [{"=a": "=1+1", "b": 1.5, "ü": float("nan")}, {"=a": "plain, text", "b": pd.NA, "ü": None}]
    assert files.as_csv(rows).splitlines() == ["'=a,b,ü", "'=1+1,1.5,", '"plain, text",,']


def test_without_rows_there_is_a_head(tmp_path):
    files.write(tmp_path, "findings", [])
    assert [file.read_text("utf-8") for file in files.paths(tmp_path, "findings")] == [
        '{\n "findings": []\n}\n',
        "id\n",
    ]


def test_links_lead_up_from_the_folder_of_the_page():
    line = files.links("chapters/appendix/findings", "findings")
    addresses = [link["refuri"] for link in line.findall(nodes.reference)]
    assert addresses == ["../../findings.json", "../../findings.csv"]
    assert line.astext() == "All findings as files: findings.json, findings.csv."
