"""The decline curves against a computation by hand, and what is derived from their draws."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from pytensor.compile.mode import Mode
from scipy import stats

from jingjinji import tables
from jingjinji.errors import BookError
from jingjinji.models import energy_phase_out as phase
from jingjinji.models.energy_phase_out import NAMES, Panel

PLAIN = Mode(linker="py", optimizer=None)


def some_panel(**more) -> Panel:
    """Three years of each unit; Beijing has a second figure in its last year."""
    rows = []
    for k, unit in enumerate(NAMES):
        for year, value in ((1990, 100.0), (1994, 90.0 - k), (2001, 40.0 + k)):
            rows.append((unit, year + k, value, 0.5))
    rows.append(("beijing", 2001 + NAMES.index("beijing"), 47.0, 0.05))
    return Panel(pd.DataFrame(rows, columns=["unit", "year", "value", "half_step"]), **more)


@pytest.fixture(scope="module")
def model() -> pm.Model:
    return phase.build(some_panel())


@pytest.fixture(scope="module")
def point(model) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {name: value + 0.2 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}


def evaluated(model, point) -> tuple[dict, dict]:
    variables = [*model.free_RVs, *model.deterministics]
    values = model.compile_fn(model.replace_rvs_by_values(variables), mode=PLAIN)(point)
    terms = model.compile_fn(model.logp(sum=False, jacobian=False), mode=PLAIN)(point)
    return (
        dict(zip([variable.name for variable in variables], values, strict=True)),
        {variable.name: float(np.sum(term)) for variable, term in zip(model.basic_RVs, terms, strict=True)},
    )


@pytest.fixture(scope="module")
def values(model, point) -> dict[str, np.ndarray]:
    return evaluated(model, point)[0]


@pytest.fixture(scope="module")
def densities(model, point) -> dict[str, float]:
    return evaluated(model, point)[1]


SEEN = np.array([1, 1, 1, 1, 1, 0, 0])


def late(v: dict) -> np.ndarray:
    """Years from the start until three per cent are left."""
    tenth, bend = np.exp(v["log_tenth"]), np.exp(v["log_bend"] + SEEN * v["log_tenth"])
    return tenth * np.log1p(math.log10(100 / 3) * np.expm1(bend)) / bend


PRIORS = {
    "tenth_mean": lambda v: stats.norm.logpdf(v["tenth_mean"], math.log(40), 0.7),
    "tenth_scale": lambda v: stats.lognorm.logpdf(v["tenth_scale"], 0.4, scale=0.5),
    "log_tenth": lambda v: stats.norm.logpdf(v["log_tenth"], v["tenth_mean"], v["tenth_scale"]).sum(),
    "bend_mean": lambda v: stats.norm.logpdf(v["bend_mean"], math.log(3), 0.4),
    "log_bend": lambda v: stats.norm.logpdf(v["log_bend"] + SEEN * v["log_tenth"], v["bend_mean"], 0.25).sum(),
    "start": lambda v: stats.norm.logpdf(v["start"] - SEEN * late(v)).sum(),
    "level": lambda v: stats.norm.logpdf(v["level"], 0, 0.1).sum(),
    "scatter": lambda v: stats.lognorm.logpdf(v["scatter"], 0.5, scale=0.06).sum(),
    "memory": lambda v: stats.lognorm.logpdf(v["memory"], 0.5, scale=4),
    "disagreement": lambda v: stats.lognorm.logpdf(v["disagreement"], 0.5, scale=0.01),
    "error": lambda v: stats.norm.logpdf(v["error"]).sum(),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(PRIORS[name](values)), rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "figures", "figures_again"}


def hand_curve(v: dict, unit: str, elapsed: float, logistic: bool = False) -> float:
    k = NAMES.index(unit)
    tenth = math.exp(v["log_tenth"][k])
    bend = math.exp(v["log_bend"][k] + SEEN[k] * v["log_tenth"][k])
    since = math.log1p(math.exp(elapsed - (v["start"][k] - SEEN[k] * late(v)[k])))
    odds = (math.exp(bend * since / tenth) - 1) / (math.exp(bend) - 1)
    left = 1 / (1 + 9 * odds) if logistic else 10**-odds
    return v["level"][k] + math.log(left + 1e-4)


def hand_figures(v: dict, panel: Panel, logistic: bool = False) -> tuple[float, float]:
    """Log densities of first and of further figures."""
    first_total, again_total, before = 0.0, 0.0, {}
    place = {(row.unit, row.year): k for k, row in enumerate(phase.points(panel).itertuples())}
    for unit in NAMES:
        rows = panel.rows[panel.rows.unit == unit].sort_values("year", kind="stable")
        start, scatter = rows.year.iloc[0], float(v["scatter"][1 if unit in ("beijing", "tianjin", "hebei") else 0])
        for row in rows.itertuples():
            k = place[unit, row.year]
            sd = math.hypot(row.half_step / row.value / math.sqrt(3), v["disagreement"])
            seen = math.log(row.value / rows.value.iloc[0])
            if (unit, row.year) in before:
                again_total += stats.norm.logpdf(seen, before[unit, row.year], sd)
                continue
            error = sd * v["error"][k]
            departure = seen - error - hand_curve(v, unit, row.year - start, logistic)
            earlier = [year for year in rows.year.unique() if year < row.year]
            correlation = math.exp(-(row.year - earlier[-1]) / v["memory"]) if earlier else 0.0
            mean = correlation * before["departure", unit] if earlier else 0.0
            first_total += stats.norm.logpdf(departure, mean, scatter * math.sqrt(1 - correlation**2))
            before["departure", unit], before[unit, row.year] = departure, seen - error
    return first_total, again_total


def test_figures_follow_the_curve_with_fading_departures(densities, values):
    first, again = hand_figures(values, some_panel())
    assert densities["figures"] == pytest.approx(first, rel=1e-6)
    assert densities["figures_again"] == pytest.approx(again, rel=1e-6)


def test_a_logistic_curve_is_the_same_model_with_other_data(point):
    model = phase.build(some_panel())
    with model:
        pm.set_data(phase.data(some_panel(logistic=1.0)))
    values, densities = evaluated(model, point)
    assert densities["figures"] == pytest.approx(hand_figures(values, some_panel(), logistic=True)[0], rel=1e-6)


def test_units_left_out_say_nothing(point):
    model = phase.build(some_panel(left_out=("hebei", "beijing")))
    base = evaluated(model, point)[1]
    moved = some_panel(left_out=("hebei", "beijing"))
    scale = np.where(moved.rows.unit.isin(("hebei", "beijing")) & (moved.rows.year > 2000), 0.3, 1.0)
    with model:
        pm.set_data(phase.data(Panel(moved.rows.assign(value=moved.rows.value * scale), left_out=moved.left_out)))
    assert evaluated(model, point)[1]["figures"] == pytest.approx(base["figures"], rel=1e-9)


def test_half_and_tenth_lie_on_the_curve():
    tenth, bend = np.array([50.0, 14.0]), np.array([2.5, 4.0])
    for logistic in (0.0, 1.0):
        half = phase.half_time(tenth, bend, logistic)
        assert phase.gone(half, tenth, bend, logistic) == pytest.approx(math.log(2), rel=0.01)
        assert phase.gone(tenth, tenth, bend, logistic) == pytest.approx(math.log(10), rel=0.01)


def test_the_panel_starts_at_the_largest_figure_of_each_unit():
    panel = phase.load()
    table = tables.load("coal_phase_out")
    for unit, (area, series) in phase.UNITS.items():
        mine, all_rows = panel.rows[panel.rows.unit == unit], table[(table.area == area) & (table.series == series)]
        assert mine.value.max() == all_rows.value.max()
        assert mine.year.min() == all_rows.year[all_rows.value.idxmax()]
    assert phase.peaks(panel).loc["hebei", "year"] == 2013


def test_a_series_without_years_is_named(monkeypatch):
    table = tables.load("coal_phase_out").query("area != 'Tianjin' or year < 1992")
    monkeypatch.setattr(phase.tables, "load", lambda name: table)
    with pytest.raises(BookError, match="has 2 years of coal consumption of Tianjin: expected at least 3"):
        phase.load()


def test_unknown_variant():
    with pytest.raises(BookError, match="no variant 'weibull': expected one of toy, toy-hebei-flat, logistic"):
        phase.load("weibull")


def test_simulated_figures_lie_on_their_curve_and_a_flat_unit_stays():
    quiet = {"scatter": {"mining": 0.0, "consumption": 0.0}, "disagreement": 0.0, "flat": ("hebei",)}
    made = phase.simulate(quiet, np.random.default_rng(1))
    rows = made.rows[made.rows.unit == "beijing"]
    since = rows.year.to_numpy() - rows.year.min()
    tenth = phase.TRUTH["tenth"]["beijing"]
    expected = np.exp(-phase.gone(since, tenth, phase.TRUTH["bend"]))
    assert rows.value.to_numpy() == pytest.approx(phase.peaks(phase.load()).value["beijing"] * expected)
    assert made.rows[made.rows.unit == "hebei"].value.nunique() == 1
    assert phase.load("toy").rows.value.tolist() == phase.load("toy").rows.value.tolist()


@pytest.fixture
def fit() -> SimpleNamespace:
    """Draws that know everything: half in ten years for Beijing, a straight start in the peak year."""
    panel, shape = phase.load(), (2, 50)
    tenth = np.array([50.0, 45.0, 50.0, 45.0, 14.0, 25.0, 40.0])
    seen = phase.seen(panel)
    full = {
        "tenth_mean": np.full(shape, 3.5),
        "tenth_scale": np.full(shape, 0.5),
        "log_tenth": np.broadcast_to(np.log(tenth), (*shape, 7)),
        "bend_mean": np.full(shape, math.log(2.5)),
        "log_bend": np.broadcast_to(math.log(2.5) - seen * np.log(tenth), (*shape, 7)),
        "start": np.broadcast_to(seen * phase.anchor(tenth, 2.5), (*shape, 7)),
        "level": np.zeros((*shape, 7)),
        "scatter": np.full((*shape, 2), 0.05),
        "memory": np.full(shape, 4.0),
        "disagreement": np.full(shape, 0.01),
        "error": np.zeros((*shape, len(phase.points(panel)))),
    }
    dims = {"log_tenth": ("unit",), "log_bend": ("unit",), "start": ("unit",), "level": ("unit",)}
    dims |= {"scatter": ("kind",), "error": ("point",)}
    parameters = xr.Dataset({k: (("chain", "draw", *dims.get(k, ())), v) for k, v in full.items()})
    return SimpleNamespace(parameters=parameters, panel=panel, variant="", name="energy_phase_out", seed=1)


def test_findings_by_hand(fit):
    found = {finding.id: finding for finding in phase.findings(fit)}
    assert found["energy.beijing.tenth-time"].mean == pytest.approx(14)
    half = 14 * math.log1p(math.log10(2) * math.expm1(2.5)) / 2.5
    assert found["energy.beijing.half-time"].mean == pytest.approx(half)
    assert found["energy.hebei.path.beijing.tenth-year"].mean == pytest.approx(2013 + 14)
    assert found["energy.hebei.path.own.tenth-year"].mean == pytest.approx(2013 + 40)
    assert found["energy.hebei.slower-than-beijing"].mean == 1
    assert found["energy.hebei.slower-than-ruhr"].mean == 0
    plateau = phase.peaks(fit.panel).value["hebei"]
    assert found["energy.hebei.path.beijing.2017"].mean == pytest.approx(
        plateau * (math.exp(-phase.gone(4.0, 14.0, 2.5)) + phase.LEAST), rel=1e-6
    )
    assert found["energy.phase.check.figures"].mean == len(fit.panel.rows)
    assert found["energy.claims.ruhr.output.claimed"].mean == -90


def test_replicates_scatter_as_the_model_says(fit):
    drawn = np.log(phase.replicates(fit))
    assert drawn.shape == (100, len(fit.panel.rows))
    rows = fit.panel.rows.reset_index(drop=True)
    first = rows.index[(rows.unit == "hebei") & (rows.year == 2013)][0]
    assert drawn[:, first].std() == pytest.approx(math.hypot(0.05, 0.01), rel=0.25)


def test_findings_without_the_german_series_say_nothing_of_them(fit):
    fit.panel, fit.variant = phase.load("without-germany"), "without-germany"
    found = {finding.id for finding in phase.findings(fit)}
    assert "energy.hebei.half-time@without-germany" in found
    assert not [id for id in found if ".ruhr" in id or ".germany" in id]
