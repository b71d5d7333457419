"""The frontier of CO2: density and lines by hand, panels, criteria, errors."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import integrate, stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.show.prior_draws import prior_fit
from jingjinji.topics.cities import frontier
from jingjinji.topics.cities import frontier_findings as said
from jingjinji.topics.cities.frontier import SOURCES, TEN, TIME, YEARS


def small(variant: str = "", cities: int = 14) -> frontier.Panel:
    """A panel of few cities: the thirteen of the region and one without EDGAR."""
    table = tables.load("city_production")
    names = [*TEN, *frontier.LEFT_OUT, "Laiwu", "Anshan", "Wuhan"][:cities]
    panel = frontier.panel(table[table.city.isin(names)])
    return frontier.VARIANTS[variant].change(panel) if variant else panel


@pytest.fixture(scope="module")
def panel() -> frontier.Panel:
    return small()


@pytest.fixture(scope="module")
def model(panel):
    return frontier.build(panel)


def test_the_density_of_figures_is_an_integral_over_inefficiency(panel, model, values, densities):
    made, of = frontier.data(panel), frontier.provinces(panel)[1]
    load = np.array([1.0, values["counties_load"], 1.0])
    scale = values["apart"] * np.sqrt(values["one_sided"] / (1 - 2 / np.pi))
    slopes = np.repeat(values["frontier"][None], 3, axis=0)
    slopes[:, :3] += values["source_slopes"].T
    total = 0.0
    for i in range(len(panel.cities)):
        there = np.flatnonzero(made["known"][:, i])

        def report(part: str, i: int = i, there: np.ndarray = there) -> tuple[np.ndarray, np.ndarray]:
            province = values[f"{part}_province_scale"] * values[f"{part}_province"][of[i]]
            bias = values[f"{part}_bias"] + values[f"{part}_bias_scale"] * values[f"{part}_bias_province"][:, of[i]]
            mean = values[f"{part}_mean"] + slopes @ made[f"{part}_features"][i] + province + bias
            variance = np.diag(values[f"{part}_error"] ** 2 + made[f"{part}_variance"][:, i])
            return made[part][there, i] - mean[there], variance[np.ix_(there, there)]

        reports = {part: report(part) for part in frontier.PARTS}
        both = np.outer(load, load)[np.ix_(there, there)]

        def density(size: float, reports: dict = reports, both: np.ndarray = both, there: np.ndarray = there) -> float:
            beyond = size - scale * np.sqrt(2 / np.pi)
            (level, errors), (trend, other) = reports["level"], reports["trend"]
            rest = values["apart"] ** 2 * (1 - values["one_sided"])
            pace = values["trend_rest"] ** 2 + (size * values["pace_scale"]) ** 2
            return (
                stats.multivariate_normal(load[there] * beyond, errors + rest * both).pdf(level)
                * stats.multivariate_normal(load[there] * beyond * values["pace_mean"], other + pace * both).pdf(trend)
                * stats.halfnorm(scale=scale).pdf(size)
            )

        total += np.log(integrate.quad(density, 0, 6 * scale)[0])
    assert densities["figures"] == pytest.approx(total, abs=1e-3)


def test_some_city_lacks_a_source(panel):
    known = frontier.data(panel)["known"]
    names = list(panel.cities.city)
    assert known[:, names.index("Chengde")].tolist() == [1, 1, 0]
    assert known[:2, names.index("Laiwu")].tolist() == [0, 1]


def test_a_line_is_found_and_what_scatters_makes_its_error(panel):
    straight = np.repeat((2.0 + 0.3 * TIME)[None, None], 3, axis=0) * np.ones((3, len(panel.cities), 1))
    straight[2, 0, 2] = np.nan
    made = frontier.lines(SimpleNamespace(co2=straight))
    assert made["level"] == pytest.approx(np.full_like(made["level"], 2.0 - frontier.LOG_TYPICAL))
    assert made["trend"] == pytest.approx(np.full_like(made["trend"], 0.3))
    assert made["level_variance"] == pytest.approx(np.zeros_like(made["level"]), abs=1e-12)


def test_errors_of_lines_are_those_of_autocorrelated_years():
    rng = np.random.default_rng(6)
    correlation = frontier.MEMORY ** np.abs(np.subtract.outer(YEARS, YEARS))
    noise = 0.1 * rng.multivariate_normal(np.zeros(9), correlation, size=(3, 20_000))
    made = frontier.lines(SimpleNamespace(co2=noise))
    for part in ("level", "trend"):
        assert made[f"{part}_variance"].mean() == pytest.approx(made[part].var(), rel=0.05)


def test_squares_and_products_hang_together_neither_with_slopes_nor_with_each_other():
    panel = registry.load("efficiency")
    made = frontier.data(panel)["level_features"]
    together = np.corrcoef(made.T)
    assert np.abs(together[3:, :3]).max() < 1e-8
    assert np.abs(np.triu(together[3:, 3:], 1)).max() < 1e-8
    raw = panel.inputs["output"] - panel.inputs["output"].mean()
    basis = np.column_stack([np.ones(len(made)), made])
    square = (0.5 * raw**2).mean(axis=1)
    assert basis @ np.linalg.lstsq(basis, square)[0] == pytest.approx(square)


def test_cobb_douglas_has_no_squares_and_products():
    made = frontier.data(small("cobb-douglas"))
    assert not made["level_features"][:, 3:].any()
    assert frontier.data(small())["level_features"][:, 3:].any()


@pytest.mark.parametrize(("exponential", "shape"), [(0.0, stats.halfnorm), (1.0, stats.expon)])
def test_inefficiency_has_its_distribution(exponential, shape):
    share = np.array([0.1, 0.5, 0.99])
    assert said.sizes(share, exponential) == pytest.approx(shape.ppf(share))
    assert frontier.moments(exponential) == pytest.approx((shape.mean(), shape.var()))


@pytest.fixture(scope="module")
def fit(panel, model) -> SimpleNamespace:
    """Draws from the prior in the shape of a fit."""
    return SimpleNamespace(**vars(prior_fit(model, panel, 40, 3)), variant="", name="efficiency")


def test_parts_take_figures_apart(panel, fit):
    known, made = said.parts(fit), frontier.data(panel)
    draws = {name: values.isel(chain=0).values for name, values in fit.parameters.items()}
    slopes = draws["frontier"][:, None, :3] + draws["source_slopes"].transpose(0, 2, 1)
    slopes = np.concatenate([slopes, np.repeat(draws["frontier"][:, None, 3:], 3, axis=1)], axis=2)
    typical = draws["level_mean"][:, None, None] + draws["level_bias"][:, :, None]
    typical = typical + slopes @ made["level_features"].T
    assert known["off"] == pytest.approx(made["known"] * (made["level"] - typical))
    smooth = draws["level_mean"][:, None] + draws["frontier"] @ made["level_features"].T
    assert known["level_emission"] - known["level"] == pytest.approx(smooth)


def test_the_true_level_lies_near_figures_of_a_sure_source(panel, fit):
    sure = fit.parameters.copy(deep=True)
    sure["level_error"] = sure["level_error"] * 0 + [1e-6, 5.0, 5.0]
    sure["level_bias_province"] = sure["level_bias_province"] * 0
    known = said.parts(SimpleNamespace(panel=panel, parameters=sure, seed=1))
    there = frontier.data(panel)["known"][0] > 0
    own_error = np.sqrt(frontier.data(panel)["level_variance"][0, there].max())
    off = np.median(np.abs(known["off"][:, 0, there] - known["level"][:, there]), axis=0)
    assert off.max() < 3 * own_error


def test_a_city_far_above_all_others_is_drawn_as_inefficient(panel, fit):
    level = fit.parameters.copy(deep=True)
    level["one_sided"] = level["one_sided"] * 0 + 0.9
    raised = panel.co2.copy()
    raised[:, 3] += 3.0
    usual, high = (said.parts(SimpleNamespace(panel=p, parameters=level, seed=1))["size"]
                   for p in (panel, replace(panel, co2=raised)))  # fmt: skip
    assert (usual > 0).all()
    assert high[:, 3].mean() > usual[:, 3].mean() + 0.3
    assert np.delete(high, 3, axis=1) == pytest.approx(np.delete(usual, 3, axis=1))


def test_criteria_by_hand(panel):
    cities = said.places(panel, TEN)
    assert [panel.cities.city[k] for k in cities] == list(TEN)
    count = len(panel.cities)
    known = {"size": np.full((1, count), 0.5), "pace": np.full((1, count), -0.2), "level": np.full((1, count), 0.1),
             "trend": np.full((1, count), 0.4), "level_emission": np.zeros((1, count)),
             "trend_emission": np.zeros((1, count))}  # fmt: skip
    assert said.distance(known, cities)[0, 0] == pytest.approx(100 * (1 - np.exp(-0.5 * np.exp(0.2))))
    assert said.excess(known, cities)[0, -1] == pytest.approx(0.5)
    output = tables.load("city_production").query("city == 'Tianjin' and year == 2014").gdp.iloc[0]
    assert said.intensity(panel, known, cities)[0, -1, 1] == pytest.approx(1000 * 20 / output)
    assert said.ranks(np.array([[3.0, 1.0, 2.0]])).tolist() == [[3, 1, 2]]


def test_statistics_by_hand():
    off = np.array([[[1.0, 2, 3, 9], [2, 2, 5, 9], [1, 0, 3, 9]]])
    there = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]]) > 0
    found = said.statistics(off, there)[0]
    assert found[0] == pytest.approx(np.cov([1, 2, 3], [2, 2, 5], bias=True)[0, 1])
    assert found[1] == pytest.approx(np.cov([1, 2, 3], [1, 0, 3], bias=True)[0, 1])
    assert found[3] == pytest.approx(stats.skew([1, 1, 3]))


def test_levels_drawn_anew_have_the_covariances_of_the_model():
    panel = registry.load("efficiency")
    parameters = frontier.TRUTH
    count, names = 60, len(frontier.provinces(panel)[0])
    known = {"size": np.zeros((count, len(panel.cities))), "mean_size": np.full(count, 0.4),
             "inefficiency_scale": np.full(count, 0.5), "level_province_scale": np.full(count, 0.0),
             "level_bias_scale": np.zeros((count, 3)), "level_rest": np.full(count, 0.3),
             "weight": np.broadcast_to(np.array([10.0, 20, 30])[:, None], (count, 3, len(panel.cities))),
             "load": np.broadcast_to(np.array([1.0, 0.3, 1.0])[:, None], (count, 3, 1))}  # fmt: skip
    off = said.drawn_off(SimpleNamespace(panel=panel, seed=1), known)
    found = said.statistics(off, np.ones((3, len(panel.cities)), dtype=bool)).mean(axis=0)
    shared = 0.25 * (1 - 2 / np.pi) + 0.09
    assert found[:3] == pytest.approx([0.3 * shared, shared, 0.3 * shared], rel=0.05)
    assert parameters["inefficiency_scale"] == 0.5
    assert names > 20


def test_a_synthetic_panel_keeps_missing_figures_and_its_truth():
    made = frontier.TOYS["toy"](registry.load("efficiency"), np.random.default_rng(1))
    assert (np.isfinite(made.co2) == np.isfinite(registry.load("efficiency").co2)).all()
    assert made.truth["distance"] == pytest.approx(0.5 * np.sqrt(2 / np.pi))
    none = frontier.TOYS["toy-none"](registry.load("efficiency"), np.random.default_rng(1))
    assert none.truth["distance"] == 0


def test_bad_panels_are_refused():
    table = tables.load("city_production")
    with pytest.raises(BookError, match="no row of Tianjin"):
        frontier.panel(table[table.city != "Tianjin"])
    with pytest.raises(BookError, match="of Wuhan: expected each year from 2006 to 2014"):
        frontier.panel(table[(table.city != "Wuhan") | (table.year != 2010)])
    with pytest.raises(BookError, match="no variant 'other'"):
        registry.load("efficiency", "other")


def test_the_same_model_for_every_variant(panel, model):
    shapes = {name: values.shape for name, values in frontier.data(registry.load("efficiency")).items()}
    for variant in frontier.VARIANTS:
        made = frontier.data(registry.load("efficiency", variant))
        assert {name: values.shape for name, values in made.items()} == shapes
        assert all(np.isfinite(values).all() for values in made.values())
    assert SOURCES[1] == "counties"
