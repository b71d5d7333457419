"""What the page on governance shows."""

import pandas as pd
import pytest

from jingjinji.core import tables
from jingjinji.core.errors import UnknownFinding
from jingjinji.core.findings import Finding, exact
from jingjinji.topics.governance import facts, page
from jingjinji.topics.hydrogen.clusters import VARIANTS


@pytest.fixture(scope="module")
def found() -> dict[str, Finding]:
    made = {finding.id: finding for finding in facts.findings()}
    other = {id for ids in page.BESIDE.values() for id in ids} - set(made)
    return made | {id: exact(id, "what it is", 1.0, "%", (), fit_of(id)) for id in other}


def fit_of(id: str) -> str:
    variant = id.partition("@")[2]
    return f"hydrogen_clusters/{variant}" if variant else "decline"


def test_a_date_is_printed_as_exactly_as_it_is_known():
    day = pd.Timestamp("2016-03-31")
    texts = [page.day_text(day, precision) for precision in ("day", "month", "year", "partly-remembered")]
    assert texts == ["31 March 2016", "March 2016", "2016", "about March 2016"]


def test_the_timeline_draws_each_act_once_and_counts_its_parts():
    acts, drawn = tables.load("governance_acts"), page.timeline()
    assert len(drawn) + drawn.parts.sum() == len(acts)
    assert drawn.start.is_monotonic_increasing
    assert set(acts.part_of.dropna()) <= set(drawn.id)
    assert drawn.set_index("id").parts["I010"] == 8


def test_acts_repeat_the_dates_of_the_table_of_measures():
    acts, measures = tables.load("governance_acts").set_index("id"), tables.load("interventions").set_index("id")
    same = acts.loc[measures.index]
    assert (same.start == measures.start).all()
    assert (same.date_precision == measures.date_precision).all()


def test_every_finding_beside_an_act_is_known(found):
    table = page.beside(found)
    assert set(table.finding) == {id for ids in page.BESIDE.values() for id in ids}
    assert table.date[0] == "10 September 2013"
    told = dict(zip(table.finding, table["what a chapter finds"], strict=True))
    for id, label in told.items():
        words = VARIANTS[id.partition("@")[2]].words if "@" in id else ""
        assert label == found[id].label + (f" (variant: {words})" if words else "")
    without = {id: finding for id, finding in found.items() if id != "pm25.decline.beijing"}
    with pytest.raises(UnknownFinding, match="there is no finding"):
        page.beside(without)


def test_the_alert_rule_is_the_one_that_is_computed_with():
    rule = page.alert_rule()
    for days, index, _ in facts.RED:
        assert f"above {index} for {days} day" in rule
