"""The daily series around November 2014 against computations by hand, and what is derived from its draws."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from densities import (
    beta,
    densities_at,
    draws_at,
    gamma,
    jacobian,
    jacobian_at,
    lognormal,
    normal,
    student_t,
    values_at,
    whole_density,
    with_data,
    zero_sum,
)
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.core.scribe import Scribe
from jingjinji.topics.november import series as apec_series
from jingjinji.topics.november import series_findings as said
from jingjinji.topics.november.series import EVENTS, WEATHER, Panel, waves

DATES = pd.date_range("2014-10-25", "2014-11-07")
GAP = 5
WINDOWS = {
    "holiday-2014": (pd.Timestamp("2014-10-27"), pd.Timestamp("2014-10-28")),
    "ban-1": (pd.Timestamp("2014-11-03"), pd.Timestamp("2014-11-05")),
}
RARE = ("alert", "after-ban", "after-parade", "later-30", "later-60", "later-90")


def some_panel(**changes) -> Panel:
    rng = np.random.default_rng(5)
    pm25 = np.round(80 * np.exp(rng.normal(0, 0.6, len(DATES))), 1)
    pm25[GAP] = np.nan
    fields = {
        "pm25": pd.Series(pm25, DATES),
        "weather": rng.normal(size=(len(DATES), len(WEATHER))),
        "wet": rng.normal(size=len(DATES)),
        "windows": WINDOWS,
    }
    return Panel(**fields | changes)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return some_panel()


@pytest.fixture(scope="module")
def model(panel) -> pm.Model:
    return apec_series.build(panel)


# --- the density ------------------------------------------------------------------------------------------------

PRIORS = {
    "level": normal(math.log(80), 0.5),
    "trend": normal(0, 0.2),
    "season": normal(0, 0.3),
    "heating": normal(0, 0.3),
    "weekday_effect": zero_sum(0.1),
    "amplitude": lognormal(0.4, 0.5),
    "wet_effect": normal(0, 0.2),
    "block_scale": lognormal(0.12, 0.4),
    "block_effect": normal(0, 1),
    "kind_mean": lambda v: normal(0, 0.3)(v[0]) + normal(0, 0.15)(v[1]),
    "event_scale": lognormal(0.12, 0.4),
    "event_apart": normal(0, 1),
    "carry_over": beta(4, 6),
    "scale": lognormal(0.45, 0.3),
    "tail": gamma(2, 10),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(PRIORS[name](values[name])), rel=1e-6, abs=1e-6)


def test_prior_of_the_weathers_curves(densities, values):
    expected = sum(normal(0, values["amplitude"][k])(values["smooth"][k]) for k in range(len(WEATHER)))
    assert densities["smooth"] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "smooth", "days"}


def test_jacobians_of_the_transforms(model, point, values, densities):
    assert jacobian_at(model, point, densities) == pytest.approx(jacobian(point, values), rel=1e-6)


def hand_effect(v: dict, event: str) -> float:
    """Controls and holidays each vary around a mean; events of another kind stand alone."""
    apart = v["event_apart"][EVENTS.index(event)]
    if event in RARE:
        return 0.3 * apart
    return v["kind_mean"][1 if event.startswith("holiday") else 0] + v["event_scale"] * apart


def hand_season(v: dict, date: pd.Timestamp) -> float:
    angle = 2 * math.pi * (date.day_of_year - 1) / 365.25
    terms = [wave(k * angle) for k in (1, 2, 3) for wave in (math.cos, math.sin)]
    return sum(share * term for share, term in zip(v["season"], terms, strict=True))


def is_heated(date: pd.Timestamp) -> bool:
    return date.month in (12, 1, 2) or (date.month == 11 and date.day >= 15) or (date.month == 3 and date.day <= 15)


def hand_means(v: dict, panel: Panel) -> np.ndarray:
    dates = panel.pm25.index
    year = np.arange(len(dates)) / 365.25
    trend = waves(year - year.mean(), 5, 1.5, 2.0)
    curves = [waves(panel.weather[:, k], 6, 1.0) for k in range(len(WEATHER))]
    heated = [float(is_heated(date)) for date in dates]
    blocks = [(date - pd.Timestamp("2014-11-03")).days // 10 for date in dates]
    means = []
    for t, date in enumerate(dates):
        mu = v["level"] + trend[t] @ v["trend"] + hand_season(v, date)
        mu += v["heating"] * (heated[t] - sum(heated) / len(heated)) + v["weekday_effect"][date.weekday()]
        if panel.use_weather:
            mu += sum(curves[k][t] @ v["smooth"][k] for k in range(len(WEATHER))) + v["wet_effect"] * panel.wet[t]
        mu += v["block_scale"] * v["block_effect"][blocks[t] - blocks[0]]
        mu += sum(hand_effect(v, event) for event, (first, last) in panel.windows.items() if first <= date <= last)
        means.append(float(mu))
    return np.array(means)


def hand_expected(v: dict, panel: Panel) -> dict[int, float]:
    """Mean of each measured day given the day before; after a gap nothing is carried over."""
    means, log = hand_means(v, panel), np.log(panel.pm25.to_numpy())
    expected = {}
    for t in range(len(log)):
        if np.isfinite(log[t]):
            known = t > 0 and np.isfinite(log[t - 1])
            expected[t] = means[t] + (v["carry_over"] * (log[t - 1] - means[t - 1]) if known else 0.0)
    return expected


def hand_likelihood(v: dict, panel: Panel) -> float:
    log = np.log(panel.pm25.to_numpy())
    nu, scale = 3 + float(v["tail"]), float(v["scale"])
    return sum(student_t(log[t], nu, mean, scale) for t, mean in hand_expected(v, panel).items())


def test_measured_days(densities, values, panel):
    assert len(hand_expected(values, panel)) == len(DATES) - 1
    assert densities["days"] == pytest.approx(hand_likelihood(values, panel), rel=1e-6)


def test_effects_of_the_events(values):
    for k, event in enumerate(EVENTS):
        assert values["effect"][k] == pytest.approx(hand_effect(values, event)), event


def test_without_weather_no_term_of_weather_is_left(point, values):
    panel = replace(some_panel(), use_weather=False)
    model = apec_series.build(panel)
    assert densities_at(model, point)["days"] == pytest.approx(hand_likelihood(values, panel), rel=1e-6)


# --- bases, blocks and windows ----------------------------------------------------------------------------------


def centred_kernel(x: np.ndarray, length_scale: float) -> np.ndarray:
    kernel = np.exp(-0.5 * (np.subtract.outer(x, x) / length_scale) ** 2)
    centring = np.eye(len(x)) - 1 / len(x)
    return centring @ kernel @ centring


def test_waves_have_the_covariance_of_a_smooth_gaussian_process():
    x = np.linspace(-2.5, 2.5, 41)
    basis = waves(x, 6, 1.0)
    inner = np.abs(x) <= 2
    difference = (basis @ basis.T - centred_kernel(x, 1.0))[np.ix_(inner, inner)]
    assert np.abs(difference).max() < 0.03


def test_waves_of_values_as_weather_has_them():
    x = np.random.default_rng(1).normal(size=500)
    basis = waves(x, 6, 1.0)
    assert np.abs(basis @ basis.T - centred_kernel(x, 1.0)).mean() < 0.01


def test_waves_are_turned_and_centred_sines():
    x = np.random.default_rng(2).normal(size=30)
    half = 1.3 * max(abs(x))
    covariance = np.zeros((30, 30))
    for wave in range(1, 7):
        frequency = wave * math.pi / (2 * half)
        sine = np.sin(frequency * (x + half)) / math.sqrt(half)
        density = math.sqrt(2 * math.pi) * 0.8 * math.exp(-0.5 * (0.8 * frequency) ** 2)
        covariance += density * np.outer(sine - sine.mean(), sine - sine.mean())
    basis = waves(x, 6, 0.8)
    np.testing.assert_allclose(basis @ basis.T, covariance, atol=1e-12)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-10)
    products = basis.T @ basis
    np.testing.assert_allclose(products, np.diag(np.diag(products)), atol=1e-10)


@pytest.mark.parametrize("series", ["embassy", "stations"])
def test_the_ban_is_one_block_and_alone_in_it(series):
    panel = apec_series.series(series, *map(tables.load, apec_series.TABLES))
    blocks = pd.Series(apec_series.block_of(panel), panel.pm25.index)
    (block,) = blocks["2014-11-03":"2014-11-12"].unique()
    assert list(blocks.index[blocks == block]) == list(pd.date_range("2014-11-03", "2014-11-12"))
    assert blocks.iloc[0] == 0
    assert (blocks.diff().dropna().isin([0, 1])).all()
    assert blocks.value_counts().iloc[1:-1].max() == 10
    assert blocks.iloc[-1] < apec_series.BLOCKS


def test_windows_are_the_dates_of_the_interventions():
    table = tables.load("interventions").set_index("id")
    found = apec_series.windows(tables.load("interventions"))
    assert tuple(found) == EVENTS
    assert found["ban-1"][0] == table.loc["I010", "start"]
    assert found["ban-1"][1] + pd.Timedelta(days=1) == found["ban-2"][0] == table.loc["I014", "start"]
    assert found["ban-2"][1] == table.loc["I010", "end"]
    assert found["parade"] == (table.loc["I018", "start"], table.loc["I018", "end"])
    assert found["alert"] == (table.loc["I021", "start"], table.loc["I021", "end"])
    for event, before in (("after-ban", "ban-2"), ("after-parade", "parade")):
        assert found[event][0] == found[before][1] + pd.Timedelta(days=1)
    for days in (30, 60, 90):
        assert (found[f"later-{days}"][0] - found["ban-2"][1]).days == days
    for event in ("after-ban", "after-parade", "later-30", "later-60", "later-90"):
        assert (found[event][1] - found[event][0]).days == 13
    assert found["holiday-2012"] == (pd.Timestamp("2012-10-01"), pd.Timestamp("2012-10-07"))


def test_windows_follow_the_table(monkeypatch):
    table = tables.load("interventions")
    table.loc[table["id"] == "I010", "end"] += pd.Timedelta(days=2)
    monkeypatch.setattr(tables, "load", lambda name: table)
    found = apec_series.windows(tables.load("interventions"))
    assert found["ban-2"][1] == pd.Timestamp("2014-11-14")
    assert found["after-ban"] == (pd.Timestamp("2014-11-15"), pd.Timestamp("2014-11-28"))


def test_heating_season_and_its_ends():
    dates = pd.DatetimeIndex(["2014-03-15", "2014-03-16", "2014-11-14", "2014-11-15", "2014-12-31", "2014-07-01"])
    np.testing.assert_allclose(apec_series.heated(dates), np.array([1, 0, 0, 1, 1, 0]) - 0.5)


def test_panel_is_the_published_days():
    panel = registry.load("apec_series")
    table = tables.load("beijing_day").query("series == 'embassy'").set_index("date")
    assert (panel.pm25.index == pd.date_range("2010-01-01", "2014-12-31")).all()
    assert panel.pm25.equals(table.pm25.reindex(panel.pm25.index))
    np.testing.assert_allclose(panel.weather.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(panel.weather.std(axis=0, ddof=1), 1)
    assert np.isfinite(panel.weather).all()
    assert "parade" not in panel.windows
    assert {"ban-1", "ban-2", "after-ban", "holiday-2010"} <= set(panel.windows)


def test_wind_of_the_day_before_and_departures_from_the_usual_year():
    days = tables.load("beijing_day").query("series == 'embassy'").reset_index()
    found = apec_series.weather_table(apec_series.days_of("embassy", tables.load("beijing_day")))
    total = days.wind_nw + days.wind_ne + days.wind_se
    assert found["wind_before"].iloc[1:].tolist() == pytest.approx(total.iloc[:-1].tolist())
    by_month = found["temperature"].groupby(found.index.month).mean()
    assert by_month.abs().max() < 2
    assert days.temperature.groupby(days.date.dt.month).mean().abs().max() > 20


# --- bad input --------------------------------------------------------------------------------------------------


def test_an_event_outside_the_record_is_told():
    outside = (pd.Timestamp("2014-11-06"), pd.Timestamp("2014-11-12"))
    with pytest.raises(BookError) as caught:
        apec_series.checked(some_panel(windows=WINDOWS | {"ban-2": outside}))
    for words in ("event 'ban-2'", "2014-11-06 to 2014-11-12", "2014-10-25 to 2014-11-07", "expected an event inside"):
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_event_without_measured_days_is_told():
    panel = some_panel()
    panel.pm25["2014-11-03":"2014-11-04"] = np.nan
    with pytest.raises(BookError) as caught:
        apec_series.checked(panel)
    for words in ("event 'ban-1'", "2014-11-03 to 2014-11-05", "1 measured days", "expected at least 2"):
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sound_panel_is_left_as_it_is(panel):
    assert apec_series.checked(panel) is panel


# --- variants and synthetic panels ------------------------------------------------------------------------------


def test_simulate_puts_the_effect_in_and_nothing_else():
    panel = registry.load("apec_series")
    none, third = (apec_series.simulate({"effect": effect}, np.random.default_rng(4), panel) for effect in (0.0, -0.3))
    difference = np.log(third.pm25) - np.log(none.pm25)
    assert difference["2014-11-03":"2014-11-12"].tolist() == pytest.approx([math.log(0.7)] * 10, abs=1e-12)
    others = difference.drop(pd.date_range("2014-11-03", "2014-11-12")).dropna()
    assert others.abs().max() == 0
    assert none.pm25.isna().equals(panel.pm25.isna())
    assert third.truth["effect"] == -0.3


def test_simulate_has_the_stated_scatter_and_carry_over():
    dates = pd.date_range("2010-01-01", periods=1800)
    panel = Panel(pd.Series(50.0, dates), np.zeros((1800, 7)), np.zeros(1800), {})
    truth = {"season": np.zeros(6), "block_scale": 0.0, "tail": 200.0, "level": 4.0, "carry_over": 0.6, "scale": 0.2}
    log = np.log(apec_series.simulate(truth, np.random.default_rng(1), panel).pm25.to_numpy()) - 4
    assert log.mean() == pytest.approx(0, abs=0.05)
    assert log.std() == pytest.approx(0.2 / 0.8, rel=0.08)
    assert np.corrcoef(log[1:], log[:-1])[0, 1] == pytest.approx(0.6, abs=0.05)


def test_simulate_puts_the_parade_in_apart_from_the_ban():
    panel = registry.load("apec_series", "stations")
    none, both = (
        apec_series.simulate({"effect": effect, "parade": parade}, np.random.default_rng(4), panel)
        for effect, parade in ((0.0, 0.0), (-0.3, -0.5))
    )
    difference = np.log(both.pm25) - np.log(none.pm25)
    assert difference["2014-11-03":"2014-11-12"].tolist() == pytest.approx([math.log(0.7)] * 10, abs=1e-12)
    assert difference["2015-08-20":"2015-09-03"].dropna().tolist() == pytest.approx([math.log(0.5)] * 15, abs=1e-12)
    assert difference["2015-10-01":].abs().max() == 0


TOYS = {
    "toy": (-0.3, 0.0), "toy-small": (-0.1, 0.0), "toy-none": (0.0, 0.0), "stations-toy": (-0.3, -0.3),
    "stations-toy-no-parade": (-0.3, 0.0), "stations-toy-none": (0.0, 0.0),
}  # fmt: skip


def test_toys_are_synthetic_panels_with_the_days_of_their_series():
    main = registry.load("apec_series")
    panels = {False: main, True: registry.load("apec_series", "stations")}
    assert set(apec_series.TOYS) == set(TOYS)
    for variant, (effect, parade) in TOYS.items():
        first, again, other = (registry.toy("apec_series", variant, np.random.default_rng(seed)) for seed in (1, 1, 2))
        assert (first.truth["effect"], first.truth["parade"]) == (effect, parade)
        assert first.pm25.isna().equals(panels[variant.startswith("stations")].pm25.isna())
        assert first.pm25.equals(again.pm25)
        assert not first.pm25.equals(other.pm25)
    assert main.truth is None


@pytest.mark.parametrize(("variant", "days"), [("three-days-earlier", -3), ("three-days-later", 3)])
def test_moved_windows(variant, days):
    main, moved = registry.load("apec_series"), registry.load("apec_series", variant)
    for event, (first, last) in main.windows.items():
        shift = pd.Timedelta(days=days if event in ("ban-1", "ban-2", "after-ban") else 0)
        assert moved.windows[event] == (first + shift, last + shift)
    assert moved.pm25.equals(main.pm25)


def test_without_weather_is_a_variant():
    assert registry.load("apec_series").use_weather
    assert not registry.load("apec_series", "without-weather").use_weather


def test_variants_of_the_stations_are_of_the_mean_of_their_logs():
    main, dry, apart = (
        registry.load("apec_series", f"stations{end}") for end in ("", "-without-weather", "-parade-apart")
    )
    assert (main.pm25.index == pd.date_range("2013-03-01", "2017-02-28")).all()
    day = tables.load("beijing_station_day").query("date == @pd.Timestamp(2014, 11, 5)").pm25
    assert len(day) == 12
    assert math.log(main.pm25["2014-11-05"]) == pytest.approx(np.log(day).mean())
    assert "parade" in main.windows
    assert (main.use_weather, main.alone, main.control_prior) == (True, (), 0.3)
    assert (dry.use_weather, dry.alone) == (False, ())
    assert (apart.use_weather, apart.alone) == (True, ("parade",))
    assert dry.pm25.equals(main.pm25)
    assert apart.pm25.equals(main.pm25)


def test_a_day_that_misses_a_station_is_the_mean_of_the_others_against_their_own_levels():
    rng = np.random.default_rng(2)
    days = pd.DataFrame(np.exp(4 + rng.normal(0, 0.4, (len(DATES), 12))) * np.arange(1, 13), DATES)
    days.iloc[7, 3] = np.nan
    log = np.log(days)
    level = log.drop(index=DATES[7]).mean()
    mended = np.log(apec_series.of_stations(days, some_panel()).pm25)
    others = [log.iloc[7, k] - level.iloc[k] for k in range(12) if k != 3]
    assert mended.iloc[7] == pytest.approx(sum(others) / 11 + level.mean())
    assert mended.drop(DATES[7]).tolist() == pytest.approx(log.mean(axis=1).drop(DATES[7]).tolist())


def test_the_stations_days_go_through_the_graph_of_the_embassy(point):
    embassy, stations = registry.load("apec_series"), registry.load("apec_series", "stations")
    assert len(embassy.pm25) != len(stations.pm25)
    expected = whole_density(apec_series.build(stations), point)
    exchanged = with_data(apec_series.build(embassy), apec_series.data(stations))
    assert whole_density(exchanged, point) == pytest.approx(expected, rel=1e-12)


def test_what_is_computed_from_the_parameters_is_named(model):
    assert set(apec_series.DERIVED) == {variable.name for variable in model.deterministics}


# --- what is derived from the draws -----------------------------------------------------------------------------

DIMS = {
    "smooth": ("term", "wave"), "block_effect": ("block",), "effect": ("event",), "trend": ("trend_wave",),
    "season": ("season_wave",), "weekday_effect": ("weekday",),
}  # fmt: skip


def one_draw(values: dict) -> xr.Dataset:
    return draws_at({name: values[name] for name in values if np.ndim(values[name]) == 0 or name in DIMS}, DIMS)


def test_expected_days_are_those_of_the_likelihood(values, panel):
    found = said.expected(one_draw(values), panel, slice(None))
    assert found.shape == (1, len(DATES) - 1)
    assert found[0].tolist() == pytest.approx(list(hand_expected(values, panel).values()))


def test_days_drawn_anew_scatter_as_the_model_says(values, panel):
    draws = one_draw(values).isel(draw=np.zeros(20000, dtype=int))
    draws["tail"] = draws["tail"] * 0 + 0.5
    drawn = np.log(said.replicates(draws, panel, seed=1, draws=20000))
    low, middle, high = np.percentile(drawn, [25, 50, 75], axis=0)
    expected = np.array(list(hand_expected(values, panel).values()))
    half = float(values["scale"]) * stats.t.ppf(0.75, 3.5)
    np.testing.assert_allclose(middle, expected, atol=0.05)
    np.testing.assert_allclose((high - low) / 2, half, rtol=0.06)
    far_low, far_high = np.percentile(drawn, [1, 99], axis=0)
    ratio = stats.t.ppf(0.99, 3.5) / stats.t.ppf(0.75, 3.5)
    assert np.mean((far_high - far_low) / (high - low)) == pytest.approx(ratio, rel=0.05)


def ban_parameters(effect: float, block: float = 0.0) -> xr.Dataset:
    shape = (2, 50)
    return xr.Dataset(
        {
            "effect": (("chain", "draw", "event"), np.full((*shape, len(EVENTS)), effect)),
            "block_effect": (("chain", "draw", "block"), np.full((*shape, apec_series.BLOCKS), block)),
            "block_scale": (("chain", "draw"), np.full(shape, 0.5)),
            "carry_over": (("chain", "draw"), np.full(shape, 0.8)),
        }
    )


BAN_WINDOWS = {
    event: span
    for event, span in apec_series.windows(tables.load("interventions")).items()
    if event in ("ban-1", "ban-2")
}


def ban_panel() -> Panel:
    dates = pd.date_range("2014-10-25", "2014-11-20")
    pm25 = pd.Series(np.arange(1.0, len(dates) + 1), dates)
    pm25["2014-11-07"] = np.nan
    return Panel(pm25, np.zeros((len(dates), 7)), np.zeros(len(dates)), BAN_WINDOWS)


def said_by(helper, panel: Panel, parameters) -> dict:
    """What a helper says of some parameters, by id."""
    fit = SimpleNamespace(name="m", variant="", panel=panel, parameters=parameters, seed=1)
    say = Scribe((), "x.", fit)
    helper(say, fit, "w")
    return {finding.id: finding for finding in say.made}


def found_by(parameters) -> dict:
    return said_by(said.say_events, ban_panel(), parameters)


def test_an_effect_of_one_half_doubles_the_counterfactual():
    observed = ban_panel().pm25["2014-11-03":"2014-11-12"].mean()
    found = found_by(ban_parameters(math.log(0.5)))
    assert found["x.ban.counterfactual"].mean == pytest.approx(2 * observed, rel=1e-12)
    assert found["x.ban.difference"].mean == pytest.approx(-observed)
    assert found["x.ban.effect"].mean == pytest.approx(-50)
    assert found["x.carry-over"].mean == pytest.approx(80)
    assert found["x.ban-1.effect"].mean == pytest.approx(-50)
    assert found["x.ban.below"].mean == 1
    assert found["x.block-scale"].mean == pytest.approx(50)
    assert "x.parade.effect" not in found


def test_an_effect_leaves_the_ordinary_scatter_of_ten_days_aside():
    found = found_by(ban_parameters(math.log(0.5), block=2 * math.log(0.8)))
    assert found["x.ban.effect"].mean == pytest.approx(-50)


def test_the_bans_phases_are_weighted_by_their_days():
    parameters = ban_parameters(0.0)
    parameters["effect"][:, :, EVENTS.index("ban-2")] = math.log(0.5)
    first, second = (ban_panel().pm25[slice(*BAN_WINDOWS[event])].dropna() for event in ("ban-1", "ban-2"))
    without = (first.sum() + 2 * second.sum()) / (len(first) + len(second))
    assert found_by(parameters)["x.ban.counterfactual"].mean == pytest.approx(without)


@pytest.fixture(scope="module")
def weather_case() -> SimpleNamespace:
    """Twenty-six months, so that the ban's days have two other years, and the log weather of each day and draw."""
    rng = np.random.default_rng(6)
    dates = pd.date_range("2012-10-01", "2014-11-30")
    windows = apec_series.windows(tables.load("interventions"))
    panel = Panel(
        pd.Series(rng.gamma(4, 25, len(dates)), dates).where(rng.random(len(dates)) > 0.1),
        rng.normal(size=(len(dates), 7)),
        rng.normal(size=len(dates)),
        {event: windows[event] for event in ("ban-1", "ban-2", "after-ban")},
    )
    smooth = 0.1 * rng.normal(size=(2, 20, 7, 6))
    wet = 0.1 * rng.normal(size=(2, 20))
    curves = [waves(column, 6, 1.0) for column in panel.weather.T]
    log = np.empty((2, 20, len(dates)))
    for chain in range(2):
        for draw in range(20):
            log[chain, draw] = sum(curves[k] @ smooth[chain, draw, k] for k in range(7)) + wet[chain, draw] * panel.wet
    parameters = xr.Dataset(
        {"smooth": (("chain", "draw", "term", "wave"), smooth), "wet_effect": (("chain", "draw"), wet)}
    )
    return SimpleNamespace(panel=panel, log=log, found=said_by(said._say_weather, panel, parameters))


def mean_between(case: SimpleNamespace, first: str, last: str) -> np.ndarray:
    dates = case.panel.pm25.index
    return case.log[:, :, dates.get_loc(first) : dates.get_loc(last) + 1].mean(axis=2)


def test_weather_of_the_ban_against_other_years(weather_case):
    ban = mean_between(weather_case, "2014-11-03", "2014-11-12")
    years = [mean_between(weather_case, f"{year}-11-03", f"{year}-11-12") for year in (2012, 2013)]
    other, spread = np.mean(years, axis=0), np.abs(years[0] - years[1]) / math.sqrt(2)
    found = weather_case.found
    np.testing.assert_allclose(found["x.weather.ban"].draws, 100 * np.expm1(ban - other))
    np.testing.assert_allclose(found["x.weather.2013"].draws, 100 * np.expm1(years[1]))
    np.testing.assert_allclose(found["x.weather.2014"].draws, 100 * np.expm1(ban))
    better = stats.t(1).cdf((ban - other) / (spread * math.sqrt(1.5)))
    np.testing.assert_allclose(found["x.weather.adverse"].draws, better)
    assert found["x.weather.other-years"].mean == 2
    assert found["x.weather.worse-years"].mean == int(np.median((years[0] > ban).astype(int) + (years[1] > ban)))
    after = mean_between(weather_case, "2014-11-13", "2014-11-26")
    np.testing.assert_allclose(found["x.weather.after"].draws, 100 * np.expm1(after))


def test_share_of_the_difference_from_october_that_goes_with_weather(weather_case):
    log = np.log(weather_case.panel.pm25)
    drop = log["2014-10-01":"2014-10-31"].mean() - log["2014-11-03":"2014-11-12"].mean()
    october = mean_between(weather_case, "2014-10-01", "2014-10-31")
    ban = mean_between(weather_case, "2014-11-03", "2014-11-12")
    np.testing.assert_allclose(weather_case.found["x.weather.october"].draws, 100 * (october - ban) / drop)


def test_autumns_ten_days_with_a_worse_weather(weather_case):
    """Windows of ten days that lie whole between 15 October and 30 November and share no day with the ban."""
    ban = mean_between(weather_case, "2014-11-03", "2014-11-12")
    worse = []
    for start in weather_case.panel.pm25.index:
        days = pd.date_range(start, periods=10)
        inside = pd.Timestamp(start.year, 10, 15) <= start and days[-1] <= pd.Timestamp(start.year, 11, 30)
        if inside and not days.isin(pd.date_range("2014-11-03", "2014-11-12")).any():
            worse.append(mean_between(weather_case, str(days[0].date()), str(days[-1].date())) > ban)
    assert len(worse) == 2 * 38 + 10 + 9
    np.testing.assert_allclose(weather_case.found["x.weather.better"].draws, 100 * np.mean(worse, axis=0))


def test_measured_days_and_the_official_evaluation():
    say = Scribe((), "apec.")
    said._say_measured(say)
    found = {finding.id: finding for finding in say.made}
    days = tables.load("beijing_day").query("series == 'stations' and '2014-11-03' <= date <= '2014-11-12'").pm25
    assert len(days) == 10
    assert found["apec.observed.stations.ban"].mean == pytest.approx(days.mean(), abs=0.05)
    assert found["apec.observed.stations.clean-days"].mean == (days <= 75).sum()
    assert found["apec.observed.stations.dirtiest"].mean == pytest.approx(days.max(), abs=0.05)
    assert found["apec.official.observed"].mean == 43
    assert found["apec.official.counterfactual"].mean == 69.5
    assert found["apec.official.effect"].mean == round(100 * (43 / 69.5 - 1))


def test_the_blocks_move_with_the_ban():
    main, moved = registry.load("apec_series"), registry.load("apec_series", "three-days-later")
    blocks = pd.Series(apec_series.block_of(moved), moved.pm25.index)
    (block,) = blocks["2014-11-06":"2014-11-15"].unique()
    assert list(blocks.index[blocks == block]) == list(pd.date_range("2014-11-06", "2014-11-15"))
    assert not np.array_equal(blocks, apec_series.block_of(main))


def test_an_event_that_stands_alone_is_not_pooled(point):
    together, apart = some_panel(), replace(some_panel(), alone=("ban-1",))
    assert (apec_series.data(together)["kind_index"] != apec_series.data(apart)["kind_index"]).sum() == 1
    place = EVENTS.index("ban-1")
    effects = [values_at(apec_series.build(panel), point)["effect"][place] for panel in (together, apart)]
    assert effects[1] == pytest.approx(apec_series.CONTROL_PRIOR * point["event_apart"][place])
    assert effects[0] != pytest.approx(effects[1])


@pytest.mark.parametrize(("variant", "sd"), [("wide-prior", 1.0), ("narrow-prior", 0.15), ("", 0.3)])
def test_prior_of_the_controls_mean_by_variant(variant, sd):
    assert registry.load("apec_series", variant).control_prior == sd


def test_prior_of_the_controls_mean_is_the_panels(point, values):
    wide = densities_at(apec_series.build(replace(some_panel(), control_prior=1.0)), point)
    expected = normal(0, 1.0)(values["kind_mean"][0]) + normal(0, 0.15)(values["kind_mean"][1])
    assert wide["kind_mean"] == pytest.approx(float(expected), rel=1e-6)


def test_what_calendar_and_weather_do_not_explain(values, panel):
    """No event, no block and nothing carried over is taken away."""
    found = said.unexplained(one_draw(values), panel, slice(None))
    plain = {**values, "block_scale": 0.0, "event_apart": 0 * values["event_apart"], "kind_mean": np.zeros(2)}
    means = hand_means(plain, panel)
    left = [math.log(pm25) - mean for pm25, mean in zip(panel.pm25, means, strict=True) if np.isfinite(pm25)]
    assert found.tolist() == pytest.approx(left)
    assert found.index.equals(panel.pm25.dropna().index)


def test_ordinary_ten_days_are_a_placebo_in_time(monkeypatch):
    """Blocks that hold a control or too few days are left out; one of the others lies lower than the ban."""
    dates = pd.date_range("2014-10-04", "2014-12-22")
    levels = [-0.9, -0.1, 0.2, -0.5, -0.3, 0.6, 0.1, 0.3]
    left = pd.Series(np.repeat(levels, 10) + np.tile([-0.05, 0.05], 40), dates)
    left = left.drop(dates[20:24])
    controls = BAN_WINDOWS | {"parade": (pd.Timestamp("2014-11-28"), pd.Timestamp("2014-11-29"))}
    panel = Panel(pd.Series(50.0, dates), np.zeros((80, 7)), np.zeros(80), controls)
    ban = (dates >= "2014-11-03") & (dates < "2014-11-13")
    off = [0.45, 0.0, 0.0, -0.45]

    def of_chain(parameters, panel, rows):
        return left + pd.Series(off[int(parameters.chain[0])] * ban, dates)[left.index]

    monkeypatch.setattr(said, "unexplained", of_chain)
    parameters = xr.Dataset(coords={"chain": range(4)})
    made = said_by(said._say_standing, panel, parameters)
    found = {id: finding.mean for id, finding in made.items()}
    ordinary = [-0.9, -0.1, -0.3, 0.1, 0.3]
    assert found["x.ordinary-ten-days.count"] == len(ordinary)
    assert found["x.ordinary-ten-days"] == pytest.approx(100 * np.std(ordinary, ddof=1))
    assert found["x.ordinary-ten-days.lower"] == 1
    assert made["x.ordinary-ten-days.lower"].error == pytest.approx(np.std([3, 1, 1, 0], ddof=1) / 2)
    assert made["x.ordinary-ten-days"].error == 0.5


def test_an_effect_beyond_the_preliminary_one():
    found = found_by(ban_parameters(math.log(0.69)))
    assert found["x.ban.beyond-preliminary"].mean == 1
    assert found_by(ban_parameters(math.log(0.71)))["x.ban.beyond-preliminary"].mean == 0


def test_twentieth_dirtiest_day_of_each_year():
    dates = pd.date_range("2013-12-01", "2014-02-28")
    measured = pd.Series(np.random.default_rng(3).permutation(90) + 1.0, dates)
    years, drawn, dirty = said.dirtiest_days(np.stack([measured + 5, measured - 1]), measured)
    assert years == ["2013", "2014"]
    expected = [sorted(measured[year], reverse=True)[19] for year in years]
    assert dirty.tolist() == expected
    np.testing.assert_allclose(drawn, [[value + 5 for value in expected], [value - 1 for value in expected]])


def some_fit(variant: str, panel: Panel) -> SimpleNamespace:
    """A fit whose draws are all of one point: a ban of ten per cent."""
    sizes = {"term": 7, "wave": 6, "block": apec_series.BLOCKS, "event": len(EVENTS), "trend_wave": 5, "season_wave": 6,
             "weekday": 7}  # fmt: skip
    plain = ("level", "heating", "wet_effect", "block_scale", "carry_over", "scale", "tail")
    draws = {name: (("chain", "draw"), np.full((2, 40), 0.5)) for name in plain}
    for name, dims in DIMS.items():
        fill = math.log(0.9) if name == "effect" else 0.0
        draws[name] = (("chain", "draw", *dims), np.full((2, 40, *(sizes[dim] for dim in dims)), fill))
    name = f"apec_series/{variant}" if variant else "apec_series"
    return SimpleNamespace(parameters=xr.Dataset(draws), panel=panel, variant=variant, name=name, seed=1)


@pytest.mark.parametrize(
    ("variant", "prefix", "end"),
    [
        ("", "apec.embassy.", ""),
        ("wide-prior", "apec.embassy.", "@wide-prior"),
        ("stations", "apec.stations.", ""),
        ("stations-without-weather", "apec.stations.", "@without-weather"),
        ("stations-parade-apart", "apec.stations.", "@parade-apart"),
    ],
)
def test_ids_name_the_series_and_the_choice(variant, prefix, end):
    found = {finding.id: finding for finding in said.findings(some_fit(variant, registry.load("apec_series", variant)))}
    assert found[f"{prefix}ban.effect{end}"].mean == pytest.approx(-10)
    assert all(id.endswith(end) and ("@" in id) == bool(end) for id in found)
    assert (f"{prefix}weather.adverse{end}" in found) == (variant in ("", "stations"))
    assert ("apec.official.effect" in found) == (variant == "")
    panel = found[f"{prefix}ban.effect{end}"].panel
    assert ("beijing_station_day" in panel) == variant.startswith("stations")
    others = {id for id in found if not id.startswith(prefix)}
    assert all(id.startswith(("apec.observed.", "apec.official.")) for id in others)


@pytest.mark.parametrize(("toy", "site"), [("toy-small", "embassy"), ("stations-toy", "stations")])
def test_findings_of_a_toy_are_its_truth_and_what_came_back(toy, site):
    panel = apec_series.TOYS[toy](registry.load("apec_series"), np.random.default_rng(1))
    found = {finding.id: finding for finding in said.findings(some_fit(toy, panel))}
    assert set(found) == {f"apec.{site}.truth.ban.effect@{toy}", f"apec.{site}.ban.effect@{toy}"}
    assert found[f"apec.{site}.truth.ban.effect@{toy}"].mean == pytest.approx(100 * panel.truth["effect"])
    assert found[f"apec.{site}.truth.ban.effect@{toy}"].exact
    assert found[f"apec.{site}.ban.effect@{toy}"].mean == pytest.approx(-10)
