"""Water in the Miyun Reservoir since 2001: a random walk of logarithms, seen at a few uneven dates and below records.

Points are printed when they are a record, and a record says more than its own day: that storage had stayed below it
since a day that the page names. Both are data here.
"""

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
START = (20.0, 0.4)
"""Prior of the storage at the first point: median (10⁸ m³) and standard deviation of its logarithm."""
LONGEST = 100
"""Longest stretch of days that a printed date may mean; vaguer points are left out and shown."""
ABOUT, ABOVE = 1.0, 2.0
"""What "about" may be off by (standard deviation), and how far above a "more than" storage lies (mean), 10⁸ m³."""
TABLES = ("water_storage",)
YEAR = 365.25


@dataclass(frozen=True)
class Panel:
    """One row a point in the order of dates.

    Columns date, years (since 2000), storage (10⁸ m³), half_step, bound (empty, ``lower`` or ``about``), wide (years
    that the date may be off), since (years since 2000: from then on storage had stayed below this point's; missing
    where no page says so).
    """

    rows: pd.DataFrame
    truth: dict | None = None


def panel(table: pd.DataFrame) -> Panel:
    """The panel of the dated points with a storage.

    Raises BookError for dates out of order, for impossible storages and upper bounds, and for a record that an earlier
    point exceeds.
    """
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
    if (known.bound == "upper").any():
        row = known[known.bound == "upper"].iloc[0]
        raise BookError(
            f"table water_storage has an upper bound on {row['first']:%Y-%m-%d}: expected a point, 'lower' or 'about'; "
            "leave its storage out, or say since when storage had stayed below it"
        )
    length = (known["last"] - known["first"]).dt.days
    known = known[length <= LONGEST]
    middle = known["first"] + (known["last"] - known["first"]) / 2
    rows = pd.DataFrame(
        {
            "date": middle,
            "years": years_of(middle),
            "storage": known.storage,
            "half_step": known.half_step,
            "bound": known.bound.fillna(""),
            "wide": (known["last"] - known["first"]).dt.days / YEAR,
            "since": years_of(pd.to_datetime(known.highest_since)),
        }
    )
    rows = rows[rows.years >= 0].sort_values(["years", "storage"], ignore_index=True)
    for k, row in enumerate(rows.itertuples()):
        before = rows.iloc[:k]
        above = before[(before.years >= row.since) & (before.storage - before.half_step > row.storage + row.half_step)]
        if len(above):
            raise BookError(
                f"table water_storage has {row.storage:g} on {row.date:%Y-%m-%d} as the highest since "
                f"{2000 + row.since:.1f}, and {above.storage.iloc[0]:g} on {above.date.iloc[0]:%Y-%m-%d}: expected "
                "less; correct one of the rows"
            )
    return Panel(rows)


def years_of(dates: pd.Series) -> pd.Series:
    """Dates as years since 2000."""
    return (dates - pd.Timestamp("2000-01-01")).dt.days / YEAR


def clock(years: np.ndarray | float) -> np.ndarray:
    """Years on the clock of the walk: July to September, when floods come, count for two thirds of a year."""
    whole = np.floor(years)
    return whole + np.interp(years - whole, [0, 0.5, 0.75, 1], [0, 1 / 6, 5 / 6, 1])


def ceilings(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """What records say of the path between each point and the next (gap,).

    ``ceiling``: the row of the lowest record that the end of the gap belongs to, ``share``: how much of the gap's clock
    it covers, 0 where no record covers any; ``record``: 1 where the record is the next point itself.
    """
    years, since, storage = rows.years.to_numpy(), rows.since.to_numpy(), rows.storage.to_numpy()
    gaps = len(rows) - 1
    made = {"ceiling": np.zeros(gaps, dtype=int), "share": np.zeros(gaps), "record": np.zeros(gaps)}
    for gap in range(gaps):
        begin, end = years[gap], years[gap + 1]
        records = [row for row in range(gap + 1, len(rows)) if since[row] < end]
        if records:
            lowest = min(records, key=lambda row: storage[row])
            whole = max(clock(end) - clock(begin), 1e-9)
            made["ceiling"][gap], made["record"][gap] = lowest, lowest == gap + 1
            made["share"][gap] = (clock(end) - clock(max(since[lowest], begin))) / whole
    return made


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    rows = panel.rows
    years, turn = rows.years.to_numpy(), (TURN - pd.Timestamp("2000-01-01")).days / YEAR
    exact = (rows.bound != "lower").to_numpy()
    storage = rows.storage.to_numpy()
    scale = np.where(rows.bound == "about", ABOUT, rows.half_step / np.sqrt(3)) / storage
    return {
        "gap": np.maximum(np.diff(clock(years)), 1 / YEAR),
        "gap_after": np.diff(np.maximum(clock(years) - clock(turn), 0)),
        "log_exact": np.log(storage[exact]),
        "log_lower": np.log(storage[~exact]),
        "above": ABOVE / storage[~exact],
        "rounding": scale[exact],
        "wide": rows.wide.to_numpy()[exact],
        **ceilings(rows),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """A random walk of logarithms on the `clock` of floods, whose drift may change in 2015, below its records.

    Each point has a state: the printed storage, off by its rounding, by what reports disagree by and by the days that
    its date may mean; after a "more than" the state lies above by an exponential excess. The states' own density is
    that of the walk's steps: the figures are exact enough that what is off, not the step, is drawn.

    Between states a and b the walk stays below a record c with probability ``1 - exp(-2 (c - a)(c - b) / v)``, v the
    variance of the step (reflection principle). The record itself is printed on the day on which the walk first comes
    that high: the density of that day is ``(c - a) / gap`` times that of the step. Where a record covers the end of a
    gap only, the mean of what the bridge leaves below c at its begin stands for c - a. Distances are those that reports
    of a day can tell apart.
    """
    import pymc as pm
    import pytensor.tensor as pt

    lower = (panel.rows.bound == "lower").to_numpy()
    places = [np.flatnonzero(~lower), np.flatnonzero(lower)]
    coords = {
        "point": range(len(panel.rows)), "printed": places[0], "more_than": places[1],
        "epoch": ["before 2015", "since 2015"],
    }  # fmt: skip
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        walk = pm.LogNormal("walk", np.log(0.25), 0.4)
        drift = pm.Normal("drift", 0, 0.15, dims="epoch")
        error = pm.LogNormal("error", np.log(0.01), 0.5)
        off = pm.Normal("off", 0, 1, dims="printed")
        # on a scale that grows as the excess itself: sampled on its logarithm, paths meet a wall
        log_exp_m1 = pm.distributions.transforms.log_exp_m1
        excess = pm.Exponential("excess", 1, dims="more_than", default_transform=log_exp_m1)

        scale = pt.sqrt(error**2 + d["rounding"] ** 2 + walk**2 * d["wide"] / 2)
        printed, above = d["log_exact"] + scale * off, d["log_lower"] + d["above"] * excess
        order = np.argsort(np.concatenate(places))
        state = pm.Deterministic("state", pt.concatenate([printed, above])[order], dims="point")
        change = drift[0] * d["gap"] + (drift[1] - drift[0]) * d["gap_after"]
        steps = -0.5 * (state[1:] - state[:-1] - change) ** 2 / (walk**2 * d["gap"]) - pt.log(walk)
        start = -0.5 * ((state[:1] - np.log(START[0])) / START[1]) ** 2
        given("points", pt.concatenate([start, steps]), observed=np.zeros(len(panel.rows)))

        share = pt.maximum(d["share"], 0.01)
        variance = walk**2 * d["gap"]
        top, end = state[d["ceiling"]], state[1:]
        begin = state[:-1] + (1 - share) * (end - state[:-1])
        first = room(top - begin, variance * share * (1 - share) + error**2)
        capped = pt.log(-pt.expm1(-2 * first * room(top - end, error**2) / (variance * share)))
        record = pt.log(first / (d["gap"] * share))
        said = pt.switch(d["record"] > 0, record, capped) * (d["share"] > 0)
        given("records", said, observed=np.zeros(len(panel.rows) - 1))
    return model


def room(distance, variance):
    """Mean of the positive part of a normal variable: what is left below a ceiling at `distance`."""
    import pytensor.tensor as pt

    scale = pt.sqrt(variance)
    z = pt.maximum(distance / scale, -6.0)
    density = pt.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return scale * (density + 0.5 * z * pt.erfc(-z / np.sqrt(2)))


TRUTH = {"walk": 0.2, "drift_before": 0.0, "drift_since": 0.15, "error": 0.01}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) at the dates of `panel`; no point is called a record.

    As in the model nothing keeps the walk within a reservoir.
    """
    known, index = {**TRUTH, **truth}, data(panel)
    change = known["drift_before"] * (index["gap"] - index["gap_after"]) + known["drift_since"] * index["gap_after"]
    moves = change + known["walk"] * np.sqrt(index["gap"]) * rng.normal(size=len(change))
    state = np.log(15) + np.concatenate([[0.0], np.cumsum(moves)])
    rows = panel.rows
    scale = np.sqrt(known["error"] ** 2 + known["walk"] ** 2 * rows.wide / 2)
    seen = np.exp(state + scale * rng.normal(size=len(state)))
    lower = rows.bound == "lower"
    seen = np.where(lower, np.exp(state) / (1 + 0.07 * rng.exponential(size=len(state))), seen)
    rows = rows.assign(storage=seen, half_step=0.005, bound=rows.bound.where(lower, ""), since=np.nan)
    return replace(panel, rows=rows, truth={**known, "state": state})


def _toy(panel: Panel, rng: np.random.Generator, since: float) -> Panel:
    return simulate({"drift_since": since}, rng, panel)


DERIVED = ("state",)
TARGET_ACCEPT = 0.99
"""Points that lie as high as a record make edges: at 0.98 the error of energy is above 10 with 3 of 10,000 draws."""
VARIANTS: dict = {}
TOYS = {"toy": partial(_toy, since=0.15), "toy-no-rise": partial(_toy, since=0.0)}
