"""``jingjinji data``: output, one message a fault, exit code."""

import pytest
from faults import FAULTS, TABLE, copy_package
from raw_archives import AIRPORT_FILES, STATION_FILES, archive, leftovers, serving, write_mirror, zipped
from typer.testing import CliRunner

import jingjinji
from jingjinji.cli import data as cli_data
from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.topics.november import archives


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = copy_package(tmp_path / "data", TABLE, "weather_beijing_month")
    monkeypatch.setattr(tables, "DATA", folder)
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(jingjinji, "CACHE", tmp_path / "cache")
    return tmp_path / "cache" / "archives"


def run(*arguments):
    return CliRunner().invoke(cli_data.app, list(arguments))


def test_list_names_every_table():
    result = run("list")
    assert result.exit_code == 0
    for name in tables.names():
        assert name in result.output


@pytest.mark.parametrize("name", tables.names())
def test_show_tells_units_sources_licences_and_doubts(name):
    result = run("show", name)
    assert result.exit_code == 0
    resource = tables.describe(name)
    for issue in resource["known_issues"]:
        assert issue in result.output
    for source in resource["sources"]:
        assert source.get("path", "address not kept") in result.output
    assert resource["hash"].removeprefix("sha256:") in result.output


def test_show_of_an_unknown_table_fails():
    result = run("show", "pm10")
    assert result.exit_code != 0
    assert isinstance(result.exception, BookError)


def test_check_of_the_published_package():
    result = run("check")
    assert result.exit_code == 0
    assert result.output.count("ok") == len(tables.names())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_check_ends_in_one_message(fault, data):
    fault.inject(data)
    before = {file.name: file.read_bytes() for file in data.iterdir()}
    result = run("check")
    assert result.exit_code != 0
    assert isinstance(result.exception, BookError)
    message = str(result.exception)
    assert "\n" not in message
    for word in fault.words:
        assert word in message
    assert {file.name: file.read_bytes() for file in data.iterdir()} == before


def use_synthetic(monkeypatch, url="http://127.0.0.1:1/none.zip"):
    wanted = (archive("501", STATION_FILES, url), archive("381", AIRPORT_FILES, url))
    monkeypatch.setattr(archives.fetch, "__kwdefaults__", archives.fetch.__kwdefaults__ | {"archives": wanted})


def test_fetch_from_a_mirror(monkeypatch, tmp_path, cache):
    use_synthetic(monkeypatch)
    result = run("fetch", "--mirror", str(write_mirror(tmp_path / "mirror")))
    assert result.exit_code == 0
    assert "3 raw files are complete" in result.output
    assert leftovers(cache) == ["A.csv", "B.csv", "airport.csv"]


def test_a_truncated_download_ends_in_one_message(monkeypatch, cache):
    with serving(zipped(STATION_FILES), breaks=[9000, 0, 0]) as server:
        use_synthetic(monkeypatch, server.url)
        result = run("fetch")
    assert result.exit_code != 0
    assert isinstance(result.exception, BookError)
    assert "the download broke off" in str(result.exception)
    assert "\n" not in str(result.exception)
    assert leftovers(cache) == ["501.zip.part"]


def test_rebuild_shows_the_cells_that_differ(monkeypatch):
    difference = archives.Difference("pm25_city_month", 4, "pm25", 66.01, 65.0)
    monkeypatch.setattr(archives, "rebuild", lambda mirror: [difference, difference])
    result = run("rebuild")
    assert result.exit_code != 0
    assert "66.01" in result.output
    assert "row 4, column 'pm25'" in str(result.exception)
    assert "1 more cells differ" in str(result.exception)


def test_rebuild_without_differences(monkeypatch):
    monkeypatch.setattr(archives, "rebuild", lambda mirror: [])
    result = run("rebuild")
    assert result.exit_code == 0
    assert "no cell differs" in result.output
