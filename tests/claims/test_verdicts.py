"""Published verdicts: what is written, and which verdict turned, with what it read."""

import json

import pytest
from claim_findings import chance, made_up

from jingjinji.claims import ledger, verdicts
from jingjinji.claims.rules import VERDICTS
from jingjinji.core.errors import BookError
from jingjinji.core.findings import Findings


@pytest.fixture(scope="module")
def found() -> dict:
    return made_up()


@pytest.fixture
def published(tmp_path, monkeypatch, found) -> dict:
    some = ledger.load().query("id in ('C002', 'C034', 'C037', 'C067', 'C069')")
    monkeypatch.setattr(ledger, "load", lambda: some)
    monkeypatch.setattr(verdicts, "PUBLISHED", tmp_path / "verdicts.json")
    assert verdicts.publish(found) == 5
    return json.loads(verdicts.PUBLISHED.read_text("utf-8"))


def compare(findings, status=(), **options) -> dict[str, verdicts.Turn]:
    """Claim -> what became of its verdict; `status` of the findings that are not the same."""
    status = dict.fromkeys(findings, "same") | dict(status)
    errors = {id: 0.0 if what == "same" else 7.0 for id, what in status.items()}
    return {turn.id: turn for turn in verdicts.compare(findings, status, errors, **options)}


def test_a_verdict_is_published_with_what_its_rule_read(published, found):
    assert published["C069"] == {
        "verdict": "supported in part", "fragile": "", "read": {"pm25.official.beijing.2023": "32"},
    }  # fmt: skip
    assert published["C037"]["read"] == {"record R035": "fits", "record R036": "fits"}
    assert published["C002"]["read"] == {}
    assert "table(coal_phase_out, value, area = 'Hebei'" in " ".join(published["C034"]["read"])
    turns = compare(found)
    assert verdicts.summary(list(turns.values())) == "5 verdicts beside verdicts.json: 5 same."


@pytest.mark.parametrize("status", ["changed", "noise", "not judged"])
def test_a_verdict_that_turned_is_what_the_finding_is_that_its_rule_reads(published, found, status):
    id = "heavy.hebei.halved"
    first, *rest = compare(found | {id: chance(id, 0.5)}, {id: status}).values()
    assert (first.id, first.status, first.errors) == ("C067", status, 7.0)
    assert (first.there, first.here) == ("supported", "supported in part")
    assert first.why.startswith(f"{id} was > 0.99, is ")
    assert {turn.status for turn in rest} == {"same"}


def test_a_value_that_turns_no_verdict_is_no_difference(published, found):
    id = "heavy.hebei.halved"
    assert compare(found | {id: chance(id, 0.95)}, {id: "changed"})["C067"].status == "same"


def test_a_rule_that_changed_is_said_to_be_another(published, found, monkeypatch):
    rows = ledger.load()
    rule = rows.rule.where(rows.id != "C069", "own(pm25.official.beijing.2023 = 31)")
    monkeypatch.setattr(ledger, "load", lambda: rows.assign(rule=rule))
    turn = compare(found)["C069"]
    assert (turn.status, turn.why) == ("changed", "its rule is another, for it read the same values")


def test_a_rule_that_reads_another_cell_has_changed_though_findings_are_noise(published, found, monkeypatch):
    rows = ledger.load()
    rule = rows.rule.where(rows.id != "C067", "P(heavy.hebei.halved) > 0.9 and table(days_by_class, value, area = "
                           "'Hebei', metric = 'good_days', year = 2023) < 0")  # fmt: skip
    monkeypatch.setattr(ledger, "load", lambda: rows.assign(rule=rule))
    assert compare(found, {"heavy.hebei.halved": "noise"})["C067"].status == "changed"


def test_claims_that_came_and_went(published, found, monkeypatch):
    rows = ledger.load()
    monkeypatch.setattr(ledger, "load", lambda: rows[rows.id != "C069"])
    assert compare(found)["C069"].status == "gone"
    verdicts.PUBLISHED.write_text(json.dumps({id: row for id, row in published.items() if id != "C067"}))
    assert compare(found)["C067"].status == "new"


def test_verdicts_of_some_findings_alone(published, found):
    assert list(compare(found, among={"heavy.hebei.halved"})) == ["C067"]
    assert list(compare(found, among=set())) == []


def test_a_claim_whose_fit_did_not_converge_reads_nothing_and_is_not_compared(published, found):
    id = "heavy.hebei.halved"
    hole = Findings(found, {id: (id, "heavy_days")}, {"heavy_days": "R-hat is 1.03"})
    assert verdicts.judged(hole)["C067"] == {"verdict": "not decided by these data", "fragile": "", "read": {}}
    *rest, last = compare(hole, {id: "not compared"}).values()
    assert (last.id, last.status, last.why) == ("C067", "not compared", "its rule needs heavy_days")
    assert {turn.status for turn in rest} == {"same"}


def test_a_file_that_is_not_there_or_not_json_is_said_to_be(tmp_path, monkeypatch, found):
    monkeypatch.setattr(verdicts, "PUBLISHED", tmp_path / "verdicts.json")
    with pytest.raises(BookError, match="is missing"):
        compare(found)
    for content, words in (("{", "not readable as JSON"), ('{"C001": 1}', "has not the form")):
        verdicts.PUBLISHED.write_text(content)
        with pytest.raises(BookError, match=words):
            compare(found)


def test_the_published_file_has_every_claim(project):
    published = json.loads((project / "results/verdicts.json").read_text("utf-8"))
    assert list(published) == list(ledger.load().id)
    assert {row["verdict"] for row in published.values()} <= set(VERDICTS)
