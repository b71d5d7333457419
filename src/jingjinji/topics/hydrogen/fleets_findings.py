"""What is said of fits of `fleets`: the named quantities of a fit."""

from functools import partial

import numpy as np

from jingjinji.core import tables
from jingjinji.core.densities import restored
from jingjinji.core.findings import Finding, exact, record
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

SAID_OF = (*TABLES, "hydrogen_targets")

KEYS = ("bth", "shanghai", "guangdong", "henan", "hebei")


FIVE = "2024-10-12"
"""Day of a count of all five clusters that no fit uses."""


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
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    shape = partial(np.reshape, shape=(chains, draws))
    name = partial(record, model=fit.name, panel=SAID_OF, suffix=f"@{fit.variant}" if fit.variant else "")
    known = curves(fit)
    if fit.variant in OF_CLUSTERS:
        return _agencies(known, shape, name) + _clusters(fit, known, shape, name)
    made = []
    for k, mode in enumerate(MODES):
        value = fit.parameters["pace_mean"].isel(mode=k).values
        made.append(name(f"hydrogen.{mode}.doubling", f"time in which sales of {mode} double early on the curve, "
                         "typical country", np.log(2) / np.exp(value), "years"))  # fmt: skip
        years = fit.parameters["peak_mean"].isel(mode=k).values
        if fit.panel.bass:
            made.append(name(f"hydrogen.{mode}.delay", f"time from a country's first to its most sales of {mode}, "
                             "typical country", years, "years"))  # fmt: skip
        else:
            made.append(name(f"hydrogen.{mode}.peak", f"year of most sales of {mode}, typical country",
                             CALENDAR + years, ""))  # fmt: skip
    if fit.panel.truth:
        truth = fit.panel.truth
        for mode in MODES:
            made.append(exact(f"hydrogen.truth.{mode}.doubling@{fit.variant}", f"truth: time in which sales of {mode} "
                              "double early on the curve", round(float(np.log(2) / truth["pace"]), 4), "years",
                              ()))  # fmt: skip
            made.append(exact(f"hydrogen.truth.{mode}.delay@{fit.variant}", f"truth: time from a country's first to "
                              f"its most sales of {mode}", truth["peak"], "years", ()))  # fmt: skip
        return made
    if fit.variant == "without-last-three":
        return made + _left_out(fit, known)
    made += _china(fit, known, shape, name) + _clusters(fit, known, shape, name)
    if not fit.variant:
        made += _agencies(known, shape, name)
        made += _five(fit, known, shape, name) + _needed(fit, known) + _record(fit.panel) + _check(fit, known)
    return made


def _china(fit, known: dict, shape, name) -> list[Finding]:
    made, units = [], fit.panel.units
    for row in units[units.country == "China"].itertuples():
        for year in (LAST, DUE):
            made.append(name(f"hydrogen.china.{row.mode}.{year}", f"expected sales of {row.mode} in China, {year}",
                             shape(yearly(known, year)[:, row.Index]), "vehicles"))  # fmt: skip
    return made


def _agencies(known: dict, shape, name) -> list[Finding]:
    made = []
    for k, agency in enumerate(("caam", "sne")):
        made.append(name(f"hydrogen.ratio.{agency}", f"{AGENCIES[k]}'s count of China as a multiple of the countries' "
                         "table", shape(known["ratio"][:, k]), "times"))  # fmt: skip
    made.append(name("hydrogen.source-error", "error of one count of what China sells in a year",
                     100 * shape(known["source_error"]), "%"))  # fmt: skip
    return made


def _clusters(fit, known: dict, shape, name) -> list[Finding]:
    at_due, goals = cluster_added(fit, known, DUE + 1.0), targets()
    made = []
    for k, (key, cluster) in enumerate(zip(KEYS, CLUSTERS, strict=True)):
        made.append(name(f"hydrogen.{key}.{DUE}", f"fuel-cell vehicles of {cluster} added from {BASE + 1} to {DUE}",
                         shape(np.minimum(at_due[:, k], 1e6)), "vehicles"))  # fmt: skip
        if cluster in goals:
            made.append(name(f"hydrogen.{key}.reached", f"probability that {cluster} reaches its target by the end of "
                             f"{DUE}", shape(1.0 * (at_due[:, k] >= goals[cluster])), "probability"))  # fmt: skip
            if not fit.variant:
                made.append(exact(f"hydrogen.{key}.target", f"target of {cluster} for the end of {DUE}",
                                  goals[cluster], "vehicles", SAID_OF))  # fmt: skip
    return made


def _five(fit, known: dict, shape, name) -> list[Finding]:
    """The five clusters together on the day of their one common count, which no fit has seen."""
    table = tables.load("hydrogen_clusters")
    seen = table.vehicles[(table.place == "Five clusters") & (table.date == FIVE)].iloc[0]
    return [
        name("hydrogen.five.predicted", "fuel-cell vehicles of the five clusters in October 2024, predicted",
             shape(np.minimum(cluster_seen(fit, known, year_of(FIVE)).sum(axis=1), 1e6)), "vehicles"),
        exact("hydrogen.five.seen", "fuel-cell vehicles of the five clusters in October 2024", float(seen), "vehicles",
              SAID_OF),
    ]  # fmt: skip


def _needed(fit, known: dict) -> list[Finding]:
    """The region's count in August 2023 that would have made its target an even chance, its share left as it is."""
    import arviz_stats as az

    growth = cluster_added(fit, known, DUE + 1.0)[:, 0] / cluster_path(fit, known, year_of(SEEN))[:, 0]
    by_chain = growth.reshape(fit.parameters.sizes["chain"], -1)
    needed = targets()[CLUSTERS[0]] / float(np.median(growth))
    error = needed * float(az.mcse(by_chain, method="median")) / float(np.median(growth))
    counts = fit.panel.counts
    seen = counts.vehicles[(counts.cluster == 0) & (counts.lower == 0)].iloc[0]
    return [
        exact("hydrogen.bth.needed", "count in August 2023 from which the region's target is an even chance",
              round(needed, -1), "vehicles", SAID_OF, fit.name, error=max(error, 10 / np.sqrt(12))),
        exact("hydrogen.bth.seen", "fuel-cell vehicles plated in the region until August 2023", seen, "vehicles",
              SAID_OF),
    ]  # fmt: skip


def _record(panel: Panel) -> list[Finding]:
    made = [exact("hydrogen.record.countries", "countries with a curve", panel.units.country.nunique(), "", SAID_OF),
            exact("hydrogen.record.sales", "yearly sales of a country and mode", len(panel.sales), "", SAID_OF),
            exact("hydrogen.record.clusters", "counts of clusters and their parts that the model uses",
                  len(panel.counts), "", SAID_OF),
            exact("hydrogen.record.count-error", "standard deviation by which a cluster's count is taken to err",
                  100 * COUNT_ERROR, "%", SAID_OF)]  # fmt: skip
    for k, mode in enumerate(MODES):
        number = int((panel.units["mode"] == MODES[k]).sum())
        made.append(exact(f"hydrogen.record.{mode}", f"countries with a curve of {mode}", number, "", SAID_OF))
    return made


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


def _check(fit, known: dict) -> list[Finding]:
    low, high = np.percentile(drawn_sales(fit, known), [3, 97], axis=0)
    count = data(fit.panel)["vehicles"]
    return [
        exact("hydrogen.check.inside", "yearly sales inside the central 94 % of sales drawn anew",
              round(100 * float(((low <= count) & (count <= high)).mean()), 1), "%", SAID_OF, fit.name),
    ]  # fmt: skip


def _left_out(fit, known: dict) -> list[Finding]:
    """How the last three years, left out, lie in what the curves predict for them."""
    drawn, index = drawn_sales(fit, known), data(fit.panel)
    low, middle, high = np.percentile(drawn, [3, 50, 97], axis=0)
    out, count = index["known"] == 0, index["vehicles"]
    inside = ((low <= count) & (count <= high))[out]
    below = (count < middle)[out].mean()
    return [
        exact("hydrogen.left-out.inside@without-last-three", "sales of the last three years inside the central 94 % "
              "predicted without them", round(100 * float(inside.mean()), 1), "%", SAID_OF, fit.name),
        exact("hydrogen.left-out.below@without-last-three", "share of these sales that lie below the middle of the "
              "prediction", round(100 * float(below), 1), "%", SAID_OF, fit.name),
        exact("hydrogen.left-out.sales@without-last-three", "sales of the last three years", int(out.sum()), "",
              SAID_OF),
    ]  # fmt: skip
