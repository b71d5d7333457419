"""What the pages on the Green Silk Road and on governance show: acts in order, findings beside them."""

import calendar
from types import SimpleNamespace

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.core.findings import Finding, find
from jingjinji.core.topic import choices
from jingjinji.show.prior_draws import prior_parameters
from jingjinji.topics.hongkong import emissions, facts
from jingjinji.topics.hongkong import emissions_findings as said

BESIDE = {
    "I004": ("pm25.decline.beijing", "heavy.beijing.change"),
    "I006": ("pm25.decline.region.constant", "pm25.together.all-fell"),
    "I007": ("energy.coal.beijing.change",),
    "I010": ("apec.stations.ban.effect", "apec.donors.beijing.ban.effect"),
    "I018": ("apec.stations.parade.effect",),
    "I021": ("apec.stations.alert.effect",),
    "I023": ("governance.alert.red-days.2016",),
    "I026": ("energy.emissions.beijing.so2.change",),
    "I027": ("pm25.weather.share.region",),
    "I029": ("governance.heating.households.2018",),
    "I032": ("pm25.converge.spread-change",),
    "I033": ("pm25.step.region",),
    "G005": ("miyun.gubeikou.class-ii.months", "miyun.gubeikou.tn.year"),
    "G013": ("silk.hongkong.reached.2035",),
    "G014": ("silk.beijing.renewables.2030",),
    "G015": ("hydrogen.bth.reached", "hydrogen.bth.reached@since-start"),
}
"""What chapters find at the date of an act or about what it aims at: act -> ids of findings."""
CHOICES = choices(emissions.VARIANTS, without=("to-2019",))


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
            choice = name.partition("@")[2].replace("-", " ")
            rows.append((*first, finding.label + (f" ({choice})" if choice else ""), finding.text, name))
    return pd.DataFrame(rows, columns=["date", "act", "what a chapter finds", "value", "finding"])


def alert_rule() -> str:
    """One sentence: for how many days in a row the index must be above what."""
    parts = [f"above {index} for {days} day{'s' if days > 1 else ''}" for days, index, _ in facts.RED]
    return f"A red alert is due when the daily air quality index lies {', '.join(parts[:-1])}, or {parts[-1]} in a row."


def answers(found: dict[str, Finding]) -> pd.DataFrame:
    """Emissions left in 2035 and the probability of each target, by choice; a row a choice."""
    rows = []
    for choice, end in CHOICES.items():
        rows.append(
            {"choice": choice, "left in 2035": found[f"silk.hongkong.left.2035{end}"].text}
            | {f"P, {label}": found[f"silk.hongkong.reached.{key}{end}"].value_text
               for key, label in (("2030.low", "2030, low end"), ("2030.high", "2030, high end"), ("2035", "2035"),
                                  ("2050", "near zero in 2050"))}
        )  # fmt: skip
    return pd.DataFrame(rows)


def prior_figures(panel: emissions.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Totals (Mt) and shares (%) as the priors alone expect them beside the printed ones: name -> (drawn, printed)."""
    model = emissions.build(panel)
    names = [variable.name for variable in model.free_RVs]
    fit = SimpleNamespace(parameters=prior_parameters(model, names, draws, seed), panel=panel, seed=seed)
    drawn, printed = emissions.drawn(fit, said.states(fit)), panel.printed
    made = {}
    for quantity, factor in (("emissions", 1.0), ("share", 100.0)):
        use = (printed.quantity == quantity).to_numpy()
        name = {"emissions": "totals (Mt)", "share": "shares (%)"}[quantity]
        made[name] = (factor * np.exp(drawn[:, use]).ravel(), factor * np.exp(printed.value[use].to_numpy()))
    return made


def check_figures(fit) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Totals and shares drawn anew and printed: panel -> (years, {name: (drawn (draw, year), printed)})."""
    drawn, printed = emissions.drawn(fit, said.states(fit))[::10], fit.panel.printed
    made = {}
    for title, quantity, sector, factor in (
        ("all sectors (Mt)", "emissions", "all", 1.0),
        ("share of electricity (%)", "share", "electricity", 100.0),
        ("share of transport (%)", "share", "transport", 100.0),
        ("share of waste (%)", "share", "waste", 100.0),
    ):
        rows = printed[(printed.quantity == quantity) & (printed.sector == sector)].sort_values("year")
        made[title] = (
            [str(year) for year in rows.year],
            {"figure": (factor * np.exp(drawn[:, rows.index]), factor * np.exp(rows.value.to_numpy()))},
        )
    return made
