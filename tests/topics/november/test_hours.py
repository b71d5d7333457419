"""The series by hour: the model by day with a course of the day, on a panel made of raw hours."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from densities import (
    PLAIN,
    beta,
    densities_at,
    gamma,
    jacobian,
    jacobian_at,
    lognormal,
    normal,
    student_t,
    zero_sum,
)

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.fits import fitting
from jingjinji.topics.november import hours as apec_hours
from jingjinji.topics.november import hours_findings as said
from jingjinji.topics.november import series
from jingjinji.topics.november.hours import Panel

HOURS = pd.date_range("2014-11-01", "2014-11-14 23:00", freq="h")
NAMES = ["wind_nw", "wind_ne", "wind_se", "dew_point", "pressure", "temperature"]


def some_hours(sites=("A", "B"), seed=1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frames = []
    for level, site in enumerate(sites, start=1):
        weather = pd.DataFrame(np.abs(rng.normal(size=(len(HOURS), 6))), columns=NAMES)
        pm25 = np.round(40 * level * np.exp(rng.normal(0, 0.5, len(HOURS))))
        wet = (rng.random(len(HOURS)) < 0.1).astype(float)
        frames.append(weather.assign(time=HOURS, site=site, pm25=pm25, wet_hours=wet))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def panel() -> Panel:
    made = apec_hours.panel_of(some_hours(), tables.load("interventions"))
    pm25 = made.pm25.copy()
    pm25.iloc[[7, 100, 101]] = np.nan
    return replace(made, pm25=pm25)


@pytest.fixture(scope="module")
def model(panel) -> pm.Model:
    return apec_hours.build(panel)


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
    "carry_over": beta(20, 2),
    "scale": lognormal(0.25, 0.3),
    "tail": gamma(2, 10),
    "rise_to_fall": lognormal(1, 0.3),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(PRIORS[name](values[name])), rel=1e-6, abs=1e-5)


def test_priors_of_curves_and_of_the_course_of_the_day(densities, values):
    course = apec_hours.waves_of_day() @ values["hour_wave"]
    assert densities["hour_wave"] == pytest.approx(zero_sum(0.2)(course))
    expected = sum(normal(0, values["amplitude"][k])(values["smooth"][k]) for k in range(len(series.WEATHER)))
    assert densities["smooth"] == pytest.approx(expected, rel=1e-6)
    assert densities.keys() == {*PRIORS, "hour_wave", "smooth", "days"}


def hand_season(v: dict, date: pd.Timestamp) -> float:
    angle = 2 * math.pi * (date.day_of_year - 1) / 365.25
    terms = [wave(k * angle) for k in (1, 2, 3) for wave in (math.cos, math.sin)]
    return sum(share * term for share, term in zip(v["season"], terms, strict=True))


def is_heated(date: pd.Timestamp) -> bool:
    return date.month in (12, 1, 2) or (date.month == 11 and date.day >= 15) or (date.month == 3 and date.day <= 15)


def hand_likelihood(v: dict, panel: Panel) -> float:
    """Of hours that rise as they fall: each follows on the one before, hours that are left out say nothing."""
    times, log = panel.pm25.index, np.log(panel.pm25.to_numpy())
    year = (times - times[0]).days.to_numpy() / 365.25
    trend = series.waves(year - year.mean(), 5, 1.5, 2.0)
    curves = [series.waves(panel.weather[:, k], 6, 1.0) for k in range(len(series.WEATHER))]
    heated = [float(is_heated(time)) for time in times]
    block = [(time - pd.Timestamp("2014-11-03")).days // 10 for time in times]
    course = apec_hours.waves_of_day() @ v["hour_wave"]
    means = []
    for t, time in enumerate(times):
        mu = v["level"] + trend[t] @ v["trend"] + hand_season(v, time) + v["heating"] * (heated[t] - np.mean(heated))
        mu += v["weekday_effect"][time.weekday()] + course[time.hour] + v["wet_effect"] * panel.wet[t]
        mu += sum(curves[k][t] @ v["smooth"][k] for k in range(len(curves)))
        mu += v["block_scale"] * v["block_effect"][block[t] - block[0]]
        for event, (first, last) in panel.windows.items():
            if first <= time <= last:
                mu += v["effect"][apec_hours.EVENTS.index(event)]
        means.append(float(mu))
    total, nu = 0.0, 3 + float(v["tail"])
    for t, time in enumerate(times):
        if np.isfinite(log[t]) and time not in panel.left_out:
            known = t > 0 and np.isfinite(log[t - 1])
            mean = means[t] + (v["carry_over"] * (log[t - 1] - means[t - 1]) if known else 0.0)
            total += student_t(log[t], nu, mean, float(v["scale"]))
    return total


@pytest.mark.parametrize("without", [False, True])
def test_hours_that_rise_as_they_fall_have_the_likelihood_of_an_autoregression(panel, point, values, without):
    panel = replace(panel, left_out=apec_hours.edges(panel)) if without else panel
    even = densities_at(apec_hours.build(panel), point | {"rise_to_fall_log__": np.array(0.0)})
    assert even["days"] == pytest.approx(hand_likelihood(values, panel), rel=1e-9)


def test_effects_of_the_events(values):
    for k, event in enumerate(apec_hours.EVENTS):
        apart = values["event_apart"][k]
        if event in ("ban-1", "ban-2", "parade") or event.startswith("holiday"):
            expected = values["kind_mean"][int(event.startswith("holiday"))] + values["event_scale"] * apart
        else:
            expected = 0.3 * apart
        assert values["effect"][k] == pytest.approx(expected), event


def test_the_midnights_of_the_ban_are_left_out_as_innovations_alone(panel):
    without = apec_hours._without_edges(panel)
    assert list(without.left_out) == list(pd.to_datetime(["2014-11-03", "2014-11-06", "2014-11-13"]))
    whole, fewer = apec_hours.data(panel), apec_hours.data(without)
    gone = panel.pm25.index[np.setdiff1d(whole["day"], fewer["day"])]
    assert list(gone) == list(without.left_out)
    next_hours = np.isin(fewer["day_before"], np.setdiff1d(whole["day"], fewer["day"]))
    assert (next_hours & (fewer["has_before"] == 1)).sum() == 3


@pytest.mark.parametrize(("carry_over", "steps"), [(0.44, 10), (0.94, 240), (0.9725, 240)])
def test_how_much_of_a_step_lies_in_its_edges(carry_over, steps):
    """The information of each innovation by the difference of the step."""
    step = np.zeros(steps + 2)
    step[1:-1] = 1
    weight = np.square(step[1:] - carry_over * step[:-1])
    assert said.of_edges(carry_over, steps) == pytest.approx((weight[0] + weight[-1]) / weight.sum())


@pytest.mark.parametrize("ratio", [0.4, 1.0, 1.6])
def test_lopsided_hours_are_a_distribution_with_the_stated_mean_and_sides(ratio):
    grid = np.linspace(-400, 400, 800_001)
    with pm.Model() as model:
        apec_hours.lopsided(0.7, 0.3, 5.0, grid)
    terms = model.logp(vars=[model["days"]], sum=False)
    (logs,) = model.compile_fn(terms, mode=PLAIN)({"rise_to_fall_log__": np.log(ratio)})
    density, step = np.exp(logs), grid[1] - grid[0]
    assert density.sum() * step == pytest.approx(1, abs=1e-4)
    assert (density * grid).sum() * step == pytest.approx(0.7, abs=1e-3)
    mode = grid[density.argmax()]
    assert density[grid > mode].sum() / density[grid < mode].sum() == pytest.approx(ratio, rel=1e-3)


def test_lopsided_hours_are_drawn_as_their_density_says():
    with pm.Model() as model:
        apec_hours.lopsided(np.full(200_000, 0.7), 0.3, 5.0, np.zeros(200_000))
    (drawn,) = pm.draw(pm.do(model, {"rise_to_fall": 0.4})["days"], 1, random_seed=3, mode=PLAIN)[None]
    assert drawn.mean() == pytest.approx(0.7, abs=0.005)
    mode = 0.7 + 0.3 * (0.4**-0.5 - 0.4**0.5) * 2 * math.sqrt(5 / math.pi) * math.gamma(3) / math.gamma(2.5) / 4
    assert (drawn > mode).mean() == pytest.approx(0.4 / 1.4, abs=0.005)


def test_jacobians_of_the_transforms(model, point, values, densities):
    assert jacobian_at(model, point, densities) == pytest.approx(jacobian(point, values), rel=1e-6)


def test_an_hour_is_the_mean_of_the_sites_logs_and_nought_counts_as_one():
    hours = some_hours()
    hours.loc[3, "pm25"] = 0.0
    hours.loc[5, "pm25"] = np.nan
    first, second = (hours.loc[hours.site == site, "pm25"].clip(lower=1).to_numpy() for site in ("A", "B"))
    found = np.log(apec_hours.panel_of(hours, tables.load("interventions")).pm25.to_numpy())
    assert found[3] == pytest.approx(math.log(second[3]) / 2)
    offset = np.log(second).mean() - np.nanmean(np.log(first))
    assert found[5] == pytest.approx(math.log(second[5]) - offset / 2)
    assert found[6] == pytest.approx((math.log(first[6]) + math.log(second[6])) / 2)


def test_winds_are_means_of_six_hours_and_of_the_day_before_them():
    hours = some_hours(sites=("A",))
    hours[["wind_nw", "wind_ne", "wind_se"]] = 0.0
    hours.loc[50:55, "wind_nw"] = 4.0
    weather = apec_hours.panel_of(
        hours.assign(wind_ne=1.0 + (hours.index == 3), wind_se=1.0 + (hours.index == 4)), tables.load("interventions")
    ).weather
    recent, before = weather[:, 0], weather[:, 3]
    raised = np.flatnonzero(recent > recent.min() + 1e-9)
    assert (raised.min(), raised.max()) == (50, 60)
    assert recent.argmax() == 55
    assert np.flatnonzero(before == before.max()).tolist() == list(range(61, 80))


def test_events_last_to_the_end_of_their_last_day():
    panel = apec_hours.panel_of(some_hours(), tables.load("interventions"))
    assert set(panel.windows) == {"ban-1", "ban-2"}
    assert panel.windows["ban-2"] == (pd.Timestamp("2014-11-06"), pd.Timestamp("2014-11-12 23:00"))
    assert apec_hours.event_days(panel).sum() == 240


def test_variables_are_standardised():
    panel = apec_hours.panel_of(some_hours(), tables.load("interventions"))
    np.testing.assert_allclose(panel.weather.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(panel.weather.std(axis=0, ddof=1), 1)
    assert (panel.wet.mean(), panel.wet.std(ddof=1)) == (pytest.approx(0, abs=1e-9), pytest.approx(1))


def test_raw_hours_that_are_not_there_are_told(empty_cache):
    for variant, file in (("", "PRSA_data_2010"), ("stations", "PRSA_Data_Aotizhongxin")):
        with pytest.raises(BookError, match=rf"{file}.* is not among the fetched archives.*'jingjinji data fetch'"):
            registry.load("apec_hours", variant)
    with pytest.raises(BookError, match="no variant 'toy': expected one of without-edges, stations"):
        registry.load("apec_hours", "toy")


def test_findings_weigh_the_phases_by_their_hours_and_carry_over_a_whole_day(panel):
    effect = np.zeros((2, 10, len(apec_hours.EVENTS)))
    effect[:, :, apec_hours.EVENTS.index("ban-1")], effect[:, :, apec_hours.EVENTS.index("ban-2")] = 0.2, -0.4
    parameters = xr.Dataset(
        {
            "effect": (("chain", "draw", "event"), effect),
            "carry_over": (("chain", "draw"), np.full((2, 10), 0.97)),
        }
    )
    for variant, begin, end in (("", "embassy", ""), ("stations-without-edges", "stations", "@without-edges")):
        fit = SimpleNamespace(parameters=parameters, panel=panel, variant=variant, name="apec_hours", seed=1)
        found = {finding.id: finding.mean for finding in said.findings(fit)}
        ban = (72 * 0.2 - 168 * 0.4) / 240
        assert found[f"apec.hours.{begin}.ban.effect{end}"] == pytest.approx(100 * math.expm1(ban))
        assert found[f"apec.hours.{begin}.carry-over{end}"] == pytest.approx(100 * 0.97**24)
        assert found[f"apec.hours.{begin}.edges{end}"] == pytest.approx(100 * said.of_edges(0.97, 240))


def test_the_book_does_not_need_them():
    assert "apec_hours" in registry.BY_HOUR
    assert not any(name.startswith("apec_hours") for name in fitting.names())
    assert registry.module("apec_hours") is apec_hours
