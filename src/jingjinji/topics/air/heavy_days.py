"""Days of heavy pollution a year in Beijing, Tianjin and Hebei, 2013 to 2023: counts, pooled over areas."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

AREAS = ("Beijing", "Tianjin", "Hebei")
YEARS = tuple(range(2013, 2024))
TIME = np.array(YEARS) - 2018.0
CURVE = TIME**2 - np.mean(TIME**2)
TABLES = ("days_by_class",)


@dataclass(frozen=True)
class Panel:
    """Rows area, year, days: whole days of heavy pollution."""

    counts: pd.DataFrame
    truth: dict | None = None


def panel(days: pd.DataFrame) -> Panel:
    """The panel of `TABLES`: the days of heavy pollution of the three areas."""
    days = days.query("metric == 'heavy_pollution_days' and area in @AREAS")
    return Panel(days.rename(columns={"value": "days"})[["area", "year", "days"]].reset_index(drop=True))


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    return {
        "area_index": np.array([AREAS.index(area) for area in panel.counts.area], dtype=int),
        "year_index": panel.counts.year.to_numpy() - YEARS[0],
        "days": panel.counts.days.to_numpy(dtype=int),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Negative-binomial counts around a bent log path of each area, with a year effect that the areas share.

    Days come in episodes, so counts scatter more than a Poisson's; Hebei's figure is a rounded mean over its cities.
    """
    import pymc as pm

    with pm.Model(coords={"area": list(AREAS), "year": list(YEARS)}) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        level = pm.Normal("level", np.log(20), 1)
        level_area = pm.ZeroSumNormal("level_area", 0.5, dims="area")
        slope = pm.Normal("slope", -0.1, 0.2)
        slope_area = pm.ZeroSumNormal("slope_area", 0.1, dims="area")
        year_scale = pm.LogNormal("year_scale", np.log(0.25), 0.5)
        year = pm.Normal("year_effect", 0, 1, dims="year") * year_scale
        bend = pm.Normal("bend", 0, 0.02)
        path = level + level_area + TIME[:, None] * (slope + slope_area) + (bend * CURVE)[:, None]
        expected = pm.Deterministic("expected", pm.math.exp(path + year[:, None]), dims=("year", "area"))
        pm.Deterministic("path", pm.math.exp(path), dims=("year", "area"))
        concentration = pm.LogNormal("concentration", np.log(20), 0.7)
        pm.NegativeBinomial(
            "counts", mu=expected[d["year_index"], d["area_index"]], alpha=concentration, observed=d["days"]
        )
    return model


TRUTH = {"level": np.log(20), "slope": -0.2, "year_scale": 0.25, "concentration": 20.0}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) and the rows of `panel`."""
    known = {**TRUTH, **truth}
    area = rng.normal(0, 0.3, len(AREAS))
    path = np.exp(known["level"] + (area - area.mean()) + known["slope"] * TIME[:, None])
    expected = path * np.exp(rng.normal(0, known["year_scale"], len(YEARS)))[:, None]
    index = data(panel)
    mean = expected[index["year_index"], index["area_index"]]
    size = known["concentration"]
    counts = panel.counts.assign(days=rng.negative_binomial(size, size / (size + mean)))
    return replace(panel, counts=counts, truth=known)


def _toy(panel: Panel, rng: np.random.Generator, slope: float) -> Panel:
    return simulate({"slope": slope}, rng, panel)


VARIANTS: dict = {}
TOYS = {"toy": partial(_toy, slope=-0.2), "toy-no-decline": partial(_toy, slope=0.0)}
DERIVED = ("expected", "path")
