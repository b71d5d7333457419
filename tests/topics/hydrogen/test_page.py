"""What the page on hydrogen shows: verdicts turn with what they rest on, groups are modes and years."""

from types import SimpleNamespace

import numpy as np
import pytest

from jingjinji.core.findings import Finding, exact
from jingjinji.show.prior_draws import prior_parameters
from jingjinji.topics.hydrogen import fleets, page
from jingjinji.topics.hydrogen.page import FAILS, FITS, HOLDS, LIKELY, NOT_AGAINST, OPEN, UNLIKELY, UNTESTED


def chance(share: float) -> Finding:
    draws = (np.arange(400) < 400 * share).astype(float).reshape(4, 100)
    return Finding("x", "x", draws, "probability", "m", ())


def count(value: float, unit: str = "firms") -> Finding:
    return exact("x", "x", value, unit, ())


def holding() -> dict[str, Finding]:
    return {
        "hydrogen.firms.count.2023-09": count(170),
        "hydrogen.firms.count.2023-12": count(190),
        "hydrogen.firms.count.2024-10": count(228),
        "hydrogen.firms.growth": count(40, "%"),
        "hydrogen.bth.seen": count(2508, "vehicles"),
        "hydrogen.bth.target": count(5300, "vehicles"),
        "hydrogen.bth.reached": chance(0.3),
        "hydrogen.output.growth": count(86, "%"),
        "hydrogen.zone.vehicles": count(900, "vehicles"),
    }


HOLDING = [FITS, NOT_AGAINST, NOT_AGAINST, HOLDS, HOLDS, OPEN, *[UNTESTED] * 5]


def verdicts(found: dict[str, Finding]) -> list[str]:
    return page.claims(found)["verdict"].tolist()


def test_verdicts_of_the_tables_as_they_are():
    assert verdicts(holding()) == HOLDING


@pytest.mark.parametrize(
    ("row", "changed", "said"),
    [
        (0, {"hydrogen.firms.count.2024-10": count(180)}, FAILS),
        (0, {"hydrogen.firms.count.2023-09": count(191)}, FAILS),
        (1, {"hydrogen.bth.seen": count(800, "vehicles")}, FAILS),
        (5, {"hydrogen.bth.reached": chance(0.95)}, LIKELY),
        (5, {"hydrogen.bth.reached": chance(0.05)}, UNLIKELY),
    ],
)
def test_a_verdict_turns_when_its_finding_turns_and_no_other_does(row, changed, said):
    expected = HOLDING.copy()
    expected[row] = said
    assert verdicts(holding() | changed) == expected


@pytest.mark.parametrize(
    ("table", "change", "row", "said"),
    [
        ("hydrogen_zone", lambda t: t.assign(value=t.value.where(t.place != "Zhangjiakou", 300)), 2, FAILS),
        ("hydrogen_clusters", lambda t: t[t.place != "Five clusters"], 3, OPEN),
        ("hydrogen_targets", lambda t: t.assign(approved=None), 4, FAILS),
    ],
)
def test_a_verdict_turns_when_its_table_turns(monkeypatch, table, change, row, said):
    load = page.tables.load
    monkeypatch.setattr(page.tables, "load", lambda name: change(load(name)) if name == table else load(name))
    expected = HOLDING.copy()
    expected[row] = said
    assert verdicts(holding()) == expected


def test_priors_expect_sales_around_the_printed_ones():
    panel = fleets.load()
    for mode, (drawn, printed) in page.prior_sales(panel, 20, 3).items():
        units = panel.units.index[panel.units["mode"] == mode]
        assert len(printed) == panel.sales.unit.isin(units).sum()
        assert drawn.size == 20 * len(printed)
        assert drawn.min() >= 1
        assert np.percentile(drawn, 97) > np.median(printed) > np.percentile(drawn, 3)


def test_groups_of_the_check_are_modes_and_years():
    panel = fleets.load()
    model = fleets.build(panel)
    parameters = prior_parameters(model, [variable.name for variable in model.free_RVs], 30, 3)
    groups = page.check_sales(SimpleNamespace(parameters=parameters, panel=panel, seed=3), most=10)
    assert list(groups) == list(fleets.MODES)
    sales = panel.sales.assign(mode=panel.units["mode"].to_numpy()[panel.sales.unit])
    for mode, (years, statistics) in groups.items():
        for name, share in (("median", "median"), ("largest", "max")):
            drawn, printed = statistics[name]
            assert drawn.shape == (10, len(years))
            expected = sales[sales["mode"] == mode].groupby("year").vehicles.agg(["size", share])
            assert printed == pytest.approx(expected[share][expected["size"] > 1].to_numpy(), abs=0.6)
