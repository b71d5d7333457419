"""Findings and small tables of the Miyun chapter that come from the tables alone: payments, agreements, studies."""

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.core.scribe import Scribe
from jingjinji.topics.water.classes import CLASSES, ITEMS, LIMITS, Rates, settlement, water_class
from jingjinji.topics.water.quality import MONTHS, NAMED, SHOWN

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
FLOORS = {"codmn": 0.5, "nh3n": 0.025, "tp": 0.005}
"""Limits (mg/L) below which a median is not a number, of the pollutants that a river's class counts."""
DAYS = {"days_i": "I", "days_ii": "II", "days_iii": "III", "days_iv": "IV", "days_v": "V", "days_below_v": "below V"}
"""Columns of days by the network's own class."""


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
    _say_readings(say.under(tables=("water_section_week", "water_section")))
    paid = outcome(np.array(1.0))
    for key, words in (("total", "a year's payment"), ("quality", "what a year's payment holds for quality")):
        words = f"{words}, assumed unit rates, if the class is kept in every month"
        say.fact(f"calculator.{key}", words, float(paid[key]) / 10, CNY, 3)
    table = tables.load("water_facts").set_index("quantity")
    for river in ("Chao", "Bai", "Qingshui"):
        words = f"published total nitrogen of the {river}, 2006"
        say.fact(f"published.tn.{river.lower()}", words, table.value[f"TN, {river}"], "mg/L")
    return say.made


def _say_readings(say: Scribe) -> None:
    """Medians as they were measured: nitrogen and the class by month at Gubeikou, places among all sections."""
    weeks = tables.load("water_section_week")
    say.fact("class.items", "items that the class of a river section counts", ITEMS)
    say.fact("class.read", "items of the class of a river section with weekly medians here", len(LIMITS["river"]))
    say.fact("sections.all", "sections with weekly medians", weeks.section.nunique())
    for key, section in SHOWN.items():
        less, others = nitrogen_rank(weeks, section)
        words = f"share of {others} other sections with less total nitrogen than {NAMED[key]}, in weeks that both have"
        say.fact(f"{key}.tn.rank", words, 100 * less, "%", 0)
    of, means = say.under("gubeikou."), monthly_medians(weeks, SHOWN["gubeikou"])
    for month in ("2020-07", "2020-12"):
        words = f"mean of the weekly medians of total nitrogen, {month}, {NAMED['gubeikou']}"
        of.fact(f"tn.measured.{month}", words, means.tn[month], "mg/L", 2)
    known = means.dropna(subset=list(LIMITS["river"]))
    index = water_class({name: known[name].to_numpy() for name in LIMITS["river"]})
    words = "months with readings at Gubeikou whose mean of weekly medians is class II or better"
    of.fact("class-ii.months-measured", words, (index <= CLASSES.index("II")).sum())
    of.fact("months", "months with readings at Gubeikou", len(known))
    nearest = max(known[name].max() / LIMITS["river"][name][1] for name in LIMITS["river"])
    words = "largest monthly mean at Gubeikou as a share of its limit of class II"
    of.fact("nearest", words, 100 * nearest, "%", 0)
    above = (means.tn.dropna() > LIMITS["lake"]["tn"][-1]).mean()
    words = "share of the months at Gubeikou with more total nitrogen than a lake's class V allows"
    of.fact("tn.above-v", words, 100 * above, "%")
    days = tables.load("water_section").set_index("section").loc[SHOWN["gubeikou"], list(DAYS)].astype(int)
    of.fact("days", "days at Gubeikou with the network's own class", days.sum(), "days")
    words = "days at Gubeikou in class II or better by the network's own class"
    of.fact("days.class-ii", words, days[["days_i", "days_ii"]].sum(), "days")


def monthly_medians(weeks: pd.DataFrame, section: str) -> pd.DataFrame:
    """Means of the weekly medians of a section (index month, mg/L), a month that of its weeks' Thursdays.

    A median below the limit counts as the limit. Column ``weeks``: how many have total nitrogen.
    """
    rows = weeks[weeks.section == section]
    month = (rows.week + pd.Timedelta(days=3)).dt.strftime("%Y-%m").rename("month")
    values = rows[["tn"]].assign(
        **{name: rows[name].mask(rows[f"{name}_below"], floor) for name, floor in FLOORS.items()}
    )
    means = values.groupby(month).mean().assign(weeks=rows.tn.notna().groupby(month).sum())
    return means.reindex([name for name in MONTHS if name in set(month)])


def nitrogen_rank(weeks: pd.DataFrame, section: str) -> tuple[float, int]:
    """Share of the other sections with less total nitrogen over the weeks that both have, and how many there are.

    A median below the limit counts as less than any other.
    """
    nitrogen = weeks.assign(tn=weeks.tn.mask(weeks.tn_below, 0.0)).pivot(index="week", columns="section", values="tn")
    others = nitrogen.drop(columns=section)
    both = others.notna().mul(nitrogen[section].notna(), axis=0)
    others = others.where(both).loc[:, both.sum() > 0]
    own = both[others.columns].mul(nitrogen[section].fillna(0), axis=0).sum() / both[others.columns].sum()
    return float((others.mean() < own).mean()), others.shape[1]


def outcome(kept: np.ndarray, rates: Rates | None = None) -> dict[str, np.ndarray]:
    """A year's settlement for draws of the share of months that keep the class; inflow a third of the round's.

    No change of nitrogen is known, so that part is zero; all upstream tasks count as done.
    """
    inflow = fact(*INFLOWS["beijing"]) / 3
    return settlement(kept, inflow, 0.0, 1.0, rates or Rates())


def surface(quality: np.ndarray, nitrogen: np.ndarray) -> np.ndarray:
    """Payment (quality rate, nitrogen change) for assumed rates and changes of nitrogen (%), the class always kept."""
    inflow = fact(*INFLOWS["beijing"]) / 3
    return np.array([settlement(1.0, inflow, nitrogen, 1.0, Rates(quality=rate))["total"] for rate in quality])


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
