"""What the page on efficiency shows: verdicts turn with what they rest on; methods, ranks, priors."""

from types import SimpleNamespace

import numpy as np
import pytest

from jingjinji import efficiency_classical, efficiency_tables, tables
from jingjinji.efficiency_tables import DEPENDS, FAILS, HOLDS, OPEN, UNTESTED
from jingjinji.findings import Finding, exact
from jingjinji.models import efficiency
from jingjinji.models.efficiency import CRITERIA, TEN
from jingjinji.prior_draws import prior_parameters


def chance(share: float) -> Finding:
    draws = (np.arange(400) < 400 * share).astype(float).reshape(4, 100)
    return Finding("x", "x", draws, "probability", "m", ())


def number(value: float, unit: str = "%") -> Finding:
    return exact("x", "x", value, unit, ())


def holding() -> dict[str, Finding]:
    """Findings by which every method says yes."""
    found = {f"efficiency.beijing.{criterion}.first": chance(0.98) for criterion in CRITERIA}
    found |= {f"efficiency.tianjin.{criterion}.second": chance(0.98) for criterion in CRITERIA}
    found |= {f"efficiency.{key}.narrows": chance(0.98)
              for key in ("gap.intensity", "ratio", "gap.excess", "gap.distance")}  # fmt: skip
    return found | {
        "efficiency.dea.beijing.first": number(97),
        "efficiency.dea.tianjin.second": number(97),
        "efficiency.dea.gap.change": number(-1),
        "efficiency.dea.gap.change.low": number(-2),
        "efficiency.dea.gap.change.high": number(-0.5),
        "efficiency.tokyo.needed": number(4.3),
    }


HOLDING = [OPEN, HOLDS, HOLDS, HOLDS, HOLDS, UNTESTED, UNTESTED]


def verdicts(found: dict[str, Finding]) -> list[str]:
    return efficiency_tables.claims(found)["verdict"].tolist()


def test_verdicts_where_all_methods_agree():
    assert verdicts(holding()) == HOLDING


@pytest.mark.parametrize(
    ("row", "changed", "said"),
    [
        (2, {"efficiency.beijing.excess.first": chance(0.5)}, DEPENDS),
        (2, {"efficiency.dea.beijing.first": number(40)}, DEPENDS),
        (3, {"efficiency.tianjin.intensity.second": chance(0.02)}, DEPENDS),
        (3, {"efficiency.dea.tianjin.second": number(3)}, DEPENDS),
        (4, {"efficiency.ratio.narrows": chance(0.02)}, DEPENDS),
        (4, {"efficiency.dea.gap.change.high": number(0.5)}, DEPENDS),
    ],
)
def test_a_verdict_turns_when_one_method_turns_and_no_other_does(row, changed, said):
    expected = HOLDING.copy()
    expected[row] = said
    assert verdicts(holding() | changed) == expected


def test_a_claim_fails_or_stays_open_where_all_methods_say_so():
    no = {name: chance(0.02) for name in holding() if name.endswith(".second")}
    assert verdicts(holding() | no | {"efficiency.dea.tianjin.second": number(4)})[3] == FAILS
    half = {name: chance(0.5) for name in holding() if name.endswith(".first")}
    assert verdicts(holding() | half | {"efficiency.dea.beijing.first": number(50)})[2] == OPEN


def test_years_and_cities_of_the_study_are_looked_up(monkeypatch):
    table = tables.load("city_production")
    monkeypatch.setattr(efficiency_tables.tables, "load", lambda name: table[table.city != "Handan"])
    assert verdicts(holding())[1] == OPEN
    monkeypatch.setattr(efficiency_tables.tables, "load", lambda name: table.assign(year=table.year - 1))
    assert verdicts(holding())[0] == HOLDS


def test_ranks_of_methods_follow_their_scores():
    values = dict(zip(TEN, range(10, 0, -1), strict=True))
    found = {f"efficiency.dea.{city.lower()}.{method}.mean": number(value)
             for method in efficiency_classical.METHODS for city, value in values.items()}  # fmt: skip
    found |= {f"efficiency.dea.{city.lower()}.constant.{source}": number(-value)
              for source in efficiency.SOURCES for city, value in values.items()}  # fmt: skip
    table = efficiency_tables.by_method(found)
    assert table["Beijing's rank"].tolist() == [1, 1, 1, 10, 10, 10]
    assert table["Tianjin's rank"].tolist() == [2, 2, 2, 9, 9, 9]
    assert table["first"].tolist() == [*["Beijing"] * 3, *["Tangshan"] * 3]
    assert efficiency_tables.rank_of({"a": 1.0, "b": 1.0, "c": 0.5}, "b") == 1


def test_classical_findings_by_hand():
    panel = efficiency.load()
    cities = efficiency.places(panel, TEN)
    made = {finding.id: finding for finding in efficiency_classical.tokyo()}
    table = tables.load("city_production").query("city == 'Beijing'")
    scores = efficiency_classical.yearly_scores(
        efficiency_classical.figures(panel.inputs, panel.co2[0]), cities[:1], np.arange(len(panel.cities))
    )
    assert scores.shape == (9, 1)
    rows = efficiency_classical.figures(panel.inputs, panel.co2[0])[:, cities[0]]
    assert rows == pytest.approx(table[["capital", "labour", "gdp", "co2_edgar"]].to_numpy())
    tokyo = tables.load("carbon_benchmark").query("year == 2014").set_index("area")
    assert made["efficiency.tokyo.share"].mean == pytest.approx(100 * tokyo.co2["Tokyo"] / tokyo.co2["Japan"], abs=0.05)
    assert 0 < made["efficiency.tokyo.needed"].mean < 100


def test_priors_expect_levels_around_the_figures():
    panel = efficiency.load()
    for drawn, printed in efficiency_tables.prior_levels(panel, 8, 3).values():
        assert drawn.size == 8 * printed.size
        assert np.percentile(drawn, 97) > np.median(printed) > np.percentile(drawn, 3)


def test_rank_probabilities_and_gaps_have_the_shape_of_the_page():
    panel = efficiency.load()
    model = efficiency.build(panel)
    parameters = prior_parameters(model, [variable.name for variable in model.free_RVs], 12, 3)
    fit = SimpleNamespace(panel=panel, parameters=parameters, seed=3)
    known = efficiency.parts(fit)
    for values in efficiency_tables.rank_probabilities(fit, known).values():
        assert values.shape == (10, 10)
        assert values.sum(axis=0) == pytest.approx(np.ones(10))
        assert values.sum(axis=1) == pytest.approx(np.ones(10))
    difference, ratio = efficiency_tables.gaps(fit, known).values()
    values = efficiency.intensity(panel, known, efficiency.places(panel, TEN))
    assert difference == pytest.approx((ratio - 1) * values[:, :, 0])
