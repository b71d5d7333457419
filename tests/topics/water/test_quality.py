"""The model of water quality: panel, errors, and its log density against a computation by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytensor
import pytest
import xarray as xr
from densities import some_point, values_at
from scipy import stats

from jingjinji.core import registry
from jingjinji.core.errors import BookError
from jingjinji.topics.water import april, april_findings, quality, quality_findings

PLAIN = "FAST_COMPILE"
SEASON = ("own_season", "season_basin", "season_scale")


def some_weeks() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two sections, three weeks with one gap; phosphorus below its limit in one week."""
    days = pd.to_datetime(["2020-05-04", "2020-05-11", "2020-05-25"])
    weeks = pd.DataFrame({"section": np.repeat(["a", "b"], 3), "week": [*days, *days]})
    for name, value in zip(quality.POLLUTANTS, (3.0, 0.2, 0.05, 2.0), strict=True):
        weeks[name] = value * np.array([1, 1.2, 0.9, 1.5, 1.4, 1.1])
        weeks[f"{name}_below"] = False
    weeks.loc[1, "tp"], weeks.loc[1, "tp_below"] = np.nan, True
    places = pd.DataFrame({"section": ["a", "b"], "basin": ["Hai", "Yangtze"]})
    return weeks, places


@pytest.fixture(scope="module")
def panel() -> quality.Panel:
    return quality.panel(*some_weeks())


def test_the_tail_is_students():
    value = np.array([-1e4, -50.0, -3.0, -0.1, 0.0, 0.1, 3.0, 40.0])
    found = pytensor.function([], quality.log_tail(pytensor.tensor.constant(value)), mode=PLAIN)()
    assert found == pytest.approx(stats.t(4).logcdf(value), abs=1e-9)


def test_gaps_look_back_to_the_last_measured_week(panel):
    made = quality.data(panel)
    assert made["measured"][2, 0].tolist() == [1, 0, 0, 1]
    size, gaps = made["measured"].shape, quality.LONGEST_GAP + 1

    def found(cells, back):
        places = np.transpose(np.unravel_index(cells, size)).tolist()
        return {tuple(place): gap for place, gap in zip(places, np.asarray(back) % gaps, strict=True) if place[1] == 0}

    late = {(0, 0, 3): 2, (1, 0, 3): 2, (2, 0, 3): 3, (3, 0, 3): 2}
    assert found(made["late"], made["late_back"]) == late
    assert found(made["late_before"], made["late_back"]) == {(k, s, w - gap): gap for (k, s, w), gap in late.items()}
    first = {(k, 0, 0): 0 for k in range(4)}
    assert found(made["apart"], made["apart_back"]) == first | late
    assert (made["late_back"] // gaps == np.unravel_index(made["late"], size)[0]).all()
    assert np.transpose(np.unravel_index(made["hidden"], size)).tolist() == [[2, 0, 1]]
    assert quality.weeks_back(np.array([1, 0, 0, 0, 0, 0, 1, 1])).tolist() == [0, 1, 2, 3, 4, 0, 0, 1]


@pytest.mark.filterwarnings("ignore:PyTensor could not link to a BLAS")
def test_the_density_by_hand(panel):
    model = quality.build(panel)
    point = some_point(model)
    known = values_at(model, point)
    terms = model.compile_fn(model.logp(sum=False, jacobian=False), mode=PLAIN)(point)
    term = terms[[variable.name for variable in model.basic_RVs].index("medians")]
    below = terms[[variable.name for variable in model.basic_RVs].index("below")]
    known["season_section"] = quality_findings.seasons({name: known[name][None] for name in SEASON}, panel.basin_of)[0]
    rows = panel.rows
    logs = {(row.section, row.pollutant, row.week): row for row in rows.itertuples()}
    new, expected = {}, np.zeros(len(rows))
    for (s, k, week), row in logs.items():
        path = {t: known["section_level"][s, k] + known["season_section"][s, k] @ quality.season(t) for t in range(4)}
        earlier = [t for t in range(week) if (s, k, t) in logs and not logs[s, k, t].below]
        memory, gap = known["memory"][k], week - earlier[-1] if earlier else 0
        kept = memory**gap * (logs[s, k, earlier[-1]].log - path[earlier[-1]]) if gap else 0.0
        new[s, k, week] = row.log - path[week] - kept
        weeks = sum(memory ** (2 * t) for t in range(gap)) if gap else 1 / (1 - memory**2)
        left = new[s, k, week] - sum(
            known["lean"][k, j] * new[s, j, week] for j in range(k) if not logs[s, j, week].below
        )
        student = stats.t(4, scale=np.exp(known["log_scatter"][s, k]) * np.sqrt(weeks))
        expected[row.Index] = student.logcdf(left) if row.below else student.logpdf(left)
    hidden = rows.below.to_numpy()
    weeks = np.zeros((2, 4))
    np.add.at(weeks, (rows.section[~hidden], rows.week[~hidden]), expected[~hidden])
    assert term.reshape(2, 4) == pytest.approx(weeks)
    assert (weeks[:, 2] == 0).all()
    assert below == pytest.approx(expected[hidden])


def test_surprises_of_a_synthetic_record_are_students():
    rng = np.random.default_rng(2)
    weeks = pd.date_range("2020-05-04", periods=50, freq="7D")
    made = pd.DataFrame({"section": np.repeat(list("ab"), 50), "week": [*weeks, *weeks]})
    for name in quality.POLLUTANTS:
        made[name], made[f"{name}_below"] = 1.0, False
    panel = quality.panel(made, some_weeks()[1])
    shape = (1, 1, 2, 4)
    lean = np.zeros((1, 1, 4, 3))
    lean[..., 3, 0] = 0.8
    values = {"section_level": np.zeros(shape), "own_season": np.zeros((*shape, 4)),
              "season_basin": np.zeros((*shape, 4)), "season_scale": np.ones((1, 1, 4)),
              "log_scatter": np.full(shape, np.log(0.3)), "memory": np.full((1, 1, 4), 0.6), "lean": lean}  # fmt: skip
    off = quality.departures(values["log_scatter"][0], values["memory"][0], lean[0], 50, rng)[:, 0]
    rows = panel.rows
    log = off[rows.week, rows.section, rows.pollutant]
    of = ("section", "pollutant")
    dims = {"section_level": of, "own_season": (*of, "wave"), "season_basin": ("basin", "pollutant", "wave"),
            "season_scale": ("wave",), "log_scatter": of, "memory": ("pollutant",),
            "lean": ("pollutant", "earlier")}  # fmt: skip
    draws = xr.Dataset({name: (("chain", "draw", *dims[name]), value) for name, value in values.items()})
    fit = SimpleNamespace(panel=replace(panel, rows=rows.assign(log=log)), parameters=draws, seed=1, name="miyun")
    seen, drawn = quality_findings.surprises(fit)
    assert seen.shape == drawn.shape == (1, len(rows))
    assert stats.kstest(seen[0], stats.t(4).cdf).pvalue > 0.01
    wrong = fit.parameters.assign(memory=fit.parameters.memory * 0)
    assert quality_findings._check(SimpleNamespace(panel=fit.panel, parameters=wrong, seed=1))["again"] > 0.4
    assert abs(quality_findings._check(fit)["again"]) < 0.3


def draws_of(panel: quality.Panel, level: np.ndarray, swing: np.ndarray) -> xr.Dataset:
    """Two chains of three draws, all of them one level and season of each section."""
    basins, of = len(panel.basins), ("section", "pollutant")
    values = {"section_level": (of, level), "own_season": ((*of, "wave"), swing),
              "season_basin": (("basin", "pollutant", "wave"), np.zeros((basins, 4, 4))),
              "season_scale": (("wave",), np.ones(4))}  # fmt: skip
    return xr.Dataset({name: (("chain", "draw", *dims), np.broadcast_to(value, (2, 3, *value.shape)))
                       for name, (dims, value) in values.items()})  # fmt: skip


@pytest.mark.parametrize("toy", list(quality.TOYS))
def test_a_record_and_its_truth_are_one_quantity(toy):
    panel = quality.TOYS[toy](registry.load("miyun"), np.random.default_rng(5))
    draws = draws_of(panel, panel.truth["level"], panel.truth["swing"])
    found = quality_findings.findings(
        SimpleNamespace(panel=panel, parameters=draws, seed=1, name=f"miyun/{toy}", variant=toy)
    )
    found = {finding.id: finding.mean for finding in found}
    assert len(found) == 2 * len(quality.SHOWN)
    for key in quality.SHOWN:
        assert found[f"miyun.truth.{key}.tn.winter@{toy}"] == pytest.approx(
            found[f"miyun.{key}.tn.winter@{toy}"], abs=1e-3
        )
    gubeikou = found[f"miyun.truth.gubeikou.tn.winter@{toy}"]
    assert gubeikou == 0 if toy == "toy-no-season" else 200 < gubeikou < 300


def test_records_differ_and_fit_the_compiled_model():
    panel = registry.load("miyun")
    made = [quality.TOYS["toy"](panel, np.random.default_rng(seed)) for seed in (1, 2)]
    assert panel.truth is None
    assert not np.array_equal(made[0].rows["log"], made[1].rows["log"])
    assert {name: np.shape(value) for name, value in quality.data(made[0]).items() if np.ndim(value) > 1} == {
        name: np.shape(value) for name, value in quality.data(panel).items() if np.ndim(value) > 1
    }


def test_after_a_gap_more_is_new():
    memory, rng = 0.7, np.random.default_rng(1)
    path = np.zeros((4, 40000))
    path[0] = rng.normal(size=40000) / np.sqrt(1 - memory**2)
    for week in range(1, 4):
        path[week] = memory * path[week - 1] + rng.normal(size=40000)
    assert quality.fresh(memory, np.array(0)) == pytest.approx(path[0].std(), rel=0.02)
    assert quality.fresh(memory, np.array(1)) == pytest.approx(1)
    assert quality.fresh(memory, np.array(3)) == pytest.approx((path[3] - memory**3 * path[0]).std(), rel=0.02)


def test_bad_tables_are_refused():
    weeks, places = some_weeks()
    with pytest.raises(BookError, match=r"section a in two rows \(basins Hai, Pearl\)"):
        quality.panel(weeks, pd.concat([places, pd.DataFrame({"section": ["a"], "basin": ["Pearl"]})]))
    with pytest.raises(BookError, match="codmn below zero at a in the week of 2020-05-04"):
        quality.panel(weeks.assign(codmn=-1.0), places)
    with pytest.raises(BookError, match="lacks section b"):
        quality.panel(weeks, places[places.section == "a"])
    with pytest.raises(BookError, match="no variant 'x'"):
        registry.load("miyun", "x")


def test_synthetic_weeks_are_cut_at_the_limits():
    made = quality.simulate({}, np.random.default_rng(1), registry.load("miyun"))
    floor = np.log([quality.FLOORS[name] for name in quality.POLLUTANTS])[made.rows.pollutant]
    assert (made.rows["log"] >= floor).all()
    assert (made.rows["log"][made.rows.below] == floor[made.rows.below]).all()


@pytest.mark.filterwarnings("ignore:PyTensor could not link to a BLAS")
def test_the_density_of_april_by_hand():
    panel = registry.load("april")
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
            mean += known["contrast_mean"][k] + known["contrast_scale"] * known["contrast"][a, k]
        student = stats.t(4, loc=mean, scale=known["scatter"][k])
        expected.append(row.used * (student.logcdf(row.log) if row.below else student.logpdf(row.log)))
    assert term == pytest.approx(np.array(expected))


def test_sections_of_one_agreement_share_one_river():
    panel = registry.load("april")
    rows = panel.rows[panel.rows.under > 0]
    assert len(rows.drop_duplicates(["basin", "agreement"])) == rows.agreement.nunique() == len(panel.agreements)


@pytest.mark.parametrize(("toy", "said"), [("toy", 100 * np.expm1(-0.5)), ("toy-no-contrast", 0)])
def test_a_record_of_april_has_its_contrast(toy, said):
    panel = april.TOYS[toy](registry.load("april"), np.random.default_rng(1))
    flat = {"contrast_mean": (("pollutant",), np.full(4, panel.truth["contrast"])),
            "contrast_scale": ((), np.array(0.0)),
            "contrast": (("agreement", "pollutant"), np.zeros((len(panel.agreements), 4)))}  # fmt: skip
    draws = xr.Dataset({name: (("chain", "draw", *dims), np.broadcast_to(value, (2, 3, *value.shape)))
                        for name, (dims, value) in flat.items()})  # fmt: skip
    found = april_findings.findings(SimpleNamespace(panel=panel, parameters=draws, name=f"april/{toy}", variant=toy))
    assert [finding.mean for finding in found] == pytest.approx([said] * 8, abs=1e-3)
    assert len({finding.id.replace("truth.", "") for finding in found}) == 4
    above = panel.rows[panel.rows.below == 0]
    alike = above.groupby(["basin", "pollutant", "under"])["log"].median().unstack()
    assert (alike[1.0] - alike[0.0]).median() == pytest.approx(panel.truth["contrast"], abs=0.3)
