"""What is said of the reservoir against numbers worked out from chosen states."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from jingjinji.topics.water import reservoir
from jingjinji.topics.water import reservoir_findings as said

DATES = ("2000-06-01", "2008-03-10", "2014-12-20", "2016-10-05", "2020-11-15", "2022-02-01")
STATES = np.array([
    [22.0, 9.0, 8.0, 14.0, 24.0, 33.0], [23.0, 10.0, 9.0, 13.0, 22.0, 34.0],
    [21.0, 11.0, 9.5, 12.0, 26.0, 35.0], [20.0, 8.0, 12.0, 10.0, 9.0, 30.0],
])  # fmt: skip
"""Storage at the dates by draw, 10⁸ m³; in the last draw the reservoir falls until 2020."""
DRIFT = np.array([[-1.5, 2.0], [-1.0, 2.5], [-0.5, 3.0], [-2.0, 1.0]])
WAVE = np.array([[0.3, -0.4], [0.5, 0.2], [-0.2, 0.1], [0.0, 0.0]])
TURN = 5479 / 365.25
"""First of January 2015 in years since the beginning of 2000."""


def years_since_2000(day: str) -> float:
    return (date.fromisoformat(day) - date(2000, 1, 1)).days / 365.25


TIMES = np.array([years_since_2000(day) for day in DATES])


def some_fit(**values: np.ndarray) -> SimpleNamespace:
    """Two chains of draws, one after the other, at the points of `DATES`."""
    parameters = {
        name: (("chain", "draw", *(f"{name}_{k}" for k in range(array.ndim - 1))),
               array.reshape(2, -1, *array.shape[1:]))
        for name, array in values.items()
    }  # fmt: skip
    panel = reservoir.Panel(pd.DataFrame({"date": pd.to_datetime(DATES), "years": TIMES}))
    return SimpleNamespace(parameters=xr.Dataset(parameters), panel=panel, seed=1, name="storage", variant="")


def found_of(states: np.ndarray = STATES) -> dict:
    """Findings of four draws in which storage moves as drift and season say."""
    fit = some_fit(state=states, walk=np.zeros(4), drift=DRIFT, wave=WAVE)
    return {finding.id.removeprefix("miyun.storage."): finding for finding in said.findings(fit)}


def flood_clock(time: float) -> float:
    """A year's walk: a sixth of it until July, two thirds from then to September, a sixth later."""
    part = time % 1
    pace = min(part, 0.5) / 3 + (min(max(part, 0.5), 0.75) - 0.5) * 8 / 3 + (max(part, 0.75) - 0.75) * 2 / 3
    return time - part + pace


def drifted(drift: np.ndarray, start: float, end: float) -> float:
    before, since = max(min(end, TURN) - min(start, TURN), 0), max(end, TURN) - max(start, TURN)
    return drift[0] * before + drift[1] * since


def season(wave: np.ndarray, time: float) -> float:
    return wave[0] * np.sin(2 * np.pi * time) + wave[1] * np.cos(2 * np.pi * time)


def storage(month: str, draw: int) -> float:
    """Billion m³ in the middle of a month: drift and, on the clock of floods, a straight line to the next point."""
    time = years_since_2000(f"{month}-01") + 1 / 24
    slow = [STATES[draw, k] - season(WAVE[draw], TIMES[k]) for k in range(len(TIMES))]
    k = int(np.searchsorted(TIMES, time, side="right")) - 1
    value = slow[k] + drifted(DRIFT[draw], TIMES[k], time)
    if k + 1 < len(TIMES):
        left = slow[k + 1] - slow[k] - drifted(DRIFT[draw], TIMES[k], TIMES[k + 1])
        passed, whole = (flood_clock(end) - flood_clock(TIMES[k]) for end in (time, TIMES[k + 1]))
        value += left * passed / whole
    return min(max(value + season(WAVE[draw], time), 0), 43.75) / 10


def of_draws(month: str) -> np.ndarray:
    return np.array([storage(month, draw) for draw in range(4)])


def draws(found: dict, id: str) -> np.ndarray:
    return found[id].draws.ravel()


def test_storage_of_months_between_and_after_the_points():
    found = found_of()
    for month in ("2003-07", "2009-07", "2015-01", "2018-07", "2020-08", "2021-10", "2025-07"):
        assert draws(found, month) == pytest.approx(of_draws(month), abs=1e-6)


def test_changes_a_year_before_and_since_the_transfer():
    found = found_of()
    before = (of_draws("2015-01") - of_draws("2000-06")) / (14 + 7 / 12)
    since = (of_draws("2022-02") - of_draws("2015-01")) / (7 + 1 / 12)
    assert draws(found, "change.before") == pytest.approx(before)
    assert draws(found, "change.since") == pytest.approx(since)
    assert draws(found, "drift.before") == pytest.approx(DRIFT[:, 0] / 10)
    assert draws(found, "drift.since") == pytest.approx(DRIFT[:, 1] / 10)


def test_the_rise_since_2015_and_the_part_that_transferred_water_could_be():
    """Where the reservoir fell the part has an end: twice the rise."""
    found = found_of()
    rise = {month: of_draws(month) - of_draws("2015-01") for month in ("2016-09", "2020-08", "2021-10")}
    for month, water in (("2016-09", 0.16), ("2020-08", 0.5)):
        year = month[:4]
        assert draws(found, f"rise.{year}") == pytest.approx(rise[month])
        assert found[f"transferred.{year}"].mean == pytest.approx(water)
        share = np.where(rise[month] > 0, 100 * water / np.abs(rise[month]), 200)
        assert draws(found, f"transfer.{year}") == pytest.approx(np.minimum(share, 200))
    assert draws(found, "rise.2021") == pytest.approx(rise["2021-10"])
    assert draws(found, "transfer.2020")[3] == 200


def test_storage_stays_between_nothing_and_the_capacity():
    full, empty = (found_of(STATES + shift) for shift in (40.0, -60.0))
    assert draws(full, "2018-07") == pytest.approx(np.full(4, 4.375))
    assert draws(empty, "2018-07") == pytest.approx(np.zeros(4))


def test_a_walk_scatters_as_a_bridge_on_the_clock_of_floods():
    """A month scatters less the nearer it is to a point before or after it."""
    states, drift = np.repeat(STATES[:1], 4000, axis=0), np.repeat(DRIFT[:1], 4000, axis=0)
    months = said.months(some_fit(state=states, walk=np.full(4000, 1.5), drift=drift, wave=np.zeros((4000, 2))))
    for month in ("2018-07", "2020-10"):
        time = years_since_2000(f"{month}-01") + 1 / 24
        passed, whole = (flood_clock(end) - flood_clock(TIMES[3]) for end in (time, TIMES[4]))
        spread = 1.5 * np.sqrt(passed * (whole - passed) / whole)
        drawn = months[:, 12 * (int(month[:4]) - 2000) + int(month[5:]) - 1]
        assert drawn.std() == pytest.approx(spread, rel=0.04)


def test_points_and_their_longest_gap():
    found = found_of()
    assert found["points"].mean == 6
    assert found["longest-gap"].mean == 7.8
