"""End-use energy of provinces as a composition: random walks of log-ratios, and Beijing's path as a yardstick."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.errors import BookError

PARTS = ("coal", "oil", "gas", "electricity", "heat")
YEARS = tuple(range(2003, 2023))
STEPS, RATIOS = len(YEARS) - 1, len(PARTS) - 1
PAIRS = np.triu_indices(RATIOS, 1)
SHOWN = ("Beijing", "Tianjin", "Hebei")
TABLES = ("energy_mix_year",)
BACK = 10
"""Years before the first for which Beijing's path is carried back in a figure."""
REVISION = 2018
ODD = 2.0
"""Factor by which an odd cell leaves its neighbours in time."""


@dataclass(frozen=True)
class Panel:
    """Amounts of the five parts, ``(province, year, part)`` in Mtce, all above zero.

    `odd` has one row an odd cell: positions of province, year and part.
    """

    provinces: tuple[str, ...]
    amounts: np.ndarray
    odd: np.ndarray
    truth: dict | None = None


def panel(table: pd.DataFrame) -> Panel:
    """Provinces with all five parts in every year; raises BookError where one of `SHOWN` is not among them."""
    whole = table[(table[list(PARTS)] > 0).all(axis=1) & table.year.isin(YEARS)]
    years = whole.groupby("province").year.nunique()
    provinces = tuple(sorted(years[years == len(YEARS)].index))
    for province in SHOWN:
        if province not in provinces:
            found = int(years.get(province, 0))
            raise BookError(
                f"table energy_mix_year has all five parts of {province} in {found} years: expected every year from "
                f"{YEARS[0]} to {YEARS[-1]}; complete the rows of {province}"
            )
    ordered = whole[whole.province.isin(provinces)].sort_values(["province", "year"])
    amounts = ordered[list(PARTS)].to_numpy().reshape(len(provinces), len(YEARS), len(PARTS))
    return Panel(provinces, amounts, odd_cells(amounts))


def odd_cells(amounts: np.ndarray) -> np.ndarray:
    """Cells that jump and return: positions (cell, 3) of province, year and part.

    Against the median growth of the parts, the amount changes by a factor of at least `ODD` into the year and by at
    least that much out of it in the other direction, and both years together change it by less than either alone.
    """
    growth = np.diff(np.log(amounts), axis=1)
    growth = growth - np.median(growth, axis=2, keepdims=True)
    into, out = growth[:, :-1], growth[:, 1:]
    jump = np.minimum(np.abs(into), np.abs(out))
    found = np.argwhere((into * out < 0) & (jump >= np.log(ODD)) & (np.abs(into + out) < jump))
    return found + np.array([0, 1, 0])


def contrasts() -> np.ndarray:
    """Orthonormal log-ratios (part, ratio): coal against the rest, oil against the rest without coal, and so on.

    Egozcue et al. (2003), doi 10.1023/A:1023818214614.
    """
    matrix = np.zeros((len(PARTS), RATIOS))
    for k in range(RATIOS):
        rest = RATIOS - k
        matrix[k, k] = np.sqrt(rest / (rest + 1))
        matrix[k + 1 :, k] = -1 / np.sqrt(rest * (rest + 1))
    return matrix


def log_ratios(amounts: np.ndarray) -> np.ndarray:
    """Log-ratios (..., ratio) of amounts or shares (..., part)."""
    return np.log(amounts) @ contrasts()


def shares(ratios: np.ndarray) -> np.ndarray:
    """Shares (..., part) of log-ratios (..., ratio); the inverse of `log_ratios`."""
    weights = np.exp(ratios @ contrasts().T)
    return weights / weights.sum(axis=-1, keepdims=True)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    return {"steps": np.diff(log_ratios(panel.amounts), axis=1)}


def odd_levels(panel: Panel) -> np.ndarray:
    """What an error of one in the logarithm of each odd cell adds to log-ratios (cell, province, year, ratio)."""
    added = np.zeros((len(panel.odd), *panel.amounts.shape))
    added[(np.arange(len(panel.odd)), *panel.odd.T)] = 1
    return added @ contrasts()


def following() -> np.ndarray:
    """Where each of `PAIRS` stands in the matrix of what a ratio's departure follows (pair, earlier, later)."""
    made = np.zeros((len(PAIRS[0]), RATIOS, RATIOS))
    made[(np.arange(len(made)), *PAIRS)] = 1
    return made


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Random walks with heavy-tailed steps and a drift that may change evenly; odd cells have errors of their own.

    In `REVISION` a province's ratios may have been revised, each province's by its own amount around a common one. The
    four steps of a province and year are a multivariate t, written as each ratio given those before it.
    """
    import pymc as pm
    import pytensor.tensor as pt

    middle, revised = (np.arange(STEPS) - (STEPS - 1) / 2) / 10, np.array(YEARS[1:]) == REVISION
    coords = {
        "province": list(panel.provinces),
        "ratio": [f"{part} to the rest" for part in PARTS[:-1]],
        "year": YEARS[1:],
        "pair": [f"{PARTS[k]} after {PARTS[j]}" for j, k in zip(*PAIRS, strict=True)],
        "cell": [f"{panel.provinces[p]} {YEARS[y]} {PARTS[k]}" for p, y, k in panel.odd],
    }
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        drift_mean = pm.Normal("drift_mean", 0, 0.1, dims="ratio")
        drift_scale = pm.LogNormal("drift_scale", np.log(0.04), 0.5, dims="ratio")
        drift = drift_mean + drift_scale * pm.ZeroSumNormal("drift", 1, dims=("ratio", "province")).T
        bend_mean = pm.Normal("bend_mean", 0, 0.1, dims="ratio")
        bend_scale = pm.LogNormal("bend_scale", np.log(0.05), 0.5, dims="ratio")
        bend = bend_mean + bend_scale * pm.ZeroSumNormal("bend", 1, dims=("ratio", "province")).T
        revision_mean = pm.Normal("revision_mean", 0, 0.2, dims="ratio")
        revision_scale = pm.LogNormal("revision_scale", np.log(0.15), 0.7, dims="ratio")
        revision = revision_mean + revision_scale * pm.ZeroSumNormal("revision", 1, dims=("ratio", "province")).T
        year_scale = pm.LogNormal("year_scale", np.log(0.03), 0.5, dims="ratio")
        year = pm.Normal("year_effect", 0, year_scale, dims=("year", "ratio"))
        cell_error = pm.Normal("cell_error", 0, 2, dims="cell")
        scatter_mean = pm.Normal("log_scatter_mean", np.log(0.1), 0.5, dims="ratio")
        scatter = pt.exp(pm.Normal("log_scatter", scatter_mean, 0.5, dims=("province", "ratio")))
        follow = pm.Normal("follow", 0, 0.5, dims="pair")
        tail = 1 + pm.Gamma("tail", 2, 0.1)

        mean = drift[:, None, :] + bend[:, None, :] * middle[:, None] + revision[:, None, :] * revised[:, None] + year
        # sums of products, not matrix products: these take as long to compile as all the rest
        mean = mean + (cell_error[:, None, None, None] * np.diff(odd_levels(panel), axis=2)).sum(axis=0)
        departure = d["steps"] - mean
        matrix = (follow[:, None, None] * following()).sum(axis=0)
        followed = (departure[..., None] * matrix).sum(axis=-2)
        scaled = ((departure - followed) / scatter[:, None, :]) ** 2
        size = (scaled[..., None] * np.triu(np.ones((RATIOS, RATIOS)), 1)).sum(axis=-2)
        before = np.arange(RATIOS)
        pm.StudentT(
            "observed_steps", nu=tail + before, mu=mean + followed,
            sigma=scatter[:, None, :] * pt.sqrt((tail + size) / (tail + before)),
            observed=d["steps"], dims=("province", "year", "ratio"),
        )  # fmt: skip
    return model


def departures(rng: np.random.Generator, scatter: np.ndarray, tail: np.ndarray, follow: np.ndarray) -> np.ndarray:
    """Departures of yearly steps from their mean, drawn from the model (..., ratio); `follow` is (..., pair)."""
    common = np.sqrt(tail / rng.chisquare(tail, scatter.shape[:-1]))[..., None]
    own = scatter * common * rng.normal(size=scatter.shape)
    matrix = np.broadcast_to(np.eye(RATIOS), (*follow.shape[:-1], RATIOS, RATIOS)).copy()
    matrix[..., PAIRS[0], PAIRS[1]] = -follow
    return (own[..., None, :] @ np.linalg.inv(matrix))[..., 0, :]


TRUTH = {
    "coal_drift": -0.06, "revision": -0.1, "revision_scale": 0.15, "own": 0.015, "year": 0.03, "scatter": 0.06,
    "follow": 0.2, "tail": 3.0, "cell_error": 1.5,
}  # fmt: skip


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known drift and step of 2018 of coal (keys of `TRUTH`) that starts where `panel` starts.

    The odd cells of `panel` get an error, up and down in turn.
    """
    known = {**TRUTH, **truth}
    size = (len(panel.provinces), STEPS, RATIOS)
    drift = known["own"] * rng.normal(size=size[::2])
    drift -= drift.mean(axis=0)
    drift[:, 0] += known["coal_drift"]
    follow = np.full(len(PAIRS[0]), known["follow"])
    steps = departures(rng, np.full(size, known["scatter"]), known["tail"], follow)
    steps += drift[:, None] + known["year"] * rng.normal(size=size[1:])
    revision = known["revision_scale"] * rng.normal(size=size[::2])
    revision[:, 0] += known["revision"]
    steps[:, REVISION - 1 - YEARS[0]] += revision
    start = log_ratios(panel.amounts[:, :1])
    path = np.concatenate([start, start + np.cumsum(steps, axis=1)], axis=1)
    error = known["cell_error"] * (-1.0) ** np.arange(len(panel.odd))
    seen = path + np.tensordot(error, odd_levels(panel), axes=1)
    total = panel.amounts.sum(axis=-1, keepdims=True)
    return replace(panel, amounts=total * shares(seen), truth={**known, "drift": drift, "revisions": revision})


def _toy(panel: Panel, rng: np.random.Generator, **truth: float) -> Panel:
    return simulate(truth, rng, panel)


TOYS = {"toy": partial(_toy, coal_drift=-0.06), "toy-no-drift": partial(_toy, coal_drift=0.0, revision=0.0)}


DERIVED = ()
VARIANTS = {}


def _share(panel: Panel, province: int, year: int, part: int) -> float:
    return 100 * panel.amounts[province, year, part] / panel.amounts[province, year].sum()
