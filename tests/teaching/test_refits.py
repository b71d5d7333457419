"""A model with another prior or other data, for a class."""

from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from prior_fits import prior, prior_cache  # noqa: F401

from jingjinji.core import registry
from jingjinji.core.errors import BookError
from jingjinji.teaching.refits import other_priors, refit

WALK = pm.LogNormal.dist(3.0, 0.1)


def test_a_prior_is_replaced_and_nothing_else():
    module, panel = registry.module("storage"), registry.load("storage")
    usual = module.build(panel)
    with other_priors({"walk": WALK, "drift": pm.Normal.dist(5, 0.01)}):
        other = module.build(panel)
    assert [variable.name for variable in other.free_RVs] == [variable.name for variable in usual.free_RVs]
    drawn = {variable.name: pm.draw(variable, 40, random_seed=1) for variable in other.free_RVs}
    assert abs(np.log(drawn["walk"]).mean() - 3) < 0.1
    assert drawn["drift"].shape == (40, 2)
    assert np.ptp(drawn["drift"], axis=1).min() > 0
    assert abs(drawn["drift"].mean() - 5) < 0.01
    np.testing.assert_array_equal(drawn["excess"], pm.draw(usual["excess"], 40, random_seed=1))
    again = module.build(panel)
    assert pm.draw(again["walk"], 40, random_seed=1).mean() < 1


def test_a_refit_has_the_findings_of_the_model(prior):  # noqa: F811
    fit = refit("storage", priors={"walk": WALK})
    assert set(fit.findings) == {finding.id for finding in registry.said("storage").findings(refit("storage"))}
    assert fit.parameters["walk"].median() > 10
    assert "divergences" in fit.diagnostics


def test_a_refit_of_another_panel_and_of_a_variant(prior):  # noqa: F811
    def without_records(panel):
        return replace(panel, rows=panel.rows.assign(since=np.nan))

    variant = next(iter(registry.module("carbon").VARIANTS))
    assert refit("carbon", variant=variant).variant == variant
    assert registry.load("storage").rows.since.notna().any()
    assert refit("storage", change=without_records).panel.rows.since.isna().all()


def test_an_unknown_name_is_one_sentence(prior):  # noqa: F811
    with pytest.raises(BookError, match="model storage has no parameter 'wolk': expected one of walk, drift, "):
        refit("storage", priors={"wolk": WALK})
    with pytest.raises(BookError, match="there is no model 'rain'"):
        refit("rain")


def test_a_refit_samples(tmp_path, monkeypatch):
    """With the sampler itself: a tight prior holds its parameter, the others are near the book's."""
    monkeypatch.setenv("JINGJINJI_DRAWS", "full")
    fit = refit("storage", priors={"walk": pm.LogNormal.dist(np.log(0.5), 0.01)}, draws=200)
    assert abs(float(fit.parameters["walk"].mean()) - 0.5) < 0.02
    assert fit.parameters.sizes["draw"] == 200
