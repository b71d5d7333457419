"""Each check of the gate fails when it should, names the parameter, and passes good draws."""

import itertools

import numpy as np
import pytest
import xarray as xr

from jingjinji import gate

CHAINS, DRAWS = 4, 1000
NAMES = ["R-hat", "bulk ESS", "tail ESS", "divergences", "E-BFMI"]


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def parameters(rng) -> xr.Dataset:
    return xr.Dataset(
        {
            "level": (("chain", "draw"), rng.normal(size=(CHAINS, DRAWS))),
            "city": (("chain", "draw", "area"), rng.normal(size=(CHAINS, DRAWS, 3))),
        },
        coords={"area": ["Beijing", "Tianjin", "Hebei"]},
    )


@pytest.fixture
def stats(rng) -> xr.Dataset:
    return xr.Dataset(
        {
            "diverging": (("chain", "draw"), np.zeros((CHAINS, DRAWS), dtype=bool)),
            "energy": (("chain", "draw"), rng.normal(size=(CHAINS, DRAWS))),
        }
    )


def failing(checks) -> list[str]:
    return [check.name for check in checks if not check.passed]


def autocorrelated(rng, persistence: float) -> np.ndarray:
    draws = rng.normal(size=(CHAINS, DRAWS))
    for step in range(1, DRAWS):
        draws[:, step] = persistence * draws[:, step - 1] + np.sqrt(1 - persistence**2) * draws[:, step]
    return draws


def test_good_draws_pass(parameters, stats):
    checks = gate.check(parameters, stats)
    assert [check.name for check in checks] == NAMES
    assert gate.passed(checks)
    assert gate.sentence(checks) == ""


def test_limits_are_those_of_the_house():
    assert (gate.MOST_RHAT, gate.LEAST_ESS, gate.LEAST_EBFMI) == (1.01, 400, 0.3)


def test_shifted_chain(parameters, stats):
    parameters["city"][1, :, 2] += 1.0
    checks = gate.check(parameters, stats)
    assert "R-hat" in failing(checks)
    assert checks[0].worst == "city[Hebei]"
    assert "R-hat is 1." in gate.sentence(checks)
    assert "at city[Hebei], the gate asks 1.01" in gate.sentence(checks)


def test_chain_that_drifts_is_split(parameters, stats):
    parameters["level"] += np.linspace(-1, 1, DRAWS)
    assert gate.check(parameters, stats)[0].worst == "level"
    assert "R-hat" in failing(gate.check(parameters, stats))


def test_chain_of_another_width(parameters, stats):
    parameters["level"][0] *= 5
    assert "R-hat" in failing(gate.check(parameters, stats))


def test_autocorrelated_draws(parameters, stats, rng):
    parameters["level"][:] = autocorrelated(rng, 0.9)
    checks = gate.check(parameters, stats)
    assert {"bulk ESS", "tail ESS"} <= set(failing(checks))
    assert (checks[1].worst, checks[2].worst) == ("level", "level")
    assert checks[1].value == pytest.approx(CHAINS * DRAWS * 0.1 / 1.9, rel=0.4)


def test_tails_alone(parameters, stats, rng):
    """The size of the draws is sticky, their sign is not: the mean is well known, the tails are not."""
    size = np.exp(autocorrelated(rng, 0.97))
    parameters["level"][:] = size * rng.choice([-1, 1], (CHAINS, DRAWS))
    checks = gate.check(parameters, stats)
    assert checks[1].passed
    assert not checks[2].passed
    assert checks[2].worst == "level"


def test_one_divergence(parameters, stats):
    stats["diverging"][2, 17] = True
    checks = gate.check(parameters, stats)
    assert failing(checks) == ["divergences"]
    assert checks[3].value == 1
    assert gate.sentence(checks) == "divergences is 1 at all chains, the gate asks 0"


def test_energy_that_wanders(parameters, stats, rng):
    stats["energy"][3] = np.cumsum(rng.normal(size=DRAWS))
    checks = gate.check(parameters, stats)
    assert failing(checks) == ["E-BFMI"]
    assert checks[4].worst == "chain 3"
    energy = list(stats["energy"].values[3])
    mean = sum(energy) / DRAWS
    steps = sum((after - before) ** 2 for before, after in itertools.pairwise(energy)) / (DRAWS - 1)
    assert checks[4].value == pytest.approx(steps / (sum((e - mean) ** 2 for e in energy) / DRAWS), rel=1e-9)


@pytest.mark.parametrize("value", [0.0, 3.5])
def test_parameter_that_never_moves(parameters, stats, value):
    parameters["city"][:, :, 1] = value
    checks = gate.check(parameters, stats)
    assert not gate.passed(checks)
    assert "city[Tianjin]" in gate.sentence(checks)


def test_chains_that_are_stuck_at_different_places(parameters, stats):
    parameters["level"][:] = np.arange(CHAINS)[:, None]
    checks = gate.check(parameters, stats)
    assert "R-hat" in failing(checks)
    assert "at level" in gate.sentence(checks)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_draw_that_is_no_number(parameters, stats, value):
    parameters["city"][0, 5, 0] = value
    checks = gate.check(parameters, stats)
    assert not gate.passed(checks)
    assert "city[Beijing]" in gate.sentence(checks)


def test_energy_that_is_no_number(parameters, stats):
    stats["energy"][1, 3] = np.nan
    assert failing(gate.check(parameters, stats)) == ["E-BFMI"]


def test_energy_that_never_moves(parameters, stats):
    stats["energy"][1] = 4.0
    assert failing(gate.check(parameters, stats)) == ["E-BFMI"]


def test_dims_in_another_order(parameters, stats):
    stats["energy"][0] *= np.linspace(1, 3, DRAWS)
    turned = gate.check(parameters.transpose("area", "draw", "chain"), stats.transpose("draw", "chain"))
    assert turned == gate.check(parameters, stats)


def test_every_parameter_counts(rng, stats):
    """A scalar, a vector and a matrix: the worst place is named with all its coordinates."""
    matrix = rng.normal(size=(CHAINS, DRAWS, 2, 3))
    matrix[0, :, 1, 2] += 2
    parameters = xr.Dataset(
        {"a": (("chain", "draw"), rng.normal(size=(CHAINS, DRAWS))), "m": (("chain", "draw", "x", "y"), matrix)},
        coords={"x": ["low", "high"], "y": [1, 2, 3]},
    )
    assert gate.check(parameters, stats)[0].worst == "m[high, 3]"


def test_a_check_is_storable(parameters, stats):
    check = gate.check(parameters, stats)[0]
    assert gate.Check(**check.as_dict()) == check
