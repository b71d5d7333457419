"""What is said of fits of `fleets`: the named quantities of a fit."""

import numpy as np

from jingjinji.core import tables
from jingjinji.core.densities import restored
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.hydrogen.fleets import (
    AGENCIES,
    BASE,
    CALENDAR,
    CLUSTERS,
    COUNT_ERROR,
    DUE,
    GRID,
    LAST,
    MIDDLE,
    MODES,
    SEEN,
    TABLES,
    Panel,
    data,
    log_curve,
    log_density_of,
    printed_additions,
    printed_counts,
    year_of,
)

WITH_TARGETS = (*TABLES, "hydrogen_targets")
KEYS = ("bth", "shanghai", "guangdong", "henan", "hebei")
FIVE = "2024-10-12"
"""Day of a count of all five clusters that no fit uses."""
OF_MODE = {
    "doubling": ("years", "time in which sales of {mode} double early on the curve"),
    "delay": ("years", "time from a country's first to its most sales of {mode}"),
    "peak": ("", "year of most sales of {mode}"),
}
OF_FIVE = "fuel-cell vehicles of the five clusters in October 2024"
RECORD = {
    "countries": ("", "countries with a curve", None),
    "sales": ("", "yearly sales of a country and mode", None),
    "clusters": ("", "counts of clusters and their parts that the model uses", None),
    "count-error": ("%", "standard deviation by which a cluster's count is taken to err", None),
}
OF_CLUSTERS = ("without-clusters", "wide-shares", "steady-shares", "restless-shares", "small-shares", "since-start")
"""Variants that leave the curves as they are: no parameter of a curve bears on agencies and counts, nor the reverse."""


def curves(fit) -> dict[str, np.ndarray]:
    """Pace, peak, log size of every curve (draw, unit) and the parameters of clusters, draws of all chains."""
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
        "off": np.exp(value["source_error"][:, None] * value["off"]),
        "source_error": value["source_error"],
        "ratio": value["ratio"],
        "weight": value["weight"],
        "hurry": value["hurry"],
    }


def yearly(known: dict[str, np.ndarray], year: int) -> np.ndarray:
    """Expected sales of a year (draw, unit)."""
    return np.exp(known["size"] + log_curve(year, known["pace"], known["peak"]))


def additions(fit, known: dict[str, np.ndarray], years: np.ndarray) -> np.ndarray:
    """China's vehicles of all modes added in each year (draw, year): until `LAST` from all counts, then drawn."""
    china, printed = (fit.panel.units.country == "China").to_numpy(), printed_additions(fit.panel, LAST + 1.0)
    size, made = known["concentration"][:, china], np.empty((len(known["pace"]), len(years)))
    for column, year in enumerate(years):
        if year <= LAST:
            made[:, column] = printed[year - GRID[0]] * known["off"][:, year - GRID[0]]
        else:
            mean = np.minimum(yearly(known, year)[:, china], 1e6)
            rng = np.random.default_rng([fit.seed, int(year)])
            made[:, column] = rng.negative_binomial(size, size / (size + mean)).sum(axis=1)
    return made


def shares(known: dict[str, np.ndarray], years: np.ndarray) -> np.ndarray:
    """Share of each cluster in what China adds in each year (draw, year, cluster)."""
    weight = np.exp(known["weight"][:, None] + known["hurry"][:, None] * (years[:, None] + 0.5 - MIDDLE))
    return weight / (1 + weight.sum(axis=2, keepdims=True))


def cluster_path(fit, known: dict[str, np.ndarray], time: float, first: int = GRID[0]) -> np.ndarray:
    """Vehicles that each cluster added from the beginning of year `first` to `time` (draw, cluster)."""
    years = np.arange(first, int(np.ceil(time)))
    parts = additions(fit, known, years) * np.clip(time - years, 0, 1)
    return np.einsum("dy,dyc->dc", parts, shares(known, years))


def cluster_seen(fit, known: dict[str, np.ndarray], time: float, first: int = GRID[0]) -> np.ndarray:
    """Counts of each cluster at `time` (draw, cluster), with a count's scatter."""
    rng = np.random.default_rng([fit.seed, int(10 * time)])
    return cluster_path(fit, known, time, first) * np.exp(COUNT_ERROR * rng.normal(size=known["weight"].shape))


def cluster_added(fit, known: dict[str, np.ndarray], time: float) -> np.ndarray:
    """Vehicles that each cluster added from the end of `BASE` to `time` (draw, cluster), with a count's scatter."""
    return cluster_seen(fit, known, time, BASE + 1)


def targets() -> dict[str, float]:
    """The clusters' targets for the end of `DUE` that were seen on a page, by cluster."""
    table = tables.load("hydrogen_targets")
    chosen = table[(table.level == "cluster") & (table.due == DUE)]
    return dict(zip(chosen.cluster, chosen.vehicles.astype(float), strict=True))


def findings(fit) -> list[Finding]:
    """Pace and peak by mode, fleets of the clusters, and the probability of each target.

    A variant repeats nothing that it cannot change; of a synthetic record pace and peak alone, with their truth.
    """
    say, known = Scribe(TABLES, "hydrogen.", fit), curves(fit)
    if fit.variant in OF_CLUSTERS:
        _say_agencies(say, known)
        _say_clusters(say, fit, known)
        return say.made
    _say_modes(say, fit)
    if fit.panel.truth:
        return say.made
    if fit.variant == "without-last-three":
        _say_left_out(say.under("left-out."), fit, known)
        return say.made
    _say_china(say, fit, known)
    _say_clusters(say, fit, known)
    if not fit.variant:
        _say_agencies(say, known)
        _say_five(say, fit, known)
        _say_needed(say, fit, known)
        _say_record(say.under("record."), fit.panel)
        low, high = np.percentile(drawn_sales(fit, known), [3, 97], axis=0)
        count = data(fit.panel)["vehicles"]
        inside = 100 * ((low <= count) & (count <= high)).mean()
        say.score("check.inside", "yearly sales inside the central 94 % of sales drawn anew", inside, "%", 1)
    return say.made


def _say_modes(say: Scribe, fit) -> None:
    truth = fit.panel.truth
    for k, mode in enumerate(MODES):
        pace, years = (fit.parameters[name].isel(mode=k).values for name in ("pace_mean", "peak_mean"))
        made = {"doubling": np.log(2) / np.exp(pace)}
        made |= {"delay": years} if fit.panel.bass else {"peak": CALENDAR + years}
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
        for year in (LAST, DUE):
            label = f"expected sales of {row.mode} in China, {year}"
            say.draws(f"china.{row.mode}.{year}", label, yearly(known, year)[:, row.Index], "vehicles")


def _say_agencies(say: Scribe, known: dict) -> None:
    for k, agency in enumerate(("caam", "sne")):
        label = f"{AGENCIES[k]}'s count of China as a multiple of the countries' table"
        say.draws(f"ratio.{agency}", label, known["ratio"][:, k], "times")
    say.draws("source-error", "error of one count of what China sells in a year", 100 * known["source_error"], "%")


def _say_clusters(say: Scribe, fit, known: dict) -> None:
    at_due, goals = cluster_added(fit, known, DUE + 1.0), targets()
    for k, (key, cluster) in enumerate(zip(KEYS, CLUSTERS, strict=True)):
        of, label = say.under(f"{key}."), f"fuel-cell vehicles of {cluster} added from {BASE + 1} to {DUE}"
        of.draws(str(DUE), label, np.minimum(at_due[:, k], 1e6), "vehicles")
        if cluster in goals:
            of = of.under(tables=WITH_TARGETS)
            label = f"probability that {cluster} reaches its target by the end of {DUE}"
            of.draws("reached", label, at_due[:, k] >= goals[cluster], "probability")
            if not fit.variant:
                of.fact("target", f"target of {cluster} for the end of {DUE}", goals[cluster], "vehicles")


def _say_five(say: Scribe, fit, known: dict) -> None:
    """The five clusters together on the day of their one common count, which no fit has seen."""
    table = tables.load("hydrogen_clusters")
    seen = table.vehicles[(table.place == "Five clusters") & (table.date == FIVE)].iloc[0]
    predicted = np.minimum(cluster_seen(fit, known, year_of(FIVE)).sum(axis=1), 1e6)
    say.draws("five.predicted", f"{OF_FIVE}, predicted", predicted, "vehicles")
    say.fact("five.seen", OF_FIVE, seen, "vehicles")


def _say_needed(say: Scribe, fit, known: dict) -> None:
    """The region's count in August 2023 that would have made its target an even chance, its share left as it is."""
    import arviz_stats as az

    growth = cluster_added(fit, known, DUE + 1.0)[:, 0] / cluster_path(fit, known, year_of(SEEN))[:, 0]
    by_chain = growth.reshape(fit.parameters.sizes["chain"], -1)
    needed = targets()[CLUSTERS[0]] / float(np.median(growth))
    error = needed * float(az.mcse(by_chain, method="median")) / float(np.median(growth))
    label = "count in August 2023 from which the region's target is an even chance"
    say.under(tables=WITH_TARGETS).score("bth.needed", label, needed, "vehicles", error=error)
    counts = fit.panel.counts
    seen = counts.vehicles[(counts.cluster == 0) & (counts.lower == 0)].iloc[0]
    say.fact("bth.seen", "fuel-cell vehicles plated in the region until August 2023", seen, "vehicles")


def _say_record(say: Scribe, panel: Panel) -> None:
    made = {
        "countries": panel.units.country.nunique(),
        "sales": len(panel.sales),
        "clusters": len(panel.counts),
        "count-error": 100 * COUNT_ERROR,
    }
    say.facts(RECORD, made)
    for mode in MODES:
        say.fact(mode, f"countries with a curve of {mode}", (panel.units["mode"] == mode).sum())


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
    label = "share of these sales that lie below the middle of the prediction"
    say.score("below", label, 100 * (count < middle).mean(), "%", 1)
    say.fact("sales", words, out.sum())
