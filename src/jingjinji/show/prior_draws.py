"""What a model expects before any data, drawn from its prior alone, for figures that show it."""

import logging
import warnings
from types import SimpleNamespace

import numpy as np
import xarray as xr


def prior_fit(model, panel, draws: int, seed: int) -> SimpleNamespace:
    """What stands for a fit of a ``pymc.Model`` before any data: panel, free parameters and seed."""
    names = [variable.name for variable in model.free_RVs]
    return SimpleNamespace(panel=panel, parameters=prior_parameters(model, names, draws, seed), seed=seed)


def prior_parameters(model, names: list[str], draws: int, seed: int) -> xr.Dataset:
    """Variables `names` of a ``pymc.Model`` drawn from the prior, dims (chain, draw, ...) with one chain."""
    return _drawn(model, names, draws, seed)["prior"].to_dataset()


def prior_data(model, name: str, draws: int, seed: int) -> np.ndarray:
    """The observed variable `name` of a ``pymc.Model`` as its prior alone expects it (draw, ...)."""
    return _drawn(model, [name], draws, seed)["prior_predictive"][name].values[0]


def _drawn(model, names: list[str], draws: int, seed: int) -> xr.DataTree:
    """Nothing is compiled: a few draws are made sooner than a compiler starts."""
    import pymc as pm
    from pytensor.compile.mode import Mode

    logging.getLogger("pymc").setLevel(logging.WARNING)
    plain = Mode(linker="py", optimizer="fast_compile")
    with model, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS")
        return pm.sample_prior_predictive(draws, var_names=names, random_seed=seed, compile_kwargs={"mode": plain})
