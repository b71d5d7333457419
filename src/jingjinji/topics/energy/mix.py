"""End-use energy of provinces as a composition: random walks of log-ratios, and Beijing's path as a yardstick."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Finding, exact, record

PARTS = ("coal", "oil", "gas", "electricity", "heat")
YEARS = tuple(range(2003, 2023))
STEPS, RATIOS = len(YEARS) - 1, len(PARTS) - 1
PAIRS = np.triu_indices(RATIOS, 1)
SHOWN = ("Beijing", "Tianjin", "Hebei")
PANEL = ("energy_mix_year",)
BACK = 10
"""Years before the first for which Beijing's path is carried back in a figure."""
AGO = 10
"""Years over which the speed of change is given, up to the last."""
REVISION = 2018
ODD = 2.0
"""Factor by which an odd cell leaves its neighbours in time."""


@dataclass(frozen=True)
class Panel:
    """Amounts of the five parts, ``(province, year, part)`` in Mtce, all above zero.

    `odd` has one row an odd cell: positions of province, year and part. `odd_apart` is 0 where these cells count like
    the others, so that their errors have their prior; `normal` is 1 where steps are nearly normal.
    """

    provinces: tuple[str, ...]
    amounts: np.ndarray
    odd: np.ndarray
    odd_apart: float = 1.0
    normal: float = 0.0
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
    return {
        "steps": np.diff(log_ratios(panel.amounts), axis=1),
        "odd_apart": np.array(panel.odd_apart),
        "normal": np.array(panel.normal),
    }


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

    The four steps of a province and year are a multivariate t, written as each ratio given those before it.
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
        revision = pm.Normal("revision", 0, 0.2, dims="ratio")
        year_scale = pm.LogNormal("year_scale", np.log(0.03), 0.5, dims="ratio")
        year = pm.Normal("year_effect", 0, year_scale, dims=("year", "ratio"))
        cell_error = d["odd_apart"] * pm.Normal("cell_error", 0, 2, dims="cell")
        scatter_mean = pm.Normal("log_scatter_mean", np.log(0.1), 0.5, dims="ratio")
        scatter = pt.exp(pm.Normal("log_scatter", scatter_mean, 0.5, dims=("province", "ratio")))
        follow = pm.Normal("follow", 0, 0.5, dims="pair")
        tail = 1 + pm.Gamma("tail", 2, 0.1) + 1000 * d["normal"]

        mean = drift[:, None, :] + bend[:, None, :] * middle[:, None] + revision * revised[:, None] + year
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
    "coal_drift": -0.06, "revision": -0.1, "own": 0.015, "year": 0.03, "scatter": 0.06, "follow": 0.2, "tail": 3.0,
    "cell_error": 1.5,
}  # fmt: skip


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known drift and step of 2018 of coal (keys of `TRUTH`) that starts where `panel` starts.

    The odd cells of `panel` get an error, up and down in turn.
    """
    panel = load() if panel is None else panel
    known = {**TRUTH, **truth}
    size = (len(panel.provinces), STEPS, RATIOS)
    drift = known["own"] * rng.normal(size=size[::2])
    drift -= drift.mean(axis=0)
    drift[:, 0] += known["coal_drift"]
    follow = np.full(len(PAIRS[0]), known["follow"])
    steps = departures(rng, np.full(size, known["scatter"]), known["tail"], follow)
    steps += drift[:, None] + known["year"] * rng.normal(size=size[1:])
    steps[:, REVISION - 1 - YEARS[0], 0] += known["revision"]
    start = log_ratios(panel.amounts[:, :1])
    path = np.concatenate([start, start + np.cumsum(steps, axis=1)], axis=1)
    error = known["cell_error"] * (-1.0) ** np.arange(len(panel.odd))
    seen = path + np.tensordot(error, odd_levels(panel), axes=1)
    total = panel.amounts.sum(axis=-1, keepdims=True)
    return replace(panel, amounts=total * shares(seen), truth={**known, "drift": drift})


def _toy(panel: Panel, rng: np.random.Generator, **truth: float) -> Panel:
    return simulate(truth, rng, panel)


TOYS = {"toy": partial(_toy, coal_drift=-0.06), "toy-no-drift": partial(_toy, coal_drift=0.0, revision=0.0)}


DERIVED = ()
VARIANTS = {
    "normal-steps": partial(replace, normal=1.0),
    "odd-cells-left-in": partial(replace, odd_apart=0.0),
}


def parameters(fit, most: int | None = None) -> dict[str, np.ndarray]:
    """Drift, bend, scatter (draw, province, ratio), year (draw, year, ratio) and the rest, draws of all chains.

    `tail` is the number of degrees of freedom, `year` has the common step of 2018 in it. `most` thins evenly to about
    that many draws.
    """
    flat = fit.parameters.stack(sample=("chain", "draw"))
    flat = flat.isel(sample=slice(None, None, max(1, flat.sizes["sample"] // (most or flat.sizes["sample"]))))
    value = {name: flat[name].transpose("sample", ...).values for name in fit.parameters}
    mean, scale = value["drift_mean"][:, None], value["drift_scale"][:, None]
    return {
        "drift": mean + scale * value["drift"].transpose(0, 2, 1),
        "bend": value["bend_mean"][:, None] + value["bend_scale"][:, None] * value["bend"].transpose(0, 2, 1),
        "scatter": np.exp(value["log_scatter"]),
        "tail": 1 + value["tail"] + 1000 * fit.panel.normal,
        "follow": value["follow"],
        "revision": value["revision"],
        "year": value["year_effect"] + value["revision"][:, None] * (np.array(YEARS[1:]) == REVISION)[:, None],
        "year_scale": value["year_scale"],
        "cell_error": fit.panel.odd_apart * value["cell_error"],
    }


def states(fit, province: str) -> np.ndarray:
    """Log-ratios (draw, year, ratio) without the errors of odd cells, on the footing since `REVISION`.

    Years before it are moved by the common step of that year.
    """
    known, k = parameters(fit), fit.panel.provinces.index(province)
    mended = log_ratios(fit.panel.amounts[k]) - np.tensordot(known["cell_error"], odd_levels(fit.panel)[:, k], axes=1)
    return mended + known["revision"][:, None] * (np.array(YEARS) < REVISION)[:, None]


def carried_back(fit, province: str, drawn: np.ndarray) -> np.ndarray:
    """`states` with `BACK` years before them (draw, year, ratio), on the province's first drift and its scatter."""
    rng, known = np.random.default_rng([fit.seed, 9, *province.encode()]), parameters(fit)
    k = fit.panel.provinces.index(province)
    drift = known["drift"][:, k] - known["bend"][:, k] * (STEPS - 1) / 20
    scatter = np.repeat(known["scatter"][:, None, k], BACK, axis=1)
    steps = departures(rng, scatter, known["tail"][:, None], known["follow"][:, None])
    steps += drift[:, None] + known["year_scale"][:, None] * rng.normal(size=steps.shape)
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
    """Mixes, speeds of change, and how many years Hebei's and Tianjin's mixes lie behind Beijing's own path."""
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    shape = partial(np.reshape, shape=(chains, draws))
    suffix = f"@{fit.variant}" if fit.variant else ""
    name = partial(record, model=fit.name, panel=PANEL, suffix=suffix)
    known = parameters(fit)
    drift = known["drift"][:, :, 0]
    made = [
        name("energy.mix.coal.drift", "yearly change of coal against the other parts, mean of the provinces",
             shape(_change(drift.mean(axis=1))), "% a year"),
        name("energy.mix.revision.coal", "step of 2018 in coal against the other parts",
             shape(_change(known["revision"][:, 0])), "%"),
    ]  # fmt: skip
    if fit.panel.truth:
        truth = {key: round(float(_change(fit.panel.truth[key])), 1) for key in ("coal_drift", "revision")}
        return [
            *made,
            exact(f"energy.mix.truth.coal.drift{suffix}", "truth: yearly change of coal against the other parts",
                  truth["coal_drift"], "% a year", ()),
            exact(f"energy.mix.truth.revision.coal{suffix}", "truth: step of 2018 in coal against the other parts",
                  truth["revision"], "%", ()),
        ]  # fmt: skip
    made += [*_behind(fit, shape, name), *_check(fit, suffix)]
    return made if fit.variant else [*made, *_published(fit.panel)]


def _change(coal: np.ndarray) -> np.ndarray:
    """Change of coal against the geometric mean of the other parts, per cent, of a change of its log-ratio."""
    return 100 * np.expm1(coal / contrasts()[0, 0])


def _published(panel: Panel) -> list[Finding]:
    """Shares as they are published, their speed, and how far behind Beijing they lie as published."""
    mix = 100 * panel.amounts / panel.amounts.sum(axis=-1, keepdims=True)
    mix = {province: mix[panel.provinces.index(province)] for province in SHOWN}
    made, last = [], YEARS[-1]
    for province, share in mix.items():
        key = f"energy.mix.{province.lower()}"
        made += [exact(f"{key}.{part}.{last}", f"share of {part} in end-use energy, {province}, {last}",
                       round(share[-1, k], 1), "%", PANEL) for k, part in enumerate(PARTS)]  # fmt: skip
        made += [
            exact(f"{key}.coal.{YEARS[0]}", f"share of coal in end-use energy, {province}, {YEARS[0]}",
                  round(share[0, 0], 1), "%", PANEL),
            exact(f"{key}.coal.speed", f"change of the share of coal a year, {province}, {last - AGO} to {last}",
                  round((share[-1, 0] - share[-1 - AGO, 0]) / AGO, 2), "percentage points a year", PANEL),
        ]  # fmt: skip
    for province, part, k in COMPARED:
        behind = last_crossing(mix["Beijing"][None, :, k], mix[province][-1:, k], rising=part != "coal")
        made.append(exact(f"energy.mix.{province.lower()}.years-behind.{part}.as-published",
                          f"years since Beijing's published share of {part} stood where {province}'s is in {last}",
                          round(float(behind[0]), 1), "years", PANEL))  # fmt: skip
    return [
        *made,
        exact("energy.mix.record", "years from the first to the last year of the mixes", STEPS, "years", PANEL),
        exact("energy.mix.provinces", "provinces with all five parts in every year", len(panel.provinces), "", PANEL),
        exact("energy.mix.odd-cells", "cells of the mixes that jump and return", len(panel.odd), "", PANEL),
    ]


COMPARED = tuple(
    (province, part, PARTS.index(part))
    for province, parts in (("Hebei", ("gas", "electricity")), ("Tianjin", ("coal", "gas", "electricity")))
    for part in parts
)
"""Shares whose level of the last year lies inside Beijing's record; Hebei's coal lies outside it."""


def _behind(fit, shape, name) -> list[Finding]:
    """Years since Beijing stood where another province stands in the last year, all on the footing since 2018."""
    ratios = {province: states(fit, province) for province in SHOWN}
    mixes = {province: shares(path) for province, path in ratios.items()}
    made = [
        name(f"energy.mix.{province.lower()}.years-behind.{part}",
             f"years since Beijing's share of {part} stood where {province}'s is in {YEARS[-1]}, on one footing",
             shape(last_crossing(mixes["Beijing"][:, :, k], mixes[province][:, -1, k], rising=part != "coal")),
             "years")
        for province, part, k in COMPARED
    ]  # fmt: skip
    coal = 100 * mixes["Beijing"][:, :, 0]
    distance = np.linalg.norm(ratios["Beijing"] - ratios["Hebei"][:, -1:], axis=2)
    return [
        *made,
        name(f"energy.mix.beijing.coal.{YEARS[0]}.one-footing",
             f"share of coal in end-use energy, Beijing, {YEARS[0]}, on the footing since {REVISION}",
             shape(coal[:, 0]), "%"),
        name("energy.mix.hebei.years-behind.before-record",
             f"probability that Hebei's share of coal in {YEARS[-1]} is above all of Beijing's record, on one footing",
             shape(100 * mixes["Hebei"][:, -1, 0] > coal.max(axis=1)), "probability"),
        name("energy.mix.hebei.nearest-year.first",
             f"probability that of Beijing's recorded mixes the first is nearest to Hebei's of {YEARS[-1]}",
             shape(np.argmin(distance, axis=1) == 0), "probability"),
    ]  # fmt: skip


def replicates(fit) -> np.ndarray:
    """Yearly steps drawn anew without errors of odd cells (draw, province, step, ratio)."""
    rng, known = np.random.default_rng(fit.seed), parameters(fit, most=600)
    middle = (np.arange(STEPS) - (STEPS - 1) / 2) / 10
    mean = known["drift"][:, :, None] + known["bend"][:, :, None] * middle[:, None] + known["year"][:, None]
    scatter = np.broadcast_to(known["scatter"][:, :, None], mean.shape)
    return mean + departures(rng, scatter, known["tail"][:, None, None], known["follow"][:, None, None])


def _check(fit, suffix: str) -> list[Finding]:
    """Yearly steps against steps drawn anew, in the series without an odd cell."""
    free = ~odd_levels(fit.panel).any(axis=(0, 2))
    drawn, seen = (np.moveaxis(steps, -1, -2)[..., free, :] for steps in (replicates(fit), data(fit.panel)["steps"]))
    low, high = np.percentile(drawn, [3, 97], axis=0)
    share = partial(exact, unit="%", panel=PANEL, model=fit.name)

    def at_least(statistic) -> float:
        """Per cent of the replicates in which the statistic is at least as large as in the data."""
        return round(100 * float(np.mean(statistic(drawn) >= statistic(seen))), 1)

    return [
        share(f"energy.mix.check.inside{suffix}", "yearly steps inside the central 94 % of steps drawn anew",
              round(100 * float(np.mean((low <= seen) & (seen <= high))), 1)),
        share(f"energy.mix.check.largest{suffix}", "replicates whose largest step is at least the largest seen",
              at_least(lambda steps: np.abs(steps).max(axis=(-2, -1)))),
        share(f"energy.mix.check.kurtosis{suffix}", "replicates whose steps have at least the kurtosis seen",
              at_least(lambda steps: scipy.stats.kurtosis(steps, axis=-1).mean(axis=-1))),
        share(f"energy.mix.check.return{suffix}", "replicates whose steps return at least as much as those seen",
              at_least(returning)),
        share(f"energy.mix.check.together{suffix}", "replicates with as many large steps of one province and year",
              at_least(partial(together, provinces=np.nonzero(free)[0]))),
    ]  # fmt: skip


def returning(steps: np.ndarray) -> np.ndarray:
    """Minus the rank correlation of steps (..., series, step) with those of the year after, mean of the series.

    Errors of single figures raise it: what goes up by an error comes down in the year after.
    """
    rank = scipy.stats.rankdata(steps, axis=-1) - (steps.shape[-1] + 1) / 2
    return -((rank[..., 1:] * rank[..., :-1]).sum(axis=-1) / (rank**2).sum(axis=-1)).mean(axis=-1)


def together(steps: np.ndarray, provinces: np.ndarray) -> np.ndarray:
    """Pairs of large steps in one province and year, of steps (..., series, step) with the province of each series.

    Large is more than three times the usual size of the series, by its median absolute deviation.
    """
    apart = np.abs(steps - np.median(steps, axis=-1, keepdims=True))
    large = apart > 3 * 1.4826 * np.median(apart, axis=-1, keepdims=True)
    count = np.stack([large[..., provinces == p, :].sum(axis=-2) for p in np.unique(provinces)], axis=-1)
    return (count * (count - 1) / 2).sum(axis=(-2, -1))


def odd_table(fit) -> pd.DataFrame:
    """The odd cells with their published shares and the shares without the error, with 94 % intervals."""
    rows, error = [], parameters(fit)["cell_error"]
    for p, y, k in fit.panel.odd:
        published = log_ratios(fit.panel.amounts[p, y])
        mended = 100 * shares(published - np.tensordot(error, odd_levels(fit.panel)[:, p, y], axes=1))[:, k]
        low, middle, high = np.percentile(mended, [3, 50, 97])
        rows.append({
            "cell": f"{fit.panel.provinces[p]}, {PARTS[k]}, {YEARS[y]}",
            "the year before": f"{_share(fit.panel, p, y - 1, k):.1f} %",
            "published": f"{_share(fit.panel, p, y, k):.1f} %",
            "the year after": f"{_share(fit.panel, p, y + 1, k):.1f} %",
            "without the error": f"{middle:.1f} % ({low:.1f} to {high:.1f})",
        })  # fmt: skip
    return pd.DataFrame(rows)


def _share(panel: Panel, province: int, year: int, part: int) -> float:
    return 100 * panel.amounts[province, year, part] / panel.amounts[province, year].sum()
