"""What is said of Hong Kong's emissions against numbers worked out from chosen paths."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.topics.hongkong import emissions
from jingjinji.topics.hongkong import emissions_findings as said

SECTORS = ("electricity", "transport", "waste", "other")
YEARS = np.arange(2005, 2025)
PRINTED = {2005: (27.0, 7.6, 2.2, 4.4), 2014: (30.0, 7.4, 2.4, 4.6), 2015: (27.5, 7.5, 2.5, 4.3),
           2021: (21.0, 6.2, 2.9, 4.7), 2024: (19.0, 6.1, 2.7, 4.5)}  # fmt: skip
"""Emissions of years between which the chosen paths are straight, Mt."""
CHAINS, DRAWS = 2, 6
DRIFT = np.linspace(-0.13, 0.06, CHAINS * DRAWS)[:, None] * np.array([1.2, 1.0, 0.6, 0.9])
"""What a year adds on the scale of the exponent, by draw and sector."""
LAST_CHANGE = 0.004
"""By how much more the drift into 2024 and of all later years adds."""
SCATTER, WALK = 5e-4, 1e-9


def some_emissions() -> np.ndarray:
    """Emissions (draw, year, sector), Mt, another path in each draw that falls by another factor until 2024."""
    years = list(PRINTED)
    path = np.stack([np.interp(YEARS, years, [PRINTED[year][k] for year in years]) for k in range(4)], axis=1)
    rng = np.random.default_rng(2)
    lower = np.linspace(1.0, 0.75, CHAINS * DRAWS)[:, None] ** ((YEARS - 2005) / 19)
    return path * lower[..., None] * np.exp(rng.normal(0, 0.01, (CHAINS * DRAWS, 20, 4)))


def exponents() -> np.ndarray:
    return np.linspace(1.0, 0.05, CHAINS * DRAWS)


def as_fit(made: np.ndarray, variant: str = "", exponent=None, **more) -> SimpleNamespace:
    """A fit with these emissions (draw, year, sector): logarithms are drawn where figures inform, surprises elsewhere.

    A surprise is what a step on the scale of the exponent goes beyond its drift, away from 2015, over the scatter.
    """
    panel = more.pop("panel", None) or registry.load("hongkong", variant if variant in emissions.VARIANTS else "")
    exponent = exponents() if exponent is None else exponent
    drift = more.pop("drift", DRIFT)
    log, level, e = np.log(made), np.log(made[:, 10]), exponent[:, None, None]
    risen = np.expm1(e * (log - level[:, None])) / e
    later = np.diff(risen, axis=1)[:, 10:] - drift[:, None]
    later[:, -1] -= LAST_CHANGE
    earlier = (risen[:, :-1] - risen[:, 1:])[:, :10][:, ::-1] + drift[:, None]
    informed = (YEARS[11:] <= panel.last)[:, None]
    after = np.where(informed, log[:, 11:], later / SCATTER).swapaxes(1, 2)
    walk = np.zeros((len(made), 19, 4))
    walk[:, -1] = LAST_CHANGE / WALK
    low, high = panel.curve
    values = {
        "level": level, "curvature": (exponent - low) / (high - low), "walk": walk,
        "before": log[:, :10, 0][:, None, ::-1], "surprise_before": earlier[:, :, 1:].swapaxes(1, 2) / SCATTER,
        "after": after[:, :3], "surprise_after": later[:, :, 3][:, None] / SCATTER,
        "drift_mean": np.full(len(made), 0.01), "drift_scale": np.full(len(made), 0.5), "drift": (drift - 0.01) / 0.5,
        "walk_scale": np.full(len(made), WALK), "log_scatter_mean": np.full(len(made), np.log(SCATTER)),
        "log_scatter": np.zeros((len(made), 4)), "offset": np.linspace([0.01, 0.1], [0.05, 0.2], len(made)),
        "revision": np.tile(np.linspace(-0.03, 0.03, 6), (len(made), 1)), "inventory": np.full(len(made), 0.03),
    } | more  # fmt: skip
    arrays = {
        name: (("chain", "draw", *(["source"] if name == "offset" else [f"{name}_{k}" for k in range(a.ndim - 1)])),
               a.reshape(CHAINS, -1, *a.shape[1:]))
        for name, a in values.items()
    }  # fmt: skip
    arrays["revision"] = (("chain", "draw", "release"), arrays["revision"][1])
    name = f"hongkong/{variant}" if variant else "hongkong"
    return SimpleNamespace(panel=panel, parameters=xr.Dataset(arrays), seed=3, variant=variant, name=name)


def found_of(fit) -> dict:
    return {finding.id.partition("@")[0].removeprefix("silk."): finding for finding in said.findings(fit)}


@pytest.fixture(scope="module")
def made() -> np.ndarray:
    return some_emissions()


@pytest.fixture(scope="module")
def found(made) -> dict:
    return found_of(as_fit(made))


@pytest.fixture(scope="module")
def total(made) -> dict[int, np.ndarray]:
    return dict(zip(YEARS.tolist(), made.sum(axis=2).T, strict=True))


def draws(found: dict, id: str) -> np.ndarray:
    return found[f"hongkong.{id}"].draws.ravel()


def later(made: np.ndarray, year: int) -> np.ndarray:
    """Emissions (draw,) of a year ahead: as many steps of the drift on the exponent's scale, and nothing below zero."""
    e, total = exponents(), 0.0
    for k in range(4):
        level = made[:, 10, k]
        height = 1 + e * ((made[:, -1, k] / level) ** e - 1) / e + e * (year - 2024) * (DRIFT[:, k] + LAST_CHANGE)
        total = total + np.where(height > 0, level * np.maximum(height, 0.001) ** (1 / e), 0.0)
    return total


def test_changes_since_2005_and_since_2014(found, total):
    for year in (2005, 2014, 2021, 2024):
        assert draws(found, str(year)) == pytest.approx(total[year], rel=1e-6)
    assert draws(found, "change") == pytest.approx(100 * (total[2024] - total[2005]) / total[2005], rel=1e-6)
    rate = 100 * (np.exp(np.log(total[2024] / total[2014]) / 10) - 1)
    assert draws(found, "rate") == pytest.approx(rate, rel=1e-6)
    assert draws(found, "rate.tonnes") == pytest.approx((total[2024] - total[2014]) / 10, rel=1e-6)


def test_where_the_years_lead(found, made, total):
    left = {year: 100 * later(made, year) / total[2005] for year in (2030, 2035, 2050)}
    for year, percent in left.items():
        assert draws(found, f"left.{year}") == pytest.approx(np.minimum(percent, 300), rel=0.02, abs=0.05)
    reached = {"2030.low": left[2030] <= 74, "2030.high": left[2030] <= 64, "2035": left[2035] <= 50,
               "2050": left[2050] <= 10}  # fmt: skip
    for percent, limit in ((left[2030], 74), (left[2030], 64), (left[2035], 50), (left[2050], 10)):
        assert np.abs(percent - limit).min() > 0.2
    for key, there in reached.items():
        assert draws(found, f"reached.{key}").tolist() == there.tolist()
    assert len({there.mean() for there in reached.values()}) == 4
    assert {0 < there.mean() < 1 for there in reached.values()} == {True}
    assert left[2050].max() > 300
    assert left[2050].min() == 0


def test_what_halving_by_2035_needs(found, total):
    goal = total[2005] / 2
    needed = 100 * (np.exp(np.log(goal / total[2024]) / 11) - 1)
    rate = 100 * (np.exp(np.log(total[2024] / total[2014]) / 10) - 1)
    assert draws(found, "needed") == pytest.approx(needed, rel=1e-5)
    assert draws(found, "needed.tonnes") == pytest.approx((goal - total[2024]) / 11, rel=1e-5)
    assert draws(found, "faster").tolist() == (needed < rate).tolist()
    assert 0 < (needed < rate).mean() < 1


def test_rates_of_sectors_and_the_part_of_electricity(found, made, total):
    for k, sector in enumerate(SECTORS):
        rate = 100 * ((made[:, 19, k] / made[:, 9, k]) ** 0.1 - 1)
        assert draws(found, f"{sector}.rate") == pytest.approx(rate, rel=1e-4, abs=1e-5)
    part = 100 * (made[:, 9, 0] - made[:, 19, 0]) / (total[2014] - total[2024])
    assert draws(found, "electricity.part") == pytest.approx(part, rel=1e-5)
    assert draws(found, "curvature") == pytest.approx(exponents())


def test_statistics_above_the_inventory(found):
    for key, ends in (("carbon-budget", (0.01, 0.05)), ("coal-and-gas", (0.1, 0.2))):
        expected = 100 * (np.exp(np.linspace(*ends, CHAINS * DRAWS)) - 1)
        assert draws(found, f"ratio.{key}") == pytest.approx(expected)


def test_planned_spending_for_each_tonne(found, total):
    """240 billion HKD over millions of tonnes are thousands of HKD a tonne."""
    cut = total[2021] - 0.5 * total[2005]
    assert found["money.cut"].draws.ravel() == pytest.approx(cut, rel=1e-5)
    assert found["money.per-tonne"].draws.ravel() == pytest.approx(240 / cut, rel=1e-5)


def test_figures_until_2019_tell_2024_by_surprises(made, total):
    found = found_of(as_fit(made, "to-2019"))
    assert found.keys() == {"hongkong.change", "hongkong.rate", "hongkong.2024"}
    assert draws(found, "2024") == pytest.approx(total[2024], rel=1e-5)


def test_printed_figures_within_those_drawn_anew(made):
    """All draws know the emissions alike; rows next to an end of the central 94 % may be counted or not."""
    size = 600
    fit = as_fit(np.repeat(made[:1], size, axis=0), exponent=np.full(size, 0.5), drift=np.zeros((size, 4)))
    off = []
    for row in fit.panel.printed.itertuples():
        year, base = made[0, row.year - 2005], made[0, row.base_year - 2005]
        k = slice(None) if row.sector == "all" else SECTORS.index(row.sector)
        below = {"emissions": 1.0, "share": year.sum(), "change": base[k].sum()}[row.quantity]
        mean = np.log(year[k].sum() / below) + (np.linspace(-0.03, 0.03, 6)[row.release] if row.release >= 0 else 0.0)
        off.append((row.value - mean) / np.hypot(0.03, row.half))
    off, end = np.abs(off), stats.norm.ppf(0.97)
    share = found_of(fit)["hongkong.check.inside"].mean
    assert 100 * (off < 0.85 * end).mean() - 0.05 <= share <= 100 * (off < 1.15 * end).mean() + 0.05
    assert 0.2 < (off < end).mean() < 0.9
    assert found_of(fit)["hongkong.record.figures"].mean == len(off)


def test_years_with_a_printed_total(found):
    table = tables.load("hongkong_emissions").query("year >= 2005 and sector == 'all'")
    years = table.year[(table.quantity == "emissions") | ((table.quantity == "per person") & (table.year >= 2019))]
    assert found["hongkong.record.years"].mean == years.nunique()


def test_a_made_up_record_is_held_against_its_own_path():
    panel = emissions.TOYS["toy"](registry.load("hongkong"), np.random.default_rng(1))
    truth = panel.truth["emissions"]
    fit = as_fit(np.repeat(truth[None], CHAINS * DRAWS, axis=0), "toy", panel=panel)
    found, total = found_of(fit), truth.sum(axis=1)
    expected = {"change": 100 * (total[19] / total[0] - 1), "rate": 100 * ((total[19] / total[9]) ** 0.1 - 1),
                "2024": total[19]}  # fmt: skip
    for key, value in expected.items():
        assert found[f"hongkong.truth.{key}"].mean == round(value, 2)
        assert found[f"hongkong.{key}"].mean == pytest.approx(value, rel=1e-5)
    assert found["hongkong.truth.left.2035"].mean == round(panel.truth["left"], 2)
