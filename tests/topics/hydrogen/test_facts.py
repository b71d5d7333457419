"""Firms of the zone: the mixture of normals against quadrature by hand, and what is said of it."""

import numpy as np
import pytest
from scipy import stats

from jingjinji.core import tables
from jingjinji.core.errors import BookError
from jingjinji.topics.hydrogen import facts, firms, page


def some_panel(firms_of: dict[float, float], lower=(), **changed) -> firms.Panel:
    import pandas as pd

    rows = pd.DataFrame({"years": list(firms_of), "firms": list(firms_of.values())})
    return firms.Panel(rows.assign(lower=[float(year in lower) for year in firms_of]), **changed)


def test_draws_have_the_moments_of_a_brute_force_integral():
    """Importance sampling from the prior, with every parameter drawn, of three counts of which one is "more than"."""
    panel = some_panel({0.0: 120.0, 0.6: 150.0, 1.0: 180.0}, lower=(1.0,), scatter=0.2, reach=0.4)
    rng = np.random.default_rng(1)
    prior = firms.MEAN + firms.SD * rng.normal(size=(1_000_000, 3))
    scatter = 0.2 * np.exp(0.35 * rng.normal(size=len(prior)))
    above = rng.beta(1, 2, size=len(prior))
    weight = np.ones(len(prior))
    for row in panel.rows.itertuples():
        curve = prior[:, 0] + prior[:, 1] * row.years + prior[:, 2] * row.years**2
        weight *= stats.norm.pdf(np.log(row.firms) + row.lower * np.log1p(0.4 * above), curve, scatter)
    drawn = firms.posterior(panel, rng, 60_000)
    for k, tolerance in enumerate((0.01, 0.012, 0.01)):
        mean = np.average(prior[:, k], weights=weight)
        sd = np.sqrt(np.average((prior[:, k] - mean) ** 2, weights=weight))
        assert drawn[:, k].mean() == pytest.approx(mean, abs=tolerance)
        assert drawn[:, k].std() == pytest.approx(sd, rel=0.04)


def test_what_rounds_to_more_than_raises_the_curve():
    low = firms.posterior(some_panel({0.0: 120.0, 1.0: 180.0}, lower=(1.0,), reach=0.0), np.random.default_rng(1))
    high = firms.posterior(some_panel({0.0: 120.0, 1.0: 180.0}, lower=(1.0,), reach=0.5), np.random.default_rng(1))
    assert firms.growth_of_2023(high).mean() > firms.growth_of_2023(low).mean() + 5


@pytest.mark.parametrize("growth", [0.35, 0.0])
def test_intervals_hold_a_known_growth(growth):
    usual, inside = firms.choices()[""], 0
    years = usual.rows.years.to_numpy()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        counts = np.exp(np.log(120) + growth * years + 0.06 * rng.normal(size=len(years)))
        panel = firms.Panel(usual.rows.assign(firms=counts, lower=0.0))
        low, high = np.percentile(firms.growth_of_2023(firms.posterior(panel, rng, 2000)), [3, 97])
        inside += low <= 100 * np.expm1(growth) <= high
    assert inside >= 52


def test_growth_and_what_follows_from_it():
    found = {finding.id: finding for finding in facts.findings()}
    for choice in firms.choices():
        end = f"@{choice}" if choice else ""
        value = firms.drawn(choice)
        times = np.exp(value[:, 1] + value[:, 2]).reshape(4, -1)
        assert found[f"hydrogen.firms.growth{end}"].draws == pytest.approx(100 * (times - 1))
        if f"hydrogen.output.per-firm{end}" in found:
            assert found[f"hydrogen.output.per-firm{end}"].draws == pytest.approx(100 * (1.86 / times - 1))
        if not choice:
            doubling = np.where(times > 2 ** (1 / 30), np.log(2) / np.log(times), 30)
            assert found["hydrogen.firms.doubling"].draws == pytest.approx(doubling)


def test_what_is_assumed_of_counts_is_said_in_the_label():
    labels = [finding.label for finding in facts.findings()]
    assert len(set(labels)) == len(labels)


def test_the_first_count_is_of_two_things():
    table = tables.load("hydrogen_zone")
    first = {name: firms.panel(table, name).rows.firms.iloc[0] for name in firms.FIRST}
    assert first == {"registered": 98, "in-the-park": 40, "without-first": 136}
    growth = {name: firms.growth_of_2023(firms.drawn(name)).mean() for name in ("", "in-the-park")}
    assert growth["in-the-park"] > growth[""] + 20


def test_what_the_tables_say_of_the_zone():
    found = {finding.id: finding.mean for finding in facts.findings() if finding.exact}
    assert found == {
        "hydrogen.zone.vehicles": 900, "hydrogen.output.growth": 86, "hydrogen.firms.registered": 98,
        "hydrogen.firms.in-the-park": 40, "hydrogen.firms.count.2023-07": 136, "hydrogen.firms.count.2023-09": 170,
        "hydrogen.firms.count.2023-12": 190, "hydrogen.firms.count.2024-10": 228,
    }  # fmt: skip


def test_the_articles_own_count_can_be_left_out():
    left = firms.choices()["without-article"].rows.firms.tolist()
    assert left == [98, 136, 170, 228]


def test_the_curve_is_that_of_its_draws():
    value = np.array([[4.7, 0.4, -0.05], [4.6, -0.1, 0.05]])
    assert firms.path(value, np.array([0.0, 2.0])) == pytest.approx(
        np.exp([[4.7, 4.7 + 0.8 - 0.2], [4.6, 4.6 - 0.2 + 0.2]])
    )


def test_the_prior_alone_is_drawn():
    found = page.prior_growth(3000, 1)
    assert np.median(found.draws) == pytest.approx(100 * np.expm1(0.3), abs=5)
    assert np.log1p(found.draws / 100).std() == pytest.approx(np.hypot(0.4, 0.1), rel=0.05)


def test_a_cumulative_count_cannot_fall():
    zone = tables.load("hydrogen_zone")
    with pytest.raises(BookError, match="cannot fall"):
        firms.panel(zone.assign(value=zone.value.where(zone.date != "2024-10-15", 5.0)))
    with pytest.raises(BookError, match="has 2 counts of firms: expected at least 3"):
        firms.panel(zone[~zone.date.isin(["2023-12-31", "2024-10-15"])], "without-first")
