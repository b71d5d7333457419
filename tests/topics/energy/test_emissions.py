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
from jingjinji.topics.energy.emissions import ALL_YEARS, EMISSIONS, PROVINCES, REGION, REGIONS, TIME, YEARS, Panel


def some_panel(seed: int = 1, **more) -> Panel:
    rng = np.random.default_rng(seed)
    shape = (len(PROVINCES), len(ALL_YEARS))
    values = {name: rng.normal(0, 0.3, shape) for name in (*EMISSIONS, "coal", "coal_again", "output")}
    return Panel(values | {"coal_share": rng.uniform(0, 1, shape)}, **more)


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return emissions.build(some_panel())


PRIORS = {
    "means": lambda v: stats.norm.logpdf(
        v["means"], [0, 0, 0.5, 0.5, 0, 0, 0, 0.5, 0.5, 0], [0.5, 0.7, 0.5, 0.5, 0.4, 0.4, 1, 0.5, 0.5, 1]
    ),
    "scales": lambda v: stats.lognorm.logpdf(
        v["scales"], [0.5, 0.7, 0.7, *[0.5] * 7], scale=[0.05, 0.04, 0.02, 0.2, 0.15, 0.15, 0.25, 0.25, 0.15, 0.15]
    ),
    "by_region": lambda v: zero_sum(1.0)(v["by_region"]),
    "apart": lambda v: zero_sum_each(v["apart"], [1, 1, 1, v["scales"][6], 1]),
    "trend": lambda v: stats.norm.logpdf(v["trend"], along(v, some_panel()), v["scales"][3]),
    "year_mean": lambda v: stats.norm.logpdf(v["year_shock"], 0, v["year_scale"] * stretch(v)),
    "carry_over": lambda v: stats.beta.logpdf(v["carry_over"], 2, 2),
    "tail": lambda v: stats.gamma.logpdf(v["tail"], 2, scale=10),
}


def zero_sum_each(values: np.ndarray, scales: np.ndarray) -> float:
    """Vectors that sum to zero, each with its own scale."""
    return sum(zero_sum(scale)(values[at][None]) for at, scale in np.ndenumerate(scales))


def stretch(v: dict) -> np.ndarray:
    """How much wider the first year is than the others, which hang on the year before (year,)."""
    wider = np.ones(len(YEARS))
    wider[0] = 1 / np.sqrt(1 - v["carry_over"] ** 2)
    return wider


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(np.sum(PRIORS[name](values))), rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "emissions"}


def line_of(panel: Panel, name: str, p: int) -> tuple[float, float]:
    """Slope a decade and mean of a province's series over the years of the fit."""
    known = panel.values[name][p, : len(YEARS)]
    return 10 * np.polyfit(YEARS, known, 1)[0], known.mean()


def slope_of(panel: Panel, name: str, p: int) -> float:
    return line_of(panel, name, p)[0] - np.mean([line_of(panel, name, q)[0] for q in range(len(PROVINCES))])


def departure_of(panel: Panel, name: str, p: int, t: int, own: bool = True) -> float:
    """A series less the province's line, or less its mean and the mean slope of all provinces."""
    slope, mean = line_of(panel, name, p)
    slope -= 0 if own else slope_of(panel, name, p)
    return panel.values[name][p, t] - mean - slope * (YEARS[t] - 2009) / 10


def along(v: dict, panel: Panel) -> np.ndarray:
    """The trend that its drivers say (province,)."""
    names, provinces = ("output", "coal_share"), range(len(PROVINCES))
    slopes = [emissions.parted(panel)[0]["coal"], *([slope_of(panel, name, p) for p in provinces] for name in names)]
    return v["over_years"] @ np.array(slopes)


def hand_mean(v: dict, panel: Panel, p: int) -> np.ndarray:
    """Expected logarithms of the emission of province p, by year."""
    elasticity = v["means"][2:4] + v["region_scale"] * v["by_region"][:2, REGION[p]]
    telling = panel.emission in ("ceads", "edgar")
    elasticity = elasticity + v["apart"][1:3, p] * np.where([telling, False], 1, v["province_scale"])
    assert elasticity == pytest.approx(v["elasticity"][:, p])
    trend = v["means"][1] + (v["trend"][p] - v["trend"].mean() if panel.own else 0)
    assert trend == pytest.approx(v["own_trend"][p])
    coal = emissions.parted(panel)[1]["coal"][p]
    breaks, means = {"so2": (2011,), "dust": (2011, 2014)}.get(panel.emission, ()), []
    for t in range(len(YEARS)):
        mean = v["level_mean"] + v["apart"][0, p] * v["scatter"] / (1 - v["carry_over"])
        mean += trend * (YEARS[t] - 2009) / 10
        mean += v["share_slope"] * departure_of(panel, "coal_share", p, t, bool(panel.own))
        mean += elasticity[0] * coal[t]
        mean += elasticity[1] * departure_of(panel, "output", p, t, bool(panel.own))
        for b, year in enumerate(breaks):
            mean += (v["step_mean"][b] + v["apart"][3 + b, p]) * (YEARS[t] >= year)
        means.append(mean)
    return np.array(means)


def hand_density(v: dict, panel: Panel) -> float:
    """Figures around line, steps and shocks as they are, however the model samples them."""
    total, wider = 0.0, stretch(v)
    for p in range(len(PROVINCES)):
        seen = [departure_of(panel, panel.emission, p, t, own=False) for t in range(len(YEARS))]
        left = np.array(seen) - hand_mean(v, panel, p)
        before = np.concatenate([[0.0], left[:-1]])
        regional = v["regional_scale"] * wider * v["by_region"][2:, REGION[p]]
        assert regional == pytest.approx(v["regional_shock"][:, p])
        middle = v["carry_over"] * before + v["year_shock"] + regional
        total += stats.t.logpdf(left, 1 + v["tail"], middle, v["scatter"] * wider).sum()
    return total


def test_emissions_carry_over_and_share_the_shocks_of_a_year(densities, values):
    assert densities["emissions"] == pytest.approx(hand_density(values, some_panel()), rel=1e-6)
    by_region = values["by_region"].copy()
    by_region[2:] = 0
    regional = {"by_region": by_region, "regional_shock": np.zeros_like(values["regional_shock"])}
    for silent in ({"year_shock": np.zeros_like(values["year_shock"])}, regional):
        alone = values | silent
        assert abs(hand_density(alone, some_panel()) - densities["emissions"]) > 0.05


def counted(rng: np.random.Generator, misread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A truth (group, time) that lasts, and two counts of it with errors of a size by group that have heavy tails."""
    times = np.arange(13)
    root = np.linalg.cholesky(emissions.LASTING ** np.abs(np.subtract.outer(times, times)))
    truth = 0.12 * rng.normal(size=(len(misread), 13)) @ root.T
    return truth, truth + misread[:, None] * rng.standard_t(2, (2, *truth.shape))


def test_coal_is_told_without_dilution_where_misreadings_have_heavy_tails():
    """The truth moves one to one with what is told, and much less with one count, also from year to year."""
    rng, slopes = np.random.default_rng(1), []
    for _ in range(20):
        truth, counts = counted(rng, np.exp(rng.normal(np.log(0.03), 0.8, 30)))
        told = emissions.truth_of(counts, emissions.LASTING, emissions.MISREAD)
        for lag in (0.0, 0.8):
            seen, true, first = (x[:, 1:] - lag * x[:, :-1] for x in (told, truth, counts[0]))
            slopes.append([(seen * true).sum() / (seen**2).sum(), (first * true).sum() / (first**2).sum()])
    levels, changes = np.mean(slopes[::2], axis=0), np.mean(slopes[1::2], axis=0)
    assert levels[0] == pytest.approx(1, abs=0.03)
    assert changes[0] == pytest.approx(1, abs=0.08)
    assert levels[1] < 0.85
    assert changes[1] < 0.7


def test_a_reading_on_which_the_counts_disagree_is_shrunk_more():
    truth, counts = counted(np.random.default_rng(2), np.full(30, 0.01))
    counts[0, 3, 6] = truth[3, 6] + 0.5
    told = emissions.truth_of(counts, emissions.LASTING, emissions.MISREAD)
    assert abs(told[3, 6] - truth[3, 6]) < 0.1
    assert np.abs(told - truth)[np.arange(30) != 3].max() < 0.1
    alone = emissions.truth_of(counts, emissions.LASTING, emissions.MISREAD, telling=(0,))
    swapped = counts.copy()
    swapped[1, 5] += 0.3
    assert emissions.truth_of(swapped, emissions.LASTING, emissions.MISREAD, (0,))[4] == pytest.approx(alone[4])
    # the second count moves what is told from the first only by how far it is trusted
    assert (
        np.abs(emissions.truth_of(swapped, emissions.LASTING, emissions.MISREAD, (0,))[5]).sum()
        < np.abs(alone[5]).sum()
    )
    silent = counts.copy()
    silent[0, 7] = 0
    assert emissions.truth_of(silent, emissions.LASTING, emissions.MISREAD, (0,))[7] == pytest.approx(0)


def test_lasting_is_what_the_two_counts_of_the_table_share():
    panel = registry.load("energy_emissions")
    first, again = (
        np.array([[departure_of(panel, name, p, t) for t in range(len(YEARS))] for p in range(len(PROVINCES))])
        for name in ("coal", "coal_again")
    )
    first, again = (x - x.mean(axis=0) for x in (first, again))
    across = [(x[:, 1:] * y[:, :-1]).sum() / (x * y)[:, 1:].sum() for x, y in ((first, again), (again, first))]
    assert np.mean(across) == pytest.approx(emissions.LASTING, abs=0.05)


def test_what_all_provinces_share_in_a_year_is_told_whole():
    panel = registry.load("energy_emissions")
    bent = {name: panel.values[name].copy() for name in ("coal", "coal_again")}
    for value in bent.values():
        value[:, -1] -= 0.3
    moved = emissions.coal_told(replace(panel, values=panel.values | bent)) - emissions.coal_told(panel)
    assert moved[:, -1] == pytest.approx(-0.3)
    assert moved[:, :-1] == pytest.approx(0, abs=1e-12)


def test_coal_of_made_up_records_moves_one_to_one_with_what_is_told_of_it():
    panel, slopes = registry.load("energy_emissions"), []
    mean, slope = emissions.lines(panel.values["coal"])
    truth = (panel.values["coal"] - mean - slope * TIME)[:, : len(YEARS)]
    own = (slope - slope.mean())[:, 0]
    for seed in range(10):
        along, told = emissions.parted(emissions.TOYS["toy"](panel, np.random.default_rng(seed)))
        read, row = told["coal"][:, : len(YEARS)], [(own @ along["coal"]) / (along["coal"] @ along["coal"])]
        for lag in (0.0, 0.8):
            true, seen = (np.diff(x, axis=1) + (1 - lag) * x[:, :-1] for x in (truth, read))
            row.append((true * seen).sum() / (seen**2).sum())
        slopes.append(row)
    assert np.mean(slopes, axis=0) == pytest.approx(1, abs=0.04)


def test_coal_of_ceads_is_told_from_the_yearbook_alone():
    panel = registry.load("energy_emissions")
    both, alone = (emissions.parted(replace(panel, emission=name))[1]["coal"] for name in ("so2", "ceads"))
    p, t = PROVINCES.index("Qinghai"), YEARS.index(2003)
    assert panel.values["coal"][p, t] < panel.values["coal"][p].mean()
    assert both[p, t] > alone[p, t]


CHANGED = [{"own": 0.0}, {"emission": "dust"}, {"emission": "edgar"}]


@pytest.mark.parametrize("more", CHANGED)
def test_variants_are_the_same_model_with_other_data(point, more):
    other = some_panel(seed=2, **more)
    model = with_data(emissions.build(some_panel()), emissions.data(other))
    expected = hand_density(values_at(model, point), other)
    assert densities_at(model, point)["emissions"] == pytest.approx(expected, rel=1e-6)


def test_priors_of_what_is_left_out_are_standard(point):
    model = with_data(emissions.build(some_panel()), emissions.data(some_panel(emission="edgar", own=0.0)))
    found, v = densities_at(model, point), values_at(model, point)
    assert found["apart"] == pytest.approx(zero_sum_each(v["apart"], [1, v["province_scale"][0], 1, 1, 1]))
    assert found["trend"] == pytest.approx(stats.norm.logpdf(v["trend"]).sum())


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
    again = tables.load("energy_coal_year").set_index(["area", "year"]).co2
    assert panel.values["coal_again"][p, t] == pytest.approx(math.log(again["Hebei", 2013]))
    parts = mix.loc[("Hebei", 2013), ["coal", "oil", "gas", "electricity", "heat"]]
    assert panel.values["coal_share"][p, t] == pytest.approx(parts["coal"] / parts.sum())


def test_a_gap_is_named():
    book, *others = map(tables.load, emissions.TABLES)
    gap = book[(book.province != "Hebei") | (book.year != 2009)]
    with pytest.raises(BookError, match="lack Hebei in 2009: expected every year from 2003 to 2017; complete the rows"):
        emissions.panel(gap, *others)


QUIET = {
    "scatter": 0.0,
    "year_scale": 0.0,
    "regional_scale": 0.0,
    "step_scale": 0.0,
    "province": 0.0,
    "trend_scale": 0.0,
}
QUIET |= {"misread": 0.0, "share_slope": 0.0, "step": (0.0, 0.0), "trend": 0.0}


def test_simulate_puts_the_elasticities_in():
    truth = {"elasticity": np.array([0.2, 0.1]), "over_years": np.array([0.5, 0.3, 0.0])}
    made = emissions.simulate(QUIET | truth, np.random.default_rng(1), some_panel())
    arrays = emissions.data(made)
    trend = 0.5 * arrays["slopes"][0] + 0.3 * arrays["slopes"][1]
    expected = 0.2 * arrays["design"][2] + 0.1 * arrays["design"][3] + TIME[: len(YEARS), None] * trend
    assert arrays["seen"] == pytest.approx(expected, abs=0.01)
    assert made.values["coal"] == pytest.approx(made.values["coal_again"])
    without = emissions.TOYS["toy-no-link"](some_panel(), np.random.default_rng(1)).truth
    assert without["elasticity"][0].mean() == pytest.approx(0)
    assert without["over_years"][0] == 0


def test_simulate_gives_all_provinces_the_same_shock_and_a_region_its_own():
    silent = QUIET | {"elasticity": np.zeros(2), "over_years": np.zeros(3), "carry_over": 0.0}
    made = emissions.simulate(silent | {"year_scale": 0.1}, np.random.default_rng(1), some_panel())
    left = emissions.data(made)["seen"]
    assert left == pytest.approx(np.tile(left[:, :1], (1, len(PROVINCES))))
    assert left[:, 0].std() == pytest.approx(0.1, rel=0.5)
    made = emissions.simulate(silent | {"regional_scale": 0.1}, np.random.default_rng(1), some_panel())
    slopes = emissions.data(made)["seen"].T[[PROVINCES.index(name) for name in ("Beijing", "Hebei", "Jilin")]]
    assert slopes[0] == pytest.approx(slopes[1])
    assert abs(slopes[0] - slopes[2]).max() > 0.05


SIZE = (2, 200)


@pytest.fixture
def fit() -> SimpleNamespace:
    elasticity = np.zeros((*SIZE, 2, len(PROVINCES)))
    elasticity[:, :, 0] = 0.5
    elasticity[:, :, 0, PROVINCES.index("Hebei")] = 0.8
    full = {
        "elasticity": (elasticity, ("driver", "province")),
        "over_years": (np.broadcast_to([0.6, 0.0, 0.0], (*SIZE, 3)), ("part",)),
        "step_mean": (np.full((*SIZE, 2), math.log(0.5)), ("break",)),
        "apart": (np.zeros((*SIZE, 5, len(PROVINCES))), ("term", "province")),
        "own_trend": (np.zeros((*SIZE, len(PROVINCES))), ("province",)),
        "year_shock": (np.zeros((*SIZE, len(YEARS))), ("year",)),
        "regional_shock": (np.zeros((*SIZE, len(YEARS), len(PROVINCES))), ("year", "province")),
        "region_scale": (np.full((*SIZE, 2), 0.1), ("driver",)),
        "province_scale": (np.full((*SIZE, 2), 0.1), ("driver",)),
    }
    alike = {"level_mean": 0.0, "share_slope": 0.2, "carry_over": 0.5}
    alike |= {"scatter": 0.05, "year_scale": 0.1, "regional_scale": 0.05, "tail": 3.0}
    full |= {name: (np.full(SIZE, value), ()) for name, value in alike.items()}
    parameters = xr.Dataset({name: (("chain", "draw", *dims), value) for name, (value, dims) in full.items()})
    return SimpleNamespace(
        parameters=parameters, panel=registry.load("energy_emissions"), variant="", name="energy_emissions", seed=3
    )


def test_findings_by_hand(fit):
    found = {finding.id: finding for finding in said.findings(fit)}
    assert found["energy.emissions.elasticity.so2"].mean == pytest.approx(0.51)
    assert found["energy.emissions.elasticity.so2.bth"].mean == pytest.approx(0.6)
    assert found["energy.emissions.over-years.so2"].mean == pytest.approx(0.6)
    near, whole, far = (found[f"energy.emissions.reliability.years{end}"].mean for end in (".near", "", ".far"))
    assert far < 60 < whole < near < 100
    assert found["energy.emissions.share-slope.so2"].mean == pytest.approx(100 * math.expm1(0.02))
    assert found["energy.emissions.year-shock.so2"].mean == pytest.approx(10)
    table = tables.load("energy_province_year").set_index(["province", "year"])
    row, first, last = (table.loc[("Hebei", year)] for year in (2015, 2013, 2017))
    assert found["energy.emissions.per-tonne.so2.hebei"].mean == pytest.approx(0.8 * row.so2 / row.coal)
    assert found["energy.emissions.break.so2.2011"].mean == pytest.approx(-50)
    told = found["energy.emissions.hebei.so2.span.coal.told"].mean
    again = tables.load("energy_coal_year").set_index(["area", "year"]).co2
    assert 100 * (last.coal / first.coal - 1) + 0.5 < told < 100 * (again["Hebei", 2017] / again["Hebei", 2013] - 1)
    for end, elasticity in (("", 0.8), (".over-years", 0.6)):
        with_coal = 100 * ((1 + told / 100) ** elasticity - 1)
        assert found[f"energy.emissions.hebei.so2.with-coal{end}"].mean == pytest.approx(with_coal, abs=0.1)
    early, late = (table.loc[("Beijing", year)] for year in (2005, 2015))
    assert found["energy.emissions.beijing.so2.span"].mean == pytest.approx(100 * (late.so2 / early.so2 - 1), abs=0.05)
    assert found["energy.emissions.hebei.so2.change"].mean == pytest.approx(100 * (last.so2 / first.so2 - 1), abs=0.05)
    assert found["energy.emissions.hebei.so2.change.from-2015"].mean == pytest.approx(
        100 * (last.so2 / row.so2 - 1), abs=0.05
    )
    fell = sum(table.dust[province, 2014] < table.dust[province, 2013] for province in PROVINCES)
    assert found["energy.emissions.fell.dust.2014"].value_text == f"{fell}\N{NO-BREAK SPACE}of 30"


def test_findings_of_another_emission_end_in_its_name(fit):
    fit.panel, fit.variant = registry.load("energy_emissions", "ceads"), "ceads"
    found = {finding.id: finding for finding in said.findings(fit)}
    assert all(id.endswith("@ceads") for id in found)
    table = tables.load("energy_province_year").set_index(["province", "year"]).loc[("Hebei", 2015)]
    per_tonne = found["energy.emissions.per-tonne.ceads.hebei@ceads"]
    assert per_tonne.mean == pytest.approx(0.8 * table.co2_ceads / table.coal)
    assert not [id for id in found if ".break." in id or "so2" in id]


def test_what_lies_beyond_the_fit_is_observed_less_predicted(fit):
    """Figures that step down by a half in 2016 and stay there, after a departure of 2015 that fades."""
    fit.parameters["year_scale"] = fit.parameters["year_scale"] * 0
    draws = said._some_draws(fit)
    lasting = np.array([0.0] * (len(YEARS) - 1) + [0.4, 0.2, 0.1])
    step = math.log(0.5) * (np.array(ALL_YEARS) >= 2016)
    figures = emissions.expected(fit.panel, draws)[0, 0] + lasting + step
    # what `centred` takes out: mean and slope over the years of the fit
    mean, slope = emissions.lines(figures)
    line = mean + slope.mean() * TIME
    fit.panel.values["so2"] = figures
    beyond = said.beyond(fit, draws)
    shift = line.mean(axis=0)
    expected = step[-2] - shift[-2] + 0.5 * shift[-3]
    assert beyond[2016] == pytest.approx(expected)
    assert beyond[2016] + beyond[2017] == pytest.approx(step[-1] - shift[-1] + 0.25 * shift[-3])


def test_own_data_remove_nothing_where_provinces_scatter_as_their_prior(fit):
    rng = np.random.default_rng(5)
    shape = (2, 4000)
    region = 0.1 * rng.normal(size=(*shape, 2, len(REGIONS)))
    region -= region.mean(axis=-1, keepdims=True)
    province = 0.1 * rng.normal(size=(*shape, 2, len(PROVINCES)))
    province -= province.mean(axis=-1, keepdims=True)
    draws = {"region_scale": np.full((*shape, 2), 0.1), "province_scale": np.full((*shape, 2), 0.1)}
    for times, removed, within in ((1, 0, 8), (0.5, 75, 2)):
        say = Scribe((), "", fit)
        said._say_own_data(say, fit, draws | {"elasticity": times * (region[..., REGION] + province)})
        assert [finding.mean for finding in say.made] == pytest.approx([removed], abs=within)


def test_figures_drawn_anew_scatter_around_what_is_expected(fit):
    draws = said._some_draws(fit)
    assert draws["scatter"].shape == (2, 200)
    shock, own = said.drawn_anew(draws, np.random.default_rng(1))
    assert shock.std() == pytest.approx(math.hypot(0.1, 0.05 * math.sqrt(6 / 7)), rel=0.05)
    assert own.std() == pytest.approx(0.05 * math.sqrt(2), rel=0.05)
    shock, _ = said.drawn_anew(draws | {"year_scale": 0 * draws["year_scale"]}, np.random.default_rng(1))
    assert shock.std() == pytest.approx(0.05 * math.sqrt(6 / 7), rel=0.05)


def test_innovations_are_what_carrying_over_adds(fit):
    draws = said._some_draws(fit)
    new = np.random.default_rng(2).normal(size=(len(PROVINCES), len(YEARS)))
    figures = emissions.expected(fit.panel, draws)[0, 0]
    figures[:, : len(YEARS)] += emissions._carried(new, draws["carry_over"][0, 0])
    fit.panel.values["so2"] = figures
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
    silent = QUIET | {"elasticity": np.zeros(2), "over_years": np.zeros(3), "carry_over": 0.5}
    truth = silent | {"year_scale": 0.1, "scatter": 0.05, "tail": 4.0}
    panel = emissions.simulate(truth, np.random.default_rng(6), registry.load("energy_emissions"))
    for name in ("elasticity", "over_years", "step_mean", "share_slope", "regional_scale"):
        fit.parameters[name] = fit.parameters[name] * 0.0
    fit.panel = replace(panel, truth=None)
    for known, apart in ((1.0, False), (0.0, True)):
        fit.parameters["year_scale"] = fit.parameters["year_scale"] * known
        say = Scribe((), "energy.emissions.", fit)
        said._say_departures(say, fit)
        found = {finding.id: finding for finding in say.made}
        seen, anew = (found[f"energy.emissions.check.together.so2{end}"] for end in ("", ".anew"))
        assert (seen.mean > anew.draws.max()) == apart


def test_findings_of_variants_say_what_their_model_has(fit):
    fit.panel, fit.variant = registry.load("energy_emissions", "without-own-trends"), "without-own-trends"
    found = {finding.id for finding in said.findings(fit)}
    assert "energy.emissions.elasticity.so2@without-own-trends" in found
    assert not [id for id in found if ".over-years." in id]
