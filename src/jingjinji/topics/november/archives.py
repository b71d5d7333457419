"""Raw public archives: download or local mirror, and the parts of the tables that are compiled from them."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

import jingjinji
from jingjinji.core import tables
from jingjinji.core.errors import DataError

FEWEST_HOURS = 16
_CHUNK = 1 << 18
_RECEIVED = 1 << 13
_ATTEMPTS = 3
_LARGEST = 1 << 28
_TIMEOUT = (10, 60)
_ARCHIVE_HOURS_AHEAD_OF_UTC = 8
_BEARINGS = {"NE": 45.0, "SE": 135.0, "NW": 315.0}
SECTORS = {
    "nw": ("NW", "W", "WNW", "NNW", "N"),
    "ne": ("NE", "NNE", "ENE"),
    "se": ("SE", "E", "ESE", "SSE", "S"),
}


@dataclass(frozen=True)
class Archive:
    """A zip at a public address and the csv files wanted from it, each with its sha256 after unpacking."""

    id: str
    title: str
    url: str
    files: dict[str, str]


def _stations(pins: dict[str, str]) -> dict[str, str]:
    return {f"PRSA_Data_{station}_20130301-20170228.csv": pin for station, pin in pins.items()}


BEIJING_STATIONS = Archive(
    id="501",
    title="Beijing Multi-Site Air Quality (UCI 501)",
    url="https://archive.ics.uci.edu/static/public/501/beijing+multi+site+air+quality+data.zip",
    files=_stations(
        {
            "Aotizhongxin": "8f8457efef51dea61dd3c38ebbccd9fa25f5a6ba2a23e90e5b500b25015f4f27",
            "Changping": "a2e21402a6d95fb7043f87959e6e3dcbecb957aac356a6f8028a85b047c772e7",
            "Dingling": "3d8dff81f18a80d9f455876a785642bffe1e9b9924ec1e6b7ce8cca790432eeb",
            "Dongsi": "9c0020214425e5ee2a64d42f97a1f632e1d8f6b53ad50edd85a686cc7999f27e",
            "Guanyuan": "59390fee3b032597b387491f5230e7edb90a8558e30217ebd6d9befbe669fbf9",
            "Gucheng": "10ae48801ea55869fee56a48b885fb1127859c130551888d71673f34216ba951",
            "Huairou": "812dcbe848b3ba2c2d25731064797bff803c46eb0c602156a1fa044df136dc26",
            "Nongzhanguan": "572cf87b65ef543cd55d3a711b28474def224a46b0ec3fc8add8aaf13b67a487",
            "Shunyi": "520b59e4ead3b0cfe7f1ed673e30275de8441e999db6f413d5172d2277b8c15a",
            "Tiantan": "0743e34799cf1ee36195b73321b91baa5625276532e7263c588f68cdef3b4daa",
            "Wanliu": "0b1a6d754a07f0def2f55434ddfa3870dcd0063b7f766a6f66b6c11bb05a377a",
            "Wanshouxigong": "ab1d6a356d6997a45f6d657ad47de1e05a4a08d4a7015b38a329a90665ab74d0",
        }
    ),
)
BEIJING_AIRPORT = Archive(
    id="381",
    title="Beijing PM2.5 (UCI 381)",
    url="https://archive.ics.uci.edu/static/public/381/beijing+pm2+5+data.zip",
    files={"PRSA_data_2010.1.1-2014.12.31.csv": "4127f868775e31b3956522adc0ec75af8937dde6a3896e8beed3a376c6d27f1c"},
)
ARCHIVES = (BEIJING_STATIONS, BEIJING_AIRPORT)


def beijing_months(hours: pd.DataFrame) -> pd.DataFrame:
    """Beijing's PM2.5 by month from the stations' hourly readings.

    A station-day counts with at least 16 hours; a day is the mean of its stations, a month the mean of its days.

    Parameters
    ----------
    hours : columns year, month, day, hour, PM2.5 (µg/m³), station; one row a station-hour.

    Returns
    -------
    DataFrame with columns city, month (``YYYY-MM``), pm25 (µg/m³, two decimals), days, source, quality;
    the months 2013-03 to 2013-11, before the 13-city series begins.
    """
    months = station_months(hours).loc["2013-03":"2013-11"]
    return pd.DataFrame(
        {
            "city": "Beijing",
            "month": months.index.to_numpy(),
            "pm25": months["mean"].round(2).to_numpy(),
            "days": months["count"].to_numpy(),
            "source": "uci-501",
            "quality": "A",
        }
    )


def station_months(hours: pd.DataFrame) -> pd.DataFrame:
    """Mean (µg/m³) and count of days by month of hourly readings of stations, as in `beijing_months`."""
    station_days = hours.groupby(["year", "month", "day", "station"])["PM2.5"].agg(["mean", "count"])
    days = station_days[station_days["count"] >= FEWEST_HOURS]["mean"].groupby(["year", "month", "day"]).mean()
    months = days.groupby(["year", "month"]).agg(["mean", "count"])
    months.index = pd.Index([f"{year}-{month:02d}" for year, month in months.index], name="month")
    return months


def airport_days(hours: pd.DataFrame) -> pd.DataFrame:
    """Daily weather at Beijing airport by UTC day, from the hourly readings of UCI 381.

    The archive's wind speed is summed while the wind keeps its direction; it is taken apart again, and the day's wind
    is the length of the mean wind vector, as in the NOAA series. The archive knows four directions, one of them calm
    or variable, which counts as zero.

    Parameters
    ----------
    hours : columns year, month, day, hour (local time), DEWP and TEMP (degC), PRES (hPa), cbwd, Iws (m/s); gapless.

    Returns
    -------
    DataFrame indexed by date with columns wind (m/s, not calibrated), dew_point, temperature (degC), pressure (hPa).
    """
    speed = _airport_speed(hours)
    bearing = np.deg2rad(hours["cbwd"].map(_BEARINGS))
    frame = pd.DataFrame(
        {
            "date": (_local(hours) - pd.Timedelta(hours=_ARCHIVE_HOURS_AHEAD_OF_UTC)).dt.normalize(),
            "east": (speed * np.sin(bearing)).fillna(0),
            "north": (speed * np.cos(bearing)).fillna(0),
            "dew_point": hours["DEWP"],
            "pressure": hours["PRES"],
            "temperature": hours["TEMP"],
        }
    )
    days = frame.groupby("date").mean()
    return days.assign(wind=np.hypot(days["east"], days["north"])).drop(columns=["east", "north"])


def embassy_hours(hours: pd.DataFrame) -> pd.DataFrame:
    """PM2.5 at the United States embassy and weather at the airport by hour, from UCI 381.

    Parameters
    ----------
    hours : columns year, month, day, hour (local time), pm2.5 (µg/m³), DEWP and TEMP (degC), PRES (hPa), cbwd, Iws
        (m/s), Is, Ir (hours of snow and rain, summed while they last); gapless.

    Returns
    -------
    DataFrame with columns time, site, pm25, wind_nw, wind_ne, wind_se (m/s, zero while the wind comes from elsewhere;
    south-west and calm count in none), dew_point, temperature, pressure and wet_hours (1 in an hour with rain or snow).
    """
    return _hours(
        hours, "embassy", hours["pm2.5"], _airport_speed(hours), hours["cbwd"], (hours["Ir"] > 0) | (hours["Is"] > 0)
    )


def station_hours(hours: pd.DataFrame) -> pd.DataFrame:
    """PM2.5 and weather of every station by hour, from UCI 501; columns as `embassy_hours`."""
    return _hours(hours, hours["station"], hours["PM2.5"], hours["WSPM"], hours["wd"], hours["RAIN"] > 0)


def _hours(hours: pd.DataFrame, site, pm25, speed, direction, wet) -> pd.DataFrame:
    winds = {
        f"wind_{sector}": pd.Series(speed, hours.index).where(direction.isin(directions), 0.0)
        for sector, directions in SECTORS.items()
    }
    air = {"dew_point": hours["DEWP"], "pressure": hours["PRES"], "temperature": hours["TEMP"]}
    return pd.DataFrame(
        {"time": _local(hours), "site": site, "pm25": pm25, **winds, **air, "wet_hours": wet.astype(float)}
    )


def station_days(hours: pd.DataFrame) -> pd.DataFrame:
    """PM2.5 of each station by local day (columns station, date, pm25 in µg/m³, hours); missing under 16 hours."""
    frame = hours.assign(date=_local(hours).dt.normalize())
    days = frame.groupby(["station", "date"])["PM2.5"].agg(["mean", "count"]).reset_index()
    days.columns = ["station", "date", "pm25", "hours"]
    return days.assign(pm25=days["pm25"].where(days["hours"] >= FEWEST_HOURS).round(2), date=days["date"].dt.date)


def local_days(hours: pd.DataFrame, series: str) -> pd.DataFrame:
    """Rows of table ``beijing_day``: means over the hours of each site's local day, then over the sites.

    hours : columns of `embassy_hours`. A site's PM2.5 counts on days with at least 16 hours of it.
    """
    weather = [column for column in hours.columns if column not in ("time", "site", "pm25", "wet_hours")]
    by_site = hours.assign(date=hours["time"].dt.normalize()).groupby(["date", "site"])
    sites = by_site[["pm25", *weather]].mean()
    sites["hours"] = by_site["pm25"].count()
    sites["wet_hours"] = by_site["wet_hours"].sum()
    sites.loc[sites["hours"] < FEWEST_HOURS, "pm25"] = np.nan
    days = sites[["pm25", "hours", *weather, "wet_hours"]].groupby("date").mean().round(6).round(2).reset_index()
    days["hours"] = days["hours"].round(1)
    days.insert(0, "series", series)
    return days.assign(date=days["date"].dt.date)


def _local(hours: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(hours[["year", "month", "day", "hour"]])


def _airport_speed(hours: pd.DataFrame) -> np.ndarray:
    """Wind speed of each hour (m/s), taken apart from the archive's sums."""
    rise = hours["Iws"] - hours["Iws"].shift(fill_value=0)
    restarted = (hours["cbwd"] != hours["cbwd"].shift()) | (rise < 0)
    return np.where(restarted, hours["Iws"], rise)


def calibrate_wind(airport: pd.DataFrame, noaa: pd.DataFrame) -> dict[str, float]:
    """The straight line that puts the airport's wind of UCI 381 on the scale of the NOAA series.

    Parameters
    ----------
    airport : daily wind from `airport_days`, indexed by date.
    noaa : daily column wind (m/s), indexed by date.

    Returns
    -------
    intercept (m/s), slope, residual_sd_day and residual_sd_month (m/s), and the number of days, all of 2014.
    """
    both = pd.concat({"x": airport["wind"], "y": noaa["wind"]}, axis=1).loc["2014"].dropna()
    slope, intercept = (round(float(c), 6) for c in np.polyfit(both["x"], both["y"], 1))
    residuals = both["y"] - intercept - slope * both["x"]
    return {
        "intercept": intercept,
        "slope": slope,
        "residual_sd_day": round(float(residuals.std(ddof=2)), 3),
        "residual_sd_month": round(float(residuals.resample("MS").mean().std(ddof=2)), 3),
        "days": len(both),
    }


def weather_2013(airport: pd.DataFrame, calibration: dict[str, float]) -> pd.DataFrame:
    """The twelve rows of 2013 of ``weather_beijing_month``, from `airport_days` and `calibrate_wind`."""
    calibrated = airport.assign(wind=calibration["intercept"] + calibration["slope"] * airport["wind"])
    return weather_months(calibrated.loc["2013"], "uci-381")


def weather_months(days: pd.DataFrame, source: str) -> pd.DataFrame:
    """Monthly means of daily weather (index date), two decimals, with the number of days that have a wind."""
    months = days.resample("MS")
    columns = ["wind", "dew_point", "pressure", "temperature"]
    table = months[columns].mean().round(2).assign(source=source, days=months["wind"].count())
    table.insert(0, "month", table.index.strftime("%Y-%m"))
    return table.reset_index(drop=True)


@dataclass(frozen=True)
class Difference:
    """A cell of a published table that the raw archives give otherwise; `row` counts the header as row 1."""

    table: str
    row: int
    column: str
    published: object
    rebuilt: object

    def __str__(self) -> str:
        return (
            f"{self.table}.csv, row {self.row}, column '{self.column}': found {self.published}, "
            f"expected {self.rebuilt} from the raw archives"
        )


def folder() -> Path:
    """Where fetched archives are kept, unpacked."""
    return jingjinji.CACHE / "archives"


def fetch(
    mirror: Path | str | None = None,
    *,
    archives: tuple[Archive, ...] = ARCHIVES,
    target: Path | None = None,
    attempts: int = _ATTEMPTS,
) -> list[Path]:
    """Get the raw files that are not there yet, by download or from a folder; every file is checked by its sha256.

    A download that breaks off is taken up where it stopped, at once and in a later run. Files appear in `target`
    only after all files of their archive are complete and checked.

    Parameters
    ----------
    mirror : folder with 381/ and 501/ that hold the csv files, plain, gzipped or in the original zips.
    target : folder for the unpacked files; ``.cache/archives`` of the project.
    attempts : how often one run tries to go on with a broken download.

    Raises DataError for a missing, truncated or altered file and for a server that does not answer.
    """
    from filelock import FileLock

    target = target or folder()
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(target / "fetch.lock"):
        for archive in archives:
            if all(_is_intact(target / archive.id / name, pin) for name, pin in archive.files.items()):
                continue
            if mirror is None:
                _install_download(archive, target, attempts)
            else:
                _install(archive, target, lambda name, archive=archive: _open_in_mirror(Path(mirror), archive, name))
    return [target / archive.id / name for archive in archives for name in archive.files]


def rebuild(
    mirror: Path | str | None = None,
    *,
    stations: Archive = BEIJING_STATIONS,
    airport: Archive = BEIJING_AIRPORT,
    target: Path | None = None,
) -> list[Difference]:
    """Every cell of the published tables that differs from what the raw archives give; fetches what is missing.

    Rebuilt are Beijing's months of 2013 in ``pm25_city_month``, the year 2013 of ``weather_beijing_month`` with the
    published calibration of the wind, and the whole of ``beijing_day`` and ``beijing_station_day``.
    """
    target = target or folder()
    fetch(mirror, archives=(stations, airport), target=target)
    calibration = tables.describe("weather_beijing_month")["calibration"]["wind"]
    of_stations = pd.concat([pd.read_csv(target / stations.id / name) for name in stations.files], ignore_index=True)
    of_airport = pd.read_csv(target / airport.id / next(iter(airport.files)))
    return [
        *_differences("pm25_city_month", beijing_months(of_stations), source="uci-501"),
        *_differences("weather_beijing_month", weather_2013(airport_days(of_airport), calibration), source="uci-381"),
        *_differences("beijing_day", local_days(embassy_hours(of_airport), "embassy"), series="embassy"),
        *_differences("beijing_day", local_days(station_hours(of_stations), "stations"), series="stations"),
        *_differences("beijing_station_day", station_days(of_stations)),
    ]


def _differences(table: str, rebuilt: pd.DataFrame, **part: str) -> Iterator[Difference]:
    """Cells of the rows of a table with the values of `part` that differ from `rebuilt`, matched by the primary key."""
    published = tables.load(table)
    published = published.assign(row=np.arange(len(published)) + 2)
    for column, value in part.items():
        published = published[published[column] == value]
    key = [name for name in tables.describe(table)["schema"]["primaryKey"] if name not in part and name in rebuilt]
    dates = {name: pd.to_datetime(rebuilt[name]) for name in key if name == "date"}
    both = published.merge(
        rebuilt.assign(**dates).drop(columns=list(part), errors="ignore"),
        on=key, how="outer", suffixes=("", " rebuilt"), indicator=True,
    )  # fmt: skip
    for name in [column for column in both.columns if column.endswith(" rebuilt")]:
        column = name.removesuffix(" rebuilt")
        same = (both[column] == both[name]) | (both[column].isna() & both[name].isna()) | (both["_merge"] != "both")
        for place in np.flatnonzero(~same.to_numpy(dtype=bool)):
            row = both.iloc[place]
            yield Difference(table, int(row["row"]), column, row[column], row[name])
    for place in np.flatnonzero((both["_merge"] != "both").to_numpy()):
        row, values = both.iloc[place], " ".join(str(both.iloc[place][name]) for name in key)
        if row["_merge"] == "left_only":
            yield Difference(table, int(row["row"]), key[-1], values, "no row")
        else:
            yield Difference(table, 1, key[-1], "no row", values)


def _install_download(archive: Archive, target: Path, attempts: int) -> None:
    import pooch

    downloader = _ResumingDownloader(target / f"{archive.id}.zip.part", archive.title, attempts)
    with _quiet_pooch():
        path = Path(pooch.retrieve(archive.url, None, f"{archive.id}.zip", target, downloader=downloader))
    try:
        _install(archive, target, lambda name: _open_in_zip(path, name, archive.url))
    finally:
        path.unlink()


def _install(archive: Archive, target: Path, open_file: Callable) -> None:
    """Copy all files of an archive into a folder aside, check them, then move them to their place."""
    with tempfile.TemporaryDirectory(dir=target, prefix=f"{archive.id}-") as aside:
        for name, pin in archive.files.items():
            copy = Path(aside) / name
            with open_file(name) as (origin, stream), copy.open("wb") as out:
                try:
                    shutil.copyfileobj(stream, out, _CHUNK)
                except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
                    row = copy.read_bytes().count(b"\n") + 1
                    raise DataError(
                        f"{origin}: {name} breaks off or is damaged after row {row}, any column ({error}), expected a "
                        "complete file; fetch it again"
                    ) from None
            found = _sha256_of(copy)
            if found != pin:
                raise DataError(
                    f"{origin}: {name} (all rows and columns) has sha256 {found}, expected {pin}; the file was altered "
                    "at its source or is incomplete, fetch it again or use another mirror"
                )
        (target / archive.id).mkdir(exist_ok=True)
        for name in archive.files:
            (Path(aside) / name).replace(target / archive.id / name)


@contextmanager
def _open_in_mirror(mirror: Path, archive: Archive, name: str) -> Iterator[tuple[str, BinaryIO]]:
    if not mirror.is_dir():
        raise DataError(f"{mirror} is not a folder: expected a mirror with {archive.id}/{name}.gz in it")
    for place in (mirror / archive.id, mirror):
        if (place / name).is_file():
            with (place / name).open("rb") as stream:
                yield str(place / name), stream
            return
        if (place / f"{name}.gz").is_file():
            with gzip.open(place / f"{name}.gz") as stream:
                yield str(place / f"{name}.gz"), stream
            return
    for path in [*sorted((mirror / archive.id).glob("*.zip")), *sorted(mirror.glob("*.zip"))]:
        if _member(path, path.name, name):
            with _open_in_zip(path, name, str(path)) as found:
                yield found
            return
    raise DataError(
        f"{mirror} has no {archive.id}/{name} (looked for csv, csv.gz and zip): expected a mirror laid out by archive"
    )


@contextmanager
def _open_in_zip(path: Path, name: str, origin: str) -> Iterator[tuple[str, BinaryIO]]:
    content = _member(path, origin, name)
    if content is None:
        raise DataError(f"{origin}: found no {name} in the zip, expected it there; the archive changed, use --mirror")
    yield origin, io.BytesIO(content)


def _read(bundle: zipfile.ZipFile, member: zipfile.ZipInfo, origin: str) -> bytes:
    """Content of a file in a zip, into memory: no path that the zip names is ever written to."""
    if member.file_size > _LARGEST:
        raise DataError(
            f"{origin}: {member.filename[-60:]} would have {member.file_size:,} bytes, expected at most {_LARGEST:,}; "
            "the archive was altered, use another mirror"
        )
    return bundle.read(member)


def _member(source: Path | BinaryIO, origin: str, name: str, *, within: bool = False) -> bytes | None:
    """Content of the file `name` in a zip, also in a zip `within` it; None where it is not."""
    try:
        with zipfile.ZipFile(source) as bundle:
            for member in bundle.infolist():
                if member.filename.rpartition("/")[2] == name:
                    return _read(bundle, member, origin)
            for member in bundle.infolist():
                if member.filename.endswith(".zip") and not within:
                    found = _member(io.BytesIO(_read(bundle, member, origin)), origin, name, within=True)
                    if found is not None:
                        return found
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise DataError(
            f"{origin}: the zip is truncated or damaged before any row or column could be read ({error}), expected a "
            f"complete zip with {name}; fetch it again"
        ) from None
    return None


class _ResumingDownloader:
    """A downloader for pooch that keeps what it has in a .part file and asks the server for the rest."""

    def __init__(self, part: Path, title: str, attempts: int):
        self.part, self.title, self.attempts = part, title, attempts
        self.total: int | None = None

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        import requests

        answered = None
        with _progress() as progress:
            bar = progress.add_task(self.title, total=None)
            for _ in range(self.attempts):
                try:
                    ended = self._go_on(url, lambda done: progress.update(bar, completed=done, total=self.total))
                except requests.HTTPError as error:
                    raise DataError(
                        f"{url}: found the answer '{error.response.status_code} {error.response.reason}', expected the "
                        "archive; try again later or use --mirror"
                    ) from None
                except requests.RequestException as error:
                    answered, ended = error, False
                if ended and self._done() and self.total in (None, self._done()):
                    self.part.replace(output_file)
                    return
        if not self._done():
            reason = type(answered).__name__ if answered else "an empty answer"
            raise DataError(f"{url}: found {reason}, expected the archive; check the connection or use --mirror")
        expected = "the whole archive" if self.total is None else f"{self.total} bytes"
        raise DataError(
            f"{url}: the download broke off, found {self._done()} bytes (no row or column can be read yet), expected "
            f"{expected}; run the command again, it goes on where it stopped"
        )

    def _done(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _go_on(self, url: str, report: Callable[[int], None]) -> bool:
        """Append to the .part file until the server ends; False where the file had to be thrown away."""
        import requests

        done = self._done()
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                size = answer.headers.get("Content-Range", "").rpartition("/")[2]
                if size == str(done):
                    self.total = done
                    return True
                self.part.unlink()
                return False
            answer.raise_for_status()
            resumed = answer.status_code == requests.codes.partial_content
            done = done if resumed else 0
            length = answer.headers.get("Content-Length")
            self.total = done + int(length) if length else None
            with self.part.open("ab" if resumed else "wb") as out:
                for chunk in answer.iter_content(_RECEIVED):
                    out.write(chunk)
                    done += len(chunk)
                    report(done)
        return True


def _progress():
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    ]
    return Progress(*columns, console=Console(stderr=True))


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)


def _is_intact(path: Path, pin: str) -> bool:
    return path.is_file() and _sha256_of(path) == pin


def _sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
