"""How fleets of fuel-cell vehicles grow: curves of diffusion over countries, and clusters as a prediction."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji import tables
from jingjinji.densities import given, log_above, restored
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
GRID = np.arange(2010, LAST + 1)
"""Years with sales."""
CALENDAR = 2017
"""Year from which a logistic curve's peak counts, in every country; Bass's counts from a country's first sales."""
MIDDLE = 2023.5
"""Time at which the weights of clusters are what they are called; they change from there."""
BASE, DUE, SEEN = 2020, 2025, "2023-08-31"
"""End of the year from which the clusters count, end of the year of their targets, day of the region's one count."""
FIVE = "2024-10-12"
"""Day of a count of all five clusters that no fit uses."""
COUNT_ERROR = 0.15
"""Standard deviation of a cluster's log count; assumed, since no cluster has two counts that could show it."""
SCOPES = {"all": 1, "all, plated": 1, "buses": 0, "1,000 buses + 448 logistics": 0}
PANEL = ("hydrogen_country_year", "hydrogen_national", "hydrogen_clusters", "hydrogen_targets")


@dataclass(frozen=True)
class Panel:
    """Sales by unit (a mode in a country) and year, China's national sales by agency, counts of clusters.

    `units`: mode, country, years, launch (first year with sales). `sales`: unit, year, vehicles, known (1 unless left
    out). `national`: agency, vehicles, years (those it sums). `counts`: cluster, year (with its fraction), vehicles,
    lower (1 for a part of the cluster or "more than"). `bass`: 1 where peaks count from a country's first sales, 0
    where from a calendar year. `peak_prior`: years to the peak, mean of the prior. `weight_mean`, `weight_scale`:
    prior of clusters' weights, logs against the rest of China; `hurry_scale`: of their yearly change. `since_start`: 1
    where the region's own count is read as vehicles added since the end of `BASE`, 0 where it is read as all of them.
    """

    units: pd.DataFrame
    sales: pd.DataFrame
    national: pd.DataFrame
    counts: pd.DataFrame
    bass: float = 1.0
    clusters_used: float = 1.0
    peak_prior: float = 8.0
    weight_mean: float = float(np.log(0.5))
    weight_scale: float = 0.7
    hurry_scale: float = 0.15
    since_start: float = 0.0
    truth: dict | None = None


def load(variant: str = "") -> Panel:
    """The panel of the main fit, or of one of `VARIANTS`; raises BookError for an unknown variant or a bad table."""
    if variant and variant not in VARIANTS:
        raise BookError(f"model hydrogen has no variant '{variant}': expected one of {', '.join(VARIANTS)}")
    panel = panel_of(
        tables.load("hydrogen_country_year"), tables.load("hydrogen_national"), tables.load("hydrogen_clusters")
    )
    return VARIANTS[variant](panel) if variant else panel


def panel_of(years: pd.DataFrame, national: pd.DataFrame, counts: pd.DataFrame) -> Panel:
    """The panel of three tables; raises BookError where a cumulative count of a place and scope falls."""
    sales = years[(years.measure == "sales") & years["mode"].isin(MODES)]
    number = sales.groupby(["mode", "country"]).year.agg(years="size", launch="min").reset_index()
    units = number[(number.years >= number["mode"].map(LEAST_YEARS)) | (number.country == "China")]
    units = units.assign(rank=units["mode"].map(MODES.index)).sort_values(["rank", "country"], ignore_index=True)
    keys = pd.MultiIndex.from_frame(units[["mode", "country"]])
    sales = sales.assign(unit=keys.get_indexer(pd.MultiIndex.from_frame(sales[["mode", "country"]])))
    sales = sales[sales.unit >= 0].assign(known=1.0)
    sales = sales[["unit", "year", "vehicles", "half_step", "known"]].sort_values(["unit", "year"], ignore_index=True)
    return Panel(
        units[["mode", "country", "years", "launch"]], sales, national_counts(national), cluster_counts(counts)
    )


def national_counts(table: pd.DataFrame) -> pd.DataFrame:
    """China's sales by agency, each row a year, or the years of a sum that the agency has not printed apart.

    Raises BookError where a sum is not above the years in it.
    """
    table = table[(table.country == "China") & (table.measure == "sales") & table.agency.isin(AGENCIES)]
    single, made = table[table.span == "year"], []
    for row in table[table.span.isin(("year", "cumulative"))].itertuples():
        first, last = int(row.period[:4]), int(row.period[-4:])
        apart = single[(single.agency == row.agency) & (single.period != row.period)]
        apart = apart[apart.period.astype(int).between(first, last)]
        rest = float(row.vehicles - apart.vehicles.sum())
        if rest <= 0:
            raise BookError(
                f"table hydrogen_national has {row.vehicles} sales by {row.agency} in {row.period} and "
                f"{apart.vehicles.sum()} in single years of them: expected more; correct the row"
            )
        years = sorted(set(range(first, last + 1)) - set(apart.period.astype(int)))
        made.append((AGENCIES.index(row.agency), rest, tuple(years)))
    return pd.DataFrame(made, columns=["agency", "vehicles", "years"])


def cluster_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Counts of all vehicles of a cluster, or of a part of it as a lower bound: the highest of each place."""
    table = table[table.vehicles.notna() & table.cluster.isin(CLUSTERS) & table.scope.isin(SCOPES)]
    table = table[(table.level != "event") & (table.date.dt.year > BASE)].sort_values(["place", "scope", "date"])
    falls = table.groupby(["place", "scope"]).vehicles.diff() < 0
    if falls.any():
        row = table[falls.fillna(False)].iloc[0]
        raise BookError(
            f"table hydrogen_clusters has {row.vehicles} vehicles of {row.place} on {row.date:%Y-%m-%d} and more "
            "before: a cumulative count cannot fall; correct the row or its date"
        )
    last = table.sort_values("vehicles").groupby("place").tail(1)
    whole = (last.level == "cluster") & (last.bound.fillna("") != "lower")
    return pd.DataFrame(
        {
            "place": last.place,
            "cluster": last.cluster.map(CLUSTERS.index),
            "year": [year_of(date) for date in last.date],
            "vehicles": last.vehicles.astype(float),
            "lower": 1.0 - whole.astype(float),
        }
    ).sort_values(["cluster", "place"], ignore_index=True)


def year_of(date) -> float:
    """A date as a year with its fraction."""
    date = pd.Timestamp(date)
    return date.year + date.day_of_year / 365.25


def printed_additions(panel: Panel, time: float) -> np.ndarray:
    """China's vehicles of all modes sold in each year of `GRID` until `time`, by the countries' table.

    A year's sales come evenly.
    """
    china = panel.sales[(panel.units.country == "China").to_numpy()[panel.sales.unit]]
    by_year = china.groupby("year").vehicles.sum().reindex(GRID, fill_value=0).to_numpy(dtype=float)
    return by_year * np.clip(time - GRID, 0, 1)


def middles(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Middle of each unit's known years, its launch where there is none; and the number of known years."""
    known = panel.sales[panel.sales.known > 0].groupby("unit").year.agg(["mean", "size"])
    known = known.reindex(range(len(panel.units)))
    middle = known["mean"].fillna(panel.units.launch).round().to_numpy(dtype=int)
    return middle, known["size"].fillna(0).to_numpy(dtype=float)


def counted_additions(panel: Panel) -> np.ndarray:
    """China's vehicles by year of `GRID` of which each count of a cluster is a part (count, year)."""
    counts = panel.counts
    own = ((counts.cluster == 0) & (counts.lower == 0)).to_numpy()
    made = np.array([printed_additions(panel, year) for year in counts.year])
    before = panel.since_start * own[:, None] * (GRID <= BASE)
    return made * (1 - before)


def windows(panel: Panel) -> np.ndarray:
    """1 where an agency's count sums a year of `GRID` (count, year)."""
    return np.array([np.isin(GRID, years) for years in panel.national.years], dtype=float)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    sales, national, counts = panel.sales, panel.national, panel.counts
    middle, years = middles(panel)
    return {
        "unit_index": sales.unit.to_numpy(dtype=int),
        "year": sales.year.to_numpy(dtype=int),
        "vehicles": np.round(sales.vehicles.to_numpy(dtype=float)),
        "known": sales.known.to_numpy(dtype=float),
        "origin": np.where(panel.bass > 0, panel.units.launch, CALENDAR).astype(float),
        "middle": middle,
        "level_centring": (years > 0).astype(float),
        "peak_centring": np.clip((years - 5) / 10, 0, 0.8),
        "peak_prior": np.array(panel.peak_prior),
        "agency_index": national.agency.to_numpy(dtype=int),
        "agency_log": np.log(national.vehicles.to_numpy(dtype=float)),
        "agency_table": windows(panel) * printed_additions(panel, LAST + 1.0),
        "cluster_index": counts.cluster.to_numpy(dtype=int),
        "cluster_log": np.log(counts.vehicles.to_numpy(dtype=float)),
        "cluster_lower": counts.lower.to_numpy(dtype=float),
        "additions": counted_additions(panel),
        "clusters_used": np.array(panel.clusters_used),
        "weight_mean": np.array(panel.weight_mean),
        "weight_scale": np.array(panel.weight_scale),
        "hurry_scale": np.array(panel.hurry_scale),
    }


def softplus(values: np.ndarray) -> np.ndarray:
    """``log(1 + exp(values))`` without overflow."""
    return np.logaddexp(0, values)


def log_curve(year, pace, peak, maths=np, softplus=softplus):
    """Log of the sales in the year that begins at `year`, as a multiple of the yearly rate at the peak.

    After a country's first sales Bass's curve of sales and a logistic one are the same curve, the integral over the
    year of ``4 exp(-u) / (1 + exp(-u))^2`` with ``u = pace (time - peak)``.
    """
    rise = softplus(-pace * (year + 1.0 - peak)) + softplus(pace * (year - peak))
    return maths.log(-4 * maths.expm1(-pace) / pace) - rise


def log_density_of(count, log_mean, size, maths=np, gammaln=scipy.special.gammaln):
    """Log probability of a negative-binomial `count`, given that it is not zero; `size` is its concentration.

    Years without sales are not printed, so a printed count says that there were some.
    """
    log_zero = -size * maths.log1p(maths.exp(log_mean) / size)
    return (
        gammaln(count + size) - gammaln(size) - gammaln(count + 1.0)
        + count * (log_mean - maths.log(size)) + (1 + count / size) * log_zero - maths.log(-maths.expm1(log_zero))
    )  # fmt: skip


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Yearly sales as negative-binomial counts around curves of diffusion, pooled over countries within a mode.

    A unit's curve has a pace, a peak and `level`, its log sales in the middle of its years: that is what the years
    inform, while the size of a peak to come is an extrapolation. Without a known year `level` is the departure from
    what the other units say. Printed counts are rounded to two digits, a step of at most a tenth where counts scatter
    by half or more, so the density at the printed value stands for the interval.

    The countries' table and the agencies count what China adds in a year, all with errors of one scale, and an agency
    with a ratio of its own for its definition; what China added until `LAST` follows from all of them. A cluster has a
    share of each year's that may change over the years, so that no fleet shrinks; the shares and the rest of the
    country make one, and a count of a part of a cluster is a lower bound.
    """
    import pymc as pm
    import pytensor.tensor as pt

    units = panel.units
    mode_of = units["mode"].map(MODES.index).to_numpy()
    names = [f"{row.country}, {row.mode}" for row in units.itertuples()]
    coords = {"mode": MODES, "unit": names, "agency": AGENCIES, "cluster": CLUSTERS, "year_sold": GRID}
    with pm.Model(coords=coords) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
        peak_mean = pm.Normal("peak_mean", d["peak_prior"], 4, dims="mode")
        peak_scale = pm.LogNormal("peak_scale", np.log(3), 0.4)
        typical, c = peak_mean[mode_of], d["peak_centring"]
        peak = d["origin"] + restored(
            pm.Normal("peak", c * typical, peak_scale**c, dims="unit"), typical, peak_scale, c
        )
        pace_mean = pm.Normal("pace_mean", np.log(0.5), 0.4, dims="mode")
        pace_scale = pm.LogNormal("pace_scale", np.log(0.3), 0.4)
        pace = pt.exp(pace_mean[mode_of] + pace_scale * pm.Normal("pace", 0, 1, dims="unit"))
        size_mean = pm.Normal("size_mean", np.log([300, 200, 500]), 1.5, dims="mode")
        size_scale = pm.LogNormal("size_scale", np.log(2), 0.3)
        curve = log_curve(GRID, pace[:, None], peak[:, None], pt, pt.softplus)
        middle, c = curve[np.arange(len(units)), d["middle"] - GRID[0]], d["level_centring"]
        typical = size_mean[mode_of] + middle
        level = pm.Normal("level", c * typical, size_scale**c, dims="unit")
        size = restored(level, typical, size_scale, c) - middle
        concentration = pm.LogNormal("concentration", np.log(2), 0.5, dims="mode")

        u = d["unit_index"]
        mean = (size[:, None] + curve)[u, d["year"] - GRID[0]]
        density = log_density_of(d["vehicles"], mean, concentration[mode_of][u], pt, pt.gammaln)
        given("sales", d["known"] * density, observed=d["vehicles"])

        ratio = pm.LogNormal("ratio", 0, 0.2, dims="agency")
        source_error = pm.LogNormal("source_error", np.log(0.2), 0.3)
        off = pt.exp(source_error * pm.Normal("off", 0, 1, dims="year_sold"))
        parts = d["agency_table"]
        spread = pt.sqrt((parts**2).sum(axis=1)) / parts.sum(axis=1)
        pm.Normal("national", pt.log((parts * off).sum(axis=1)) + pt.log(ratio)[d["agency_index"]],
                  source_error * spread, observed=d["agency_log"])  # fmt: skip

        weight = pm.Normal("weight", d["weight_mean"], d["weight_scale"], dims="cluster")
        hurry = pm.Normal("hurry", 0, d["hurry_scale"], dims="cluster")
        every = pt.exp(weight + hurry * (GRID[:, None] + 0.5 - MIDDLE))
        share = every / (1 + every.sum(axis=1, keepdims=True))
        expected = (d["additions"] * off * share.T[d["cluster_index"]]).sum(axis=1)
        scaled = (d["cluster_log"] - pt.log(expected)) / COUNT_ERROR
        term = pt.switch(d["cluster_lower"] > 0, log_above(scaled), -0.5 * scaled**2)
        given("counts", d["clusters_used"] * term, observed=d["cluster_log"])
    return model


TRUTH = {
    "peak": 8.0,
    "pace": 0.5,
    "size": np.log(300),
    "concentration": 3.0,
    "source_error": 0.15,
    "weight": np.log(0.5),
}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel | None = None) -> Panel:
    """A panel with known parameters (keys of `TRUTH`), the same units, years and counts as `panel`."""
    panel = load() if panel is None else panel
    known, index, units = {**TRUTH, **truth}, data(panel), panel.units
    count = len(units)
    peak = units.launch.to_numpy() + known["peak"] + 2 * rng.normal(size=count)
    pace = known["pace"] * np.exp(0.2 * rng.normal(size=count))
    size = known["size"] + 1.5 * rng.normal(size=count)
    u = index["unit_index"]
    mean = np.exp(size[u] + log_curve(index["year"], pace[u], peak[u]))
    sales = panel.sales.assign(vehicles=printed_counts(mean, known["concentration"], rng))
    made = replace(panel, sales=sales, truth=known)
    off = np.exp(known["source_error"] * rng.normal(size=len(GRID)))
    parts = (
        data(made)["agency_table"]
        * off
        * np.exp(known["source_error"] * rng.normal(size=(len(panel.national), len(GRID))))
    )
    made = replace(made, national=panel.national.assign(vehicles=parts.sum(axis=1)))
    share = np.exp(known["weight"]) / (1 + len(CLUSTERS) * np.exp(known["weight"]))
    fleets = (counted_additions(made) * off).sum(axis=1)
    scatter = np.exp(COUNT_ERROR * rng.normal(size=len(fleets)))
    counts = panel.counts.assign(vehicles=np.maximum(1.0, share * fleets * scatter * (1 - 0.4 * panel.counts.lower)))
    return replace(made, counts=counts)


def printed_counts(mean: np.ndarray, size, rng: np.random.Generator) -> np.ndarray:
    """Negative-binomial counts around `mean` that are not zero, as only those are printed."""
    chance = size / (size + mean)
    zero = chance**size
    drawn = scipy.stats.nbinom.ppf(zero + (1 - zero) * rng.uniform(size=np.shape(mean)), size, chance)
    return np.where(np.isfinite(drawn), np.maximum(1.0, drawn), 1.0)


def _toy(panel: Panel, rng: np.random.Generator, pace: float) -> Panel:
    return simulate({"pace": pace}, rng, panel)


def _without_last(panel: Panel, years: int = 3) -> Panel:
    """The sales of the last `years` years and the clusters' counts left out; the agencies do not bear on curves."""
    known = (panel.sales.year <= LAST - years).astype(float)
    return replace(panel, sales=panel.sales.assign(known=known), clusters_used=0.0)


DERIVED = ()
TARGET_ACCEPT = 0.97
"""At 0.9 two of 20 made-up records had a divergence; of 32 at 0.95 and 20 at 0.98 none had."""
VARIANTS = {
    "logistic": partial(replace, bass=0.0),
    "without-clusters": partial(replace, clusters_used=0.0),
    "without-last-three": _without_last,
    "late-peak": partial(replace, peak_prior=12.0),
    "wide-shares": partial(replace, weight_scale=1.4),
    "steady-shares": partial(replace, hurry_scale=0.01),
    "restless-shares": partial(replace, hurry_scale=0.3),
    "small-shares": partial(replace, weight_mean=float(np.log(0.25))),
    "since-start": partial(replace, since_start=1.0),
}
OF_CLUSTERS = ("without-clusters", "wide-shares", "steady-shares", "restless-shares", "small-shares", "since-start")
"""Variants that leave the curves as they are: no parameter of a curve bears on agencies and counts, nor the reverse."""
TOYS = {"toy": partial(_toy, pace=0.6), "toy-slow": partial(_toy, pace=0.3)}


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
    name = partial(record, model=fit.name, panel=PANEL, suffix=f"@{fit.variant}" if fit.variant else "")
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
                                  goals[cluster], "vehicles", PANEL))  # fmt: skip
    return made


def _five(fit, known: dict, shape, name) -> list[Finding]:
    """The five clusters together on the day of their one common count, which no fit has seen."""
    table = tables.load("hydrogen_clusters")
    seen = table.vehicles[(table.place == "Five clusters") & (table.date == FIVE)].iloc[0]
    return [
        name("hydrogen.five.predicted", "fuel-cell vehicles of the five clusters in October 2024, predicted",
             shape(np.minimum(cluster_seen(fit, known, year_of(FIVE)).sum(axis=1), 1e6)), "vehicles"),
        exact("hydrogen.five.seen", "fuel-cell vehicles of the five clusters in October 2024", float(seen), "vehicles",
              PANEL),
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
              needed, "vehicles", PANEL, fit.name, error=error),
        exact("hydrogen.bth.seen", "fuel-cell vehicles plated in the region until August 2023", seen, "vehicles",
              PANEL),
    ]  # fmt: skip


def _record(panel: Panel) -> list[Finding]:
    made = [exact("hydrogen.record.countries", "countries with a curve", panel.units.country.nunique(), "", PANEL),
            exact("hydrogen.record.sales", "yearly sales of a country and mode", len(panel.sales), "", PANEL),
            exact("hydrogen.record.clusters", "counts of clusters and their parts that the model uses",
                  len(panel.counts), "", PANEL),
            exact("hydrogen.record.count-error", "standard deviation by which a cluster's count is taken to err",
                  100 * COUNT_ERROR, "%", PANEL)]  # fmt: skip
    for k, mode in enumerate(MODES):
        number = int((panel.units["mode"] == MODES[k]).sum())
        made.append(exact(f"hydrogen.record.{mode}", f"countries with a curve of {mode}", number, "", PANEL))
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
              round(100 * float(((low <= count) & (count <= high)).mean()), 1), "%", PANEL, fit.name),
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
              "predicted without them", round(100 * float(inside.mean()), 1), "%", PANEL, fit.name),
        exact("hydrogen.left-out.below@without-last-three", "share of these sales that lie below the middle of the "
              "prediction", round(100 * float(below), 1), "%", PANEL, fit.name),
        exact("hydrogen.left-out.sales@without-last-three", "sales of the last three years", int(out.sum()), "", PANEL),
    ]  # fmt: skip
