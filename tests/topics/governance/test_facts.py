"""What tables alone say of governance: acts, alerts, heating."""

import numpy as np
import pandas as pd
import pytest

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.topics.governance import facts


def changed(monkeypatch, table: str, change) -> None:
    load = tables.load
    monkeypatch.setattr(facts.tables, "load", lambda name: change(load(name)) if name == table else load(name))


def test_a_figure_is_one_row(monkeypatch):
    asked = "clean heating", "Beijing", "villages with clean heating", "2022-04"
    value = facts.fact(*asked)
    rows = tables.load("policy_facts").query("quantity == 'villages with clean heating' and period == '2022-04'")
    assert [value] == rows.value.tolist()
    changed(monkeypatch, "policy_facts", lambda table: pd.concat([table, rows]))
    with pytest.raises(BookError, match="table policy_facts has 2 rows with topic 'clean heating', place 'Beijing'"):
        facts.fact(*asked)
    with pytest.raises(BookError, match="has 0 rows"):
        facts.fact("clean heating", "Tianjin", *asked[2:])


def days(values: list[float], start: str = "2015-01-01") -> pd.Series:
    return pd.Series(values, index=pd.date_range(start, periods=len(values), freq="D"), dtype=float)


@pytest.mark.parametrize(
    ("values", "red"),
    [
        ([160, 160, 160, 160, 10], [1, 1, 1, 1, 0]),
        ([160, 160, 160, 150, 160], [0, 0, 0, 0, 0]),
        ([10, 260, 260, 10, 260], [0, 1, 1, 0, 0]),
        ([10, 501, 10, 500, 10], [0, 1, 0, 0, 0]),
        ([160, 260, 160, np.nan, 160], [0, 0, 0, 0, 0]),
        ([160, 260, 160, 160, np.nan], [1, 1, 1, 1, 0]),
    ],
)
def test_red_days_by_hand(values, red):
    assert facts.red_days(days(values)).astype(int).tolist() == red


def test_a_day_that_is_not_in_the_table_ends_a_run():
    four = days([160, 160, 160, 160])
    assert facts.red_days(four).all()
    assert not facts.red_days(four.drop(four.index[1])).any()


def test_heating_by_hand():
    found = facts.heating()
    low, high = found["all"]
    assert low == pytest.approx(1325 / 0.9315)
    assert high == pytest.approx(1335 / 0.9305)
    first, last = found["share.2018"], found["share.2023"]
    assert first == pytest.approx((100 * 1050 / high, 100 * 1150 / low))
    years = (pd.Timestamp("2022-04-01") - pd.Timestamp("2018-12-31")).days / 365.25
    left = (0.069 / (1 - 1100 / (1330 / 0.931))) ** (1 / years)
    then = (pd.Timestamp("2023-12-31") - pd.Timestamp("2022-04-01")).days / 365.25
    assert last[0] < 100 - 6.9 * left**then < last[1]
    assert 93 < last[0] < last[1] < 100


def test_acts_add_up():
    found = {finding.id: finding.mean for finding in facts.findings()}
    kinds = [found[f"governance.acts.{kind.replace(' ', '-')}"] for kind in facts.KINDS]
    assert sum(kinds) == found["governance.acts"]
    precisions = [found[f"governance.dates.{name}"] for name in ("day", "month", "year", "partly-remembered")]
    assert sum(precisions) == found["governance.acts"]
    assert found["governance.measures.first"] + found["governance.measures.second"] == found["governance.measures"]
