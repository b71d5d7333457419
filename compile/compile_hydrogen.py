"""Compile the tables of fuel-cell vehicles: countries, clusters, the zone; called by compile.py."""

import math
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from compile_water import UNVERIFIED, _cited, bound, plain

MODES = {"Cars": "cars", "Buses": "buses", "Trucks": "trucks"}
MEASURES = {"EV sales": "sales", "EV stock": "stock"}
CLUSTERS = {"BTH": "Beijing-Tianjin-Hebei", "Zhengzhou": "Henan", "all": "China", "all five": "five clusters"}
TARGET_CLUSTERS = {
    "Beijing-Tianjin-Hebei": "Beijing-Tianjin-Hebei", "Shanghai": "Shanghai", "Guangdong": "Guangdong",
    "Beijing": "Beijing-Tianjin-Hebei", "Zhengzhou": "Henan", "Kaifeng": "Henan", "Zhangjiakou": "Hebei",
    "China": "China",
}  # fmt: skip


def hydrogen_tables(research: Path, cite: Callable) -> dict[str, pd.DataFrame]:
    """The six tables; `cite` gives title, publisher, date and address of a source."""
    folder = research / "hydrogen"
    files = {path.stem: pd.read_csv(path, keep_default_na=False, dtype=str) for path in folder.glob("*.csv")}
    checked = {name: rows[rows["confidence"] != UNVERIFIED] for name, rows in files.items()}
    return {
        "hydrogen_country_year": country_years(checked["iea_fcev_by_country"]),
        "hydrogen_national": national(checked["china_fcv_national"], checked["other_countries_fcv_sales"], cite),
        "hydrogen_clusters": clusters(checked["cluster_city_fcv_counts"], cite),
        "hydrogen_targets": targets(checked["cluster_targets"], cite),
        "hydrogen_zone": zone(checked["daxing_zone"], checked["enterprise_counts"], cite),
        "hydrogen_stations": stations(checked["refuelling_stations"], cite),
    }


def country_years(rows: pd.DataFrame) -> pd.DataFrame:
    """Sales and stock of fuel-cell cars, buses and trucks by country and year; groups of countries are left out."""
    chosen = rows[(rows["is_aggregate"] == "0") & (rows["powertrain"] == "FCEV") & rows["mode"].isin(MODES)]
    value = chosen["value"].astype(float)
    table = pd.DataFrame(
        {
            "country": chosen["region"],
            "mode": chosen["mode"].map(MODES),
            "measure": chosen["parameter"].map(MEASURES),
            "year": chosen["year"].astype(int), "vehicles": value, "half_step": value.map(half_digit),
        }
    )  # fmt: skip
    return table.sort_values(["mode", "country", "measure", "year"], ignore_index=True)


def half_digit(value: float) -> float:
    """Half of the step to which a count of vehicles is rounded: two digits from 100 on, whole vehicles below."""
    return 0.5 if value < 100 else 0.5 * 10 ** (math.floor(math.log10(value)) - 1)


def national(china: pd.DataFrame, others: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """Yearly and cumulative sales and output as agencies publish them; agencies count different things."""
    rows = []
    for row in china.itertuples():
        for measure in ("sales", "production"):
            if getattr(row, measure):
                rows.append(
                    {
                        "country": "China", "agency": row.agency, "measure": measure, "period": row.period,
                        "span": {"ytd": "part of a year", "freq": "year"}.get(row.freq, row.freq),
                        "vehicles": int(getattr(row, measure)), "bound": bound(row.note), **_cited(row, cite),
                    }
                )  # fmt: skip
    for row in others.itertuples():
        rows.append(
            {
                "country": {"South Korea": "Korea"}.get(row.country, row.country), "agency": "", "measure": "sales",
                "period": row.year, "span": "year", "vehicles": int(row.fcv_sales), "bound": "", **_cited(row, cite),
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    return table.sort_values(["country", "agency", "measure", "period"], ignore_index=True)


def clusters(rows: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """Scattered counts of vehicles of clusters, cities and districts, each with its scope."""
    table = []
    for row in rows.itertuples():
        table.append(
            {
                "place": row.unit, "level": row.level, "cluster": CLUSTERS.get(row.cluster, row.cluster.strip("()")),
                "date": row.date,
                "vehicles": int(row.cumulative_fcv) if row.cumulative_fcv else None,
                "added": int(row.increment) if row.increment else None,
                "scope": "all" if row.vehicle_scope == "all FCV" else row.vehicle_scope, "bound": bound(row.note),
                "note": plain(row.note), **_cited(row, cite),
            }
        )  # fmt: skip
    table = pd.DataFrame(table).astype({"vehicles": "Int64", "added": "Int64"})
    table.loc[table["scope"] == "all FCV, plated", "scope"] = "all, plated"
    table.loc[table["cluster"] == "none", "cluster"] = ""
    return table.sort_values(["place", "date", "vehicles"], ignore_index=True)


def targets(rows: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """Vehicles and stations that clusters, cities and the country announced, with the year they are due."""
    table = []
    for row in rows.itertuples():
        table.append(
            {
                "place": row.unit, "level": row.level, "cluster": TARGET_CLUSTERS[row.unit], "approved": row.approved,
                "due": int(row.target_year), "vehicles": int(row.vehicles),
                "stations": int(row.stations) if row.stations else None, "bound": bound(row.note),
                "note": plain(row.note), **_cited(row, cite),
            }
        )  # fmt: skip
    table = pd.DataFrame(table).astype({"stations": "Int64"})
    return table.sort_values(["cluster", "level", "due", "vehicles"], ignore_index=True)


def zone(daxing: pd.DataFrame, counts: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """Firms, vehicles and other figures of Daxing's zone; firms of fuel cells elsewhere.

    Firms that are registered and firms in the park are two things, which the first page counts both.
    """
    rows = []
    for row in daxing[daxing["value"].str.fullmatch(r"[\d.]+")].itertuples():
        rows.append(_count("Daxing zone", row.item, row.date, row.value, row.unit, row, cite))
        signed = re.match(r"(\d+) signed into the park", row.note)
        if signed:
            rows.append(_count("Daxing zone", "enterprises, in the park", row.date, signed[1], row.unit, row, cite))
    for row in counts.itertuples():
        quantity = f"enterprises, {row.scope}" + (", new" if "new" in row.unit else "")
        rows.append(_count(row.unit.split(",")[0], quantity, row.date, row.enterprises, "count", row, cite))
    return pd.DataFrame(rows).sort_values(["place", "quantity", "date"], ignore_index=True)


def _count(place: str, quantity: str, date: str, value: str, unit: str, row, cite: Callable) -> dict:
    names = {"percent": "%", "m2": "m²"}
    return {
        "place": place, "quantity": quantity, "date": date, "value": float(value),
        "unit": names.get(unit, unit), "bound": bound(row.note), "note": plain(row.note), **_cited(row, cite),
    }  # fmt: skip


def stations(rows: pd.DataFrame, cite: Callable) -> pd.DataFrame:
    """Refuelling stations by place, date and agency; plans stand apart from what was built."""
    table = []
    for row in rows.itertuples():
        table.append(
            {
                "place": row.unit, "level": row.level, "date": re.sub(" plan$", "", row.date), "agency": row.agency,
                "kind": row.kind, "stations": int(row.stations), "derived": row.note.startswith("derived"),
                "bound": bound(row.note), "note": plain(row.note), **_cited(row, cite),
            }
        )  # fmt: skip
    return pd.DataFrame(table).sort_values(["place", "date", "agency", "kind"], ignore_index=True)


def computed_issues(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Sentences of known_issues that carry numbers, by their mark in the template."""
    years, counts = tables["hydrogen_country_year"], tables["hydrogen_clusters"]
    sales = years[years["measure"] == "sales"].groupby(["mode", "country"]).size()
    long = {mode: int((sales[mode] >= 5).sum()) for mode in MODES.values()}
    falls = (
        years[years["measure"] == "stock"]
        .groupby(["mode", "country"])["vehicles"]
        .apply(lambda stock: int((stock.diff() < 0).sum()))
    )
    return {
        "@hydrogen_years": (
            "Countries with sales of five years or more: "
            + ", ".join(f"{mode} {number}" for mode, number in long.items()) + "."
        ),
        "@hydrogen_falls": (
            f"A stock falls in {int(falls.sum())} steps from one year in the table to the next: vehicles are scrapped "
            "or exported, and counts are revised."
        ),
        "@hydrogen_points": (
            f"{len(counts)} counts of clusters, cities, districts and events; "
            f"{int((counts['scope'] != 'all').sum())} of them are not of all vehicles."
        ),
    }  # fmt: skip
