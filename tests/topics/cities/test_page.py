"""What the page on efficiency shows: methods, ranks, priors."""

import numpy as np
import pytest

from jingjinji.core import registry, tables
from jingjinji.core.findings import Finding, exact
from jingjinji.core.scribe import Scribe
from jingjinji.show.prior_draws import prior_fit
from jingjinji.topics.cities import emissions, facts, page
from jingjinji.topics.cities import emissions_findings as said
from jingjinji.topics.cities.emissions import TEN


def number(value: float, unit: str = "%") -> Finding:
    return exact("x", "x", value, unit, ())


def test_ranks_of_methods_follow_their_scores():
    values = dict(zip(TEN, range(10, 0, -1), strict=True))
    found = {f"efficiency.dea.{city.lower()}.{method}.mean": number(value)
             for method in facts.METHODS for city, value in values.items()}  # fmt: skip
    found |= {f"efficiency.dea.{city.lower()}.constant.{source}": number(-value)
              for source in emissions.SOURCES for city, value in values.items()}  # fmt: skip
    table = page.by_method(found)
    assert table["Beijing's rank"].tolist() == [1, 1, 1, 10, 10, 10]
    assert table["Tianjin's rank"].tolist() == [2, 2, 2, 9, 9, 9]
    assert table["first"].tolist() == [*["Beijing"] * 3, *["Tangshan"] * 3]
    assert page.rank_of({"a": 1.0, "b": 1.0, "c": 0.5}, "b") == 1


def test_what_each_source_says_by_itself():
    found = {
        f"efficiency.intensity.{city.lower()}.{source}": number(100 + (10 - k) * step, "g per CNY of 1997")
        for source, step in zip(emissions.SOURCES, (1, -1, 2), strict=True)
        for k, city in enumerate(TEN)
    }
    table = page.by_source(found).set_index("city")
    assert table.loc["Beijing"].tolist() == ["110 (10)", "90 (1)", "120 (10)"]
    assert table.loc["Tangshan"].tolist() == ["101 (1)", "99 (10)", "102 (1)"]


def test_classical_findings_by_hand():
    panel = registry.load("efficiency")
    cities = emissions.places(panel, TEN)
    say = Scribe((), "efficiency.")
    facts.say_tokyo(say)
    made = {finding.id: finding for finding in say.made}
    table = tables.load("city_production").query("city == 'Beijing'")
    scores = facts.yearly_scores(facts.figures(panel.inputs, panel.co2[0]), cities[:1], np.arange(len(panel.cities)))
    assert scores.shape == (9, 1)
    rows = facts.figures(panel.inputs, panel.co2[0])[:, cities[0]]
    assert rows == pytest.approx(table[["capital", "labour", "gdp", "co2_edgar"]].to_numpy())
    tokyo = tables.load("carbon_benchmark").query("year == 2014").set_index("area")
    assert made["efficiency.tokyo.share"].mean == pytest.approx(100 * tokyo.co2["Tokyo"] / tokyo.co2["Japan"], abs=0.05)
    assert 0 < made["efficiency.tokyo.needed"].mean < 100


def test_priors_expect_levels_around_the_figures():
    panel = registry.load("efficiency")
    for drawn, printed in page.prior_levels(panel, 8, 3).values():
        assert drawn.size == 8 * printed.size
        assert np.percentile(drawn, 97) > np.median(printed) > np.percentile(drawn, 3)


def test_rank_probabilities_and_gaps_have_the_shape_of_the_page():
    panel = registry.load("efficiency")
    fit = prior_fit(emissions.build(panel), panel, 12, 3)
    known = said.parts(fit)
    for values in page.rank_probabilities(fit, known).values():
        assert values.shape == (10, 10)
        assert values.sum(axis=0) == pytest.approx(np.ones(10))
        assert values.sum(axis=1) == pytest.approx(np.ones(10))
    difference, ratio = page.gaps(fit, known).values()
    values = said.intensity(panel, known, emissions.places(panel, TEN))
    assert difference == pytest.approx((ratio - 1) * values[:, :, 0])
