"""What is said of fits of `phase_out`: the named quantities of a fit."""

import numpy as np
import pandas as pd

from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.energy import facts
from jingjinji.topics.energy.phase_out import (
    FEWEST,
    KIND,
    NAMES,
    TABLES,
    UNITS,
    Panel,
    carried,
    data,
    gone,
    peaks,
    points,
)

SERIES = {unit: f"{series} of {area}" for unit, (area, series) in UNITS.items()}
OF_CURVE = {
    "curve.half-time": ("years", "years to half on the curve, {series}"),
    "tenth-time": ("years", "years to a tenth on the curve, {series}"),
}
OF_FIGURES = {
    "half-time": ("years", "half is left, interpolated, {series}, years since the largest figure", 1),
    "half-time.after": ("years", "last figure above half, {series}, years since the largest figure", None),
    "half-time.before": ("years", "first figure below half, {series}, years since the largest figure", None),
}


def half_time(tenth: np.ndarray, bend: np.ndarray, logistic: float = 0.0) -> np.ndarray:
    """Years from the largest figure until half is left on the curve."""
    odds = 1 / 9 if logistic else np.log(2) / np.log(10)
    return tenth * np.log1p(odds * np.expm1(bend)) / bend


def years_to(share: float, elapsed: np.ndarray, figures: np.ndarray) -> np.ndarray:
    """Years until `share` of the first of `figures` (..., year) is left, at a steady rate between two; nan if never."""
    left = figures / figures[..., :1]
    after = (left < share).argmax(axis=-1)
    before = np.maximum(after - 1, 0)
    above, below = (np.take_along_axis(left, k[..., None], -1)[..., 0] for k in (before, after))
    part = np.log(above / share) / np.where(after > 0, np.log(above / np.maximum(below, 1e-9)), 1)
    return np.where(after > 0, elapsed[before] + part * (elapsed[after] - elapsed[before]), np.nan)


def yearly(panel: Panel, unit: str) -> pd.Series:
    """Figures of a unit by years since the largest, mean of the sources."""
    rows = panel.rows[panel.rows.unit == unit]
    return rows.groupby(rows.year - rows.year.min()).value.mean()


def crossing(panel: Panel, unit: str, share: float) -> tuple[float, float, float]:
    """Years until `share` of the largest figure is left, and the last year above and first year below; nan if never.

    The first of the three is nan also where the largest figure is only a bound.
    """
    figures = yearly(panel, unit)
    below = figures.index[figures < share * figures.iloc[0]]
    if not len(below):
        return np.nan, np.nan, np.nan
    years = years_to(share, figures.index.to_numpy(dtype=float), figures.to_numpy())
    bounded = panel.rows.bounded[panel.rows.unit == unit].any()
    return (np.nan if bounded else float(years)), figures.index[figures.index < below[0]].max(), below[0]


def curves(fit) -> dict[str, np.ndarray]:
    """Time to a tenth, half-time, bend and plateau (as the series), each (chain, draw, unit)."""
    names = ("tenth", "bend", "level")
    draws = {name: fit.parameters[name].transpose("chain", "draw", "unit").values for name in names}
    return {
        "tenth": draws["tenth"],
        "half": half_time(draws["tenth"], draws["bend"], fit.panel.logistic),
        "bend": draws["bend"],
        "plateau": peaks(fit.panel).value.to_numpy() * np.exp(draws["level"]),
    }


def path(fit, years: np.ndarray, unit: str) -> np.ndarray:
    """The curve of a unit (chain, draw, year), from its own largest figure."""
    made, k = curves(fit), NAMES.index(unit)
    since = years - peaks(fit.panel).year[unit]
    decline = gone(since, made["tenth"][..., k, None], made["bend"][..., k, None], fit.panel.logistic)
    return made["plateau"][..., k, None] * np.exp(-decline)


def findings(fit) -> list[Finding]:
    """Half-times on the curves and in the figures, of a synthetic panel half-times with their truth."""
    say, parts = Scribe(TABLES, "energy.", fit), curves(fit)
    if fit.panel.truth:
        _say_recovered(say, fit, parts)
        return say.made
    for k, (unit, series) in enumerate(SERIES.items()):
        of = say.under(f"{unit}.")
        of.table(OF_CURVE, {"curve.half-time": parts["half"][..., k], "tenth-time": parts["tenth"][..., k]},
                 series=series)  # fmt: skip
    _say_bound(say.under("beijing.2024"), fit)
    if not fit.variant:
        _say_figures(say, fit.panel)
        _say_check(say, fit)
    return say.made


def _say_figures(say: Scribe, panel: Panel) -> None:
    """Half-times as the figures give them, with the years of the two figures between which they lie."""
    took = {unit: crossing(panel, unit, 0.5) for unit in UNITS}
    for unit, times in took.items():
        if not np.isnan(times[0]):
            made = dict(zip(OF_FIGURES, times, strict=True))
            say.under(f"{unit}.").facts(OF_FIGURES, made, series=SERIES[unit])
    words = "half-time of Germany's output as a multiple of that of Beijing's coal"
    say.fact("germany.times-beijing", words, took["germany"][0] / took["beijing"][0], "", 1)


def _say_recovered(say: Scribe, fit, parts: dict[str, np.ndarray]) -> None:
    for k, (unit, series) in enumerate(SERIES.items()):
        truth = half_time(fit.panel.truth["tenth"][unit], fit.panel.truth["bends"][k])
        drawn = parts["half"][..., k]
        say.pair(f"{unit}.curve.half-time", f"half-time, {series}", round(float(truth), 1), drawn, "years")


def departures(fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Square roots on the curves, and what the figures and figures drawn anew add: three arrays (draw, point)."""
    rng, arrays = np.random.default_rng(fit.seed), data(fit.panel)
    names = ("root", "scatter", "memory", "disagreement")
    draws = {name: fit.parameters[name].stack(draws=("chain", "draw")).transpose("draws", ...).values for name in names}
    persistence = np.exp(-arrays["gap"] / draws["memory"][:, None])
    scale = draws["scatter"][:, KIND[arrays["unit_index"]]]
    error = arrays["root_left"] / 2 * np.hypot(arrays["floor"], draws["disagreement"][:, None])
    size = draws["root"].shape
    anew = scale * carried(rng.normal(size=size), persistence) + error * rng.normal(size=size)
    return draws["root"], arrays["root_left"] - draws["root"], anew


def neighbours(departure: np.ndarray) -> np.ndarray:
    """Correlation of neighbours in departures (draw, year) around zero: runs on one side of a curve show in it."""
    return (departure[:, 1:] * departure[:, :-1]).sum(axis=1) / (departure**2).sum(axis=1)


def tails(fit) -> pd.DataFrame:
    """Share of replicates below the figures, by unit, of half-times and of the correlation of neighbouring departures.

    nan where a unit has too few figures.
    """
    root, seen, anew = departures(fit)
    place, made = points(fit.panel), {}
    for name in NAMES:
        mine = (place.unit == name).to_numpy()
        half, runs = crossing(fit.panel, name, 0.5)[0], np.nan
        if not np.isnan(half):
            drawn = np.maximum(root[:, mine] + anew[:, mine], 0) ** 2
            years = years_to(0.5, place.elapsed.to_numpy()[mine], drawn)
            half = np.mean(np.nan_to_num(years, nan=np.inf) < half)
        if mine.sum() >= FEWEST:
            runs = np.mean(neighbours(anew[:, mine]) < neighbours(seen[:, mine]))
        made[name] = (half, runs)
    return pd.DataFrame(made, index=["half-time", "runs"]).T


def _say_check(say: Scribe, fit) -> None:
    for check, below in tails(fit).items():
        below = below.dropna()
        label = f"series whose {check} lies inside the central 94 % of replicates"
        say.score(f"phase.check.{check}", label, below.between(0.03, 0.97).sum())
        say.fact(f"phase.check.{check}.of", f"series with enough figures for a check of {check}", len(below))


def _say_bound(say: Scribe, fit) -> None:
    """Beijing's coal of 2024, not seen by the fit, with its departure from the curve, and the published bound."""
    limit = facts.fact("Beijing", "coal consumption", "2024")
    place, k = points(fit.panel), NAMES.index("beijing")
    last = np.flatnonzero(place.unit == "beijing")[-1]
    names = ("root", "scatter", "memory", "disagreement", "error")
    draws = {key: fit.parameters[key].transpose("chain", "draw", ...).values for key in names}
    arrays, first = data(fit.panel), peaks(fit.panel).value["beijing"]
    seen = arrays["root_left"][last]
    error = seen / 2 * np.hypot(arrays["floor"][last], draws["disagreement"]) * draws["error"][..., last]
    persistence = np.exp(-(2024 - place.year[last]) / draws["memory"])
    surprise = np.random.default_rng(fit.seed).normal(size=persistence.shape) * np.sqrt(1 - persistence**2)
    departure = persistence * (seen - error - draws["root"][..., last]) + draws["scatter"][..., KIND[k]] * surprise
    along = first * np.maximum(np.sqrt(path(fit, np.array([2024]), "beijing")[..., 0] / first) + departure, 0) ** 2
    say.draws("", "Beijing's coal in 2024 as its figures up to 2020 lead one to expect", along, "Mt")
    say.draws(".under", f"probability that Beijing's coal is under {limit:g} Mt in 2024", along < limit, "probability")
    if not fit.variant:
        words = "published upper bound of Beijing's coal in 2024"
        say.under(tables=("energy_facts",)).fact(".bound", words, limit, "Mt")
