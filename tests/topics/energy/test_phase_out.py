"""The decline curves against a computation by hand, and what is derived from their draws."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from densities import densities_at, values_at, with_data
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.energy import phase_out as phase
from jingjinji.topics.energy import phase_out_findings as phase_findings
from jingjinji.topics.energy.phase_out import NAMES, Panel


def some_panel(**more) -> Panel:
    """Three years of each unit; Beijing has a second figure in its last year, the Ruhr's first is a lower bound."""
    rows = []
    for k, unit in enumerate(NAMES):
        for year, value in ((1990, 100.0), (1994, 90.0 - k), (2001, 40.0 + k)):
            rows.append((unit, year + k, value, 0.5, unit == "ruhr" and year == 1990))
    rows.append(("beijing", 2001 + NAMES.index("beijing"), 47.0, 0.05, False))
    return Panel(pd.DataFrame(rows, columns=phase.COLUMNS), **more)


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return phase.build(some_panel())


LAST_LEFT = np.array([0.4, 0.41, 0.42, 0.43, 0.44])


def with_parts(own: np.ndarray, scale: float, apart: np.ndarray) -> np.ndarray:
    """Germany's output and jobs and Beijing's coal, then the Ruhr's output and jobs around Germany's."""
    return np.concatenate([own, own[:2] + scale * apart])


def bends(v: dict) -> np.ndarray:
    return with_parts(v["own_bend"], v["bend_scale"], v["bend_apart"])


def shifts(v: dict, logistic: bool = False) -> np.ndarray:
    """Logarithm of the years to the last figure's share as parts of the time to a tenth."""
    last_q = (1 / LAST_LEFT - 1) / 9 if logistic else -np.log10(LAST_LEFT)
    return np.log(np.log1p(last_q * np.expm1(bends(v))) / bends(v))


def tenths(v: dict, logistic: bool = False) -> np.ndarray:
    own = v["log_last"] - shifts(v, logistic)[:3]
    return np.exp(with_parts(own, v["tenth_scale"], v["tenth_apart"]))


PRIORS = {
    "own_bend": lambda v: stats.norm.logpdf(v["own_bend"], 2.5, [1.5, 2.1, 1.5]).sum(),
    "log_last": lambda v: stats.norm.logpdf(v["log_last"], math.log(40) + shifts(v)[:3], 0.7).sum(),
    "tenth_scale": lambda v: stats.lognorm.logpdf(v["tenth_scale"], 0.5, scale=0.1),
    "tenth_apart": lambda v: stats.norm.logpdf(v["tenth_apart"]).sum(),
    "bend_scale": lambda v: stats.lognorm.logpdf(v["bend_scale"], 0.5, scale=0.4),
    "bend_apart": lambda v: stats.norm.logpdf(v["bend_apart"]).sum(),
    "level": lambda v: stats.norm.logpdf(v["level"], 0, 0.3).sum(),
    "scatter": lambda v: stats.lognorm.logpdf(v["scatter"], 0.5, scale=0.03).sum(),
    "memory": lambda v: stats.lognorm.logpdf(v["memory"], 0.5, scale=4),
    "disagreement": lambda v: stats.lognorm.logpdf(v["disagreement"], 0.5, scale=0.01),
    "error": lambda v: stats.norm.logpdf(v["error"]).sum(),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(PRIORS[name](values)), rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "figures", "figures_again"}


def hand_root(v: dict, unit: str, elapsed: float, logistic: bool = False) -> float:
    """Square root of what is left of the largest figure on the curve."""
    k = NAMES.index(unit)
    bend = bends(v)[k]
    tenth = tenths(v, logistic)[k]
    odds = (math.exp(bend * elapsed / tenth) - 1) / (math.exp(bend) - 1)
    return math.sqrt(math.exp(v["level"][k]) * (1 / (1 + 9 * odds) if logistic else 10**-odds))


def hand_figures(v: dict, panel: Panel, logistic: bool = False) -> tuple[float, float]:
    """Log densities of first and of further figures."""
    first_total, again_total, before = 0.0, 0.0, {}
    place = {(row.unit, row.year): k for k, row in enumerate(phase.points(panel).itertuples())}
    for unit in NAMES:
        rows = panel.rows[panel.rows.unit == unit].sort_values("year", kind="stable")
        start, scatter = rows.year.iloc[0], float(v["scatter"][1 if unit == "beijing" else 0])
        bounded = False
        for row in rows.itertuples():
            k = place[unit, row.year]
            seen = math.sqrt(row.value / rows.value.iloc[0])
            relative = math.hypot(row.half_step / row.value / math.sqrt(3), v["disagreement"])
            if (unit, row.year) in before:
                root, said = before[unit, row.year]
                again_total += stats.norm.logpdf(seen, root, said / 2 * relative)
                continue
            error = seen / 2 * relative * v["error"][k]
            departure = seen - error - hand_root(v, unit, row.year - start, logistic)
            earlier = [year for year in rows.year.unique() if year < row.year]
            correlation = math.exp(-(row.year - earlier[-1]) / v["memory"]) if earlier and not bounded else 0.0
            mean = correlation * before["departure", unit] if earlier else 0.0
            bounded, likely = row.bounded, stats.norm.logsf if row.bounded else stats.norm.logpdf
            first_total += likely(departure, mean, scatter * math.sqrt(1 - correlation**2))
            before["departure", unit], before[unit, row.year] = departure, (seen - error, seen)
    return first_total, again_total


def test_figures_follow_the_curve_with_fading_departures(densities, values):
    first, again = hand_figures(values, some_panel())
    assert densities["figures"] == pytest.approx(first, rel=1e-6)
    assert densities["figures_again"] == pytest.approx(again, rel=1e-6)


def test_a_logistic_curve_is_the_same_model_with_other_data(point):
    model = with_data(phase.build(some_panel()), phase.data(some_panel(logistic=1.0)))
    expected, _ = hand_figures(values_at(model, point), some_panel(), logistic=True)
    assert densities_at(model, point)["figures"] == pytest.approx(expected, rel=1e-6)


def test_half_and_tenth_lie_on_the_curve():
    tenth, bend = np.array([50.0, 14.0]), np.array([2.5, 4.0])
    for logistic in (0.0, 1.0):
        half = phase_findings.half_time(tenth, bend, logistic)
        assert phase.gone(half, tenth, bend, logistic) == pytest.approx(math.log(2), rel=0.01)
        assert phase.gone(tenth, tenth, bend, logistic) == pytest.approx(math.log(10), rel=0.01)


def test_curves_of_the_ruhr_lie_near_germanys():
    model = phase.build(some_panel())
    names = ("bend", "tenth", "bend_scale", "tenth_scale")
    bend, tenth, *scales = pm.draw([model[name] for name in names], draws=4000, random_seed=1)
    for value, scale in zip((bend, np.log(tenth)), scales, strict=True):
        apart = (value[:, 3:] - value[:, :2]) / scale[:, None]
        assert apart.mean(axis=0) == pytest.approx(0, abs=0.07)
        assert apart.std(axis=0) == pytest.approx(1, abs=0.05)


def test_a_lower_bound_takes_any_larger_plateau(point):
    """A plateau far above a bound costs nothing, one below it does; as a figure both would."""
    panel, k = some_panel(), NAMES.index("ruhr")
    as_bound = phase.data(panel)
    as_figure = phase.data(replace(panel, rows=panel.rows.assign(bounded=False)))
    assert as_bound["gap"][as_bound["unit_index"] == k].tolist() == [phase.FAR, phase.FAR, 7]
    assert as_figure["gap"][as_figure["unit_index"] == k].tolist() == [phase.FAR, 4, 7]
    as_figure |= {"gap": as_bound["gap"]}
    model, gained = phase.build(panel), {}
    for shift in (-1.0, 1.0, 3.0):
        moved = dict(point) | {"level": point["level"] + shift * (np.arange(len(NAMES)) == k)}
        bound, figure = (densities_at(with_data(model, a), moved)["figures"] for a in (as_bound, as_figure))
        gained[shift] = bound - figure
    assert gained[3.0] > gained[1.0] > 10
    assert gained[-1.0] < 10


def test_years_to_a_share_are_interpolated_at_a_steady_rate():
    elapsed = np.array([0.0, 4.0, 10.0])
    figures = np.array([[200.0, 150.0, 50.0], [200.0, 90.0, 80.0], [200.0, 190.0, 180.0]])
    years = phase_findings.years_to(0.5, elapsed, figures)
    assert years[0] == pytest.approx(4 + 6 * math.log(150 / 100) / math.log(150 / 50))
    assert years[1] == pytest.approx(4 * math.log(2) / math.log(200 / 90))
    assert np.isnan(years[2])


def test_half_times_lie_between_the_figures_of_the_table():
    panel = registry.load("energy_phase_out")
    years, after, before = phase_findings.crossing(panel, "beijing", 0.5)
    assert (after, before) == (9, 10)
    assert years == pytest.approx(9 + math.log(17.3654 / 15.34485) / math.log(17.3654 / 11.6509), abs=1e-4)
    assert phase_findings.crossing(panel, "germany", 0.5)[1:] == (23, 33)
    assert np.isnan(phase_findings.crossing(panel, "ruhr", 0.5)[0])
    assert phase_findings.crossing(panel, "ruhr", 0.5)[1:] == (0, 57)


def test_the_panel_starts_at_the_largest_figure_of_each_unit():
    panel = registry.load("energy_phase_out")
    table = tables.load("coal_phase_out")
    for unit, (area, series) in phase.UNITS.items():
        mine, all_rows = panel.rows[panel.rows.unit == unit], table[(table.area == area) & (table.series == series)]
        assert mine.value.max() == all_rows.value.max()
        assert mine.year.min() == all_rows.year[all_rows.value.idxmax()]
    assert phase.peaks(panel).loc["beijing", "year"] == 2005


def test_a_series_without_years_is_named():
    table = tables.load("coal_phase_out").query("area != 'Beijing' or year < 1992")
    with pytest.raises(BookError, match="has 2 years of coal consumption of Beijing: expected at least 3"):
        phase.panel(table)


def test_simulated_figures_lie_on_their_curve():
    quiet = {"scatter": {"mining": 0.0, "consumption": 0.0}, "disagreement": 0.0}
    made = phase.simulate(quiet, np.random.default_rng(1), registry.load("energy_phase_out"))
    rows, k = made.rows[made.rows.unit == "beijing"], NAMES.index("beijing")
    since = rows.year.to_numpy() - rows.year.min()
    left = np.exp(-phase.gone(since, phase.TRUTH["tenth"]["beijing"], made.truth["bends"][k]))
    assert (rows.value / rows.value.iloc[0]).to_numpy() == pytest.approx(left / left[0])


def test_simulated_departures_run_on_and_bends_of_the_ruhr_lie_near_germanys():
    flat = dict.fromkeys(NAMES, 1e4)
    truth = {"scatter": {"mining": 0.04, "consumption": 0.04}, "disagreement": 0.0, "tenth": flat}
    panel = registry.load("energy_phase_out")
    mine, runs, bend = panel.rows.unit == "beijing", [], []
    for seed in range(100):
        made = phase.simulate(truth, np.random.default_rng(seed), panel)
        root = np.sqrt(made.rows.value[mine & (made.rows.year < 2018)].groupby(made.rows.year).mean().to_numpy())
        runs.append(np.corrcoef(root[1:], root[:-1])[0, 1])
        bend.append(made.truth["bends"])
    assert np.mean(runs) > 0.3
    assert np.std(bend, axis=0) == pytest.approx([0, 0, 0, 0.3, 0.3], rel=0.2)
    assert np.mean(bend, axis=0) == pytest.approx([2.5, 1.0, 3.0, 2.5, 1.0], abs=0.1)


@pytest.fixture
def fit() -> SimpleNamespace:
    """Draws that know everything: times, one bend, a straight start in the peak year."""
    panel, shape = registry.load("energy_phase_out"), (2, 50)
    tenth, place = np.array([50.0, 45.0, 14.0, 50.0, 45.0]), phase.data(panel)
    unit = place["unit_index"]
    root = np.exp(-phase.gone(place["elapsed"], tenth[unit], 2.5) / 2)
    full = {
        "tenth": np.broadcast_to(tenth, (*shape, 5)),
        "bend": np.full((*shape, 5), 2.5),
        "level": np.zeros((*shape, 5)),
        "scatter": np.full((*shape, 2), 0.05),
        "memory": np.full(shape, 4.0),
        "disagreement": np.full(shape, 0.01),
        "error": np.zeros((*shape, len(unit))),
        "root": np.broadcast_to(root, (*shape, len(unit))),
    }
    dims = dict.fromkeys(("tenth", "bend", "level"), ("unit",))
    dims |= {"scatter": ("kind",), "error": ("point",), "root": ("point",)}
    parameters = xr.Dataset({k: (("chain", "draw", *dims.get(k, ())), v) for k, v in full.items()})
    return SimpleNamespace(parameters=parameters, panel=panel, variant="", name="energy_phase_out", seed=1)


def test_findings_by_hand(fit):
    found = {finding.id: finding for finding in phase_findings.findings(fit)}
    assert found["energy.beijing.tenth-time"].mean == pytest.approx(14)
    half = 14 * math.log1p(math.log10(2) * math.expm1(2.5)) / 2.5
    assert found["energy.beijing.curve.half-time"].mean == pytest.approx(half)
    assert found["energy.beijing.half-time"].mean == 9.3
    assert found["energy.germany.half-time"].mean == 30.1
    assert found["energy.germany.times-beijing"].mean == 3.2
    assert "energy.ruhr.half-time" not in found
    assert found["energy.phase.check.half-time.of"].mean == 4
    assert found["energy.phase.check.runs.of"].mean == 4


def test_beijing_in_2024_keeps_what_is_left_of_its_departure(fit):
    """Without scatter the departure of 2020 fades over four years and the rest is the curve."""
    fit.parameters["scatter"] = fit.parameters["scatter"] * 0
    fit.parameters["disagreement"] = fit.parameters["disagreement"] * 0
    found = {finding.id: finding for finding in phase_findings.findings(fit)}
    first = phase.peaks(fit.panel).value["beijing"]
    root = {year: math.exp(-phase.gone(year - 2005, 14.0, 2.5) / 2) for year in (2020, 2024)}
    departure = math.sqrt(1.73 / first) - root[2020]
    expected = first * (root[2024] + math.exp(-1) * departure) ** 2
    assert found["energy.beijing.2024"].mean == pytest.approx(expected, rel=1e-6)
    assert found["energy.beijing.2024.under"].mean == float(expected < 0.6)


def test_figures_drawn_anew_scatter_as_the_model_says(fit):
    _, seen, anew = phase_findings.departures(fit)
    place = phase.points(fit.panel)
    assert anew.shape == seen.shape == (100, len(place))
    first = place.index[(place.unit == "beijing") & (place.year == 2005)][0]
    assert anew[:, first].std() == pytest.approx(math.hypot(0.05, 0.005), rel=0.25)
    assert seen[:, first] == pytest.approx(0, abs=0.02)


def test_runs_and_late_halves_fail_their_checks(fit):
    """A curve that bends wrongly leaves runs; one that passes half at another time is seen too."""
    good = fit.panel.rows.copy()
    elapsed = good.year - good.unit.map(phase.peaks(fit.panel).year)
    tenth = good.unit.map(dict(zip(NAMES, (50.0, 45.0, 14.0, 50.0, 45.0), strict=True)))
    rng = np.random.default_rng(3)
    root = np.exp(-phase.gone(elapsed.to_numpy(), tenth.to_numpy(), 2.5) / 2)
    good["value"] = good.unit.map(phase.peaks(fit.panel).value) * (root + 0.01 * rng.normal(size=len(root))) ** 2
    fit.panel = replace(fit.panel, rows=good)
    fit.parameters["scatter"] = fit.parameters["scatter"] * 0.2
    assert phase_findings.tails(fit)["half-time"].dropna().between(0.03, 0.97).sum() >= 3
    slow = np.exp(-phase.gone(elapsed.to_numpy(), tenth.to_numpy(), 0.2) / 2)
    fit.panel = replace(fit.panel, rows=good.assign(value=good.unit.map(phase.peaks(fit.panel).value) * slow**2))
    bad = phase_findings.tails(fit)
    assert not bad["half-time"].dropna().between(0.03, 0.97).any()
    assert bad.runs["germany"] > 0.97
