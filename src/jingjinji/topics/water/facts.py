"""Findings and small tables of the Miyun chapter that come from the tables alone: payments, agreements, studies."""

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.water.classes import Rates, settlement

CNY, WATER = "billion CNY", "billion m³"
PAYMENTS = {
    "programme": ("programme total round 1", "2018-2020", CNY),
    "settled.2018": ("settled compensation", "2018", CNY),
    "advance.2018": ("advance payment", "2018", CNY),
    "advance.2019": ("advance payment", "2019", CNY),
    "matching.2018": ("matching payment", "2018", CNY),
    "annual.all": ("annual fund, all payers", "2018-2020", "billion CNY a year"),
    "annual.beijing": ("annual fund, Beijing", "2018-2020", "billion CNY a year"),
    "received.2023": ("cumulative compensation received by Zhangjiakou and Chengde", "2018 to ~Aug 2023", CNY),
    "beijing.2025": ("cumulative payment by Beijing, both rounds", "2018-2025", CNY),
}
INFLOWS = {
    "beijing": ("inflow at border, round 1 (Beijing figure)", "2018-2020"),
    "hebei": ("outflow at border (Hebei figure, Sept 2022)", "2018 to ~Aug 2022 (text says three years)"),
}
CAPACITY = ("total capacity", "")


def fact(quantity: str, period: str) -> float:
    """One value of table water_facts; raises as `tables.cell` does."""
    return tables.cell("water_facts", quantity=quantity, period=period)


def findings() -> list[Finding]:
    """Payments (billion CNY) and both figures of the water that crossed the border in the first round (billion m³)."""
    say = Scribe(("water_facts",), "miyun.")
    inflows = {key: (*printed, WATER) for key, printed in INFLOWS.items()}
    for kind, printed in (("money", PAYMENTS), ("inflow", inflows)):
        for key, (quantity, period, unit) in printed.items():
            say.fact(f"{kind}.{key}", f"{quantity}, {period}", fact(quantity, period) / 10, unit, 5)
    ratio = fact(*INFLOWS["hebei"]) / fact(*INFLOWS["beijing"])
    say.fact("inflow.ratio", "Hebei's figure as a multiple of Beijing's", ratio, "times", 1)
    number = tables.load("water_agreements").query("upstream.isna() and downstream.isna()").payment.iloc[0]
    words = "compensation mechanisms between provinces, by one report"
    say.under(tables=("water_agreements",)).fact("agreements.number", words, number, "mechanisms")
    table = tables.load("water_facts").set_index("quantity")
    for river in ("Chao", "Bai", "Qingshui"):
        words = f"published total nitrogen of the {river}, 2006"
        say.fact(f"published.tn.{river.lower()}", words, table.value[f"TN, {river}"], "mg/L")
    return say.made


def outcome(kept: np.ndarray, rates: Rates | None = None) -> dict[str, np.ndarray]:
    """A year's settlement for draws of the share of months that keep the class; inflow a third of the round's.

    No change of nitrogen is known, so that part is zero; all upstream tasks count as done.
    """
    inflow = fact(*INFLOWS["beijing"]) / 3
    return settlement(kept, inflow, 0.0, 1.0, rates or Rates())


def surface(kept: np.ndarray, quality: np.ndarray, nitrogen: np.ndarray) -> np.ndarray:
    """Mean payment (quality rate, nitrogen change) for assumed rates and changes of nitrogen (%)."""
    inflow = fact(*INFLOWS["beijing"]) / 3
    return np.array(
        [
            [settlement(kept, inflow, change, 1.0, Rates(quality=rate))["total"].mean() for change in nitrogen]
            for rate in quality
        ]
    )


def money() -> pd.DataFrame:
    """Everything the table says of payments, conflicts included, one row a printed figure."""
    rows = tables.load("water_facts")
    paid = rows[(rows.topic == "agreement") & rows.unit.fillna("").str.contains("CNY") & rows.value.notna()]
    shown = paid.assign(bound=paid.bound.fillna(""), scope=paid.scope.fillna(""))
    return shown[["quantity", "period", "scope", "value", "unit", "bound", "publisher"]].reset_index(drop=True)


def inflows() -> pd.DataFrame:
    """Every printed figure of the water that crossed the border, with its window: they do not agree."""
    rows = tables.load("water_facts")
    rows = rows[(rows.topic == "agreement") & rows.quantity.str.contains("inflow|outflow") & rows.value.notna()]
    shown = rows.fillna({"note": "", "scope": ""})
    return shown[["quantity", "period", "value", "unit", "note", "publisher"]].reset_index(drop=True)


def agreements() -> pd.DataFrame:
    """Agreements between provinces, Miyun's among them, one row a printed round, as printed."""
    rows = tables.load("water_agreements").dropna(subset="downstream").astype({"start": "str", "end": "str"}).fillna("")
    years = (rows.start + "–" + rows.end).str.replace("<NA>", "")
    return pd.DataFrame(
        {
            "agreement": rows.agreement + ", " + ("round " + rows["round"]).replace({"round all": "all rounds"}),
            "years": years.where(rows["round"] != "", ""),
            "from, to": (rows.upstream + " → " + rows.downstream).str.replace("/", ", "),
            "payment": (rows.payment + " " + rows.unit).str.strip(),
            "rule": rows.rule,
            "outcome": rows.outcome,
        }
    )


def studies() -> pd.DataFrame:
    """Published estimates for other rivers with their designs; not pooled."""
    rows = tables.load("water_studies")
    estimate = rows.value.map(lambda value: f"{value:g}", na_action="ignore").fillna(rows.text)
    return rows.assign(estimate=estimate)[["study", "agreement", "design", "outcome", "window", "estimate", "unit"]]
