"""Compile Hong Kong's emissions, single figures of plans, and the dated acts of governance; called by compile.py."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from compile_water import UNVERIFIED, _cited

HERE = Path(__file__).parent
FIRST_YEAR = 1990
QUANTITIES = {
    "ghg_total": ("emissions", "all", "Mt"),
    "ghg_per_capita": ("per person", "all", "t"),
    "carbon_intensity": ("intensity", "all", "kg/HKD"),
    "coal_share_electricity": ("share of coal in electricity", "electricity", "%"),
    "electricity_share_of_ghg": ("share", "electricity", "%"),
    "ghg_total_change": ("change", "all", "%"),
    "co2_gcb": ("fossil CO2", "all", "Mt"),
    "coal_consumption_bp": ("coal burnt", "electricity", "EJ"),
    "gas_consumption_bp": ("gas burnt", "electricity", "EJ"),
}
UNITS = {"emissions": "Mt", "share": "%", "change": "%", "intensity change": "%", "per person": "t"}
RELEASES = {"old methodology": "before 2017", '"some 43 million tonnes"': "before 2017"}
FILES = {
    "co2_gcb": "https://github.com/Open-Earth-Foundation/OpenClimate",
    "bp": "https://github.com/Open-Earth-Foundation/OpenClimate",
}
TARGETS = {
    "target_2017_plan_carbon_intensity_cut_vs_2005": ("cut of emissions per output since 2005", "2030", "%"),
    "target_2017_plan_absolute_cut_vs_2005": ("cut of emissions since 2005", "2030", "%"),
    "target_2017_plan_per_capita": ("emissions per person", "2030", "t"),
    "target_CAP2050_total_cut_vs_2005": ("cut of emissions since 2005", "2035", "%"),
}


def policy_tables(research: Path, cite: Callable, interventions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The three tables; `cite` gives title, publisher, date and address of a source."""
    pages = json.loads((HERE / "pages_policy.json").read_text(encoding="utf-8"))
    rows = pd.read_csv(research / "carbon/hongkong_emissions_targets.csv", keep_default_na=False, dtype=str)
    fuels = pd.read_csv(
        research / "energy/national_china_germany_hongkong_japan.csv.gz", keep_default_na=False, dtype=str
    )
    return {
        "hongkong_emissions": emissions(rows, fuels[fuels["area"] == "Hong Kong"], pages["hongkong"], cite),
        "policy_facts": facts(rows, pages["facts"], cite),
        "governance_acts": acts(interventions, pages, cite),
    }


def emissions(rows: pd.DataFrame, fuels: pd.DataFrame, pages: list[dict], cite: Callable) -> pd.DataFrame:
    """Printed emissions, shares and changes by release, fossil CO2 and fuels by year; a derived total is a change.

    `half_step` is half of the last place of a printed figure, larger where the page says "about".
    """
    table = []
    for row in pd.concat([rows, fuels]).itertuples():
        if row.variable not in QUANTITIES or int(row.year) < FIRST_YEAR or row.confidence == UNVERIFIED:
            continue
        quantity, sector, unit = QUANTITIES[row.variable]
        value, base, year = float(row.value), None, int(row.year)
        derived = re.fullmatch(r"derived from (about )?(-[\d.]+)% in (\d{4})", row.note)
        half = half_place(row.value)
        if derived:
            quantity, unit, value, base, year = "change", "%", float(derived[2]), year, int(derived[3])
            half = 0.5 if derived[1] else half_place(derived[2])
        elif row.variable == "ghg_total_change":
            base = year - 1
        elif row.note == '"some 43 million tonnes"':
            half = 0.5
        table.append(
            {
                "year": year, "quantity": quantity, "sector": sector, "base_year": base, "value": round(value, 5),
                "half_step": None if row.variable in ("co2_gcb", *FUELS) else half, "unit": unit,
                "release": release(row), **_source(row, cite),
            }
        )  # fmt: skip
    for row in pages:
        cited = _cited(pd.Series({"source_url": row["url"], "confidence": "verified-page"}), cite)
        table.append(
            {name: row.get(name) for name in ("year", "quantity", "sector", "base_year", "value", "half_step")}
            | {"unit": UNITS[row["quantity"]], "release": row["release"]} | cited
        )  # fmt: skip
    found = pd.DataFrame(table).astype({"base_year": "Int64"})
    key = ["year", "quantity", "sector", "base_year", "release"]
    return found.drop_duplicates(key).sort_values(["quantity", "sector", "year", "release"], ignore_index=True)


FUELS = ("coal_consumption_bp", "gas_consumption_bp")


def half_place(text: str) -> float:
    """Half of the last printed place of a number."""
    return 0.5 * 10 ** -len(text.partition(".")[2])


def release(row) -> str:
    """The year in which an inventory was published, or the collection that the figure comes from."""
    if row.variable == "co2_gcb":
        return "Global Carbon Budget 2022"
    if row.variable in FUELS:
        return "BP Statistical Review 2022"
    if row.note in RELEASES:
        return RELEASES[row.note]
    years = {
        "climateready": "2017",
        "government-world": "2019",
        "hongkongpr": "2021",
        "202601": "2026",
        "polyu": "2023",
    }
    return next((year for part, year in years.items() if part in row.source), "before 2017")


def _source(row, cite: Callable) -> dict:
    if row.variable == "co2_gcb":
        return {"title": "Global Carbon Budget 2022, national fossil carbon emissions", "publisher": "Global Carbon "
                "Project", "published": "2022", "url": FILES["co2_gcb"], "confidence": row.confidence}  # fmt: skip
    if row.variable in FUELS:
        return {"title": "Statistical Review of World Energy 2022", "publisher": "BP", "published": "2022",
                "url": FILES["bp"], "confidence": row.confidence}  # fmt: skip
    return _cited(pd.Series({"source_url": row.source, "confidence": row.confidence}), cite)


def facts(rows: pd.DataFrame, pages: list[dict], cite: Callable) -> pd.DataFrame:
    """Single figures of plans and of clean heating, and what the articles say, a row a printed number."""
    table = []
    for row in rows[rows["variable"].isin(TARGETS)].itertuples():
        quantity, period, unit = TARGETS[row.variable]
        ends = row.value.split("-")
        for k, value in enumerate(ends):
            name = quantity if len(ends) == 1 else f"{quantity}, {('low', 'high')[k]} end"
            table.append({"topic": "Hong Kong plan", "place": "Hong Kong", "quantity": name, "period": period,
                          "value": float(value), "unit": unit, "bound": "", **_source(row, cite)})  # fmt: skip
    for row in pages:
        article = row["url"].startswith("article:")
        cited = _cited(
            pd.Series({"source_url": row["url"], "confidence": "article" if article else "verified-page"}), cite
        )
        names = ("topic", "place", "quantity", "period", "value", "unit")
        table.append({name: row[name] for name in names} | {"bound": row.get("bound", "")} | cited)
    found = pd.DataFrame(table).sort_values(["topic", "place", "quantity", "period", "value"], ignore_index=True)
    found.insert(0, "id", [f"P{number:02d}" for number in range(1, len(found) + 1)])
    return found


def acts(interventions: pd.DataFrame, pages: dict, cite: Callable) -> pd.DataFrame:
    """Dated acts of governance: those of table interventions with a kind and a short name, and further ones.

    `part_of` names the act under which a figure draws this one.
    """
    table = []
    for row in interventions.itertuples():
        kind, label, part_of = pages["interventions"][row.id]
        table.append(
            {"id": row.id, "kind": kind, "label": label, "part_of": part_of, "start": row.start, "end": row.end,
             "date_precision": row.date_precision, "place": row.area, "note": "", "title": row.title,
             "publisher": row.publisher, "published": row.published, "url": row.url, "confidence": row.confidence}
        )  # fmt: skip
    for number, row in enumerate(pages["acts"], start=1):
        article = row.get("url", "").startswith("article:")
        if "table" in row:
            cited = {"title": f"Table {row['table']}, where the source stands", "publisher": None, "published": None,
                     "url": None, "confidence": "verified-page"}  # fmt: skip
        else:
            about = {"source_url": row["url"], "confidence": "article" if article else "verified-page"}
            cited = _cited(pd.Series(about), cite)
        first, precision = first_day(row["start"])
        table.append(
            {"id": f"G{number:03d}", "kind": row["kind"], "label": row["label"], "part_of": "", "start": first,
             "end": row.get("end", ""), "date_precision": precision, "place": row["place"],
             "note": row.get("note", ""), **cited}
        )  # fmt: skip
    return pd.DataFrame(table).sort_values(["start", "id"], ignore_index=True)


def first_day(text: str) -> tuple[str, str]:
    """First day that a printed date can mean, and how exact the date is: ``2015`` is the year 2015."""
    precision = {4: "year", 7: "month", 10: "day"}[len(text)]
    return text + "-01-01"[len(text) - 4 :] if precision != "day" else text, precision


def computed_issues(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Sentences of known_issues that carry numbers, by their mark in the template."""
    hongkong, dated = tables["hongkong_emissions"], tables["governance_acts"]
    totals = hongkong[(hongkong["quantity"] == "emissions") & (hongkong["year"] >= 2005)]
    absent = sorted(set(range(2005, 2025)) - set(totals["year"]))
    counts = dated["date_precision"].value_counts()
    return {
        "@hongkong_years": (
            f"Official totals of {totals['year'].nunique()} of the years 2005 to 2024; none was seen for "
            f"{', '.join(map(str, absent))}. The year 2005, from which the targets count, is among them."
        ),
        "@acts_precision": (
            f"Of {len(dated)} acts {counts.get('day', 0)} are dated to the day, {counts.get('month', 0)} to the month, "
            f"{counts.get('year', 0)} to the year; of {counts.get('partly-remembered', 0)} a part of the date is "
            "remembered, not read."
        ),
    }  # fmt: skip
