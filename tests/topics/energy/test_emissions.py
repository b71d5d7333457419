"""The emissions model against a computation by hand, and what is derived from its draws."""

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
from jingjinji.core.scribe import Scribe
from jingjinji.topics.energy import emissions
from jingjinji.topics.energy import emissions_findings as said
from jingjinji.topics.energy.emissions import BREAKS, EMISSIONS, PROVINCES, REGION, REGIONS, TELLING, TIME, YEARS, Panel


def some_panel(seed: int = 1, **more) -> Panel:
    rng = np.random.default_rng(seed)
    values = {name: rng.normal(0, 0.3, (len(PROVINCES), len(YEARS))) for name in
              ("so2", "dust", "ceads", "edgar", "coal", "output")}  # fmt: skip
    return Panel(values | {"coal_share": rng.uniform(0, 1, (len(PROVINCES), len(YEARS)))}, **more)


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return emissions.build(some_panel())


PRIORS = {
    "elasticity_mean": lambda v: stats.norm.logpdf(v["elasticity_mean"], 0.5, 0.5),
    "region_scale": lambda v: stats.lognorm.logpdf(v["region_scale"], 0.5, scale=0.15),
    "province_scale": lambda v: stats.lognorm.logpdf(v["province_scale"], 0.5, scale=0.15),
    "by_region": lambda v: zero_sum(1.0)(v["by_region"]),
    "by_province": lambda v: zero_sum_each(v["by_province"], np.where(TELLING, v["province_scale"], 1)),
    "share_slope": lambda v: stats.norm.logpdf(v["share_slope"]),
    "trend_mean": lambda v: stats.norm.logpdf(v["trend_mean"], 0, 0.7),
    "trend_scale": lambda v: stats.lognorm.logpdf(v["trend_scale"], 0.5, scale=0.2),
    "trend": lambda v: zero_sum_each(v["trend"], v["trend_scale"]),
    "level_mean": lambda v: stats.norm.logpdf(v["level_mean"], 0, 0.5),
    "level": lambda v: zero_sum(1.0)(v["level"]),
    "year_scale": lambda v: stats.lognorm.logpdf(v["year_scale"], 0.7, scale=0.04),
    "year_mean": lambda v: stats.norm.logpdf(v["year_shock"], 0, v["year_scale"][:, None] * stretch(v)),
    "step_mean": lambda v: stats.norm.logpdf(v["step_mean"], 0, 0.4),
    "step_scale": lambda v: stats.lognorm.logpdf(v["step_scale"], 0.5, scale=0.25),
    "step_apart": lambda v: zero_sum_each(v["step"] - v["step_mean"][:, None], v["step_scale"]),
    "carry_over": lambda v: stats.beta.logpdf(v["carry_over"], 2, 2),
    "scatter": lambda v: stats.lognorm.logpdf(v["scatter"], 0.5, scale=0.05),
}


def zero_sum_each(values: np.ndarray, scales: np.ndarray) -> float:
    """Vectors that sum to zero, each with its own scale."""
    return sum(zero_sum(scale)(values[at][None]) for at, scale in np.ndenumerate(scales))


def stretch(v: dict) -> np.ndarray:
    """How much wider the first year is than the others, which hang on the year before (emission, year)."""
    wider = np.ones((len(EMISSIONS), len(YEARS)))
    wider[:, 0] = 1 / np.sqrt(1 - v["carry_over"] ** 2)
    return wider


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(np.sum(PRIORS[name](values))), rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "emissions"}


def driver_of(panel: Panel, name: str, p: int, t: int) -> float:
    """A series less the province's mean and the mean slope of all provinces."""
    slope = np.polyfit(YEARS, panel.values[name].T, 1)[0].mean()
    return panel.values[name][p, t] - panel.values[name][p].mean() - slope * (YEARS[t] - 2010)


def hand_mean(v: dict, panel: Panel, k: int, p: int) -> np.ndarray:
    """Expected logarithms of emission k of province p, by year."""
    means = []
    for t in range(len(YEARS)):
        mean = v["level_mean"][k] + v["level"][k, p] * v["scatter"][k] / (1 - v["carry_over"][k])
        mean += (v["trend_mean"][k] + v["trend"][k, p]) * TIME[t]
        mean += v["share_slope"][k] * driver_of(panel, "coal_share", p, t)
        for x, driver in enumerate(("coal", "output")):
            elasticity = v["elasticity_mean"][k, x] + v["region_scale"][k, x] * v["by_region"][k, x, REGION[p]]
            elasticity += v["by_province"][k, x, p] * (1 if k >= 2 and x == 0 else v["province_scale"][k, x])
            assert elasticity == pytest.approx(v["elasticity"][k, x, p])
            mean += elasticity * driver_of(panel, driver, p, t)
        if k < 2:
            mine = [b for b, (name, year) in enumerate(BREAKS) if name == ("so2", "dust")[k] and YEARS[t] >= year]
            mean += panel.broken * sum(v["step"][b, p] for b in mine)
        means.append(mean)
    return np.array(means)


def hand_density(v: dict, panel: Panel) -> float:
    """Figures around line, steps and shocks as they are, however the model samples them."""
    total, wider = 0.0, stretch(v)
    for k, name in enumerate(EMISSIONS):
        for p in range(len(PROVINCES)):
            seen = np.array([driver_of(panel, name, p, t) for t in range(len(YEARS))])
            left = seen - hand_mean(v, panel, k, p)
            before = np.concatenate([[0.0], left[:-1]])
            middle = v["carry_over"][k] * before + panel.common * v["year_shock"][k]
            total += stats.t.logpdf(left, 4, middle, v["scatter"][k] * wider[k]).sum()
    return total


def test_emissions_carry_over_and_share_the_shock_of_a_year(densities, values):
    assert densities["emissions"] == pytest.approx(hand_density(values, some_panel()), rel=1e-6)
    alone = values | {"year_shock": np.zeros_like(values["year_shock"])}
    assert abs(hand_density(alone, some_panel()) - densities["emissions"]) > 10


@pytest.mark.parametrize("more", [{"broken": 0.0}, {"common": 0.0}])
def test_variants_are_the_same_model_with_other_data(point, more):
    other = some_panel(seed=2, **more)
    model = with_data(emissions.build(some_panel()), emissions.data(other))
    expected = hand_density(values_at(model, point), other)
    assert densities_at(model, point)["emissions"] == pytest.approx(expected, rel=1e-6)


def test_priors_of_what_is_left_out_are_standard(point):
    model = with_data(emissions.build(some_panel()), emissions.data(some_panel(broken=0.0, common=0.0)))
    found, v = densities_at(model, point), values_at(model, point)
    assert found["year_mean"] == pytest.approx(stats.norm.logpdf(v["year_mean"]).sum())
    assert found["step_apart"] == pytest.approx(zero_sum(1.0)(v["step_apart"]))


def test_every_province_has_one_region():
    members = [province for region in REGIONS.values() for province in region]
    assert sorted(members) == list(PROVINCES)
    assert set(tables.load("energy_province_year").province) == set(PROVINCES)
    assert list(REGIONS)[REGION[PROVINCES.index("Hebei")]] == "Beijing-Tianjin-Hebei"


def test_the_panel_is_the_tables_in_order():
    panel = registry.load("energy_emissions")
    table = tables.load("energy_province_year").set_index(["province", "year"])
    mix = tables.load("energy_mix_year").set_index(["province", "year"])
    p, t = PROVINCES.index("Hebei"), YEARS.index(2013)
    assert panel.values["coal"][p, t] == pytest.approx(math.log(table.coal["Hebei", 2013]))
    assert panel.values["edgar"][p, t] == pytest.approx(math.log(table.co2_edgar["Hebei", 2013]))
    parts = mix.loc[("Hebei", 2013), ["coal", "oil", "gas", "electricity", "heat"]]
    assert panel.values["coal_share"][p, t] == pytest.approx(parts["coal"] / parts.sum())


def test_a_gap_is_named():
    table = tables.load("energy_province_year")
    gap = table[(table.province != "Hebei") | (table.year != 2009)]
    with pytest.raises(BookError, match="lack Hebei in 2009: expected every year from 2003 to 2017; complete the rows"):
        emissions.panel(gap, tables.load("energy_mix_year"))


def test_simulate_puts_the_elasticities_in():
    quiet = {"scatter": 0.0, "year_scale": 0.0, "step_scale": 0.0, "province": 0.0}
    made = emissions.simulate(quiet, np.random.default_rng(1), some_panel())
    arrays = emissions.data(made)
    assert arrays["seen"][2] == pytest.approx(0.8 * arrays["coal"] + 0.1 * arrays["output"])
    assert arrays["seen"][3] == pytest.approx(0.6 * arrays["coal"] + 0.1 * arrays["output"])
    without = emissions.TOYS["toy-no-link"](some_panel(), np.random.default_rng(1))
    assert without.truth["elasticity"][:, 0].mean() == pytest.approx(0)


def test_simulate_gives_all_provinces_the_same_shock():
    shocks = {"scatter": 0.0, "step_scale": 0.0, "province": 0.0, "carry_over": 0.0, "year_scale": 0.1}
    made = emissions.simulate(shocks, np.random.default_rng(1), some_panel())
    arrays = emissions.data(made)
    left = arrays["seen"][3] - 0.6 * arrays["coal"] - 0.1 * arrays["output"]
    assert left == pytest.approx(np.tile(left[0], (len(PROVINCES), 1)))
    assert left[0].std() == pytest.approx(0.1, rel=0.5)


SIZE = (2, 200)
BY = ("emission", "province")


@pytest.fixture
def fit() -> SimpleNamespace:
    elasticity = np.zeros((*SIZE, 4, 2, len(PROVINCES)))
    elasticity[:, :, 0, 0] = 0.5
    elasticity[:, :, 2, 0, PROVINCES.index("Hebei")] = 0.8
    step = np.zeros((*SIZE, len(BREAKS), len(PROVINCES)))
    step[:, :, BREAKS.index(("so2", 2016))] = math.log(0.5)
    full = {
        "elasticity": (elasticity, ("emission", "driver", "province")),
        "step": (step, ("break", "province")),
        "step_mean": (np.full((*SIZE, len(BREAKS)), math.log(0.5)), ("break",)),
        "level": (np.zeros((*SIZE, 4, len(PROVINCES))), BY),
        "trend": (np.zeros((*SIZE, 4, len(PROVINCES))), BY),
        "year_shock": (np.zeros((*SIZE, 4, len(YEARS))), ("emission", "year")),
        "region_scale": (np.full((*SIZE, 4, 2), 0.1), ("emission", "driver")),
        "province_scale": (np.full((*SIZE, 4, 2), 0.1), ("emission", "driver")),
    }
    alike = {"level_mean": 0.0, "trend_mean": 0.0, "trend_scale": 0.1, "share_slope": 0.2, "carry_over": 0.5}
    alike |= {"scatter": 0.05, "year_scale": 0.1}
    full |= {name: (np.full((*SIZE, 4), value), ("emission",)) for name, value in alike.items()}
    parameters = xr.Dataset({name: (("chain", "draw", *dims), value) for name, (value, dims) in full.items()})
    return SimpleNamespace(
        parameters=parameters, panel=registry.load("energy_emissions"), variant="", name="energy_emissions", seed=3
    )


def test_findings_by_hand(fit):
    found = {finding.id: finding for finding in said.findings(fit)}
    assert found["energy.emissions.elasticity.so2"].mean == pytest.approx(0.5)
    assert found["energy.emissions.elasticity.ceads.bth"].mean == pytest.approx(0.8 / 3)
    assert found["energy.emissions.share-slope.so2"].mean == pytest.approx(100 * math.expm1(0.02))
    assert found["energy.emissions.year-shock.dust"].mean == pytest.approx(10)
    table = tables.load("energy_province_year").set_index(["province", "year"])
    row, first, last = (table.loc[("Hebei", year)] for year in (2015, 2013, 2017))
    assert found["energy.emissions.per-tonne.so2.hebei"].mean == pytest.approx(0.5 * row.so2 / row.coal)
    assert found["energy.emissions.per-tonne.ceads.hebei"].mean == pytest.approx(0.8 * row.co2_ceads / row.coal)
    assert found["energy.emissions.break.so2.2016"].mean == pytest.approx(-50)
    assert found["energy.emissions.hebei.so2.with-steps"].mean == pytest.approx(-50)
    with_coal = 100 * ((last.coal / first.coal) ** 0.5 - 1)
    assert found["energy.emissions.hebei.so2.with-coal"].mean == pytest.approx(with_coal)
    assert found["energy.emissions.hebei.so2.change"].mean == pytest.approx(100 * (last.so2 / first.so2 - 1), abs=0.05)
    assert found["energy.emissions.hebei.so2.change.from-2015"].mean == pytest.approx(
        100 * (last.so2 / row.so2 - 1), abs=0.05
    )
    fell = sum(table.dust[province, 2014] < table.dust[province, 2013] for province in PROVINCES)
    assert found["energy.emissions.fell.dust.2014"].value_text == f"{fell}\N{NO-BREAK SPACE}of 30"
    assert found["energy.emissions.co2.elasticity-gap"].mean == pytest.approx(0.8 / 30)


def test_own_data_remove_nothing_where_provinces_scatter_as_their_prior(fit):
    rng = np.random.default_rng(5)
    shape = (2, 4000)
    region = 0.1 * rng.normal(size=(*shape, 4, 2, len(REGIONS)))
    region -= region.mean(axis=-1, keepdims=True)
    province = 0.1 * rng.normal(size=(*shape, 4, 2, len(PROVINCES)))
    province -= province.mean(axis=-1, keepdims=True)
    draws = {"region_scale": np.full((*shape, 4, 2), 0.1), "province_scale": np.full((*shape, 4, 2), 0.1)}
    for times, removed, within in ((1, 0, 8), (0.5, 75, 2)):
        say = Scribe((), "", fit)
        said._say_own_data(say, draws | {"elasticity": times * (region[..., REGION] + province)})
        assert [finding.mean for finding in say.made] == pytest.approx([removed] * 4, abs=within)


def test_figures_drawn_anew_scatter_around_what_is_expected(fit):
    draws = said._some_draws(fit)
    assert draws["scatter"].shape == (2, 200, 4)
    shock, own = said.drawn_anew(fit.panel, draws, np.random.default_rng(1))
    assert shock.std() == pytest.approx(0.1, rel=0.05)
    assert own.std() == pytest.approx(0.05 * math.sqrt(2), rel=0.05)
    carried = emissions._carried(shock + own, draws["carry_over"])
    assert carried.std() == pytest.approx(math.hypot(0.1, 0.05 * math.sqrt(2)) / math.sqrt(0.75), rel=0.05)
    assert (
        said.drawn_anew(registry.load("energy_emissions", "without-year-shocks"), draws, np.random.default_rng(1))[
            0
        ].std()
        == 0
    )


def test_innovations_are_what_carrying_over_adds(fit):
    draws = said._some_draws(fit)
    new = np.random.default_rng(2).normal(size=(4, len(PROVINCES), len(YEARS)))
    figures = emissions.expected(fit.panel, draws)[0, 0] + emissions._carried(new, draws["carry_over"][0, 0])
    fit.panel.values.update(zip(EMISSIONS, figures, strict=True))
    centred = said.innovations(fit.panel, draws)[0, 0]
    # what is taken out of the figures, a mean and a slope, leaves a straight line in all years but the first
    assert np.diff((centred - new)[..., 1:], n=2) == pytest.approx(0, abs=1e-9)


def test_provinces_that_move_together_correlate():
    rng = np.random.default_rng(4)
    shock, own = rng.normal(size=(400, 1, 15)), rng.normal(size=(400, len(PROVINCES), 15))
    everyone = np.zeros(len(PROVINCES), dtype=int)
    assert said.together(own, everyone).mean() == pytest.approx(0, abs=0.02)
    assert said.together(shock + own, everyone).mean() == pytest.approx(0.5, abs=0.05)
    of_region = rng.normal(size=(400, len(REGIONS), 15))[:, REGION]
    assert said.together(of_region + own, REGION).mean() == pytest.approx(0.5, abs=0.05)
    assert said.together(np.stack([own[0], own[0, ::-1]]), everyone) == pytest.approx(
        [(np.corrcoef(own[0]).sum() - 30) / 870] * 2
    )


def test_the_check_sees_shocks_that_a_model_leaves_out(fit):
    """Figures with a shock a year stand out beside figures drawn anew without, and not beside those with."""
    truth = {"year_scale": 0.1, "scatter": 0.07, "step": np.zeros(len(BREAKS)), "step_scale": 0.0, "province": 0.0}
    truth |= {"elasticity": np.zeros((4, 2)), "share_slope": np.zeros(4), "trend": np.full(4, -0.5)}
    panel = emissions.simulate(truth, np.random.default_rng(6), registry.load("energy_emissions"))
    fit.parameters["elasticity"][:] = 0
    fit.parameters["step"][:] = 0
    fit.parameters["share_slope"][:] = 0
    for common, apart in ((1.0, False), (0.0, True)):
        fit.panel = replace(panel, truth=None, common=common)
        say = Scribe((), "energy.emissions.", fit)
        said._say_departures(say, fit)
        found = {finding.id: finding for finding in say.made}
        for emission in EMISSIONS:
            seen, anew = (found[f"energy.emissions.check.together.{emission}{end}"] for end in ("", ".anew"))
            assert (seen.mean > anew.draws.max()) == apart


def test_findings_without_breaks_name_no_steps(fit):
    fit.panel, fit.variant = registry.load("energy_emissions", "without-breaks"), "without-breaks"
    found = {finding.id for finding in said.findings(fit)}
    assert "energy.emissions.elasticity.so2@without-breaks" in found
    assert not [id for id in found if ".break." in id]
