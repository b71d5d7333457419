"""The walk of the reservoir: what records say, densities by hand, records made up, errors."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytensor
import pytest
import xarray as xr
from densities import densities_at, some_point, values_at
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.water import reservoir, reservoir_findings

PLAIN = "FAST_COMPILE"


def rows_of(*points: tuple) -> pd.DataFrame:
    """Points of (years, storage, since)."""
    return pd.DataFrame(points, columns=["years", "storage", "since"])


def test_a_record_bounds_the_gaps_since_its_day_and_of_several_the_lowest():
    nan = np.nan
    rows = rows_of((1.0, 9, nan), (3.0, 5, nan), (4.0, 8, 2.0), (6.0, 7, nan), (9.0, 12, -40.0), (10.0, 11, nan))
    found = reservoir.ceilings(rows)
    assert found["ceiling"].tolist() == [2, 2, 4, 4, 0]
    assert found["record"].tolist() == [0, 1, 0, 1, 0]
    assert found["share"].tolist() == [0.5, 1, 1, 1, 0]


def test_the_records_of_the_table():
    rows = registry.load("storage").rows
    found, date = reservoir.ceilings(rows), rows.date.dt.strftime("%Y-%m-%d").tolist()
    gap = date.index("2005-12-31")
    assert date[found["ceiling"][gap]] == "2013-08-06"
    assert found["record"][gap] == found["share"][gap] == 1
    first = found["ceiling"][0], found["share"][0]
    assert date[first[0]] == "2005-08-24"
    assert 0.3 < first[1] < 0.6
    assert rows.since.notna().sum() >= 8


def room(distance: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Mean of the positive part of a normal variable."""
    return distance * stats.norm.cdf(distance / sd) + sd * stats.norm.pdf(distance / sd)


@pytest.mark.filterwarnings("ignore:PyTensor could not link to a BLAS")
def test_the_density_by_hand():
    panel = registry.load("storage")
    model = reservoir.build(panel)
    point = some_point(model)
    known, found = values_at(model, point), densities_at(model, point)
    rows, years = panel.rows, panel.rows.years.to_numpy()
    state, printed, above = [], iter(known["off"]), iter(known["excess"])
    for row in rows.itertuples():
        if row.bound == "lower":
            state.append(np.log(row.storage) + 2.0 / row.storage * next(above))
            continue
        rounding = 1.0 if row.bound == "about" else row.half_step / np.sqrt(3)
        scale = np.sqrt(known["error"] ** 2 + (rounding / row.storage) ** 2 + known["walk"] ** 2 * row.wide / 2)
        state.append(np.log(row.storage) + scale * next(printed))
    assert known["state"] == pytest.approx(np.array(state))
    turn = 15 + 0 / 365.25
    points = stats.norm(np.log(20), 0.4).logpdf(state[0]) + np.log(0.4) + 0.5 * np.log(2 * np.pi)
    records, said = 0.0, reservoir.ceilings(rows)
    for k in range(len(state) - 1):
        begin, end = reservoir.clock(years[k]), reservoir.clock(years[k + 1])
        gap = max(end - begin, 1 / 365.25)
        since = max(end - reservoir.clock(turn), 0) - max(begin - reservoir.clock(turn), 0)
        change = known["drift"][0] * (gap - since) + known["drift"][1] * since
        variance = known["walk"] ** 2 * gap
        step = stats.norm(change, np.sqrt(variance))
        points += step.logpdf(state[k + 1] - state[k]) + 0.5 * np.log(2 * np.pi * gap)
        share, top = said["share"][k], state[said["ceiling"][k]]
        if not share:
            continue
        start = state[k] + (1 - share) * (state[k + 1] - state[k])
        first = room(top - start, np.sqrt(variance * share * (1 - share) + known["error"] ** 2))
        if said["record"][k]:
            records += np.log(first / (gap * share))
        else:
            last = room(top - state[k + 1], known["error"])
            records += np.log(-np.expm1(-2 * first * last / (variance * share)))
    assert found["points"] == pytest.approx(points, abs=0.05)
    assert found["records"] == pytest.approx(records)


def test_room_is_the_mean_of_a_positive_part():
    distance, variance = np.array([-0.3, 0.0, 0.1, 2.0]), np.array([0.04, 0.01, 0.01, 0.25])
    found = pytensor.function([], reservoir.room(pytensor.tensor.constant(distance), variance), mode=PLAIN)()
    assert found == pytest.approx(room(distance, np.sqrt(variance)))


def test_a_walk_stays_below_a_record_as_often_as_the_reflection_principle_says():
    """Fine random walks between two states against the formula of the model and the bridges of the findings."""
    rng, steps, walk, whole = np.random.default_rng(1), 800, 0.4, 1.5
    path = rng.normal(size=(20_000, steps)) * walk * np.sqrt(whole / steps)
    time = np.arange(1, steps + 1) / steps
    bridge = path.cumsum(axis=1)
    begin, end, top = 0.0, 0.2, 0.35
    bridge = begin + bridge - time * (bridge[:, -1:] - (end - begin))
    kept = (bridge < top).all(axis=1)
    expected = -np.expm1(-2 * (top - begin) * (top - end) / (walk**2 * whole))
    assert kept.mean() == pytest.approx(expected, abs=0.05)
    draws = np.ones(40_000)
    passed = np.array([0.25, 0.5]) * whole
    drawn = reservoir_findings.below(rng, begin * draws, end * draws, top * draws, 1.0, passed, whole, walk * draws)
    for k, share in enumerate((0.25, 0.5)):
        of = bridge[kept][:, int(share * steps) - 1]
        assert drawn[:, k].mean() == pytest.approx(of.mean(), abs=0.015)
        assert drawn[:, k].std() == pytest.approx(of.std(), rel=0.06)
    assert drawn.max() < top


def test_a_record_that_covers_a_part_of_a_gap():
    rng, steps, walk, whole, share = np.random.default_rng(2), 600, 0.4, 1.5, 0.4
    path = rng.normal(size=(30_000, steps)) * walk * np.sqrt(whole / steps)
    time = np.arange(1, steps + 1) / steps
    bridge = path.cumsum(axis=1)
    begin, end, top = 0.6, 0.0, 0.3
    bridge = begin + bridge - time * (bridge[:, -1:] - (end - begin))
    kept = (bridge[:, time >= 1 - share] < top).all(axis=1)
    draws = np.ones(30_000)
    passed = np.array([0.3, 0.6, 0.8]) * whole
    drawn = reservoir_findings.below(rng, begin * draws, end * draws, top * draws, share, passed, whole, walk * draws)
    for k, place in enumerate((0.3, 0.6, 0.8)):
        of = bridge[kept][:, round(place * steps) - 1]
        assert drawn[:, k].mean() == pytest.approx(of.mean(), abs=0.02)
        assert drawn[:, k].std() == pytest.approx(of.std(), rel=0.06)


def test_the_clock_runs_fast_in_the_flood_season():
    assert reservoir.clock(np.array([2020.0, 2020.5, 2020.75, 2021.0])) - 2020 == pytest.approx([0, 1 / 6, 5 / 6, 1])


def test_impossible_points_are_refused():
    table = tables.load("water_storage")
    with pytest.raises(BookError, match="before it begins"):
        reservoir.panel(table.assign(last=table["first"] - pd.Timedelta(days=1)))
    with pytest.raises(BookError, match="at most the capacity"):
        reservoir.panel(table.assign(storage=99.0))
    with pytest.raises(BookError, match="has an upper bound on 1994-09-16"):
        reservoir.panel(table.assign(bound=table.bound.mask(table["first"] == "1994-09-16", "upper")))
    high = table.assign(storage=table.storage.mask(table["first"] == "2005-12-31", 14.0))
    with pytest.raises(BookError, match=r"12\.005 on 2013-08-06 as the highest since 2003\.1, and 14 on 2005-12-31"):
        reservoir.panel(high)


@pytest.mark.parametrize(("toy", "since"), [("toy", 100 * np.expm1(0.15)), ("toy-no-rise", 0.0)])
def test_a_record_has_its_truth(toy, since):
    panel = reservoir.TOYS[toy](registry.load("storage"), np.random.default_rng(1))
    drift = np.broadcast_to([panel.truth["drift_before"], panel.truth["drift_since"]], (2, 3, 2))
    draws = xr.Dataset({"drift": (("chain", "draw", "epoch"), drift)})
    found = reservoir_findings.findings(
        SimpleNamespace(panel=panel, parameters=draws, name=f"storage/{toy}", variant=toy)
    )
    assert [finding.mean for finding in found] == pytest.approx([0, 0, since, since])
    assert not reservoir.data(panel)["share"].any()


def test_a_made_up_walk_has_the_scale_and_the_drift_that_it_says():
    panel, rng = registry.load("storage"), np.random.default_rng(3)
    made = [reservoir.simulate({"drift_since": 0.15}, rng, panel) for _ in range(400)]
    states, index = np.array([one.truth["state"] for one in made]), reservoir.data(panel)
    moved = np.diff(states, axis=1) - 0.15 * index["gap_after"]
    assert moved.mean() == pytest.approx(0, abs=0.01)
    assert (moved / np.sqrt(index["gap"])).std() == pytest.approx(0.2, rel=0.05)


def test_another_year_has_the_scatter_of_a_year_and_not_the_drift_alone():
    panel, shape = registry.load("storage"), (2, 2000)
    states = np.broadcast_to(np.log(panel.rows.storage.to_numpy()), (*shape, len(panel.rows)))
    parameters = xr.Dataset({
        "drift": (("chain", "draw", "epoch"), np.full((*shape, 2), 0.1)),
        "walk": (("chain", "draw"), np.full(shape, 0.2)),
        "state": (("chain", "draw", "point"), states),
    })  # fmt: skip
    fit = SimpleNamespace(panel=panel, parameters=parameters, name="storage", variant="", seed=3)
    found = {finding.id: finding for finding in reservoir_findings.findings(fit)}
    logs = np.log1p(found["miyun.storage.another-year"].draws / 100)
    assert logs.mean() == pytest.approx(0.1, abs=0.02)
    assert logs.std() == pytest.approx(0.2, abs=0.02)
    assert np.ptp(found["miyun.storage.drift.since"].draws) == 0
