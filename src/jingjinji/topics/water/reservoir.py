"""Water in the Miyun Reservoir since 2000: a random walk seen at a few uneven dates."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.densities import given
from jingjinji.core.errors import BookError

CAPACITY = 43.75
"""Total capacity of the reservoir (10⁸ m³)."""
TURN = pd.Timestamp("2015-01-01")
"""The transfer from the south begins: the drift may change here."""
START = (20.0, 8.0)
"""Prior of the storage at the first point: mean and standard deviation (10⁸ m³)."""
LONGEST = 100
"""Longest stretch of days that a printed date may mean; vaguer points are left out and shown."""
TABLES = ("water_storage",)
KINDS = ("", "lower", "upper", "about")


@dataclass(frozen=True)
class Panel:
    """One row a point in the order of dates.

    Columns date, years (since 2000), storage (10⁸ m³), half_step, bound (of `KINDS`), wide (years that the date may be
    off).
    """

    rows: pd.DataFrame
    truth: dict | None = None


def panel(table: pd.DataFrame) -> Panel:
    """The panel of the dated points with a storage; raises BookError for dates out of order and impossible storages."""
    wrong = table[table["last"] < table["first"]]
    if len(wrong):
        row = wrong.iloc[0]
        raise BookError(
            f"table water_storage has a point that ends on {row['last']:%Y-%m-%d} before it begins on "
            f"{row['first']:%Y-%m-%d}: expected the first day first; correct the row"
        )
    known = table[table.storage.notna()]
    high = known[(known.storage > CAPACITY) | (known.storage <= 0)]
    if len(high):
        row = high.iloc[0]
        raise BookError(
            f"table water_storage has {row.storage:g} on {row['first']:%Y-%m-%d}: expected more than 0 and at most the "
            f"capacity of {CAPACITY:g} (10⁸ m³); correct the row"
        )
    length = (known["last"] - known["first"]).dt.days
    known = known[length <= LONGEST]
    middle = known["first"] + (known["last"] - known["first"]) / 2
    rows = pd.DataFrame(
        {
            "date": middle,
            "years": (middle - pd.Timestamp("2000-01-01")).dt.days / 365.25,
            "storage": known.storage,
            "half_step": known.half_step,
            "bound": known.bound.fillna(""),
            "wide": (known["last"] - known["first"]).dt.days / 365.25,
        }
    )
    rows = rows[rows.years >= 0].sort_values(["years", "storage"], ignore_index=True)
    return Panel(rows)


def clock(years: np.ndarray | float) -> np.ndarray:
    """Years on the clock of the walk: July to September, when floods come, count for two thirds of a year."""
    whole = np.floor(years)
    return whole + np.interp(years - whole, [0, 0.5, 0.75, 1], [0, 1 / 6, 5 / 6, 1])


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    rows, turn = panel.rows, (TURN - pd.Timestamp("2000-01-01")).days / 365.25
    years = rows.years.to_numpy()
    after = np.maximum(years - turn, 0)
    return {
        "gap": np.maximum(np.diff(years, prepend=years[0] - 1), 1 / 365.25),
        "gap_clock": np.maximum(np.diff(clock(years), prepend=clock(years[0]) - 1), 1 / 365.25),
        "gap_after": np.diff(after, prepend=after[0]),
        "phase": 2 * np.pi * years,
        "storage": rows.storage.to_numpy(),
        "half_step": rows.half_step.to_numpy(),
        "lower": (rows.bound == "lower").to_numpy(dtype=float),
        "about": (rows.bound == "about").to_numpy(dtype=float),
        "wide": rows.wide.to_numpy(),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """A random walk on the `clock` of floods, with a yearly wave and a drift that may change in 2015.

    Each point has a state: the printed storage, off by its rounding, by what reports disagree by and by the days that
    its date may mean; after a "more than" the state lies above by an exponential excess. The states' own density is
    that of the walk's steps: the figures are exact enough that what is off, not the step, is drawn.
    """
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model(coords={"point": np.arange(len(panel.rows)), "epoch": ["before 2015", "since 2015"]}) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        walk = pm.LogNormal("walk", np.log(4), 0.4)
        drift = pm.Normal("drift", 0, 2, dims="epoch")
        wave = pm.Normal("wave", 0, 1, shape=2)
        error = pm.LogNormal("error", np.log(0.2), 0.5)
        off = pm.Normal("off", 0, 1, dims="point")
        excess = pm.Exponential("excess", 1, dims="point")

        scale = pt.sqrt(error**2 + d["half_step"] ** 2 / 3 + (walk**2 * d["wide"] / 2) + d["about"])
        state = pm.Deterministic(
            "state", d["storage"] + pt.switch(d["lower"] > 0, 2 * excess, scale * off), dims="point"
        )
        slow = state - wave[0] * pt.sin(d["phase"]) - wave[1] * pt.cos(d["phase"])
        change = drift[0] * d["gap"] + (drift[1] - drift[0]) * d["gap_after"]
        moved = (slow[1:] - slow[:-1] - change[1:]) / pt.sqrt(d["gap_clock"][1:])
        steps = -0.5 * (moved / walk) ** 2 - pt.log(walk)
        start = -0.5 * ((slow[:1] - START[0]) / START[1]) ** 2
        given("points", pt.concatenate([start, steps]), observed=d["storage"])
    return model


TRUTH = {"walk": 2.0, "drift_before": 0.0, "drift_since": 2.5, "error": 0.2}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) at the dates of `panel`.

    As in the model nothing keeps the walk within a reservoir.
    """
    known, index = {**TRUTH, **truth}, data(panel)
    change = known["drift_before"] * (index["gap"] - index["gap_after"]) + known["drift_since"] * index["gap_after"]
    moves = change + known["walk"] * np.sqrt(index["gap_clock"]) * rng.normal(size=len(change))
    moves[0] = 0.0
    state = 15 + np.cumsum(moves)
    scale = np.sqrt(known["error"] ** 2 + known["walk"] ** 2 * index["wide"] / 2)
    seen = state + scale * rng.normal(size=len(state))
    rows = panel.rows.assign(storage=seen, half_step=0.005, bound="")
    return replace(panel, rows=rows, truth={**known, "state": state})


def _toy(panel: Panel, rng: np.random.Generator, since: float) -> Panel:
    return simulate({"drift_since": since}, rng, panel)


DERIVED = ("state",)
VARIANTS: dict = {}
TOYS = {"toy": partial(_toy, since=2.5), "toy-no-rise": partial(_toy, since=0.0)}
