"""The convergence gate: named checks that a fit must pass before it is published."""

from dataclasses import asdict, dataclass

import arviz_stats as az
import numpy as np
import xarray as xr

MOST_RHAT = 1.01
LEAST_ESS = 400
LEAST_EBFMI = 0.3


@dataclass(frozen=True)
class Check:
    """One criterion: what was measured where it is worst, and what is asked."""

    name: str
    value: float
    limit: float
    worst: str
    passed: bool

    def as_dict(self) -> dict:
        return asdict(self)


def check(parameters: xr.Dataset, sample_stats: xr.Dataset) -> list[Check]:
    """The five checks of the gate.

    Parameters
    ----------
    parameters : free parameters on the model's own scale, dims (chain, draw, ...).
    sample_stats : with ``diverging`` and ``energy``, dims (chain, draw).

    Rank-normalised split R-hat, bulk and tail ESS after Vehtari et al. (2021), doi 10.1214/20-BA1221;
    E-BFMI after Betancourt (2016), arXiv 1604.00695.
    """
    parameters = parameters.where(np.isfinite(parameters))
    with np.errstate(divide="ignore", invalid="ignore"):
        rhat, rhat_at = _worst(az.rhat(parameters, method="rank"), np.nanargmax)
        bulk, bulk_at = _worst(az.ess(parameters, method="bulk"), np.nanargmin)
        tail, tail_at = _worst(az.ess(parameters, method="tail", prob=0.9), np.nanargmin)
        ebfmi = _ebfmi(sample_stats["energy"])
    divergences = int(sample_stats["diverging"].sum())
    chain = int(np.argmin(ebfmi))
    return [
        Check("R-hat", rhat, MOST_RHAT, rhat_at, rhat <= MOST_RHAT),
        Check("bulk ESS", bulk, LEAST_ESS, bulk_at, bulk >= LEAST_ESS),
        Check("tail ESS", tail, LEAST_ESS, tail_at, tail >= LEAST_ESS),
        Check("divergences", divergences, 0, "all chains", divergences == 0),
        Check("E-BFMI", float(ebfmi[chain]), LEAST_EBFMI, f"chain {chain}", bool(ebfmi[chain] >= LEAST_EBFMI)),
    ]


def passed(checks: list[Check]) -> bool:
    return all(item.passed for item in checks)


def sentence(checks: list[Check]) -> str:
    """Failing checks in words, for an error message; empty where all pass."""
    return "; ".join(
        f"{c.name} is {c.value:.4g} at {c.worst}, the gate asks {c.limit:g}" for c in checks if not c.passed
    )


def _ebfmi(energy: xr.DataArray) -> np.ndarray:
    """Energy Bayesian fraction of missing information of each chain."""
    values = energy.transpose("chain", "draw").values
    return np.square(np.diff(values, axis=1)).mean(axis=1) / values.var(axis=1)


def _worst(statistic: xr.Dataset, arg) -> tuple[float, str]:
    """The worst value over all parameters, with its place; a parameter that never moved counts as failing."""
    values, places = [], []
    for name, array in statistic.data_vars.items():
        stacked = array.stack(place=array.dims) if array.dims else array.expand_dims("place")
        values.append(stacked.values)
        places += [f"{name}{list(map(str, index)) if array.dims else ''}" for index in _index(stacked, array)]
    flat = np.concatenate(values)
    stuck = np.flatnonzero(~np.isfinite(flat))
    position = int(stuck[0]) if stuck.size else int(arg(flat))
    value = float(flat[position]) if not stuck.size else (np.inf if arg is np.nanargmax else 0.0)
    return value, places[position].replace("'", "")


def _index(stacked: xr.DataArray, array: xr.DataArray):
    if not array.dims:
        return [()]
    return [index if isinstance(index, tuple) else (index,) for index in stacked["place"].values]
