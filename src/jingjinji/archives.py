"""Raw public archives: download or local mirror, and the parts of the tables that are compiled from them."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

import jingjinji
from jingjinji import tables
from jingjinji.errors import DataError

FEWEST_HOURS = 16
_CHUNK = 1 << 18
_ATTEMPTS = 3
_TIMEOUT = (10, 60)
_ARCHIVE_HOURS_AHEAD_OF_UTC = 8
_BEARINGS = {"NE": 45.0, "SE": 135.0, "NW": 315.0}


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
    files={
        "PRSA_data_2010.1.1-2014.12.31.csv": "4127f868775e31b3956522adc0ec75af8937dde6a3896e8beed3a376c6d27f1c"
    },
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
    rise = hours["Iws"] - hours["Iws"].shift(fill_value=0)
    restarted = (hours["cbwd"] != hours["cbwd"].shift()) | (rise < 0)
    speed = np.where(restarted, hours["Iws"], rise)
    bearing = np.deg2rad(hours["cbwd"].map(_BEARINGS))
    local = pd.to_datetime(hours[["year", "month", "day", "hour"]])
    frame = pd.DataFrame(
        {
            "date": (local - pd.Timedelta(hours=_ARCHIVE_HOURS_AHEAD_OF_UTC)).dt.normalize(),
            "east": (speed * np.sin(bearing)).fillna(0),
            "north": (speed * np.cos(bearing)).fillna(0),
            "dew_point": hours["DEWP"],
            "pressure": hours["PRES"],
            "temperature": hours["TEMP"],
        }
    )
    days = frame.groupby("date").mean()
    return days.assign(wind=np.hypot(days["east"], days["north"])).drop(columns=["east", "north"])


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
