"""What the page on hydrogen shows of several fits: curves compared by leaving one sale out, answers by choice."""

import warnings

import arviz_stats as az
import numpy as np
import pandas as pd
import xarray as xr

from jingjinji.core import tables
from jingjinji.core.findings import Finding, record
from jingjinji.core.left_out import UNRELIABLE
from jingjinji.core.topic import MAIN, choices
from jingjinji.show.answers import by_choice
from jingjinji.show.prior_draws import prior_fit
from jingjinji.topics.hydrogen import clusters, curves, firms
from jingjinji.topics.hydrogen import clusters_findings as said_of_clusters
from jingjinji.topics.hydrogen import curves_findings as said

CHOICES = (
    {MAIN: ""}
    | {curves.VARIANTS[name].words: f"@{name}" for name in clusters.BESIDE if name in curves.VARIANTS}
    | choices(clusters.VARIANTS)
)
"""What a choice of curves, or of clusters' shares and counts, is called -> what its findings' ids end in."""


def scored(fit) -> xr.DataTree:
    """A fit's parameters with the log probability of each printed sale, dims (chain, draw, sale)."""
    values = said.log_density(fit, said.curves(fit))
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    sales = xr.Dataset({"sales": (("chain", "draw", "sale"), values.reshape(chains, draws, -1))})
    return xr.DataTree.from_dict({"posterior": fit.parameters, "log_likelihood": sales})


def comparison(fits: dict[str, object]) -> pd.DataFrame:
    """Fits of the same sales by PSIS-LOO, the best first, each printed sale one observation.

    Columns: elpd, its standard error, effective parameters, difference from the best and that difference's standard
    error, and the number of sales with Pareto k above `UNRELIABLE` or
    without one. Raises ValueError where fits have other sales.
    """
    sales = [fit.panel.sales.vehicles.to_numpy() for fit in fits.values()]
    if any(not np.array_equal(other, sales[0]) for other in sales[1:]):
        raise ValueError("leave-one-out scores can only be compared between fits of the same sales")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Estimated shape parameter of Pareto distribution")
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="arviz_stats")
        single = {name: az.loo(scored(fit), pointwise=True, var_name="sales") for name, fit in fits.items()}
    best = max(single, key=lambda name: single[name].elpd)
    rows = []
    for name in sorted(single, key=lambda name: -single[name].elpd):
        one = single[name]
        off = (one.elpd_i - single[best].elpd_i).values
        error = float(np.sqrt(off.size * off.var()))
        rows.append(
            (name, one.elpd, one.se, one.p, float(off.sum()), error, int((~(one.pareto_k <= UNRELIABLE)).sum()))
        )
    columns = ["curves", "elpd", "standard error", "effective parameters", "difference", "its standard error",
               f"k above {UNRELIABLE}"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def answers(found: dict[str, Finding]) -> pd.DataFrame:
    """The probability of each target, by choice of curves and priors; a row a choice, a column a cluster."""
    ids = {name: f"hydrogen.{key}.reached" for key, name in zip(said_of_clusters.KEYS, clusters.CLUSTERS, strict=True)}
    ids = {name: id for name, id in ids.items() if id in found}
    return by_choice(found, CHOICES, ids)


def prior_sales(panel: curves.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Yearly sales as the priors alone expect them beside the printed ones: mode -> (drawn, printed), vehicles."""
    fit = prior_fit(curves.build(panel), panel, draws, seed)
    drawn = said.drawn_sales(fit, said.curves(fit), draws)
    return {mode: (drawn[:, use].ravel(), curves.data(panel)["vehicles"][use]) for mode, use in _modes(panel).items()}


def stations() -> pd.DataFrame:
    """Counts of refuelling stations in China by agency, in words."""
    rows = tables.load("hydrogen_stations").query("place == 'China'").fillna({"agency": "not named", "note": ""})
    counted = ["difference of two counts" if derived else "count" for derived in rows.derived]
    return pd.DataFrame({"date": rows.date, "agency": rows.agency, "stations": rows.kind,
                         "number": rows.stations, "got as": counted})  # fmt: skip


def prior_growth(draws: int, seed: int) -> Finding:
    """Growth of the zone's firms over 2023, %, as the prior alone expects it."""
    value = firms.MEAN + firms.SD * np.random.default_rng(seed).normal(size=(draws, 3))
    label = "growth of the zone's firms over 2023, expected before any count"
    return record("hydrogen.firms.growth.prior", label, firms.growth_of_2023(value)[None], "%", model="table", panel=())


def check_sales(fit, most: int = 200) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Typical and largest sale of each year by mode, drawn anew and printed, for the years with two sales or more.

    mode -> (years, {statistic: (drawn (draw, year), printed (year))}), vehicles.
    """
    drawn, printed = (
        said.drawn_sales(fit, said.curves(fit), most),
        curves.data(fit.panel)["vehicles"],
    )
    year = fit.panel.sales.year.to_numpy()
    found = {}
    for mode, use in _modes(fit.panel).items():
        years = [y for y in np.unique(year[use]) if (use & (year == y)).sum() > 1]
        groups = [use & (year == y) for y in years]
        found[mode] = [str(y)[2:] for y in years], {
            name: (np.column_stack([share(drawn[:, group], axis=1) for group in groups]),
                   np.array([share(printed[group]) for group in groups]))
            for name, share in (("median", np.median), ("largest", np.max))
        }  # fmt: skip
    return found


def _modes(panel: curves.Panel) -> dict[str, np.ndarray]:
    """Which printed sales belong to each mode."""
    of = panel.units["mode"].to_numpy()[panel.sales.unit]
    return {mode: of == mode for mode in curves.MODES}
