"""Firms in Daxing's hydrogen zone: five cumulative counts, some of them "more than", as a growth process."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.densities import given
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

TABLES = ("hydrogen_zone",)
START = pd.Timestamp("2023-01-01")
"""Years count from here."""


@dataclass(frozen=True)
class Panel:
    """One row a count in the order of dates: years (since 2023), firms, lower (1 for "more than").

    `reach`: how far above it a "more than" may lie, as a share. `scatter_prior`: median of the prior of the scatter.
    """

    rows: pd.DataFrame
    reach: float = 0.1
    scatter_prior: float = 0.06
    truth: dict | None = None


def panel(table: pd.DataFrame) -> Panel:
    """The panel of the zone's counts of firms; raises BookError where a cumulative count falls."""
    table = table[(table.place == "Daxing zone") & (table.quantity == "enterprises")]
    table = table.assign(day=pd.to_datetime(table.date)).sort_values("day", ignore_index=True)
    falls = table.value.diff() < 0
    if falls.any():
        row = table[falls].iloc[0]
        raise BookError(
            f"table hydrogen_zone has {row.value:g} firms on {row.date} and more before: a cumulative count cannot "
            "fall; correct the row or its date"
        )
    if len(table) < 3:
        raise BookError(f"table hydrogen_zone has {len(table)} counts of firms: expected at least 3")
    rows = pd.DataFrame(
        {
            "date": table.day,
            "years": (table.day - START).dt.days / 365.25,
            "firms": table.value,
            "lower": (table.bound == "lower").astype(float),
        }
    )
    return Panel(rows)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    rows = panel.rows
    return {
        "years": rows.years.to_numpy(),
        "log_firms": np.log(rows.firms.to_numpy()),
        "reach": panel.reach * rows.lower.to_numpy(),
        "scatter_prior": np.log(panel.scatter_prior),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Exponential growth whose rate may slow evenly, with counts that scatter.

    Chinese reports round down to tens and say "more than"; the true count then lies above it by a share of `reach`.
    """
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model(coords={"count": np.arange(len(panel.rows))}) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        level = pm.Normal("level", np.log(120), 0.5)
        rate = pm.Normal("rate", 0.3, 0.4)
        bend = pm.Normal("bend", 0, 0.1)
        scatter = pm.LogNormal("scatter", d["scatter_prior"], 0.35)
        excess = pm.Beta("excess", 1, 2, dims="count")
        path = level + rate * d["years"] + bend * d["years"] ** 2
        seen = d["log_firms"] + pt.log1p(d["reach"] * excess)
        density = -0.5 * ((seen - path) / scatter) ** 2 - pt.log(scatter)
        given("counts", density, observed=d["log_firms"])
    return model


TRUTH = {"level": np.log(120), "rate": 0.35, "bend": -0.02, "scatter": 0.04}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) at the dates of `panel`; counts never fall."""
    known, years = {**TRUTH, **truth}, panel.rows.years.to_numpy()
    path = known["level"] + known["rate"] * years + known["bend"] * years**2
    firms = np.maximum.accumulate(np.round(np.exp(path + known["scatter"] * rng.normal(size=len(path)))))
    rounded = np.where(panel.rows.lower > 0, 10 * np.floor(firms / 10), firms)
    return replace(panel, rows=panel.rows.assign(firms=rounded), truth=known)


def _toy(panel: Panel, rng: np.random.Generator, rate: float) -> Panel:
    return simulate({"rate": rate, "bend": 0.0}, rng, panel)


DERIVED = ()
TARGET_ACCEPT = 0.99
"""At 0.9 nine of 80 made-up records had a divergence, here none."""
VARIANTS = {
    "bounds-as-counts": Variant("lower bounds read as counts", partial(replace, reach=0.0)),
    "far-above": Variant("far above the lower bounds", partial(replace, reach=0.5)),
    "wide-scatter": Variant("more scatter", partial(replace, scatter_prior=0.12)),
}
TOYS = {"toy": partial(_toy, rate=0.35), "toy-no-growth": partial(_toy, rate=0.0)}


def path(fit, years: np.ndarray) -> np.ndarray:
    """Firms on the curve (draw, date), `years` since 2023."""
    value = {name: fit.parameters[name].values.reshape(-1, 1) for name in ("level", "rate", "bend")}
    return np.exp(value["level"] + value["rate"] * years + value["bend"] * years**2)
