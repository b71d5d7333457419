"""What is said of fits of `curves`: the named quantities of a fit."""

import numpy as np
import scipy

from jingjinji.core.densities import restored
from jingjinji.core.findings import Finding
from jingjinji.core.left_out import UNRELIABLE, places
from jingjinji.core.scribe import Scribe
from jingjinji.topics.hydrogen.curves import (
    LAST,
    MODES,
    TABLES,
    Panel,
    data,
    log_curve,
    log_density_of,
    printed_counts,
)

OF_MODE = {
    "doubling": ("years", "time in which sales of {mode} double early on the curve"),
    "delay": ("years", "time from a country's first to its most sales of {mode}"),
}
RECORD = {
    "countries": ("", "countries with a curve", None),
    "sales": ("", "yearly sales of a country and mode", None),
}
LEAST = -1e3
"""Log density that stands for a lesser one."""


def curves(fit) -> dict[str, np.ndarray]:
    """Pace, peak, log size and concentration of every curve (draw, unit), draws of all chains."""
    flat = fit.parameters.stack(sample=("chain", "draw"))
    value = {name: flat[name].transpose("sample", ...).values for name in fit.parameters}
    index = data(fit.panel)
    mode_of = fit.panel.units["mode"].map(MODES.index).to_numpy()
    pace = np.exp(value["pace_mean"][:, mode_of] + value["pace_scale"][:, None] * value["pace"])
    scale = {name: value[f"{name}_scale"][:, None] for name in ("peak", "size")}
    typical = value["peak_mean"][:, mode_of]
    peak = index["origin"] + restored(value["peak"], typical, scale["peak"], index["peak_centring"])
    middle = log_curve(index["middle"], pace, peak)
    typical = value["size_mean"][:, mode_of] + middle
    return {
        "pace": pace,
        "peak": peak,
        "size": restored(value["level"], typical, scale["size"], index["level_centring"]) - middle,
        "concentration": value["concentration"][:, mode_of],
    }


def yearly(known: dict[str, np.ndarray], year: int) -> np.ndarray:
    """Expected sales of a year (draw, unit)."""
    return np.exp(known["size"] + log_curve(year, known["pace"], known["peak"]))


def in_china(fit, known: dict[str, np.ndarray], year: int, rng) -> np.ndarray:
    """Sales of a year in China (draw,), all modes, drawn around its curves."""
    china = (fit.panel.units.country == "China").to_numpy()
    mean, size = np.minimum(yearly(known, year)[:, china], 1e6), known["concentration"][:, china]
    return rng.negative_binomial(size, size / (size + mean)).sum(axis=1)


def findings(fit) -> list[Finding]:
    """Pace and peak by mode, sales in China, and how sales lie in what is predicted without them.

    Of a synthetic record pace and peak alone, with their truth.
    """
    say, known = Scribe(TABLES, "hydrogen.", fit), curves(fit)
    if fit.variant == "without-last-three":
        _say_left_out(say.under("left-out."), fit, known)
        return say.made
    if fit.panel.truth or not fit.variant:
        _say_modes(say, fit)
    if not (fit.panel.truth or fit.variant):
        _say_china(say, fit, known)
        _say_record(say.under("record."), fit.panel)
        _say_check(say.under("check."), fit, known)
    return say.made


def _say_modes(say: Scribe, fit) -> None:
    truth = fit.panel.truth
    for k, mode in enumerate(MODES):
        pace, years = (fit.parameters[name].isel(mode=k).values for name in ("pace_mean", "peak_mean"))
        made = {"doubling": np.log(2) / np.exp(pace), "delay": years}
        for key, drawn in made.items():
            unit, label = OF_MODE[key]
            if truth:
                known = round(float(np.log(2) / truth["pace"]), 4) if key == "doubling" else truth["peak"]
                say.pair(f"{mode}.{key}", label.format(mode=mode), known, drawn, unit)
            else:
                say.draws(f"{mode}.{key}", f"{label.format(mode=mode)}, typical country", drawn, unit)


def _say_china(say: Scribe, fit, known: dict) -> None:
    units = fit.panel.units
    for row in units[units.country == "China"].itertuples():
        label = f"expected sales of {row.mode} in China, {LAST}"
        say.draws(f"china.{row.mode}.{LAST}", label, yearly(known, LAST)[:, row.Index], "vehicles")


def _say_record(say: Scribe, panel: Panel) -> None:
    say.facts(RECORD, {"countries": panel.units.country.nunique(), "sales": len(panel.sales)})
    for mode in MODES:
        say.fact(mode, f"countries with a curve of {mode}", (panel.units["mode"] == mode).sum())


def _say_check(say: Scribe, fit, known: dict) -> None:
    """How many sales lie inside what is predicted by all the others."""
    place, unreliable = left_out_places(fit, known)
    inside = 100 * ((place >= 0.03) & (place <= 0.97)).mean()
    say.score("inside", "yearly sales inside the central 94 % predicted without each of them", inside, "%", 1)
    words = f"yearly sales without a reliable weight (Pareto k above {UNRELIABLE})"
    say.score("unreliable", words, 100 * unreliable.mean(), "%", 1)


def left_out_places(fit, known: dict, most: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Where each printed sale lies in its prediction from the other sales (sale,), and whether weights are unreliable.

    The share of the prediction below it and half of that at it, by Pareto-smoothed importance sampling. The draws are
    thinned to about `most`.
    """
    thin = slice(None, None, max(1, len(known["pace"]) // most))
    mean, size = expected_sales(fit, known, thin)
    count = data(fit.panel)["vehicles"]
    scores = np.nan_to_num(log_density_of(count, mean, size), nan=LEAST).clip(LEAST)
    chance = size / (size + np.exp(mean))
    at, under = (scipy.stats.nbinom.cdf(number, size, chance) for number in (count, count - 1))
    zero = np.exp(size * np.log(chance))
    there = np.maximum(1 - zero, np.finfo(float).tiny)
    place = np.clip((0.5 * (at + under) - zero) / there, 0, 1)
    place, k = places(scores, place)
    return place, ~(k <= UNRELIABLE)


def expected_sales(fit, known: dict, thin: slice) -> tuple[np.ndarray, np.ndarray]:
    """Log of expected sales and the concentration of each printed row (draw, row)."""
    index = data(fit.panel)
    u = index["unit_index"]
    pace, peak, size, concentration = (known[key][thin][:, u] for key in ("pace", "peak", "size", "concentration"))
    return size + log_curve(index["year"], pace, peak), concentration


def drawn_sales(fit, known: dict, most: int = 400) -> np.ndarray:
    """Printed sales drawn anew (draw, row)."""
    thin = slice(None, None, max(1, len(known["pace"]) // most))
    mean, size = expected_sales(fit, known, thin)
    return printed_counts(np.exp(mean), size, np.random.default_rng(fit.seed))


def log_density(fit, known: dict) -> np.ndarray:
    """Log probability of each printed count (draw, row), for leave-one-out comparison."""
    mean, size = expected_sales(fit, known, slice(None))
    return log_density_of(data(fit.panel)["vehicles"], mean, size)


def _say_left_out(say: Scribe, fit, known: dict) -> None:
    """How the last three years, left out, lie in what the curves predict for them."""
    index = data(fit.panel)
    out = index["known"] == 0
    low, middle, high = np.percentile(drawn_sales(fit, known)[:, out], [3, 50, 97], axis=0)
    count, words = index["vehicles"][out], "sales of the last three years"
    inside = 100 * ((low <= count) & (count <= high)).mean()
    say.score("inside", f"{words} inside the central 94 % predicted without them", inside, "%", 1)
    label = f"share of the {words} that lie below the middle of the prediction"
    say.score("below", label, 100 * (count < middle).mean(), "%", 1)
    say.fact("sales", words, out.sum())
