"""What is said of fits of `mix`: the named quantities of a fit."""

from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.energy.mix import (
    BACK,
    PARTS,
    REVISION,
    SHOWN,
    STEPS,
    TABLES,
    YEARS,
    Panel,
    _share,
    contrasts,
    data,
    departures,
    log_ratios,
    odd_levels,
    shares,
)

AGO = 10
"""Years over which the speed of change is given, up to the last."""


def parameters(fit, most: int | None = None) -> dict[str, np.ndarray]:
    """Drift, bend, scatter, revision (draw, province, ratio), year (draw, year, ratio) and the rest, of all chains.

    `tail` is the number of degrees of freedom. `most` thins evenly to about that many draws.
    """
    flat = fit.parameters.stack(sample=("chain", "draw"))
    flat = flat.isel(sample=slice(None, None, max(1, flat.sizes["sample"] // (most or flat.sizes["sample"]))))
    value = {name: flat[name].transpose("sample", ...).values for name in fit.parameters}
    mean, scale = value["drift_mean"][:, None], value["drift_scale"][:, None]
    return {
        "drift": mean + scale * value["drift"].transpose(0, 2, 1),
        "bend": value["bend_mean"][:, None] + value["bend_scale"][:, None] * value["bend"].transpose(0, 2, 1),
        "scatter": np.exp(value["log_scatter"]),
        "tail": 1 + value["tail"],
        "follow": value["follow"],
        "revision": value["revision_mean"][:, None]
        + value["revision_scale"][:, None] * value["revision"].transpose(0, 2, 1),
        "revision_scale": value["revision_scale"],
        "year": value["year_effect"],
        "year_scale": value["year_scale"],
        "cell_error": value["cell_error"],
    }


def states(fit, province: str) -> np.ndarray:
    """Log-ratios (draw, year, ratio) without the errors of odd cells, on the footing since `REVISION`.

    Years before it are moved by the province's own revision of that year.
    """
    known, k = parameters(fit), fit.panel.provinces.index(province)
    mended = log_ratios(fit.panel.amounts[k]) - np.tensordot(known["cell_error"], odd_levels(fit.panel)[:, k], axes=1)
    return mended + known["revision"][:, k, None] * (np.array(YEARS) < REVISION)[:, None]


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


COAL = {
    "coal.drift": ("% a year", "yearly change of coal against the other parts, mean of the provinces"),
    "revision.coal": ("%", "revision of 2018 in coal against the other parts, mean of the provinces"),
}
CHECKS = {
    "inside": ("%", "yearly steps inside the central 94 % of steps drawn anew", 1),
    "largest": ("%", "replicates whose largest step is at least the largest seen", 1),
    "kurtosis": ("%", "replicates whose steps have at least the kurtosis seen", 1),
    "return": ("%", "replicates whose steps return at least as much as those seen", 1),
    "together": ("%", "replicates with as many large steps of one province and year", 1),
}
RECORD = {
    "record": ("years", "years from the first to the last year of the mixes", None),
    "provinces": ("", "provinces with all five parts in every year", None),
    "odd-cells": ("", "cells of the mixes that jump and return", None),
}


def findings(fit) -> list[Finding]:
    """Mixes, speeds of change, and how many years Hebei's and Tianjin's mixes lie behind Beijing's own path."""
    say, known = Scribe(TABLES, "energy.mix.", fit), parameters(fit)
    drift, revision = known["drift"][:, :, 0].mean(axis=1), known["revision"][:, :, 0].mean(axis=1)
    made = {"coal.drift": _change(drift), "revision.coal": _change(revision)}
    if fit.panel.truth:
        true = {"coal.drift": fit.panel.truth["coal_drift"], "revision.coal": fit.panel.truth["revisions"][:, 0].mean()}
        for key, value in true.items():
            unit, label = COAL[key]
            say.pair(key, label, round(float(_change(value)), 1), made[key], unit)
        return say.made
    say.table(COAL, made)
    for province in SHOWN:
        own = _change(known["revision"][:, fit.panel.provinces.index(province), 0])
        say.draws(f"revision.coal.{province.lower()}", f"revision of 2018 in {province}'s coal against the other parts",
                  own, "%")  # fmt: skip
    _say_behind(say, fit)
    say.under("check.").scores(CHECKS, _check(fit))
    _say_published(say, fit.panel)
    return say.made


def _change(coal: np.ndarray) -> np.ndarray:
    """Change of coal against the geometric mean of the other parts, per cent, of a change of its log-ratio."""
    return 100 * np.expm1(coal / contrasts()[0, 0])


def _say_published(say: Scribe, panel: Panel) -> None:
    """Shares as they are published, their speed, and how far behind Beijing they lie as published."""
    mix = 100 * panel.amounts / panel.amounts.sum(axis=-1, keepdims=True)
    mix = {province: mix[panel.provinces.index(province)] for province in SHOWN}
    last = YEARS[-1]
    for province, share in mix.items():
        of = say.under(f"{province.lower()}.")
        for k, part in enumerate(PARTS):
            of.fact(f"{part}.{last}", f"share of {part} in end-use energy, {province}, {last}", share[-1, k], "%", 1)
        words = f"share of coal in end-use energy, {province}, {YEARS[0]}"
        of.fact(f"coal.{YEARS[0]}", words, share[0, 0], "%", 1)
    for province, part, k in COMPARED:
        behind = last_crossing(mix["Beijing"][None, :, k], mix[province][-1:, k], rising=part != "coal")
        words = f"years since Beijing's published share of {part} stood where {province}'s is in {last}"
        say.fact(f"{province.lower()}.years-behind.{part}.as-published", words, behind[0], "years", 1)
    say.facts(RECORD, {"record": STEPS, "provinces": len(panel.provinces), "odd-cells": len(panel.odd)})


COMPARED = tuple(
    (province, part, PARTS.index(part))
    for province, parts in (("Hebei", ("gas", "electricity")), ("Tianjin", ("coal", "gas", "electricity")))
    for part in parts
)
"""Shares whose level of the last year lies inside Beijing's record; Hebei's coal lies outside it."""


def _say_behind(say: Scribe, fit) -> None:
    """Years since Beijing stood where another province stands in the last year, all on the footing since 2018."""
    ratios = {province: states(fit, province) for province in SHOWN}
    mixes = {province: shares(path) for province, path in ratios.items()}
    for province, part, k in COMPARED:
        behind = last_crossing(mixes["Beijing"][:, :, k], mixes[province][:, -1, k], rising=part != "coal")
        words = f"years since Beijing's share of {part} stood where {province}'s is in {YEARS[-1]}, on one footing"
        say.draws(f"{province.lower()}.years-behind.{part}", words, behind, "years")
    for province, mix in mixes.items():
        speed = 100 * (mix[:, -1, 0] - mix[:, -1 - AGO, 0]) / AGO
        words = f"change of the share of coal a year on one footing, {province}, {YEARS[-1] - AGO} to {YEARS[-1]}"
        say.draws(f"{province.lower()}.coal.speed", words, speed, "percentage points a year")
    coal = 100 * mixes["Beijing"][:, :, 0]
    words = f"share of coal in end-use energy, Beijing, {YEARS[0]}, on the footing since {REVISION}"
    say.draws(f"beijing.coal.{YEARS[0]}.one-footing", words, coal[:, 0], "%")
    above = 100 * mixes["Hebei"][:, -1, 0] > coal.max(axis=1)
    words = f"probability that Hebei's share of coal in {YEARS[-1]} is above all of Beijing's record, on one footing"
    say.draws("hebei.years-behind.before-record", words, above, "probability")
    distance = np.linalg.norm(ratios["Beijing"] - ratios["Hebei"][:, -1:], axis=2)
    words = f"probability that of Beijing's recorded mixes the first is nearest to Hebei's of {YEARS[-1]}"
    say.draws("hebei.nearest-year.first", words, np.argmin(distance, axis=1) == 0, "probability")


def replicates(fit) -> np.ndarray:
    """Yearly steps drawn anew without errors of odd cells (draw, province, step, ratio)."""
    rng, known = np.random.default_rng(fit.seed), parameters(fit, most=600)
    middle = (np.arange(STEPS) - (STEPS - 1) / 2) / 10
    mean = known["drift"][:, :, None] + known["bend"][:, :, None] * middle[:, None] + known["year"][:, None]
    mean = mean + known["revision"][:, :, None] * (np.array(YEARS[1:]) == REVISION)[:, None]
    scatter = np.broadcast_to(known["scatter"][:, :, None], mean.shape)
    return mean + departures(rng, scatter, known["tail"][:, None, None], known["follow"][:, None, None])


def _check(fit) -> dict[str, float]:
    """Yearly steps against steps drawn anew, in the series without an odd cell, per cent."""
    free = ~odd_levels(fit.panel).any(axis=(0, 2))
    drawn, seen = (np.moveaxis(steps, -1, -2)[..., free, :] for steps in (replicates(fit), data(fit.panel)["steps"]))
    low, high = np.percentile(drawn, [3, 97], axis=0)

    def at_least(statistic) -> float:
        """Of the replicates in which the statistic is at least as large as in the data."""
        return 100 * float(np.mean(statistic(drawn) >= statistic(seen)))

    return {
        "inside": 100 * float(np.mean((low <= seen) & (seen <= high))),
        "largest": at_least(lambda steps: np.abs(steps).max(axis=(-2, -1))),
        "kurtosis": at_least(lambda steps: scipy.stats.kurtosis(steps, axis=-1).mean(axis=-1)),
        "return": at_least(returning),
        "together": at_least(partial(together, provinces=np.nonzero(free)[0])),
    }


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
