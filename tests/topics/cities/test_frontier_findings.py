"""What is said of the cities' efficiency against numbers worked out from chosen draws and figures."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from densities import stand_in_fit

from jingjinji.core import registry, tables
from jingjinji.topics.cities import frontier
from jingjinji.topics.cities import frontier_findings as said

TEN = ("Beijing", "Tianjin", "Qinhuangdao", "Baoding", "Cangzhou", "Shijiazhuang", "Langfang", "Zhangjiakou", "Chengde",
       "Tangshan")  # fmt: skip
THIRTEEN = (*TEN, "Handan", "Hengshui", "Xingtai")
YEARS = np.arange(2006, 2015)
TIME = (YEARS - 2010) / 4
CHAINS, DRAWS = 2, 15
SIZE = CHAINS * DRAWS


def small(variant: str = "") -> frontier.Panel:
    """The thirteen cities of the region and one of another province."""
    table = tables.load("city_production")
    panel = frontier.panel(table[table.city.isin([*THIRTEEN, "Wuhan"])])
    return frontier.VARIANTS[variant].change(panel) if variant else panel


def gdp(panel: frontier.Panel) -> dict[str, np.ndarray]:
    """Output of the nine years of a city, by name."""
    table = tables.load("city_production").sort_values("year").set_index("city")
    return {city: table.gdp[city].to_numpy(dtype=float) for city in panel.cities.city}


def as_fit(panel: frontier.Panel, variant: str = "", **values: np.ndarray) -> SimpleNamespace:
    return stand_in_fit(f"efficiency/{variant}" if variant else "efficiency", panel, values, CHAINS, seed=3)


def found_of(fit) -> dict:
    return {finding.id.partition("@")[0].removeprefix("efficiency."): finding for finding in said.findings(fit)}


def draws(found: dict, id: str) -> np.ndarray:
    return found[id].draws.ravel()


@pytest.fixture(scope="module")
def panel() -> frontier.Panel:
    return small()


@pytest.fixture(scope="module")
def known(panel) -> dict[str, np.ndarray]:
    """What the model says of each city, chosen so that ranks and gaps differ between draws."""
    rng, count = np.random.default_rng(8), len(panel.cities)
    log_output = np.array([np.log(output[4]) for output in gdp(panel).values()])
    first, second = (list(panel.cities.city).index(city) for city in ("Beijing", "Tianjin"))
    made = {
        "size": rng.uniform(0.1, 1.0, (SIZE, count)), "pace": rng.normal(0, 0.3, (SIZE, count)),
        "level": rng.normal(0, 0.4, (SIZE, count)), "trend": rng.normal(-0.1, 0.1, (SIZE, count)),
        "level_emission": log_output - 3.2 + rng.normal(0, 0.3, (SIZE, count)),
        "trend_emission": rng.normal(0.15, 0.1, (SIZE, count)),
        "frontier": rng.normal(0.8, 0.1, (SIZE, 9)), "mean_size": rng.uniform(0.2, 0.5, SIZE),
        "load": np.stack([np.ones(SIZE), rng.uniform(0.2, 0.6, SIZE), np.ones(SIZE)], axis=1)[:, :, None],
        "one_sided": rng.uniform(0, 1, SIZE), "level_error": rng.uniform(0.1, 0.4, (SIZE, 3)),
    }  # fmt: skip
    for name, less in (("level", 0.6), ("level_emission", 0.5), ("size", 0.3)):
        made[name][:, first] -= less
        made[name][:, second] -= 0.7 * less
    made["size"] = np.maximum(made["size"], 0.02)
    return made


@pytest.fixture(scope="module")
def found(panel, known) -> dict:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(said, "parts", lambda fit: known)
        patch.setattr(said, "replicated", lambda fit, known: chosen_statistics())
        patch.setattr(said.classical, "say_scores", lambda *_: None)
        return found_of(as_fit(panel, x=np.zeros(SIZE)))


def chosen_statistics() -> tuple[np.ndarray, np.ndarray]:
    """A hundred draws anew above the seen one in 50, 2, 98 and 4 of them."""
    new = np.array([[k < above for above in (50, 2, 98, 4)] for k in range(100)], dtype=float)
    return new, np.full((100, 4), 0.5)


@pytest.fixture(scope="module")
def criteria(panel, known) -> dict[str, np.ndarray]:
    """The three criteria (draw, year, city of `THIRTEEN`), excess in logarithms."""
    place = [list(panel.cities.city).index(city) for city in THIRTEEN]
    made = {name: np.empty((SIZE, 9, 13)) for name in ("intensity", "excess", "distance")}
    for j, (city, k) in enumerate(zip(THIRTEEN, place, strict=True)):
        for t in range(9):
            co2 = 20 * np.exp(known["level_emission"][:, k] + known["trend_emission"][:, k] * TIME[t])
            made["intensity"][:, t, j] = 1000 * co2 / gdp(panel)[city][t]
            made["excess"][:, t, j] = known["level"][:, k] + known["trend"][:, k] * TIME[t]
            above = known["size"][:, k] * np.exp(known["pace"][:, k] * TIME[t])
            made["distance"][:, t, j] = 100 * (1 - np.exp(-above))
    return made


@pytest.mark.parametrize("criterion", ["intensity", "excess", "distance"])
def test_each_city_by_each_criterion_and_its_rank(found, criteria, criterion):
    mean = criteria[criterion].mean(axis=1)
    for j, city in enumerate(TEN):
        shown = 100 * (np.exp(mean[:, j]) - 1) if criterion == "excess" else mean[:, j]
        assert draws(found, f"{city.lower()}.{criterion}") == pytest.approx(shown)
        rank = 1 + (mean[:, :10] < mean[:, [j]]).sum(axis=1)
        assert draws(found, f"{city.lower()}.{criterion}.rank").tolist() == rank.tolist()
    for j, (city, word) in enumerate((("beijing", "first"), ("tianjin", "second"))):
        for cities, end in ((10, ""), (13, "-of-thirteen")):
            there = (mean[:, :cities] < mean[:, [j]]).sum(axis=1) == j
            assert draws(found, f"{city}.{criterion}.{word}{end}").tolist() == there.tolist()
            assert 0 < there.mean() < 1


@pytest.mark.parametrize("criterion", ["intensity", "excess", "distance", "ratio"])
def test_the_gap_between_nine_cities_and_beijing(found, criteria, criterion):
    """Its yearly change is that of a straight line by least squares."""
    values = criteria["intensity" if criterion == "ratio" else criterion]
    others, beijing = values[:, :, 1:10].mean(axis=2), values[:, :, 0]
    gap = others / beijing if criterion == "ratio" else (100 if criterion == "excess" else 1) * (others - beijing)
    prefix = "ratio" if criterion == "ratio" else f"gap.{criterion}"
    for year in (2006, 2014):
        assert draws(found, f"{prefix}.{year}") == pytest.approx(gap[:, year - 2006])
    slope = np.polyfit(YEARS, gap.T, 1)[0]
    assert draws(found, f"{prefix}.change") == pytest.approx(slope, rel=1e-6)
    assert draws(found, f"{prefix}.narrows").tolist() == (slope < 0).tolist()
    always = [all(path[t + 1] < path[t] for t in range(8)) for path in gap]
    assert draws(found, f"{prefix}.always").tolist() == always
    assert 0 < (slope < 0).mean() < 1


def test_parameters_of_a_typical_city(found, known, panel):
    assert draws(found, "output") == pytest.approx(known["frontier"][:, 0])
    assert draws(found, "inefficiency") == pytest.approx(100 * known["mean_size"])
    assert draws(found, "counties-load") == pytest.approx(100 * known["load"][:, 1, 0])
    assert draws(found, "one-sided") == pytest.approx(100 * known["one_sided"])
    for k, source in enumerate(("edgar", "counties", "ceads")):
        assert draws(found, f"error.{source}") == pytest.approx(100 * known["level_error"][:, k])
    assert found["record.cities"].mean == 14
    assert found["record.figures"].mean == np.isfinite(panel.co2).sum()


def test_statistics_within_those_drawn_anew(found):
    assert found["check.inside"].mean == 2


def some_values(panel: frontier.Panel) -> dict[str, np.ndarray]:
    """Draws that take one inventory for sure and the others for nothing, and whose frontier knows output alone."""
    rng, provinces = np.random.default_rng(4), panel.cities.province.nunique()
    values = {
        "apart": rng.uniform(0.3, 0.5, SIZE), "one_sided": rng.uniform(0.2, 0.8, SIZE),
        "pace_mean": rng.normal(0, 0.1, SIZE), "pace_scale": np.full(SIZE, 0.3), "trend_rest": np.full(SIZE, 0.1),
        "counties_load": rng.uniform(0.3, 0.7, SIZE), "source_slopes": np.zeros((SIZE, 3, 3)),
        "frontier": np.tile(np.eye(9)[0], (SIZE, 1)) * rng.uniform(0.7, 1.0, (SIZE, 1)),
    }  # fmt: skip
    for part in ("level", "trend"):
        values |= {
            f"{part}_mean": rng.normal(0, 0.1, SIZE), f"{part}_bias": rng.normal(0, 0.1, (SIZE, 3)),
            f"{part}_province_scale": np.full(SIZE, 0.3), f"{part}_province": rng.normal(size=(SIZE, provinces)),
            f"{part}_bias_scale": np.full((SIZE, 3), 0.2),
            f"{part}_bias_province": rng.normal(size=(SIZE, 3, provinces)),
            f"{part}_error": np.tile([1e-6, 50.0, 50.0], (SIZE, 1)),
        }  # fmt: skip
    return values


def test_a_sure_inventory_less_its_bias_is_what_a_city_emits():
    """CO2 on straight lines, so that only bias, frontier and means stand between the figures and the findings."""
    panel, rng = small("cobb-douglas"), np.random.default_rng(5)
    count = len(panel.cities)
    level, trend = rng.normal(0, 0.5, count), rng.normal(0.1, 0.1, count)
    lines = np.log(20.0) + level[:, None] + trend[:, None] * TIME
    panel = replace(panel, co2=np.repeat(lines[None], 3, axis=0))
    values = some_values(panel)
    found = found_of(as_fit(panel, "cobb-douglas", **values))
    names = sorted(panel.cities.province.unique())
    of = np.array([names.index(province) for province in panel.cities.province])
    true, beyond = {}, {}
    slope_output = np.array([np.polyfit(TIME, np.log(output), 1) for output in gdp(panel).values()])
    for part, reported, output in (("level", level, slope_output[:, 1]), ("trend", trend, slope_output[:, 0])):
        bias = values[f"{part}_bias"][:, [0]] + 0.2 * values[f"{part}_bias_province"][:, 0][:, of]
        true[part] = reported - bias
        beyond[part] = true[part] - values[f"{part}_mean"][:, None]
        beyond[part] -= values["frontier"][:, [0]] * (output - output.mean())
    for city in TEN:
        k = list(panel.cities.city).index(city)
        by_year = np.exp(true["level"][:, [k]] + true["trend"][:, [k]] * TIME) * 20 / gdp(panel)[city]
        assert draws(found, f"{city.lower()}.intensity") == pytest.approx(1000 * by_year.mean(axis=1), rel=1e-4)
        excess = 100 * (np.exp(beyond["level"][:, k]) - 1)
        assert draws(found, f"{city.lower()}.excess") == pytest.approx(excess, rel=1e-4, abs=1e-2)
    place = [list(panel.cities.city).index(city) for city in TEN]
    change = 25 * (beyond["trend"][:, place[1:]].mean(axis=1) - beyond["trend"][:, place[0]])
    assert draws(found, "gap.excess.change") == pytest.approx(change, rel=1e-3, abs=1e-2)


@pytest.mark.parametrize(("variant", "shape"), [("cobb-douglas", "half normal"), ("exponential", "exponential"),
                                                ("equal-loads", "half normal")])  # fmt: skip
def test_mean_inefficiency_by_its_distribution(variant, shape):
    """A half normal has a mean of √(2/π) and a variance of 1 − 2/π of its scale's, an exponential 1 and 1."""
    panel = small(variant)
    values = some_values(panel)
    found = found_of(as_fit(panel, variant, **values))
    mean, variance = (1.0, 1.0) if shape == "exponential" else (np.sqrt(2 / np.pi), 1 - 2 / np.pi)
    expected = 100 * mean * values["apart"] * np.sqrt(values["one_sided"] / variance)
    assert draws(found, "inefficiency") == pytest.approx(expected)
    load = np.ones(SIZE) if variant == "equal-loads" else values["counties_load"]
    assert draws(found, "counties-load") == pytest.approx(100 * load)


def test_a_made_up_panel_is_held_against_its_own_parameters():
    panel = frontier.TOYS["toy"](registry.load("efficiency"), np.random.default_rng(1))
    found = {id: finding.mean for id, finding in found_of(as_fit(panel, "toy", **some_values(panel))).items()}
    assert found["truth.output"] == 0.8
    assert found["truth.inefficiency"] == round(50 * np.sqrt(2 / np.pi), 1)
    assert found["truth.counties-load"] == pytest.approx(30)
    assert found.keys() == {f"{end}{key}" for key in said.OF_TYPICAL for end in ("", "truth.")}
