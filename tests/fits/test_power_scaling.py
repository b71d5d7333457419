"""Prior and likelihood raised to powers: posteriors in closed form, and what is prior, structure and likelihood."""

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from jingjinji.core.densities import given
from jingjinji.fits.power_scaling import LIKELIHOOD, POWERS, PRIOR, scaled, top

SEEN = np.array([1.0, 2.5, 0.5, 3.0])


def log_density(model, powers: tuple[float, float]):
    """The log density of a scaled model under powers of prior and likelihood, as a function of its value variables."""
    for name, power in zip((PRIOR, LIKELIHOOD), powers, strict=True):
        model[name].set_value(power)
    return model.compile_logp(mode="FAST_COMPILE")


@pytest.mark.parametrize("powers", [(1.0, 1.0), *POWERS.values()])
def test_a_normal_mean_has_the_posterior_that_is_known(powers):
    with pm.Model() as model:
        mean = pm.Normal("mean", 1, 2)
        pm.Normal("seen", mean, 0.5, observed=SEEN)
    logp = log_density(scaled(model), powers)
    low, middle, high = (float(logp({"mean": np.array(x)})) for x in (-1.0, 0.0, 1.0))
    precision = 2 * middle - low - high
    of_prior, of_data = powers[0] / 2**2, powers[1] * len(SEEN) / 0.5**2
    assert precision == pytest.approx(of_prior + of_data)
    known = (of_prior * 1 + of_data * SEEN.mean()) / (of_prior + of_data)
    assert (high - low) / 2 / precision == pytest.approx(known)


@pytest.mark.parametrize("powers", [(1.0, 1.0), *POWERS.values()])
def test_the_jacobian_of_a_transform_is_not_raised(powers):
    counts = np.array([3, 5, 4])
    with pm.Model() as model:
        rate = pm.Gamma("rate", 3, 2)
        pm.Poisson("counts", rate, observed=counts)
    logp = log_density(scaled(model), powers)
    rates = np.array([0.5, 2.0, 4.0])
    made = np.array([float(logp({"rate_log__": np.log(rate)})) for rate in rates])
    shape, per = powers[0] * (3 - 1) + 1 + powers[1] * counts.sum(), powers[0] * 2 + powers[1] * len(counts)
    known = stats.gamma.logpdf(rates, shape, scale=1 / per) + np.log(rates)
    assert np.diff(made) == pytest.approx(np.diff(known))


def hierarchy(centred: bool) -> pm.Model:
    with pm.Model() as model:
        mean, scale = pm.Normal("mean", 0, 2), pm.LogNormal("scale", -1, 0.5)
        if centred:
            effect = pm.Normal("effect", mean, scale, shape=len(SEEN))
        else:
            effect = mean + scale * pm.Normal("raw", 0, 1, shape=len(SEEN))
        pm.Normal("seen", effect, 1, observed=SEEN)
    return model


def test_effects_given_their_scale_are_structure_however_they_are_written():
    effect, found = np.array([0.3, 1.1, -0.4, 0.9]), {}
    for powers in ((1.0, 1.0), *POWERS.values()):
        at = {"mean": np.array(0.4), "scale_log__": np.array(-0.8)}
        centred = log_density(scaled(hierarchy(True)), powers)({**at, "effect": effect})
        raw = log_density(scaled(hierarchy(False)), powers)({**at, "raw": (effect - 0.4) / np.exp(-0.8)})
        # a change of variables: each effect is the scale times its standard normal number
        assert float(raw) == pytest.approx(float(centred) + len(SEEN) * -0.8)
        found[powers] = float(centred)
    of_top = stats.norm.logpdf(0.4, 0, 2) + stats.lognorm.logpdf(np.exp(-0.8), 0.5, scale=np.exp(-1))
    assert found[2.0, 1.0] - found[1.0, 1.0] == pytest.approx(of_top)
    assert found[1.0, 2.0] - found[1.0, 1.0] == pytest.approx(stats.norm.logpdf(SEEN, effect).sum())


def test_what_stands_on_top():
    with pm.Model() as model:
        data = pm.Data("data", 0.4)
        scale = pm.LogNormal("scale", 0, 1)
        pm.Normal("single", 0, 1)
        pm.Normal("known_scale", 0, data, shape=3)
        pm.ZeroSumNormal("sums_to_zero", 0.3, shape=3)
        pm.ZeroSumNormal("raw", 1, shape=3)
        pm.ZeroSumNormal("given", scale, shape=3)
        pm.Dirichlet("shares", np.ones(3))
    assert [v.name for v in top(model)] == ["scale", "single", "known_scale", "sums_to_zero", "shares"]


def test_a_normal_variable_around_another_counts_by_its_own_scale():
    """Written as a sum of two that hang on nothing, log densities are the same under every power."""

    def model(as_sum: bool) -> pm.Model:
        with pm.Model() as made:
            year = pm.Normal("year", 0, 0.3)
            level = year + pm.Normal("apart", 2, 1) if as_sum else pm.Normal("level", 2 + year, 1)
            pm.Normal("seen", level, 1, observed=SEEN)
        return made

    assert [v.name for v in top(model(False))] == ["year", "level"]
    for powers in POWERS.values():
        summed = log_density(scaled(model(True)), powers)({"year": np.array(0.4), "apart": np.array(1.7)})
        around = log_density(scaled(model(False)), powers)({"year": np.array(0.4), "level": np.array(2.1)})
        assert float(summed) == pytest.approx(float(around))


def test_own_densities_and_potentials_are_likelihood():
    with pm.Model() as model:
        mean = pm.Normal("mean", 0, 1)
        given("figures", -0.5 * (SEEN - mean) ** 2, observed=np.zeros(len(SEEN)))
        pm.Potential("bound", -(mean**2))
    model = scaled(model)
    once, twice = (float(log_density(model, (1.0, power))({"mean": np.array(0.7)})) for power in (1.0, 2.0))
    assert twice - once == pytest.approx(-0.5 * ((SEEN - 0.7) ** 2).sum() - 0.7**2)
