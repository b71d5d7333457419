"""Raw archives: download, resume, mirror, rebuild; all against a server on this machine or a synthetic mirror."""

import gzip
import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from faults import copy_package, edit_cell
from raw_archives import (
    AIRPORT_FILES,
    STATION_FILES,
    airport_csv,
    archive,
    leftovers,
    serving,
    sha256,
    write_mirror,
    zipped,
)

import jingjinji
from jingjinji.core import tables
from jingjinji.core.errors import DataError
from jingjinji.topics.november import archives

BLOCK = archives._RECEIVED
REAL_MIRROR = Path(os.environ.get("JINGJINJI_MIRROR", jingjinji.PROJECT.parent / "shared" / "raw" / "uci"))


def unpacked(target: Path) -> dict[str, bytes]:
    return {f"{file.parent.name}/{file.name}": file.read_bytes() for file in target.rglob("*.csv")}


def test_download_unpacks_and_is_not_repeated(tmp_path):
    with serving(zipped(STATION_FILES)) as server:
        wanted = archive("501", STATION_FILES, server.url)
        files = archives.fetch(archives=(wanted,), target=tmp_path)
        assert [file.read_bytes() for file in files] == list(STATION_FILES.values())
        archives.fetch(archives=(wanted,), target=tmp_path)
        assert server.asked == [None]
    assert leftovers(tmp_path) == ["A.csv", "B.csv"]


def test_a_zip_in_the_zip_is_found(tmp_path):
    inner = zipped({f"PRSA_Data/{name}": content for name, content in STATION_FILES.items()})
    with serving(zipped({"readme.txt": b"x", "inner.zip": inner})) as server:
        archives.fetch(archives=(archive("501", STATION_FILES, server.url),), target=tmp_path)
    assert unpacked(tmp_path) == {f"501/{name}": content for name, content in STATION_FILES.items()}


def test_a_broken_download_goes_on_in_the_same_run(tmp_path):
    content = zipped(STATION_FILES)
    with serving(content, breaks=[5 * BLOCK, 6 * BLOCK]) as server:
        archives.fetch(archives=(archive("501", STATION_FILES, server.url),), target=tmp_path)
        assert server.asked == [None, f"bytes={5 * BLOCK}-", f"bytes={11 * BLOCK}-"]
    assert leftovers(tmp_path) == ["A.csv", "B.csv"]


def test_a_truncated_download_is_told_and_goes_on_in_the_next_run(tmp_path):
    content = zipped(STATION_FILES)
    with serving(content, breaks=[5 * BLOCK, 2 * BLOCK]) as server:
        wanted = archive("501", STATION_FILES, server.url)
        with pytest.raises(DataError) as caught:
            archives.fetch(archives=(wanted,), target=tmp_path, attempts=2)
        for word in (
            server.url,
            f"found {7 * BLOCK} bytes",
            "no row or column",
            f"expected {len(content)} bytes",
            "again",
        ):
            assert word in str(caught.value)
        assert leftovers(tmp_path) == ["501.zip.part"]
        archives.fetch(archives=(wanted,), target=tmp_path, attempts=1)
        assert server.asked[-1] == f"bytes={7 * BLOCK}-"
    assert leftovers(tmp_path) == ["A.csv", "B.csv"]


def test_a_complete_part_needs_no_more_bytes(tmp_path):
    content = zipped(STATION_FILES)
    (tmp_path / "501.zip.part").write_bytes(content)
    with serving(content) as server:
        archives.fetch(archives=(archive("501", STATION_FILES, server.url),), target=tmp_path)
        assert server.asked == [f"bytes={len(content)}-"]
    assert leftovers(tmp_path) == ["A.csv", "B.csv"]


def test_a_part_that_is_too_long_is_thrown_away(tmp_path):
    content = zipped(STATION_FILES)
    (tmp_path / "501.zip.part").write_bytes(content + b"more")
    with serving(content) as server:
        archives.fetch(archives=(archive("501", STATION_FILES, server.url),), target=tmp_path)
        assert server.asked[-1] is None
    assert leftovers(tmp_path) == ["A.csv", "B.csv"]


def test_a_server_without_ranges_starts_over(tmp_path):
    with serving(zipped(STATION_FILES), breaks=[5 * BLOCK], ranges=False) as server:
        archives.fetch(archives=(archive("501", STATION_FILES, server.url),), target=tmp_path)
    assert leftovers(tmp_path) == ["A.csv", "B.csv"]


def test_an_altered_file_is_refused_and_nothing_is_left(tmp_path):
    altered = STATION_FILES | {"B.csv": STATION_FILES["B.csv"] + b"\n"}
    with serving(zipped(altered)) as server:
        wanted = archive("501", STATION_FILES, server.url)
        with pytest.raises(DataError) as caught:
            archives.fetch(archives=(wanted,), target=tmp_path)
    for word in (server.url, "B.csv", f"sha256 {sha256(altered['B.csv'])}", f"expected {wanted.files['B.csv']}"):
        assert word in str(caught.value)
    assert leftovers(tmp_path) == []


def test_a_file_that_is_no_zip_is_refused(tmp_path):
    with serving(b"<html>moved</html>") as server:
        wanted = archive("501", STATION_FILES, server.url)
        with pytest.raises(DataError, match=r"the zip is truncated or damaged.*expected a complete zip with A\.csv"):
            archives.fetch(archives=(wanted,), target=tmp_path)
    assert leftovers(tmp_path) == []


def test_a_zip_without_the_file_is_refused(tmp_path):
    with serving(zipped({"other.csv": b"a\n"})) as server:
        wanted = archive("501", STATION_FILES, server.url)
        with pytest.raises(DataError, match=r"found no A\.csv in the zip"):
            archives.fetch(archives=(wanted,), target=tmp_path)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("climbing", ["../../out.csv", "/tmp/out.csv", "..\\out.csv", "../../A.csv"])
def test_a_zip_that_climbs_out_of_its_folder_writes_nothing_outside(tmp_path, climbing):
    target, name = tmp_path / "a/b", climbing.rpartition("/")[2]
    with serving(zipped({climbing: b"evil", **STATION_FILES})) as server:
        wanted = archive("501", STATION_FILES, server.url)
        if name in STATION_FILES:
            with pytest.raises(DataError, match=r"A\.csv .* has sha256"):
                archives.fetch(archives=(wanted,), target=target)
        else:
            archives.fetch(archives=(wanted,), target=target)
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(target)]
    assert outside == []
    assert not [path for path in target.rglob("*") if path.is_file() and path.read_bytes() == b"evil"]


def test_a_zip_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_LARGEST", 10)
    for files in (STATION_FILES, {"inner.zip": zipped(STATION_FILES)}):
        with serving(zipped(files)) as server:
            wanted = archive("501", STATION_FILES, server.url)
            with pytest.raises(DataError, match=r"would have [\d,]+ bytes, expected at most 10"):
                archives.fetch(archives=(wanted,), target=tmp_path)
    assert leftovers(tmp_path) == []


def test_a_zip_with_a_password_is_told(tmp_path):
    content = bytearray(zipped(STATION_FILES))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(mark)
        while start >= 0:
            content[start + place] |= 1
            start = content.find(mark, start + 1)
    with serving(bytes(content)) as server:
        wanted = archive("501", STATION_FILES, server.url)
        with pytest.raises(DataError, match="the zip is truncated or damaged"):
            archives.fetch(archives=(wanted,), target=tmp_path)
    assert leftovers(tmp_path) == []


def test_a_refusal_by_the_server_is_told(tmp_path):
    with serving(b"", status=404) as server:
        wanted = archive("501", STATION_FILES, server.url)
        with pytest.raises(DataError, match=r"found the answer '404 Not Found', expected the archive.*--mirror"):
            archives.fetch(archives=(wanted,), target=tmp_path)
    assert leftovers(tmp_path) == []


def test_no_connection_is_told(tmp_path):
    with pytest.raises(DataError, match="found ConnectionError, expected the archive; check the connection"):
        archives.fetch(archives=(archive("501", STATION_FILES),), target=tmp_path)


@pytest.mark.parametrize("kind", ["csv", "gz", "zip"])
def test_a_mirror_may_hold_csv_gzip_or_zip(tmp_path, kind):
    mirror = tmp_path / "mirror" / "501"
    mirror.mkdir(parents=True)
    if kind == "zip":
        (mirror / "original.zip").write_bytes(zipped(STATION_FILES))
    for name, content in STATION_FILES.items():
        if kind == "csv":
            (mirror / name).write_bytes(content)
        if kind == "gz":
            (mirror / f"{name}.gz").write_bytes(gzip.compress(content))
    target = tmp_path / "target"
    archives.fetch(mirror.parent, archives=(archive("501", STATION_FILES),), target=target)
    assert unpacked(target) == {f"501/{name}": content for name, content in STATION_FILES.items()}


def test_a_truncated_file_in_the_mirror_is_told_and_nothing_is_left(tmp_path):
    mirror = write_mirror(tmp_path / "mirror")
    file = mirror / "501" / "B.csv.gz"
    file.write_bytes(file.read_bytes()[:-200])
    target = tmp_path / "target"
    with pytest.raises(DataError, match=r"B\.csv\.gz: B\.csv breaks off or is damaged after row \d+.*complete file"):
        archives.fetch(mirror, archives=(archive("501", STATION_FILES),), target=target)
    assert leftovers(target) == []


@pytest.mark.parametrize("there", [True, False])
def test_a_mirror_without_the_file_or_no_mirror_is_told(tmp_path, there):
    mirror = tmp_path / "mirror"
    if there:
        mirror.mkdir()
    with pytest.raises(DataError, match=r"501/A\.csv"):
        archives.fetch(mirror, archives=(archive("501", STATION_FILES),), target=tmp_path / "target")


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path):
    mirror, target = write_mirror(tmp_path / "mirror"), tmp_path / "target"
    wanted = archive("501", STATION_FILES)
    archives.fetch(mirror, archives=(wanted,), target=target)
    (target / "501" / "A.csv").write_bytes(b"cut")
    archives.fetch(mirror, archives=(wanted,), target=target)
    assert unpacked(target) == {f"501/{name}": content for name, content in STATION_FILES.items()}


def test_months_of_stations_by_hand():
    months = archives.beijing_months(pd.concat([pd.read_csv(io.BytesIO(c)) for c in STATION_FILES.values()]))
    assert list(months["month"]) == [f"2013-{month:02d}" for month in range(3, 12)]
    assert list(months["pm25"]) == [60.0 + month for month in range(3, 12)]
    assert list(months["days"]) == [31, 30, 31, 30, 31, 31, 30, 31, 30]


def test_a_station_day_with_few_hours_does_not_count():
    frames = {name: pd.read_csv(io.BytesIO(content)) for name, content in STATION_FILES.items()}
    high = frames["B.csv"]
    march = (high["month"] == 3) & (high["year"] == 2013)
    high.loc[march & (high["hour"] < 24 - archives.FEWEST_HOURS + 1), "PM2.5"] = np.nan
    months = archives.beijing_months(pd.concat(frames.values())).set_index("month")
    assert months.loc["2013-03", "pm25"] == 53
    assert months.loc["2013-04", "pm25"] == 64


def test_airport_days_take_the_summed_wind_apart():
    days = archives.airport_days(pd.read_csv(io.BytesIO(airport_csv()))).loc["2013-02-02":"2013-12-30"]
    assert np.allclose(days["wind"], 2 * 5 / 6)
    assert days.loc["2013-05-10", "dew_point"] == 5


def test_airport_days_are_utc_days():
    days = archives.airport_days(pd.read_csv(io.BytesIO(airport_csv())))
    local_hours_of_february = 8
    assert days.loc["2013-01-31", "dew_point"] == pytest.approx((16 * 1 + local_hours_of_february * 2) / 24)


def test_calibration_recovers_a_known_line():
    dates = pd.date_range("2014-01-01", "2014-12-31")
    rng = np.random.default_rng(5)
    airport = pd.DataFrame({"wind": rng.gamma(4, 0.5, len(dates))}, index=dates)
    noaa = pd.DataFrame({"wind": 0.5 + 0.8 * airport["wind"] + rng.normal(0, 0.1, len(dates))}, index=dates)
    line = archives.calibrate_wind(airport, noaa)
    assert line["intercept"] == pytest.approx(0.5, abs=0.03)
    assert line["slope"] == pytest.approx(0.8, abs=0.02)
    assert line["residual_sd_day"] == pytest.approx(0.1, rel=0.15)
    assert line["days"] == 365


@pytest.fixture
def synthetic_package(tmp_path, monkeypatch):
    """The published package with the rows of the raw archives replaced by the synthetic archives' numbers."""
    data = copy_package(tmp_path / "data")
    monkeypatch.setattr(tables, "DATA", data)
    monkeypatch.setattr(tables, "_pin_faults", lambda content, file, resource: [])
    calibration = tables.describe("weather_beijing_month")["calibration"]["wind"]
    stations = pd.concat([pd.read_csv(io.BytesIO(content)) for content in STATION_FILES.values()])
    of_airport = pd.read_csv(io.BytesIO(airport_csv()))
    airport = archives.airport_days(of_airport)
    for name, rows in (
        ("pm25_city_month", archives.beijing_months(stations)),
        ("weather_beijing_month", archives.weather_2013(airport, calibration)),
    ):
        table = tables.load(name)
        kept = table[~table["source"].isin(["uci-501", "uci-381"])]
        together = pd.concat([rows[list(table.columns)].astype(kept.dtypes.to_dict()), kept])
        together.to_csv(data / f"{name}.csv", index=False)
    embassy = archives.local_days(archives.embassy_hours(of_airport), "embassy")
    city = archives.local_days(archives.station_hours(stations.reset_index(drop=True)), "stations")
    pd.concat([embassy, city]).to_csv(data / "beijing_day.csv", index=False)
    archives.station_days(stations).to_csv(data / "beijing_station_day.csv", index=False)
    return data


def rebuild_synthetic(tmp_path):
    return archives.rebuild(
        write_mirror(tmp_path / "mirror"),
        stations=archive("501", STATION_FILES),
        airport=archive("381", AIRPORT_FILES),
        target=tmp_path / "target",
    )


def test_rebuild_of_a_synthetic_archive_gives_the_same_numbers(synthetic_package, tmp_path):
    assert rebuild_synthetic(tmp_path) == []


def test_rebuild_reports_every_cell_that_differs(synthetic_package, tmp_path):
    edit_cell(synthetic_package, 4, 2, "66.01")
    edit_cell(synthetic_package, 2, 1, "9.99", table="weather_beijing_month")
    found = rebuild_synthetic(tmp_path)
    assert [(cell.table, cell.row, cell.column) for cell in found] == [
        ("pm25_city_month", 4, "pm25"),
        ("weather_beijing_month", 2, "wind"),
    ]
    assert "row 4, column 'pm25': found 66.01, expected 65.0 from the raw archives" in str(found[0])


def test_rebuild_reports_a_missing_month(synthetic_package, tmp_path):
    file = synthetic_package / "pm25_city_month.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(lines[:1] + lines[2:]) + "\n", encoding="utf-8")
    assert [(cell.column, cell.published, cell.rebuilt) for cell in rebuild_synthetic(tmp_path)] == [
        ("month", "no row", "Beijing 2013-03")
    ]


@pytest.mark.skipif(
    not REAL_MIRROR.is_dir(),
    reason="no mirror of the raw archives: set JINGJINJI_MIRROR to a folder with 381/ and 501/",
)
def test_rebuild_from_the_real_archives_gives_the_published_numbers(tmp_path):
    assert archives.rebuild(REAL_MIRROR, target=tmp_path) == []


# --- local days of PM2.5 and weather ----------------------------------------------------------------------------


def embassy_raw() -> pd.DataFrame:
    """Two days: six hours each of north-west, north-east, south-east and calm; 15 readings on the second."""
    hours = pd.date_range("2014-11-05", periods=48, freq="h")
    quarter = np.arange(48) % 24 // 6
    summed = np.concatenate([np.arange(1, 7) * speed for speed in (3.0, 2.0, 1.0, 0.5)] * 2)
    return pd.DataFrame(
        {
            "year": hours.year, "month": hours.month, "day": hours.day, "hour": hours.hour,
            "pm2.5": np.where(np.arange(48) < 33 + 6, 40.0 + np.arange(48) // 24, np.nan),
            "DEWP": -5.0, "TEMP": np.where(hours.hour < 12, 2.0, 8.0), "PRES": 1020.0,
            "cbwd": np.array(["NW", "NE", "SE", "cv"])[quarter], "Iws": summed,
            "Ir": np.where(np.isin(np.arange(48), (3, 4)), [1], 0), "Is": np.where(np.arange(48) == 4, 1, 0),
        }
    )  # fmt: skip


def embassy_days(raw: pd.DataFrame) -> pd.DataFrame:
    return archives.local_days(archives.embassy_hours(raw), "embassy").set_index("date")


def test_columns_of_a_day_are_those_of_the_table():
    table = archives.local_days(archives.embassy_hours(embassy_raw()), "embassy")
    assert list(table.columns) == list(tables.load("beijing_day").columns)
    assert [str(date) for date in table["date"]] == ["2014-11-05", "2014-11-06"]
    assert set(table["series"]) == {"embassy"}


def test_wind_of_a_sector_is_a_mean_over_all_hours_and_calm_counts_in_none():
    for day in embassy_days(embassy_raw()).itertuples():
        assert (day.wind_nw, day.wind_ne, day.wind_se) == (0.75, 0.5, 0.25)


@pytest.mark.parametrize(
    ("direction", "sector"),
    [
        ("N", "nw"), ("NNW", "nw"), ("NW", "nw"), ("WNW", "nw"), ("W", "nw"), ("NNE", "ne"), ("NE", "ne"),
        ("ENE", "ne"), ("E", "se"), ("ESE", "se"), ("SE", "se"), ("SSE", "se"), ("S", "se"), ("SSW", None),
        ("SW", None), ("WSW", None),
    ],
)  # fmt: skip
def test_every_direction_of_the_stations_has_its_sector(direction, sector):
    hours = archives.station_hours(stations_raw().assign(wd=direction))
    speeds = {name: hours[f"wind_{name}"].unique().tolist() for name in ("nw", "ne", "se")}
    assert speeds == {name: [2.0] if name == sector else [0.0] for name in speeds}


def test_sixteen_hours_make_a_day_and_fifteen_do_not():
    first, second = embassy_days(embassy_raw()).itertuples()
    assert (first.pm25, first.hours, second.hours) == (40, 24, 15)
    assert np.isnan(second.pm25)
    assert second.temperature == 5
    more = embassy_raw()
    more.loc[47, "pm2.5"] = 41.0
    assert embassy_days(more)["pm25"].tolist() == [40, 41]


def test_hours_with_rain_or_snow_are_counted_once():
    assert embassy_days(embassy_raw())["wet_hours"].tolist() == [2, 0]


def stations_raw() -> pd.DataFrame:
    """A day of three stations; the third has readings in 15 hours only."""
    hours = pd.date_range("2015-09-01", periods=24, freq="h")
    rows = []
    for station, level, readings in (("A", 10.0, 24), ("B", 20.0, 16), ("C", 99.0, 15)):
        rows.append(
            pd.DataFrame(
                {
                    "year": hours.year, "month": hours.month, "day": hours.day, "hour": hours.hour,
                    "PM2.5": np.where(np.arange(24) < readings, level, np.nan), "DEWP": 9.0, "TEMP": level,
                    "PRES": 1000.0, "wd": "NW", "WSPM": 2.0, "RAIN": np.where(np.arange(24) < 3, level - 10, 0),
                    "station": station,
                }
            )
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def test_a_day_of_the_city_is_the_mean_of_its_stations_days():
    (day,) = archives.local_days(archives.station_hours(stations_raw()), "stations").itertuples()
    assert day.pm25 == 15
    assert day.temperature == 43
    assert day.hours == pytest.approx((24 + 16 + 15) / 3, abs=0.05)
    assert day.wet_hours == 2
    assert day.wind_nw == 2


def test_days_of_stations_have_a_mean_from_sixteen_hours():
    days = archives.station_days(stations_raw()).set_index("station")
    assert days.loc[["A", "B"], "pm25"].tolist() == [10, 20]
    assert np.isnan(days.loc["C", "pm25"])
    assert days["hours"].tolist() == [24, 16, 15]
    assert str(days["date"].iloc[0]) == "2015-09-01"


@pytest.mark.parametrize(
    ("table", "column", "row"), [("beijing_day", 2, 40), ("beijing_day", 4, 700), ("beijing_station_day", 2, 9)]
)
def test_rebuild_reports_a_day_that_differs(synthetic_package, tmp_path, table, column, row):
    edit_cell(synthetic_package, row, column, "9.99", table=table)
    (cell,) = rebuild_synthetic(tmp_path)
    names = [field["name"] for field in tables.describe(table)["schema"]["fields"]]
    assert (cell.table, cell.row, cell.column, cell.published) == (table, row, names[column], 9.99)
