"""What is said of fits of `phase_out`: the named quantities of a fit."""

from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.findings import Finding, exact, record
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

BEGINNERS = ("tianjin", "hebei")
"""Units that have not passed half: their half-times have a long tail, so shares that are left are published."""


FACTS = ("energy_facts",)


LAST, HORIZON = 2017, 2025
"""Last year of the provinces' figures, and the year up to which curves are carried on."""


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


def path(fit, years: np.ndarray, unit: str, like: str | None = None) -> np.ndarray:
    """The curve of a unit (chain, draw, year), from its own largest figure, with the pace and bend of `like`."""
    made, k, pace = curves(fit), NAMES.index(unit), NAMES.index(like or unit)
    since = years - peaks(fit.panel).year[unit]
    decline = gone(since, made["tenth"][..., pace, None], made["bend"][..., pace, None], fit.panel.logistic)
    return made["plateau"][..., k, None] * np.exp(-decline)


def findings(fit) -> list[Finding]:
    """Half-times on the curves and in the figures, and Hebei's coal on the Ruhr's path, on Beijing's, on its own."""
    name = partial(record, model=fit.name, panel=TABLES, suffix=f"@{fit.variant}" if fit.variant else "")
    made, parts = [], curves(fit)
    for k, (key, (area, series)) in enumerate(UNITS.items()):
        if key in fit.panel.left_out:
            continue
        if key in BEGINNERS:
            left = path(fit, np.array([HORIZON]), key)[..., 0] / parts["plateau"][..., k]
            made.append(name(f"energy.{key}.left.{HORIZON}", f"left of the plateau in {HORIZON} on the curve, {series} "
                             f"of {area}", 100 * left, "%"))  # fmt: skip
            continue
        made += [
            name(f"energy.{key}.curve.half-time", f"years to half on the curve, {series} of {area}",
                 parts["half"][..., k], "years"),
            name(f"energy.{key}.tenth-time", f"years to a tenth on the curve, {series} of {area}",
                 parts["tenth"][..., k], "years"),
        ]  # fmt: skip
    if fit.panel.truth:
        return [*made, *_slower(fit, parts, name)[1:], *_truths(fit)]
    made += _hebei(fit, parts, name)
    made += _bound(fit, name)
    if not fit.variant:
        made += [*_observed(fit.panel), *_check(fit)]
    return made


def _hebei(fit, parts: dict[str, np.ndarray], name) -> list[Finding]:
    made = []
    for like, words in {"hebei": "its own", "ruhr": "the Ruhr's", "beijing": "Beijing's"}.items():
        if like in fit.panel.left_out:
            continue
        key = f"energy.hebei.path.{'own' if like == 'hebei' else like}"
        along = path(fit, np.array([LAST, HORIZON]), "hebei", like)
        made += [name(f"{key}.{year}", f"Hebei's coal in {year} on {words} path", along[..., k], "Mt")
                 for k, year in enumerate((LAST, HORIZON))]  # fmt: skip
        if like != "hebei":
            half = peaks(fit.panel).year["hebei"] + parts["half"][..., NAMES.index(like)]
            made.append(name(f"{key}.half-year", f"year in which Hebei's coal is half of its plateau, on {words} path",
                             half, ""))  # fmt: skip
    return made + _slower(fit, parts, name)


def _slower(fit, parts: dict[str, np.ndarray], name) -> list[Finding]:
    own = parts["half"][..., NAMES.index("hebei")]
    return [
        name(f"energy.hebei.slower-than-{other}",
             f"probability that Hebei's coal takes longer from its largest figure to half than {words} did",
             own > crossing(fit.panel, other, 0.5)[0], "probability")
        for other, words in {"beijing": "Beijing's coal", "germany": "Germany's output"}.items()
    ]  # fmt: skip


def _observed(panel: Panel) -> list[Finding]:
    """Half-times as the figures give them, with the years of the two figures between which they lie."""
    made, took = [], {}
    for key, (area, series) in UNITS.items():
        years, after, before = crossing(panel, key, 0.5)
        if np.isnan(years):
            continue
        took[key], words = years, f"{series} of {area}, years since the largest figure"
        made += [
            exact(f"energy.{key}.half-time", f"half is left, interpolated, {words}", round(years, 1), "years", TABLES),
            exact(f"energy.{key}.half-time.after", f"last figure above half, {words}", after, "years", TABLES),
            exact(f"energy.{key}.half-time.before", f"first figure below half, {words}", before, "years", TABLES),
        ]  # fmt: skip
    return [
        *made,
        exact("energy.germany.times-beijing", "half-time of Germany's output as a multiple of that of Beijing's coal",
              round(took["germany"] / took["beijing"], 1), "", TABLES),
    ]  # fmt: skip


def _truths(fit) -> list[Finding]:
    """True half-times of a synthetic panel, what is left of those that have not passed half, and Hebei's place."""
    made, known, first = [], fit.panel.truth, peaks(fit.panel).year
    k = NAMES.index("hebei")
    slower = "hebei" in known["flat"] or half_time(known["tenth"]["hebei"], known["bends"][k]) > crossing(
        fit.panel, "germany", 0.5
    )[0]  # fmt: skip
    made.append(exact(f"energy.truth.hebei.slower-than-germany@{fit.variant}", "truth: probability that Hebei's coal "
                      "takes longer from its largest figure to half than Germany's output did", float(slower),
                      "probability", ()))  # fmt: skip
    for k, (key, (area, series)) in enumerate(UNITS.items()):
        tenth, bend = known["tenth"][key], known["bends"][k]
        if key in known["flat"]:
            continue
        if key in BEGINNERS:
            left = 100 * np.exp(-gone(HORIZON - first[key], tenth, bend))
            made.append(exact(f"energy.truth.{key}.left.{HORIZON}@{fit.variant}", f"truth: left in {HORIZON}, {series} "
                              f"of {area}", round(float(left), 1), "%", ()))  # fmt: skip
            continue
        made.append(exact(f"energy.truth.{key}.curve.half-time@{fit.variant}", f"truth: half-time, {series} of {area}",
                          round(float(half_time(tenth, bend)), 1), "years", ()))  # fmt: skip
    return made


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


def _check(fit) -> list[Finding]:
    made = []
    for check, below in tails(fit).items():
        below = below.dropna()
        key, inside = f"energy.phase.check.{check}", below.between(0.03, 0.97)
        made += [
            exact(key, f"series whose {check} lies inside the central 94 % of replicates", inside.sum(), "", TABLES,
                  fit.name),
            exact(f"{key}.of", f"series with enough figures for a check of {check}", len(below), "", TABLES),
        ]  # fmt: skip
    return made


def _bound(fit, name) -> list[Finding]:
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
    made = [
        name("energy.beijing.2024", "Beijing's coal in 2024 as its figures up to 2020 let expect", along, "Mt"),
        name("energy.beijing.2024.under", f"probability that Beijing's coal is under {limit:g} Mt in 2024",
             along < limit, "probability"),
    ]  # fmt: skip
    if not fit.variant:
        made.append(exact("energy.beijing.2024.bound", "published upper bound of Beijing's coal in 2024", limit, "Mt",
                          FACTS))  # fmt: skip
    return made
