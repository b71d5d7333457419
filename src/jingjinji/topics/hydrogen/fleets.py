"""How fleets of fuel-cell vehicles grow: curves of diffusion over countries, and clusters as a prediction."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import scipy

from jingjinji.core.densities import given, log_above, restored
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant

MODES = ("cars", "buses", "trucks")
LEAST_YEARS = {"cars": 5, "buses": 4, "trucks": 4}
"""Years with sales that a country other than China needs, by mode; of buses and trucks few countries have five."""
CLUSTERS = ("Beijing-Tianjin-Hebei", "Shanghai", "Guangdong", "Henan", "Hebei")
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
COUNT_ERROR = 0.15
"""Standard deviation of a cluster's log count; assumed, since no cluster has two counts that could show it."""
SCOPES = {"all": 1, "all, plated": 1, "buses": 0, "1,000 buses + 448 logistics": 0}
TABLES = ("hydrogen_country_year", "hydrogen_national", "hydrogen_clusters")


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


def panel(years: pd.DataFrame, national: pd.DataFrame, counts: pd.DataFrame) -> Panel:
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


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`), the same units, years and counts as `panel`."""
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
    "logistic": Variant("logistic curves", partial(replace, bass=0.0)),
    "late-peak": Variant("peaks four years later", partial(replace, peak_prior=12.0)),
    "wide-shares": Variant("shares hardly known", partial(replace, weight_scale=1.4)),
    "small-shares": Variant("smaller shares", partial(replace, weight_mean=float(np.log(0.25)))),
    "steady-shares": Variant("shares that stay", partial(replace, hurry_scale=0.01)),
    "restless-shares": Variant("shares that change more", partial(replace, hurry_scale=0.3)),
    "since-start": Variant("count since the start", partial(replace, since_start=1.0)),
    "without-clusters": Variant("no counts of clusters", partial(replace, clusters_used=0.0)),
    "without-last-three": Variant("without the last three years", _without_last),
}
TOYS = {"toy": partial(_toy, pace=0.6), "toy-slow": partial(_toy, pace=0.3)}
