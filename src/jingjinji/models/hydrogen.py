"""How fleets of fuel-cell vehicles grow: curves of diffusion over countries, and clusters as a prediction."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import special

from jingjinji import tables
from jingjinji.densities import given, log_above
from jingjinji.errors import BookError
from jingjinji.findings import Finding, exact, record

MODES = ("cars", "buses", "trucks")
LEAST_YEARS = {"cars": 5, "buses": 4, "trucks": 4}
"""Years with sales that a country other than China needs, by mode; of buses and trucks few countries have five."""
CLUSTERS = ("Beijing-Tianjin-Hebei", "Shanghai", "Guangdong", "Henan", "Hebei")
KEYS = ("bth", "shanghai", "guangdong", "henan", "hebei")
AGENCIES = ("CAAM", "SNE Research")
YEARS = np.arange(2010, 2026)
LAST = 2023
BASE, DUE, SEEN = 2020, 2025, "2023-08-31"
"""End of the year from which the clusters count, end of the year of their targets, day of the region's one count."""
SCOPES = {"all": 1, "all, plated": 1, "buses": 0, "1,000 buses + 448 logistics": 0}
PANEL = ("hydrogen_country_year", "hydrogen_national", "hydrogen_clusters", "hydrogen_targets")


@dataclass(frozen=True)
class Panel:
    """Sales by unit (a mode in a country) and year, China's national sales by agency, counts of clusters.

    `sales`: unit, year, vehicles, known (1 unless left out). `national`: agency, year, vehicles. `counts`: cluster,
    year (with its fraction), vehicles, lower (1 for a part of the cluster or "more than").
    """

    units: pd.DataFrame
    sales: pd.DataFrame
    national: pd.DataFrame
    counts: pd.DataFrame
    bass: float = 1.0
    clusters_used: float = 1.0
    truth: dict | None = None


def load(variant: str = "") -> Panel:
    """The panel of the main fit, or of one of `VARIANTS`; raises BookError for an unknown variant or a bad table."""
    if variant and variant not in VARIANTS:
        raise BookError(f"model hydrogen has no variant '{variant}': expected one of {', '.join(VARIANTS)}")
    panel = panel_of(*(tables.load(name) for name in PANEL[:3]))
    return VARIANTS[variant](panel) if variant else panel


def panel_of(years: pd.DataFrame, national: pd.DataFrame, counts: pd.DataFrame) -> Panel:
    """The panel of three tables; raises BookError where a cumulative count of a place and scope falls."""
    sales = years[(years.measure == "sales") & years["mode"].isin(MODES)]
    number = sales.groupby(["mode", "country"]).size().rename("years").reset_index()
    units = number[(number.years >= number["mode"].map(LEAST_YEARS)) | (number.country == "China")]
    units = units.assign(rank=units["mode"].map(MODES.index)).sort_values(["rank", "country"], ignore_index=True)
    keys = pd.MultiIndex.from_frame(units[["mode", "country"]])
    sales = sales.assign(unit=keys.get_indexer(pd.MultiIndex.from_frame(sales[["mode", "country"]])))
    sales = sales[sales.unit >= 0].assign(known=1.0)
    sales = sales[["unit", "year", "vehicles", "half_step", "known"]].sort_values(["unit", "year"], ignore_index=True)
    chosen = national[
        (national.country == "China") & (national.span == "year") & (national.measure == "sales")
        & national.agency.isin(AGENCIES)
    ]  # fmt: skip
    chosen = chosen.assign(year=chosen.period.astype(int), agency=chosen.agency.map(AGENCIES.index))
    return Panel(
        units[["mode", "country", "years"]],
        sales,
        chosen[["agency", "year", "vehicles"]].reset_index(drop=True),
        cluster_counts(counts),
    )


def cluster_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Counts of all vehicles of a cluster, or of a part of it as a lower bound: the highest of a place and scope."""
    table = table[table.vehicles.notna() & table.cluster.isin(CLUSTERS) & table.scope.isin(SCOPES)]
    table = table[(table.level != "event") & (table.date.dt.year > BASE)].sort_values(["place", "scope", "date"])
    falls = table.groupby(["place", "scope"]).vehicles.diff() < 0
    if falls.any():
        row = table[falls.fillna(False)].iloc[0]
        raise BookError(
            f"table hydrogen_clusters has {row.vehicles} vehicles of {row.place} on {row.date:%Y-%m-%d} and more "
            "before: a cumulative count cannot fall; correct the row or its date"
        )
    last = table.groupby(["place", "scope"]).tail(1)
    whole = last.place.isin(["Beijing-Tianjin-Hebei", "Shanghai"]) & (last.bound.fillna("") != "lower")
    date = last.date
    return pd.DataFrame(
        {
            "place": last.place,
            "cluster": last.cluster.map(CLUSTERS.index),
            "year": date.dt.year + date.dt.day_of_year / 365.25,
            "vehicles": last.vehicles.astype(float),
            "lower": 1.0 - whole.astype(float),
        }
    ).sort_values(["cluster", "place"], ignore_index=True)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    sales, national, counts = panel.sales, panel.national, panel.counts
    return {
        "unit_index": sales.unit.to_numpy(dtype=int),
        "year": sales.year.to_numpy(dtype=float),
        "vehicles": np.round(sales.vehicles.to_numpy(dtype=float)),
        "known": sales.known.to_numpy(dtype=float),
        "agency_index": national.agency.to_numpy(dtype=int),
        "agency_year": national.year.to_numpy(dtype=float),
        "agency_log": np.log(national.vehicles.to_numpy(dtype=float)),
        "cluster_index": counts.cluster.to_numpy(dtype=int),
        "cluster_year": counts.year.to_numpy(),
        "cluster_log": np.log(counts.vehicles.to_numpy(dtype=float)),
        "cluster_lower": counts.lower.to_numpy(dtype=float),
        "clusters_used": np.array(panel.clusters_used),
        "bass": np.array(panel.bass),
    }


def reached(time, pace, peak, start, maths=np):
    """Share of the ceiling that is reached at `time`: Bass's curve, or a logistic one where `start` is zero.

    ``(1 - start exp(-u)) / (1 + exp(-u))`` with ``u = pace (time - peak)``, zero before its root; ``start`` is Bass's
    innovation over imitation, `peak` the year of most sales.
    """
    fallen = maths.exp(-maths.clip(pace * (time - peak), -40, 40))
    return maths.maximum(1 - start * fallen, 0) / (1 + fallen)


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Yearly sales as negative-binomial counts around curves of diffusion, pooled over countries within a mode.

    A printed count is rounded to two digits; the counts scatter by several tenths, so the density at the printed
    value times the width of the step stands for the probability of the interval. The agencies count China's vehicles
    of all modes with definitions of their own. A cluster has a share of China's fleet that may change over the years,
    and a count of a part of it is a lower bound.
    """
    import pymc as pm
    import pytensor.tensor as pt

    units = panel.units
    mode_of = units["mode"].map(MODES.index).to_numpy()
    china = np.flatnonzero(units.country == "China")
    names = [f"{row.country}, {row.mode}" for row in units.itertuples()]
    coords = {"mode": MODES, "unit": names, "agency": AGENCIES, "cluster": CLUSTERS}
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        peak_mean = pm.Normal("peak_mean", 2025, 4, dims="mode")
        peak_scale = pm.LogNormal("peak_scale", np.log(3), 0.4)
        peak = peak_mean[mode_of] + peak_scale * pm.Normal("peak", 0, 1, dims="unit")
        pace_mean = pm.Normal("pace_mean", np.log(0.5), 0.4, dims="mode")
        pace_scale = pm.LogNormal("pace_scale", np.log(0.3), 0.4)
        pace = pt.exp(pace_mean[mode_of] + pace_scale * pm.Normal("pace", 0, 1, dims="unit"))
        size_mean = pm.Normal("size_mean", np.log([300, 200, 500]), 1.5, dims="mode")
        size_scale = pm.LogNormal("size_scale", np.log(2), 0.3)
        size = size_mean[mode_of] + size_scale * pm.Normal("size", 0, 1, dims="unit")
        ceiling = pm.Deterministic("ceiling", pt.exp(size) * 4 / pace, dims="unit")
        start = d["bass"] * pm.LogNormal("start", np.log(0.02), 1)
        concentration = pm.LogNormal("concentration", np.log(2), 0.5, dims="mode")

        def added(unit, year):
            """Sales in the year that ends with `year`."""
            curve = partial(reached, pace=pace[unit], peak=peak[unit], start=start, maths=pt)
            return ceiling[unit] * (curve(year + 1.0) - curve(year)) + 0.05

        u = d["unit_index"]
        mean, alpha = added(u, d["year"]), concentration[mode_of][u]
        density = pm.logp(pm.NegativeBinomial.dist(mu=mean, alpha=alpha), d["vehicles"])
        given("sales", d["known"] * density, observed=d["vehicles"])

        ratio = pm.LogNormal("ratio", 0, 0.3, dims="agency")
        national_scatter = pm.LogNormal("national_scatter", np.log(0.2), 0.4)
        nation = sum(added(int(unit), d["agency_year"]) for unit in china)
        pm.Normal("national", pt.log(ratio[d["agency_index"]] * nation), national_scatter,
                  observed=d["agency_log"])  # fmt: skip

        share = pm.Normal("share", np.log(0.15), 0.7, dims="cluster")
        hurry = pm.Normal("hurry", 0, 0.15, dims="cluster")
        cluster_scatter = pm.LogNormal("cluster_scatter", np.log(0.15), 0.4)

        def fleet(year):
            """China's vehicles of all modes on the curves, as the first agency counts."""
            total = 0.0
            for unit in china:
                curve = partial(reached, pace=pace[unit], peak=peak[unit], start=start, maths=pt)
                total += ceiling[unit] * curve(year)
            return ratio[0] * total

        c, when = d["cluster_index"], d["cluster_year"]
        middle = share[c] + hurry[c] * (when - 2023.5) + pt.log(pt.maximum(fleet(when), 1.0))
        scaled = (d["cluster_log"] - middle) / cluster_scatter
        point = -0.5 * scaled**2 - pt.log(cluster_scatter)
        term = pt.switch(d["cluster_lower"] > 0, log_above(scaled), point)
        given("counts", d["clusters_used"] * term, observed=d["cluster_log"])
    return model


TRUTH = {"peak": 2022.0, "pace": 0.6, "size": np.log(300), "concentration": 4.0, "start": 0.02, "share": 0.15}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known parameters (keys of `TRUTH`), the same units, years and counts as `panel`."""
    panel = load() if panel is None else panel
    known, index = {**TRUTH, **truth}, data(panel)
    count = len(panel.units)
    peak = known["peak"] + 2 * rng.normal(size=count)
    pace = known["pace"] * np.exp(0.2 * rng.normal(size=count))
    ceiling = np.exp(known["size"] + 1.5 * rng.normal(size=count)) * 4 / pace
    curve = partial(reached, pace=pace, peak=peak, start=known["start"])

    def added(year: float) -> np.ndarray:
        return ceiling * (curve(year + 1.0) - curve(year)) + 0.05

    u, size = index["unit_index"], known["concentration"]
    mean = np.array([added(year)[unit] for unit, year in zip(u, index["year"], strict=True)])
    sales = panel.sales.assign(vehicles=rng.negative_binomial(size, size / (size + mean)).astype(float))
    china = (panel.units.country == "China").to_numpy()
    national = panel.national.assign(
        vehicles=[max(1.0, added(year)[china].sum() * np.exp(0.1 * rng.normal())) for year in index["agency_year"]]
    )
    fleet = np.array([(ceiling * curve(year))[china].sum() for year in index["cluster_year"]])
    counts = panel.counts.assign(vehicles=np.maximum(1.0, known["share"] * fleet * (1 - 0.4 * panel.counts.lower)))
    return replace(panel, sales=sales, national=national, counts=counts, truth={**known, "peaks": peak})


def _toy(panel: Panel, pace: float) -> Panel:
    return simulate({"pace": pace}, np.random.default_rng([53, int(100 * pace)]), panel)


def _without_last(panel: Panel, years: int = 3) -> Panel:
    """The sales of the last `years` years and the agencies' and clusters' figures left out; the agencies stay."""
    return replace(
        panel, sales=panel.sales.assign(known=(panel.sales.year <= LAST - years).astype(float)), clusters_used=0.0
    )


DERIVED = ("ceiling",)
KEPT_WITH = ("", "toy", "without-clusters", "without-last-three", "logistic")
VARIANTS = {
    "toy": partial(_toy, pace=0.6),
    "toy-slow": partial(_toy, pace=0.2),
    "logistic": partial(replace, bass=0.0),
    "without-clusters": partial(replace, clusters_used=0.0),
    "without-last-three": _without_last,
}


def curves(fit) -> dict[str, np.ndarray]:
    """Pace, peak and ceiling (draw, unit) and start (draw, 1) of every curve, draws of all chains."""
    flat = fit.parameters.stack(sample=("chain", "draw"))
    value = {name: flat[name].transpose("sample", ...).values for name in fit.parameters}
    mode_of = fit.panel.units["mode"].map(MODES.index).to_numpy()
    pace = np.exp(value["pace_mean"][:, mode_of] + value["pace_scale"][:, None] * value["pace"])
    size = value["size_mean"][:, mode_of] + value["size_scale"][:, None] * value["size"]
    return {
        "pace": pace,
        "peak": value["peak_mean"][:, mode_of] + value["peak_scale"][:, None] * value["peak"],
        "ceiling": np.exp(size) * 4 / pace,
        "start": fit.panel.bass * value["start"][:, None],
        "concentration": value["concentration"][:, mode_of],
        "ratio": value["ratio"],
        "share": value["share"],
        "hurry": value["hurry"],
        "cluster_scatter": value["cluster_scatter"][:, None],
    }


def yearly(known: dict[str, np.ndarray], year: int) -> np.ndarray:
    """Expected sales of a year (draw, unit)."""
    ends = [reached(year + end, known["pace"], known["peak"], known["start"]) for end in (0.0, 1.0)]
    return known["ceiling"] * (ends[1] - ends[0]) + 0.05


def fleet(fit, known: dict[str, np.ndarray], time: float) -> np.ndarray:
    """China's vehicles of all modes on the curves (draw,), as the first agency counts."""
    china = (fit.panel.units.country == "China").to_numpy()
    curve = known["ceiling"] * reached(time, known["pace"], known["peak"], known["start"])
    return known["ratio"][:, 0] * curve[:, china].sum(axis=1)


def cluster_path(fit, known: dict[str, np.ndarray], time: float) -> np.ndarray:
    """Vehicles of each cluster (draw, cluster) at `time`, on its share of China's curves."""
    return np.maximum(fleet(fit, known, time), 1.0)[:, None] * np.exp(known["share"] + known["hurry"] * (time - 2023.5))


def cluster_added(fit, known: dict[str, np.ndarray], time: float) -> np.ndarray:
    """Vehicles that each cluster added from the end of `BASE` to `time` (draw, cluster), with a count's scatter."""
    rng = np.random.default_rng([fit.seed, int(10 * time)])
    scatter = np.exp(known["cluster_scatter"] * rng.normal(size=known["share"].shape))
    return np.maximum(cluster_path(fit, known, time) * scatter - cluster_path(fit, known, BASE + 1.0), 0)


def targets() -> dict[str, float]:
    """The clusters' targets for the end of `DUE` that were seen on a page, by cluster."""
    table = tables.load("hydrogen_targets")
    chosen = table[(table.level == "cluster") & (table.due == DUE)]
    return dict(zip(chosen.cluster, chosen.vehicles.astype(float), strict=True))


def findings(fit) -> list[Finding]:
    """Pace and year of most sales by mode, fleets of the clusters, and the probability of each target."""
    chains, draws = fit.parameters.sizes["chain"], fit.parameters.sizes["draw"]
    shape = partial(np.reshape, shape=(chains, draws))
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
    known = curves(fit)
    made = []
    for k, mode in enumerate(MODES):
        value = fit.parameters["pace_mean"].isel(mode=k).values
        made.append(name(f"hydrogen.{mode}.doubling", f"time in which sales of {mode} double early on the curve, "
                         "typical country", np.log(2) / np.exp(value), "years"))  # fmt: skip
        made.append(name(f"hydrogen.{mode}.peak", f"year of most sales of {mode}, typical country",
                         fit.parameters["peak_mean"].isel(mode=k).values, ""))  # fmt: skip
    if fit.panel.truth:
        for mode in MODES:
            made.append(exact(f"hydrogen.truth.{mode}.doubling@{fit.variant}", f"truth: time in which sales of {mode} "
                              "double early on the curve", round(float(np.log(2) / fit.panel.truth["pace"]), 2),
                              "years", ()))  # fmt: skip
        return made
    made += _china(fit, known, shape, name) + _clusters(fit, known, shape, name)
    if not fit.variant:
        made += _needed(fit, known) + _record(fit.panel) + _check(fit, known)
    if fit.variant == "without-last-three":
        made += _left_out(fit, known)
    return made


def _china(fit, known: dict, shape, name) -> list[Finding]:
    made, units = [], fit.panel.units
    for row in units[units.country == "China"].itertuples():
        for year in (LAST, DUE):
            made.append(name(f"hydrogen.china.{row.mode}.{year}", f"expected sales of {row.mode} in China, {year}",
                             shape(yearly(known, year)[:, row.Index]), "vehicles"))  # fmt: skip
    for k, agency in enumerate(("caam", "sne")):
        made.append(name(f"hydrogen.ratio.{agency}", f"{AGENCIES[k]}'s count of China as a multiple of the countries' "
                         "table", shape(known["ratio"][:, k]), "times"))  # fmt: skip
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
                                  goals[cluster], "vehicles", PANEL))  # fmt: skip
    return made


def _needed(fit, known: dict) -> list[Finding]:
    """The region's count in August 2023 that would have made its target an even chance, its share left as it is."""
    then = 2023 + pd.Timestamp(SEEN).day_of_year / 365.25
    growth = cluster_added(fit, known, DUE + 1.0)[:, 0] / cluster_path(fit, known, then)[:, 0]
    needed = targets()[CLUSTERS[0]] / float(np.median(growth))
    counts = fit.panel.counts
    seen = counts.vehicles[(counts.cluster == 0) & (counts.lower == 0)].iloc[0]
    return [
        exact("hydrogen.bth.needed", "count in August 2023 from which the region's target is an even chance",
              round(needed, -1), "vehicles", PANEL),
        exact("hydrogen.bth.seen", "fuel-cell vehicles plated in the region until August 2023", seen, "vehicles",
              PANEL),
    ]  # fmt: skip


def _record(panel: Panel) -> list[Finding]:
    made = [exact("hydrogen.record.countries", "countries with a curve", panel.units.country.nunique(), "", PANEL),
            exact("hydrogen.record.sales", "yearly sales of a country and mode", len(panel.sales), "", PANEL),
            exact("hydrogen.record.clusters", "counts of clusters and their parts that the model uses",
                  len(panel.counts), "", PANEL)]  # fmt: skip
    for k, mode in enumerate(MODES):
        number = int((panel.units["mode"] == MODES[k]).sum())
        made.append(exact(f"hydrogen.record.{mode}", f"countries with a curve of {mode}", number, "", PANEL))
    return made


def drawn_sales(fit, known: dict, most: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Sales drawn anew and their expectations (draw, row)."""
    rng, index = np.random.default_rng(fit.seed), data(fit.panel)
    thin = slice(None, None, max(1, len(known["pace"]) // most))
    by_year = {year: yearly({name: values[thin] for name, values in known.items()}, year) for year in YEARS}
    mean = np.stack([by_year[int(year)][:, unit] for unit, year in
                     zip(index["unit_index"], index["year"], strict=True)], axis=1)  # fmt: skip
    size = known["concentration"][thin][:, index["unit_index"]]
    return rng.negative_binomial(size, size / (size + mean)), mean


def log_density(fit, known: dict, most: int = 400) -> np.ndarray:
    """Log probability of each printed count (draw, row), for leave-one-out comparison and for years left out."""
    index = data(fit.panel)
    _, mean = drawn_sales(fit, known, most)
    thin = slice(None, None, max(1, len(known["pace"]) // most))
    size, count = known["concentration"][thin][:, index["unit_index"]], index["vehicles"]
    return (
        special.gammaln(count + size) - special.gammaln(size) - special.gammaln(count + 1)
        + size * np.log(size / (size + mean)) + count * np.log(mean / (size + mean))
    )  # fmt: skip


def _check(fit, known: dict) -> list[Finding]:
    drawn, _ = drawn_sales(fit, known)
    low, high = np.percentile(drawn, [3, 97], axis=0)
    count = data(fit.panel)["vehicles"]
    return [
        exact("hydrogen.check.inside", "yearly sales inside the central 94 % of sales drawn anew",
              round(100 * float(((low <= count) & (count <= high)).mean()), 1), "%", PANEL),
    ]  # fmt: skip


def _left_out(fit, known: dict) -> list[Finding]:
    """How the last three years, left out, lie in what the curves predict for them."""
    drawn, _ = drawn_sales(fit, known)
    low, high = np.percentile(drawn, [3, 97], axis=0)
    index = data(fit.panel)
    out, count = index["known"] == 0, index["vehicles"]
    inside = ((low <= count) & (count <= high))[out]
    above = (drawn[:, out].mean(axis=0) > count[out]).mean()
    return [
        exact("hydrogen.left-out.inside@without-last-three", "sales of the last three years inside the central 94 % "
              "predicted without them", round(100 * float(inside.mean()), 1), "%", PANEL),
        exact("hydrogen.left-out.above@without-last-three", "share of these sales that lie below the mean prediction",
              round(100 * float(above), 1), "%", PANEL),
        exact("hydrogen.left-out.sales@without-last-three", "sales of the last three years", int(out.sum()), "", PANEL),
    ]  # fmt: skip
