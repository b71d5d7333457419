"""What is said of water quality against numbers worked out from chosen draws."""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from densities import stand_in_fit
from scipy import stats

from jingjinji.topics.water import quality
from jingjinji.topics.water import quality_findings as said

POLLUTANTS = ("codmn", "nh3n", "tn")
SECTIONS = ("八号桥", "古北口", "果河桥", "街口(鸠坑口)")
GUBEIKOU, JIEKOU, NITROGEN = 1, 3, 2
BASIN_OF = np.array([0, 0, 0, 1])
MONTHS = tuple(f"{2020 + (4 + k) // 12}-{(4 + k) % 12 + 1:02d}" for k in range(12))
MONTH_OF = np.array([MONTHS.index((date(2020, 5, 7) + timedelta(weeks=week)).isoformat()[:7]) for week in range(52)])
"""Month of each week, that of its Thursday."""
CENTRING = np.array([0.4, 0.4, 0.15, 0.15])
CHAINS, DRAWS = 2, 4


def waves() -> np.ndarray:
    """Sines and cosines (week, wave) of a year and half a year from 18 weeks after its begin."""
    angle = 2 * np.pi * (np.arange(52) + 18) * 7 / 365.25
    return np.column_stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)])


def some_values() -> dict[str, np.ndarray]:
    rng, size = np.random.default_rng(6), CHAINS * DRAWS
    return {
        "section_level": np.log([3.0, 0.25, 2.3]) + rng.normal(0, 0.15, (size, 4, 3)),
        "own_season": rng.normal(0, 0.3, (size, 4, 3, 4)),
        "season_basin": rng.normal(0, 0.1, (size, 2, 3, 4)),
        "season_scale": rng.uniform(0.1, 0.3, (size, 4)),
        "log_scatter": np.full((size, 4, 3), -20.0),
        "memory": np.full((size, 3), 0.5),
    }


def some_panel() -> quality.Panel:
    """Medians of all weeks but NH3-N of the last section."""
    rng = np.random.default_rng(9)
    rows = [(section, k, week, np.log([3.5, 0.42, 2.0][k]) + 0.3 * rng.normal())
            for k in range(3) for section in range(4) for week in range(52) if (section, k) != (JIEKOU, 1)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["section", "pollutant", "week", "log"])
    return quality.Panel(table, SECTIONS, ("Hai", "Zhejiang-Fujian"), BASIN_OF)


def as_fit(panel: quality.Panel, values: dict) -> SimpleNamespace:
    of = ("section", "pollutant")
    dims = {"section_level": of, "own_season": (*of, "wave"), "log_scatter": of,
            "season_basin": ("basin", "pollutant", "wave"), "season_scale": ("wave",),
             "memory": ("pollutant",)}  # fmt: skip
    return stand_in_fit("miyun", panel, values, CHAINS, seed=1, dims=dims)


@pytest.fixture(scope="module")
def values() -> dict[str, np.ndarray]:
    return some_values()


@pytest.fixture(scope="module")
def panel() -> quality.Panel:
    return some_panel()


@pytest.fixture(scope="module")
def found(panel, values) -> dict:
    return {finding.id.removeprefix("miyun."): finding for finding in said.findings(as_fit(panel, values))}


@pytest.fixture(scope="module")
def typical(values) -> np.ndarray:
    """Typical weeks (draw, section, week, pollutant), mg/L; a season is partly that of its basin."""
    basin, scale = values["season_basin"][:, BASIN_OF], values["season_scale"][:, None, None]
    swing = basin + (values["own_season"] - CENTRING * basin) * scale ** (1 - CENTRING)
    log = values["section_level"][:, :, None] + np.stack([(swing * wave).sum(axis=-1) for wave in waves()], axis=2)
    return np.exp(log)


@pytest.fixture(scope="module")
def monthly(typical) -> np.ndarray:
    """Means of typical weeks (draw, section, month, pollutant)."""
    return np.stack([typical[:, :, month == MONTH_OF].mean(axis=2) for month in range(12)], axis=2)


def draws(found: dict, id: str) -> np.ndarray:
    return found[id].draws.ravel()


def test_typical_weeks_of_months_and_of_the_year(found, typical, monthly):
    for key, section in quality.SHOWN.items():
        s = SECTIONS.index(section)
        for k, pollutant in enumerate(POLLUTANTS):
            if (s, k) == (JIEKOU, 1):
                assert f"{key}.{pollutant}.year" not in found
                continue
            assert draws(found, f"{key}.{pollutant}.year") == pytest.approx(typical[:, s, :, k].mean(axis=1))
            assert (f"{key}.{pollutant}.2020-07" in found) == (s == GUBEIKOU or k == NITROGEN)
            if f"{key}.{pollutant}.2020-07" in found:
                for m, month in enumerate(MONTHS):
                    assert draws(found, f"{key}.{pollutant}.{month}") == pytest.approx(monthly[:, s, m, k])
    december, july = (monthly[:, GUBEIKOU, MONTHS.index(month), NITROGEN] for month in ("2020-12", "2020-07"))
    assert draws(found, "gubeikou.tn.winter") == pytest.approx(100 * (december / july - 1))


def test_months_drawn_anew_without_scatter_are_the_typical_ones(panel, values, monthly):
    """What is new in them is what was measured, however small the scatter is that the draws have."""
    index, swing_less = quality.data(panel), some_values()
    level = swing_less["section_level"]
    rows = panel.rows.assign(log=level[0][panel.rows.section, panel.rows.pollutant])
    still = quality.Panel(rows, panel.sections, panel.basins, panel.basin_of)
    flat = {name: np.zeros_like(array) for name, array in values.items()}
    flat |= {
        "section_level": np.broadcast_to(level[0], level.shape),
        "season_scale": np.ones_like(values["season_scale"]),
    }
    drawn = said.drawn_months(as_fit(still, flat | {"memory": values["memory"]}), SECTIONS[GUBEIKOU])
    assert drawn == pytest.approx(np.broadcast_to(np.exp(level[0][GUBEIKOU]), drawn.shape))
    assert len(index["log"]) == len(rows)


def test_months_drawn_anew_do_not_go_beyond_what_weeks_measured_can_make(panel, values):
    """One measured week in fifty is ten times as high: no drawn month is higher than weeks of that kind alone make."""
    level = np.log([3.0, 0.25, 2.3])
    off = np.where((panel.rows.week == 20) & (panel.rows.section == GUBEIKOU), np.log(10.0), 0.0)
    rows = panel.rows.assign(log=level[panel.rows.pollutant] + off)
    spiked = quality.Panel(rows, panel.sections, panel.basins, panel.basin_of)
    size = CHAINS * 400
    flat = {name: np.zeros((size, *array.shape[1:])) for name, array in values.items()}
    flat |= {"section_level": np.broadcast_to(level, (size, 4, 3)), "season_scale": np.ones((size, 4)),
             "log_scatter": np.full((size, 4, 3), np.log(0.3))}  # fmt: skip
    drawn = said.drawn_months(as_fit(spiked, flat), SECTIONS[GUBEIKOU])
    assert drawn.max() <= 10.0001 * 3.0
    assert np.allclose(drawn[..., 0] / 3.0, drawn[..., 2] / 2.3)
    """Pollutants of a week go together."""
    share = (drawn[..., 0] / 3.0 - 1).mean() / 9
    assert share == pytest.approx(1 / 52, rel=0.15)


def test_counts_of_the_record(found):
    assert found["record.sections"].mean == 4
    assert found["record.medians"].mean == 11 * 52


def test_surprises_that_return():
    """Without memory a surprise is what a week departs by, in units of its scale."""
    surprise = np.random.default_rng(3).standard_t(4, (4, 52, 3))
    for week in range(1, 52):
        surprise[:, week, 1] += 0.5 * surprise[:, week - 1, 1]
    rows = [(section, k, week, 0.3 * surprise[section, week, k])
            for k in range(3) for section in range(4) for week in range(52)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["section", "pollutant", "week", "log"])
    panel = quality.Panel(table, SECTIONS, ("Hai", "Zhejiang-Fujian"), BASIN_OF)
    values = {name: np.zeros_like(array) for name, array in some_values().items()}
    values |= {
        "season_scale": np.ones((CHAINS * DRAWS, 4)),
        "log_scatter": np.full((CHAINS * DRAWS, 4, 3), np.log(0.3)),
    }
    found = {finding.id: finding.mean for finding in said.findings(as_fit(panel, values))}
    clipped = np.clip(surprise, -4, 4)
    again = [np.corrcoef(clipped[:, :-1, k].ravel(), clipped[:, 1:, k].ravel())[0, 1] for k in range(3)]
    assert again[1] == max(again)
    assert found["miyun.check.again"] == round(again[1], 2)
    alone = np.corrcoef(clipped[GUBEIKOU, :-1, NITROGEN], clipped[GUBEIKOU, 1:, NITROGEN])[0, 1]
    assert found["miyun.check.gubeikou.again"] == round(alone, 2)
    inside = 100 * (np.abs(surprise) < stats.t(4).ppf(0.97)).mean()
    assert found["miyun.check.inside"] == pytest.approx(inside, abs=0.1)
    assert inside < 93
