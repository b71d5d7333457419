"""Twelve stations around November 2014 against computations by hand, and what is derived from their draws."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from densities import (
    beta,
    densities_at,
    gamma,
    jacobian,
    jacobian_at,
    lognormal,
    student_t,
    whole_density,
    with_data,
    zero_sum,
)

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.topics.november import series, stations
from jingjinji.topics.november import stations_findings as said
from jingjinji.topics.november.series import EVENTS, WEATHER
from jingjinji.topics.november.stations import CONTROLS, PATTERNS, STATIONS, Panel
from jingjinji.topics.november.stations_findings import NORTH

DATES = pd.date_range("2014-07-30", periods=60)
GAPS = (10, 30)
SPANS = {
    "ban-1": ("2014-08-20", "2014-08-22"), "ban-2": ("2014-08-23", "2014-08-25"),
    "parade": ("2014-09-01", "2014-09-03"), "alert": ("2014-09-06", "2014-09-07"),
    "after-ban": ("2014-08-26", "2014-08-28"), "after-parade": ("2014-09-10", "2014-09-12"),
}  # fmt: skip
WINDOWS = {event: (pd.Timestamp(first), pd.Timestamp(last)) for event, (first, last) in SPANS.items()}
FEATURE_SCALE = (0.3, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1)


def some_city(dates=DATES, seed=5) -> series.Site:
    rng = np.random.default_rng(seed)
    pm25 = pd.Series(80 * np.exp(rng.normal(0, 0.6, len(dates))), dates)
    return series.Site(pm25, rng.normal(size=(len(dates), len(WEATHER))), rng.normal(size=len(dates)))


def some_panel(dates=DATES, gaps=GAPS, seed=5) -> Panel:
    departures = 0.2 * np.random.default_rng(seed + 1).normal(size=(len(dates), len(STATIONS)))
    departures -= departures.mean(axis=1, keepdims=True)
    departures[list(gaps)] = np.nan
    return Panel(some_city(dates, seed=seed), WINDOWS, departures)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return some_panel()


@pytest.fixture(scope="module")
def model(panel) -> pm.Model:
    return stations.build(panel)


# --- the density ------------------------------------------------------------------------------------------------

PRIORS = {
    "response": zero_sum(1.0),
    "common_pattern": zero_sum(0.15),
    "pattern_scale": lognormal(0.1, 0.4),
    "axis_carry_over": beta(4, 6),
    "axis_scale": lognormal(0.1, 0.7),
    "axis_tail": gamma(2, 10),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(PRIORS[name](values[name])), rel=1e-6, abs=1e-6)


def test_prior_of_the_patterns(densities, values):
    expected = zero_sum(1.0)(values["pattern_apart"])
    assert densities["pattern_apart"] == pytest.approx(expected, rel=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "pattern_apart", "departures"}


def test_no_parameter_is_one_of_the_citys_day(model, panel):
    windows = {"ban": (panel.windows["ban-1"][0], panel.windows["ban-2"][1])}
    both = series.Panel(panel.city, panel.city, windows)
    city = {variable.name for variable in series.build(both).free_RVs}
    assert not city & {variable.name for variable in model.free_RVs}


def test_what_is_computed_from_the_parameters_is_named(model):
    assert set(stations.DERIVED) == {variable.name for variable in model.deterministics}


def test_jacobians_of_the_transforms(model, point, values, densities):
    assert jacobian_at(model, point, densities) == pytest.approx(jacobian(point, values), rel=1e-6)


def is_day_of(pattern: str, date: pd.Timestamp, windows: dict) -> bool:
    """Days of an event, or the same days of another year."""
    event, _, year = pattern.partition(", ")
    first, last = windows[event]
    shift = int(year) - first.year if year else 0
    return first.replace(year=first.year + shift) <= date <= last.replace(year=last.year + shift)


def used_days(panel: Panel) -> list[int]:
    dates = panel.city.pm25.index
    return [t for t in range(len(dates)) if dates[t].month >= 8 and np.isfinite(panel.departures[t]).all()]


def hand_features(panel: Panel) -> dict[int, list[float]]:
    dates, days = panel.city.pm25.index, used_days(panel)
    middle = sum(dates[t].day_of_year for t in days) / len(days)
    rows = {}
    for t in days:
        season = (dates[t].day_of_year - middle) / 75
        weather = [
            panel.city.weather[t, WEATHER.index(name)] for name in ("wind_nw", "wind_ne", "wind_se", "dew_point")
        ]
        rows[t] = [season, season**2, dates[t].year - dates[days[0]].year, *weather]
    means = [sum(rows[t][k] for t in days) / len(days) for k in range(7)]
    return {t: [1.0, *(rows[t][k] - means[k] for k in range(7))] for t in days}


def hand_departures(v: dict, panel: Panel) -> dict[int, np.ndarray]:
    """Expected departures (station,) of each used day."""
    rows, means = hand_features(panel), {}
    for t, row in rows.items():
        mu = np.zeros(len(STATIONS))
        for k in range(8):
            mu += FEATURE_SCALE[k] * row[k] * v["response"][k]
        for k, pattern in enumerate(PATTERNS):
            if is_day_of(pattern, panel.city.pm25.index[t], panel.windows):
                mu += v["pattern_scale"] * v["pattern_apart"][k] + (v["common_pattern"] if pattern in CONTROLS else 0)
        means[t] = mu
    return means


def hand_likelihood(v: dict, panel: Panel, axes: np.ndarray) -> tuple[float, int]:
    """Sum over used days and axes; and how many days carry something over from the day before."""
    means, total, carried = hand_departures(v, panel), 0.0, 0
    nu = 3 + float(v["axis_tail"])
    for t in means:
        carried += t - 1 in means
        for k in range(11):
            mean = means[t] @ axes[:, k]
            if t - 1 in means:
                mean += v["axis_carry_over"][k] * ((panel.departures[t - 1] - means[t - 1]) @ axes[:, k])
            total += student_t(panel.departures[t] @ axes[:, k], nu, mean, v["axis_scale"][k])
    return total, carried


def test_departures_of_the_stations(densities, values, panel):
    expected, carried = hand_likelihood(values, panel, stations.data(panel)["axes"])
    assert len(used_days(panel)) == 56
    assert carried == 53
    assert densities["departures"] == pytest.approx(expected, rel=1e-6)


def test_departures_across_years_carry_nothing_over(point, values):
    dates = pd.date_range("2013-12-01", "2014-09-20")
    panel = some_panel(dates, gaps=(3, 4, 290), seed=9)
    model = stations.build(panel)
    expected, carried = hand_likelihood(values, panel, stations.data(panel)["axes"])
    assert carried == len(used_days(panel)) - 4
    assert densities_at(model, point)["departures"] == pytest.approx(expected, rel=1e-6)


def test_axes_are_orthonormal_and_none_is_the_mean_of_the_stations():
    axes = stations.data(registry.load("apec_stations"))["axes"]
    assert axes.shape == (12, 11)
    np.testing.assert_allclose(axes.T @ axes, np.eye(11), atol=1e-9)
    np.testing.assert_allclose(axes.sum(axis=0), 0, atol=1e-9)


def test_axes_are_principal_axes_of_what_events_and_features_leave(panel):
    arrays = stations.data(panel)
    days = used_days(panel)
    features = np.array(list(hand_features(panel).values()))
    dates = panel.city.pm25.index[days]
    patterns = np.array([[is_day_of(name, date, WINDOWS) for name in PATTERNS] for date in dates], dtype=float)
    np.testing.assert_allclose(arrays["feature_days"], features, atol=1e-12)
    np.testing.assert_allclose(arrays["pattern_days"], patterns)
    design = np.column_stack([features, patterns])
    left = panel.departures[days] - design @ np.linalg.pinv(design) @ panel.departures[days]
    products = arrays["axes"].T @ left.T @ left @ arrays["axes"]
    np.testing.assert_allclose(products, np.diag(np.diag(products)), atol=1e-9)
    assert (np.diff(np.diag(products)) < 0).all()
    np.testing.assert_allclose(arrays["turned"], panel.departures[days] @ arrays["axes"], atol=1e-12)


def test_an_axis_points_to_its_largest_entry(panel):
    axes = stations.data(panel)["axes"]
    assert (axes[np.abs(axes).argmax(axis=0), range(11)] > 0).all()


@pytest.mark.parametrize("name", ["response", "common_pattern", "pattern_apart"])
def test_departures_sum_to_zero_over_stations(values, name):
    np.testing.assert_allclose(values[name].sum(axis=-1), 0, atol=1e-9)


def test_controls_share_a_pattern_and_other_events_have_their_own(values):
    for k, pattern in enumerate(PATTERNS):
        own = values["pattern_scale"] * values["pattern_apart"][k]
        expected = own + values["common_pattern"] if pattern in CONTROLS else own
        np.testing.assert_allclose(values["departure_of_event"][k], expected)


def test_patterns_are_events_and_the_same_days_of_other_years():
    assert PATTERNS[:6] == (*CONTROLS, "alert", "after-ban", "after-parade")
    assert {"ban-1, 2013", "ban-2, 2016", "parade, 2014"} <= set(PATTERNS)
    assert not {"ban-1, 2014", "ban-2, 2014", "parade, 2015"} & set(PATTERNS)
    panel = registry.load("apec_stations")
    days = pd.DataFrame(stations.pattern_days(panel), panel.city.pm25.index, PATTERNS)
    assert days["ban-2, 2015"][lambda column: column == 1].index.equals(pd.date_range("2015-11-06", "2015-11-12"))
    assert days["parade"][lambda column: column == 1].index.equals(pd.date_range("2015-08-20", "2015-09-03"))


def test_data_of_another_panel_gives_the_model_of_that_panel(point):
    other = some_panel(pd.date_range("2014-08-10", periods=45), gaps=(4, 20, 21), seed=11)
    expected = whole_density(stations.build(other), point)
    exchanged = with_data(stations.build(some_panel()), stations.data(other))
    assert whole_density(exchanged, point) == pytest.approx(expected, rel=1e-12)


# --- the panel and bad input ------------------------------------------------------------------------------------


def station_table(seed=2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    level = np.log(80) + 0.3 * rng.normal(size=len(STATIONS))
    return pd.DataFrame(np.exp(level + 0.4 * rng.normal(size=(len(DATES), 12))), DATES, list(STATIONS))


def test_departures_are_taken_from_the_mean_of_the_days_logs_where_no_station_is_missing():
    days = station_table()
    days.iloc[7, 3] = np.nan
    panel = stations.panel_of(some_city(), WINDOWS, days)
    log = np.log(days)
    assert np.isnan(panel.departures[7]).all()
    for t in set(range(len(DATES))) - {7}:
        np.testing.assert_allclose(panel.departures[t], log.iloc[t] - log.iloc[t].mean(), atol=1e-12)
    assert panel.city.pm25.equals(some_city().pm25)


def test_panel_is_the_published_stations():
    panel = registry.load("apec_stations")
    assert (panel.city.pm25.index == pd.date_range("2013-03-01", "2017-02-28")).all()
    assert np.array_equal(panel.city.weather, registry.load("apec_series").stations.weather)
    np.testing.assert_allclose(np.nansum(panel.departures, axis=1), 0, atol=1e-9)
    table = tables.load("beijing_station_day").pivot(index="date", columns="station", values="pm25")
    assert list(table.columns) == list(STATIONS)
    day = np.log(table.loc["2014-11-05"])
    t = panel.city.pm25.index.get_loc("2014-11-05")
    np.testing.assert_allclose(panel.departures[t], day - day.mean())
    assert np.isnan(panel.departures).any(axis=1).sum() == table.isna().any(axis=1).sum()


def test_a_station_without_a_day_of_an_event_is_told():
    days = station_table()
    days.loc["2014-08-23":"2014-08-25", "Huairou"] = np.nan
    with pytest.raises(BookError) as caught:
        stations.panel_of(some_city(), WINDOWS, days)
    for words in ("station 'Huairou'", "event 'ban-2'", "2014-08-23 to 2014-08-25", "expected at least one"):
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_station_with_one_day_of_an_event_is_enough():
    days = station_table()
    days.loc["2014-08-24":"2014-08-25", "Huairou"] = np.nan
    assert np.isfinite(stations.panel_of(some_city(), WINDOWS, days).city.pm25).all()


# --- synthetic panels and findings ------------------------------------------------------------------------------


def test_simulate_leaves_the_city_and_the_gaps_alone(panel):
    made = stations.simulate({}, np.random.default_rng(4), panel)
    assert made.city is panel.city
    np.testing.assert_array_equal(np.isnan(made.departures), np.isnan(panel.departures))
    np.testing.assert_allclose(np.nansum(made.departures, axis=1), 0, atol=1e-9)


def test_simulate_puts_the_patterns_in_that_it_tells(panel):
    truth = {"axis_scale": 1e-9, "response": 0.0, "pattern_scale": 0.1}
    made = stations.simulate(truth, np.random.default_rng(4), panel)
    t = DATES.get_loc("2014-09-06")
    np.testing.assert_allclose(made.departures[t], made.truth["patterns"][PATTERNS.index("alert")], atol=1e-6)
    np.testing.assert_allclose(made.departures[0], 0, atol=1e-6)
    assert made.truth["patterns"].std() == pytest.approx(0.1, rel=0.2)


@pytest.mark.parametrize(("toy", "differ"), [("toy", True), ("toy-none", False)])
def test_toys_are_synthetic_panels_with_the_same_gaps(toy, differ):
    main = registry.load("apec_stations")
    made, again = (stations.TOYS[toy](main, np.random.default_rng(1)) for _ in range(2))
    assert len(stations.TOYS) == 2
    assert main.truth is None
    assert made.truth["patterns"].any() == differ
    np.testing.assert_array_equal(np.isnan(made.departures), np.isnan(main.departures))
    np.testing.assert_array_equal(again.departures, made.departures)


NORTHERN = [STATIONS.index(station) for station in NORTH]


def some_pattern(draws: int = 50) -> xr.Dataset:
    """In both phases of the ban and in the parade the north lies at 0.9 of the others."""
    pattern = np.zeros((2, draws, len(PATTERNS), 12))
    for event in CONTROLS:
        pattern[:, :, PATTERNS.index(event), NORTHERN] = math.log(0.9)
    pattern[:, :, PATTERNS.index("ban-1")] += math.log(0.95)
    pattern[:, :, PATTERNS.index("ban-1, 2013")] = 5.0
    return xr.Dataset({"departure_of_event": (("chain", "draw", "pattern", "station"), pattern)})


def the_city(draws: int) -> SimpleNamespace:
    effect = np.zeros((2, draws, len(EVENTS)))
    for event, share in (("ban", 0.6), ("parade", 0.5), ("after-ban", 3.0)):
        effect[:, :, EVENTS.index(event)] = math.log(share)
    effect[1, 0, EVENTS.index("parade")] = math.log(0.4)
    return SimpleNamespace(parameters=xr.Dataset({"effect": (("chain", "draw", "event"), effect)}))


def as_fit(panel: Panel, variant: str = "", **more) -> SimpleNamespace:
    name = f"apec_stations/{variant}" if variant else "apec_stations"
    return SimpleNamespace(parameters=some_pattern(), panel=panel, variant=variant, name=name, seed=1, **more)


@pytest.mark.parametrize("draws", [50, 30, 80])
def test_findings_by_hand(draws):
    """A station's effect is the city's of a draw of the same chain and number, and its own departure."""
    whole = registry.load("apec_stations")
    found = {f.id: f for f in said.findings(as_fit(whole, beside={"city": the_city(draws)}))}
    ban = math.log(0.6) + 3 * math.log(0.95) / 10
    assert found["apec.stations.ban.tiantan.effect"].mean == pytest.approx(100 * math.expm1(ban))
    assert found["apec.stations.ban.huairou.effect"].mean == pytest.approx(100 * (0.9 * math.exp(ban) - 1))
    parade = found["apec.stations.parade.tiantan.effect"].draws
    assert parade.shape == (2, min(50, draws))
    assert parade[1, 0] == pytest.approx(-60)
    assert parade.ravel().tolist().count(parade[0, 0]) == parade.size - 1
    assert parade[0, 0] == pytest.approx(-50)
    assert found["apec.stations.ban.north"].mean == pytest.approx(-10)
    assert found["apec.stations.ban.north"].draws.shape == (2, 50)
    assert found["apec.stations.parade.north"].mean == pytest.approx(-10)
    assert found["apec.stations.complete-days"].mean == len(used_days(whole))
    assert len(found) == 2 * 13 + 1


def test_the_fit_beside_is_one_of_the_book():
    (beside,) = stations.BESIDE.values()
    topic, _, variant = beside.partition("/")
    assert topic == "apec_series"
    assert not variant


def test_findings_of_a_toy_are_its_truth_and_what_came_back():
    panel = stations.TOYS["toy"](registry.load("apec_stations"), np.random.default_rng(1))
    found = {f.id: f for f in said.findings(as_fit(panel, "toy"))}
    assert set(found) == {
        f"apec.stations.{truth}{event}.north@toy" for truth in ("", "truth.") for event in ("ban", "parade")
    }
    pattern, north = panel.truth["patterns"], np.isin(STATIONS, NORTH)
    gap = {event: pattern[PATTERNS.index(event)][north].mean() - pattern[PATTERNS.index(event)][~north].mean()
           for event in CONTROLS}  # fmt: skip
    ban = (3 * gap["ban-1"] + 7 * gap["ban-2"]) / 10
    assert found["apec.stations.truth.ban.north@toy"].mean == pytest.approx(100 * math.expm1(ban))
    assert found["apec.stations.truth.parade.north@toy"].mean == pytest.approx(100 * math.expm1(gap["parade"]))
    assert found["apec.stations.truth.parade.north@toy"].exact
    assert found["apec.stations.parade.north@toy"].mean == pytest.approx(-10)
