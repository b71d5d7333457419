"""What the tables of water say by themselves, against counts by hand."""

import numpy as np
import pandas as pd
import pytest

from jingjinji.core import tables
from jingjinji.topics.water import facts


def weeks_of(**values: list[float]) -> pd.DataFrame:
    """Weeks of July and August 2020 by section; a missing number is a missing week, nought lies below the limit."""
    first, rows = pd.Timestamp("2020-07-06"), []
    for section, numbers in values.items():
        for k, value in enumerate(numbers):
            below = value == 0
            rows.append((section, first + pd.Timedelta(days=7 * k), np.nan if below else value, below))
    table = pd.DataFrame(rows, columns=["section", "week", "tn", "tn_below"])
    for name in facts.FLOORS:
        table = table.assign(**{name: table.tn, f"{name}_below": table.tn_below})
    return table


def test_a_rank_compares_the_weeks_that_both_have():
    """In the weeks of `a` `b` has less, though over all of its own it has more; `d` has no week in common."""
    nan = np.nan
    weeks = weeks_of(a=[2.0, 2.0, nan, nan], b=[1.0, 1.0, 9.0, 9.0], c=[3.0, 3.0, 1.0, 1.0], d=[nan, nan, 1.0, 1.0])
    assert facts.nitrogen_rank(weeks, "a") == (0.5, 2)
    assert facts.nitrogen_rank(weeks, "b") == (pytest.approx(2 / 3), 3)


def test_months_are_means_of_medians_and_a_limit_stands_for_what_lies_below_it():
    found = facts.monthly_medians(weeks_of(a=[1.0, 3.0, 0.0, 8.0, 5.0]), "a")
    assert found.index.tolist() == ["2020-07", "2020-08"]
    assert found.codmn["2020-07"] == pytest.approx((1 + 3 + 0.5 + 8) / 4)
    assert found.tn["2020-07"] == pytest.approx(4)
    assert found.weeks.tolist() == [3, 1]


def test_what_is_said_of_gubeikou():
    found = {finding.id.removeprefix("miyun."): finding.mean for finding in facts.findings()}
    weeks = tables.load("water_section_week").query("section == '古北口'")
    month = (weeks.week + pd.Timedelta(days=3)).dt.strftime("%Y-%m")
    for name in ("2020-07", "2020-12"):
        assert found[f"gubeikou.tn.measured.{name}"] == round(weeks.tn[month == name].mean(), 2)
    assert found["gubeikou.months"] == month[weeks.tn.notna()].nunique()
    largest = max(weeks.codmn.groupby(month).mean().max() / 4, weeks.nh3n.groupby(month).mean().max() / 0.5)
    assert found["gubeikou.nearest"] == round(100 * largest)
    assert found["gubeikou.class-ii.months-measured"] == found["gubeikou.months"]
    assert found["gubeikou.days"] > found["gubeikou.days.class-ii"] > 0.9 * found["gubeikou.days"]
    assert (found["class.read"], found["class.items"]) == (3, 21)


def test_a_month_beyond_a_limit_counts_against_the_class(monkeypatch):
    load = tables.load

    def changed(name: str) -> pd.DataFrame:
        table = load(name)
        if name == "water_section_week":
            july = (table.section == "古北口") & table.week.between("2020-07-05", "2020-07-25")
            table = table.assign(codmn=table.codmn.mask(july, 7.0))
        return table

    monkeypatch.setattr(facts.tables, "load", changed)
    found = {finding.id.removeprefix("miyun."): finding.mean for finding in facts.findings()}
    assert found["gubeikou.class-ii.months-measured"] == found["gubeikou.months"] - 1
    assert found["gubeikou.nearest"] > 100


def test_a_years_payment():
    """In billion CNY: an advance of 0.2, 0.05 for quality, 0.02 for each 10⁸ m³ above three, 0.05 for tasks."""
    found = {finding.id.removeprefix("miyun."): finding.mean for finding in facts.findings()}
    assert found["calculator.quality"] == 0.05
    assert found["calculator.total"] == round(0.2 + 0.05 + 0.02 * (9.4 / 3 - 3) + 0.05, 3)
    surface = facts.surface(np.array([0.0, 0.5]), np.array([-10.0, 0.0]))
    assert surface[1, 1] / 10 == pytest.approx(0.2 + 0.05 + 0.02 * (9.4 / 3 - 3) + 0.05)
    assert surface[1, 0] - surface[1, 1] == pytest.approx(0.02 * 10)
    assert surface[1, 1] - surface[0, 1] == pytest.approx(0.5)
