"""Water in the Miyun Reservoir since 2000: a random walk seen at a few uneven dates."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.densities import given
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, exact, record

CAPACITY = 43.75
"""Total capacity of the reservoir (10⁸ m³)."""
TURN = pd.Timestamp("2015-01-01")
"""The transfer from the south begins: the drift may change here."""
START = (20.0, 8.0)
"""Prior of the storage at the first point: mean and standard deviation (10⁸ m³)."""
LONGEST = 100
"""Longest stretch of days that a printed date may mean; vaguer points are left out and shown."""
MONTHS = pd.period_range("2000-01", "2025-12", freq="M")
TRANSFERRED = {"2016-09-20": 1.6, "2020-08-28": 5.0}
"""Water of the South-North transfer stored in the reservoir until then (10⁸ m³); the second is a lower bound."""
PANEL = ("water_storage", "water_facts")
KINDS = ("", "lower", "upper", "about")


@dataclass(frozen=True)
class Panel:
    """One row a point in the order of dates.

    Columns date, years (since 2000), storage (10⁸ m³), half_step, bound (of `KINDS`), wide (years that the date may be
    off).
    """

    rows: pd.DataFrame
    truth: dict | None = None


def load(variant: str = "") -> Panel:
    """The panel of the main fit; raises BookError for a variant, as there is none, or a bad table."""
    if variant:
        raise BookError(f"model storage has no variant '{variant}': expected none, it has a main fit alone")
    return panel_of(tables.load("water_storage"))


def panel_of(table: pd.DataFrame) -> Panel:
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


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) at the dates of `panel`.

    As in the model nothing keeps the walk within a reservoir.
    """
    panel = load() if panel is None else panel
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


def _flat(fit, name: str) -> np.ndarray:
    return fit.parameters[name].stack(sample=("chain", "draw")).transpose("sample", ...).values


def months(fit) -> np.ndarray:
    """Storage in the middle of each month of `MONTHS` (draw, month), 10⁸ m³: walks bridged between the points."""
    rng = np.random.default_rng([fit.seed, 7])
    state, walk, drift, wave = (_flat(fit, name) for name in ("state", "walk", "drift", "wave"))
    years = fit.panel.rows.years.to_numpy()
    turn = (TURN - pd.Timestamp("2000-01-01")).days / 365.25
    when = np.array([(month.start_time - pd.Timestamp("2000-01-01")).days / 365.25 + 1 / 24 for month in MONTHS])
    slow = state - yearly_wave(wave, years)
    drawn, place, value = np.empty((len(state), len(when))), years[0], slow[:, 0]
    for k, year in enumerate(when):
        if year < years[0]:
            drawn[:, k] = slow[:, 0] + walk * np.sqrt(clock(years[0]) - clock(year)) * rng.normal(size=len(walk))
            continue
        past, ahead = years[years <= year], years[years > year]
        if len(past) and past[-1] >= place:
            place, value = past[-1], slow[:, len(past) - 1]
        value = _between(rng, value, place, year, ahead, slow, len(past), walk, drift, turn)
        place, drawn[:, k] = year, value
    return np.clip(drawn + yearly_wave(wave, when), 0, CAPACITY)


def _between(rng, value, place, year, ahead, slow, following, walk, drift, turn) -> np.ndarray:
    """One step of a walk from `place` to `year`, towards the next point where there is one."""
    moved = _drifted(drift, place, year, turn)
    passed = clock(year) - clock(place)
    if not len(ahead):
        return value + moved + walk * np.sqrt(passed) * rng.normal(size=len(walk))
    whole = clock(ahead[0]) - clock(place)
    rest = slow[:, following] - value - _drifted(drift, place, ahead[0], turn)
    sd = walk * np.sqrt(passed * (whole - passed) / whole)
    return value + moved + passed / whole * rest + sd * rng.normal(size=len(walk))


def _drifted(drift: np.ndarray, first: float, last: float, turn: float) -> np.ndarray:
    after = max(last - turn, 0) - max(first - turn, 0)
    return drift[:, 0] * (last - first - after) + drift[:, 1] * after


def yearly_wave(wave: np.ndarray, years: np.ndarray) -> np.ndarray:
    """The wave of a year (draw, time), 10⁸ m³; `wave` (draw, 2) are the sine's and the cosine's sizes."""
    phase = 2 * np.pi * years
    return wave[:, :1] * np.sin(phase) + wave[:, 1:] * np.cos(phase)


def findings(fit) -> list[Finding]:
    """Storage by year, the rise since 2015, and what part of it transferred water could be.

    Of a synthetic record the drifts alone, with their truth.
    """
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    shape = partial(np.reshape, shape=(chains, draws))
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
    drift = _flat(fit, "drift")
    made = [
        name(f"miyun.storage.drift.{key}", f"change of storage to be expected in another such time, {label}",
             shape(drift[:, k] / 10), "billion m³ a year")
        for k, (key, label) in enumerate({"before": "2000 to 2014", "since": "since 2015"}.items())
    ]  # fmt: skip
    if fit.panel.truth:
        return made + [
            exact(f"miyun.storage.truth.drift.{key}@{fit.variant}", f"truth: change of storage to be expected, {key}",
                  fit.panel.truth[f"drift_{key}"] / 10, "billion m³ a year", ())
            for key in ("before", "since")
        ]  # fmt: skip
    by_month = months(fit)
    place = {str(month): k for k, month in enumerate(MONTHS)}
    first, last = (place[fit.panel.rows.date.iloc[end].strftime("%Y-%m")] for end in (0, -1))
    turn = place[TURN.strftime("%Y-%m")]
    for key, start, end in (("before", first, turn), ("since", turn, last)):
        made.append(name(f"miyun.storage.change.{key}", f"change of storage a year, {MONTHS[start]} to {MONTHS[end]}",
                         shape((by_month[:, end] - by_month[:, start]) / 10 / ((end - start) / 12)),
                         "billion m³ a year"))  # fmt: skip
    for month in ("2003-07", "2009-07", "2015-01", "2018-07", "2020-08", "2021-10", "2025-07"):
        made.append(name(f"miyun.storage.{month}", f"storage of the Miyun Reservoir, middle of {month}",
                         shape(by_month[:, place[month]] / 10), "billion m³"))  # fmt: skip
    made += [
        name("miyun.storage.rise.2021", "rise of storage, January 2015 to October 2021",
             shape((by_month[:, place["2021-10"]] - by_month[:, place["2015-01"]]) / 10), "billion m³"),
    ]  # fmt: skip
    return made + _transfer(by_month, place, shape, name) + _record(fit.panel)


def _transfer(by_month: np.ndarray, place: dict, shape, name) -> list[Finding]:
    made = []
    for date, stored in TRANSFERRED.items():
        rise = by_month[:, place[date[:7]]] - by_month[:, place["2015-01"]]
        made += [
            name(f"miyun.storage.rise.{date[:4]}", f"rise of storage from January 2015 to {date[:7]}", shape(rise / 10),
                 "billion m³"),
            name(f"miyun.storage.transfer.{date[:4]}", f"transferred water stored until {date[:7]} as a share of the "
                 "rise, had none of it left", shape(100 * np.clip(stored / np.maximum(rise, 0.1), 0, 2)), "%"),
            exact(f"miyun.storage.transferred.{date[:4]}", f"transferred water stored until {date[:7]}", stored / 10,
                  "billion m³", PANEL),
        ]  # fmt: skip
    return made


def _record(panel: Panel) -> list[Finding]:
    return [
        exact("miyun.storage.points", "dated points of storage since 2000 with a date", len(panel.rows), "", PANEL),
        exact("miyun.storage.longest-gap", "longest time between two points",
              round(float(np.diff(panel.rows.years).max()), 1), "years", PANEL),
    ]  # fmt: skip
