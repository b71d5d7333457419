"""Hostile and wrong cells in tables whose hash was made to match: each is refused, quickly and in one sentence."""

import json
import re
import subprocess
import sys

import pytest
from faults import copy_package, describe, pin, put

from jingjinji.core import tables, texts
from jingjinji.core.errors import DataError

MONTHS, ACTS, ZONE, DAYS = "pm25_city_month", "governance_acts", "hydrogen_zone", "days_by_class"


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = copy_package(tmp_path / "data", MONTHS, ACTS, ZONE, DAYS)
    monkeypatch.setattr(tables, "DATA", folder)
    return folder


def refused(table: str) -> str:
    """The one sentence in which a table is refused where it is loaded, where it is checked, and before any fit."""
    said = []
    for ask in (lambda: tables.load(table), lambda: tables.check(table), tables.refuse_faulty):
        with pytest.raises(DataError) as caught:
            ask()
        said.append(str(caught.value))
    assert len(set(said)) == 1
    assert "\n" not in said[0]
    assert len(said[0]) < 600
    return said[0]


@pytest.mark.parametrize(
    ("table", "column", "text", "words"),
    [
        (MONTHS, "pm25", "-5", "found '-5', expected a number in µg/m³ between 1 and 1000"),
        (MONTHS, "pm25", "inf", "found 'inf', expected a number"),
        (MONTHS, "pm25", "NaN", "found 'NaN', expected a number"),
        (MONTHS, "pm25", "1e999", "found '1e999', expected a number"),
        (MONTHS, "pm25", "abc", "found 'abc', expected a number"),
        (MONTHS, "pm25", "", "found an empty cell"),
        (MONTHS, "pm25", "=5+5", "found '=5+5', which a spreadsheet runs as a formula"),
        (MONTHS, "days", "99", "found '99', expected a whole number in days between 1 and 31"),
        (MONTHS, "month", "2099-01", "found '2099-01', expected text of the form 20"),
        (MONTHS, "month", "2014-13", "found '2014-13'"),
        (DAYS, "year", "2099", "found '2099', expected a whole number between 2013 and 2024"),
        (ZONE, "value", "-50", "found '-50', expected a number between 0 and"),
        (ACTS, "start", "2099-01-01", "found '2099-01-01', expected a date"),
        (ACTS, "start", "2013-02-30", "found '2013-02-30', expected a date"),
        (ACTS, "url", "javascript:alert(1)", "found 'javascript:alert(1)', expected text of the form https"),
        (ACTS, "label", "a\0b", "found the hidden character U+0000, expected text in one line"),
        (ACTS, "label", "a\nb", "found the hidden character U+000A"),
        (ACTS, "label", "a\u202eb", "found the hidden character U+202E"),
        (ACTS, "label", "long" * 1_250_000, "found 5,000,000 characters, expected at most 2,000"),
        (ACTS, "label", '=HYPERLINK("http://x")', "found '=HYPERLINK(\"http://x\")', which a spreadsheet runs"),
        (ACTS, "label", "@SUM(A1)", "which a spreadsheet runs as a formula"),
        (ACTS, "label", "-2+3+cmd|' /C calc'!A0", "which a spreadsheet runs as a formula"),
    ],
)
def test_a_cell_that_is_wrong_or_hostile_is_refused_although_the_hash_matches(data, table, column, text, words):
    put(data, table, 3, column, text)
    pin(data, table)
    said = refused(table)
    assert said.startswith(f"{table}.csv, row 3, column '{column}': found ")
    assert words in said


def test_a_second_row_of_one_key_is_refused_although_the_hash_matches(data):
    file = data / f"{MONTHS}.csv"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines, lines[1]]), "utf-8")
    pin(data, MONTHS)
    assert "a second time (first in row 2)" in refused(MONTHS)


def test_half_of_the_rows_are_missed_although_the_hash_matches(data):
    file = data / f"{MONTHS}.csv"
    header, *lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join([header, *lines[::2]]), "utf-8")
    pin(data, MONTHS)
    assert f"found {len(lines[::2])} rows, expected {len(lines)} as datapackage.json counts them" in refused(MONTHS)


def test_numbers_with_a_sign_are_no_formulas():
    for text in ("-34", "-51 to -57", "-17.7 µg/m³", "+61.6 % vs actual; effect -38 %", "-5e-05"):
        assert texts.text_faults([["note"], [text]], ["note"], "table.csv") == []


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"bytes": 5}, "its sha256 are as datapackage.json says, but found 36552 bytes, expected 5; correct 'bytes'"),
        ({"hash": "sha256:" + "0" * 64}, f"but the content changed, found sha256 696a5d.*, expected {'0' * 64}"),
        ({"hash": 5}, "table 'pm25_city_month' has hash '5', expected sha256: and 64 digits"),
        ({"hash": None}, "has hash 'None', expected sha256"),
        ({"rows": 3}, "found 1101 rows, expected 3"),
        ({"rows": "many"}, "has rows 'many', expected how many rows"),
        ({"path": "../data/pm25_city_month.csv"}, "has path .*, expected a csv file of the folder"),
        ({"path": "/etc/passwd"}, "has path '/etc/passwd', expected a csv file of the folder"),
        ({"schema": None}, "has schema 'None', expected fields"),
        ({"schema": {"fields": [{"name": "city"}], "primaryKey": ["city"]}}, "has schema .*, expected fields"),
        ({"name": None}, "table 1 has the name 'None', expected a word"),
        ({"name": DAYS}, f"table 1 has the name '{DAYS}', expected a word that no other table is called"),
    ],
)
def test_a_wrong_descriptor_is_told_by_what_is_wrong_in_it(data, parts, words):
    describe(data, MONTHS, **parts)
    for ask in (lambda: tables.load(MONTHS), tables.check, tables.refuse_faulty):
        with pytest.raises(DataError, match=words) as caught:
            ask()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["[]", "{}", '"x"', '{"resources": {}}', '{"resources": [1]}', "[" * 100_000])
def test_a_descriptor_that_is_no_package_is_one_sentence(data, content):
    (data / "datapackage.json").write_text(content, "utf-8")
    for ask in (lambda: tables.load(MONTHS), tables.problems, tables.refuse_faulty):
        with pytest.raises(DataError, match=r"datapackage\.json"):
            ask()


def test_every_table_of_the_book_is_plain_so_that_loading_it_asks_no_validator():
    code = (
        "import sys; from jingjinji.core import tables; tables.refuse_faulty(); sys.exit('frictionless' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_number_and_every_time_of_the_package_has_limits():
    for name in tables.names():
        for field in tables.describe(name)["schema"]["fields"]:
            limits, where = field.get("constraints", {}), (name, field["name"])
            if field["type"] in ("number", "integer", "date"):
                assert {"minimum", "maximum"} <= set(limits) or "enum" in limits, where
            if field["type"] == "date":
                assert limits["maximum"] < "2099", where
            if "year" in field["name"] and field["type"] == "integer" and "enum" not in limits:
                assert limits["maximum"] < 2030, where
            if field["name"] == "month":
                assert not re.fullmatch(limits["pattern"], "2099-01"), where


def test_the_descriptor_counts_the_rows_of_every_table():
    described = json.loads((tables.DATA / "datapackage.json").read_text("utf-8"))["resources"]
    assert {one["name"]: one["rows"] for one in described} == {name: len(tables.load(name)) for name in tables.names()}
