"""The end-use energy of provinces as a composition: random walks of log-ratios, and Beijing's path as a yardstick."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import linalg

from jingjinji import tables
from jingjinji.errors import BookError
from jingjinji.findings import Finding, exact, record

PARTS = ("coal", "oil", "gas", "electricity", "heat")
YEARS = tuple(range(2003, 2023))
STEPS = len(YEARS) - 1
SHOWN = ("Beijing", "Tianjin", "Hebei")
PANEL = ("energy_mix_year",)
BACK = 40
"""Years before the first for which Beijing's path is carried back."""
AGO = 10
"""Years over which the speed of change is given, up to the last."""
REVISION = 2018


@dataclass(frozen=True)
class Panel:
    """Amounts of the five parts, ``(province, year, part)`` in Mtce, all above zero.

    `revised` is 0 where the step of 2018 is not told apart from the rest.
    """

    provinces: tuple[str, ...]
    amounts: np.ndarray
    revised: float = 1.0
    truth: dict | None = None


def load(variant: str = "") -> Panel:
    """The panel of the main fit, or of one of `VARIANTS`; raises BookError for an unknown variant."""
    if variant and variant not in VARIANTS:
        raise BookError(f"model energy_mix has no variant '{variant}': expected one of {', '.join(VARIANTS)}")
    panel = complete(tables.load("energy_mix_year"))
    return VARIANTS[variant](panel) if variant else panel


def complete(table: pd.DataFrame) -> Panel:
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
    return Panel(provinces, ordered[list(PARTS)].to_numpy().reshape(len(provinces), len(YEARS), len(PARTS)))


def contrasts() -> np.ndarray:
    """Orthonormal log-ratios (part, ratio): coal against the rest, oil against the rest without coal, and so on.

    Egozcue et al. (2003), doi 10.1023/A:1023818214614.
    """
    matrix = np.zeros((len(PARTS), len(PARTS) - 1))
    for k in range(len(PARTS) - 1):
        rest = len(PARTS) - 1 - k
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


def waves() -> tuple[np.ndarray, np.ndarray]:
    """Sine waves (step, wave) that make yearly steps independent, and the weight of measurement error in each.

    A random walk seen with error has steps with covariance ``walk**2 I + error**2 D``, D tridiagonal (2, -1); these
    waves are the eigenvectors of D.
    """
    k = np.arange(1, STEPS + 1)
    matrix = np.sqrt(2 / (STEPS + 1)) * np.sin(np.pi * np.outer(k, k) / (STEPS + 1))
    return matrix, 2 - 2 * np.cos(np.pi * k / (STEPS + 1))


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    steps = np.diff(log_ratios(panel.amounts), axis=1)
    return {"steps": np.einsum("sw,psr->pwr", waves()[0], steps), "revised": np.array(panel.revised)}


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Random walks with a drift that may change evenly, seen with error; yearly steps as independent waves.

    The likelihood is exact: levels are integrated out by taking steps, the walk and the error by the waves. The
    scatter of a step is that of the walk and of two errors together.
    """
    import pymc as pm
    import pytensor.tensor as pt

    basis, weight = waves()
    middle = np.arange(STEPS) - (STEPS - 1) / 2
    straight, bent, revision = basis.sum(axis=0), basis.T @ (middle / 10), basis[REVISION - 1 - YEARS[0]]
    coords = {
        "province": list(panel.provinces),
        "ratio": [f"{part} to the rest" for part in PARTS[:-1]],
        "wave": range(STEPS),
    }
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        drift_mean = pm.Normal("drift_mean", 0, 0.1, dims="ratio")
        drift_scale = pm.LogNormal("drift_scale", np.log(0.04), 0.5, dims="ratio")
        drift = drift_mean + drift_scale * pm.ZeroSumNormal("drift", 1, dims=("ratio", "province")).T
        bend_mean = pm.Normal("bend_mean", 0, 0.1, dims="ratio")
        bend_scale = pm.LogNormal("bend_scale", np.log(0.05), 0.5, dims="ratio")
        bend = bend_mean + bend_scale * pm.ZeroSumNormal("bend", 1, dims=("ratio", "province")).T
        step_2018 = d["revised"] * pm.Normal("revision", 0, 0.2, dims="ratio")
        scatter_mean = pm.Normal("log_scatter_mean", np.log(0.1), 0.5, dims="ratio")
        scatter = pt.exp(pm.Normal("log_scatter", scatter_mean, 0.5, dims=("province", "ratio")))
        error_to_walk = pm.LogNormal("error_to_walk", np.log(0.4), 0.5, dims="ratio")
        walk = scatter / pt.sqrt(1 + 2 * error_to_walk**2)
        error = walk * error_to_walk

        mean = drift[:, None, :] * straight[:, None] + bend[:, None, :] * bent[:, None] + step_2018 * revision[:, None]
        sd = pt.sqrt(walk[:, None, :] ** 2 + weight[:, None] * error[:, None, :] ** 2)
        pm.Normal("observed_steps", mean, sd, observed=d["steps"], dims=("province", "wave", "ratio"))
    return model


TRUTH = {"coal_drift": -0.06, "own": 0.015, "walk": 0.06, "error": 0.03}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known drift of coal against the rest (keys of `TRUTH`) that starts where `panel` starts."""
    panel = load() if panel is None else panel
    known = {**TRUTH, **truth}
    size = (len(panel.provinces), STEPS, len(PARTS) - 1)
    drift = known["own"] * rng.normal(size=size[::2])
    drift -= drift.mean(axis=0)
    drift[:, 0] += known["coal_drift"]
    steps = drift[:, None] + known["walk"] * rng.normal(size=size)
    start = log_ratios(panel.amounts[:, :1])
    path = np.concatenate([start, start + np.cumsum(steps, axis=1)], axis=1)
    seen = path + known["error"] * rng.normal(size=path.shape)
    total = panel.amounts.sum(axis=-1, keepdims=True)
    return replace(panel, amounts=total * shares(seen), truth={**known, "drift": drift})


def _toy(panel: Panel, coal_drift: float) -> Panel:
    return simulate({"coal_drift": coal_drift}, np.random.default_rng([23, int(-100 * coal_drift)]), panel)


DERIVED = ()
KEPT_WITH = ("",)
VARIANTS = {
    "toy": partial(_toy, coal_drift=-0.06),
    "toy-no-drift": partial(_toy, coal_drift=0.0),
    "revision-left-in": partial(replace, revised=0.0),
}


def parameters(fit, most: int | None = None) -> dict[str, np.ndarray]:
    """Drift, bend, walk and error (draw, province, ratio) and the step of 2018 (draw, ratio), draws of all chains.

    `most` thins evenly to about that many draws.
    """
    flat = fit.parameters.stack(sample=("chain", "draw"))
    flat = flat.isel(sample=slice(None, None, max(1, flat.sizes["sample"] // (most or flat.sizes["sample"]))))
    value = {name: flat[name].transpose("sample", ...).values for name in fit.parameters}
    ratio = value["error_to_walk"][:, None]
    walk = np.exp(value["log_scatter"]) / np.sqrt(1 + 2 * ratio**2)
    mean, scale = value["drift_mean"][:, None], value["drift_scale"][:, None]
    return {
        "drift": mean + scale * value["drift"].transpose(0, 2, 1),
        "bend": value["bend_mean"][:, None] + value["bend_scale"][:, None] * value["bend"].transpose(0, 2, 1),
        "walk": walk,
        "error": walk * ratio,
        "revision": fit.panel.revised * value["revision"],
    }


def mean_steps(known: dict[str, np.ndarray], province: int) -> np.ndarray:
    """Expected yearly steps of a province (draw, step, ratio)."""
    middle = (np.arange(STEPS) - (STEPS - 1) / 2)[:, None]
    steps = known["drift"][:, None, province] + known["bend"][:, None, province] * middle / 10
    steps[:, REVISION - 1 - YEARS[0]] += known["revision"]
    return steps


def states(fit, province: str) -> np.ndarray:
    """Log-ratios behind the published figures (draw, year, ratio), drawn from their distribution given these figures.

    The level of the first year has a flat prior; given the parameters everything is normal, with precision
    ``I / error**2 + F / walk**2`` where F is the matrix of squared steps.
    """
    rng, known = np.random.default_rng([fit.seed, *province.encode()]), parameters(fit)
    k = fit.panel.provinces.index(province)
    seen = log_ratios(fit.panel.amounts[k])
    expected = mean_steps(known, k)
    path = np.concatenate([np.zeros_like(expected[:, :1]), np.cumsum(expected, axis=1)], axis=1)
    difference = np.diff(np.eye(len(YEARS)), axis=0)
    values, vectors = linalg.eigh(difference.T @ difference)
    values[0] = 0.0
    walk, error = known["walk"][:, k, None, :] ** -2, known["error"][:, k, None, :] ** -2
    precision = error + np.maximum(values, 0)[:, None] * walk
    centre = np.einsum("yv,dyr->dvr", vectors, seen - path) * error / precision
    drawn = centre + rng.normal(size=centre.shape) / np.sqrt(precision)
    return path + np.einsum("yv,dvr->dyr", vectors, drawn)


def carried_back(fit, province: str, drawn: np.ndarray) -> np.ndarray:
    """`states` with `BACK` years before them (draw, year, ratio), on the province's drift, bend and walk."""
    rng, known = np.random.default_rng([fit.seed, 9, *province.encode()]), parameters(fit)
    k = fit.panel.provinces.index(province)
    place = -np.arange(1, BACK + 1)[:, None] - (STEPS - 1) / 2
    steps = known["drift"][:, None, k] + known["bend"][:, None, k] * np.maximum(place, -(STEPS - 1) / 2) / 10
    steps = steps + known["walk"][:, None, k] * rng.normal(size=steps.shape)
    before = drawn[:, :1] - np.cumsum(steps, axis=1)
    return np.concatenate([before[:, ::-1], drawn], axis=1)


def last_crossing(path: np.ndarray, level: np.ndarray, rising: bool) -> np.ndarray:
    """Years before the last at which `path` (draw, year) last stood at `level` (draw,), between years by a line.

    0 where the path ends beyond the level's other side, the length of the path where it never reaches it.
    """
    sign = -1.0 if rising else 1.0
    above = sign * (path - level[:, None]) >= 0
    last = path.shape[1] - 1 - np.argmax(above[:, ::-1], axis=1)
    row = np.arange(len(path))
    following = np.minimum(last + 1, path.shape[1] - 1)
    gap = path[row, following] - path[row, last]
    share = np.where(gap == 0, 0.0, (level - path[row, last]) / np.where(gap == 0, 1.0, gap))
    when = last + np.clip(share, 0, 1) * (following > last)
    behind = path.shape[1] - 1 - when
    return np.where(above.any(axis=1), behind, path.shape[1] - 1.0)


def findings(fit) -> list[Finding]:
    """Mixes, speeds of change, and how many years Hebei's mix lies behind Beijing's own path."""
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    shape = partial(np.reshape, shape=(chains, draws))
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
    known = parameters(fit)
    drift = known["drift"][:, :, 0]
    made = [
        name("energy.mix.coal.drift", "yearly change of coal against the other parts, mean of the provinces",
             shape(100 * np.expm1(drift.mean(axis=1) / contrasts()[0, 0])), "% a year"),
        name("energy.mix.revision.coal", "step of 2018 in coal against the other parts",
             shape(100 * np.expm1(known["revision"][:, 0] / contrasts()[0, 0])), "%"),
    ]  # fmt: skip
    if fit.panel.truth:
        truth = 100 * np.expm1(fit.panel.truth["coal_drift"] / contrasts()[0, 0])
        return [*made, exact(f"energy.mix.truth.coal.drift@{fit.variant}",
                             "truth: yearly change of coal against the other parts", round(float(truth), 1),
                             "% a year", ())]  # fmt: skip
    ratios = {province: states(fit, province) for province in SHOWN}
    mixes = {province: shares(path) for province, path in ratios.items()}
    for province in SHOWN:
        made += _mix(province, mixes[province], shape, name)
    made += _behind(fit, ratios, mixes, shape, name)
    return made + (_check(fit) if not fit.variant else [])


def _mix(province: str, mix: np.ndarray, shape, name) -> list[Finding]:
    made, last, key = [], YEARS[-1], province.lower()
    for k, part in enumerate(PARTS):
        made.append(name(f"energy.mix.{key}.{part}.{last}", f"share of {part} in end-use energy, {province}, {last}",
                         shape(100 * mix[:, -1, k]), "%"))  # fmt: skip
    coal = 100 * mix[:, :, 0]
    made += [
        name(f"energy.mix.{key}.coal.{YEARS[0]}", f"share of coal in end-use energy, {province}, {YEARS[0]}",
             shape(coal[:, 0]), "%"),
        name(f"energy.mix.{key}.coal.speed", f"change of the share of coal a year, {province}, {last - AGO} to {last}",
             shape((coal[:, -1] - coal[:, -1 - AGO]) / AGO), "percentage points a year"),
    ]  # fmt: skip
    return made


def _behind(fit, ratios: dict, mixes: dict, shape, name) -> list[Finding]:
    """Years since Beijing's path stood where Hebei's and Tianjin's mix stands in the last year."""
    long = shares(carried_back(fit, "Beijing", ratios["Beijing"]))
    made = []
    for province in ("Hebei", "Tianjin"):
        for k, part in ((0, "coal"), (2, "gas"), (3, "electricity")):
            behind = last_crossing(long[:, :, k], mixes[province][:, -1, k], rising=part != "coal")
            key = f"energy.mix.{province.lower()}.years-behind" + ("" if part == "coal" else f".{part}")
            made.append(name(key, f"years since Beijing's share of {part} stood where {province}'s is in {YEARS[-1]}",
                             shape(behind), "years"))  # fmt: skip
            if part == "coal":
                made.append(name(f"{key}.before-record", f"probability that Beijing's share of coal last stood where "
                                 f"{province}'s stands in {YEARS[-1]} before the record begins",
                                 shape(behind > STEPS), "probability"))  # fmt: skip
        distance = np.linalg.norm(ratios["Beijing"] - ratios[province][:, -1:], axis=2)
        nearest = np.argmin(distance, axis=1) + YEARS[0]
        made.append(name(f"energy.mix.{province.lower()}.nearest-year",
                         f"year of Beijing's recorded mix that is nearest to {province}'s of {YEARS[-1]}",
                         shape(nearest), ""))  # fmt: skip
    return made


def replicates(fit) -> np.ndarray:
    """Waves of yearly steps drawn anew (draw, province, wave, ratio)."""
    rng, known = np.random.default_rng(fit.seed), parameters(fit, most=600)
    basis, weight = waves()
    drawn = []
    for k in range(len(fit.panel.provinces)):
        mean = np.einsum("sw,dsr->dwr", basis, mean_steps(known, k))
        sd = np.sqrt(known["walk"][:, None, k] ** 2 + weight[:, None] * known["error"][:, None, k] ** 2)
        drawn.append(mean + sd * rng.normal(size=mean.shape))
    return np.stack(drawn, axis=1)


def _check(fit) -> list[Finding]:
    """Share of the steps inside the central 94 % of steps drawn anew, and the largest step against its replicates."""
    drawn, seen = replicates(fit), data(fit.panel)["steps"]
    low, high = np.percentile(drawn, [3, 97], axis=0)
    extreme = np.abs(drawn).max(axis=(1, 2, 3)) >= np.abs(seen).max()
    return [
        exact("energy.mix.check.inside", "waves of yearly steps inside the central 94 % of waves drawn anew",
              round(100 * float(np.mean((low <= seen) & (seen <= high))), 1), "%", PANEL),
        exact("energy.mix.check.largest", "share of replicates whose largest step is at least the largest seen",
              round(100 * float(extreme.mean()), 1), "%", PANEL),
        exact("energy.mix.record", "years from the first to the last year of the mixes", STEPS, "years", PANEL),
        exact("energy.mix.provinces", "provinces with all five parts in every year", len(fit.panel.provinces), "",
              PANEL),
    ]  # fmt: skip
