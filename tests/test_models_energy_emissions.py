"""The emissions model against a computation by hand, and what is derived from its draws."""

import math
from types import SimpleNamespace

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from pytensor.compile.mode import Mode
from scipy import stats

from jingjinji import tables
from jingjinji.errors import BookError
from jingjinji.models import energy_emissions as emissions
from jingjinji.models.energy_emissions import BREAKS, PROVINCES, REGION, REGIONS, TIME, YEARS, Panel

PLAIN = Mode(linker="py", optimizer=None)


def some_panel(seed: int = 1, **more) -> Panel:
    rng = np.random.default_rng(seed)
    values = {name: rng.normal(0, 0.3, (len(PROVINCES), len(YEARS))) for name in
              ("so2", "dust", "ceads", "edgar", "coal", "output")}  # fmt: skip
    return Panel(values | {"coal_share": rng.uniform(0, 1, (len(PROVINCES), len(YEARS)))}, **more)


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return emissions.build(some_panel())


@pytest.fixture(scope="module")
def point(model) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {name: value + 0.2 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}


@pytest.fixture(scope="module")
def values(model, point) -> dict[str, np.ndarray]:
    variables = [*model.free_RVs, *model.deterministics]
    outputs = model.compile_fn(model.replace_rvs_by_values(variables), mode=PLAIN)(point)
    return dict(zip([variable.name for variable in variables], outputs, strict=True))


def densities_of(model, point) -> dict[str, float]:
    terms = model.compile_fn(model.logp(sum=False, jacobian=False), mode=PLAIN)(point)
    return {variable.name: float(np.sum(term)) for variable, term in zip(model.basic_RVs, terms, strict=True)}


@pytest.fixture(scope="module")
def densities(model, point) -> dict[str, float]:
    return densities_of(model, point)


def zero_sum(value) -> float:
    assert value.sum(axis=-1) == pytest.approx(0, abs=1e-9)
    free = value.size - value.size // value.shape[-1]
    return -0.5 * float((value**2).sum()) - free * math.log(math.sqrt(2 * math.pi))


PRIORS = {
    "elasticity_mean": lambda v: stats.norm.logpdf(v["elasticity_mean"], 0.5, 0.5),
    "region_scale": lambda v: stats.lognorm.logpdf(v["region_scale"], 0.5, scale=0.15),
    "province_scale": lambda v: stats.lognorm.logpdf(v["province_scale"], 0.5, scale=0.15),
    "by_region": lambda v: zero_sum(v["by_region"]),
    "by_province": lambda v: zero_sum(v["by_province"]),
    "share_slope": lambda v: stats.norm.logpdf(v["share_slope"]),
    "trend_mean": lambda v: stats.norm.logpdf(v["trend_mean"], 0, 0.7),
    "trend_scale": lambda v: stats.lognorm.logpdf(v["trend_scale"], 0.5, scale=0.2),
    "trend": lambda v: zero_sum(v["trend"]),
    "level": lambda v: stats.norm.logpdf(v["level"]),
    "step_mean": lambda v: stats.norm.logpdf(v["step_mean"], 0, 0.4),
    "step_scale": lambda v: stats.lognorm.logpdf(v["step_scale"], 0.5, scale=0.2),
    "step": lambda v: stats.t.logpdf(v["step"], 4, v["step_mean"][..., None], v["step_scale"][..., None]),
    "carry_over": lambda v: stats.beta.logpdf(v["carry_over"], 6, 6),
    "scatter": lambda v: stats.lognorm.logpdf(v["scatter"], 0.5, scale=0.05),
    "co2_error": lambda v: stats.lognorm.logpdf(v["co2_error"], 0.5, scale=0.04),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(np.sum(PRIORS[name](values))), rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "emissions"}


def driver_of(panel: Panel, name: str, p: int, t: int) -> float:
    """A predictor less the province's mean and the mean slope of all provinces."""
    slope = np.polyfit(YEARS, panel.values[name].T, 1)[0].mean()
    return panel.values[name][p, t] - panel.values[name][p].mean() - slope * (YEARS[t] - 2010)


def hand_mean(v: dict, panel: Panel, k: int, p: int) -> np.ndarray:
    """Expected logarithms of emission k of province p, by year."""
    means = []
    for t in range(len(YEARS)):
        mean = v["level"][k, p] * v["scatter"][k] / (1 - v["carry_over"][k // 2])
        mean += (v["trend_mean"][k] + v["trend_scale"][k] * v["trend"][k, p]) * TIME[t]
        mean += v["share_slope"][k] * driver_of(panel, "coal_share", p, t)
        for x, driver in enumerate(("coal", "output")):
            elasticity = v["elasticity_mean"][k, x] + v["region_scale"][k, x] * v["by_region"][k, x, REGION[p]]
            elasticity += v["province_scale"][k, x] * v["by_province"][k, x, p]
            assert elasticity == pytest.approx(v["elasticity"][k, x, p])
            mean += elasticity * driver_of(panel, driver, p, t)
        if k < 2:
            mine = [b for b, (name, year) in enumerate(BREAKS) if name == ("so2", "dust")[k] and YEARS[t] >= year]
            mean += panel.broken * sum(v["step"][b, p] for b in mine)
        means.append(mean)
    return np.array(means)


def departures(v: dict, panel: Panel, name: str, k: int, p: int) -> np.ndarray:
    seen = panel.values[name][p] - panel.values[name][p].mean()
    return seen - hand_mean(v, panel, k, p)


def hand_density(v: dict, panel: Panel) -> float:
    total = 0.0
    for p in range(len(PROVINCES)):
        for k, name in enumerate(("so2", "dust")):
            left, carry, sd = departures(v, panel, name, k, p), v["carry_over"][0], v["scatter"][k]
            total += stats.t.logpdf(left[0], 8, 0, sd / math.sqrt(1 - carry**2))
            total += stats.t.logpdf(left[1:], 8, carry * left[:-1], sd).sum()
        carry, shared = v["carry_over"][1], v["scatter"][2] ** 2
        own = v["co2_error"] ** 2
        ceads_variance = shared + own[0] + (10.0 * panel.edgar_alone) ** 2
        news = []
        for name in ("ceads", "edgar"):
            left = departures(v, panel, name, 2, p)
            news.append(np.concatenate([left[:1], left[1:] - carry * left[:-1]]))
        stretch = np.ones(len(YEARS))
        stretch[0] = 1 / math.sqrt(1 - carry**2)
        # the second of two normals with covariance ((ceads, shared), (shared, shared + own)), given the first
        given = shared / ceads_variance
        variance = shared + own[1] - given * shared
        total += stats.t.logpdf(news[0], 8, 0, math.sqrt(ceads_variance) * stretch).sum()
        total += stats.t.logpdf(news[1], 8, given * news[0], math.sqrt(variance) * stretch).sum()
    return total


def test_emissions_carry_over_and_inventories_share_a_departure(densities, values):
    assert densities["emissions"] == pytest.approx(hand_density(values, some_panel()), rel=1e-6)


@pytest.mark.parametrize("more", [{"broken": 0.0}, {"edgar_alone": 1.0}])
def test_variants_are_the_same_model_with_other_data(point, values, more):
    model = emissions.build(some_panel())
    with model:
        pm.set_data(emissions.data(some_panel(seed=2, **more)))
    expected = hand_density(values, some_panel(seed=2, **more))
    assert densities_of(model, point)["emissions"] == pytest.approx(expected, rel=1e-6)


def test_every_province_has_one_region():
    members = [province for region in REGIONS.values() for province in region]
    assert sorted(members) == list(PROVINCES)
    assert set(tables.load("energy_province_year").province) == set(PROVINCES)
    assert list(REGIONS)[REGION[PROVINCES.index("Hebei")]] == "Beijing-Tianjin-Hebei"


def test_the_panel_is_the_tables_in_order():
    panel = emissions.load()
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
        emissions.balanced(gap, tables.load("energy_mix_year"))


def test_unknown_variant():
    with pytest.raises(BookError, match="no variant 'ols': expected one of toy, toy-no-link, edgar-alone"):
        emissions.load("ols")


def test_simulate_puts_the_elasticities_in():
    quiet = {"scatter": 0.0, "co2_error": 0.0, "step_scale": 0.0, "province": 0.0}
    made = emissions.simulate(quiet, np.random.default_rng(1), some_panel())
    arrays = emissions.data(made)
    assert arrays["seen"][2] == pytest.approx(0.7 * arrays["coal"] + 0.1 * arrays["output"])
    assert arrays["seen"][3] == pytest.approx(arrays["seen"][2])
    assert emissions.load("toy-no-link").truth["elasticity"][:, 0].mean() == pytest.approx(0)
    assert emissions.load("toy").values["so2"].tolist() == emissions.load("toy").values["so2"].tolist()


@pytest.fixture
def fit() -> SimpleNamespace:
    panel, shape = emissions.load(), (2, 200)
    elasticity = np.zeros((*shape, 3, 2, len(PROVINCES)))
    elasticity[:, :, 0, 0] = 0.5
    elasticity[:, :, 2, 0, PROVINCES.index("Hebei")] = 0.8
    step = np.zeros((*shape, len(BREAKS), len(PROVINCES)))
    step[:, :, BREAKS.index(("so2", 2016))] = math.log(0.5)
    by = ("emission", "province")
    full = {
        "elasticity": (elasticity, ("emission", "driver", "province")),
        "step": (step, ("break", "province")),
        "step_mean": (np.full((*shape, len(BREAKS)), math.log(0.5)), ("break",)),
        "level": (np.zeros((*shape, 3, len(PROVINCES))), by),
        "trend_mean": (np.full((*shape, 3), -0.5), ("emission",)),
        "trend_scale": (np.full((*shape, 3), 0.1), ("emission",)),
        "trend": (np.zeros((*shape, 3, len(PROVINCES))), by),
        "share_slope": (np.zeros((*shape, 3)), ("emission",)),
        "carry_over": (np.full((*shape, 2), 0.5), ("kind",)),
        "scatter": (np.full((*shape, 3), 0.05), ("emission",)),
        "co2_error": (np.full((*shape, 2), 0.03), ("source",)),
    }
    parameters = xr.Dataset({name: (("chain", "draw", *dims), value) for name, (value, dims) in full.items()})
    return SimpleNamespace(parameters=parameters, panel=panel, variant="", name="energy_emissions", seed=3)


def test_findings_by_hand(fit):
    found = {finding.id: finding for finding in emissions.findings(fit)}
    assert found["energy.emissions.elasticity.so2"].mean == pytest.approx(0.5)
    assert found["energy.emissions.elasticity.co2.bth"].mean == pytest.approx(0.8 / 3)
    table = tables.load("energy_province_year").set_index(["province", "year"])
    row, first, last = (table.loc[("Hebei", year)] for year in (2015, 2013, 2017))
    assert found["energy.emissions.per-tonne.so2.hebei"].mean == pytest.approx(0.5 * row.so2 / row.coal)
    co2 = math.sqrt(row.co2_ceads * row.co2_edgar)
    assert found["energy.emissions.per-tonne.co2.hebei"].mean == pytest.approx(0.8 * co2 / row.coal)
    assert found["energy.emissions.break.so2.2016"].mean == pytest.approx(-50)
    assert found["energy.emissions.hebei.so2.with-steps"].mean == pytest.approx(-50)
    with_coal = 100 * ((last.coal / first.coal) ** 0.5 - 1)
    assert found["energy.emissions.hebei.so2.with-coal"].mean == pytest.approx(with_coal)
    assert found["energy.emissions.hebei.so2.change"].mean == pytest.approx(100 * (last.so2 / first.so2 - 1), abs=0.05)
    assert found["energy.emissions.co2.error.edgar"].mean == pytest.approx(3)


def test_replicates_have_the_models_scatter(fit):
    drawn = emissions.replicates(fit)
    centre = emissions.expected_counted(
        fit,
        {name: fit.parameters[name].stack(s=("chain", "draw")).transpose("s", ...).values for name in fit.parameters},
    )[0]
    spread = 0.05 / math.sqrt(1 - 0.25) * math.sqrt(2)
    assert drawn.mean(axis=0) == pytest.approx(centre, abs=0.05)
    assert drawn.std() == pytest.approx(math.hypot(spread, centre.std()), rel=0.1)


def test_findings_without_breaks_name_no_steps(fit):
    fit.panel, fit.variant = emissions.load("without-breaks"), "without-breaks"
    found = {finding.id for finding in emissions.findings(fit)}
    assert "energy.emissions.elasticity.so2@without-breaks" in found
    assert not [id for id in found if ".break." in id]
