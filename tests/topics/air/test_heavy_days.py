"""The model of heavy-pollution days against a computation by hand, and what is derived from its draws."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from densities import beta, jacobian_at, lognormal, normal, whole_density, with_data, zero_sum
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.topics.air import heavy_days
from jingjinji.topics.air import heavy_days_findings as said
from jingjinji.topics.air.heavy_days import AREAS, YEARS, Panel

ROWS = [("Beijing", 2013, 58), ("Beijing", 2020, 10), ("Tianjin", 2016, 29), ("Hebei", 2023, 11), ("Hebei", 2013, 0)]


def some_panel(rows=ROWS) -> Panel:
    return Panel(pd.DataFrame(rows, columns=["area", "year", "days"]))


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return heavy_days.build(some_panel())


PRIORS = {
    "level_area": zero_sum(0.5),
    "slope_area": zero_sum(0.1),
    "year_scale": lognormal(0.25, 0.5),
    "year_effect": normal(0, 1),
    "concentration": lognormal(20, 0.7),
    "shared": beta(4, 2),
}


def hand_line(v: dict) -> np.ndarray:
    """Slope and level of a bent line through the effects of the eleven years, by least squares: level, slope, bend."""
    time = np.array(YEARS) - 2018.0
    bend, slope, level = np.polyfit(time, v["year_scale"] * v["year_effect"], 2)
    return np.array([level + 10 * bend, slope, bend])


AROUND = {"level": (math.log(20), 1), "slope": (-0.1, 0.2), "bend": (0, 0.02)}


@pytest.mark.parametrize("name", AROUND)
def test_prior_around_what_the_years_add(densities, values, name):
    mean, sd = AROUND[name]
    added = hand_line(values)[list(AROUND).index(name)]
    assert densities[name] == pytest.approx(float(normal(mean + added, sd)(values[name])), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(PRIORS[name](values[name])), rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, *AROUND, "counts", "mean_counts"}


def test_jacobians_of_the_transforms(model, point, values, densities):
    expected = sum(math.log(values[name]) for name in ("year_scale", "concentration"))
    expected += math.log(values["shared"] * (1 - values["shared"]))
    assert jacobian_at(model, point, densities) == pytest.approx(expected, rel=1e-6)


def hand_expected(v: dict, area: str, year: int) -> float:
    a = AREAS.index(area)
    level, slope, bend = np.array([v["level"], v["slope"], v["bend"]]) - hand_line(v)
    path = level + v["level_area"][a] + (year - 2018) * (slope + v["slope_area"][a]) + bend * ((year - 2018) ** 2 - 10)
    return math.exp(path + v["year_scale"] * v["year_effect"][year - 2013])


def test_counts_are_negative_binomial(densities, values):
    size, total = float(values["concentration"]), 0.0
    for area, year, days in ROWS:
        mean = hand_expected(values, area, year)
        if area == "Hebei":
            continue
        total += math.lgamma(days + size) - math.lgamma(size) - math.lgamma(days + 1)
        total += size * math.log(size / (size + mean)) + days * math.log(mean / (size + mean))
    assert densities["counts"] == pytest.approx(total, rel=1e-6)


def test_hebeis_figure_is_the_rounded_mean_of_eleven_counts(densities, values):
    size, shared, total = float(values["concentration"]), float(values["shared"]), 0.0
    for area, year, days in ROWS:
        if area == "Hebei":
            mean = hand_expected(values, area, year)
            variance = (mean + mean**2 / size) * (shared + (1 - shared) / 11) + 1 / 12
            total += stats.norm.logpdf(days, mean, math.sqrt(variance))
    assert densities["mean_counts"] == pytest.approx(total, rel=1e-6)


def test_the_mean_of_counts_that_share_a_part_has_that_variance():
    """Eleven counts, each the sum of a shared and an own normal part."""
    rng = np.random.default_rng(1)
    mean, size, shared = 30.0, 20.0, 0.6
    sd = math.sqrt(mean + mean**2 / size)
    counts = sd * (
        math.sqrt(shared) * rng.normal(size=(40000, 1)) + math.sqrt(1 - shared) * rng.normal(size=(40000, 11))
    )
    seen = np.round(mean + counts.mean(axis=1))
    assert seen.var() == pytest.approx(heavy_days.of_several(mean, size, shared), rel=0.03)


def test_expected_days(values):
    for k, area in enumerate(AREAS):
        for i, year in enumerate(YEARS):
            assert values["expected"][i, k] == pytest.approx(hand_expected(values, area, year))


def test_data_of_another_panel_gives_the_model_of_that_panel(point):
    other = some_panel([("Tianjin", 2023, 12), *[(area, 2017, 20) for area in AREAS], ("Beijing", 2014, 45)])
    expected = whole_density(heavy_days.build(other), point)
    exchanged = with_data(heavy_days.build(some_panel()), heavy_days.data(other))
    assert whole_density(exchanged, point) == pytest.approx(expected, rel=1e-12)


def test_derived_quantities_are_not_parameters(model):
    assert set(heavy_days.DERIVED) == {variable.name for variable in model.deterministics}
    assert model.named_vars_to_dims["expected"] == ("year", "area")


def test_panel_is_the_published_days():
    panel = registry.load("heavy_days")
    assert set(panel.counts.area) == set(AREAS)
    assert panel.counts.year.between(2013, 2023).all()
    assert not panel.counts.duplicated(["area", "year"]).any()
    table = tables.load("days_by_class").query("metric == 'heavy_pollution_days'").set_index(["area", "year"]).value
    assert [table[row.area, row.year] for row in panel.counts.itertuples()] == panel.counts.days.tolist()
    assert (panel.counts.days == panel.counts.days.round()).all()
    for area in AREAS:
        assert {2013, 2023} <= set(panel.counts[panel.counts.area == area].year)


@pytest.mark.parametrize(("variant", "slope"), [("toy", -0.2), ("toy-no-decline", 0.0)])
def test_toys_are_synthetic_panels_with_the_same_rows(variant, slope):
    main = registry.load("heavy_days")
    toy, again = (heavy_days.TOYS[variant](main, np.random.default_rng(1)) for _ in range(2))
    assert len(heavy_days.TOYS) == 2
    assert toy.counts[["area", "year"]].equals(main.counts[["area", "year"]])
    assert not toy.counts.days.equals(main.counts.days)
    assert toy.truth["slope"] == slope
    assert main.truth is None
    assert again.counts.equals(toy.counts)


def test_simulate_has_the_stated_mean_and_scatter():
    rows = [(area, year, 0) for area in AREAS for year in YEARS]
    truth = {"slope": -0.15, "year_scale": 0.0, "concentration": 5.0}
    runs = [heavy_days.simulate(truth, np.random.default_rng(seed), some_panel(rows)) for seed in range(2000)]
    days = np.array([run.counts.days.to_numpy() for run in runs]).reshape(-1, 3, 11)[:, :2]
    # the areas' levels are drawn with sd 0.3 and sum to zero, so the mean of e^level is e^(0.09 (1 - 1/3) / 2)
    mean = 20 * np.exp(-0.15 * (np.array(YEARS) - 2018)) * math.exp(0.09 * (2 / 3) / 2)
    assert days.mean(axis=(0, 1)) == pytest.approx(mean, rel=0.05)
    level = 0.09 * 2 / 3
    second = math.exp(2 * level) * (20 * math.exp(0)) ** 2
    variance = 20 * math.exp(level / 2) + second * (1 + 1 / 5) - (20 * math.exp(level / 2)) ** 2
    assert days[:, :, YEARS.index(2018)].var() == pytest.approx(variance, rel=0.1)
    known = runs[0].truth
    assert {name: known[name] for name in heavy_days.TRUTH} == heavy_days.TRUTH | truth
    assert known["expected"][-1] / known["expected"][0] == pytest.approx(np.full(3, math.exp(-1.5)))


@pytest.fixture
def fit() -> SimpleNamespace:
    expected = np.full((2, 100, 11, 3), 50.0)
    expected[:, :, -1] = 20.0
    expected[0, :, -1, 2] = 30.0
    parameters = xr.Dataset(
        {
            "expected": (("chain", "draw", "year", "area"), expected),
            "concentration": (("chain", "draw"), np.full((2, 100), 20.0)),
            "shared": (("chain", "draw"), np.full((2, 100), 0.7)),
            "level": (("chain", "draw"), np.random.default_rng(2).normal(math.log(20), 0.01, (2, 100))),
            "slope": (("chain", "draw"), np.full((2, 100), math.log(0.9))),
            "bend": (("chain", "draw"), np.zeros((2, 100))),
            "level_area": (("chain", "draw", "area"), np.zeros((2, 100, 3))),
            "slope_area": (("chain", "draw", "area"), np.zeros((2, 100, 3))),
            "year_effect": (("chain", "draw", "year"), np.zeros((2, 100, 11))),
            "year_scale": (("chain", "draw"), np.full((2, 100), 0.3)),
        }
    )
    return SimpleNamespace(
        parameters=parameters, panel=registry.load("heavy_days"), variant="", name="heavy_days", seed=1
    )


def test_findings_by_hand(fit):
    found = {finding.id: finding for finding in said.findings(fit)}
    assert found["heavy.beijing.change"].mean == pytest.approx(-60)
    assert found["heavy.beijing.halved"].mean == 1
    assert found["heavy.hebei.halved"].mean == 0.5
    assert found["heavy.hebei.change"].draws[0].tolist() == pytest.approx([-40] * 100)
    assert "heavy.rate" not in found
    table = tables.load("days_by_class").query("metric == 'heavy_pollution_days' and year == 2023").set_index("area")
    for area in AREAS:
        assert found[f"heavy.{area.lower()}.2023"].mean == table.value[area]
        assert found[f"heavy.{area.lower()}.2023"].exact
    assert found["heavy.beijing.published"].mean == round(100 * (8 / 58 - 1), 1)
    assert found["heavy.tianjin.published"].mean == round(100 * (12 / 49 - 1), 1)


def test_counts_lie_where_the_other_years_predict_them(fit):
    """Draws say nearly the same, so that leaving out a year changes nothing: a new effect, then a count around it."""
    place, k = said.left_out_places(*said.left_out(fit))
    assert [year for year, one in zip(YEARS, k, strict=True) if not one <= 0.7] == [2018]
    assert np.isnan(k[YEARS.index(2018)])
    counts, rng = fit.panel.counts, np.random.default_rng(5)
    assert np.isfinite(place).sum() == len(counts)
    for row in counts.iloc[::5].itertuples():
        mean = np.exp(math.log(20) + (row.year - 2018) * math.log(0.9) + rng.normal(0, 0.3, 100_000))
        if row.area == "Hebei":
            drawn = rng.normal(mean, np.sqrt((mean + mean**2 / 20) * (0.7 + 0.3 / 11) + 1 / 12))
        else:
            drawn = rng.negative_binomial(20, 20 / (20 + mean))
        expected = (drawn < row.days).mean() + 0.5 * (drawn == row.days).mean()
        assert place[row.year - 2013, AREAS.index(row.area)] == pytest.approx(expected, abs=0.01)
    found = {finding.id: finding for finding in said.findings(fit)}
    assert found["heavy.check.counts"].mean == len(counts)
    assert 0 < found["heavy.check.inside"].mean == (np.abs(place - 0.5) <= 0.47).sum() < len(counts)


def test_what_years_add_to_the_slope_is_no_part_of_the_yearly_change(fit):
    fit.parameters["year_effect"] = fit.parameters["year_effect"] + 0.1 * (np.array(YEARS) - 2018)
    level, slope, bend = said.without_years(fit)
    assert slope == pytest.approx(math.log(0.9) - 0.03)
    assert bend == pytest.approx(0)
    assert level == pytest.approx(fit.parameters["level"].values.ravel())


def test_findings_of_a_toy_tell_the_truth(fit):
    panel = heavy_days.TOYS["toy"](fit.panel, np.random.default_rng(1))
    fit.variant, fit.name, fit.panel = "toy", "heavy_days/toy", panel
    found = {finding.id: finding for finding in said.findings(fit)}
    both = {f"heavy.{truth}{what}@toy" for what in ("rate", "beijing.change") for truth in ("", "truth.")}
    assert set(found) == both
    first, last = panel.truth["expected"][[0, -1], 0]
    assert found["heavy.truth.beijing.change@toy"].mean == pytest.approx(100 * (last / first - 1))
    assert first * math.exp(-2) != pytest.approx(last, rel=0.01)  # the years' own effects are in the answer
    assert found["heavy.beijing.change@toy"].mean == pytest.approx(-60)
    assert found["heavy.truth.rate@toy"].mean == pytest.approx(100 * math.expm1(-0.2))
    assert found["heavy.rate@toy"].mean == pytest.approx(-10)
