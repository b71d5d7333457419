"""All sections of five days in April 2021: those under an agreement beside the rest of the same basin.

A description. Rivers under an agreement were chosen because they matter, so a contrast says nothing about what an
agreement did.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.densities import given
from jingjinji.core.topic import Variant

POLLUTANTS = ("codmn", "nh3n", "tp", "tn")
FLOORS = {"codmn": 0.5, "nh3n": 0.025, "tp": 0.005, "tn": 0.05}
"""Least mean that is a number (mg/L)."""
BEGUN = 2020
"""Agreements that had begun by the end of this year count."""
TABLES = ("water_section_april",)


@dataclass(frozen=True)
class Panel:
    """One row a section and pollutant: basin, agreement and pollutant (index; agreement 0 where there is none), log (of
    mg/L, of the limit where ``below``), below, under (1 under an agreement), used (0 for a row that is left out);
    `basins` and `agreements` name the indices."""

    rows: pd.DataFrame
    basins: tuple[str, ...]
    agreements: tuple[str, ...]
    truth: dict | None = None


def panel(table: pd.DataFrame) -> Panel:
    """The panel of `TABLES`."""
    basins = tuple(sorted(table.basin.unique()))
    begun = table.agreement.where(table.start.fillna(9999) <= BEGUN)
    agreements = tuple(sorted(begun.dropna().unique()))
    agreement = begun.map({name: k for k, name in enumerate(agreements)}).fillna(0).astype(int)
    parts = []
    for k, name in enumerate(POLLUTANTS):
        there = table[name].notna() | table[f"{name}_below"]
        parts.append(
            pd.DataFrame(
                {
                    "basin": table.basin.map(basins.index), "pollutant": k, "agreement": agreement,
                    "log": np.log(table[name].fillna(FLOORS[name])), "below": table[f"{name}_below"].astype(float),
                    "under": begun.notna().astype(float), "weak": (table.flag == "weak").astype(float),
                    "used": 1.0 - table.faulty,
                }
            )[there]
        )  # fmt: skip
    return Panel(pd.concat(parts, ignore_index=True), basins, agreements)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    rows = panel.rows
    return {
        "basin_index": rows.basin.to_numpy(dtype=int),
        "agreement_index": rows.agreement.to_numpy(dtype=int),
        "pollutant_index": rows.pollutant.to_numpy(dtype=int),
        **{name: rows[name].to_numpy(dtype=float) for name in ("log", "below", "under", "used")},
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Log concentrations around a basin's level, with a contrast of each agreement, pooled over agreements.

    Sections of one agreement lie on one river and share what is particular to it, so they do not count as so many
    witnesses. An agreement lies in one basin.
    """
    import pymc as pm
    import pytensor.tensor as pt

    coords = {"pollutant": POLLUTANTS, "basin": panel.basins, "agreement": panel.agreements}
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        level = pm.Normal("level", np.log([3, 0.15, 0.06, 2.5]), 0.7, dims="pollutant")
        basin_scale = pm.LogNormal("basin_scale", np.log(0.4), 0.4, dims="pollutant")
        basin = pm.Normal("of_basin", level, basin_scale, dims=("basin", "pollutant"))
        contrast_mean = pm.Normal("contrast_mean", 0, 0.5, dims="pollutant")
        contrast_scale = pm.LogNormal("contrast_scale", np.log(0.3), 0.4)
        contrast = contrast_mean + contrast_scale * pm.Normal("contrast", 0, 1, dims=("agreement", "pollutant"))
        scatter = pm.LogNormal("scatter", np.log(0.6), 0.4, dims="pollutant")
        b, a, k = d["basin_index"], d["agreement_index"], d["pollutant_index"]
        scaled = (d["log"] - basin[b, k] - contrast[a, k] * d["under"]) / scatter[k]
        density = np.log(0.375) - 2.5 * pt.log1p(scaled**2 / 4) - pt.log(scatter[k])
        given("sections", d["used"] * pt.switch(d["below"] > 0, log_tail(scaled), density), observed=d["log"])
    return model


def log_tail(value):
    """Log probability that Student's t with four degrees of freedom lies below `value`, stable far down."""
    import pytensor.tensor as pt

    slope = value / pt.sqrt(value**2 + 4)
    rise = pt.switch(slope < 0, 4 / (value**2 + 4) / (1 - pt.minimum(slope, 0)), 1 + slope)
    return 2 * pt.log(rise) + pt.log(2 - slope) - np.log(4)


TRUTH = {"contrast": -0.5, "scatter": 0.6}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with a known contrast of logarithms (keys of `TRUTH`), the same for all basins and pollutants."""
    known, rows = {**TRUTH, **truth}, panel.rows
    basin = np.log([3, 0.15, 0.06, 2.5]) + 0.4 * rng.normal(size=(len(panel.basins), len(POLLUTANTS)))
    log = basin[rows.basin, rows.pollutant] + known["contrast"] * rows.under
    log = log + known["scatter"] * rng.standard_t(4, size=len(rows))
    floor = np.log([FLOORS[name] for name in POLLUTANTS])[rows.pollutant]
    below = (log < floor).astype(float)
    return replace(panel, rows=rows.assign(log=np.maximum(log, floor), below=below), truth=known)


def _toy(panel: Panel, rng: np.random.Generator, contrast: float) -> Panel:
    return simulate({"contrast": contrast}, rng, panel)


def _page_flags(panel: Panel) -> Panel:
    return replace(panel, rows=panel.rows.assign(used=panel.rows.used * (1 - panel.rows.weak)))


DERIVED = ()
VARIANTS = {
    "page-flags": Variant("sections that a page names alone", _page_flags),
}
TOYS = {"toy": partial(_toy, contrast=-0.5), "toy-no-contrast": partial(_toy, contrast=0.0)}
