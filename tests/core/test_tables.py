"""Tables: what loads, and every fault in one message."""

import json
import subprocess
import sys

import pandas as pd
import pytest
from faults import FAULTS, TABLE, copy_package, edit_cell

from jingjinji.core import tables
from jingjinji.core.errors import DataError


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = copy_package(tmp_path / "data", TABLE, "weather_beijing_month")
    monkeypatch.setattr(tables, "DATA", folder)
    return folder


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_published_package_has_no_problem():
    assert tables.problems() == {}
    tables.check()


@pytest.mark.parametrize("name", tables.names())
def test_every_table_loads_with_its_columns(name):
    table = tables.load(name)
    assert list(table.columns) == [field["name"] for field in tables.describe(name)["schema"]["fields"]]
    assert not table.duplicated(tables.describe(name)["schema"]["primaryKey"]).any()


def test_types_follow_the_schema():
    annual = tables.load("pm25_official_annual")
    assert annual["pm25"].dtype == "float64"
    assert annual["derived"].dtype == "bool"
    assert annual["decimals"].dtype == "Int64"
    assert annual.loc[annual["derived"], "decimals"].isna().all()
    assert pd.api.types.is_datetime64_any_dtype(tables.load("interventions")["start"])


def test_the_thirteen_cities_are_there():
    months = tables.load("pm25_city_month")
    assert len(months) == 1101
    assert months["city"].nunique() == 13
    assert list(tables.load("weather_beijing_month")["month"].agg(["min", "max"])) == ["2013-01", "2023-12"]


def test_nothing_that_nobody_has_seen_is_published():
    text = "".join(tables.path(name).read_text(encoding="utf-8") for name in tables.names())
    assert "memory" not in text
    annual = tables.load("pm25_official_annual").set_index(["area", "year", "series"])
    assert ("Tianjin", 2016, "official") not in annual.index


def test_every_figure_has_a_source_and_no_column_holds_quotes():
    for name in tables.names():
        resource = tables.describe(name)
        assert "quote" not in [field["name"] for field in resource["schema"]["fields"]]
        assert resource["licenses"]
        assert resource["known_issues"]
        for source in resource["sources"]:
            assert {"title", "publisher", "license"} <= set(source)
            assert "path" in source or source["publisher"] == "not kept"
    months = tables.load("pm25_city_month")
    assert set(months["source"]) == {source["name"] for source in tables.describe("pm25_city_month")["sources"]}


def test_every_physical_quantity_has_its_unit():
    units = {
        (name, field["name"]): field.get("unit")
        for name in tables.names()
        for field in tables.describe(name)["schema"]["fields"]
    }
    assert units["pm25_city_month", "pm25"] == units["pm25_official_annual", "pm25"] == "µg/m³"
    assert units["weather_beijing_month", "wind"] == "m/s"
    assert units["weather_beijing_month", "pressure"] == "hPa"
    assert units["days_by_class", "value"] == "days"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_told_in_one_message_and_nothing_is_written(fault, data):
    fault.inject(data)
    before = contents(data)
    with pytest.raises(DataError) as caught:
        tables.load(TABLE)
    message = str(caught.value)
    assert "\n" not in message
    for word in fault.words:
        assert word in message
    with pytest.raises(DataError) as caught:
        tables.check()
    assert str(caught.value).startswith(message)
    assert contents(data) == before


def test_other_tables_load_beside_a_faulty_one(data):
    edit_cell(data, 14, 2, "-4.2")
    assert len(tables.load("weather_beijing_month")) == 132
    assert list(tables.problems()) == [TABLE]


def test_many_faults_of_a_file_are_one_message(data):
    edit_cell(data, 14, 2, "-4.2")
    edit_cell(data, 15, 2, "high")
    with pytest.raises(DataError, match=r"row 14, .*\(1 more like it in this file\)$"):
        tables.load(TABLE)


def test_several_faulty_tables_are_counted(data):
    edit_cell(data, 14, 2, "-4.2")
    edit_cell(data, 5, 1, "-3", table="weather_beijing_month")
    with pytest.raises(DataError, match=r"pm25_city_month.*\(1 more with problems\)$"):
        tables.check()


@pytest.mark.parametrize(
    ("row", "column", "text", "words"),
    [
        (3, 0, "Bejing", ("row 3", "'city'", "'Bejing'", "one of Baoding, Beijing")),
        (3, 1, "2014-13", ("row 3", "'month'", "'2014-13'", "of the form")),
        (3, 2, "", ("row 3", "'pm25'", "an empty cell", "not an empty cell")),
        (3, 3, "12.5", ("row 3", "'days'", "'12.5'", "a whole number in days")),
        (3, 2, "5,5", ("row 3", "found 7 cells", "expected 6")),
    ],
)
def test_other_faults_of_a_cell(row, column, text, words, data):
    edit_cell(data, row, column, text)
    with pytest.raises(DataError) as caught:
        tables.load(TABLE)
    for word in words:
        assert word in str(caught.value)


def test_header_without_rows(data):
    file = data / f"{TABLE}.csv"
    file.write_bytes(file.read_bytes().partition(b"\n")[0] + b"\n")
    with pytest.raises(DataError, match="row 2: found no row"):
        tables.load(TABLE)


def test_columns_in_another_order(data):
    edit_cell(data, 1, 0, "month")
    edit_cell(data, 1, 1, "city")
    with pytest.raises(DataError, match="expected exactly city, month"):
        tables.load(TABLE)


def test_unknown_table_names_the_known_ones():
    with pytest.raises(DataError, match=r"no table 'pm10'.*pm25_city_month"):
        tables.load("pm10")


def test_damaged_descriptor(data):
    (data / "datapackage.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"datapackage\.json is not readable as JSON"):
        tables.load(TABLE)


def test_descriptor_that_frictionless_rejects(data):
    file = data / "datapackage.json"
    descriptor = json.loads(file.read_text(encoding="utf-8"))
    descriptor["resources"][0]["schema"]["fields"][0]["type"] = "town"
    file.write_text(json.dumps(descriptor), encoding="utf-8")
    with pytest.raises(DataError, match="not a valid data package"):
        tables.check()


def test_a_csv_that_no_table_lists(data):
    (data / "extra.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"extra\.csv is in data/ but no table"):
        tables.check()


def test_another_region_is_read_with_the_same_checks(tmp_path):
    own = tmp_path / "yangtze.csv"
    own.write_text("city,month,pm25,days,source,quality\nShanghai,2014-01,83.1,31,own,A\n", encoding="utf-8")
    assert tables.read(own, TABLE)["pm25"].tolist() == [83.1]
    own.write_text("city,month,pm25,days,source,quality\nShanghai,2014-01,-1,31,own,A\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"yangtze\.csv, row 2, column 'pm25': found '-1'"):
        tables.read(own, TABLE)


def test_a_users_file_in_milligrams_is_recognised(tmp_path):
    own = tmp_path / "yangtze.csv"
    own.write_text("city,month,pm25,days,source,quality\nShanghai,2014-01,0.083,31,own,A\n", encoding="utf-8")
    with pytest.raises(DataError, match="look like mg/m³ throughout, expected µg/m³"):
        tables.read(own, TABLE)


def test_temperatures_in_kelvin_are_recognised(data):
    file = data / "weather_beijing_month.csv"
    table = pd.read_csv(file)
    table["temperature"] = (table["temperature"] + 273.15).round(2)
    table.to_csv(file, index=False)
    with pytest.raises(DataError, match=r"'temperature': found .* look like K throughout, expected degC"):
        tables.load("weather_beijing_month")


def test_importing_tables_does_not_import_frictionless():
    code = "import sys, jingjinji.core.tables; sys.exit('frictionless' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_table_is_parsed_once_and_nobody_changes_that_of_another(monkeypatch):
    table, before = tables.load("days_by_class"), tables.load("days_by_class").copy(deep=True)
    table.loc[0, "value"] = -1.0
    table["more"] = 1
    monkeypatch.setattr(tables, "_parse", None)
    pd.testing.assert_frame_equal(tables.load("days_by_class"), before)
    tables.describe("days_by_class")["schema"]["fields"].clear()
    tables.package()["resources"].clear()
    assert tables.describe("days_by_class")["schema"]["fields"]
    pd.testing.assert_frame_equal(tables.load("days_by_class"), before)
