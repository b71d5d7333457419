"""Days of heavy pollution a year in Beijing, Tianjin and Hebei, 2013 to 2023: counts, pooled over areas."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, exact, record

AREAS = ("Beijing", "Tianjin", "Hebei")
YEARS = tuple(range(2013, 2024))
TIME = np.array(YEARS) - 2018.0
CURVE = TIME**2 - np.mean(TIME**2)
PANEL = ("days_by_class",)
RATE = "yearly change of heavy-pollution days, mean of the three areas"


@dataclass(frozen=True)
class Panel:
    """Rows area, year, days: whole days of heavy pollution."""

    counts: pd.DataFrame
    truth: dict | None = None


def load(variant: str = "") -> Panel:
    """The panel of the main fit, the only one; raises BookError for a variant."""
    if variant:
        raise BookError(f"model heavy_days has no variant '{variant}': expected none; leave the variant out")
    days = tables.load("days_by_class").query("metric == 'heavy_pollution_days' and area in @AREAS")
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


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known parameters (keys of `TRUTH`) and the rows of `panel`."""
    panel = load() if panel is None else panel
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


def findings(fit) -> list[Finding]:
    """Change of the expected number of heavy days from the first to the last year, on the smooth path.

    Of a made-up panel the yearly change alone, beside its truth.
    """
    if fit.panel.truth:
        return _recovered(fit)
    name = partial(record, model=fit.name, panel=PANEL)
    path = fit.parameters["path"].transpose("chain", "draw", "year", "area").values
    made = []
    for k, area in enumerate(AREAS):
        first, last = path[:, :, 0, k], path[:, :, -1, k]
        id = f"heavy.{area.lower()}"
        period = f"{YEARS[0]} to {YEARS[-1]}, {area}"
        made += [
            name(f"{id}.change", f"relative change of heavy-pollution days, {period}", 100 * (last / first - 1), "%"),
            name(f"{id}.days", f"change of the expected heavy-pollution days, {period}", last - first, "days"),
            name(f"{id}.halved", f"probability that the expected heavy-pollution days at least halved, {period}",
                 last <= first / 2, "probability"),
        ]  # fmt: skip
    return [*made, *_check(fit), _rate(fit, name), *_published(fit.panel.counts)]


def _rate(fit, name) -> Finding:
    slope = fit.parameters["slope"].transpose("chain", "draw").values
    return name("heavy.rate", RATE, 100 * np.expm1(slope), "% a year")


def _recovered(fit) -> list[Finding]:
    """True yearly change of a made-up panel, and what the model gives back."""
    suffix, truth = f"@{fit.variant}", float(100 * np.expm1(fit.panel.truth["slope"]))
    return [
        exact(f"heavy.truth.rate{suffix}", f"truth: {RATE}", truth, "% a year", ()),
        _rate(fit, partial(record, model=fit.name, panel=(), suffix=suffix)),
    ]


def _check(fit) -> list[Finding]:
    """Share of the published counts inside the central 94 % of counts drawn anew."""
    index = data(fit.panel)
    expected = (
        fit.parameters["expected"]
        .transpose("chain", "draw", "year", "area")
        .values.reshape(-1, len(YEARS), len(AREAS))[:, index["year_index"], index["area_index"]]
    )
    size = fit.parameters["concentration"].transpose("chain", "draw").values.reshape(-1, 1)
    drawn = np.random.default_rng(fit.seed).negative_binomial(size, size / (size + expected))
    low, high = np.percentile(drawn, [3, 97], axis=0)
    inside = (low <= index["days"]) & (index["days"] <= high)
    return [
        exact("heavy.check.inside", "published counts inside the central 94 % of counts drawn anew", int(inside.sum()),
              "", PANEL, fit.name),
        exact("heavy.check.counts", "published counts of heavy-pollution days", len(inside), "", PANEL),
    ]  # fmt: skip


def _published(counts: pd.DataFrame) -> list[Finding]:
    made = []
    for area in AREAS:
        days = counts[counts.area == area].set_index("year").days
        for year in (YEARS[0], YEARS[-1]):
            made.append(exact(f"heavy.{area.lower()}.{year}", f"published heavy-pollution days of {area}, {year}",
                              days[year], "days", PANEL))  # fmt: skip
    return made
