"""The ledger: every claim has a verdict and each verdict turns with what it rests on."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest
from claim_findings import CHANCES, EXACT, UNCERTAIN, certain, chance, made_up, uncertain, wanted

import jingjinji
from jingjinji.claims import ledger, rules
from jingjinji.claims.rules import CONTRADICTED, DEPENDS, IN_PART, SUPPORTED, UNDECIDED, VERDICTS, World
from jingjinji.core import registry, tables
from jingjinji.core.errors import DataError, UnknownFinding
from jingjinji.core.findings import NOT_PUBLISHED, Findings
from jingjinji.show import grids

IDS = [f"C{number:03}" for number in range(1, 118)]
TESTED = {
    "C004": IN_PART, "C005": UNDECIDED, "C006": IN_PART, "C014": IN_PART, "C015": IN_PART,
    "C016": IN_PART, "C019": UNDECIDED, "C022": IN_PART, "C025": DEPENDS, "C026": UNDECIDED, "C027": IN_PART,
    "C031": IN_PART, "C032": SUPPORTED, "C033": IN_PART, "C034": UNDECIDED, "C036": IN_PART, "C038": IN_PART,
    "C052": DEPENDS, "C066": IN_PART, "C067": SUPPORTED, "C068": IN_PART, "C069": IN_PART, "C070": IN_PART,
    "C071": IN_PART, "C073": IN_PART, "C074": IN_PART, "C077": DEPENDS, "C081": UNDECIDED, "C086": IN_PART,
    "C093": DEPENDS, "C095": IN_PART, "C098": SUPPORTED, "C100": IN_PART, "C104": UNDECIDED, "C107": UNDECIDED,
}  # fmt: skip
"""Verdicts by tests under findings as the book has them; a changed finding or table turns each, below."""
RECORDED = {
    "C001": SUPPORTED, "C007": IN_PART, "C009": DEPENDS, "C013": IN_PART, "C023": SUPPORTED, "C037": SUPPORTED,
    "C039": IN_PART, "C040": IN_PART, "C041": IN_PART, "C042": IN_PART, "C043": IN_PART, "C044": IN_PART,
    "C045": IN_PART, "C046": IN_PART, "C051": IN_PART,
    "C054": SUPPORTED, "C055": IN_PART, "C056": SUPPORTED, "C057": SUPPORTED,
    "C061": IN_PART, "C062": IN_PART, "C063": SUPPORTED, "C064": IN_PART, "C072": IN_PART, "C075": IN_PART,
    "C076": IN_PART, "C078": UNDECIDED, "C079": UNDECIDED, "C080": IN_PART, "C082": IN_PART, "C087": IN_PART,
    "C088": IN_PART, "C089": IN_PART, "C090": IN_PART, "C091": IN_PART, "C097": IN_PART, "C099": IN_PART,
    "C106": IN_PART, "C109": IN_PART, "C110": SUPPORTED, "C111": IN_PART, "C112": IN_PART, "C113": IN_PART,
    "C114": IN_PART, "C115": IN_PART, "C116": SUPPORTED, "C117": SUPPORTED,
}  # fmt: skip
OWN_FINDINGS = ("pm25.official.beijing.", "pm25.standard.beijing.", "heavy.beijing.")
"""Findings that rest on figures of Beijing's own bureau alone, by how their ids begin."""
OF_BEIJING = ("China News Service on Beijing", "China Environment News on ten years")
"""Articles in which Beijing's authorities speak, by how their names begin."""
SITES = ("embassy", "stations")
FELL = [id for id in UNCERTAIN if "pm25.decline" in id]
NARROWS = [id for id in wanted() if ".narrows" in id]
SHARES = {f"carbon.share.three.{key}": certain("x", 20) for key in ("gdp.2023", "edgar.2023", "ceads.2019")}


@pytest.fixture(scope="module")
def found() -> dict:
    return made_up()


@pytest.fixture(scope="module")
def judged(found) -> pd.DataFrame:
    return ledger.ledger(found).set_index("id")


def verdict(findings: dict, id: str, **changed) -> str:
    """The verdict on a claim, with tables that are `changed`, each a function of the table."""

    def load(name: str) -> pd.DataFrame:
        return changed[name](tables.load(name)) if name in changed else tables.load(name)

    rows = ledger.load()
    return ledger.ledger(findings, rows[rows.id == id], load).verdict.iloc[0]


def test_every_claim_has_a_rule_a_reason_a_verdict_and_a_reading(judged):
    assert list(judged.index) == IDS
    assert set(judged.verdict) <= set(VERDICTS)
    assert judged.reason.str.endswith(".").all()
    assert judged.reading.str.fullmatch(r"\S.*\.").all()
    assert not judged.reading.str.contains(r"[{}]|\bnan").any()


def test_verdicts_that_are_computed(judged):
    computed = judged[judged.basis != rules.BY_JUDGEMENT]
    assert computed.verdict[computed.basis == rules.BY_TESTS].to_dict() == TESTED
    assert computed.verdict[computed.basis == rules.BY_RECORDS].to_dict() == RECORDED


def test_made_up_findings_are_those_that_the_rules_ask_for():
    assert not ({*EXACT, *CHANCES, *UNCERTAIN} - wanted() - {"hydrogen.firms.growth", "miyun.storage.rise.2021"})


def test_findings_that_the_rules_name_are_published():
    published = set(json.loads((jingjinji.PROJECT / "results/reference.json").read_text("utf-8")))
    assert not wanted() - published


TURNED_BY_FINDINGS = [
    ("C004", {id: chance("x", 0.95) for id in CHANCES if "beijing.excess.first" in id}, SUPPORTED),
    ("C004", {id: chance("x", 0.01) for id in CHANCES if "beijing.excess.first" in id}, DEPENDS),
    (
        "C004",
        {
            "efficiency.beijing.intensity.first.shared-half": chance("x", 0.88),
            "efficiency.dea.beijing.first": certain("x", 50),
        },
        UNDECIDED,
    ),
    (
        "C004",
        {id: chance("x", 0.5) for id in CHANCES if ".first" in id} | {"efficiency.dea.beijing.first": certain("x", 50)},
        UNDECIDED,
    ),
    ("C005", {id: chance("x", 0.95) for id in CHANCES if "tianjin.intensity.second" in id}, IN_PART),
    (
        "C005",
        {id: chance("x", 0.01) for id in CHANCES if ".second" in id}
        | {"efficiency.dea.tianjin.second": certain("x", 1)},
        CONTRADICTED,
    ),
    ("C006", {id: chance("x", 0.08) for id in NARROWS if "ratio" in id}, DEPENDS),
    ("C006", {"efficiency.gap.intensity.narrows.shared-most": chance("x", 0.5)}, UNDECIDED),
    (
        "C006",
        {id: chance("x", 0.98) for id in NARROWS} | {"efficiency.dea.gap.change.high": certain("x", -0.05)},
        SUPPORTED,
    ),
    ("C014", {"carbon.share.three.gdp.2023": certain("x", 20)}, UNDECIDED),
    ("C015", {"carbon.intensity.three.ceads.2019": certain("x", 0.7)}, SUPPORTED),
    ("C015", SHARES | {"carbon.intensity.three.edgar.2023": certain("x", 0.8)}, CONTRADICTED),
    ("C019", {"carbon.wider@without-totals": chance("x", 0.95)}, CONTRADICTED),
    ("C019", {"carbon.shenzhen.weighted": uncertain("x", 23, 1)}, SUPPORTED),
    ("C025", {"apec.observed.embassy.clean-days": certain("x", 8)}, SUPPORTED),
    ("C025", {"apec.observed.stations.clean-days": certain("x", 7)}, CONTRADICTED),
    ("C026", {f"apec.{site}.weather.worse-than-usual": chance("x", 0.95) for site in SITES}, SUPPORTED),
    ("C026", {f"apec.{site}.weather.worse-than-usual": chance("x", 0.05) for site in SITES}, CONTRADICTED),
    ("C026", {"apec.embassy.weather.worse-than-usual": chance("x", 0.95)}, IN_PART),
    ("C031", {"apec.beijing.ban.below": chance("x", 0.8)}, UNDECIDED),
    ("C032", {"apec.observed.embassy.after": certain("x", 60)}, IN_PART),
    ("C036", {"energy.claims.ruhr.output.change": certain("x", -80)}, UNDECIDED),
    ("C066", {id: uncertain("x", -30, 1) for id in FELL}, CONTRADICTED),
    ("C067", {"heavy.hebei.halved": chance("x", 0.5)}, IN_PART),
    ("C069", {"pm25.official.beijing.2023": certain("x", 33)}, CONTRADICTED),
    ("C070", {"pm25.standard.beijing.all": chance("x", 0.05)}, CONTRADICTED),
    ("C071", {"pm25.decline.beijing": uncertain("x", 64, 1)}, CONTRADICTED),
    ("C073", {"pm25.together.all-fell.ten-years": chance("x", 0.8)}, UNDECIDED),
    ("C073", {"pm25.together.slowest": uncertain("x", 4, 1)}, CONTRADICTED),
    ("C077", {"heavy.beijing.2023": certain("x", 0)}, IN_PART),
    ("C093", {"energy.mix.beijing.coal.2022": certain("x", 3)}, CONTRADICTED),
    ("C095", {"governance.heating.share.2023.high": certain("x", 95)}, UNDECIDED),
    ("C098", {"carbon.beijing.first.ceads": certain("x", 9)}, IN_PART),
    ("C100", {"hydrogen.firms.count.2024-10": certain("x", 180)}, CONTRADICTED),
    ("C104", {"hydrogen.bth.seen": certain("x", 800)}, CONTRADICTED),
    ("C107", {"hydrogen.firms.count.2023-12": certain("x", 17)}, CONTRADICTED),
]


@pytest.mark.parametrize(("id", "changed", "expected"), TURNED_BY_FINDINGS)
def test_a_verdict_turns_when_its_finding_turns(found, id, changed, expected):
    assert verdict(found, id) == TESTED[id] != expected
    assert verdict(found | changed, id) == expected


def where(table: pd.DataFrame, chosen: pd.Series, value: float) -> pd.DataFrame:
    """The table with another value in the chosen rows."""
    assert chosen.any()
    return table.assign(value=table.value.where(~chosen, value))


TURNED_BY_TABLES = [
    ("C016", "green_patents", lambda t: t.assign(patents=t.people), UNDECIDED),
    ("C016", "green_patents", lambda t: t.assign(patents=t.patents.where(t.region == "others", 0)), CONTRADICTED),
    ("C022", "records", lambda t: pd.concat([t, t[t.id == "R026"].assign(id="R999", origin="another")]), SUPPORTED),
    ("C027", "city_week", lambda t: t.assign(pm25=t.pm25.where(t.start < "2014-11-13", 40)), CONTRADICTED),
    ("C027", "city_week", lambda t: t.assign(pm25=t.pm25.where(t.start != "2014-12-18", 160)), SUPPORTED),
    ("C032", "city_week", lambda t: t.assign(pm25=t.pm25.where(t.start < "2014-11-13", 40)), IN_PART),
    ("C033", "published_results", lambda t: where(t, t.id.isin(["P021", "P022", "P023"]), 0.1), UNDECIDED),
    ("C034", "coal_phase_out", lambda t: where(t, t.year == 2013, 1.0), CONTRADICTED),
    ("C052", "green_patents", lambda t: t.assign(per_million=t.per_million.where(t.province != "Beijing", 0.1)),
     CONTRADICTED),
    ("C067", "pollution_winter", lambda t: t.assign(heavy_days=20), IN_PART),
    ("C068", "days_by_class", lambda t: where(t, t.year.isin([2022, 2023]), 1), CONTRADICTED),
    ("C071", "pollutants_annual", lambda t: where(t, t.year == 2023, 500), UNDECIDED),
    ("C074", "pollution_winter", lambda t: t.assign(high=250.0, rise=90.0), CONTRADICTED),
    ("C081", "water_agreements", lambda t: t.assign(rule=t.rule.where(t.start != 2012, "flow")), CONTRADICTED),
    ("C093", "energy_facts", lambda t: where(t, t.quantity == "coal share of energy", 0.5), IN_PART),
    ("C107", "hydrogen_zone", lambda t: where(t, t.place == "Zhangjiakou", 300), CONTRADICTED),
]  # fmt: skip


@pytest.mark.parametrize(("id", "table", "change", "expected"), TURNED_BY_TABLES)
def test_a_verdict_turns_when_its_table_turns(found, id, table, change, expected):
    assert TESTED[id] != expected
    assert verdict(found, id, **{table: change}) == expected


def test_a_verdict_that_rests_on_two_thin_parts_turns_when_neither_holds(found):
    jobs = {"energy_facts": lambda t: where(t, t.area == "NRW", 60)}
    other = found | {"energy.claims.ruhr.steel-jobs.change": certain("x", -50)}
    assert verdict(found, "C038", **jobs) == verdict(other, "C038") == IN_PART
    assert verdict(other, "C038", **jobs) == UNDECIDED
    dirty = {"water_section_april": lambda t: t.assign(nh3n=9.0)}
    unsaid = {"records": lambda t: where(t, t.quantity == "national sections below class V", float("nan"))}
    assert verdict(found, "C086", **dirty) == verdict(found, "C086", **unsaid) == IN_PART
    assert verdict(found, "C086", **dirty, **unsaid) == UNDECIDED


def test_every_verdict_by_tests_is_turned():
    turned = {case[0] for case in (*TURNED_BY_FINDINGS, *TURNED_BY_TABLES)} | {"C038", "C086"}
    assert turned == set(TESTED)


# --- rules about records ----------------------------------------------------------------------------------------------


def rows_on(rule: rules.Rule, world: World, fits: bool) -> list[dict]:
    """A row for each matter of a rule about records, that fits all of the rule's parts on that matter or none."""
    parts = {}
    for _, (_, matter, claimed) in rule.tests:
        parts.setdefault(matter, []).append(claimed)
    return [row_on(matter, claimed, world, fits) for matter, claimed in parts.items()]


def row_on(matter: tuple, parts: list[tuple], world: World, fits: bool) -> dict:
    """A row that is on a matter, and fits what each of the parts of a claim asks of it, or what none does."""
    row = {column: str(rules._value(literal, world)).split("|")[0] for column, _, literal in matter}
    limits = [[(column, sign, rules._value(literal, world)) for column, sign, literal in part] for part in parts]
    for column in {column for part in limits for column, _, _ in part}:
        asked = [[(sign, value) for other, sign, value in part if other == column] for part in limits]
        literals = [value for part in asked for _, value in part]
        if isinstance(literals[0], str):
            words = [word for literal in literals for word in literal.split("|")]
            tried = [*words, *(f"{word}-06" for word in words), ", ".join(words), "1000-01-01", "elsewhere"]
        else:
            tried = [*literals, sum(literals) / len(literals), *(value + 1 for value in literals), -1e6, 1e6]
        row[column] = next(
            value for value in tried
            if all(all(rules._fits(pd.Series([value]), sign, limit).item() for sign, limit in part) == fits
                   for part in asked if part)
        )  # fmt: skip
    return row


SOURCES = [
    ([], UNDECIDED),
    ([("document", "a", True)], SUPPORTED),
    ([("document", "a", False)], CONTRADICTED),
    ([("report", "a", True)], IN_PART),
    ([("report", "a", True), ("report", "a", True)], IN_PART),
    ([("report", "a", True), ("report", "b", True)], SUPPORTED),
    ([("report", "a", False)], UNDECIDED),
    ([("report", "a", False), ("report", "b", False)], CONTRADICTED),
    ([("report", "a", True), ("report", "b", True), ("report", "c", False)], IN_PART),
    ([("report", "a", True), ("report", "b", False), ("report", "c", False)], UNDECIDED),
    ([("document", "a", True), ("document", "b", False)], UNDECIDED),
    ([("own side", "a", True)], IN_PART),
    ([("own side", "a", True), ("own side", "b", True)], IN_PART),
    ([("own side", "a", False)], CONTRADICTED),
    ([("own side", "a", True), ("report", "b", False), ("report", "c", False)], CONTRADICTED),
]


@pytest.mark.parametrize("id", RECORDED)
def test_every_verdict_by_records_turns_by_one_standard(found, id):
    claims = ledger.load().set_index("id")
    rule, table, world = rules.parse(claims.rule[id]), tables.load("records"), World(found)
    on_the_matter = {row for _, test in rule.tests for rows in rules._sorted_records(test, world) for row in rows.id}
    others = table[~table.id.isin(on_the_matter)]
    made = {fits: rows_on(rule, world, fits) for fits in (True, False)}
    for sources, expected in SOURCES:
        rows = [{"id": f"R9{place}", "standing": standing, "origin": origin, **row}
                for standing, origin, fits in sources for place, row in enumerate(made[fits])]  # fmt: skip
        changed = pd.concat([others, pd.DataFrame(rows, columns=table.columns).astype(table.dtypes)], ignore_index=True)
        load = {"records": changed}.get
        assert rules.judge(rule, World(found, load))[0] == expected, sources


@pytest.mark.parametrize(
    ("id", "row", "member"),
    [("C023", "R117", "Zhuhai"), ("C057", "R128", "green transport, "), ("C062", "R132", "efficiency, "),
     ("C080", "R091", "Yanqing, "), ("C110", "R004", "environment, ")],
)  # fmt: skip
def test_a_rule_on_named_members_asks_for_their_names(found, id, row, member):
    """A source that counts as many, but names another in place of one, fits the claim no more in full."""
    rule = rules.parse(ledger.load().set_index("id").rule[id])
    table = tables.load("records")
    of_it = table.quantity == table.set_index("id").quantity[row]
    other = table.assign(text=table.text.mask(of_it, table.text.str.replace(member, "harbours, ")))
    before, after = (rules.judge(rule, World(found, load))[1] for load in (tables.load, {"records": other}.get))
    assert all(before)
    assert after != before


def parts(row) -> list[tuple]:
    return [test for _, test in rules.parse(row.rule).tests]


def outside_records(node) -> list[tuple]:
    """Lookups of a test that do not stand in records(...)."""
    if not isinstance(node, tuple) or node[:1] == ("records",):
        return []
    return rules._lookups(node)[:1] if node[:1] == ("lookup",) else [x for part in node for x in outside_records(part)]


def test_no_rule_reads_records_past_the_standard():
    for row in ledger.load().itertuples():
        assert "records" not in [lookup[2] for test in parts(row) for lookup in outside_records(test)], row.id


def of_bureau(lookup: tuple) -> bool:
    """Whether all rows that a lookup sums up are Beijing's own figures."""
    rows = rules._rows(lookup[2], lookup[4], World({}))
    named = (rows.title + rows.publisher).str.contains("Beijing Municipal") if "publisher" in rows else pd.Series()
    return bool(len(named) and named.all())


def test_the_claimants_own_figures_give_no_more_than_a_part():
    seen = []
    for row in ledger.load().itertuples():
        rule = rules.parse(row.rule)
        if not row.article.startswith(OF_BEIJING):
            continue
        for verdict_of, test in rule.tests:
            ids, lookups = rules._named(test)[0], outside_records(test)
            evidence = [id.startswith(OWN_FINDINGS) for id in ids] + [of_bureau(one) for one in lookups]
            if evidence and all(evidence):
                seen.append(row.id)
                assert test[0] == "own" or verdict_of not in ("", SUPPORTED), f"{row.id} rests on Beijing's own figures"
    assert {"C068", "C069", "C070", "C077"} <= set(seen)


def test_records_of_a_claim_say_which_way_they_speak(judged):
    records = tables.load("records")
    of_claim = ledger.records_of(records, judged.reset_index().set_index("id", drop=False).loc["C040"])
    assert of_claim.set_index("id").speaks.to_dict() == {
        "R041": "", "R042": "for", "R043": "against", "R044": "against", "R045": "for", "R046": "",
    }  # fmt: skip


def test_a_record_of_another_thing_is_not_weighed(judged):
    claims = ["C047", "C048", "C049", "C055", "C058", "C059", "C091", "C099"]
    weighed = {id: (judged.fits[id], judged.misfits[id]) for id in claims if judged.fits[id] or judged.misfits[id]}
    assert weighed == {"C055": ("R075", ""), "C091": ("R158", ""), "C099": ("R086 R087 R085", "R152")}
    undecided = {"C047", "C048", "C049", "C058", "C059"}
    assert set(judged.verdict[list(undecided)]) == {UNDECIDED}


def test_a_record_holds_what_its_page_prints():
    editions = tables.load("records").set_index("id").loc[["R075", "R076", "R077"]]
    assert all(f"{value:.0f}th" in words for value, words in zip(editions.value, editions.statement, strict=True))


def test_what_verdicts_rest_on_is_counted(judged):
    numbers = ledger.tally(judged.reset_index())
    assert numbers["computed"] == len(TESTED) + len(RECORDED)
    assert numbers["computed"] + numbers["missing"] + numbers["not a testable statement"] == numbers["all"] == 117
    assert numbers["judged"] == numbers["judged by tests"] + numbers["judged by records"]
    undecided = [*TESTED.values(), *RECORDED.values()].count(UNDECIDED)
    assert numbers["judged"] == numbers["computed"] - undecided
    own = set(judged.index[judged.own_side_alone == "yes"])
    assert {"C066", "C069", "C070", "C087"} <= own
    assert not own & {"C041", "C068", "C086", "C110"}


def test_only_web_addresses_are_in_the_table_of_records():
    urls = tables.load("records").url.dropna()
    assert urls.str.match(r"https?://\S+$").all()


def test_chapters_are_named_as_their_pages_are():
    for chapter, title in registry.CHAPTERS.items():
        text = (jingjinji.PROJECT / f"chapters/{chapter}.md").read_text("utf-8")
        assert f"\n# {title}" in text


def test_a_chapter_lists_its_claims_as_the_ledger_has_them(found, judged):
    for chapter in registry.CHAPTERS:
        table = ledger.of_chapter(found, chapter)
        assert table.claim.tolist() == judged.index[judged.chapter == chapter].tolist()
        assert table.verdict.tolist() == judged.verdict[table.claim].tolist()


def test_what_a_page_prints_of_a_claim_is_escaped(found, monkeypatch):
    rows = ledger.load()
    tagged = rows.assign(reason="<script>alert(1)</script> & more", claim="Beijing's <b>sky</b>")
    monkeypatch.setattr(ledger, "load", lambda: tagged[tagged.id == "C025"])
    table = ledger.of_chapter(found, "apec-blue")
    html = grids.table(table, kind="claims").to_html()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in html
    assert "<script" not in html


def test_counts_by_chapter_add_up(judged):
    table = ledger.counts(judged.reset_index())
    assert list(table.index) == [*registry.CHAPTERS, "all"]
    assert table.loc["all", "claims"] == 117 == table.loc["all", list(VERDICTS)].sum()
    assert (table.iloc[:-1].sum() == table.loc["all"]).all()
    assert table.loc["apec-blue"].tolist() == [1, 2, 1, 0, 1, 0, 5]


def test_a_verdict_that_hangs_on_the_level_is_marked(found, judged):
    assert judged.fragile["C026"] == CONTRADICTED
    assert judged.fragile["C031"] == UNDECIDED
    assert judged.fragile["C066"] == ""
    assert judged.fragile["C037"] == ""
    assert judged.fragile["C069"] == ""
    rows = ledger.load()
    closer = ledger.ledger(found | {"pm25.standard.beijing.all": chance("x", 0.92)}, rows[rows.id == "C070"])
    assert closer.fragile.tolist() == [UNDECIDED]


@pytest.mark.parametrize(
    ("verdict", "results", "words"),
    [
        (DEPENDS, [True, False], "depends, 1 of 2 measures"),
        (DEPENDS, [IN_PART, False], "depends, 1 of 2 measures on little evidence"),
        (IN_PART, [True, IN_PART, False], "depends, 1 of 3 measures and 1 more on little evidence, and 1 fails"),
    ],
)
def test_a_reading_says_how_many_parts_rest_on_little(verdict, results, words):
    rule = SimpleNamespace(kind="measures")
    assert ledger._of_parts("depends", "x", rule, verdict, results, False) == words


def test_readings_are_computed(found, judged):
    assert judged.reading["C025"].startswith("6 of ten at one site and 9 at twelve stations")
    assert judged.reading["C025"].endswith("satisfactory sky holds depends on the measure, 1 of 2 measures.")
    assert judged.reading["C066"].endswith("about 60 % has the support of the claimant's own side alone.")
    assert judged.reading["C041"].endswith("20 firms of steel has the support of one report.")
    assert "; to decide it one would need a record of the goal of 2015" in judged.reading["C049"]
    assert judged.reading["C015"].endswith("locomotive holds in part, 2 of 3 parts, and 1 fails.")
    assert judged.reading["C051"].endswith("loss has the support of one report in 1 of 2 parts, and 1 fails.")
    assert "; to decide it one would need a record of the goal of 2015" in judged.reading["C047"]
    assert judged.reading["C068"].endswith("more good days holds in part, 2 of 3 parts and 1 more on little evidence.")
    assert judged.reading["C011"].startswith("It names no quantity")
    assert judged.findings["C069"] == "pm25.official.beijing.2023"
    assert judged.tables["C068"] == "days_by_class"
    assert judged.tables["C037"] == "records"


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
    assert judged.verdict["C066"] == IN_PART
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
