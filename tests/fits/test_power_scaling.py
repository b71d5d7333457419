"""Prior and likelihood raised to powers: posteriors in closed form, what is structure, what is kept and of what."""

import json

import numpy as np
import pymc as pm
import pytest
from prior_fits import prior, prior_cache  # noqa: F401
from scipy import stats

from jingjinji.core.errors import BookError, UnknownFinding
from jingjinji.core.findings import Finding, event
from jingjinji.fits import fitting, power_scaling
from jingjinji.fits.power_scaling import LIKELIHOOD, POWERS, PRIOR, scaled, top
from jingjinji.topics import conclusions

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


def test_own_densities_and_potentials_are_likelihood():
    from jingjinji.core.densities import given

    with pm.Model() as model:
        mean = pm.Normal("mean", 0, 1)
        given("figures", -0.5 * (SEEN - mean) ** 2, observed=np.zeros(len(SEEN)))
        pm.Potential("bound", -(mean**2))
    model = scaled(model)
    once, twice = (float(log_density(model, (1.0, power))({"mean": np.array(0.7)})) for power in (1.0, 2.0))
    assert twice - once == pytest.approx(-0.5 * ((SEEN - 0.7) ** 2).sum() - 0.7**2)


def test_an_answer_has_its_errors():
    finding = Finding("a", "a", np.random.default_rng(1).normal(0, 1, (4, 500)), "%", "m", ())
    made = power_scaling._answer(finding, None, 0.0)
    assert made["probability"] == pytest.approx(0.5, abs=0.03)
    assert made["error"] == pytest.approx(0.011, rel=0.2)
    assert made["median"] == pytest.approx(np.median(finding.draws), abs=1e-5)
    assert made["median_error"] > 0
    assert set(power_scaling._answer(event(finding, above=0), None, None)) == {"below", "above", "probability", "error"}


def test_what_is_kept_counts_for_the_model_and_data_of_the_stored_draws_alone(prior, tmp_path, monkeypatch):  # noqa: F811
    path = tmp_path / "power_scaling.json"
    monkeypatch.setattr(power_scaling, "KEPT", path)
    assert power_scaling.of_stored("storage") == {}
    name, of_findings = next(iter(fitting.key_of_findings(["storage"]).items()))
    store = fitting.store
    of = store.notes(store.DRAWS, name, store.notes(store.FINDINGS, name, of_findings)["draws"])["of"]
    today = power_scaling._hash([[of["graph"], of["arrays"]]])
    for key, found in ((today, {"prior halved": {}}), ("older", {})):
        path.write_text(json.dumps({"storage": {"key": key, "date": "", "priors": [], "powers": {"prior halved": {}}}}))
        assert power_scaling.of_stored("storage") == found


def test_a_key_is_of_the_graph_and_the_arrays(monkeypatch):
    from jingjinji.core import registry

    before, module = power_scaling.key("storage"), registry.module("storage")
    monkeypatch.setenv("JINGJINJI_SEED", "7")
    assert power_scaling.key("storage") == before
    made = module.data
    monkeypatch.setattr(module, "data", lambda panel: {name: values + 1 for name, values in made(panel).items()})
    assert power_scaling.key("storage") != before


def test_a_run_that_fails_is_one_sentence():
    with pytest.raises(BookError, match=r"^weighing prior and likelihood of nothing ended with: .*there is no model"):
        power_scaling.run("nothing", {})


def test_what_is_kept_is_of_todays_models_and_answers_every_headline():
    kept, asked = power_scaling.kept(), conclusions.asked()
    today = power_scaling.keys_of_today(asked)
    old = sorted(fit for fit in today if kept.get(fit, {}).get("key") != today[fit])
    assert not old, f"results/power_scaling.json is not of today's models: run 'jingjinji weigh {' '.join(old)}'"
    for fit, questions in asked.items():
        assert set(kept[fit]["powers"]) == set(POWERS)
        for found in kept[fit]["powers"].values():
            rows = found["findings"]
            limits = {id: (row["below"], row["above"]) for id, row in rows.items()}
            assert found["problem"] or limits == questions, f"run 'jingjinji weigh {fit}'"
    assert set(kept) == set(asked)
