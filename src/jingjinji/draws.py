"""Parameters as they are read from draws: with the model's labels, and with the variables that follow from them."""

import warnings
from types import ModuleType

import xarray as xr


def labelled(model, parameters: xr.Dataset) -> xr.Dataset:
    """Parameters with the labels that a ``pymc.Model`` gives its dims: draws are kept by position, not by label."""
    named = {dim: values for dim, values in model.coords.items() if values is not None}
    labels = {dim: list(values) for dim, values in named.items() if dim in parameters.dims}
    return parameters.assign_coords(labels)


def with_derived(module: ModuleType, model, parameters: xr.Dataset) -> xr.Dataset:
    """Free parameters with the variables that the module calls ``DERIVED``, computed from them and the model's data."""
    import pymc as pm

    if not module.DERIVED or set(module.DERIVED) <= set(parameters):
        return parameters
    with model, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        made = pm.compute_deterministics(parameters, var_names=list(module.DERIVED), merge_dataset=False,
                                         progressbar=False, compile_kwargs={"mode": "FAST_COMPILE"})  # fmt: skip
    return parameters.assign(made.data_vars)
