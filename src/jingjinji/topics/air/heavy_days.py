"""Days of heavy pollution a year in Beijing, Tianjin and Hebei, 2013 to 2023: counts, pooled over areas.

Hebei's figure is no count but the rounded mean of the counts of eleven cities.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.topic import Variant

AREAS = ("Beijing", "Tianjin", "Hebei")
YEARS = tuple(range(2013, 2024))
TIME = np.array(YEARS) - 2018.0
CURVE = TIME**2 - np.mean(TIME**2)
BENT = np.stack([np.ones(len(YEARS)), TIME, CURVE], axis=1)
LINE = np.linalg.pinv(BENT)
"""What makes level, slope and bend (3,) of eleven years."""
CITIES_OF_HEBEI = 11
TABLES = ("days_by_class",)


@dataclass(frozen=True)
class Panel:
    """`counts`: rows area, year, days: whole days of heavy pollution. `bend`: prior scale of the path's bend."""

    counts: pd.DataFrame
    bend: float = 0.02
    truth: dict | None = None


def panel(days: pd.DataFrame) -> Panel:
    """The panel of `TABLES`: the days of heavy pollution of the three areas."""
    days = days.query("metric == 'heavy_pollution_days' and area in @AREAS")
    return Panel(days.rename(columns={"value": "days"})[["area", "year", "days"]].reset_index(drop=True))


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    mean = (panel.counts.area == "Hebei").to_numpy()
    cities, hebei = panel.counts[~mean], panel.counts[mean]
    return {
        "area_index": np.array([AREAS.index(area) for area in cities.area], dtype=int),
        "year_index": cities.year.to_numpy() - YEARS[0],
        "days": cities.days.to_numpy(dtype=int),
        "hebei_year": hebei.year.to_numpy() - YEARS[0],
        "hebei_days": hebei.days.to_numpy(dtype=float),
        "typical_bend": np.array(panel.bend),
    }


def of_several(mean, concentration, shared):
    """Variance of the rounded mean of Hebei's cities, of whose variance a part is `shared` by all of them."""
    one = mean + mean**2 / concentration
    return one * (shared + (1 - shared) / CITIES_OF_HEBEI) + 1 / 12


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Negative-binomial counts around a bent log path of each area, with a year effect that the areas share.

    Level, slope and bend are drawn with what the year effects add to them, since counts know the sum: each is around
    its prior's mean and `taken`. Days come in episodes, so counts scatter more than a Poisson's. The mean of Hebei's
    cities scatters less than the count of one of them, as far as they do not have their episodes together; it is normal
    with that variance.
    """
    import pymc as pm

    with pm.Model(coords={"area": list(AREAS), "year": list(YEARS)}) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        year_scale = pm.LogNormal("year_scale", np.log(0.25), 0.5)
        year = pm.Normal("year_effect", 0, 1, dims="year") * year_scale
        taken = pm.math.dot(LINE, year)
        level = pm.Normal("level", np.log(20) + taken[0], 1)
        level_area = pm.ZeroSumNormal("level_area", 0.5, dims="area")
        slope = pm.Normal("slope", -0.1 + taken[1], 0.2)
        slope_area = pm.ZeroSumNormal("slope_area", 0.1, dims="area")
        bend = pm.Normal("bend", taken[2], d["typical_bend"])
        common = pm.math.dot(BENT, pm.math.stack([level, slope, bend]) - taken) + year
        path = level_area + TIME[:, None] * slope_area + common[:, None]
        expected = pm.Deterministic("expected", pm.math.exp(path), dims=("year", "area"))
        concentration = pm.LogNormal("concentration", np.log(20), 0.7)
        shared = pm.Beta("shared", 4, 2)
        pm.NegativeBinomial(
            "counts", mu=expected[d["year_index"], d["area_index"]], alpha=concentration, observed=d["days"]
        )
        hebei = expected[d["hebei_year"], AREAS.index("Hebei")]
        variance = of_several(hebei, concentration, shared)
        pm.Normal("mean_counts", hebei, pm.math.sqrt(variance), observed=d["hebei_days"])
    return model


TRUTH = {"level": np.log(20), "slope": -0.2, "year_scale": 0.25, "concentration": 20.0, "shared": 0.7}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) and the rows of `panel`.

    The truth that is kept also has ``expected`` days (year, area), with what was odd in these years.
    """
    known = {**TRUTH, **truth}
    area = rng.normal(0, 0.3, len(AREAS))
    path = np.exp(known["level"] + (area - area.mean()) + known["slope"] * TIME[:, None])
    expected = path * np.exp(rng.normal(0, known["year_scale"], len(YEARS)))[:, None]
    area, year = [AREAS.index(area) for area in panel.counts.area], panel.counts.year.to_numpy() - YEARS[0]
    days = drawn_days(expected[year, area], known["concentration"], known["shared"], panel, rng)
    counts = panel.counts.assign(days=np.round(days).astype(int))
    return replace(panel, counts=counts, truth=known | {"expected": expected})


def drawn_days(mean: np.ndarray, concentration, shared, panel: Panel, rng: np.random.Generator) -> np.ndarray:
    """Days (..., row of the panel) drawn around their mean (..., row): counts, and Hebei's means before rounding."""
    counts = rng.negative_binomial(concentration, concentration / (concentration + mean))
    spread = np.sqrt(of_several(mean, concentration, shared))
    return np.where(panel.counts.area == "Hebei", np.maximum(rng.normal(mean, spread), 0), counts)


def _toy(panel: Panel, rng: np.random.Generator, slope: float) -> Panel:
    return simulate({"slope": slope}, rng, panel)


UNKNOWN_BEND = 0.2
"""Scale of a bend of which next to nothing is known before: the yearly rate may change by four tenths each year."""
VARIANTS = {"bend-unknown": Variant("bend nearly unknown", partial(replace, bend=UNKNOWN_BEND))}
TOYS = {"toy": partial(_toy, slope=-0.2), "toy-no-decline": partial(_toy, slope=0.0)}
DERIVED = ("expected",)
