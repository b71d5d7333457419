"""What the page on governance shows: acts in order, findings beside them."""

import calendar

import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding, find
from jingjinji.show.readings import in_full
from jingjinji.topics.governance import facts

BESIDE = {
    "I004": ("pm25.decline.beijing", "heavy.beijing.change"),
    "I006": ("pm25.decline.region.constant", "pm25.together.all-fell"),
    "I007": ("energy.coal.beijing.change",),
    "I010": ("apec.beijing.contrast.ban",),
    "I018": ("apec.beijing.contrast.parade",),
    "I021": ("apec.beijing.alert.effect",),
    "I023": ("governance.alert.red-days.2016",),
    "I026": ("energy.emissions.beijing.so2.change",),
    "I027": ("pm25.weather.share.region",),
    "I029": ("governance.heating.households.2018",),
    "I032": ("pm25.converge.spread-change",),
    "I033": ("pm25.step.region",),
    "G005": ("miyun.gubeikou.class-ii.months-measured", "miyun.gubeikou.tn.year"),
    "G013": ("silk.hongkong.reached.2035", "silk.hongkong.reached.2035.drawn-tonnes"),
    "G014": ("silk.beijing.renewables.2030",),
    "G015": ("hydrogen.bth.reached@without-city", "hydrogen.bth.reached@since-start"),
}
"""What chapters find at the date of an act or about what it aims at: act -> ids of findings."""


def day_text(start: pd.Timestamp, precision: str) -> str:
    """A date as exact as it is known; of a date that is partly remembered the month, with "about"."""
    month = f"{calendar.month_name[start.month]} {start.year}"
    return {
        "day": f"{start.day} {month}",
        "month": month,
        "year": str(start.year),
        "partly-remembered": f"about {month}",
    }[precision]


def timeline() -> pd.DataFrame:
    """Acts that are drawn apart, in order: id, label, kind, start, end, precision, parts (acts drawn under it)."""
    acts = tables.load("governance_acts")
    parts = acts.part_of.value_counts()
    drawn = acts[acts.part_of.isna()].assign(parts=lambda rows: rows.id.map(parts).fillna(0).astype(int))
    columns = ["id", "label", "kind", "start", "end", "date_precision", "parts"]
    return drawn[columns].rename(columns={"date_precision": "precision"}).reset_index(drop=True)


def beside(found: dict[str, Finding]) -> pd.DataFrame:
    """Each act of `BESIDE` with what chapters find; raises UnknownFinding for an id that no chapter has."""
    acts = tables.load("governance_acts").set_index("id")
    rows = []
    for id in sorted(BESIDE, key=lambda id: acts.start[id]):
        for number, name in enumerate(BESIDE[id]):
            finding = find(found, name)
            first = (day_text(acts.start[id], acts.date_precision[id]), acts.label[id]) if not number else ("", "")
            rows.append((*first, in_full(name, finding.label, finding.model), finding.text, name))
    return pd.DataFrame(rows, columns=["date", "act", "what a chapter finds", "value", "finding"])


def alert_rule() -> str:
    """One sentence: for how many days in a row the index must be above what."""
    parts = [f"above {index} for {days} day{'s' if days > 1 else ''}" for days, index, _ in facts.RED]
    return f"A red alert is due when the daily air quality index lies {', '.join(parts[:-1])}, or {parts[-1]} in a row."
