"""What is said of Hong Kong's emissions against numbers worked out from chosen paths."""

from types import SimpleNamespace

import numpy as np
import pytest
from densities import stand_in_fit
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.left_out import places
from jingjinji.topics.hongkong import emissions
from jingjinji.topics.hongkong import emissions_findings as said

YEARS = np.arange(2005, 2025)
PRINTED = {2005: (27.0, 4.0, 14.0), 2014: (27.0, 3.5, 14.2), 2015: (23.0, 4.7, 14.1), 2021: (13.0, 7.5, 14.0),
           2024: (12.5, 7.6, 12.9)}  # fmt: skip
"""Emissions of coal, gas and the rest in years between which the chosen paths are straight, Mt."""
CHAINS, DRAWS = 2, 8
SIZE = CHAINS * DRAWS
DRIFT = np.linspace(-0.13, 0.09, SIZE)[:, None] * np.array([1.0, 1.5, 0.8])
SCATTER, LAST_CHANGE = 1e-4, 0.004
WALK = np.linspace(1e-6, 1e-5, SIZE)
REVISION = np.linspace(-0.03, 0.03, 6)


def some_emissions() -> np.ndarray:
    """Emissions (draw, part, year), Mt, another path in each draw that falls by another factor until 2024."""
    years = list(PRINTED)
    path = np.stack([np.interp(YEARS, years, [PRINTED[year][k] for year in years]) for k in range(3)])
    rng = np.random.default_rng(2)
    lower = np.linspace(1.0, 0.75, SIZE)[:, None] ** ((YEARS - 2005) / 19)
    return path * lower[:, None] * np.exp(rng.normal(0, 0.01, (SIZE, 3, 20)))


def paths_of(made: np.ndarray) -> np.ndarray:
    coal, gas, rest = made[:, 0], made[:, 1] / 0.45, made[:, 2]
    return np.stack([np.log(coal + gas), np.log(coal / gas), np.log(rest)], axis=1)


def as_fit(made: np.ndarray, variant: str = "", panel=None, **more) -> SimpleNamespace:
    """A fit with these emissions, in which the drift into each year after 2023 is `LAST_CHANGE` above that before."""
    size = len(made)
    panel = panel or registry.load("hongkong", variant if variant in emissions.VARIANTS else "")
    walk_scale = np.resize(WALK, size)
    walk = np.zeros((size, 3, 19))
    walk[:, :, -1] = LAST_CHANGE / (walk_scale[:, None] * np.array([0.03, 0.1, 0.03]))
    offset = np.linspace([0.01, 0.1, 0.05], [0.05, 0.2, 0.25], size)
    power = made[:, 0] + made[:, 1]
    odds = np.log(made[:, 0] / made[:, 1] * 0.45) + (offset[:, 1] - offset[:, 2])[:, None]
    values = {
        "paths": np.stack([np.log(power), odds, np.log(made[:, 2])], axis=1),
        "drift": np.resize(DRIFT, (size, 3)), "walk": walk, "walk_scale": walk_scale,
        "scatter": np.full((size, 3), SCATTER), "revision_scale": np.full(size, 0.5),
        "revision": np.tile(REVISION / 0.5, (size, 1)), "inventory": np.full(size, 0.03),
        "all_coal": np.full(size, np.log(46.0)), "offset": offset,
    } | more  # fmt: skip
    name = f"hongkong/{variant}" if variant else "hongkong"
    dims = {"offset": ("source",)}
    return stand_in_fit(name, panel, values, CHAINS, 3, dims)


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
    return dict(zip(YEARS.tolist(), made.sum(axis=1).T, strict=True))


def draws(found: dict, id: str) -> np.ndarray:
    return found[f"hongkong.{id}"].draws.ravel()


def ahead(made: np.ndarray, year: int) -> np.ndarray:
    """Emissions (draw,) of a year ahead by the model: as many steps of the last drift on each path."""
    power, odds, rest = (paths_of(made)[:, :, -1] + (year - 2024) * (DRIFT + LAST_CHANGE)).T
    share = 1 / (1 + np.exp(-odds))
    return np.exp(power) * (share + 0.45 * (1 - share)) + np.exp(rest)


def test_changes_since_2005_and_since_2014(found, total):
    for year in (2005, 2014, 2024):
        assert draws(found, str(year)) == pytest.approx(total[year])
    assert draws(found, "change") == pytest.approx(100 * (total[2024] - total[2005]) / total[2005])
    rate = 100 * (np.exp(np.log(total[2024] / total[2014]) / 10) - 1)
    assert draws(found, "rate") == pytest.approx(rate)
    assert draws(found, "rate.tonnes") == pytest.approx((total[2024] - total[2014]) / 10)


def test_where_the_model_leads(found, made, total):
    left = {year: 100 * ahead(made, year) / total[2005] for year in (2030, 2035, 2050)}
    for year in (2035, 2050):
        assert draws(found, f"left.{year}") == pytest.approx(np.minimum(left[year], 300), rel=0.02)
        assert found[f"hongkong.left.{year}"].by_median
    for key, percent, limit in (("2030.low", left[2030], 74), ("2030.high", left[2030], 64), ("2035", left[2035], 50),
                                ("2050", left[2050], 10)):  # fmt: skip
        sure = np.abs(percent - limit) > 0.03 * limit
        assert draws(found, f"reached.{key}")[sure].tolist() == (percent[sure] <= limit).tolist()
        assert 0 < (percent <= limit).mean() < 1


def test_the_same_again_each_year(found, total):
    """In per cent by the mean of logarithms, in tonnes by the mean, from 2014 to 2024; nothing is below zero."""
    for year in (2035, 2050):
        rate = total[2024] * (total[2024] / total[2014]) ** ((year - 2024) / 10)
        tonnes = np.maximum(total[2024] + (year - 2024) * (total[2024] - total[2014]) / 10, 0)
        assert draws(found, f"left.{year}.per-cent") == pytest.approx(100 * rate / total[2005])
        assert draws(found, f"left.{year}.tonnes") == pytest.approx(100 * tonnes / total[2005])
        for end in ("per-cent", "tonnes"):
            assert f"hongkong.reached.{year}.{end}" not in found  # a path without a surprise to come has no probability
    assert draws(found, "left.2050.tonnes").min() == 0


def test_steps_drawn_again_have_their_mean_and_spread():
    """In tonnes a sum of eleven steps; of the paths, each path's steps of one year go together."""
    made = np.repeat(some_emissions()[:1], 20_000, axis=0)
    later = said.ahead(as_fit(made), said.states(as_fit(made)), 11)
    all_years = made[0].sum(axis=0)
    steps = np.diff(all_years)[-10:]
    drawn = later["drawn-tonnes"][:, -1] - all_years[-1]
    assert drawn.mean() == pytest.approx(11 * steps.mean(), rel=0.02)
    assert drawn.std() == pytest.approx(np.sqrt(11) * steps.std(), rel=0.03)
    in_logs = np.diff(np.log(all_years))[-10:]
    drawn = np.log(later["drawn-per-cent"][:, -1] / all_years[-1])
    assert (drawn.mean(), drawn.std()) == pytest.approx((11 * in_logs.mean(), np.sqrt(11) * in_logs.std()), rel=0.03)
    one = said.ahead(as_fit(made), said.states(as_fit(made)), 1)["drawn-fuels"][:, 0]
    paths = paths_of(made[:1])[0]
    power, odds, rest = paths[:, -1:] + np.diff(paths, axis=1)[:, -10:]
    share = 1 / (1 + np.exp(-odds))
    possible = np.exp(power) * (share + 0.45 * (1 - share)) + np.exp(rest)
    assert sorted(set(one.round(6))) == sorted(possible.round(6))


@pytest.mark.parametrize(("span", "years"), [("", 10), (".all", 19), (".five", 5)])
def test_where_the_past_begins_is_a_choice(found, made, total, span, years):
    """Steps of the last ten, of all or of the last five years, alone and drawn again."""
    tonnes = total[2024] + 11 * (total[2024] - total[2024 - years]) / years
    assert draws(found, f"left.2035.tonnes{span}") == pytest.approx(100 * tonnes / total[2005])
    rate = total[2024] * (total[2024] / total[2024 - years]) ** (11 / years)
    assert draws(found, f"left.2035.per-cent{span}") == pytest.approx(100 * rate / total[2005])
    one = np.repeat(made[:1], 4000, axis=0)
    fit = as_fit(one)
    later = {end: path for _, end, _, path in said.by_span(fit, said.states(fit), 11)}
    steps = np.diff(one[0].sum(axis=0))[-years:]
    drawn = later[f".drawn-tonnes{span}"][:, -1] - one[0, :, -1].sum()
    assert drawn.mean() == pytest.approx(11 * steps.mean(), abs=4 * np.sqrt(11 / 4000) * steps.std())
    assert drawn.std() == pytest.approx(np.sqrt(11) * steps.std(), rel=0.06)


def test_each_reading_of_steps_has_its_targets_for_each_beginning(found):
    for reading in said.OF_STEPS:
        for span in said.SPANS:
            assert found[f"hongkong.reached.2035.{reading}{span}"].is_probability
    labels = [finding.label for finding in found.values()]
    assert len(labels) == len(set(labels))
    assert "hongkong.reached.2035.five" not in found


def test_a_path_that_comes_to_zero_stays_there():
    assert said.until_zero(np.array([3.0, 1, -1, 2])).tolist() == [3, 1, 0, 0]


def test_the_answer_where_drifts_change_fast(found):
    """A fifth of sixteen draws are the last four, by order of the pace."""
    reached = draws(found, "reached.2035")[np.argsort(WALK)[-4:]]
    assert found["hongkong.reached.2035.quick"].mean == round(reached.mean(), 2)
    assert reached.mean() != draws(found, "reached.2035").mean()


def test_what_halving_by_2035_needs(found, total):
    goal = total[2005] / 2
    needed = 100 * (np.exp(np.log(goal / total[2024]) / 11) - 1)
    rate = 100 * (np.exp(np.log(total[2024] / total[2014]) / 10) - 1)
    tonnes, before = (goal - total[2024]) / 11, (total[2024] - total[2014]) / 10
    assert draws(found, "needed") == pytest.approx(needed)
    assert draws(found, "needed.tonnes") == pytest.approx(tonnes)
    assert draws(found, "faster").tolist() == (needed < rate).tolist()
    assert draws(found, "faster.tonnes").tolist() == (tonnes < before).tolist()


def test_parts_and_the_part_of_electricity(found, made, total):
    for k, part in enumerate(("coal", "gas", "rest")):
        rate = 100 * ((made[:, k, 19] / made[:, k, 9]) ** 0.1 - 1)
        assert draws(found, f"rate.{part}") == pytest.approx(rate)
    power = made[:, 0] + made[:, 1]
    part = 100 * (power[:, 9] - power[:, 19]) / (total[2014] - total[2024])
    assert draws(found, "electricity.part") == pytest.approx(part)
    left = made[:, 2, 19] + made[:, 1, 19] + 0.45 * made[:, 0, 19]
    assert draws(found, "electricity.without-coal") == pytest.approx(100 * left / total[2005])
    assert draws(found, "electricity.coal") == pytest.approx(made[:, 0, 19])


def test_statistics_above_the_inventory(found):
    for key, ends in (("carbon-budget", (0.01, 0.05)), ("coal", (0.1, 0.2)), ("gas", (0.05, 0.25))):
        expected = 100 * (np.exp(np.linspace(*ends, SIZE)) - 1)
        assert draws(found, f"ratio.{key}") == pytest.approx(expected)


def test_planned_spending_for_each_tonne(found, total):
    """240 billion HKD over millions of tonnes are thousands of HKD a tonne."""
    cut = total[2021] - 0.5 * total[2005]
    assert found["money.cut"].draws.ravel() == pytest.approx(cut)
    assert found["money.per-tonne"].draws.ravel() == pytest.approx(240 / cut)


def test_figures_until_2016_tell_2024_by_each_reading(made, total):
    found = found_of(as_fit(made, "to-2016"))
    ends = ["", *(f".{reading}{span}" for reading in said.OF_STEPS for span in said.SPANS)]
    assert found.keys() == {f"hongkong.{what}2024{end}" for end in ends for what in ("", "as-low.")}
    printed = tables.load("hongkong_emissions").query("year == 2024 and quantity == 'emissions' and sector == 'all'")
    for end in ends:
        as_low = draws(found, f"2024{end}") <= printed.value.iloc[0]
        assert draws(found, f"as-low.2024{end}").tolist() == as_low.tolist()
    assert 0 < draws(found, "as-low.2024").mean() < 1
    power, odds, rest = (paths_of(made)[:, :, 11] + 8 * DRIFT).T
    share = 1 / (1 + np.exp(-odds))
    model = np.exp(power) * (share + 0.45 * (1 - share)) + np.exp(rest)
    assert draws(found, "2024") == pytest.approx(model, rel=0.01)


def test_before_ten_years_have_passed_there_are_fewer_steps(made, total):
    fit = as_fit(made, "to-2014")
    later = said.ahead(fit, said.states(fit), 10)["tonnes"]
    assert later[:, -1] == pytest.approx(total[2014] + 10 * (total[2014] - total[2005]) / 9)


def test_where_figures_err_more_the_targets_alone_are_said(made):
    found = found_of(as_fit(made, "inventory-twice"))
    assert {"hongkong.reached.2035", "hongkong.reached.2035.drawn-tonnes", "hongkong.left.2035"} <= found.keys()
    assert not any("check" in id or "electricity" in id for id in found)


def test_printed_figures_within_what_the_others_predict(made):
    """All draws know the emissions nearly alike, so that leaving out a figure changes nothing."""
    near = np.random.default_rng(4).normal(0, 1e-3, (600, 3, 20))
    fit = as_fit(np.repeat(made[:1], 600, axis=0) * np.exp(near))
    off = []
    for row in fit.panel.printed.itertuples():
        year, base = made[0, :, row.year - 2005], made[0, :, row.base_year - 2005]
        use = {"all": slice(None), "electricity": slice(2), "coal": slice(1)}[row.sector]
        below = {"total": 1.0, "share": year.sum(), "change": base[use].sum(), "fuel": 46.0}[row.quantity]
        mean = np.log(year[use].sum() / below) + (REVISION[row.release] if row.release >= 0 else 0.0)
        off.append((row.value - mean) / np.hypot(0.02 if row.quantity == "fuel" else 0.03, row.half))
    found, (place, k) = found_of(fit), places(*said.left_out(fit, said.states(fit)))
    trusted = k <= 0.7
    assert trusted.sum() > 0.9 * len(off)
    assert place[trusted] == pytest.approx(stats.norm.cdf(off)[trusted], abs=0.02)
    assert found["hongkong.check.trusted"].mean == trusted.sum()
    inside = (place[trusted] >= 0.03) & (place[trusted] <= 0.97)
    assert found["hongkong.check.inside"].mean == pytest.approx(100 * inside.mean(), abs=0.05)
    assert 0.2 < inside.mean() < 1
    assert found["hongkong.record.figures"].mean == len(off)


def test_years_with_a_printed_total(found):
    table = tables.load("hongkong_emissions").query("year >= 2005 and sector == 'all'")
    years = table.year[(table.quantity == "emissions") | ((table.quantity == "per person") & (table.year >= 2019))]
    assert found["hongkong.record.years"].mean == years.nunique()


def test_a_made_up_record_is_held_against_its_own_path():
    panel = emissions.TOYS["toy"](registry.load("hongkong"), np.random.default_rng(1))
    truth = panel.truth["emissions"]
    fit = as_fit(np.repeat(truth[None], SIZE, axis=0), "toy", panel=panel)
    found, total = found_of(fit), truth.sum(axis=0)
    expected = {"change": 100 * (total[19] / total[0] - 1), "rate": 100 * ((total[19] / total[9]) ** 0.1 - 1),
                "2024": total[19]}  # fmt: skip
    for key, value in expected.items():
        assert found[f"hongkong.truth.{key}"].mean == round(value, 2)
        assert found[f"hongkong.{key}"].mean == pytest.approx(value, rel=1e-5)
    assert found["hongkong.truth.left.2035"].mean == round(panel.truth["left"], 2)
