"""The model of water quality: panel, errors, and its log density against a computation by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pymc as pm
import pytensor
import pytest
from densities import some_point, values_at
from scipy import stats

from jingjinji.errors import BookError
from jingjinji.models import april, miyun

PLAIN = "FAST_COMPILE"


def some_weeks() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two sections, three weeks with one gap; phosphorus below its limit in one week."""
    days = pd.to_datetime(["2020-05-04", "2020-05-11", "2020-05-25"])
    weeks = pd.DataFrame({"section": np.repeat(["a", "b"], 3), "week": [*days, *days]})
    for name, value in zip(miyun.POLLUTANTS, (3.0, 0.2, 0.05, 2.0), strict=True):
        weeks[name] = value * np.array([1, 1.2, 0.9, 1.5, 1.4, 1.1])
        weeks[f"{name}_below"] = False
    weeks.loc[1, "tp"], weeks.loc[1, "tp_below"] = np.nan, True
    places = pd.DataFrame({"section": ["a", "b"], "basin": ["Hai", "Yangtze"]})
    return weeks, places


@pytest.fixture(scope="module")
def panel() -> miyun.Panel:
    return miyun.panel_of(*some_weeks())


def test_the_tail_is_students():
    value = np.array([-1e4, -50.0, -3.0, -0.1, 0.0, 0.1, 3.0, 40.0])
    found = pytensor.function([], miyun.log_tail(pytensor.tensor.constant(value)), mode=PLAIN)()
    assert found == pytest.approx(stats.t(4).logcdf(value), abs=1e-9)


def test_gaps_and_neighbours(panel):
    made, rows = miyun.data(panel), panel.rows
    of_a = (rows.section == 0) & (rows.pollutant == 0)
    assert made["gap"][of_a].tolist() == [0, 1, 2]
    phosphorus = np.flatnonzero((rows.section == 0) & (rows.pollutant == 2))
    assert made["gap"][phosphorus].tolist() == [0, 1, 3]
    nitrogen = np.flatnonzero((rows.section == 0) & (rows.pollutant == 3))
    assert made["beside"][nitrogen].tolist() == [[1, 1, 1], [1, 1, 0], [1, 1, 1]]
    assert (rows.pollutant.to_numpy()[made["other"][nitrogen]] == [[0, 1, 2]] * 3).all()


@pytest.mark.filterwarnings("ignore:PyTensor could not link to a BLAS")
def test_the_density_by_hand(panel):
    model = miyun.build(panel)
    rng = np.random.default_rng(3)
    point = {name: value + 0.1 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}
    variables = model.free_RVs
    values = model.compile_fn(model.replace_rvs_by_values(variables), mode=PLAIN)(point)
    known = dict(zip([variable.name for variable in variables], values, strict=True))
    terms = model.compile_fn(model.logp(sum=False, jacobian=False), mode=PLAIN)(point)
    term = terms[[variable.name for variable in model.basic_RVs].index("medians")]
    made, rows = miyun.data(panel), panel.rows
    new = np.zeros(len(rows))
    expected = np.zeros(len(rows))
    departure = np.array([
        made["log"][i] - known["section_level"][s, k] - known["season_section"][s, k] @ made["waves"][i]
        for i, (s, k) in enumerate(zip(rows.section, rows.pollutant, strict=True))
    ])  # fmt: skip
    for i, (s, k) in enumerate(zip(rows.section, rows.pollutant, strict=True)):
        past = known["memory"][k] ** made["gap"][i] * departure[made["before"][i]] if made["gap"][i] else 0.0
        new[i] = departure[i] - past
        left = new[i] - sum(known["lean"][k, j] * made["beside"][i, j] * new[made["other"][i, j]] for j in range(3))
        memory, gap = known["memory"][k], made["gap"][i]
        weeks = sum(memory ** (2 * week) for week in range(int(gap))) if gap else 1 / (1 - memory**2)
        student = stats.t(4, scale=np.exp(known["log_scatter"][s, k]) * np.sqrt(weeks))
        expected[i] = student.logcdf(left) if made["below"][i] else student.logpdf(left)
    assert term == pytest.approx(expected)


def test_after_a_gap_more_is_new():
    memory, rng = 0.7, np.random.default_rng(1)
    path = np.zeros((4, 40000))
    path[0] = rng.normal(size=40000) / np.sqrt(1 - memory**2)
    for week in range(1, 4):
        path[week] = memory * path[week - 1] + rng.normal(size=40000)
    assert miyun.fresh(memory, np.array(0)) == pytest.approx(path[0].std(), rel=0.02)
    assert miyun.fresh(memory, np.array(1)) == pytest.approx(1)
    assert miyun.fresh(memory, np.array(3)) == pytest.approx((path[3] - memory**3 * path[0]).std(), rel=0.02)


def test_bad_tables_are_refused():
    weeks, places = some_weeks()
    with pytest.raises(BookError, match=r"section a in two rows \(basins Hai, Pearl\)"):
        miyun.panel_of(weeks, pd.concat([places, pd.DataFrame({"section": ["a"], "basin": ["Pearl"]})]))
    with pytest.raises(BookError, match="codmn below zero at a in the week of 2020-05-04"):
        miyun.panel_of(weeks.assign(codmn=-1.0), places)
    with pytest.raises(BookError, match="lacks section b"):
        miyun.panel_of(weeks, places[places.section == "a"])
    with pytest.raises(BookError, match="no variant 'x'"):
        miyun.load("x")


def test_synthetic_weeks_are_cut_at_the_limits():
    made = miyun.simulate({}, np.random.default_rng(1))
    floor = np.log([miyun.FLOORS[name] for name in miyun.POLLUTANTS])[made.rows.pollutant]
    assert (made.rows["log"] >= floor).all()
    assert (made.rows["log"][made.rows.below] == floor[made.rows.below]).all()


@pytest.mark.filterwarnings("ignore:PyTensor could not link to a BLAS")
def test_the_density_of_april_by_hand():
    panel = april.load()
    chosen = panel.rows.under > 0
    panel = replace(panel, rows=pd.concat([panel.rows[chosen], panel.rows[~chosen].iloc[::97]], ignore_index=True))
    model = april.build(panel)
    point = some_point(model)
    known = values_at(model, point)
    terms = model.compile_fn(model.logp(sum=False, jacobian=False), mode=PLAIN)(point)
    term = terms[[variable.name for variable in model.basic_RVs].index("sections")]
    expected = []
    for row in panel.rows.itertuples():
        b, a, k = row.basin, row.agreement, row.pollutant
        mean = known["of_basin"][b, k]
        if row.under:
            mean += known["contrast_mean"][k] + known["contrast_scale"] * known["contrast"][b, k]
            mean += known["river_scale"] * known["river"][a, k]
        student = stats.t(4, loc=mean, scale=known["scatter"][k])
        expected.append(row.used * (student.logcdf(row.log) if row.below else student.logpdf(row.log)))
    assert term == pytest.approx(np.array(expected))


def test_sections_of_one_agreement_share_one_river():
    panel = april.load()
    rows = panel.rows[panel.rows.under > 0]
    assert len(rows.drop_duplicates(["basin", "agreement"])) == rows.agreement.nunique() == len(panel.agreements)


def test_april_can_be_drawn_from_its_prior():
    with april.build(april.load()):
        prior = pm.sample_prior_predictive(3, random_seed=1, compile_kwargs={"mode": PLAIN})
    assert np.isfinite(prior["prior"]["contrast_mean"]).all()
