"""Parameters drawn from the prior of a model alone, for figures that show what it expects before any data."""

import logging
import warnings

import xarray as xr


def prior_parameters(model, names: list[str], draws: int, seed: int) -> xr.Dataset:
    """Variables `names` of a ``pymc.Model`` drawn from the prior, dims (chain, draw, ...) with one chain.

    Nothing is compiled: a few draws are made sooner than a compiler starts.
    """
    import pymc as pm
    from pytensor.compile.mode import Mode

    logging.getLogger("pymc").setLevel(logging.WARNING)
    plain = Mode(linker="py", optimizer="fast_compile")
    with model, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS")
        drawn = pm.sample_prior_predictive(draws, var_names=names, random_seed=seed, compile_kwargs={"mode": plain})
    return drawn["prior"].to_dataset()
