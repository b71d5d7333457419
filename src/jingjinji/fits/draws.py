"""Parameters as they are read from draws: with the model's labels, and with the variables that follow from them."""

import warnings
from functools import lru_cache
from types import ModuleType

import numpy as np
import xarray as xr

AT_ONCE = 50
"""Draws of each chain that variables are derived from at once: what lies between takes memory."""


def labels(model, parameters: xr.Dataset) -> dict[str, list]:
    """The labels that a ``pymc.Model`` gives the dims of parameters: draws are kept by position, not by label."""
    named = {dim: values for dim, values in model.coords.items() if values is not None}
    return {dim: np.asarray(values).tolist() for dim, values in named.items() if dim in parameters.dims}


def with_labels(parameters: xr.Dataset, labels: dict[str, list]) -> xr.Dataset:
    """Parameters with these labels of their dims."""
    return parameters.assign_coords({dim: values for dim, values in labels.items() if dim in parameters.dims})


def with_derived(module: ModuleType, model, parameters: xr.Dataset) -> xr.Dataset:
    """Free parameters with the variables that the module calls ``DERIVED``, computed from them and the model's data.

    parameters : dims (chain, draw, and those of each variable), 64-bit numbers.
    """
    if not module.DERIVED or set(module.DERIVED) <= set(parameters):
        return parameters
    derive, needed = _derivation(model, module.DERIVED)
    parts = []
    for first in range(0, parameters.sizes["draw"], AT_ONCE):
        part = parameters.isel(draw=slice(first, first + AT_ONCE))
        parts.append(derive(*(part[name].transpose("chain", "draw", ...).values for name in needed)))
    made = {
        name: (("chain", "draw", *model.named_vars_to_dims.get(name, ())), np.concatenate(values, axis=1))
        for name, values in zip(module.DERIVED, zip(*parts, strict=True), strict=True)
    }
    made = parameters.assign(made)
    return with_labels(made, labels(model, made))


@lru_cache(maxsize=1)
def _derivation(model, names: tuple[str, ...]):
    """A function of arrays (chain, draw, ...) of some free variables, and the names of these."""
    import pytensor
    from pytensor.graph.replace import vectorize_graph
    from pytensor.graph.traversal import ancestors
    from pytensor.tensor import tensor

    derived = [model[name] for name in names]
    behind = set(ancestors(derived, blockers=model.free_RVs))
    batch = {
        variable: tensor(variable.name, dtype=variable.dtype, shape=(None, None, *variable.type.shape))
        for variable in model.free_RVs
        if variable in behind
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        made = pytensor.function([*batch.values()], vectorize_graph(derived, batch), mode="FAST_COMPILE")
    return made, [variable.name for variable in batch]
