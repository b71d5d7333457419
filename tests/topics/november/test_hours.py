"""The series by hour: the model by day with a course of the day, on a panel made of raw hours."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from densities import PLAIN, beta, densities_at, jacobian, jacobian_at, lognormal, zero_sum

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.fits import fitting
from jingjinji.topics.november import hours as apec_hours
from jingjinji.topics.november import hours_findings as said
from jingjinji.topics.november import series
from jingjinji.topics.november.series import Panel

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


@pytest.fixture(scope="module")
def by_day(panel, point, values) -> dict[str, float]:
    """The model by day of hours from which the course of the day is taken away."""
    course = (apec_hours.waves_of_day() @ values["hour_wave"])[panel.pm25.index.hour]
    model = series.build(replace(panel, pm25=panel.pm25 * np.exp(-course)))
    return densities_at(model, {name: point[name] for name in model.initial_point()})


def test_priors_of_its_own(densities, values):
    course = apec_hours.waves_of_day() @ values["hour_wave"]
    assert densities["hour_wave"] == pytest.approx(zero_sum(0.2)(course))
    assert densities["carry_over"] == pytest.approx(float(beta(20, 2)(values["carry_over"])), abs=1e-5)
    assert densities["scale"] == pytest.approx(float(lognormal(0.25, 0.3)(values["scale"])))


def test_hours_that_rise_as_they_fall_have_the_likelihood_of_days_beside_their_course(model, point, by_day):
    even = densities_at(model, point | {"rise_to_fall_log__": np.array(0.0)})
    assert even["days"] == pytest.approx(by_day["days"], rel=1e-9)


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


def test_other_priors_are_those_of_the_model_by_day(densities, by_day, values):
    assert densities.keys() == {*by_day, "hour_wave", "rise_to_fall"}
    assert densities["rise_to_fall"] == pytest.approx(float(lognormal(1, 0.3)(values["rise_to_fall"])))
    for name in by_day.keys() - {"days", "carry_over", "scale"}:
        assert densities[name] == pytest.approx(by_day[name], rel=1e-12), name


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
    assert series.event_days(panel).sum() == 240


def test_variables_are_standardised():
    panel = apec_hours.panel_of(some_hours(), tables.load("interventions"))
    np.testing.assert_allclose(panel.weather.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(panel.weather.std(axis=0, ddof=1), 1)
    assert (panel.wet.mean(), panel.wet.std(ddof=1)) == (pytest.approx(0, abs=1e-9), pytest.approx(1))


def test_raw_hours_that_are_not_there_are_told(empty_cache):
    for variant, file in (("", "PRSA_data_2010"), ("stations", "PRSA_Data_Aotizhongxin")):
        with pytest.raises(BookError, match=rf"{file}.* is not among the fetched archives.*'jingjinji data fetch'"):
            registry.load("apec_hours", variant)
    with pytest.raises(BookError, match="no variant 'toy': expected one of stations"):
        registry.load("apec_hours", "toy")


def test_findings_carry_over_a_whole_day_and_tell_how_far_the_level_lies_off(panel, model, values):
    names = {variable.name for variable in model.free_RVs} | {"effect"}
    dims = model.named_vars_to_dims
    parameters = xr.Dataset(
        {name: (("chain", "draw", *dims.get(name, ())), values[name][None, None]) for name in names}
    )
    parameters["carry_over"] = parameters["carry_over"] * 0 + 0.97
    higher = parameters.assign(level=parameters["level"] + 0.5)
    found = [
        {finding.id: finding for finding in said.findings(SimpleNamespace(
            parameters=one, panel=panel, variant="", name="apec_hours"))}
        for one in (parameters, higher)
    ]  # fmt: skip
    assert found[0]["apec.hours.embassy.carry-over"].mean == pytest.approx(100 * 0.97**24)
    off = [1 + one["apec.hours.embassy.check.level"].mean / 100 for one in found]
    assert off[1] / off[0] == pytest.approx(math.exp(-0.5), rel=0.01)


def test_the_book_does_not_need_them():
    assert "apec_hours" in registry.BY_HOUR
    assert not any(name.startswith("apec_hours") for name in fitting.names())
    assert registry.module("apec_hours") is apec_hours
