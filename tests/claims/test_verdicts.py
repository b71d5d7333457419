"""Published verdicts: what is written, and which verdict turned, with what it read."""

import json

import pytest
from claim_findings import certain, chance, made_up

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


def test_a_verdict_is_published_with_what_its_rule_read(published, found):
    assert published["C069"] == {
        "verdict": "supported in part", "fragile": "", "read": {"pm25.official.beijing.2023": "32"},
    }  # fmt: skip
    assert published["C037"]["read"] == {"record R035": "fits", "record R036": "fits"}
    assert published["C002"]["read"] == {}
    assert "table(coal_phase_out, value, area = 'Hebei'" in " ".join(published["C034"]["read"])
    assert verdicts.compare(found) == "5 verdicts agree with verdicts.json."


def test_what_turned_is_named_with_the_values_that_differ(published, found):
    turned = found | {"heavy.hebei.halved": chance("heavy.hebei.halved", 0.5)}
    with pytest.raises(BookError) as error:
        verdicts.compare(turned)
    assert str(error.value).startswith(
        "1 of 5 verdicts differ from verdicts.json: C067 is supported in part here, supported there "
        "(heavy.hebei.halved is "
    )
    assert str(error.value).endswith(" here, > 0.99 there)")
    moved = found | {"pm25.official.beijing.2023": certain("x", 33)}
    with pytest.raises(BookError, match="C069 is contradicted here, supported in part there"):
        verdicts.compare(moved)


def test_a_verdict_near_its_level_may_turn_and_is_named(published, found):
    words = verdicts.compare(found | {"heavy.hebei.halved": chance("heavy.hebei.halved", 0.89)})
    assert words.startswith("4 verdicts agree with verdicts.json; 1 turned that lie near a level of probability: C067 ")
    assert "heavy.hebei.halved is " in words


def test_a_value_that_turns_no_verdict_is_no_difference(published, found):
    nearer = found | {"heavy.hebei.halved": chance("heavy.hebei.halved", 0.95)}
    assert "agree" in verdicts.compare(nearer)


def test_a_rule_that_changed_is_said_to_be_another(published, found, monkeypatch):
    rows = ledger.load()
    rule = rows.rule.where(rows.id != "C069", "own(pm25.official.beijing.2023 = 31)")
    monkeypatch.setattr(ledger, "load", lambda: rows.assign(rule=rule))
    with pytest.raises(BookError, match=r"C069 .* \(its rule is another, for it read the same values\)"):
        verdicts.compare(found)


def test_a_claim_whose_fit_did_not_converge_reads_nothing(published, found):
    id = "heavy.hebei.halved"
    hole = Findings(found, {id: (id, "heavy_days")}, {"heavy_days": "R-hat is 1.03"})
    assert verdicts.judged(hole)["C067"] == {"verdict": "not decided by these data", "fragile": "", "read": {}}


def test_a_file_that_is_not_there_or_not_json_is_said_to_be(tmp_path, monkeypatch, found):
    monkeypatch.setattr(verdicts, "PUBLISHED", tmp_path / "verdicts.json")
    with pytest.raises(BookError, match="is missing"):
        verdicts.compare(found)
    verdicts.PUBLISHED.write_text("{")
    with pytest.raises(BookError, match="not readable as JSON"):
        verdicts.compare(found)
    verdicts.PUBLISHED.write_text("{}")
    with pytest.raises(BookError, match="differ in C001, C002"):
        verdicts.compare(found)


def test_the_published_file_has_every_claim(project):
    published = json.loads((project / "results/verdicts.json").read_text("utf-8"))
    assert list(published) == list(ledger.load().id)
    assert {row["verdict"] for row in published.values()} <= set(VERDICTS)
