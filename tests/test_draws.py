"""Parameters as they are read from draws: labels of today, by position."""

import numpy as np
import pymc as pm
import xarray as xr

from jingjinji import draws


def _model(cities):
    with pm.Model(coords={"city": cities, "unused": ["a"]}) as model:
        pm.Normal("level", dims="city")
    return model


def test_labels_are_those_of_the_model_and_values_stay_where_they_are():
    kept = xr.Dataset(
        {"level": (("chain", "draw", "city"), np.arange(6.0).reshape(1, 3, 2))}, {"city": ["Bejing", "A"]}
    )
    today = draws.labelled(_model(["Beijing", "A"]), kept)
    assert today.city.values.tolist() == ["Beijing", "A"]
    assert today.level.sel(city="Beijing").values.tolist() == [[0.0, 2.0, 4.0]]
    swapped = draws.labelled(_model(["A", "Bejing"]), kept)
    assert swapped.level.sel(city="A").values.tolist() == [[0.0, 2.0, 4.0]]
    assert draws.labelled(_model(["Bejing", "A"]), kept).identical(kept)
