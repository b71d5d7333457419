"""The path of coal against a computation by hand, and what is derived from its draws."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from densities import densities_at, values_at, with_data, zero_sum
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.energy import coal_path
from jingjinji.topics.energy import coal_path_findings as said
from jingjinji.topics.energy.coal_path import EARLY, LATER, MEASURES, PROVINCES, YEARS, Panel

HEBEI, COUNT = PROVINCES.index("Hebei"), len(PROVINCES)


def some_panel(seed: int = 1) -> Panel:
    rng = np.random.default_rng(seed)
    measures = rng.normal(3, 0.2, (3, COUNT, len(YEARS)))
    measures[0, :, YEARS.index(2019) + 1 :] = measures[1, :, -1:] = np.nan
    china, steel = rng.normal(4, 0.1, len(YEARS)), rng.normal(5, 0.1, len(YEARS))
    china[YEARS.index(2021) + 1 :] = np.nan
    steel[[year not in (2014, 2019, 2020, 2023) for year in YEARS]] = np.nan
    return Panel(rng.normal(4, 0.2, (COUNT, len(EARLY) + 1)), measures, china, steel)


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return coal_path.build(some_panel())


def spread_of_relation(v: dict) -> np.ndarray:
    """Standard deviation by measure and step: the census of 2018 widens it for the balances."""
    spread = np.repeat(v["scales"][4:7, None], len(YEARS) - 1, axis=1)
    spread[:2, YEARS.index(2018) - 1] = np.hypot(spread[:2, 0], 0.1)
    return spread


def spread_of(v: dict, series: int) -> np.ndarray:
    """Scale of a series in each province, so that the Fisher information of scale and tails is diagonal."""
    freedom = 1 + v["tails"][series]
    return np.exp(v["log_spread"][series]) * freedom / (1 + freedom)


PRIORS = {
    "means": lambda v: stats.norm.logpdf(
        v["means"],
        [0.8, 0.5, 0, 0, 0, 0, 0, 0, 0.5, 0, 0.5, 0.02],
        [0.3, 0.3, 0.03, 0.03, 0.03, 0.3, 0.3, 0.3, 0.5, 0.02, 0.25, 0.03],
    ),
    "scales": lambda v: stats.lognorm.logpdf(
        v["scales"], 0.5, scale=[0.15, 0.15, 0.08, 0.08, 0.03, 0.03, 0.03, 0.02, 0.05, 0.03, 0.03]
    ),
    "shares": lambda v: stats.beta.logpdf(v["shares"], [2, 4, 2], [2, 1, 2]),
    "tails": lambda v: stats.gamma.logpdf(v["tails"], 2, scale=10),
    "log_spread_mean": lambda v: stats.norm.logpdf(v["log_spread_mean"], np.log([0.06, 0.05, 0.05, 0.05]), 0.5),
    "log_spread": lambda v: stats.norm.logpdf(v["log_spread"], v["log_spread_mean"][:, None], 0.5),
    "own": lambda v: sum(
        zero_sum(scale)(row[None]) for scale, row in zip([1, 1, *v["scales"][2:4] ** 0.7], v["own"], strict=True)
    ),
    "national": lambda v: stats.norm.logpdf(v["national"], 0, 0.1),
    "surprise": lambda v: stats.t.logpdf(
        v["surprise"], 1 + v["tails"][0], 0, math.sqrt(v["shares"][1]) * spread_of(v, 0)
    ),
    "turn": lambda v: stats.t.logpdf(v["turn"], 8, 0, np.sqrt(v["scales"][[9, 9, 10], None])),
    "relation": lambda v: stats.norm.logpdf(v["relation"], v["means"][2:5, None], spread_of_relation(v)),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(np.sum(PRIORS[name](values))), rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "growth", "measures", "china_growth", "steel_growth"}


def hand_course(v: dict, panel: Panel, p: int, step: int) -> float:
    """Growth of all provinces and drift of the province: in the halves of the yearbook, and after it."""
    turns = np.sqrt(v["scales"][[9, 9, 10]]) * (v["turn"][:, p] - v["turn"].mean(axis=1))
    drift = turns[0]
    if step >= panel.known / 2:
        drift = v["shares"][2] * drift + turns[1]
    if step >= panel.known:
        drift = v["shares"][2] * drift + turns[2]
    return v["national"][step] + drift


def hand_growth(v: dict, panel: Panel, p: int) -> tuple[list[float], float]:
    """Yearly growth of a province by the model, and the log density of that of the yearbook."""
    growth, before, likely = [], 0.0, 0.0
    for step, year in enumerate(YEARS[1:]):
        common = hand_course(v, panel, p, step)
        if year <= panel.last_book:
            growth.append(panel.coal[p, step + 1] - panel.coal[p, step])
            new = growth[-1] - common - v["shares"][0] * before
            likely += stats.t.logpdf(new, 1 + v["tails"][0], 0, spread_of(v, 0)[p])
        elif year <= panel.last_book + 6:
            if step == panel.known:
                before *= v["shares"][1]
            growth.append(common + v["shares"][0] * before + v["surprise"][year - panel.last_book - 1, p])
        else:
            break
        before = growth[-1] - common
    return growth, likely


def own_census(v: dict, panel: Panel, m: int) -> np.ndarray:
    """Steps of the census of a balance by province: it is sampled nearer to its own scale where it has been seen."""
    seen = np.isfinite(panel.measures[m, :, YEARS.index(2018)]).all()
    return v["scales"][2 + m] ** (0.3 if seen else 1) * v["own"][2 + m]


def hand_measures(v: dict, panel: Panel) -> float:
    """Log density of the measures, where they have figures."""
    total = 0.0
    for p in range(COUNT):
        growth, _ = hand_growth(v, panel, p)
        of_ceads = {}
        for m, name in enumerate(MEASURES):
            load = 1.0 if name == "ceads" else v["means"][m - 1] + v["scales"][m - 1] * v["own"][m - 1, p]
            before = 0.0
            for step, grown in enumerate(growth):
                year = YEARS[step + 1]
                change = panel.measures[m, p, step + 1] - panel.measures[m, p, step]
                if np.isnan(change):
                    continue
                common = hand_course(v, panel, p, step)
                counted = common + v["shares"][1] * (grown - common) if year <= panel.last_book else grown
                left = change - v["relation"][m, step] - load * counted
                if year == 2018 and name != "edgar":
                    left -= own_census(v, panel, m)[p]
                if name == "ceads":
                    of_ceads[step] = left
                if name == "end-use":
                    left -= v["means"][8] * of_ceads.get(step, 0.0)
                new = left + v["means"][5 + m] * before
                total += stats.t.logpdf(new, 1 + v["tails"][1 + m], 0, spread_of(v, 1 + m)[p])
                before = left
    return total


def test_growth_and_measures_have_the_density_of_a_computation_by_hand(densities, values):
    panel = some_panel()
    likely = sum(hand_growth(values, panel, p)[1] for p in range(COUNT))
    assert densities["growth"] == pytest.approx(likely, rel=1e-8)
    assert densities["measures"] == pytest.approx(hand_measures(values, panel), rel=1e-8)
    later = [hand_growth(values, panel, p)[0][len(EARLY) :] for p in range(COUNT)]
    assert values["later_growth"] == pytest.approx(np.array(later))


def test_the_country_and_steel_measure_the_path_too(densities, values):
    v, panel = values, some_panel()
    growth = np.array([hand_growth(v, panel, p)[0] for p in range(COUNT)])
    country = 0.0
    for step in range(YEARS.index(2021)):
        coal = np.exp(panel.coal[:, min(step, len(EARLY))])
        mean = growth[:, step] @ coal / coal.sum() + v["means"][9]
        country += stats.norm.logpdf(panel.china[step + 1] - panel.china[step], mean, v["scales"][7])
    assert densities["china_growth"] == pytest.approx(country, rel=1e-8)
    steel = 0.0
    for first, last in ((2014, 2019), (2019, 2020), (2020, 2023)):
        a, b = YEARS.index(first), YEARS.index(last)
        mean = v["means"][10] * growth[HEBEI, a:b].sum() + (b - a) * v["means"][11]
        scale = v["scales"][8] * math.sqrt(b - a)
        steel += stats.norm.logpdf(panel.steel[b] - panel.steel[a], mean, scale)
    assert densities["steel_growth"] == pytest.approx(steel, rel=1e-8)


@pytest.mark.parametrize("names", [("end-use",), ("ceads", "edgar")])
def test_a_measure_left_out_after_the_yearbook_says_nothing_there(point, names):
    other = coal_path._without(some_panel(), names)
    model = with_data(coal_path.build(some_panel()), coal_path.data(other))
    expected = hand_measures(values_at(model, point), other)
    assert densities_at(model, point)["measures"] == pytest.approx(expected, rel=1e-8)
    kept = [np.isfinite(other.measures[m]).sum() for m in range(3)]
    assert [count == COUNT * (len(EARLY) + 1) for count in kept] == [name in names for name in MEASURES]


def test_what_is_hidden_of_the_yearbook_moves_nothing(point):
    hidden = replace(some_panel(), last_book=2012)
    model = with_data(coal_path.build(some_panel()), coal_path.data(hidden))
    values, densities = values_at(model, point), densities_at(model, point)
    assert densities["measures"] == pytest.approx(hand_measures(values, hidden), rel=1e-8)
    assert densities["growth"] == pytest.approx(sum(hand_growth(values, hidden, p)[1] for p in range(COUNT)), rel=1e-8)
    assert densities["steel_growth"] == 0
    coal = hidden.coal.copy()
    coal[:, YEARS.index(2013) :] += 1
    arrays = coal_path.data(replace(hidden, coal=coal))
    assert all(np.array_equal(arrays[name], known) for name, known in coal_path.data(hidden).items())


def test_the_variant_that_hides_the_yearbook_has_ceads_for_two_years_more_as_the_main_fit_has():
    panel, hidden = registry.load("energy_coal"), registry.load("energy_coal", "book-hidden")
    for one in (panel, hidden):
        has = np.isfinite(one.measures[0]).all(axis=0)
        assert max(year for year, there in zip(YEARS, has, strict=True) if there) == one.last_book + 2
    assert np.array_equal(panel.measures[1:], hidden.measures[1:], equal_nan=True)


def test_the_panel_is_the_tables_in_order():
    panel = registry.load("energy_coal")
    book = tables.load("energy_province_year").set_index(["province", "year"])
    later = tables.load("carbon_province_year").set_index(["province", "year"])
    mix = tables.load("energy_mix_year").set_index(["province", "year"])
    again = tables.load("energy_coal_year").set_index(["area", "year"])
    at = YEARS.index
    assert panel.coal[HEBEI, at(2013)] == pytest.approx(math.log(book.coal["Hebei", 2013]))
    assert panel.measures[0, HEBEI, at(2019)] == pytest.approx(math.log(again.co2["Hebei", 2019]))
    assert panel.measures[1, HEBEI, at(2022)] == pytest.approx(math.log(mix.coal["Hebei", 2022]))
    assert panel.measures[2, HEBEI, at(2010)] == pytest.approx(math.log(book.co2_edgar["Hebei", 2010]))
    assert panel.measures[2, HEBEI, at(2023)] == pytest.approx(math.log(later.co2_edgar["Hebei", 2023]))
    assert panel.china[at(2021)] == pytest.approx(math.log(again.heat["China", 2021]))
    assert [year for year in YEARS if np.isfinite(panel.steel[at(year)])] == [2014, 2019, 2020, 2021, 2022, 2023]
    assert np.isfinite(panel.measures).sum(axis=(1, 2)).tolist() == [COUNT * 17, COUNT * 20, COUNT * 21]


def test_a_gap_in_the_yearbook_is_named():
    book, *others = map(tables.load, coal_path.TABLES)
    gap = book[(book.province != "Hebei") | (book.year != 2009)]
    with pytest.raises(BookError, match="lacks the coal of Hebei in 2009: expected every year from 2003 to 2017"):
        coal_path.panel(gap, *others)


def test_a_measure_without_one_province_is_named():
    tables_ = [tables.load(name) for name in coal_path.TABLES]
    tables_[2] = tables_[2][(tables_[2].province != "Hebei") | (tables_[2].year != 2019)]
    with pytest.raises(BookError, match="measure end-use lacks Hebei in 2019: expected all provinces or none"):
        coal_path.panel(*tables_)


def test_simulate_puts_the_growth_in():
    quiet = {"scatter": 0.0, "error": (0.0, 0.0, 0.0), "relation": 0.0, "census": 0.0, "load": (0.8, 0.2)}
    made = coal_path.simulate(quiet | {"hebei": -0.1, "reliability": 1.0}, np.random.default_rng(1), some_panel())
    steps = np.diff(made.measures, axis=-1)
    assert steps[0, HEBEI, len(EARLY) : len(EARLY) + 2] == pytest.approx(-0.1)
    assert steps[1, HEBEI, len(EARLY) : -1] == pytest.approx(-0.08)
    assert steps[2, :, : len(EARLY)] == pytest.approx(0.2 * np.diff(made.coal, axis=1))
    flat = coal_path.TOYS["toy-hebei-flat"](some_panel(), np.random.default_rng(1))
    assert coal_path.path(flat, flat.truth["later"], "Hebei")[len(EARLY) :] == pytest.approx(
        math.exp(flat.coal[HEBEI, -1])
    )


def stand_in(later: np.ndarray, **more) -> SimpleNamespace:
    """Draws that know everything; `later` is the growth of every province after the yearbook (later,)."""
    panel, shape = registry.load("energy_coal"), (2, 50)
    drawn = np.broadcast_to(later, (*shape, COUNT, len(LATER)))
    parameters = xr.Dataset({"later_growth": (("chain", "draw", "province", "later"), drawn)})
    return SimpleNamespace(parameters=parameters, panel=panel, variant="", name="energy_coal", seed=1, **more)


@pytest.mark.parametrize(("later", "slower", "more"), [(0.0, 1, 1), (-0.02, 1, 0), (-0.12, 0, 0), (-0.3, 0, 0)])
def test_hebei_beside_the_others_moves_with_its_path(monkeypatch, later, slower, more):
    fit = stand_in(np.full(len(LATER), later))
    monkeypatch.setattr(said, "_say_measures", lambda say, fit: None)
    found = {finding.id: finding for finding in said.findings(fit)}
    left = 100 * 274.1713 / 316.6327 * math.exp(6 * later)
    assert found["energy.hebei.left.2023"].mean == pytest.approx(left, rel=1e-5)
    assert found["energy.hebei.after-book"].mean == pytest.approx(100 * math.expm1(5 * later))
    assert found["energy.hebei.slower-than-beijing"].mean == slower
    assert found["energy.hebei.more-left-than-germany"].mean == more
    assert found["energy.germany.left"].mean == round(100 * (142.3**0.3 * 111**0.7) / 149)
    assert found["energy.path.elapsed"].mean == 10


def test_half_is_passed_between_two_years():
    share = np.array([[1.0, 0.8, 0.6, 0.45], [1.0, 0.8, 0.6, 0.55], [1.0, 0.4, 0.6, 0.7]])
    when = 2 + math.log(0.6 / 0.5) / math.log(0.6 / 0.45)
    assert said.half_passed(share, when - 0.01).tolist() == [False, False, True]
    assert said.half_passed(share[:, [0, 1, 2, 3, 3]], when + 0.01).tolist() == [True, False, True]


def test_the_hidden_years_are_held_by_wide_intervals_and_missed_by_wrong_ones():
    panel = registry.load("energy_coal", "book-hidden")
    seen = np.diff(panel.coal, axis=1)[:, YEARS.index(2012) :].sum(axis=1) / 5
    scatter = np.random.default_rng(1).normal(0, 0.02, (2, 200, COUNT, len(LATER)))
    for shift, inside in ((0.0, 30), (0.5, 0)):
        later = seen[:, None] + shift + scatter
        parameters = xr.Dataset({
            "later_growth": (("chain", "draw", "province", "later"), later),
            "national": (("chain", "draw", "step"), np.zeros((2, 200, len(YEARS) - 1))),
        })  # fmt: skip
        fit = SimpleNamespace(
            parameters=parameters, panel=panel, variant="book-hidden", name="energy_coal/book-hidden", seed=1
        )
        found = {finding.id: finding.mean for finding in said.findings(fit)}
        check = "energy.path.check.hidden."
        assert found[f"{check}94@book-hidden"] == found[f"{check}50@book-hidden"] == inside
        assert found[f"{check}off@book-hidden"] == pytest.approx(500 * shift, abs=1)
        assert found[f"{check}off.common@book-hidden"] == pytest.approx(500 * np.median(np.abs(seen)), abs=0.1)
