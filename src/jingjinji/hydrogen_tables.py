"""What the page on hydrogen shows of several fits: curves compared by leaving one sale out, answers by prior."""

import warnings

import arviz_stats as az
import numpy as np
import pandas as pd
import xarray as xr

from jingjinji.findings import Finding
from jingjinji.models import hydrogen

UNRELIABLE = 0.7
"""Pareto k above which the estimate for an observation is not to be trusted (Vehtari, Gelman, Gabry 2017)."""
CHOICES = {
    "main fit": "",
    "logistic curves": "@logistic",
    "peaks expected four years later": "@late-peak",
    "shares hardly known beforehand": "@wide-shares",
    "no counts of clusters": "@without-clusters",
}


def scored(fit) -> xr.DataTree:
    """A fit's parameters with the log probability of each printed sale, dims (chain, draw, sale)."""
    values = hydrogen.log_density(fit, hydrogen.curves(fit))
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    sales = xr.Dataset({"sales": (("chain", "draw", "sale"), values.reshape(chains, draws, -1))})
    return xr.DataTree.from_dict({"posterior": fit.parameters, "log_likelihood": sales})


def comparison(fits: dict[str, object]) -> pd.DataFrame:
    """Fits of the same sales by PSIS-LOO, the best first, each printed sale one observation.

    Columns: elpd, its standard error, effective parameters, difference from the best and that difference's standard
    error, and the number of sales with Pareto k above `UNRELIABLE`. Raises ValueError where fits have other sales.
    """
    sales = [fit.panel.sales.vehicles.to_numpy() for fit in fits.values()]
    if any(not np.array_equal(other, sales[0]) for other in sales[1:]):
        raise ValueError("leave-one-out scores can only be compared between fits of the same sales")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Estimated shape parameter of Pareto distribution")
        single = {name: az.loo(scored(fit), pointwise=True, var_name="sales") for name, fit in fits.items()}
    best = max(single, key=lambda name: single[name].elpd)
    rows = []
    for name in sorted(single, key=lambda name: -single[name].elpd):
        one = single[name]
        off = (one.elpd_i - single[best].elpd_i).values
        error = float(np.sqrt(off.size * off.var()))
        rows.append((name, one.elpd, one.se, one.p, float(off.sum()), error, int((one.pareto_k > UNRELIABLE).sum())))
    columns = ["curves", "elpd", "standard error", "effective parameters", "difference", "its standard error",
               f"k above {UNRELIABLE}"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def answers(found: dict[str, Finding]) -> pd.DataFrame:
    """The probability of each target, by choice of curves and priors; a row a choice, a column a cluster."""
    names = dict(zip(hydrogen.KEYS, hydrogen.CLUSTERS, strict=True))
    keys = [key for key in names if f"hydrogen.{key}.reached" in found]
    rows = {choice: {names[key]: found[f"hydrogen.{key}.reached{end}"].value_text for key in keys}
            for choice, end in CHOICES.items()}  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("choice").reset_index()
