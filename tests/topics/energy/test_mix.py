"""The model of the mix against a computation by hand, and what is derived from its draws."""

import math
from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from densities import densities_at, with_data, zero_sum
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.energy import mix
from jingjinji.topics.energy import mix_findings as said
from jingjinji.topics.energy.mix import PARTS, RATIOS, STEPS, YEARS, Panel

ODD = np.array([[1, 3, 2], [2, 8, 0]])


def some_panel(seed: int = 1, **more) -> Panel:
    amounts = np.random.default_rng(seed).lognormal(1, 0.3, (3, len(YEARS), len(PARTS)))
    return Panel(("Beijing", "Hebei", "Tianjin"), amounts, ODD, **more)


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return mix.build(some_panel())


PRIORS = {
    "drift_mean": lambda v: stats.norm.logpdf(v["drift_mean"], 0, 0.1),
    "drift_scale": lambda v: stats.lognorm.logpdf(v["drift_scale"], 0.5, scale=0.04),
    "drift": lambda v: zero_sum(1.0)(v["drift"]),
    "bend_mean": lambda v: stats.norm.logpdf(v["bend_mean"], 0, 0.1),
    "bend_scale": lambda v: stats.lognorm.logpdf(v["bend_scale"], 0.5, scale=0.05),
    "bend": lambda v: zero_sum(1.0)(v["bend"]),
    "revision_mean": lambda v: stats.norm.logpdf(v["revision_mean"], 0, 0.2),
    "revision_scale": lambda v: stats.lognorm.logpdf(v["revision_scale"], 0.7, scale=0.15),
    "revision": lambda v: zero_sum(1.0)(v["revision"]),
    "log_scatter_mean": lambda v: stats.norm.logpdf(v["log_scatter_mean"], math.log(0.1), 0.5),
    "log_scatter": lambda v: stats.norm.logpdf(v["log_scatter"], v["log_scatter_mean"], 0.5),
    "year_scale": lambda v: stats.lognorm.logpdf(v["year_scale"], 0.5, scale=0.03),
    "year_effect": lambda v: stats.norm.logpdf(v["year_effect"], 0, v["year_scale"]),
    "follow": lambda v: stats.norm.logpdf(v["follow"], 0, 0.5),
    "tail": lambda v: stats.gamma.logpdf(v["tail"], 2, scale=10),
    "cell_error": lambda v: stats.norm.logpdf(v["cell_error"], 0, 2),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(np.sum(PRIORS[name](values))), rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "observed_steps"}


def hand_steps(v: dict, panel: Panel) -> float:
    """Log density of the yearly steps: a multivariate t for each province and year."""
    clean = np.log(panel.amounts)
    for (p, year, part), error in zip(ODD, v["cell_error"], strict=True):
        clean[p, year, part] -= error
    follow = dict(zip([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], v["follow"], strict=True))
    loading = np.linalg.inv(np.eye(RATIOS) - np.array([[follow.get((j, k), 0) for j in range(4)] for k in range(4)]))
    tail, total = 1 + v["tail"], 0.0
    for p in range(len(panel.provinces)):
        parts = [clean[p, :, k] - clean[p, :, k + 1 :].mean(axis=1) for k in range(RATIOS)]
        steps = np.diff([math.sqrt((4 - k) / (5 - k)) * parts[k] for k in range(RATIOS)], axis=1)
        own = loading * np.exp(v["log_scatter"][p])
        for step in range(STEPS):
            drift = v["drift_mean"] + v["drift_scale"] * v["drift"][:, p]
            bend = v["bend_mean"] + v["bend_scale"] * v["bend"][:, p]
            mean = drift + bend * (step - (STEPS - 1) / 2) / 10 + v["year_effect"][step]
            revision = v["revision_mean"] + v["revision_scale"] * v["revision"][:, p]
            mean = mean + revision * (YEARS[step + 1] == 2018)
            total += stats.multivariate_t.logpdf(steps[:, step], mean, own @ own.T, df=tail)
    return total


def test_yearly_steps_are_a_random_walk_with_heavy_tails(densities, values):
    assert densities["observed_steps"] == pytest.approx(hand_steps(values, some_panel()), rel=1e-8)


def test_another_panel_is_the_same_model_with_other_data(point, values):
    other = some_panel(seed=2)
    model = with_data(mix.build(some_panel()), mix.data(other))
    expected = hand_steps(values, other)
    assert densities_at(model, point)["observed_steps"] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(
    ("factors", "found"),
    [
        ((1.0, 1.0, 0.4, 1.0, 1.0), [[0, 2, 2]]),
        ((1.0, 1.0, 2.5, 1.1, 1.0), [[0, 2, 2]]),
        ((1.0, 1.0, 1.9, 1.0, 1.0), []),
        ((1.0, 1.0, 5.0, 5.0, 5.0), []),
        ((1.0, 1.0, 9.0, 4.0, 4.0), []),
        ((1.0, 1.0, 1.0, 1.0, 9.0), []),
    ],
)
def test_an_odd_cell_jumps_and_returns(factors, found):
    amounts = np.ones((1, 5, len(PARTS))) * np.linspace(1, 3, 5)[:, None]
    amounts[0, :, 2] *= factors
    assert mix.odd_cells(amounts).tolist() == found


def test_the_odd_cells_of_the_panel():
    panel = registry.load("energy_mix")
    named = [(panel.provinces[p], YEARS[y], PARTS[k]) for p, y, k in panel.odd]
    assert ("Hebei", 2006, "gas") in named
    assert all(YEARS[0] < year < YEARS[-1] for _, year, _ in named)


def test_log_ratios_and_shares_are_inverse():
    amounts = some_panel().amounts
    expected = amounts / amounts.sum(axis=-1, keepdims=True)
    assert mix.shares(mix.log_ratios(amounts)) == pytest.approx(expected)
    matrix = mix.contrasts()
    assert matrix.T @ matrix == pytest.approx(np.eye(RATIOS), abs=1e-12)
    assert matrix.sum(axis=0) == pytest.approx(np.zeros(RATIOS), abs=1e-12)


def test_the_panel_holds_provinces_with_all_parts():
    panel = registry.load("energy_mix")
    table = tables.load("energy_mix_year")
    zero = set(table.province[(table[list(PARTS)] <= 0).any(axis=1)])
    assert set(panel.provinces) == set(table.province) - zero
    k = panel.provinces.index("Hebei")
    rows = table[table.province == "Hebei"].sort_values("year")
    assert panel.amounts[k] == pytest.approx(rows[list(PARTS)].to_numpy())


def test_a_shown_province_with_a_gap_is_named():
    table = tables.load("energy_mix_year")
    table = table[(table.province != "Hebei") | (table.year != 2010)]
    with pytest.raises(BookError, match="all five parts of Hebei in 19 years: expected every year from 2003 to 2022"):
        mix.panel(table)


def test_simulate_puts_in_what_is_known():
    quiet = {"scatter": 0.0, "year": 0.0, "own": 0.02, "coal_drift": -0.05, "revision": 0.3, "cell_error": 0.0}
    quiet |= {"revision_scale": 0.1}
    made = mix.simulate(quiet, np.random.default_rng(1), some_panel())
    steps = np.diff(mix.log_ratios(made.amounts), axis=1)
    expected = np.repeat(made.truth["drift"][:, None], STEPS, axis=1)
    expected[:, YEARS.index(2018) - 1] += made.truth["revisions"]
    assert np.ptp(made.truth["revisions"][:, 0]) > 0
    assert made.truth["drift"][:, 0].mean() == pytest.approx(-0.05)
    assert steps == pytest.approx(expected)
    assert made.amounts.sum(axis=-1) == pytest.approx(some_panel().amounts.sum(axis=-1))
    toys = {name: toy(some_panel(), np.random.default_rng(1)).truth for name, toy in mix.TOYS.items()}
    assert (toys["toy"]["coal_drift"], toys["toy-no-drift"]["coal_drift"]) == (-0.06, 0.0)


def test_simulate_makes_the_cells_odd():
    quiet = {"scatter": 0.0, "year": 0.0, "own": 0.0}
    made = mix.simulate(quiet, np.random.default_rng(1), some_panel())
    assert mix.odd_cells(made.amounts).tolist() == ODD.tolist()


def test_departures_have_the_density_of_the_model():
    """Whitened departures of two ratios have the variance and the correlation of a multivariate t."""
    follow, tail = np.array([0.5, 0.0, 0.0, 0.0, 0.0, -0.4]), np.array(8.0)
    drawn = mix.departures(np.random.default_rng(4), np.full((40000, RATIOS), 0.1), tail, follow)
    loading = np.eye(RATIOS)
    loading[1, 0], loading[3, 2] = 0.5, -0.4
    expected = 0.1**2 * loading @ loading.T * 8 / 6
    assert np.cov(drawn.T) == pytest.approx(expected, abs=0.0008)
    sizes = drawn[:, [0, 2]] ** 2
    assert np.corrcoef(sizes.T)[0, 1] > 0.1


@pytest.mark.parametrize(
    ("path", "level", "rising", "years"),
    [
        ([50, 40, 30, 20], 35, False, 1.5),
        ([50, 40, 30, 20], 20, False, 0.0),
        ([50, 40, 30, 20], 10, False, 0.0),
        ([50, 40, 30, 20], 60, False, 3.0),
        ([50, 30, 40, 20], 35, False, 0.75),
        ([5, 10, 20, 30], 15, True, 1.5),
        ([5, 10, 20, 30], 40, True, 0.0),
        ([5, 10, 20, 30], 1, True, 3.0),
    ],
)
def test_last_crossing(path, level, rising, years):
    found = said.last_crossing(np.array([path], dtype=float), np.array([float(level)]), rising)
    assert found.tolist() == pytest.approx([years])


OWN = np.array([1.0, -0.6, -0.4])
"""Beijing, Hebei and Tianjin: how far each was revised beyond the mean, in scales."""


@pytest.fixture
def fit() -> SimpleNamespace:
    panel, shape = some_panel(), (2, 400)
    wide = np.random.default_rng(5).normal(0.1, 0.02, (*shape, RATIOS))
    full = {
        "drift_mean": (np.full((*shape, RATIOS), -0.05), ("ratio",)),
        "drift_scale": (np.full((*shape, RATIOS), 0.02), ("ratio",)),
        "drift": (np.zeros((*shape, RATIOS, 3)), ("ratio", "province")),
        "bend_mean": (np.full((*shape, RATIOS), 0.01), ("ratio",)),
        "bend_scale": (np.full((*shape, RATIOS), 0.02), ("ratio",)),
        "bend": (np.zeros((*shape, RATIOS, 3)), ("ratio", "province")),
        "revision_mean": (wide, ("ratio",)),
        "revision_scale": (np.full((*shape, RATIOS), 0.1), ("ratio",)),
        "revision": (np.broadcast_to(OWN, (*shape, RATIOS, 3)), ("ratio", "province")),
        "year_scale": (np.full((*shape, RATIOS), 0.03), ("ratio",)),
        "year_effect": (np.zeros((*shape, STEPS, RATIOS)), ("year", "ratio")),
        "log_scatter_mean": (np.full((*shape, RATIOS), math.log(0.1)), ("ratio",)),
        "log_scatter": (np.full((*shape, 3, RATIOS), math.log(0.1)), ("province", "ratio")),
        "follow": (np.full((*shape, 6), 0.1), ("pair",)),
        "tail": (np.full(shape, 4.0), ()),
        "cell_error": (np.full((*shape, 2), 0.7), ("cell",)),
    }
    parameters = xr.Dataset({name: (("chain", "draw", *dims), value) for name, (value, dims) in full.items()})
    return SimpleNamespace(parameters=parameters, panel=panel, variant="", name="energy_mix", seed=3)


def test_states_are_on_one_footing_and_without_the_odd_cells_error(fit):
    clean = fit.panel.amounts[1].copy()
    clean[ODD[0][1], ODD[0][2]] /= math.exp(0.7)
    drawn = said.states(fit, "Hebei")
    revision = fit.parameters["revision_mean"].values.reshape(-1, RATIOS) - 0.06
    step = YEARS.index(2018)
    assert drawn[:, step:] == pytest.approx(np.tile(mix.log_ratios(clean)[step:], (800, 1, 1)))
    assert drawn[:, :step] == pytest.approx(mix.log_ratios(clean)[None, :step] + revision[:, None])


def test_a_path_is_carried_back_on_its_drift(fit):
    drawn = said.states(fit, "Beijing")
    long = said.carried_back(fit, "Beijing", drawn)
    assert long.shape == (800, mix.BACK + len(YEARS), RATIOS)
    assert np.array_equal(long[:, mix.BACK :], drawn)
    step = (long[:, mix.BACK] - long[:, mix.BACK - 1]).mean()
    assert step == pytest.approx(-0.05 - 0.01 * (STEPS - 1) / 20, abs=0.015)


def test_replicates_have_the_mean_of_the_model(fit):
    drawn = said.replicates(fit)
    mean = -0.05 + 0.01 * (np.arange(STEPS) - (STEPS - 1) / 2) / 10 + 0.1 * (np.array(YEARS[1:]) == 2018)
    assert drawn.mean(axis=(0, 1, 3)) == pytest.approx(mean, abs=0.012)


def test_checks_see_what_they_are_meant_to_find():
    rng = np.random.default_rng(6)
    level = np.cumsum(rng.normal(size=(200, STEPS + 1)), axis=1)
    seen = np.diff(level + rng.normal(size=level.shape), axis=1)
    assert said.returning(np.diff(level, axis=1)) == pytest.approx(0.05, abs=0.04)
    assert said.returning(seen) > 0.2
    steps = np.tile(np.sin(np.arange(STEPS)), (4, 1))
    steps[:2, 5], steps[2, 5], steps[3, 6] = 9.0, 9.0, 9.0
    assert said.together(steps, np.array([0, 0, 1, 1])) == 1
    assert said.together(steps[None], np.array([0, 0, 0, 1])).tolist() == [3]


def test_findings_by_hand(fit):
    found = {finding.id: finding for finding in said.findings(fit)}
    revision = fit.parameters["revision_mean"].values[..., 0]
    assert found["energy.mix.coal.drift"].mean == pytest.approx(100 * math.expm1(-0.05 / math.sqrt(0.8)))
    assert found["energy.mix.revision.coal"].draws == pytest.approx(100 * np.expm1(revision / math.sqrt(0.8)))
    own = 100 * np.expm1((revision + 0.1) / math.sqrt(0.8))
    assert found["energy.mix.revision.coal.beijing"].draws == pytest.approx(own)
    total = sum(found[f"energy.mix.hebei.{part}.2022"].mean for part in PARTS)
    assert total == pytest.approx(100, abs=0.3)
    assert found["energy.mix.provinces"].mean == 3
    assert found["energy.mix.record"].mean == 19
    assert found["energy.mix.odd-cells"].mean == len(said.odd_table(fit)) == 2


def test_years_behind_are_counted_on_one_footing(fit):
    """Beijing's coal falls evenly; a revision of its earlier years moves where Tianjin's level is crossed."""
    panel = fit.panel
    panel.amounts[:] = np.random.default_rng(7).lognormal(0, 1e-3, panel.amounts.shape)
    panel.amounts[0, :, 0] = np.linspace(4, 1, len(YEARS))
    panel.amounts[2, -1, 0] = 2.5
    fit.parameters["cell_error"][:] = 0.0
    fit.parameters["revision_mean"][:] = 0.0
    fit.parameters["revision_scale"][:] = 0.0
    found = {finding.id: finding for finding in said.findings(fit)}
    shares = 100 * panel.amounts[0, :, 0] / panel.amounts[0].sum(axis=-1)
    falls = found["energy.mix.beijing.coal.speed"].mean
    assert falls == pytest.approx((shares[-1] - shares[-11]) / 10, abs=1e-6)
    published = found["energy.mix.tianjin.years-behind.coal.as-published"].mean
    assert found["energy.mix.tianjin.years-behind.coal"].mean == pytest.approx(published, abs=0.05)
    assert published == pytest.approx(9.5, abs=0.3)
    fit.parameters["revision_scale"][..., 0] = 0.2
    fit.parameters["revision"] = fit.parameters["revision"] * -1.0
    found = {finding.id: finding for finding in said.findings(fit)}
    assert found["energy.mix.tianjin.years-behind.coal"].mean > published + 1
    assert abs(found["energy.mix.beijing.coal.speed"].mean - falls) > 0.1
    assert found["energy.mix.hebei.years-behind.before-record"].mean == 0
    panel.amounts[1, -1, 0] = 9.0
    found = {finding.id: finding for finding in said.findings(fit)}
    assert found["energy.mix.hebei.years-behind.before-record"].mean == 1
    assert found["energy.mix.hebei.nearest-year.first"].mean == 1
