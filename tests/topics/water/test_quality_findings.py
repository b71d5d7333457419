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

POLLUTANTS = ("codmn", "nh3n", "tp", "tn")
SECTIONS = ("a", "b", "c", "古北口")
GUBEIKOU, NITROGEN = 3, 3
BASIN_OF = np.array([0, 1, 0, 0])
MONTHS = tuple(f"{2020 + (4 + k) // 12}-{(4 + k) % 12 + 1:02d}" for k in range(12))
MONTH_OF = np.array([MONTHS.index((date(2020, 5, 7) + timedelta(weeks=week)).isoformat()[:7]) for week in range(52)])
"""Month of each week, that of its Thursday."""
CENTRING = np.array([0.4, 0.4, 0.15, 0.15])
SILENT = ("2020-09", "2021-01")
"""Months in which nothing of a river's class was read at Gubeikou."""
CHAINS, DRAWS = 2, 4


def waves() -> np.ndarray:
    """Sines and cosines (week, wave) of a year and half a year from 18 weeks after its begin."""
    angle = 2 * np.pi * (np.arange(52) + 18) * 7 / 365.25
    return np.column_stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)])


def some_values() -> dict[str, np.ndarray]:
    """Draws that differ in levels and seasons; at Gubeikou some months pass a limit of class II in some of them."""
    rng, size = np.random.default_rng(6), CHAINS * DRAWS
    level = np.log([3.0, 0.25, 0.06, 2.3]) + rng.normal(0, 0.15, (size, 4, 4))
    level[:, GUBEIKOU] = np.log([3.4, 0.3, 0.05, 2.2]) + rng.normal(0, 0.08, (size, 4))
    level[: size // 2, GUBEIKOU, 1] = np.log(0.45)
    return {
        "section_level": level,
        "own_season": rng.normal(0, 0.3, (size, 4, 4, 4)),
        "season_basin": rng.normal(0, 0.1, (size, 2, 4, 4)),
        "season_scale": rng.uniform(0.1, 0.3, (size, 4)),
        "log_scatter": np.full((size, 4, 4), -20.0),
        "memory": np.full((size, 4), 0.5),
        "lean": np.zeros((size, 4, 3)),
    }


def some_panel() -> quality.Panel:
    """Medians of all weeks, but none of a river's pollutants at Gubeikou in two months; one section has no nitrogen."""
    rng, rows = np.random.default_rng(9), []
    for k in range(4):
        for section in range(4):
            for week in range(52):
                silent = section == GUBEIKOU and k < NITROGEN and MONTHS[MONTH_OF[week]] in SILENT
                if not silent and (section, k) != (2, NITROGEN):
                    log = np.log([3.5, 0.42, 0.08, 2.0][k]) + 0.3 * rng.normal()
                    rows.append((section, k, week, log, bool(section == 0 and k == 2 and week < 5)))
    table = pd.DataFrame(rows, columns=["section", "pollutant", "week", "log", "below"])
    return quality.Panel(table, SECTIONS, ("Hai", "Yangtze"), BASIN_OF)


def as_fit(panel: quality.Panel, values: dict) -> SimpleNamespace:
    of = ("section", "pollutant")
    dims = {"section_level": of, "own_season": (*of, "wave"), "log_scatter": of,
            "season_basin": ("basin", "pollutant", "wave"), "season_scale": ("wave",), "memory": ("pollutant",),
            "lean": ("pollutant", "earlier")}  # fmt: skip
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
    """Means of Gubeikou's typical weeks (draw, month, pollutant)."""
    return np.stack([typical[:, GUBEIKOU, month == MONTH_OF].mean(axis=1) for month in range(12)], axis=1)


def draws(found: dict, id: str) -> np.ndarray:
    return found[f"gubeikou.{id}"].draws.ravel()


def test_typical_weeks_of_months_and_of_the_year(found, typical, monthly):
    for k, pollutant in enumerate(POLLUTANTS):
        assert draws(found, f"{pollutant}.year") == pytest.approx(typical[:, GUBEIKOU, :, k].mean(axis=1))
        for m, month in enumerate(MONTHS):
            assert draws(found, f"{pollutant}.{month}") == pytest.approx(monthly[:, m, k])
    december, july = (monthly[:, MONTHS.index(month), NITROGEN] for month in ("2020-12", "2020-07"))
    assert draws(found, "tn.winter") == pytest.approx(100 * (december / july - 1))


def test_how_many_sections_have_less_nitrogen(found, typical):
    """Of two other sections, for a third one's was never read."""
    year = typical[:, :, :, NITROGEN].mean(axis=2)
    less = (year[:, [0, 1]] < year[:, [GUBEIKOU]]).mean(axis=1)
    assert draws(found, "tn.rank") == pytest.approx(100 * less)
    assert len(set(less)) > 1


def test_the_class_of_months_without_departures_is_that_of_typical_ones(found, monthly):
    """Limits of class II: 4 mg/L of permanganate index, 0.5 of ammonia nitrogen, 0.1 of phosphorus."""
    kept = (monthly[:, :, 0] <= 4.0) & (monthly[:, :, 1] <= 0.5) & (monthly[:, :, 2] <= 0.1)
    for m, month in enumerate(MONTHS):
        assert draws(found, f"class-ii.{month}").tolist() == kept[:, m].tolist()
    read = [month not in SILENT for month in MONTHS]
    share = kept[:, read].mean(axis=1)
    assert draws(found, "class-ii.months") == pytest.approx(100 * share)
    assert not np.allclose(share, kept.mean(axis=1))
    above = (monthly[:, read, NITROGEN] > 2.0).mean(axis=1)
    assert 0 < above.mean() < 1
    assert draws(found, "tn.above-v") == pytest.approx(100 * above)
    in_full = found["calculator.full"].draws.ravel()
    assert in_full.tolist() == (share == 1).tolist()


def test_a_years_payment(found, monthly):
    """In billion CNY: an advance of 0.2, 0.05 for quality, 0.02 for each 10⁸ m³ above three, 0.05 for tasks."""
    kept = (monthly[:, :, 0] <= 4.0) & (monthly[:, :, 1] <= 0.5) & (monthly[:, :, 2] <= 0.1)
    share = kept[:, [month not in SILENT for month in MONTHS]].mean(axis=1)
    assert found["calculator.quality"].draws.ravel() == pytest.approx(0.05 * share)
    total = 0.2 + 0.05 * share + 0.02 * (9.4 / 3 - 3) + 0.05
    assert found["calculator.total"].draws.ravel() == pytest.approx(total)


def test_months_as_they_were_measured(found, panel):
    rows = panel.rows[panel.rows.section == GUBEIKOU]
    kept = []
    for m, month in enumerate(MONTHS):
        means = [np.exp(rows["log"][(rows.pollutant == k) & (MONTH_OF[rows.week] == m)]).mean() for k in range(4)]
        assert found[f"gubeikou.tn.measured.{month}"].mean == round(means[NITROGEN], 2)
        if month not in SILENT:
            kept.append(means[0] <= 4.0 and means[1] <= 0.5 and means[2] <= 0.1)
    assert 0 < np.mean(kept) < 1
    assert found["gubeikou.class-ii.measured"].mean == round(100 * np.mean(kept), 1)


def test_counts_of_the_record(found):
    """One section lacks nitrogen, Gubeikou three pollutants in two months; five medians of one lie below a limit."""
    silent = sum(MONTHS[month] in SILENT for month in MONTH_OF)
    medians = 4 * 4 * 52 - 52 - 3 * silent
    assert found["record.sections"].mean == 4
    assert found["record.medians"].mean == medians
    assert found["record.below"].mean == round(100 * 5 / medians, 1)


def test_surprises_that_return_and_go_together():
    """Without memory and leaning a surprise is what a week departs by, in units of its scale."""
    surprise = np.random.default_rng(3).standard_t(4, (4, 52, 4))
    for week in range(1, 52):
        surprise[:, week, 1] += 0.5 * surprise[:, week - 1, 1]
    surprise[:, :, 3] -= surprise[:, :, 0]
    rows = [(section, k, week, 0.3 * surprise[section, week, k], False)
            for k in range(4) for section in range(4) for week in range(52)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["section", "pollutant", "week", "log", "below"])
    panel = quality.Panel(table, SECTIONS, ("Hai", "Yangtze"), BASIN_OF)
    values = {name: np.zeros_like(array) for name, array in some_values().items()}
    values |= {
        "season_scale": np.ones((CHAINS * DRAWS, 4)),
        "log_scatter": np.full((CHAINS * DRAWS, 4, 4), np.log(0.3)),
    }
    found = {finding.id: finding.mean for finding in said.findings(as_fit(panel, values))}
    clipped = np.clip(surprise, -4, 4)
    again = [np.corrcoef(clipped[:, :-1, k].ravel(), clipped[:, 1:, k].ravel())[0, 1] for k in range(4)]
    together = [np.corrcoef(clipped[..., a].ravel(), clipped[..., b].ravel())[0, 1] for a in range(4) for b in range(a)]
    assert again[1] == max(again)
    assert -min(together) > max(together)
    assert found["miyun.check.again"] == round(again[1], 2)
    assert found["miyun.check.together"] == round(min(together), 2)
    inside = 100 * (np.abs(surprise) < stats.t(4).ppf(0.97)).mean()
    assert found["miyun.check.inside"] == pytest.approx(inside, abs=1.0)
    assert inside < 93
