"""What the pages on the Green Silk Road and on governance show: acts in order, findings beside them, claims."""

import calendar
from types import SimpleNamespace

import numpy as np
import pandas as pd

from jingjinji import policy_facts, tables
from jingjinji.findings import Finding, find
from jingjinji.models import hongkong
from jingjinji.prior_draws import prior_parameters

SUPPORTED, IN_PART, CONTRADICTED = "supported", "supported in part", "contradicted"
UNDECIDED, NO_STATEMENT = "not decided by these data", "not a testable statement"
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
    "G014": ("silk.beijing.renewables.a-year",),
    "G015": ("hydrogen.bth.reached", "hydrogen.bth.reached@since-start"),
}
"""What chapters find at the date of an act or about what it aims at: act -> ids of findings."""
CHOICES = {
    "main fit": "",
    "constant per cent": "@per-cent",
    "constant tonnes": "@tonnes",
    "drifts that hardly change": "@steady-drift",
    "drifts that change fast": "@quick-drift",
    "sectors hardly pooled": "@sectors-apart",
    "inventory alone": "@inventory-alone",
}


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
            rows.append((*first, finding.label, finding.text, name))
    return pd.DataFrame(rows, columns=["date", "act", "what a chapter finds", "value", "finding"])


def alert_rule() -> str:
    """One sentence: for how many days in a row the index must be above what."""
    parts = [f"above {index} for {days} day{'s' if days > 1 else ''}" for days, index, _ in policy_facts.RED]
    return f"A red alert is due when the daily air quality index lies {', '.join(parts[:-1])}, or {parts[-1]} in a row."


def dated(id: str, year: int, month: int = 0) -> str:
    """Verdict on the date of an act: by a page it is supported, by an article alone in part, else contradicted."""
    act = tables.load("governance_acts").set_index("id").loc[id]
    if act.start.year != year or (month and act.start.month != month):
        return CONTRADICTED
    return IN_PART if act.confidence == "article" else SUPPORTED


def governance_claims(found: dict[str, Finding]) -> pd.DataFrame:
    """What the articles say of governance beside the tables; verdicts follow from findings and dates by rules."""
    acts = tables.load("governance_acts").set_index("id")
    value = {key: found[f"governance.{key}"].mean for key in (
        "measures", "measures.first", "heating.claimed.households", "heating.share.2023.low",
        "heating.share.2023.high", "mechanisms")}  # fmt: skip
    plans = [found[f"silk.beijing.{key}"].mean for key in ("sector-plans", "guarantee-plans", "policies")]
    counted = policy_facts.fact("cooperation", "Beijing-Tianjin-Hebei", "mechanisms", "2024")
    low, high = value["heating.share.2023.low"], value["heating.share.2023.high"]
    fits = low - 0.5 <= value["heating.claimed.households"] <= high + 0.5
    text = {key: found[f"governance.heating.{key}"].value_text for key in (
        "claimed.villages", "claimed.households", "villages.2022", "villages.at-least", "share.2023.low",
        "share.2023.high")}  # fmt: skip
    same = all(
        found[f"silk.beijing.{key}"].mean == policy_facts.fact("articles", "Beijing", words, "2022")
        for key, words in (("aspects", "aspects of the peak plan"), ("tasks", "tasks of the peak plan"))
    )
    by_page = "an act with that date; in part where only an article dates it"
    rows = [
        ("C001", "the region became a national strategy early in 2014", by_page, _when(acts, "I006"),
         dated("I006", 2014, 2)),
        ("C076", "a plan of September 2013 proposed the coordination", by_page, _when(acts, "I004"),
         dated("I004", 2013, 9)),
        ("C075", "alert thresholds were unified", "the whole region has one rule in the table", _when(acts, "I023"),
         dated("I023", 2016)),
        ("C089", "joint enforcement came in steps, the last in 2021", "dates by a page; the article's own words do not "
         "test it", _when(acts, "G011"), UNDECIDED if acts.confidence["G011"] == "article" else dated("G011", 2021)),
        ("C115", "two framework agreements were signed", by_page,
         f"{_when(acts, 'G001')} and {_when(acts, 'G002')}",
         SUPPORTED if dated("G001", 2015) == dated("G002", 2022, 6) == SUPPORTED else IN_PART),
        ("C114", "a working group on ecology was set up in 2023", by_page, _when(acts, "G004"), dated("G004", 2023)),
        ("C091", f"two lists of {value['measures']:g} measures in 2023", "both lists seen; in part where one is",
         f"one list, {value['measures.first']:g} measures",
         CONTRADICTED if value["measures.first"] > value["measures"] else IN_PART),
        ("C090", f"more than {value['mechanisms']:g} mechanisms", "a page gives at least as many",
         f"more than {counted:g}", SUPPORTED if counted >= value["mechanisms"] else CONTRADICTED),
        ("C058", f"{plans[0]:g} sector plans of Beijing", "the two sorts together are those announced; in part, as "
         "only the sum is seen", f"{plans[2]:g} announced together", IN_PART if plans[0] + plans[1] == plans[2] else
         CONTRADICTED),
        ("C059", f"{plans[1]:g} guarantee plans of Beijing", "the same", f"{plans[2]:g} announced together",
         IN_PART if plans[0] + plans[1] == plans[2] else CONTRADICTED),
        ("C060", "all of them released before 2023", "needs their dates", "none", UNDECIDED),
        ("C061", f"{found['silk.beijing.aspects'].value_text} aspects and {found['silk.beijing.tasks'].value_text} "
         "tasks", "a report of the plan gives the same numbers", _when(acts, "G014"), SUPPORTED if same else
         CONTRADICTED),
        ("C095", f"{text['claimed.households']} of rural households heat cleanly", "inside what the counts give at the "
         "pace since 2018, rounding included", f"{text['share.2023.low']} to {text['share.2023.high']}",
         SUPPORTED if fits else CONTRADICTED),
        ("C094", f"{text['claimed.villages']} of villages heat cleanly", "needs the number of villages",
         f"{text['villages.2022']} in 2022; there must be at least {text['villages.at-least']} in all", UNDECIDED),
        ("C092", f"{found['governance.departments'].value_text} departments work together", "needs a document", "none",
         UNDECIDED),
        ("C096", f"{found['governance.districts'].value_text} outer districts police the borders", "needs a document",
         "none", UNDECIDED),
    ]  # fmt: skip
    return _claims(rows)


def silk_claims(found: dict[str, Finding]) -> pd.DataFrame:
    """What the article says of Beijing and Hong Kong beside the tables; verdicts by stated rules."""
    said = {key: policy_facts.fact("articles", "Hong Kong", words, "2022") for key, words in (
        ("spending", "planned spending on climate action"), ("years.fewest", "fewest years of the planned spending"),
        ("years.most", "most years of the planned spending"))}  # fmt: skip
    same = all(found[f"silk.money.{key}"].mean == value for key, value in said.items())
    strategies = [policy_facts.fact(topic, "Hong Kong", "strategies", year)
                  for topic, year in (("articles", "2022"), ("Hong Kong plan", "2021"))]  # fmt: skip
    goals = [f"silk.beijing.{key}" for key in ("renewables.2025", "renewables.2030", "energy-per-output.2025")]
    rows = [
        ("C056", f"Hong Kong plans {found['silk.money.spending'].value_text} over "
         f"{said['years.fewest']:g} to {said['years.most']:g} years", "a report of the plan gives the same numbers",
         f"{found['silk.money.spending'].value_text}, {found['silk.money.years.fewest'].value_text} to "
         f"{found['silk.money.years.most'].value_text}", SUPPORTED if same else CONTRADICTED),
        ("C057", f"Hong Kong's plan has {strategies[0]:g} strategies", "the announcement gives the same number",
         f"{strategies[1]:g}", SUPPORTED if strategies[0] == strategies[1] else CONTRADICTED),
        ("C062", "Beijing's plan sets goals for energy and CO2", "goals with a number and a year; in part, as none for "
         "CO2 is printed", "; ".join(f"{found[id].label}: {found[id].value_text}" for id in goals), IN_PART),
        ("C054", "the Belt and Road was proposed nine years before", "needs a dated source of the proposal", "none",
         UNDECIDED),
        ("C055", "the cooperation fair was the 25th, with nine activities", "needs a second report", "none", UNDECIDED),
        ("C064", "cooperation in investment, trade and technology deepens", "needs yearly flows", "none", UNDECIDED),
        ("C065", "a base for the Green Silk Road was set up, papers planned", "needs a report of what followed", "none",
         UNDECIDED),
    ]  # fmt: skip
    return _claims(rows)


def _when(acts: pd.DataFrame, id: str) -> str:
    return day_text(acts.start[id], acts.date_precision[id])


def _claims(rows: list[tuple]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["claim", "the article says", "rule", "found", "verdict"])
    return table[["claim", "the article says", "verdict", "found", "rule"]]


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


def prior_figures(panel: hongkong.Panel, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Totals (Mt) and shares (%) as the priors alone expect them beside the printed ones: name -> (drawn, printed)."""
    model = hongkong.build(panel)
    names = [variable.name for variable in model.free_RVs]
    fit = SimpleNamespace(parameters=prior_parameters(model, names, draws, seed), panel=panel, seed=seed)
    drawn, printed = hongkong.drawn(fit, hongkong.states(fit)), panel.printed
    made = {}
    for quantity, factor in (("emissions", 1.0), ("share", 100.0)):
        use = (printed.quantity == quantity).to_numpy()
        name = {"emissions": "totals (Mt)", "share": "shares (%)"}[quantity]
        made[name] = (factor * np.exp(drawn[:, use]).ravel(), factor * np.exp(printed.value[use].to_numpy()))
    return made


def check_figures(fit) -> dict[str, tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Totals and shares drawn anew and printed: panel -> (years, {name: (drawn (draw, year), printed)})."""
    drawn, printed = hongkong.drawn(fit, hongkong.states(fit))[::10], fit.panel.printed
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
