"""What is said of the reservoir against numbers worked out from chosen states."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from jingjinji.topics.water import reservoir
from jingjinji.topics.water import reservoir_findings as said

DATES = ("2000-12-01", "2008-03-10", "2014-12-20", "2016-10-05", "2020-11-15", "2025-09-01")
STATES = np.log([
    [22.0, 9.0, 8.0, 14.0, 24.0, 33.0], [23.0, 10.0, 9.0, 13.0, 22.0, 34.0],
    [21.0, 11.0, 9.5, 12.0, 26.0, 35.0], [20.0, 8.0, 12.0, 10.0, 9.0, 30.0],
])  # fmt: skip
"""Log of storage (10⁸ m³) at the dates by draw; in the last draw the reservoir falls until 2020."""
DRIFT = np.array([[-0.15, 0.2], [-0.1, 0.25], [-0.05, 0.3], [-0.2, 0.1]])
TURN = 5479 / 365.25
"""First of January 2015 in years since the beginning of 2000."""


def years_since_2000(day: str) -> float:
    return (date.fromisoformat(day) - date(2000, 1, 1)).days / 365.25


TIMES = np.array([years_since_2000(day) for day in DATES])


def some_fit(since=np.nan, **values: np.ndarray) -> SimpleNamespace:
    """Two chains of draws, one after the other, at the points of `DATES`."""
    parameters = {
        name: (("chain", "draw", *(f"{name}_{k}" for k in range(array.ndim - 1))),
               array.reshape(2, -1, *array.shape[1:]))
        for name, array in values.items()
    }  # fmt: skip
    rows = pd.DataFrame({"date": pd.to_datetime(DATES), "years": TIMES, "storage": np.exp(STATES[0]), "since": since})
    panel = reservoir.Panel(rows)
    return SimpleNamespace(parameters=xr.Dataset(parameters), panel=panel, seed=1, name="storage", variant="")


def found_of(states: np.ndarray = STATES) -> dict:
    """Findings of four draws in which the logarithm of storage moves evenly on the clock of floods."""
    fit = some_fit(state=states, walk=np.zeros(4), drift=DRIFT)
    return {finding.id.removeprefix("miyun.storage."): finding for finding in said.findings(fit)}


def flood_clock(time: float) -> float:
    """A year's walk: a sixth of it until July, two thirds from then to September, a sixth later."""
    part = time % 1
    pace = min(part, 0.5) / 3 + (min(max(part, 0.5), 0.75) - 0.5) * 8 / 3 + (max(part, 0.75) - 0.75) * 2 / 3
    return time - part + pace


def storage(month: str, draw: int) -> float:
    """Billion m³ in the middle of a month: on the clock of floods a straight line of logarithms to the next point."""
    time = years_since_2000(f"{month}-01") + 1 / 24
    k = int(np.searchsorted(TIMES, time, side="right")) - 1
    passed, whole = (flood_clock(end) - flood_clock(TIMES[k]) for end in (time, TIMES[k + 1]))
    return np.exp(STATES[draw, k] + passed / whole * (STATES[draw, k + 1] - STATES[draw, k])) / 10


def of_draws(month: str) -> np.ndarray:
    return np.array([storage(month, draw) for draw in range(4)])


def draws(found: dict, id: str) -> np.ndarray:
    return found[id].draws.ravel()


def test_storage_of_months_between_the_points():
    found = found_of()
    for month in ("2003-07", "2009-07", "2015-01", "2018-07", "2020-08", "2021-10", "2025-07"):
        assert draws(found, month) == pytest.approx(of_draws(month), abs=1e-6)


def test_changes_a_year_before_and_since_the_transfer():
    found = found_of()
    before = (of_draws("2015-01") - of_draws("2001-01")) / 14
    since = (of_draws("2025-07") - of_draws("2015-01")) / 10.5
    assert draws(found, "change.before") == pytest.approx(before)
    assert draws(found, "change.since") == pytest.approx(since)
    assert draws(found, "drift.before") == pytest.approx(100 * np.expm1(DRIFT[:, 0]))
    assert draws(found, "drift.since") == pytest.approx(100 * np.expm1(DRIFT[:, 1]))
    lowest = np.min([of_draws(f"{year}-{month:02d}") for year in range(2001, 2015) for month in range(1, 13)], axis=0)
    assert draws(found, "lowest") == pytest.approx(lowest)


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


def test_a_walk_scatters_as_a_bridge_on_the_clock_of_floods():
    """A month scatters less the nearer it is to a point before or after it."""
    states, drift = np.repeat(STATES[:1], 4000, axis=0), np.repeat(DRIFT[:1], 4000, axis=0)
    months = np.log(said.months(some_fit(state=states, walk=np.full(4000, 0.3), drift=drift)))
    for month in ("2018-07", "2020-10"):
        time = years_since_2000(f"{month}-01") + 1 / 24
        passed, whole = (flood_clock(end) - flood_clock(TIMES[3]) for end in (time, TIMES[4]))
        spread = 0.3 * np.sqrt(passed * (whole - passed) / whole)
        drawn = months[:, 12 * (int(month[:4]) - 2001) + int(month[5:]) - 1]
        assert drawn.std() == pytest.approx(spread, rel=0.04)


def test_points_and_their_longest_gap():
    found = found_of()
    assert found["points"].mean == 6
    assert found["records"].mean == 0
    assert found["longest-gap"].mean == 7.3


def test_a_record_keeps_the_months_before_it_below():
    """The last point but one is the highest since 2010: without that half of the months of 2017 to 2020 exceed it."""
    states, drift = np.repeat(STATES[:1], 2000, axis=0), np.repeat(DRIFT[:1], 2000, axis=0)
    since = np.where(np.arange(len(DATES)) == 4, 10.0, np.nan)
    of = {"state": states, "walk": np.full(2000, 0.8), "drift": drift}
    free, bound = said.months(some_fit(**of)), said.months(some_fit(since, **of))
    inside = slice(12 * 9, 12 * 19)
    assert (free[:, inside].max(axis=1) > 24).mean() > 0.5
    assert bound[:, inside].max() <= 24.0001
    early, late = slice(0, 12 * 6), slice(12 * 20, None)
    assert np.median(bound[:, early]) == pytest.approx(np.median(free[:, early]), rel=0.03)
    assert np.median(bound[:, late]) == pytest.approx(np.median(free[:, late]), rel=0.03)
