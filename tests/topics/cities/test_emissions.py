"""CO2 of cities from three sources: density and lines by hand, panels, the dial of shared errors, criteria."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.show.prior_draws import prior_fit
from jingjinji.topics.cities import emissions
from jingjinji.topics.cities import emissions_findings as said
from jingjinji.topics.cities.emissions import SOURCES, TEN, TIME, YEARS


def small(variant: str = "", cities: int = 14) -> emissions.Panel:
    """A panel of few cities: the thirteen of the region and one without EDGAR."""
    table = tables.load("city_production")
    names = [*TEN, *emissions.LEFT_OUT, "Laiwu", "Anshan", "Wuhan"][:cities]
    panel = emissions.panel(table[table.city.isin(names)])
    return emissions.VARIANTS[variant].change(panel) if variant else panel


@pytest.fixture(scope="module")
def panel() -> emissions.Panel:
    return small()


@pytest.fixture(scope="module")
def model(panel):
    return emissions.build(panel)


def typical(values: dict, made: dict, part: str, source: int, city: int) -> float:
    """What a source is expected to report of a city, its province's part apart: inventories lie to both sides."""
    side = {0: 0.5, 2: -0.5}.get(source, 0.0)
    bias = side * values[f"{part}_bias"][0] + (source == 1) * values[f"{part}_bias"][1]
    slopes = values["slopes"].copy()
    slopes[:3] += side * values["source_slopes"][0] + (source == 1) * values["source_slopes"][1]
    return values[f"{part}_mean"] + bias + slopes @ made[f"{part}_features"][city]


def test_the_density_of_figures_is_that_of_a_normal_vector_a_city(panel, model, values, densities):
    made, of = emissions.data(panel), emissions.provinces(panel)[1]
    load, total = np.array([1.0, values["counties_load"], 1.0]), 0.0
    for i in range(len(panel.cities)):
        there = np.flatnonzero(made["known"][:, i])
        for part in emissions.PARTS:
            province = values[f"{part}_province_scale"] * values[f"{part}_province"][of[i]]
            place = values[f"{part}_bias_scale"] * values[f"{part}_bias_province"][:, of[i]]
            mean = [typical(values, made, part, s, i) + province + place[s] for s in there]
            variance = np.diag(values[f"{part}_error"] ** 2 + made[f"{part}_variance"][:, i])
            covariance = variance + values[f"{part}_apart"] ** 2 * np.outer(load, load)
            total += stats.multivariate_normal(mean, covariance[np.ix_(there, there)]).logpdf(made[part][there, i])
    assert densities["figures"] == pytest.approx(total)


def test_some_city_lacks_a_source(panel):
    known = emissions.data(panel)["known"]
    names = list(panel.cities.city)
    assert known[:, names.index("Chengde")].tolist() == [1, 1, 0]
    assert known[:2, names.index("Laiwu")].tolist() == [0, 1]


def test_a_line_is_found_and_what_scatters_makes_its_error(panel):
    straight = np.repeat((2.0 + 0.3 * TIME)[None, None], 3, axis=0) * np.ones((3, len(panel.cities), 1))
    straight[2, 0, 2] = np.nan
    made = emissions.lines(SimpleNamespace(co2=straight))
    assert made["level"] == pytest.approx(np.full_like(made["level"], 2.0 - emissions.LOG_TYPICAL))
    assert made["trend"] == pytest.approx(np.full_like(made["trend"], 0.3))
    assert made["level_variance"] == pytest.approx(np.zeros_like(made["level"]), abs=1e-12)


def test_errors_of_lines_are_those_of_autocorrelated_years():
    rng = np.random.default_rng(6)
    correlation = emissions.MEMORY ** np.abs(np.subtract.outer(YEARS, YEARS))
    noise = 0.1 * rng.multivariate_normal(np.zeros(9), correlation, size=(3, 20_000))
    made = emissions.lines(SimpleNamespace(co2=noise))
    for part in ("level", "trend"):
        assert made[f"{part}_variance"].mean() == pytest.approx(made[part].var(), rel=0.05)


def test_squares_and_products_hang_together_neither_with_slopes_nor_with_each_other():
    panel = registry.load("efficiency")
    made = emissions.data(panel)["level_features"]
    together = np.corrcoef(made.T)
    assert np.abs(together[3:, :3]).max() < 1e-8
    assert np.abs(np.triu(together[3:, 3:], 1)).max() < 1e-8
    raw = panel.inputs["output"] - panel.inputs["output"].mean()
    basis = np.column_stack([np.ones(len(made)), made])
    square = (0.5 * raw**2).mean(axis=1)
    assert basis @ np.linalg.lstsq(basis, square)[0] == pytest.approx(square)


def test_cobb_douglas_has_no_squares_and_products():
    made = emissions.data(small("cobb-douglas"))
    assert not made["level_features"][:, 3:].any()
    assert emissions.data(small())["level_features"][:, 3:].any()


@pytest.fixture(scope="module")
def fit(panel, model) -> SimpleNamespace:
    """Draws from the prior in the shape of a fit."""
    return SimpleNamespace(**vars(prior_fit(model, panel, 40, 3)), variant="", name="efficiency")


def test_parts_take_figures_apart(panel, fit):
    known, made = said.parts(fit), emissions.data(panel)
    draws = {name: values.isel(chain=0).values for name, values in fit.parameters.items()}
    for draw, source, city in ((0, 0, 0), (3, 1, 5), (7, 2, 9)):
        values = {name: value[draw] for name, value in draws.items()}
        expected = made["level"][source, city] - typical(values, made, "level", source, city)
        assert known["off"][draw, source, city] == pytest.approx(made["known"][source, city] * expected)
        smooth = values["trend_mean"] + values["slopes"] @ made["trend_features"][city]
        assert known["trend_smooth"][draw, city] == pytest.approx(smooth)


def test_what_is_a_citys_own_lies_near_figures_of_a_sure_source(panel, fit):
    sure = fit.parameters.copy(deep=True)
    sure["level_error"] = sure["level_error"] * 0 + [1e-6, 5.0, 5.0]
    sure["level_bias_province"] = sure["level_bias_province"] * 0
    known = said.parts(SimpleNamespace(panel=panel, parameters=sure, seed=1))
    there = emissions.data(panel)["known"][0] > 0
    own_error = np.sqrt(emissions.data(panel)["level_variance"][0, there].max())
    seen = known["level_own"] + known["level_province_part"]
    off = np.median(np.abs(known["off"][:, 0, there] - seen[:, there]), axis=0)
    assert off.max() < 3 * own_error


@pytest.mark.parametrize("shared", [0.25, 0.5, 0.7])
def test_truth_and_shared_error_are_drawn_as_their_joint_distribution_has_them(shared):
    """Made cities with a truth and an error of both inventories: what is drawn varies with all else as truth does."""
    rng, size, apart, load = np.random.default_rng(3), 200_000, 0.5, 0.2
    truth = apart * np.sqrt(1 - shared) * rng.normal(size=size)
    own = truth + apart * np.sqrt(shared) * rng.normal(size=size)
    error = 0.15
    counties = load / (1 - shared) * truth + error * rng.normal(size=size)
    left = counties - load * own
    known = {"level_own": own[None], "counties_load": np.array([load]), "level_apart": np.array([apart]),
             "level_counties_off": left[None], "level_counties_weight": np.full((1, size), 1 / left.var()),
             "level_new": rng.normal(size=(1, size))}  # fmt: skip
    drawn = said.true_own(known, "level", shared)[0]
    whole = np.cov([truth, own, counties])
    assert np.cov([drawn, own, counties]) == pytest.approx(whole, abs=0.003)


def test_the_dial_ends_where_the_sum_of_counties_shows_all_of_the_truth():
    known = {"level_own": np.ones((2, 3)), "counties_load": np.array([0.2, 1.3]), "level_apart": np.full(2, 0.5),
             "level_counties_off": np.zeros((2, 3)), "level_counties_weight": np.zeros((2, 3)),
             "level_new": np.zeros((2, 3))}  # fmt: skip
    assert said.true_own(known, "level", None) == pytest.approx(np.array([[0.2] * 3, [1.0] * 3]))
    assert said.true_own(known, "level", 0.5) == pytest.approx(np.array([[0.5] * 3, [1.0] * 3]))
    assert said.true_own(known, "level", 0.0) == pytest.approx(known["level_own"])


@pytest.mark.parametrize("shared", [0.25, 0.5])
def test_what_is_a_provinces_in_truth_is_drawn_as_its_joint_distribution_with_the_error_has_it(shared):
    rng, size, scale = np.random.default_rng(3), 200_000, 0.3
    truth = scale * np.sqrt(1 - shared) * rng.normal(size=size)
    seen = truth + scale * np.sqrt(shared) * rng.normal(size=size)
    known = {"level_province_part": seen[None], "level_province_scale": np.array([scale]),
             "level_province_new": rng.normal(size=(1, size)), "counties_load": np.array([0.2])}  # fmt: skip
    drawn = said.true_province(known, "level", shared)[0]
    assert np.cov([drawn, seen]) == pytest.approx(np.cov([truth, seen]), abs=0.001)


def test_cities_of_a_province_share_the_error_of_their_province(panel, fit):
    known, (names, of) = said.parts(fit), emissions.provinces(panel)
    made = said.true_province(known, "level", 0.5)
    hebei = np.flatnonzero(of == names.index("Hebei"))
    assert (np.ptp(made[:, hebei], axis=1) == 0).all()
    assert (made[:, hebei[0]] != made[:, emissions.places(panel, TEN[:1])[0]]).all()
    assert said.true_province(known, "level") == pytest.approx(known["level_province_part"])


def test_a_city_that_is_a_province_of_its_own_is_dialled_as_any_other():
    """Cities that are seen apart by as much, by their province or by themselves, come as near to a typical one."""
    known = {"counties_load": np.array([0.2]), "level_new": np.zeros((1, 3)), "level_apart": np.array([0.5]),
             "level_own": np.array([[0.6, 0.0, 0.3]]), "level_province_part": np.array([[0.0, 0.6, 0.3]]),
             "level_counties_off": np.zeros((1, 3)), "level_counties_weight": np.zeros((1, 3)),
             "level_province_scale": np.array([0.2]), "level_province_new": np.zeros((1, 3))}  # fmt: skip
    for shared, left in ((0.25, 0.45), (0.5, 0.3), (None, 0.12)):
        made = said.true_own(known, "level", shared) + said.true_province(known, "level", shared)
        assert made == pytest.approx(np.full((1, 3), left))


def test_criteria_by_hand(panel):
    cities = emissions.places(panel, TEN)
    assert [panel.cities.city[k] for k in cities] == list(TEN)
    shape = (1, len(panel.cities))
    known = {"counties_load": np.array([0.3])} | {
        f"{part}_{name}": np.full(shape, value)
        for part, all_of in (("level", (0.06, 0.04, -0.1)), ("trend", (0.3, 0.1, -0.4)))
        for name, value in zip(("province_part", "own", "smooth"), all_of, strict=True)
    }
    for part in emissions.PARTS:
        known |= {f"{part}_apart": np.array([0.4]), f"{part}_counties_off": np.zeros(shape),
                  f"{part}_counties_weight": np.zeros(shape), f"{part}_new": np.zeros(shape),
                  f"{part}_province_scale": np.array([0.2]), f"{part}_province_new": np.zeros(shape)}  # fmt: skip
    assert said.excess(known, cities)[0, -1] == pytest.approx(0.5)
    assert said.excess(known, cities, 0.5)[0, -1] == pytest.approx(0.25)
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
    count = 60
    known = {"level_province_scale": np.full(count, 0.0), "level_bias_scale": np.zeros((count, 3)),
             "level_apart": np.full(count, 0.4),
             "weight": np.broadcast_to(np.array([10.0, 20, 30])[:, None], (count, 3, len(panel.cities))),
             "load": np.broadcast_to(np.array([1.0, 0.3, 1.0])[:, None], (count, 3, 1))}  # fmt: skip
    off = said.drawn_off(SimpleNamespace(panel=panel, seed=1), known)
    found = said.statistics(off, np.ones((3, len(panel.cities)), dtype=bool)).mean(axis=0)
    assert found[:3] == pytest.approx([0.3 * 0.16, 0.16, 0.3 * 0.16], rel=0.05)
    assert found[3] == pytest.approx(0, abs=0.06)


def test_a_synthetic_panel_keeps_missing_figures_and_its_truth():
    panel = registry.load("efficiency")
    made = {name: toy(panel, np.random.default_rng(1)) for name, toy in emissions.TOYS.items()}
    for one in made.values():
        assert (np.isfinite(one.co2) == np.isfinite(panel.co2)).all()
    assert {name: one.truth["shared"] for name, one in made.items()} == {"toy": 0, "toy-shared": 0.5, "toy-none": 0}
    of = emissions.provinces(panel)[1]
    none = made["toy-none"].truth["excess"]
    assert all(np.ptp(none[of == province]) < 1e-12 for province in set(of))
    assert made["toy"].truth["excess"].std() > made["toy-shared"].truth["excess"].std() > none.std()


def test_bad_panels_are_refused():
    table = tables.load("city_production")
    with pytest.raises(BookError, match="no row of Tianjin"):
        emissions.panel(table[table.city != "Tianjin"])
    with pytest.raises(BookError, match="of Wuhan: expected each year from 2006 to 2014"):
        emissions.panel(table[(table.city != "Wuhan") | (table.year != 2010)])
    with pytest.raises(BookError, match="no variant 'other'"):
        registry.load("efficiency", "other")


def test_the_same_model_for_every_variant(panel, model):
    shapes = {name: values.shape for name, values in emissions.data(registry.load("efficiency")).items()}
    for variant in emissions.VARIANTS:
        made = emissions.data(registry.load("efficiency", variant))
        assert {name: values.shape for name, values in made.items()} == shapes
        assert all(np.isfinite(values).all() for values in made.values())
    assert SOURCES[1] == "counties"
