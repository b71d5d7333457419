"""What is said of fits of `clusters`: the named quantities of a fit, with China's sales to come from the curves."""

from types import SimpleNamespace

import numpy as np

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.hydrogen import curves_findings
from jingjinji.topics.hydrogen.clusters import (
    AGENCIES,
    BASE,
    BESIDE,
    CLUSTERS,
    COUNT_ERROR,
    DUE,
    MIDDLE,
    SEEN,
    TABLES,
    WITHIN,
    own,
    printed_additions,
    year_of,
)
from jingjinji.topics.hydrogen.curves import GRID, LAST
from jingjinji.topics.hydrogen.curves import VARIANTS as CURVES

WITH_TARGETS = (*TABLES, "hydrogen_targets")
KEYS = ("bth", "shanghai", "guangdong", "henan", "hebei")
FIVE = "2024-10-12"
"""Day of a count of all five clusters that no fit uses."""
OF_FIVE = "fuel-cell vehicles of the five clusters in October 2024"
READINGS = ("", "since-start", "without-city")
"""Variants that read the region's one count in another way."""
RECORD = {
    "clusters": ("", "counts of clusters and their parts that the model uses", None),
    "count-error": ("%", "standard deviation by which a cluster's count is taken to err", None),
}


def parameters(fit, curves: str = "Bass") -> dict[str, np.ndarray]:
    """Parameters of clusters and China's sales to come, draws of all chains.

    Sales of the years after `LAST` are those of the fit of `BESIDE` that `curves` names, whose draws are independent:
    draws of the same chain and number are put together, as many as both fits have.
    """
    beside = fit.beside[curves]
    shared = min(fit.parameters.sizes["draw"], beside.parameters.sizes["draw"])
    value = {}
    for name in ("source_error", "off", "ratio", "weight", "hurry"):
        flat = fit.parameters[name].isel(draw=slice(shared)).stack(sample=("chain", "draw"))
        value[name] = flat.transpose("sample", ...).values
    first = beside.parameters.isel(draw=slice(shared))
    known = curves_findings.curves(SimpleNamespace(panel=beside.panel, parameters=first))
    sold = [curves_findings.in_china(beside, known, year, np.random.default_rng([fit.seed, year]))
            for year in range(LAST + 1, DUE + 1)]  # fmt: skip
    return value | {"off": np.exp(value["source_error"][:, None] * value["off"]), "sold": np.stack(sold, axis=1)}


def additions(fit, known: dict[str, np.ndarray]) -> np.ndarray:
    """China's vehicles of all modes added in each year until `DUE` (draw, year): until `LAST` from all counts."""
    return np.concatenate([printed_additions(fit.panel, LAST + 1.0) * known["off"], known["sold"]], axis=1)


def shares(known: dict[str, np.ndarray], years: np.ndarray) -> np.ndarray:
    """Share of each cluster in what China adds in each year (draw, year, cluster)."""
    weight = np.exp(known["weight"][:, None] + known["hurry"][:, None] * (years[:, None] + 0.5 - MIDDLE))
    return weight / (1 + weight.sum(axis=2, keepdims=True))


def cluster_path(fit, known: dict[str, np.ndarray], time: float, first: int = GRID[0]) -> np.ndarray:
    """Vehicles that each cluster added from the beginning of year `first` to `time` (draw, cluster)."""
    years = np.arange(GRID[0], DUE + 1)
    parts = additions(fit, known) * np.clip(time - years, 0, 1) * (years >= first)
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
    """Fleets of the clusters and the probability of each target; of the main fit with every kind of curve.

    Of a synthetic record the region's share of what China added in its last year, with its truth.
    """
    say = Scribe(TABLES, "hydrogen.", fit)
    if fit.panel.truth:
        weight = np.exp(fit.parameters["weight"] + fit.parameters["hurry"] * (LAST + 0.5 - MIDDLE))
        share = weight / (1 + weight.sum("cluster"))
        truth = round(100 * fit.panel.truth["share"], 4)
        drawn = share.isel(cluster=0).transpose("chain", "draw").values
        say.pair("bth.share", f"share of {CLUSTERS[0]} in what China added in {LAST}", truth, 100 * drawn, "%")
        return say.made
    known = parameters(fit)
    _say_clusters(say, fit, known)
    if fit.variant in READINGS:
        _say_five(say, fit, known)
    if not fit.variant:
        for curves in BESIDE:
            if curves != "Bass":
                words = f" (variant: {CURVES[curves].words})"
                _say_clusters(say.under(ending=curves), fit, parameters(fit, curves), words)
        _say_agencies(say, known)
        _say_needed(say, fit, known)
        _say_the_table(say, fit)
    return say.made


def _say_agencies(say: Scribe, known: dict) -> None:
    for k, agency in enumerate(("caam", "sne")):
        label = f"{AGENCIES[k]}'s count of China as a multiple of the countries' table"
        say.draws(f"ratio.{agency}", label, known["ratio"][:, k], "times")
    say.draws("source-error", "error of one count of what China sells in a year", 100 * known["source_error"], "%")


def _say_clusters(say: Scribe, fit, known: dict, beside: str = "") -> None:
    """What is said of each cluster; `beside` ends the labels where China's sales are those of other curves."""
    at_due, goals = cluster_added(fit, known, DUE + 1.0), targets()
    for k, (key, cluster) in enumerate(zip(KEYS, CLUSTERS, strict=True)):
        of = say.under(f"{key}.")
        if not say.suffix or key == KEYS[0]:
            label = f"fuel-cell vehicles of {cluster} added from {BASE + 1} to {DUE}{beside}"
            of.draws(str(DUE), label, np.minimum(at_due[:, k], 1e6), "vehicles")
        if cluster in goals:
            of = of.under(tables=WITH_TARGETS)
            label = f"probability that {cluster} reaches its target by the end of {DUE}{beside}"
            of.draws("reached", label, at_due[:, k] >= goals[cluster], "probability")


def _say_five(say: Scribe, fit, known: dict) -> None:
    """The five clusters together on the day of their one common count, which no fit has seen, read as the fit reads."""
    first = BASE + 1 if fit.panel.since_start else GRID[0]
    predicted = np.minimum(cluster_seen(fit, known, year_of(FIVE), first).sum(axis=1), 1e6)
    say.draws("five.predicted", f"{OF_FIVE}, predicted", predicted, "vehicles")


def _say_needed(say: Scribe, fit, known: dict) -> None:
    """The region's count in August 2023 that would have made its target an even chance, its share left as it is."""
    import arviz_stats as az

    growth = cluster_added(fit, known, DUE + 1.0)[:, 0] / cluster_path(fit, known, year_of(SEEN))[:, 0]
    by_chain = growth.reshape(fit.parameters.sizes["chain"], -1)
    needed = targets()[CLUSTERS[0]] / float(np.median(growth))
    error = needed * float(az.mcse(by_chain, method="median")) / float(np.median(growth))
    label = "count in August 2023 from which the region's target is an even chance"
    say.under(tables=WITH_TARGETS).score("bth.needed", label, needed, "vehicles", error=error)


def _say_the_table(say: Scribe, fit) -> None:
    counts, goals, table = fit.panel.counts, targets(), tables.load("hydrogen_clusters")
    for key, cluster in zip(KEYS, CLUSTERS, strict=True):
        if cluster in goals:
            words = f"target of {cluster} for the end of {DUE}"
            say.under(tables=WITH_TARGETS).fact(f"{key}.target", words, goals[cluster], "vehicles")
    seen = counts.vehicles[own(fit.panel)].iloc[0]
    say.fact("bth.seen", "fuel-cell vehicles plated in the region until August 2023", seen, "vehicles")
    city = counts.vehicles[counts.place == WITHIN].iloc[0]
    say.fact("city.seen", f"fuel-cell buses of {WITHIN}, July 2023", city, "vehicles")
    five = table.vehicles[(table.place == "Five clusters") & (table.date == FIVE)].iloc[0]
    say.fact("five.seen", OF_FIVE, five, "vehicles")
    say.under("record.").facts(RECORD, {"clusters": len(counts), "count-error": 100 * COUNT_ERROR})
