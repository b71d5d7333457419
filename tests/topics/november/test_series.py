"""The daily series around November 2014 against computations by hand, and what is derived from their draws."""

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
    zero_sum,
)
from scipy import stats

from jingjinji.core import registry, tables
from jingjinji.core.errors import BookError
from jingjinji.core.scribe import Scribe
from jingjinji.topics.november import contrast
from jingjinji.topics.november import series as apec_series
from jingjinji.topics.november import series_findings as said
from jingjinji.topics.november.series import EVENTS, SITES, WEATHER, Panel, Site, waves

DATES = pd.date_range("2014-10-25", "2014-11-20")
EMBASSY, STATIONS = DATES[:20], DATES[6:]
GAPS = {"embassy": (2, 3, 12), "stations": (4,)}
WINDOWS = {
    "ban": (pd.Timestamp("2014-11-03"), pd.Timestamp("2014-11-12")),
    "after-ban": (pd.Timestamp("2014-11-13"), pd.Timestamp("2014-11-16")),
}


def some_site(dates: pd.DatetimeIndex, gaps: tuple[int, ...], seed: int) -> Site:
    rng = np.random.default_rng(seed)
    pm25 = np.round(80 * np.exp(rng.normal(0, 0.6, len(dates))), 1)
    pm25[list(gaps)] = np.nan
    return Site(pd.Series(pm25, dates), rng.normal(size=(len(dates), len(WEATHER))), rng.normal(size=len(dates)))


def some_panel(**changes) -> Panel:
    fields = {
        "embassy": some_site(EMBASSY, GAPS["embassy"], 5),
        "stations": some_site(STATIONS, GAPS["stations"], 6),
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
    "holiday_effect": normal(0, 0.15),
    "weekday_effect": zero_sum(0.1),
    "amplitude": lognormal(0.4, 0.5),
    "wet_effect": normal(0, 0.2),
    "block_scale": lognormal(0.12, 0.4),
    "block_effect": normal(0, 1),
    "effect": normal(0, 0.3),
    "carry_over": beta(4, 6),
    "scale": lognormal(0.45, 0.3),
    "own_scale": lognormal(0.2, 0.5),
    "shared": normal(1, 0.2),
    "tail": gamma(2, 10),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(float(PRIORS[name](values[name])), rel=1e-6, abs=1e-6)


def test_prior_of_the_weathers_curves(densities, values):
    expected = sum(
        normal(0, values["amplitude"][k])(values["smooth"][site, k]) for site in range(2) for k in range(len(WEATHER))
    )
    assert densities["smooth"] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    assert densities.keys() == {*PRIORS, "smooth", "days"}


def test_what_is_computed_from_the_parameters_is_named(model):
    assert set(apec_series.DERIVED) == {variable.name for variable in model.deterministics}


def test_jacobians_of_the_transforms(model, point, values, densities):
    assert jacobian_at(model, point, densities) == pytest.approx(jacobian(point, values), rel=1e-6)


def hand_season(v: dict, date: pd.Timestamp) -> float:
    angle = 2 * math.pi * (date.day_of_year - 1) / 365.25
    terms = [wave(k * angle) for k in (1, 2, 3) for wave in (math.cos, math.sin)]
    return sum(share * term for share, term in zip(v["season"], terms, strict=True))


def is_heated(date: pd.Timestamp) -> bool:
    return date.month in (12, 1, 2) or (date.month == 11 and date.day >= 15) or (date.month == 3 and date.day <= 15)


def hand_means(v: dict, panel: Panel, events: bool = True, blocks: bool = True) -> dict[str, dict]:
    """Expectation of each measured day before anything is carried over: series -> date -> log."""
    dates = panel.dates
    year = np.arange(len(dates)) / 365.25
    trend = waves(year - year.mean(), 8, 1.5, 2.0)
    heated, holiday = ([float(f(date)) for date in dates] for f in (is_heated, lambda d: d.month == 10 and d.day <= 7))
    number = [(date - pd.Timestamp("2014-11-03")).days // 10 for date in dates]
    found = {}
    for k, (name, site) in enumerate(zip(SITES, panel.sites, strict=True)):
        curves = [waves(site.weather[:, term], 6, 1.0) for term in range(len(WEATHER))]
        found[name] = {}
        for row, date in enumerate(site.pm25.index):
            if not np.isfinite(site.pm25[date]):
                continue
            t = dates.get_loc(date)
            mu = v["level"][k] + trend[t] @ v["trend"] + hand_season(v, date) + v["weekday_effect"][date.weekday()]
            mu += v["heating"] * (heated[t] - np.mean(heated)) + v["holiday_effect"] * (holiday[t] - np.mean(holiday))
            if panel.use_weather:
                mu += sum(curves[term][row] @ v["smooth"][k, term] for term in range(len(WEATHER)))
                mu += v["wet_effect"][k] * site.wet[row]
            if blocks:
                mu += v["block_scale"] * v["block_effect"][number[t] - number[0]]
            for event, (first, last) in panel.windows.items():
                if events and first <= date <= last:
                    mu += v["effect"][EVENTS.index(event)]
            found[name][date] = float(mu)
    return found


def hand_courses(v: dict, panel: Panel) -> dict[str, dict]:
    """Mean and scale of each measured day given what it follows on: series -> date -> (mean, scale)."""
    means = hand_means(v, panel)
    logs = {name: np.log(site.pm25.dropna()) for name, site in zip(SITES, panel.sites, strict=True)}
    left = {name: {date: logs[name][date] - mean for date, mean in means[name].items()} for name in SITES}
    phi, shared = float(v["carry_over"]), float(v["shared"])
    alone = math.sqrt((shared * float(v["scale"])) ** 2 + float(v["own_scale"]) ** 2)
    beside = {date: left["embassy"][date] - shared * left["stations"][date] for date in left["embassy"]
              if date in left["stations"]}  # fmt: skip
    only = {date: value for date, value in left["embassy"].items() if date not in left["stations"]}
    found = {"embassy": {}, "stations": {}}
    for name, course, scale in (
        ("stations", left["stations"], float(v["scale"])),
        ("embassy", only, alone),
        ("embassy", beside, float(v["own_scale"])),
    ):
        previous = None
        for date in sorted(course):
            mean = means[name][date] + (shared * left["stations"][date] if course is beside else 0.0)
            if previous is None:
                found[name][date] = mean, scale / math.sqrt(1 - phi**2)
            else:
                gap = (date - previous).days
                sd = scale * math.sqrt(sum(phi ** (2 * k) for k in range(gap)))
                found[name][date] = mean + phi**gap * course[previous], sd
            previous = date
    return found


def hand_likelihood(v: dict, panel: Panel) -> float:
    nu, total = 3 + float(v["tail"]), 0.0
    for name, days in hand_courses(v, panel).items():
        pm25 = getattr(panel, name).pm25
        total += sum(student_t(math.log(pm25[date]), nu, mean, scale) for date, (mean, scale) in days.items())
    return total


def test_measured_days(densities, values, panel):
    """After a gap, and where a course begins, a reading has the scale that fits; shared days count once."""
    assert densities["days"] == pytest.approx(hand_likelihood(values, panel), rel=1e-6)


def test_without_weather_no_term_of_weather_is_left(point, values):
    panel = replace(some_panel(), use_weather=False)
    model = apec_series.build(panel)
    assert densities_at(model, point)["days"] == pytest.approx(hand_likelihood(values, panel), rel=1e-6)


def test_what_a_reading_follows_on(panel):
    rows = apec_series.readings(panel)
    embassy, stations = (site.pm25.dropna() for site in panel.sites)
    assert len(rows["day"]) == len(embassy) + len(stations)
    dates = panel.dates[rows["day"]]
    shared = embassy.index.intersection(stations.index)
    assert list(dates[rows["has_beside"] == 1]) == list(shared)
    assert (dates[rows["beside"]][rows["has_beside"] == 1] == shared).all()
    follows = rows["gap"] < apec_series.NEVER
    assert (~follows).sum() == 3
    assert ((dates - dates[rows["before"]]).days[follows] == rows["gap"][follows]).all()
    assert (rows["course_index"][rows["before"]] == rows["course_index"]).all()
    assert set(rows["gap"][follows]) == {1.0, 2.0, 3.0, 5.0}


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


@pytest.mark.parametrize("moved", [0, 3])
def test_the_ban_is_one_block_and_alone_in_it(moved):
    panel = registry.load("apec_series")
    blocks = pd.Series(apec_series.block_of(panel, moved), panel.dates)
    days = pd.date_range("2014-11-03", "2014-11-12") + pd.Timedelta(days=moved)
    (block,) = blocks[days].unique()
    assert list(blocks.index[blocks == block]) == list(days)
    assert blocks.iloc[0] == 0
    assert (blocks.diff().dropna().isin([0, 1])).all()
    assert blocks.value_counts().iloc[1:-1].max() == 10


def test_windows_are_the_dates_of_the_interventions():
    table = tables.load("interventions").set_index("id")
    found = apec_series.windows(tables.load("interventions"))
    assert tuple(found) == EVENTS
    for event, id in (("ban", "I010"), ("parade", "I018"), ("alert", "I021")):
        assert found[event] == (table.loc[id, "start"], table.loc[id, "end"])
    for event, before in (("after-ban", "ban"), ("after-parade", "parade")):
        assert found[event][0] == found[before][1] + pd.Timedelta(days=1)
    for days in (30, 60, 90):
        assert (found[f"later-{days}"][0] - found["ban"][1]).days == days
    for event in ("after-ban", "after-parade", "later-30", "later-60", "later-90"):
        assert (found[event][1] - found[event][0]).days == 13


def test_heating_season_and_its_ends():
    dates = pd.DatetimeIndex(["2014-03-15", "2014-03-16", "2014-11-14", "2014-11-15", "2014-12-31", "2014-07-01"])
    np.testing.assert_allclose(apec_series.heated(dates), np.array([1, 0, 0, 1, 1, 0]) - 0.5)


def test_the_week_of_national_day():
    dates = pd.DatetimeIndex(["2014-09-30", "2014-10-01", "2014-10-07", "2014-10-08"])
    np.testing.assert_allclose(apec_series.holidays(dates), np.array([0, 1, 1, 0]) - 0.5)


def test_panel_is_the_published_days():
    panel = registry.load("apec_series")
    table = tables.load("beijing_day").query("series == 'embassy'").set_index("date")
    embassy, stations = panel.sites
    assert (embassy.pm25.index == pd.date_range("2010-01-01", "2014-12-31")).all()
    assert embassy.pm25.equals(table.pm25.reindex(embassy.pm25.index))
    assert (stations.pm25.index == pd.date_range("2013-03-01", "2017-02-28")).all()
    day = tables.load("beijing_station_day").query("date == @pd.Timestamp(2014, 11, 5)").pm25
    assert len(day) == 12
    assert math.log(stations.pm25["2014-11-05"]) == pytest.approx(np.log(day).mean())
    assert (panel.dates == pd.date_range("2010-01-01", "2017-02-28")).all()
    for site in panel.sites:
        np.testing.assert_allclose(site.weather.mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(site.weather.std(axis=0, ddof=1), 1)
        assert np.isfinite(site.weather).all()
    assert set(panel.windows) == set(EVENTS)


def test_wind_of_the_day_before_and_departures_from_the_usual_year():
    days = tables.load("beijing_day").query("series == 'embassy'").reset_index()
    found = apec_series.weather_table(apec_series.days_of("embassy", tables.load("beijing_day")))
    total = days.wind_nw + days.wind_ne + days.wind_se
    assert found["wind_before"].iloc[1:].tolist() == pytest.approx(total.iloc[:-1].tolist())
    by_month = found["temperature"].groupby(found.index.month).mean()
    assert by_month.abs().max() < 2
    assert days.temperature.groupby(days.date.dt.month).mean().abs().max() > 20


def test_a_day_that_misses_a_station_is_the_mean_of_the_others_against_their_own_levels():
    rng = np.random.default_rng(2)
    days = pd.DataFrame(np.exp(4 + rng.normal(0, 0.4, (len(DATES), 12))) * np.arange(1, 13), DATES)
    days.iloc[7, 3] = np.nan
    log = np.log(days)
    level = log.drop(index=DATES[7]).mean()
    mended = np.log(apec_series.mean_of_logs(days))
    others = [log.iloc[7, k] - level.iloc[k] for k in range(12) if k != 3]
    assert mended.iloc[7] == pytest.approx(sum(others) / 11 + level.mean())
    assert mended.drop(DATES[7]).tolist() == pytest.approx(log.mean(axis=1).drop(DATES[7]).tolist())


# --- bad input --------------------------------------------------------------------------------------------------


def test_an_event_outside_the_record_is_told():
    outside = (pd.Timestamp("2014-11-06"), pd.Timestamp("2014-11-22"))
    with pytest.raises(BookError) as caught:
        apec_series.checked(some_panel(windows=WINDOWS | {"alert": outside}))
    for words in ("event 'alert'", "2014-11-06 to 2014-11-22", "2014-10-25 to 2014-11-20", "expected an event inside"):
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_event_without_measured_days_is_told():
    panel = some_panel()
    for site in panel.sites:
        site.pm25["2014-11-14":"2014-11-16"] = np.nan
    panel.stations.pm25["2014-11-13"] = np.nan
    with pytest.raises(BookError) as caught:
        apec_series.checked(panel)
    for words in ("event 'after-ban'", "2014-11-13 to 2014-11-16", "1 measured days", "expected at least 2"):
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sound_panel_is_left_as_it_is(panel):
    assert apec_series.checked(panel) is panel


# --- variants and made-up records -------------------------------------------------------------------------------


def test_without_weather_is_a_variant():
    assert registry.load("apec_series").use_weather
    assert not registry.load("apec_series", "without-weather").use_weather


def test_made_up_records_have_the_effect_and_nothing_else():
    panel = registry.load("apec_series")
    made = [
        apec_series.simulate({"effect": effect, "parade": parade}, np.random.default_rng(4), panel)
        for effect, parade in ((0.0, 0.0), (-0.3, -0.5))
    ]
    for name, none, both in zip(SITES, made[0].sites, made[1].sites, strict=True):
        difference = (np.log(both.pm25) - np.log(none.pm25)).dropna()
        assert none.pm25.isna().equals(getattr(panel, name).pm25.isna())
        assert difference["2014-11-03":"2014-11-12"].tolist() == pytest.approx([math.log(0.7)] * 10, abs=1e-12)
        rest = difference.drop(pd.date_range("2014-11-03", "2014-11-12"))
        of_parade = rest["2015-08-20":"2015-09-03"]
        assert of_parade.tolist() == pytest.approx([math.log(0.5)] * len(of_parade), abs=1e-12)
        assert len(of_parade) == (0 if name == "embassy" else 15)
        assert rest.drop(of_parade.index).abs().max() == 0
    assert made[1].truth["effect"] == -0.3


def test_made_up_records_have_the_stated_scatter_and_carry_over():
    dates = pd.date_range("2010-01-01", periods=1800)
    site = Site(pd.Series(50.0, dates), np.zeros((1800, 7)), np.zeros(1800))
    panel = Panel(site, site, {"ban": (dates[900], dates[909])})
    truth = {"season": np.zeros(6), "block_scale": 0.0, "tail": 200.0, "level": np.array([4.0, 3.0]), "carry_over": 0.6,
             "scale": 0.2, "own_scale": 0.1, "shared": 0.9}  # fmt: skip
    made = apec_series.made_up(truth, np.random.default_rng(1), panel, 20)
    embassy, stations = made[:, :1800] - 4, made[:, 1800:] - 3
    assert abs(stations.mean()) < 0.02
    assert stations.std() == pytest.approx(0.2 / 0.8, rel=0.03)
    assert np.corrcoef(stations[:, 1:].ravel(), stations[:, :-1].ravel())[0, 1] == pytest.approx(0.6, abs=0.02)
    own = embassy - 0.9 * stations
    assert own.std() == pytest.approx(0.1 / 0.8, rel=0.03)
    assert abs(np.corrcoef(own.ravel(), stations.ravel())[0, 1]) < 0.03


def test_a_ban_that_comes_and_goes_gradually(panel):
    step = pd.Series(apec_series.response(panel, "ban", 0.0), panel.dates)
    slow = pd.Series(apec_series.response(panel, "ban", 2.0), panel.dates)
    assert step.sum() == 10
    assert slow[:"2014-11-02"].eq(0).all()
    assert 1 - slow["2014-11-04"] == pytest.approx(math.exp(-1))
    assert slow["2014-11-14"] == pytest.approx(slow["2014-11-12"] * math.exp(-1))


# --- what is derived from the draws -----------------------------------------------------------------------------

DIMS = {
    "smooth": ("site", "term", "wave"), "block_effect": ("block",), "effect": ("event",), "trend": ("trend_wave",),
    "season": ("season_wave",), "weekday_effect": ("weekday",), "level": ("site",), "wet_effect": ("site",),
    "amplitude": ("term",),
}  # fmt: skip


def one_draw(values: dict) -> xr.Dataset:
    return draws_at({name: values[name] for name in values if np.ndim(values[name]) == 0 or name in DIMS}, DIMS)


def by_reading(days: dict[str, dict]) -> list:
    return [days[name][date] for name in SITES for date in sorted(days[name])]


def test_expected_days_are_those_of_the_likelihood(values, panel):
    mean, scale = said.expected(one_draw(values), panel, slice(None))
    assert list(zip(mean[0], scale[0], strict=True)) == [
        pytest.approx(both) for both in by_reading(hand_courses(values, panel))
    ]


def test_days_drawn_anew_scatter_as_the_model_says(values, panel):
    draws = one_draw(values).isel(draw=np.zeros(20000, dtype=int))
    draws["tail"] = draws["tail"] * 0 + 0.5
    both = said.replicates(draws, panel, seed=1, draws=20000)
    drawn = np.log(np.hstack([both[name] for name in SITES]))
    low, middle, high = np.percentile(drawn, [25, 50, 75], axis=0)
    expected, scale = np.array(by_reading(hand_courses(values, panel))).T
    np.testing.assert_allclose(middle, expected, atol=0.05)
    np.testing.assert_allclose((high - low) / 2, scale * stats.t.ppf(0.75, 3.5), rtol=0.06)


def test_what_calendar_and_weather_do_not_explain(values, panel):
    """No event, no block and nothing carried over is taken away."""
    found = said.unexplained(one_draw(values), panel, slice(None))
    means = hand_means(values, panel, events=False, blocks=False)
    for name, site in zip(SITES, panel.sites, strict=True):
        days = site.pm25.dropna()
        assert found[name].index.equals(days.index)
        assert found[name].tolist() == pytest.approx([math.log(days[date]) - means[name][date] for date in days.index])


def said_by(helper, panel: Panel, parameters, *more) -> dict:
    """What a helper says of some parameters, by id."""
    fit = SimpleNamespace(name="m", variant="", panel=panel, parameters=parameters, seed=1)
    say = Scribe((), "x.", fit)
    helper(say, fit, *more)
    return {finding.id: finding for finding in say.made}


def events_said(effect: float) -> dict:
    shape = (2, 50)
    parameters = xr.Dataset(
        {
            "effect": (("chain", "draw", "event"), np.full((*shape, len(EVENTS)), effect)),
            "block_scale": (("chain", "draw"), np.full(shape, 0.5)),
            "carry_over": (("chain", "draw"), np.full(shape, 0.8)),
        }
    )
    return said_by(said._say_events, some_panel(), parameters)


def test_an_effect_of_one_half_doubles_the_counterfactual():
    found = events_said(math.log(0.5))
    for name in SITES:
        observed = getattr(some_panel(), name).pm25["2014-11-03":"2014-11-12"].mean()
        assert found[f"apec.{name}.ban.counterfactual"].mean == pytest.approx(2 * observed, rel=1e-12)
        assert found[f"apec.{name}.ban.difference"].mean == pytest.approx(-observed)
    assert found["x.ban.effect"].mean == pytest.approx(-50)
    assert found["x.after-ban.effect"].mean == pytest.approx(-50)
    assert found["x.carry-over"].mean == pytest.approx(80)
    assert found["x.block-scale"].mean == pytest.approx(50)
    assert found["x.ban.below"].mean == 1
    assert "x.parade.effect" not in found


@pytest.mark.parametrize(("left", "share"), [(0.69, 1), (0.71, 0)])
def test_an_effect_beyond_the_preliminary_one(left, share):
    assert events_said(math.log(left))["x.ban.beyond-preliminary"].mean == share


@pytest.fixture(scope="module")
def weather_case() -> SimpleNamespace:
    """Twenty-six months, so that the ban's days have two other years, and the log weather of each day and draw."""
    rng = np.random.default_rng(6)
    dates = pd.date_range("2012-10-01", "2014-11-30")
    windows = apec_series.windows(tables.load("interventions"))
    site = Site(
        pd.Series(rng.gamma(4, 25, len(dates)), dates).where(rng.random(len(dates)) > 0.1),
        rng.normal(size=(len(dates), 7)),
        rng.normal(size=len(dates)),
    )
    other = replace(site, weather=rng.normal(size=(len(dates), 7)))
    panel = Panel(other, site, {event: windows[event] for event in ("ban", "after-ban")})
    smooth = 0.1 * rng.normal(size=(2, 20, 7, 6))
    wet = 0.1 * rng.normal(size=(2, 20))
    curves = [waves(column, 6, 1.0) for column in site.weather.T]
    log = np.empty((2, 20, len(dates)))
    for chain in range(2):
        for draw in range(20):
            log[chain, draw] = sum(curves[k] @ smooth[chain, draw, k] for k in range(7)) + wet[chain, draw] * site.wet
    parameters = xr.Dataset(
        {
            "smooth": (("chain", "draw", "site", "term", "wave"), np.stack([7 * smooth, smooth], axis=2)),
            "wet_effect": (("chain", "draw", "site"), np.stack([0 * wet, wet], axis=2)),
        }
    )
    found = said_by(said._say_weather, panel, parameters, SITES.index("stations"), "w")
    return SimpleNamespace(panel=panel, pm25=site.pm25, log=log, found=found)


def mean_between(case: SimpleNamespace, first: str, last: str) -> np.ndarray:
    dates = case.pm25.index
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
    worse = stats.t(1).cdf((ban - other) / (spread * math.sqrt(0.5)))
    np.testing.assert_allclose(found["x.weather.worse-than-usual"].draws, worse)
    assert found["x.weather.other-years"].mean == 2
    after = mean_between(weather_case, "2014-11-13", "2014-11-26")
    np.testing.assert_allclose(found["x.weather.after"].draws, 100 * np.expm1(after))


@pytest.mark.parametrize(
    ("shares", "worse", "like"),
    [((1.0, 1.0, 1.0), 3, 0), ((1.0, 0.6, 1.0), 2, 1), ((0.95, 0.5, 0.0), 1, 1), ((0.85, 0.15, 0.0), 0, 2)],
)
def test_a_year_counts_as_worse_where_that_is_clear(monkeypatch, shares, worse, like):
    """Three other years, each worse than the ban in a share of the draws."""
    dates = pd.date_range("2011-10-01", "2014-11-30")
    pm25 = pd.Series(np.random.default_rng(6).gamma(4, 25, len(dates)), dates)
    site = Site(pm25, np.zeros((len(dates), 7)), np.zeros(len(dates)))
    windows = apec_series.windows(tables.load("interventions"))
    panel = Panel(site, site, {event: windows[event] for event in ("ban", "after-ban")})
    of_year = {2011 + k: np.where(np.arange(100) < 100 * share, 1.0, -1.0) for k, share in enumerate(shares)}

    def mean(parameters, panel, number, rows):
        day, year = dates[rows[0]], dates[rows[0]].year
        in_window = (day.month, day.day, len(rows)) == (11, 3, 10)
        return of_year[year].reshape(2, 50) if in_window and year in of_year else np.zeros((2, 50))

    monkeypatch.setattr(said, "weather_mean", mean)
    parameters = xr.Dataset({"heating": (("chain", "draw"), np.zeros((2, 50)))})
    found = said_by(said._say_weather, panel, parameters, 0, "w")
    assert found["x.weather.worse-years"].mean == worse
    assert found["x.weather.like-years"].mean == like


def test_share_of_the_difference_from_october_that_goes_with_weather(weather_case):
    log = np.log(weather_case.pm25)
    drop = log["2014-10-01":"2014-10-31"].mean() - log["2014-11-03":"2014-11-12"].mean()
    october = mean_between(weather_case, "2014-10-01", "2014-10-31")
    ban = mean_between(weather_case, "2014-11-03", "2014-11-12")
    np.testing.assert_allclose(weather_case.found["x.weather.october"].draws, 100 * (october - ban) / drop)


def test_autumns_ten_days_with_a_worse_weather(weather_case):
    """Windows of ten days that lie whole between 15 October and 30 November and share no day with the ban."""
    ban = mean_between(weather_case, "2014-11-03", "2014-11-12")
    worse = []
    for start in weather_case.pm25.index:
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


def test_twentieth_dirtiest_day_of_each_year():
    dates = pd.date_range("2013-12-01", "2014-02-28")
    measured = pd.Series(np.random.default_rng(3).permutation(90) + 1.0, dates)
    years, drawn, dirty = said.dirtiest_days(np.stack([measured + 5, measured - 1]), measured)
    assert years == ["2013", "2014"]
    expected = [sorted(measured[year], reverse=True)[19] for year in years]
    assert dirty.tolist() == expected
    np.testing.assert_allclose(drawn, [[value + 5 for value in expected], [value - 1 for value in expected]])


@pytest.fixture(scope="module")
def few_draws() -> xr.Dataset:
    """Draws around one point: a ban of ten per cent."""
    panel, rng = registry.load("apec_series"), np.random.default_rng(2)
    sizes = {"site": 2, "term": 7, "wave": 6, "block": apec_series.block_of(panel).max() + 1, "event": len(EVENTS),
             "trend_wave": 8, "season_wave": 6, "weekday": 7}  # fmt: skip
    at = {"heating": 0.0, "holiday_effect": 0.0, "block_scale": 0.1, "carry_over": 0.44, "scale": 0.35,
          "own_scale": 0.15, "shared": 1.0, "tail": 8.0, "effect": math.log(0.9),
          "level": math.log(80), "amplitude": 0.4}  # fmt: skip
    draws = {}
    for name in (*DIMS, *at):
        dims = DIMS.get(name, ())
        shape = (2, 20, *(sizes[dim] for dim in dims))
        draws[name] = (("chain", "draw", *dims), at.get(name, 0.0) + 1e-3 * rng.normal(size=shape))
    return xr.Dataset(draws)


@pytest.mark.parametrize("variant", ["", "without-weather"])
def test_ids_name_the_series_and_the_choice(monkeypatch, few_draws, variant):
    monkeypatch.setattr(said, "RECORDS", 20)
    name = f"apec_series/{variant}" if variant else "apec_series"
    panel = registry.load("apec_series", variant)
    fit = SimpleNamespace(parameters=few_draws, panel=panel, variant=variant, name=name, seed=1)
    found = {finding.id: finding for finding in said.findings(fit)}
    end = f"@{variant}" if variant else ""
    assert found[f"apec.beijing.ban.effect{end}"].mean == pytest.approx(-10, abs=0.1)
    assert all(id.endswith(end) and ("@" in id) == bool(end) for id in found)
    if variant:
        effects = {f"apec.beijing.{event}.effect{end}" for event in ("ban", "alert", "after-ban")}
        assert set(found) == effects | {f"apec.beijing.contrast.ban{end}"}
        return
    scales = contrast.scales_of(few_draws)
    departure = contrast.Equations(panel, scales).apart(apec_series.logs(panel))[0][0, 0]
    assert np.median(found["apec.beijing.contrast.ban"].draws) == pytest.approx(100 * math.expm1(departure), abs=0.5)
    wide, narrow, plain = (found[f"apec.beijing.{key}"].mean for key in ("prior.wide", "prior.narrow", "contrast.ban"))
    assert plain < wide < narrow < 0
    assert found["apec.beijing.records.kept.large.seen"].mean > found["apec.beijing.records.kept.none.seen"].mean
    assert {"apec.embassy.weather.adverse", "apec.stations.check.coverage94", "apec.official.effect"} <= set(found)
