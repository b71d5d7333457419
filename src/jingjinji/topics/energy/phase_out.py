"""How coal goes: hard coal of Germany, of the Ruhr within it, and coal of Beijing, as curves of decline."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

UNITS = {
    "germany": ("Germany", "hard-coal output"),
    "germany.jobs": ("Germany", "hard-coal jobs"),
    "beijing": ("Beijing", "coal consumption"),
    "ruhr": ("Ruhr", "hard-coal output"),
    "ruhr.jobs": ("Ruhr", "hard-coal jobs"),
}
NAMES = tuple(UNITS)
PARENT = {"ruhr": "germany", "ruhr.jobs": "germany.jobs"}
"""Units that are most of another: most of Germany's hard coal came from the Ruhr."""
ROOTS = tuple(name for name in NAMES if name not in PARENT)
KINDS = ("mining", "consumption")
KIND = np.array(
    [KINDS.index("consumption" if series == "coal consumption" else "mining") for _, series in UNITS.values()]
)
JOBS = np.array([float(UNITS[name][1] == "hard-coal jobs") for name in ROOTS])
FEWEST = 5
"""Figures of a unit below which runs are not looked for."""
COLUMNS = ["unit", "year", "value", "half_step", "bounded"]
TABLES = ("coal_phase_out",)
FAR, STEEPEST = 1e3, 25.0
""""Unknown", and the largest exponent of a curve."""


@dataclass(frozen=True)
class Panel:
    """One row a published figure from the peak on.

    Columns unit (a key of `UNITS`), year, value (Mt or thousand jobs), half_step (half of the last printed place),
    bounded (published as "more than").
    `logistic` is 1 for a logistic curve in place of Gompertz's.
    """

    rows: pd.DataFrame
    logistic: float = 0.0
    truth: dict | None = None


def panel(table: pd.DataFrame) -> Panel:
    """The panel of `TABLES`, each series from its peak on; raises BookError for a series of hardly a year."""
    parts = []
    for name, (area, series) in UNITS.items():
        rows = table[(table.area == area) & (table.series == series)]
        if rows.year.nunique() < 3:
            raise BookError(
                f"table coal_phase_out has {rows.year.nunique()} years of {series} of {area}: expected at least 3 to "
                "follow a decline; add rows or take the series out of the model"
            )
        peak = rows.year[rows.value.idxmax()]
        parts.append(rows[rows.year >= peak].assign(unit=name, bounded=rows.bound.eq("lower"))[COLUMNS])
    return Panel(pd.concat(parts, ignore_index=True))


def peaks(panel: Panel) -> pd.DataFrame:
    """First year and its largest value for each unit, in the order of `UNITS`; columns year, value."""
    first = panel.rows.sort_values(["year", "value"], ascending=[True, False]).groupby("unit").first()
    return first.loc[list(NAMES), ["year", "value"]]


def points(panel: Panel) -> pd.DataFrame:
    """One row a unit and year, in the order of `UNITS`: unit, year, elapsed and gap.

    Years since the unit's first and since its year before (infinite in the first).
    """
    years = panel.rows[["unit", "year"]].drop_duplicates()
    years = years.assign(rank=years.unit.map(NAMES.index)).sort_values(["rank", "year"], ignore_index=True)
    by_unit = years.groupby("unit").year
    return years.assign(
        elapsed=(years.year - by_unit.transform("min")).astype(float), gap=by_unit.diff().fillna(np.inf)
    )


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model.

    The first figure of a unit and year stands at its point, further ones of the same year in ``again``. ``last_q`` is
    q of `build` in a unit's last figure, at most little beyond a tenth: that date is drawn, for it is better known than
    the tenth of a unit that has not come so far.
    """
    place, rows = points(panel), panel.rows
    row = row_points(panel)
    value = rows.value.to_numpy()
    root_left = np.sqrt(value / peaks(panel).value.loc[rows.unit].to_numpy())
    floor = rows.half_step.to_numpy() / value / np.sqrt(3)
    again = rows.duplicated(["unit", "year"]).to_numpy()
    first = np.flatnonzero(~again)[np.argsort(row[~again])]
    ends = root_left[rows.groupby("unit").year.idxmax().loc[list(NAMES)]] ** 2
    last_q = np.where(panel.logistic, (1 / ends - 1) / 9, -np.log10(ends))
    most = np.where(place.groupby("rank").size() < FEWEST, 1.3, 1.0)
    bounded = rows.bounded.to_numpy(dtype=float)[first]
    after_bound = np.concatenate([[0.0], bounded[:-1]]) > 0
    return {
        "unit_index": place["rank"].to_numpy(dtype=int),
        "elapsed": place.elapsed.to_numpy(),
        "gap": np.where(after_bound, FAR, np.minimum(place.gap.to_numpy(), FAR)),
        "root_left": root_left[first],
        "last_q": np.clip(last_q, 0.01, most),
        "floor": floor[first],
        "bounded": bounded,
        "again": row[again],
        "again_root_left": root_left[again],
        "again_floor": floor[again],
        "logistic": np.array(panel.logistic),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Curves with a time to a tenth and a bend, the Ruhr's near Germany's, and departures that fade over years.

    What is left t years after the largest figure is exp(-ln 10 q) (Gompertz) or 1 / (1 + 9 q) (logistic) with
    q = (exp(b t / T) - 1) / (exp(b) - 1): a tenth is left after T years in both, and the bend b says how much the
    decline speeds up, or slows down below zero. Germany and Beijing share no parameter of a curve: two areas say
    nothing of how areas differ. The square root of what was
    really left departs from that of the curve by an autoregression over the years: what is left comes from few mines
    and plants in the end, so it scatters like a count. A figure adds its rounding and what sources of one quantity
    disagree by; a figure published as "more than" is a lower bound.
    """
    import pymc as pm
    import pytensor.tensor as pt

    coords = {
        "unit": list(NAMES), "root_unit": list(ROOTS), "part": list(PARENT), "kind": KINDS,
        "point": np.arange(len(points(panel))),
    }  # fmt: skip
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        own_bend = pm.Normal("own_bend", 2.5, np.where(JOBS, 2.1, 1.5), dims="root_unit")
        own_last = pm.Normal(
            "log_last", np.log(40) + _log_shift(own_bend, d["last_q"][: len(ROOTS)]), 0.7, dims="root_unit"
        )
        own_tenth = own_last - _log_shift(own_bend, d["last_q"][: len(ROOTS)])
        of = np.array([ROOTS.index(parent) for parent in PARENT.values()])
        tenth_scale = pm.LogNormal("tenth_scale", np.log(0.1), 0.5)
        bend_scale = pm.LogNormal("bend_scale", np.log(0.4), 0.5)
        bend = own_bend[of] + bend_scale * pm.Normal("bend_apart", 0, 1, dims="part")
        tenth = own_tenth[of] + tenth_scale * pm.Normal("tenth_apart", 0, 1, dims="part")
        bend = pm.Deterministic("bend", pt.concatenate([own_bend, bend]), dims="unit")
        tenth = pm.Deterministic("tenth", pt.exp(pt.concatenate([own_tenth, tenth])), dims="unit")
        level = pm.Normal("level", 0, 0.3, dims="unit")

        scatter = pm.LogNormal("scatter", np.log(0.03), 0.5, dims="kind")[KIND]
        memory = pm.LogNormal("memory", np.log(4), 0.5)
        disagreement = pm.LogNormal("disagreement", np.log(0.01), 0.5)

        unit = d["unit_index"]
        exponent = pt.minimum(bend[unit] * d["elapsed"] / tenth[unit], STEEPEST)
        odds = pt.expm1(exponent) / pt.expm1(bend[unit])
        gone = (1 - d["logistic"]) * np.log(10) * odds + d["logistic"] * pt.log1p(9 * odds)
        root = pm.Deterministic("root", pt.exp((level[unit] - gone) / 2), dims="point")
        sd = d["root_left"] / 2 * pt.sqrt(d["floor"] ** 2 + disagreement**2)
        error = sd * pm.Normal("error", 0, 1, dims="point")
        persistence = pt.exp(-d["gap"] / memory)
        departing("figures", root + error, persistence, scatter[unit], d["bounded"], d["root_left"])
        again = d["again"]
        pm.Normal(
            "figures_again",
            (d["root_left"] - error)[again],
            d["root_left"][again] / 2 * pt.sqrt(d["again_floor"] ** 2 + disagreement**2),
            observed=d["again_root_left"],
        )
    return model


def _log_shift(bend, last_q):
    """Logarithm of the years to the last figure as parts of the time to a tenth."""
    import pytensor.tensor as pt

    return pt.log(pt.log1p(pt.maximum(last_q * pt.expm1(bend), -0.95)) / bend)


def departing(name: str, mean, persistence, scale, bounded, observed):
    """An observed autoregression around `mean` over uneven steps, with standard deviation `scale` in each point.

    `persistence` is the correlation with the point before, 0 at the first point of a unit. Of points with `bounded` 1
    it is known that they lie above what is observed.
    """
    import pymc as pm
    import pytensor.tensor as pt

    def logp(value, mean, persistence, scale, bounded):
        departure = (value - mean) / scale
        before = pt.concatenate([pt.zeros_like(departure[:1]), departure[:-1]])
        spread = pt.sqrt(1 - persistence**2)
        step = (departure - persistence * before) / spread
        # the gradient of pm.logcdf is nan far out, also where switch does not take it
        above = pt.log(pt.erfc(pt.minimum(step, 30) / np.sqrt(2)) / 2)
        return pt.switch(bounded > 0, above, pm.logp(pm.Normal.dist(0, 1), step) - pt.log(scale * spread))

    def random(mean, persistence, scale, bounded, rng=None, size=None):
        shape = np.shape(mean) if size is None else (*np.atleast_1d(size), np.shape(mean)[-1])
        return mean + scale * carried(rng.normal(0, 1, shape), persistence)

    return pm.CustomDist(
        name, mean, persistence, scale, bounded, logp=logp, random=random,
        signature="(t),(t),(t),(t)->(t)", observed=observed,
    )  # fmt: skip


def carried(surprise: np.ndarray, persistence: np.ndarray) -> np.ndarray:
    """Departures of unit variance (..., point) made of independent surprises of unit variance."""
    made = surprise * np.sqrt(1 - persistence**2)
    for k in range(1, made.shape[-1]):
        made[..., k] += persistence[..., k] * made[..., k - 1]
    return made


def gone(since: np.ndarray, tenth: np.ndarray, bend: np.ndarray, logistic: float = 0.0) -> np.ndarray:
    """Minus the logarithm of what is left, `since` years after the largest figure; the curve of `build` in numpy.

    All arguments broadcast; `tenth` in years.
    """
    odds = np.expm1(np.minimum(bend * since / tenth, STEEPEST)) / np.expm1(bend)
    return (1 - logistic) * np.log(10) * odds + logistic * np.log1p(9 * odds)


TRUTH = {
    "tenth": {"germany": 52.0, "germany.jobs": 42.0, "beijing": 14.0, "ruhr": 52.0, "ruhr.jobs": 42.0},
    "bend": {"germany": 2.5, "germany.jobs": 1.0, "beijing": 3.0, "ruhr": 2.5, "ruhr.jobs": 1.0},
    "bend_apart": 0.3,
    "scatter": {"mining": 0.04, "consumption": 0.04},
    "memory": 4.0,
    "disagreement": 0.01,
}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with the years of `panel`, made by the process of `build` with known parameters (keys of `TRUTH`).

    Bends of the Ruhr, plateaus and departures are drawn anew.
    """
    known = {**TRUTH, **truth}
    arrays, first, rows = data(panel), peaks(panel).value.to_numpy(), panel.rows
    tenth = np.array([known["tenth"][name] for name in NAMES])
    bend = np.array([known["bend"][name] for name in NAMES])
    bend = bend + known["bend_apart"] * np.isin(NAMES, list(PARENT)) * rng.normal(size=len(NAMES))
    level = rng.normal(0, 0.1, len(NAMES))
    known |= {"bends": bend}
    unit = arrays["unit_index"]
    lost = gone(arrays["elapsed"], tenth[unit], bend[unit], panel.logistic)
    scatter = np.array([known["scatter"][KINDS[kind]] for kind in KIND[unit]])
    departure = scatter * carried(rng.normal(size=len(unit)), np.exp(-arrays["gap"] / known["memory"]))
    point = row_points(panel)
    left = np.maximum(np.exp((level[unit] - lost) / 2) + departure, 0.01)[point] ** 2
    left *= np.exp(known["disagreement"] * rng.normal(size=len(rows)))
    return replace(panel, rows=rows.assign(value=first[unit[point]] * left, bounded=False), truth=known)


def row_points(panel: Panel) -> np.ndarray:
    """The place of each row of the panel among its `points`."""
    index = pd.MultiIndex.from_frame(points(panel)[["unit", "year"]])
    return index.get_indexer(pd.MultiIndex.from_frame(panel.rows[["unit", "year"]]))


def _toy(panel: Panel, rng: np.random.Generator) -> Panel:
    return simulate({}, rng, panel)


TOYS = {"toy": _toy}


DERIVED = ("tenth", "bend", "root")
TARGET_ACCEPT = 0.97
"""At 0.9 one of 40 made-up records had divergences, here none."""
VARIANTS = {"logistic": Variant("logistic curves", partial(replace, logistic=1.0))}
