"""The ledger: every claim has a verdict and each verdict turns with what it rests on."""

import json

import pandas as pd
import pytest
from claim_findings import CHANCES, EXACT, UNCERTAIN, certain, chance, made_up, uncertain, wanted

import jingjinji
from jingjinji.claims import ledger
from jingjinji.claims.rules import CONTRADICTED, IN_PART, SUPPORTED, UNDECIDED, VERDICTS
from jingjinji.core import registry, tables
from jingjinji.core.errors import DataError, UnknownFinding
from jingjinji.core.findings import NOT_PUBLISHED, Findings

IDS = [f"C{number:03}" for number in range(1, 118)]
TESTED = {
    "C025": IN_PART, "C026": CONTRADICTED, "C027": SUPPORTED, "C031": IN_PART, "C032": UNDECIDED, "C034": UNDECIDED,
    "C036": IN_PART, "C038": UNDECIDED, "C066": SUPPORTED, "C067": SUPPORTED, "C068": IN_PART, "C069": SUPPORTED,
    "C070": SUPPORTED, "C071": IN_PART, "C072": IN_PART, "C073": IN_PART, "C077": CONTRADICTED, "C081": UNDECIDED,
    "C082": SUPPORTED, "C093": SUPPORTED, "C100": IN_PART, "C104": UNDECIDED, "C106": SUPPORTED, "C107": UNDECIDED,
    "C117": SUPPORTED,
    "C003": IN_PART, "C004": SUPPORTED, "C005": SUPPORTED, "C006": SUPPORTED, "C014": IN_PART, "C015": IN_PART,
    "C017": UNDECIDED, "C018": UNDECIDED,
    "C019": UNDECIDED, "C024": UNDECIDED, "C056": SUPPORTED, "C057": SUPPORTED, "C058": IN_PART, "C059": IN_PART,
    "C061": SUPPORTED, "C062": IN_PART, "C075": SUPPORTED, "C076": IN_PART, "C090": IN_PART, "C091": IN_PART,
    "C095": IN_PART, "C098": SUPPORTED, "C114": SUPPORTED, "C115": IN_PART,
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> dict:
    return made_up()


@pytest.fixture(scope="module")
def judged(found) -> pd.DataFrame:
    return ledger.ledger(found).set_index("id")


def verdict(findings: dict, id: str) -> str:
    rows = ledger.load()
    return ledger.ledger(findings, rows[rows.id == id]).verdict.iloc[0]


def test_every_claim_has_a_rule_a_reason_a_verdict_and_a_reading(judged):
    assert list(judged.index) == IDS
    assert set(judged.verdict) <= set(VERDICTS)
    assert judged.reason.str.endswith(".").all()
    assert judged.reading.str.fullmatch(r"\S.*\.").all()
    assert not judged.reading.str.contains(r"[{}]|nan").any()


def test_claims_that_are_tested_and_their_verdicts(judged):
    rows = ledger.load()
    tested = rows.id[~rows.rule.str.match("missing|untestable")]
    assert judged.verdict[tested].to_dict() == TESTED


def test_made_up_findings_are_those_that_the_rules_ask_for():
    assert not ({*EXACT, *CHANCES, *UNCERTAIN} - wanted() - {"hydrogen.firms.growth", "miyun.storage.rise.2021"})


def test_findings_that_the_rules_name_are_published():
    published = set(json.loads((jingjinji.PROJECT / "results/reference.json").read_text("utf-8")))
    assert not wanted() - published


@pytest.mark.parametrize(
    ("id", "changed", "expected"),
    [
        ("C025", {"apec.observed.embassy.clean-days": certain("x", 8)}, SUPPORTED),
        ("C025", {"apec.observed.stations.clean-days": certain("x", 7)}, CONTRADICTED),
        ("C026", {f"apec.{site}.weather.adverse": chance("x", 0.7) for site in ("embassy", "stations")}, SUPPORTED),
        ("C027", {"apec.observed.stations.after": certain("x", 80)}, CONTRADICTED),
        ("C031", {"apec.beijing.ban.below": chance("x", 0.8)}, UNDECIDED),
        ("C031", {"apec.beijing.windows.lower": certain("x", 12)}, UNDECIDED),
        ("C032", {id: uncertain("x", -5, 1) for id in UNCERTAIN if "after-ban" in id}, CONTRADICTED),
        ("C032", {id: uncertain("x", 5, 1) for id in UNCERTAIN if "after-ban" in id}, SUPPORTED),
        ("C036", {"energy.claims.ruhr.output.change": certain("x", -88)}, SUPPORTED),
        ("C036", {"energy.claims.ruhr.output.change": certain("x", -50)}, UNDECIDED),
        ("C066", {"pm25.decline.tianjin": uncertain("x", -50, 1)}, IN_PART),
        ("C066", {id: uncertain("x", -30, 1) for id in UNCERTAIN if "pm25.decline" in id}, CONTRADICTED),
        ("C067", {"heavy.hebei.halved": chance("x", 0.5)}, IN_PART),
        ("C069", {"pm25.official.beijing.2023": certain("x", 33)}, CONTRADICTED),
        ("C070", {"pm25.standard.beijing.all": chance("x", 0.05)}, CONTRADICTED),
        ("C071", {"pm25.decline.beijing": uncertain("x", 64, 1)}, CONTRADICTED),
        ("C073", {"pm25.together.all-fell.ten-years": chance("x", 0.8)}, UNDECIDED),
        ("C073", {"pm25.together.slowest": uncertain("x", 4, 1)}, CONTRADICTED),
        ("C077", {"heavy.beijing.2023": certain("x", 0)}, IN_PART),
        ("C093", {"energy.mix.beijing.coal.2022": certain("x", 3)}, CONTRADICTED),
        ("C100", {"hydrogen.firms.count.2024-10": certain("x", 180)}, CONTRADICTED),
        ("C104", {"hydrogen.bth.seen": certain("x", 800)}, CONTRADICTED),
        ("C107", {"hydrogen.firms.count.2023-12": certain("x", 17)}, CONTRADICTED),
        ("C004", {"efficiency.beijing.excess.first": chance("x", 0.5)}, IN_PART),
        ("C004", {"efficiency.dea.beijing.first": certain("x", 40)}, IN_PART),
        (
            "C004",
            {id: chance("x", 0.5) for id in CHANCES if id.endswith(".first")}
            | {"efficiency.dea.beijing.first": certain("x", 50)},
            UNDECIDED,
        ),
        (
            "C005",
            {id: chance("x", 0.02) for id in CHANCES if id.endswith(".second")}
            | {"efficiency.dea.tianjin.second": certain("x", 4)},
            UNDECIDED,
        ),
        (
            "C005",
            {id: chance("x", 0.01) for id in CHANCES if id.endswith(".second")}
            | {"efficiency.dea.tianjin.second": certain("x", 1)},
            CONTRADICTED,
        ),
        ("C006", {"efficiency.ratio.narrows": chance("x", 0.02)}, UNDECIDED),
        ("C006", {"efficiency.ratio.narrows": chance("x", 0.5)}, IN_PART),
        ("C006", {"efficiency.dea.gap.change.high": certain("x", 0.5)}, IN_PART),
        ("C015", {f"carbon.growth.three.{key}": certain("x", 50) for key in ("gdp", "edgar", "ceads")}, SUPPORTED),
        (
            "C015",
            {f"carbon.share.three.{key}": certain("x", 20) for key in ("gdp.2023", "edgar.2023", "ceads.2019")},
            CONTRADICTED,
        ),
        ("C017", {"carbon.shenzhen.yearly": certain("x", 80)}, CONTRADICTED),
        ("C018", {"carbon.claim.turnover": certain("x", 7)}, CONTRADICTED),
        ("C014", {"carbon.share.three.gdp.2023": certain("x", 20)}, UNDECIDED),
        ("C019", {"carbon.shenzhen.against@without-totals": uncertain("x", 2.5, 0.1)}, CONTRADICTED),
        ("C019", {"carbon.shenzhen.weighted": uncertain("x", 23, 1)}, SUPPORTED),
        ("C024", {"carbon.intensity.three.ceads.2019": certain("x", 0.7)}, SUPPORTED),
        ("C056", {"silk.money.spending": certain("x", 7)}, CONTRADICTED),
        ("C058", {"silk.beijing.policies": certain("x", 31)}, CONTRADICTED),
        ("C059", {"silk.beijing.policies": certain("x", 31)}, CONTRADICTED),
        ("C061", {"silk.beijing.tasks": certain("x", 27)}, IN_PART),
        ("C091", {"governance.measures.first": certain("x", 45)}, CONTRADICTED),
        ("C095", {"governance.heating.share.2023.high": certain("x", 95)}, UNDECIDED),
        ("C098", {"carbon.beijing.first.ceads": certain("x", 9)}, IN_PART),
    ],
)
def test_a_verdict_turns_when_its_finding_turns(found, id, changed, expected):
    assert verdict(found, id) == TESTED[id] != expected
    assert verdict(found | changed, id) == expected


@pytest.mark.parametrize(
    ("id", "table", "change", "expected"),
    [
        ("C034", "coal_phase_out", lambda t: t.assign(value=t.value.where(t.year != 2013, 1.0)), CONTRADICTED),
        ("C038", "energy_facts", lambda t: t.assign(value=t.value.where(t.area != "NRW", 60)), CONTRADICTED),
        ("C068", "days_by_class", lambda t: t.assign(value=t.value.where(t.area != "Hebei", 130)), UNDECIDED),
        ("C068", "days_by_class", lambda t: t.assign(value=t.value.where(t.year != 2023, 1)), CONTRADICTED),
        ("C003", "pm25_city_month", lambda t: t[t.city != "Handan"], CONTRADICTED),
        ("C072", "published_results", lambda t: t.assign(value=t.value.where(t.id != "P016", 5)), UNDECIDED),
        ("C081", "water_agreements", lambda t: t.assign(rule=t.rule.where(t.start != 2012, "flow")), CONTRADICTED),
        ("C082", "water_facts", lambda t: t.assign(period=t.period.where(t.id != "F05", "2021-12-01")), CONTRADICTED),
        ("C106", "hydrogen_clusters", lambda t: t[t.place != "Five clusters"], IN_PART),
        ("C107", "hydrogen_zone", lambda t: t.assign(value=t.value.where(t.place != "Zhangjiakou", 300)), CONTRADICTED),
        ("C117", "hydrogen_targets", lambda t: t.assign(approved=""), CONTRADICTED),
        ("C018", "carbon_market", lambda t: t.assign(value=t.value.where(t.value != 6.0, 2.0)), CONTRADICTED),
        (
            "C075",
            "governance_acts",
            lambda t: t.assign(confidence=t.confidence.where(t.id != "I023", "article")),
            UNDECIDED,
        ),
        (
            "C076",
            "governance_acts",
            lambda t: t.assign(start=t.start.where(t.id != "I004", t.start.max())),
            CONTRADICTED,
        ),
        ("C090", "policy_facts", lambda t: t.assign(value=t.value.where(t.quantity != "mechanisms", 3)), UNDECIDED),
    ],
)
def test_a_verdict_turns_when_its_table_turns(found, id, table, change, expected):
    def load(name: str) -> pd.DataFrame:
        return change(tables.load(name)) if name == table else tables.load(name)

    rows = ledger.load()
    assert ledger.ledger(found, rows[rows.id == id], load).verdict.iloc[0] == expected


def test_chapters_are_named_as_their_pages_are():
    for chapter, title in registry.CHAPTERS.items():
        text = (jingjinji.PROJECT / f"chapters/{chapter}.md").read_text("utf-8")
        assert f"\n# {title}" in text


def test_a_chapter_lists_its_claims_as_the_ledger_has_them(found, judged):
    for chapter in registry.CHAPTERS:
        table = ledger.of_chapter(found, chapter)
        assert table.claim.tolist() == judged.index[judged.chapter == chapter].tolist()
        assert table.verdict.tolist() == judged.verdict[table.claim].tolist()


def test_counts_by_chapter_add_up(judged):
    table = ledger.counts(judged.reset_index())
    assert list(table.index) == [*registry.CHAPTERS, "all"]
    assert table.loc["all", "claims"] == 117 == table.loc["all", list(VERDICTS)].sum()
    assert (table.iloc[:-1].sum() == table.loc["all"]).all()
    assert table.loc["apec-blue"].tolist() == [1, 2, 1, 1, 0, 5]


def test_a_verdict_that_hangs_on_the_level_is_marked(found, judged):
    assert judged.fragile["C031"] == UNDECIDED
    assert judged.fragile["C066"] == ""
    assert judged.fragile["C069"] == ""
    rows = ledger.load()
    closer = ledger.ledger(found | {"pm25.standard.beijing.all": chance("x", 0.92)}, rows[rows.id == "C070"])
    assert closer.fragile.tolist() == [UNDECIDED]


def test_readings_are_computed(found, judged):
    assert judged.reading["C025"].startswith("6 of ten at one site and 9 at twelve stations")
    assert judged.reading["C025"].endswith("holds in part, 1 of 2 parts.")
    assert judged.reading["C066"].endswith("the claim of about 60 % holds.")
    assert judged.reading["C011"].startswith("It names no quantity")
    assert judged.findings["C069"] == "pm25.official.beijing.2023"
    assert judged.tables["C068"] == "days_by_class"


def test_a_claim_without_a_rule_stops_with_its_id():
    rows = ledger.load()
    for column in ("rule", "reason"):
        with pytest.raises(DataError, match=f"claim C012, column '{column}' is empty"):
            ledger.check(rows.assign(**{column: rows[column].where(rows.id != "C012", " ")}))


def test_a_repeated_id_stops_with_it():
    rows = ledger.load()
    with pytest.raises(DataError, match="id C011 in more than one row"):
        ledger.check(rows.assign(id=rows.id.where(rows.id != "C012", "C011")))


def test_a_rule_that_names_an_unknown_finding_stops_with_claim_and_neighbours(found):
    rows = ledger.load()
    wrong = rows.assign(rule=rows.rule.str.replace("pm25.official.beijing.2023", "pm25.oficial.beijing.2023"))
    with pytest.raises(UnknownFinding, match=r"claim C069: .*pm25\.oficial.*pm25\.official\.beijing\.2023"):
        ledger.ledger(found, wrong)
    wrong = rows.assign(found=rows.found.str.replace("heavy.beijing.2013", "heavy.beijing.2003"))
    with pytest.raises(UnknownFinding, match=r"claim C067: .*heavy\.beijing\.2003"):
        ledger.ledger(found, wrong)


def test_a_rule_that_cannot_be_read_stops_with_its_claim(found):
    rows = ledger.load()
    with pytest.raises(DataError, match=r"claim C069: rule .* compares nothing"):
        ledger.ledger(found, rows.assign(rule=rows.rule.where(rows.id != "C069", "pm25.official.beijing.2023")))


def test_two_claims_against_one_another_say_so_both():
    rows = ledger.load()
    with pytest.raises(DataError, match="claim C008 is against C033, which is not against C008"):
        ledger.check(rows.assign(against=rows.against.where(rows.id != "C033", "")))
    known = set(tables.load("published_results").id)
    against = {other for cell in rows.against for other in cell.split()}
    assert {other for other in against if other.startswith("P")} <= known


def test_no_sentence_of_an_article_is_copied():
    rows = ledger.load()
    assert "quote" not in rows
    assert rows.claim.str.len().max() < 150
    assert not rows.claim.str.contains('"').any()


def without(found: dict, *ids: str) -> Findings:
    """The made-up findings, but these come from a fit that did not converge."""
    return Findings(found, {id: (id, "toy/wide") for id in ids}, {"toy/wide": "R-hat is 1.03"})


def test_a_claim_whose_rule_needs_a_fit_that_did_not_converge_is_not_decided(found, judged):
    findings = without(found, "pm25.decline.tianjin")
    missed = ledger.ledger(findings).set_index("id")
    row = missed.loc["C066"]
    assert judged.verdict["C066"] == SUPPORTED
    assert row.verdict == UNDECIDED
    assert row.reading.startswith(
        "Fit toy/wide did not converge on this machine, so its numbers are not published: the "
    )
    assert row.reading.endswith("is not decided by this.")
    assert (row.unpublished, row.fragile) == ("toy/wide", "")
    assert row.findings == judged.findings["C066"]
    rows = ledger.load().set_index("id")
    concerned = set(missed.index[missed.unpublished != ""])
    assert concerned == set(rows.index[(rows.rule + rows.found).str.contains(r"pm25\.decline\.tianjin(?![\w.-])")])
    rest = missed.index.difference(concerned)
    assert missed.drop(columns="unpublished").loc[rest].equals(judged.drop(columns="unpublished").loc[rest])


def test_only_a_reading_that_needs_it_prints_the_words(found):
    rows = pd.DataFrame(
        {"id": ["C1"], "rule": ["b.b = 1"], "said": ["Li"], "found": ["it is {a.a}, {value:a.a}, {a.a + 1}"]}
    )
    findings = without({"b.b": certain("b.b", 1)}, "a.a")
    row = ledger.ledger(findings, rows).iloc[0]
    assert row.verdict == SUPPORTED
    assert row.reading == f"It is {NOT_PUBLISHED}, {NOT_PUBLISHED}, {NOT_PUBLISHED}: the claim of Li holds."
    assert row.unpublished == "toy/wide"


def test_a_chapter_lists_its_claims_without_the_fit(found):
    listed = ledger.of_chapter(without(found, "pm25.decline.tianjin"), "pm25-decline").set_index("claim")
    assert listed.verdict["C066"] == UNDECIDED
    assert "did not converge" in listed.found["C066"]
