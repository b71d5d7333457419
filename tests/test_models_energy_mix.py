"""The model of the mix against a computation by hand, and what is derived from its draws."""

import math
from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from pytensor.compile.mode import Mode
from scipy import stats

from jingjinji import tables
from jingjinji.errors import BookError
from jingjinji.models import energy_mix
from jingjinji.models.energy_mix import PARTS, STEPS, YEARS, Panel

PLAIN = Mode(linker="py", optimizer=None)
RATIOS = len(PARTS) - 1


def some_panel(seed: int = 1, **more) -> Panel:
    amounts = np.random.default_rng(seed).lognormal(1, 0.3, (3, len(YEARS), len(PARTS)))
    return Panel(("Beijing", "Hebei", "Tianjin"), amounts, **more)


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return energy_mix.build(some_panel())


@pytest.fixture(scope="module")
def point(model) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {name: value + 0.2 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}


@pytest.fixture(scope="module")
def values(model, point) -> dict[str, np.ndarray]:
    outputs = model.compile_fn(model.replace_rvs_by_values(model.free_RVs), mode=PLAIN)(point)
    return dict(zip([variable.name for variable in model.free_RVs], outputs, strict=True))


def densities_of(model, point) -> dict[str, float]:
    terms = model.compile_fn(model.logp(sum=False, jacobian=False), mode=PLAIN)(point)
    return {variable.name: float(np.sum(term)) for variable, term in zip(model.basic_RVs, terms, strict=True)}


@pytest.fixture(scope="module")
def densities(model, point) -> dict[str, float]:
    return densities_of(model, point)


def zero_sum(value) -> float:
    assert value.sum(axis=-1) == pytest.approx(0, abs=1e-9)
    free = value.size - value.shape[0]
    return -0.5 * float((value**2).sum()) - free * math.log(math.sqrt(2 * math.pi))


PRIORS = {
    "drift_mean": lambda v: stats.norm.logpdf(v["drift_mean"], 0, 0.1),
    "drift_scale": lambda v: stats.lognorm.logpdf(v["drift_scale"], 0.5, scale=0.04),
    "drift": lambda v: zero_sum(v["drift"]),
    "bend_mean": lambda v: stats.norm.logpdf(v["bend_mean"], 0, 0.1),
    "bend_scale": lambda v: stats.lognorm.logpdf(v["bend_scale"], 0.5, scale=0.05),
    "bend": lambda v: zero_sum(v["bend"]),
    "revision": lambda v: stats.norm.logpdf(v["revision"], 0, 0.2),
    "log_scatter_mean": lambda v: stats.norm.logpdf(v["log_scatter_mean"], math.log(0.1), 0.5),
    "log_scatter": lambda v: stats.norm.logpdf(v["log_scatter"], v["log_scatter_mean"], 0.5),
    "error_to_walk": lambda v: stats.lognorm.logpdf(v["error_to_walk"], 0.5, scale=0.4),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(np.sum(PRIORS[name](values))), rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "observed_steps"}


def hand_steps(v: dict, panel: Panel) -> float:
    """Log density of the yearly steps, with their full covariance."""
    total = 0.0
    for p in range(len(panel.provinces)):
        for k in range(RATIOS):
            rest = PARTS[k + 1 :]
            logs = np.log(panel.amounts[p])
            ratio = math.sqrt(len(rest) / (len(rest) + 1)) * (logs[:, k] - logs[:, k + 1 :].mean(axis=1))
            drift = v["drift_mean"][k] + v["drift_scale"][k] * v["drift"][k, p]
            bend = v["bend_mean"][k] + v["bend_scale"][k] * v["bend"][k, p]
            mean = [drift + bend * (step - (STEPS - 1) / 2) / 10 for step in range(STEPS)]
            mean[YEARS.index(2018) - 1] += panel.revised * v["revision"][k]
            walk = math.exp(v["log_scatter"][p, k]) / math.sqrt(1 + 2 * v["error_to_walk"][k] ** 2)
            error = walk * v["error_to_walk"][k]
            covariance = (walk**2 + 2 * error**2) * np.eye(STEPS)
            covariance -= error**2 * (np.eye(STEPS, k=1) + np.eye(STEPS, k=-1))
            total += stats.multivariate_normal.logpdf(np.diff(ratio), mean, covariance)
    return total


def test_yearly_steps_are_a_random_walk_seen_with_error(densities, values):
    assert densities["observed_steps"] == pytest.approx(hand_steps(values, some_panel()), rel=1e-8)


def test_the_step_of_2018_can_be_left_in_the_drift(point, values):
    model = energy_mix.build(some_panel())
    with model:
        pm.set_data(energy_mix.data(some_panel(seed=2, revised=0.0)))
    expected = hand_steps(values, some_panel(seed=2, revised=0.0))
    assert densities_of(model, point)["observed_steps"] == pytest.approx(expected, rel=1e-8)


def test_log_ratios_and_shares_are_inverse():
    amounts = some_panel().amounts
    expected = amounts / amounts.sum(axis=-1, keepdims=True)
    assert energy_mix.shares(energy_mix.log_ratios(amounts)) == pytest.approx(expected)
    matrix = energy_mix.contrasts()
    assert matrix.T @ matrix == pytest.approx(np.eye(RATIOS), abs=1e-12)
    assert matrix.sum(axis=0) == pytest.approx(np.zeros(RATIOS), abs=1e-12)


def test_the_panel_holds_provinces_with_all_parts():
    panel = energy_mix.load()
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
        energy_mix.complete(table)


def test_unknown_variant():
    with pytest.raises(BookError, match="no variant 'dirichlet': expected one of toy, toy-no-drift, revision-left-in"):
        energy_mix.load("dirichlet")


def test_simulate_puts_the_drift_in():
    quiet = {"walk": 0.0, "error": 0.0, "own": 0.02, "coal_drift": -0.05}
    made = energy_mix.simulate(quiet, np.random.default_rng(1), some_panel())
    steps = np.diff(energy_mix.log_ratios(made.amounts), axis=1)
    assert steps[:, :, 0].mean() == pytest.approx(-0.05)
    assert steps == pytest.approx(np.repeat(made.truth["drift"][:, None], STEPS, axis=1))
    assert made.amounts.sum(axis=-1) == pytest.approx(some_panel().amounts.sum(axis=-1))
    assert energy_mix.load("toy").amounts.tolist() == energy_mix.load("toy").amounts.tolist()


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
    found = energy_mix.last_crossing(np.array([path], dtype=float), np.array([float(level)]), rising)
    assert found.tolist() == pytest.approx([years])


@pytest.fixture
def fit() -> SimpleNamespace:
    panel, shape = some_panel(), (2, 400)
    full = {
        "drift_mean": (np.full((*shape, RATIOS), -0.05), ("ratio",)),
        "drift_scale": (np.full((*shape, RATIOS), 0.02), ("ratio",)),
        "drift": (np.zeros((*shape, RATIOS, 3)), ("ratio", "province")),
        "bend_mean": (np.full((*shape, RATIOS), 0.01), ("ratio",)),
        "bend_scale": (np.full((*shape, RATIOS), 0.02), ("ratio",)),
        "bend": (np.zeros((*shape, RATIOS, 3)), ("ratio", "province")),
        "revision": (np.full((*shape, RATIOS), 0.1), ("ratio",)),
        "log_scatter_mean": (np.full((*shape, RATIOS), math.log(0.1)), ("ratio",)),
        "log_scatter": (np.full((*shape, 3, RATIOS), math.log(0.1)), ("province", "ratio")),
        "error_to_walk": (np.full((*shape, RATIOS), 0.5), ("ratio",)),
    }
    parameters = xr.Dataset({name: (("chain", "draw", *dims), value) for name, (value, dims) in full.items()})
    return SimpleNamespace(parameters=parameters, panel=panel, variant="", name="energy_mix", seed=3)


def test_states_are_drawn_from_their_distribution_given_the_figures(fit):
    walk = 0.1 / math.sqrt(1.5)
    error = 0.5 * walk
    known = energy_mix.parameters(fit)
    mean = np.concatenate([[0.0], np.cumsum(energy_mix.mean_steps(known, 1)[0, :, 0])])
    difference = np.diff(np.eye(len(YEARS)), axis=0)
    precision = np.eye(len(YEARS)) / error**2 + difference.T @ difference / walk**2
    seen = energy_mix.log_ratios(fit.panel.amounts[1])[:, 0]
    centre = mean + np.linalg.solve(precision, (seen - mean) / error**2)
    spread = np.sqrt(np.diag(np.linalg.inv(precision)))
    drawn = energy_mix.states(fit, "Hebei")[:, :, 0]
    assert (np.abs(drawn.mean(axis=0) - centre) < 4.5 * spread / math.sqrt(len(drawn))).all()
    assert drawn.std(axis=0) == pytest.approx(spread, rel=0.15)


def test_a_path_is_carried_back_on_its_drift(fit):
    drawn = energy_mix.states(fit, "Beijing")
    long = energy_mix.carried_back(fit, "Beijing", drawn)
    assert long.shape == (800, energy_mix.BACK + len(YEARS), RATIOS)
    assert np.array_equal(long[:, energy_mix.BACK :], drawn)
    step = (long[:, energy_mix.BACK] - long[:, energy_mix.BACK - 1]).mean()
    assert step == pytest.approx(-0.05 - 0.01 * (STEPS - 1) / 20, abs=0.015)


def test_findings_by_hand(fit):
    found = {finding.id: finding for finding in energy_mix.findings(fit)}
    assert found["energy.mix.coal.drift"].mean == pytest.approx(100 * math.expm1(-0.05 / math.sqrt(0.8)))
    assert found["energy.mix.revision.coal"].mean == pytest.approx(100 * math.expm1(0.1 / math.sqrt(0.8)))
    total = sum(found[f"energy.mix.hebei.{part}.2022"].mean for part in PARTS)
    assert total == pytest.approx(100)
    assert found["energy.mix.provinces"].mean == 3
    assert found["energy.mix.record"].mean == 19
    assert 2003 <= found["energy.mix.hebei.nearest-year"].mean <= 2022
