"""How much of China's fuel-cell vehicles each cluster has: a few counts, most of them lower bounds.

No parameter of a curve of sales bears on them: what China added until `LAST` is printed, by a table of countries and by
two agencies. What it adds after that comes from draws of the `curves`, which are independent of these.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from jingjinji.core.densities import given, log_above
from jingjinji.core.errors import BookError
from jingjinji.core.topic import Variant
from jingjinji.topics.hydrogen import curves
from jingjinji.topics.hydrogen.curves import GRID, LAST

CLUSTERS = ("Beijing-Tianjin-Hebei", "Shanghai", "Guangdong", "Henan", "Hebei")
AGENCIES = ("CAAM", "SNE Research")
MIDDLE = 2023.5
"""Time at which the weights of clusters are what they are called; they change from there."""
BASE, DUE, SEEN = 2020, 2025, "2023-08-31"
"""End of the year from which the clusters count, end of the year of their targets, day of the region's one count."""
COUNT_ERROR = 0.15
"""Standard deviation of a cluster's log count; assumed, since no cluster has two counts that could show it."""
SCOPES = {"all": 1, "all, plated": 1, "buses": 0, "1,000 buses + 448 logistics": 0}
WITHIN = "Zhangjiakou"
"""A city of the cluster of Hebei that lies in the region whose vehicles are counted."""
TABLES = ("hydrogen_country_year", "hydrogen_national", "hydrogen_clusters")
BESIDE = {"Bass": "hydrogen", "logistic": "hydrogen/logistic", "late-peak": "hydrogen/late-peak"}


@dataclass(frozen=True)
class Panel:
    """What China added, by the countries' table and by agencies, and counts of clusters.

    `sold`: vehicles of all modes sold in China in each year of `GRID`, by the countries' table. `national`: agency,
    vehicles, years (those it sums). `counts`: cluster, year (with its fraction), vehicles, lower (1 for a part of the
    cluster or "more than"). `used`: 0 where the counts are left out. `weight_mean`, `weight_scale`: prior of clusters'
    weights, logs against the rest of China; `hurry_scale`: of their yearly change. `since_start`: 1 where the region's
    own count is read as vehicles added since the end of `BASE`, 0 where it is read as all of them.
    """

    sold: np.ndarray
    national: pd.DataFrame
    counts: pd.DataFrame
    used: float = 1.0
    weight_mean: float = float(np.log(0.5))
    weight_scale: float = 0.7
    hurry_scale: float = 0.15
    since_start: float = 0.0
    truth: dict | None = None


def panel(years: pd.DataFrame, national: pd.DataFrame, counts: pd.DataFrame) -> Panel:
    """The panel of three tables; raises BookError where a cumulative count of a place and scope falls."""
    sales = curves.panel(years)
    china = sales.sales[(sales.units.country == "China").to_numpy()[sales.sales.unit]]
    sold = china.groupby("year").vehicles.sum().reindex(GRID, fill_value=0).to_numpy(dtype=float)
    return Panel(sold, national_counts(national), cluster_counts(counts))


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
    return panel.sold * np.clip(time - GRID, 0, 1)


def own(panel: Panel) -> np.ndarray:
    """Which count is the region's own: the one of a whole cluster."""
    return ((panel.counts.cluster == 0) & (panel.counts.lower == 0)).to_numpy()


def counted_additions(panel: Panel) -> np.ndarray:
    """China's vehicles by year of `GRID` of which each count of a cluster is a part (count, year)."""
    made = np.array([printed_additions(panel, year) for year in panel.counts.year])
    return made * (1 - panel.since_start * own(panel)[:, None] * (GRID <= BASE))


def windows(panel: Panel) -> np.ndarray:
    """1 where an agency's count sums a year of `GRID` (count, year)."""
    return np.array([np.isin(GRID, years) for years in panel.national.years], dtype=float)


def data(panel: Panel) -> dict[str, np.ndarray]:
    """Every array of the model that can change between fits of one compiled model."""
    national, counts = panel.national, panel.counts
    return {
        "agency_index": national.agency.to_numpy(dtype=int),
        "agency_log": np.log(national.vehicles.to_numpy(dtype=float)),
        "agency_table": windows(panel) * printed_additions(panel, LAST + 1.0),
        "cluster_index": counts.cluster.to_numpy(dtype=int),
        "cluster_log": np.log(counts.vehicles.to_numpy(dtype=float)),
        "cluster_lower": counts.lower.to_numpy(dtype=float),
        "additions": counted_additions(panel),
        "used": np.array(panel.used),
        "weight_mean": np.array(panel.weight_mean),
        "weight_scale": np.array(panel.weight_scale),
        "hurry_scale": np.array(panel.hurry_scale),
    }


def build(panel: Panel) -> "pm.Model":  # noqa: F821
    """Shares of clusters in what China adds, under counts of which most are lower bounds.

    The countries' table and the agencies count what China adds in a year, all with errors of one scale, and an agency
    with a ratio of its own for its definition; what China added until `LAST` follows from all of them. A cluster has a
    share of each year's that may change over the years, so that no fleet shrinks; the shares and the rest of the
    country make one, and a count of a part of a cluster is a lower bound.
    """
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model(coords={"agency": AGENCIES, "cluster": CLUSTERS, "year_sold": GRID}) as model:
        d = {name: pm.Data(name, values) for name, values in data(panel).items()}
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
        given("counts", d["used"] * term, observed=d["cluster_log"])
    return model


TRUTH = {"source_error": 0.15, "weight": np.log(0.5)}


def simulate(truth: dict, rng: np.random.Generator, panel: Panel) -> Panel:
    """A panel with known parameters (keys of `TRUTH`), the same years, agencies and counts as `panel`.

    All clusters have one weight, which does not change; agencies and the countries' table count the same thing.
    """
    known = {**TRUTH, **truth}
    off = np.exp(known["source_error"] * rng.normal(size=len(GRID)))
    table = data(panel)["agency_table"]
    parts = table * off * np.exp(known["source_error"] * rng.normal(size=table.shape))
    share = np.exp(known["weight"]) / (1 + len(CLUSTERS) * np.exp(known["weight"]))
    fleets = (counted_additions(panel) * off).sum(axis=1)
    scatter = np.exp(COUNT_ERROR * rng.normal(size=len(fleets)))
    vehicles = np.maximum(1.0, share * fleets * scatter * (1 - 0.4 * panel.counts.lower))
    return replace(
        panel,
        national=panel.national.assign(vehicles=parts.sum(axis=1)),
        counts=panel.counts.assign(vehicles=vehicles),
        truth=known | {"share": share},
    )


def _toy(panel: Panel, rng: np.random.Generator, weight: float) -> Panel:
    return simulate({"weight": float(np.log(weight))}, rng, panel)


def without_the_city(panel: Panel) -> Panel:
    """The region's count less the vehicles that `WITHIN` has, which are another cluster's."""
    city = panel.counts.vehicles[panel.counts.place == WITHIN]
    less = panel.counts.vehicles - (city.iloc[0] if len(city) else 0.0) * own(panel)
    return replace(panel, counts=panel.counts.assign(vehicles=less))


DERIVED = ()
VARIANTS = {
    "wide-shares": Variant("shares hardly known", partial(replace, weight_scale=1.4)),
    "small-shares": Variant("smaller shares", partial(replace, weight_mean=float(np.log(0.25)))),
    "steady-shares": Variant("shares that stay", partial(replace, hurry_scale=0.01)),
    "restless-shares": Variant("shares that change more", partial(replace, hurry_scale=0.3)),
    "since-start": Variant("count since the start", partial(replace, since_start=1.0)),
    "without-city": Variant("count holds Zhangjiakou", without_the_city),
    "without-clusters": Variant("no counts of clusters", partial(replace, used=0.0)),
}
TOYS = {"toy": partial(_toy, weight=0.5), "toy-small": partial(_toy, weight=0.1)}
