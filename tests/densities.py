"""Log densities of a model at one point, and the same by hand; what stands for a fit where findings are tested."""

import math
from types import SimpleNamespace

import numpy as np
import pymc as pm
import xarray as xr
from pytensor.compile.mode import Mode
from scipy import stats

PLAIN = Mode(linker="py", optimizer=None)


def some_point(model: pm.Model) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {name: value + 0.3 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}


def values_at(model: pm.Model, point: dict) -> dict[str, np.ndarray]:
    """Every random and derived variable, untransformed."""
    variables = [*model.free_RVs, *model.deterministics]
    outputs = model.compile_fn(model.replace_rvs_by_values(variables), mode=PLAIN)(point)
    return dict(zip([variable.name for variable in variables], outputs, strict=True))


def densities_at(model: pm.Model, point: dict, jacobians: bool = False) -> dict[str, float]:
    """Log density of each random variable, with or without the Jacobians of the transforms."""
    terms = model.compile_fn(model.logp(sum=False, jacobian=jacobians), mode=PLAIN)(point)
    return {variable.name: float(np.sum(term)) for variable, term in zip(model.basic_RVs, terms, strict=True)}


def whole_density(model: pm.Model, point: dict) -> float:
    """Log density of the transformed point, with the Jacobians."""
    return sum(densities_at(model, point, jacobians=True).values())


def jacobian_at(model: pm.Model, point: dict, densities: dict[str, float]) -> float:
    """What the Jacobians of the transforms add to the whole log density."""
    return whole_density(model, point) - sum(densities.values())


def jacobian(point: dict, values: dict) -> float:
    """The same by hand: scales are sampled as logs, shares as log-odds, zero-sum vectors in an orthonormal basis."""
    total = 0.0
    for name in point:
        variable, _, transform = name.removesuffix("__").rpartition("_") if name.endswith("__") else (name, "", "")
        if transform == "log":
            total += np.log(values[variable]).sum()
        elif transform == "logodds":
            total += np.log(values[variable] * (1 - values[variable])).sum()
        else:
            assert transform in ("", "zerosum"), name
    return total


def with_data(model: pm.Model, data: dict) -> pm.Model:
    """The same model after its data were exchanged, as fits of another panel do it."""
    with model:
        pm.set_data(data)
    return model


def normal(mean, sd):
    return lambda value: stats.norm.logpdf(value, mean, sd).sum()


def lognormal(median, sd):
    return lambda value: stats.lognorm.logpdf(value, sd, scale=median).sum()


def beta(a, b):
    return lambda value: stats.beta.logpdf(value, a, b).sum()


def gamma(shape, scale):
    return lambda value: stats.gamma.logpdf(value, shape, scale=scale).sum()


def zero_sum(sd):
    """Normal density on the plane of vectors that sum to zero along the last axis."""

    def logp(value):
        total = 0.0
        for row in value.reshape(-1, value.shape[-1]):
            assert abs(row.sum()) < 1e-9
            total -= 0.5 * (row @ row) / sd**2 + (len(row) - 1) * math.log(sd * math.sqrt(2 * math.pi))
        return total

    return logp


def student_t(value, nu, mu, sigma) -> float:
    return (
        math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi) - math.log(sigma)
        - (nu + 1) / 2 * math.log1p(((value - mu) / sigma) ** 2 / nu)
    )  # fmt: skip


def stand_in_fit(
    name: str, panel, values: dict, chains: int, seed: int, dims: dict[str, tuple] | None = None
) -> SimpleNamespace:
    """What findings read of a fit; `values` are arrays (all draws, ...) of which each chain has as many.

    dims : of a variable beyond chain and draw; numbered ones where they are not given.
    """
    arrays = {}
    for key, array in values.items():
        named = (dims or {}).get(key, tuple(f"{key}_{k}" for k in range(array.ndim - 1)))
        arrays[key] = (("chain", "draw", *named), array.reshape(chains, -1, *array.shape[1:]))
    variant = name.partition("/")[2]
    return SimpleNamespace(parameters=xr.Dataset(arrays), panel=panel, seed=seed, variant=variant, name=name)


def draws_at(values: dict, dims: dict[str, tuple]):
    """Variables at one point as the draws of a fit: one chain, one draw."""
    return xr.Dataset(
        {key: (("chain", "draw", *dims.get(key, ())), np.asarray(value)[None, None]) for key, value in values.items()}
    )
