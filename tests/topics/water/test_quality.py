"""The models of water quality: panel, errors, and log densities against a computation by hand."""

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
GUBEIKOU, JIEKOU = quality.SHOWN["gubeikou"], quality.SHOWN["jiekou"]


def some_weeks() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two sections under an agreement and one of another basin, three weeks, one gap; NH3-N below its limit once."""
    days = pd.to_datetime(["2020-05-04", "2020-05-11", "2020-05-25"])
    weeks = pd.DataFrame({"section": np.repeat([GUBEIKOU, JIEKOU, "c"], 3), "week": [*days, *days, *days]})
    for name, value in zip(quality.POLLUTANTS, (3.0, 0.2, 2.0), strict=True):
        weeks[name] = value * np.array([1, 1.2, 0.9, 1.5, 1.4, 1.1, 1, 1, 1])
        weeks[f"{name}_below"] = False
    weeks.loc[4, "nh3n"], weeks.loc[4, "nh3n_below"] = np.nan, True
    places = pd.DataFrame({"section": [GUBEIKOU, JIEKOU, "c"], "basin": ["Hai", "Zhejiang-Fujian", "Yangtze"]})
    return weeks, places


@pytest.fixture(scope="module")
def panel() -> quality.Panel:
    return quality.panel(*some_weeks())


def test_the_panel_has_the_basins_of_sections_under_an_agreement_and_what_never_lies_below_a_limit(panel):
    assert panel.basins == ("Hai", "Zhejiang-Fujian")
    assert panel.sections == tuple(sorted([GUBEIKOU, JIEKOU]))
    known = panel.rows.groupby(["pollutant", "section"]).size().unstack()
    place = panel.sections.index(JIEKOU)
    assert np.isnan(known.loc[1, place])
    assert known.sum().sum() == 15
    real = registry.load("miyun")
    assert {*quality.SHOWN.values()} < set(real.sections)
    assert quality_findings.measured(real, JIEKOU) == ["codmn", "tn"]


def test_gaps_look_back_to_the_last_measured_week(panel):
    made = quality.data(panel)
    assert made["gap"].tolist() == [0, 1, 2] * 5
    late = np.flatnonzero(made["gap"] > 0)
    assert made["before"][late].tolist() == (late - 1).tolist()


@pytest.mark.filterwarnings("ignore:PyTensor could not link to a BLAS")
def test_the_density_by_hand(panel):
    model = quality.build(panel)
    point = some_point(model)
    known = values_at(model, point)
    terms = model.compile_fn(model.logp(sum=False, jacobian=False), mode=PLAIN)(point)
    by_name = dict(zip([variable.name for variable in model.basic_RVs], terms, strict=True))
    swing = quality_findings.seasons({name: known[name][None] for name in SEASON}, panel.basin_of)[0]
    expected, before = [], {}
    for row in panel.rows.itertuples():
        s, k = row.section, row.pollutant
        off = row.log - known["section_level"][s, k] - swing[s, k] @ quality.season(row.week)
        memory = known["memory"][k]
        if (s, k) in before:
            week, earlier = before[s, k]
            gap = row.week - week
            kept, weeks = memory**gap * earlier, sum(memory ** (2 * t) for t in range(gap))
        else:
            kept, weeks = 0.0, 1 / (1 - memory**2)
        scale = np.exp(known["log_scatter"][s, k]) * np.sqrt(weeks)
        expected.append(stats.t(4, kept, scale).logpdf(off))
        before[s, k] = row.week, off
    assert by_name["medians"] == pytest.approx(np.array(expected))
    basin = known["level"] + known["basin_scale"] * known["of_basin"]
    level = stats.norm(basin[panel.basin_of], known["spread"]).logpdf(known["section_level"])
    assert by_name["section_level"] == pytest.approx(level)


def draws_of(panel: quality.Panel, **values: np.ndarray) -> xr.Dataset:
    """Two chains of three draws, all of them alike."""
    of = ("section", "pollutant")
    dims = {"section_level": of, "own_season": (*of, "wave"), "season_basin": ("basin", "pollutant", "wave"),
            "season_scale": ("wave",), "log_scatter": of, "memory": ("pollutant",)}  # fmt: skip
    shape = len(panel.sections), 3
    usual = {"section_level": np.zeros(shape), "own_season": np.zeros((*shape, 4)), "season_scale": np.ones(4),
             "season_basin": np.zeros((len(panel.basins), 3, 4)), "log_scatter": np.full(shape, np.log(0.3)),
             "memory": np.full(3, 0.6)}  # fmt: skip
    return xr.Dataset({name: (("chain", "draw", *dims[name]), np.broadcast_to(value, (2, 3, *value.shape)))
                       for name, value in (usual | values).items()})  # fmt: skip


def test_surprises_of_a_synthetic_record_are_students():
    real = registry.load("miyun")
    panel = quality.simulate({"memory": 0.6, "season": 0.0}, np.random.default_rng(2), real)
    known = panel.truth
    rng = np.random.default_rng(2)
    rng.normal(size=(len(panel.basins), 3)), rng.normal(size=(len(panel.sections), 3))
    rng.normal(size=(len(panel.sections), 3, 4))
    log_scatter = np.log(known["scatter"]) + 0.4 * rng.normal(size=(len(panel.sections), 3))
    draws = draws_of(panel, section_level=known["level"], own_season=known["swing"], log_scatter=log_scatter)
    fit = SimpleNamespace(panel=panel, parameters=draws, seed=1, name="miyun")
    seen = quality_findings.surprises(fit)
    assert seen.shape == (6, len(panel.rows))
    assert stats.kstest(seen[0], stats.t(4).cdf).pvalue > 0.01
    assert abs(quality_findings._check(fit)["again"]) < 0.25
    wrong = SimpleNamespace(panel=panel, parameters=draws.assign(memory=draws.memory * 0 + 1e-9), seed=1)
    assert quality_findings._check(wrong)["again"] > 0.4


@pytest.mark.parametrize("toy", list(quality.TOYS))
def test_a_record_and_its_truth_are_one_quantity(toy):
    panel = quality.TOYS[toy](registry.load("miyun"), np.random.default_rng(5))
    draws = draws_of(panel, section_level=panel.truth["level"], own_season=panel.truth["swing"])
    found = quality_findings.findings(
        SimpleNamespace(panel=panel, parameters=draws, seed=1, name=f"miyun/{toy}", variant=toy)
    )
    truth, estimate = (finding.mean for finding in found)
    assert {finding.id for finding in found} == {f"miyun.{part}gubeikou.tn.winter@{toy}" for part in ("truth.", "")}
    assert truth == pytest.approx(estimate, abs=1e-3)
    assert truth == 0 if toy == "toy-no-season" else 200 < truth < 300


def test_records_differ_and_fit_the_compiled_model():
    panel = registry.load("miyun")
    made = [quality.TOYS["toy"](panel, np.random.default_rng(seed)) for seed in (1, 2)]
    assert panel.truth is None
    assert not np.array_equal(made[0].rows["log"], made[1].rows["log"])
    shapes = {name: np.shape(value) for name, value in quality.data(panel).items()}
    assert {name: np.shape(value) for name, value in quality.data(made[0]).items()} == shapes


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
    with pytest.raises(BookError, match=rf"section {GUBEIKOU} in two rows \(basins Hai, Pearl\)"):
        quality.panel(weeks, pd.concat([places, pd.DataFrame({"section": [GUBEIKOU], "basin": ["Pearl"]})]))
    with pytest.raises(BookError, match=f"codmn below zero at {GUBEIKOU} in the week of 2020-05-04"):
        quality.panel(weeks.assign(codmn=-1.0), places)
    with pytest.raises(BookError, match="lacks section c"):
        quality.panel(weeks, places[places.section != "c"])
    with pytest.raises(BookError, match="no variant 'x'"):
        registry.load("miyun", "x")


def test_the_tail_is_students():
    value = np.array([-1e4, -50.0, -3.0, -0.1, 0.0, 0.1, 3.0, 40.0])
    found = pytensor.function([], april.log_tail(pytensor.tensor.constant(value)), mode=PLAIN)()
    assert found == pytest.approx(stats.t(4).logcdf(value), abs=1e-9)


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
