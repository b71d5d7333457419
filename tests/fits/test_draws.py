"""Parameters as they are read from draws: labels of today, by position."""

from types import SimpleNamespace

import numpy as np
import pymc as pm
import xarray as xr

from jingjinji.fits import draws


def _model(cities):
    with pm.Model(coords={"city": cities, "unused": ["a"]}) as model:
        pm.Normal("level", dims="city")
    return model


def test_labels_are_those_of_the_model_and_values_stay_where_they_are():
    kept = xr.Dataset(
        {"level": (("chain", "draw", "city"), np.arange(6.0).reshape(1, 3, 2))}, {"city": ["Bejing", "A"]}
    )
    today = draws.with_labels(kept, draws.labels(_model(["Beijing", "A"]), kept))
    assert today.city.values.tolist() == ["Beijing", "A"]
    assert today.level.sel(city="Beijing").values.tolist() == [[0.0, 2.0, 4.0]]
    swapped = draws.with_labels(kept, draws.labels(_model(["A", "Bejing"]), kept))
    assert swapped.level.sel(city="A").values.tolist() == [[0.0, 2.0, 4.0]]
    assert draws.with_labels(kept, draws.labels(_model(["Bejing", "A"]), kept)).identical(kept)
    assert draws.with_labels(kept, {"month": [1, 2]}).identical(kept)


def test_derived_variables_are_those_of_pymc_with_the_data_of_the_moment(monkeypatch):
    monkeypatch.setattr(draws, "AT_ONCE", 3)
    with pm.Model(coords={"city": ["A", "B"], "month": range(4)}) as model:
        weather = pm.Data("weather", np.arange(4.0), dims="month")
        level, slope = pm.Normal("level", dims="city"), pm.HalfNormal("slope")
        pm.Normal("alone")
        pm.Deterministic(
            "path", level[:, None] * np.eye(2) @ (slope * weather + np.ones((2, 4))), dims=("city", "month")
        )
        pm.Deterministic("sum", level.sum() + weather.sum())
    module = SimpleNamespace(DERIVED=("path", "sum"))
    with model:
        prior = pm.sample_prior_predictive(7, var_names=["level", "slope", "alone"], random_seed=1)[
            "prior"
        ].to_dataset()
    for factor in (1, 2):
        model["weather"].set_value(factor * np.arange(4.0))
        made = draws.with_derived(module, model, prior)
        theirs = pm.compute_deterministics(prior, model=model, merge_dataset=False, progressbar=False,
                                           compile_kwargs={"mode": "FAST_COMPILE"})  # fmt: skip
        xr.testing.assert_allclose(made, prior.assign(theirs.data_vars))
    assert set(prior) == {"level", "slope", "alone"}
    assert draws.with_derived(module, model, made) is made
