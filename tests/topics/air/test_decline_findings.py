"""What is said of the decline against numbers worked out from chosen draws, and the scores of its forecast."""

import calendar
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from densities import stand_in_fit
from scipy import stats

from jingjinji.core import tables
from jingjinji.core.scribe import Scribe
from jingjinji.topics.air import decline, drawn
from jingjinji.topics.air import decline_findings as said
from jingjinji.topics.air.weather_of_days import Response

CITIES = (
    "beijing", "tianjin", "baoding", "cangzhou", "chengde", "handan", "hengshui", "langfang", "qinhuangdao",
    "shijiazhuang", "tangshan", "xingtai", "zhangjiakou",
)  # fmt: skip
AREAS = {"beijing": [0], "tianjin": [1], "hebei": list(range(2, 13)), "region": list(range(13))}
MONTHS = [(year, month) for year in range(2013, 2024) for month in range(1, 13)]
DAYS = np.array([calendar.monthrange(*month)[1] for month in MONTHS])
YEAR = np.array([year for year, _ in MONTHS])
CHANGED = np.array([month >= (2018, 9) for month in MONTHS])
CHENGDE, SHIJIAZHUANG, ZHANGJIAKOU = 4, 9, 12
THINNER = np.zeros(13)
for city, height in ((CHENGDE, 375), (ZHANGJIAKOU, 724)):
    THINNER[city] = 4.2559 * math.log((1 - 2.25577e-5 * height) / (1 - 2.25577e-5 * 31))
CHAINS, DRAWS = 2, 20
STILL = -20.0
"""Log of a scale at which nothing scatters."""


def yearly(months: np.ndarray, year: int) -> np.ndarray:
    """Mean of a year (draw, city) of months (draw, month, city), by days."""
    return np.average(months[:, year == YEAR], axis=1, weights=DAYS[year == YEAR])


def area(months: np.ndarray, year: int, cities: list[int]) -> np.ndarray:
    return yearly(months, year)[:, cities].mean(axis=1)


def some_panel(pm25: np.ndarray | None = None, **more) -> decline.Panel:
    rng = np.random.default_rng(5)
    fields = {
        "region": decline.REGION,
        "pm25": np.full((132, 13), np.nan) if pm25 is None else pm25,
        "weather": rng.normal(size=(132, 4)),
        "wind_error": np.zeros(132),
        "conversion": rng.normal(-0.08, 0.03, 132),
        "official": pd.DataFrame(columns=["area", "year", "pm25", "error"]),
        "days": Response(np.zeros(4), np.eye(4)),
    }
    return decline.Panel(**fields | more)


def some_values() -> dict[str, np.ndarray]:
    """Draws of a model in which every city-month is `mu` itself."""
    rng, size = np.random.default_rng(11), CHAINS * DRAWS
    years = np.arange(132) / 12
    slope = rng.normal(-0.09, 0.015, (size, 1, 1)) + rng.normal(0, 0.01, (size, 1, 13))
    wave = 0.4 * np.cos(2 * math.pi * years)[:, None]
    return {
        "mu": math.log(85) + slope * years[:, None] + wave + rng.normal(0, 0.05, (size, 132, 13)),
        "slope": np.zeros(size),
        "log_scale": np.full((size, 13), STILL),
        "collected": rng.uniform(0.2, 0.5, size),
        "tail": np.full(size, 7.0),
        "carry_over": rng.uniform(0.2, 0.4, size),
        "persistence": rng.uniform(0.2, 0.5, size),
        "official_scale": np.full((size, 2), 1e-9),
        "weather": rng.normal(-0.05, 0.02, (size, 4)),
        "weather_city": rng.normal(size=(size, 4, 13)),
        "weather_city_scale": rng.uniform(0.01, 0.03, (size, 4)),
        "step": rng.normal(0.9, 0.2, size),
        "slope_on_level": rng.normal(-0.05, 0.03, size),
        "season": np.tile(0.3 * np.cos(2 * math.pi * np.arange(12) / 12), (size, 1)) + rng.normal(0, 0.02, (size, 12)),
    }


def as_fit(panel: decline.Panel, values: dict, variant: str = "") -> SimpleNamespace:
    return stand_in_fit(f"decline/{variant}" if variant else "decline", panel, values, CHAINS, seed=9)


@pytest.fixture(scope="module")
def values() -> dict[str, np.ndarray]:
    return some_values()


@pytest.fixture(scope="module")
def panel(values) -> decline.Panel:
    """Two years measured in every city, at numbers that no draw gives; the rest is left to the draws."""
    pm25 = np.full((132, 13), np.nan)
    measured = (YEAR == 2015) | (YEAR == 2016)
    off = np.random.default_rng(3).normal(0, 0.3, (24, 13))
    pm25[measured] = np.exp(values["mu"][:, measured].mean(axis=0) + off)
    return some_panel(pm25)


@pytest.fixture(scope="module")
def found(panel, values) -> dict:
    return {finding.id: finding for finding in said.findings(as_fit(panel, values))}


@pytest.fixture(scope="module")
def actual(panel, values) -> np.ndarray:
    """Months (draw, month, city) as measured, or as drawn."""
    return np.where(np.isfinite(panel.pm25), panel.pm25, np.exp(values["mu"]))


@pytest.fixture(scope="module")
def constant(panel, values, actual) -> np.ndarray:
    """The same with all months before September 2018 converted."""
    conversion = values["step"][:, None, None] * (panel.conversion[:, None] + THINNER)
    conversion[:, CHANGED] = 0
    return actual * np.exp(conversion)


def draws(found: dict, id: str) -> np.ndarray:
    return found[f"pm25.{id}"].draws.ravel()


@pytest.mark.parametrize("place", AREAS)
def test_declines_from_2013_to_2023_on_both_bases(found, actual, constant, place):
    for key, months in (("", actual), (".constant", constant)):
        first, last = (area(months, year, AREAS[place]) for year in (2013, 2023))
        change = 100 * (last - first) / first
        assert draws(found, f"decline.{place}{key}") == pytest.approx(change, rel=1e-6)
        reached = draws(found, f"decline.{place}{key}.atleast60")
        assert reached.tolist() == (last <= 0.4 * first).tolist()
        assert 0 < reached.mean() < 1


def test_dust_is_added_to_the_years_after_2020(found, constant):
    change = 1.03 * yearly(constant, 2023)[:, 0] / yearly(constant, 2013)[:, 0] - 1
    assert draws(found, "decline.beijing.constant@with-dust") == pytest.approx(100 * change, rel=1e-6)


def test_a_measured_year_of_a_city_is_as_exact_as_official_and_monthly_figures_agree(values, panel):
    """Where nothing else scatters, rates scatter as the disagreement of two years does."""
    still = {**values, "mu": np.repeat(values["mu"][:1], CHAINS * DRAWS, axis=0), "step": np.ones(CHAINS * DRAWS)}
    spreads = {}
    for scale in (1e-9, 0.012):
        changed = {**still, "official_scale": np.full((CHAINS * DRAWS, 2), scale)}
        found = {finding.id: finding for finding in said.findings(as_fit(panel, changed))}
        spreads[scale] = np.mean([draws(found, f"rate.{city}").std() for city in CITIES])
    assert spreads[1e-9] < 1e-6
    # a Student-t with four degrees of freedom has twice the variance of its scale; two years, a sixth each
    assert spreads[0.012] == pytest.approx(100 * 0.9 * 0.012 * math.sqrt(2 * 2) / 6, rel=0.15)


def test_rates_and_declines_of_cities(found, constant):
    start, end = yearly(constant, 2014), yearly(constant, 2020)
    rate = 100 * (np.exp(np.log(end / start) / 6) - 1)
    ten = 100 * (yearly(constant, 2023) / yearly(constant, 2013) - 1)
    for k, city in enumerate(CITIES):
        assert draws(found, f"rate.{city}") == pytest.approx(rate[:, k], rel=1e-6)
        assert draws(found, f"decline.city.{city}") == pytest.approx(ten[:, k], rel=1e-6)
    shorter = 100 * (np.exp(np.log(yearly(constant, 2019) / start) / 5) - 1)
    most = max(abs(rate[:, k].mean() - shorter[:, k].mean()) for k in range(13))
    assert found["pm25.together.without-2020"].mean == round(most, 1) > 0
    ordered = np.sort(rate, axis=1)
    assert draws(found, "together.fastest") == pytest.approx(ordered[:, 0], rel=1e-6)
    assert draws(found, "together.slowest") == pytest.approx(ordered[:, -1], rel=1e-6)
    assert draws(found, "together.fastest-slowest") == pytest.approx(ordered[:, -1] - ordered[:, 0], rel=1e-6)
    assert draws(found, "together.all-fell").tolist() == (ordered[:, -1] < 0).tolist()
    assert draws(found, "together.all-fell.ten-years").tolist() == (ten.max(axis=1) < 0).tolist()


def test_whether_all_cities_fell_is_a_share_of_draws(panel, values):
    """In some draws one city rises until 2020, in others another one until 2023."""
    changed = {**values, "mu": values["mu"].copy()}
    changed["mu"][:10, YEAR == 2020, 3] += 2
    changed["mu"][:16, YEAR == 2023, 7] += 2
    found = {finding.id: finding for finding in said.findings(as_fit(panel, changed))}
    assert found["pm25.together.all-fell"].mean == pytest.approx(0.75)
    assert found["pm25.together.all-fell.ten-years"].mean == pytest.approx(0.6)


def test_the_region_from_2022_to_2023(found, constant):
    before, after = (area(constant, year, AREAS["region"]) for year in (2022, 2023))
    assert draws(found, "rebound.change") == pytest.approx(100 * (after / before - 1), rel=1e-5)
    assert draws(found, "rebound").tolist() == (after > before).tolist()


def test_whether_cities_converge(found, constant, values):
    spread, absolute = {}, {}
    for year in (2014, 2020):
        means = yearly(constant, year)
        for made, numbers in ((spread, np.log(means)), (absolute, means)):
            off = numbers - numbers.mean(axis=1, keepdims=True)
            made[year] = np.sqrt((off**2).sum(axis=1) / 12)
        assert draws(found, f"converge.spread.{year}") == pytest.approx(100 * spread[year], rel=1e-6)
        assert draws(found, f"converge.spread-absolute.{year}") == pytest.approx(absolute[year], rel=1e-6)
    change = 100 * (spread[2020] - spread[2014]) / spread[2014]
    assert draws(found, "converge.spread-change") == pytest.approx(change, rel=1e-5)
    assert draws(found, "converge.probability").tolist() == (spread[2020] < spread[2014]).tolist()
    slope = 100 * math.log(1.1) * values["slope_on_level"]
    assert draws(found, "converge.slope-on-level") == pytest.approx(slope)


def test_what_two_cities_gained(found, constant):
    start, end, relative = yearly(constant, 2014), yearly(constant, 2020), {}
    for city, k in (("zhangjiakou", ZHANGJIAKOU), ("shijiazhuang", SHIJIAZHUANG)):
        relative[city] = 100 * (end[:, k] - start[:, k]) / start[:, k]
        assert draws(found, f"gain.{city}") == pytest.approx(relative[city], rel=1e-6)
        assert draws(found, f"gain.{city}.absolute") == pytest.approx(end[:, k] - start[:, k], rel=1e-6)
    less = relative["zhangjiakou"] - relative["shijiazhuang"]
    assert draws(found, "gain.difference") == pytest.approx(less, rel=1e-5)


def test_the_share_of_weather(found, panel, constant, values):
    """The effect of a month's weather is taken out of each city, with the city's own response."""
    usual = constant.copy()
    for k in range(4):
        squares = np.isfinite(panel.pm25).sum(axis=1) @ panel.weather[:, k] ** 2 / 13
        told = 0.02**2 * squares / (0.02**2 * squares + 0.12**2)
        unit = values["weather_city_scale"][:, [k]] ** (1 - told)
        response = values["weather"][:, [k]] + unit * values["weather_city"][:, k]
        usual /= np.exp(panel.weather[None, :, [k]] * response[:, None, :])
    for place in ("beijing", "region"):
        for last, key in ((2017, ""), (2023, ".ten-years")):
            years = list(range(2013, last + 1))
            made = []
            for months in (constant, usual):
                logs = np.log([area(months, year, AREAS[place]) for year in years])
                made.append((100 * np.expm1(logs[-1] - logs[0]), np.polyfit(years, logs, 1)[0]))
            (seen, slope), (without, slope_without) = made
            share = 100 * (slope - slope_without) / slope
            assert draws(found, f"weather.observed.{place}{key}") == pytest.approx(seen, rel=1e-6)
            assert draws(found, f"weather.normalised.{place}{key}") == pytest.approx(without, rel=1e-6)
            assert draws(found, f"weather.rate.{place}{key}") == pytest.approx(100 * np.expm1(slope), rel=1e-6)
            rate = 100 * np.expm1(slope_without)
            assert draws(found, f"weather.normalised-rate.{place}{key}") == pytest.approx(rate, rel=1e-6)
            assert draws(found, f"weather.share.{place}{key}") == pytest.approx(share, rel=1e-5, abs=1e-6)


def test_the_step_and_what_it_does_to_2013(found, panel, actual, constant, values):
    full = actual * np.exp(panel.conversion[:, None] + THINNER)
    for place, cities in AREAS.items():
        before = area(actual, 2013, cities)
        for key, months in (("", constant), ("full.", full)):
            change = 100 * (area(months, 2013, cities) / before - 1)
            assert draws(found, f"step.{key}{place}") == pytest.approx(change, rel=1e-6)
    assert draws(found, "step.multiple") == pytest.approx(values["step"])
    assert found["pm25.step.learned"].mean == pytest.approx(100 * (1 - values["step"].var() / 0.35**2))


def test_years_within_the_standard(found, actual):
    within = np.all([yearly(actual, year)[:, 0] <= 35 for year in (2021, 2022, 2023)], axis=0)
    assert draws(found, "standard.beijing.all").tolist() == within.tolist()
    assert 0 < within.mean() < 1


def test_what_is_said_of_months(found, values):
    season = values["season"]
    assert draws(found, "season.ratio") == pytest.approx(np.exp(season[:, 0] - season[:, 6]))
    assert draws(found, "noise.carry-over") == pytest.approx(values["carry_over"])
    assert draws(found, "noise.persistence") == pytest.approx(values["persistence"])
    assert draws(found, "noise.collected") == pytest.approx(100 * (np.exp(values["collected"]) - 1))
    for k, variable in enumerate(("wind", "dew-point", "pressure", "temperature")):
        change = 100 * (np.exp(values["weather"][:, k]) - 1)
        assert draws(found, f"weather.{variable}") == pytest.approx(change)


def test_neighbours_residuals_hang_together_as_their_ranks_do(found, panel, values):
    """Without scatter a draw says only whether a month lies above what is expected after the month before it."""
    log, mu = np.log(panel.pm25), values["mu"]
    above = np.full((24, 13), np.nan)
    for row, t in enumerate(np.flatnonzero(np.isfinite(log[:, 0]))):
        carried = values["carry_over"][:, None] * (log[t - 1] - mu[:, t - 1]) if row else 0.0
        above[row] = (log[t] > mu[:, t] + carried).mean(axis=0)
    size = CHAINS * DRAWS
    score = stats.norm.ppf(np.clip(above, 0.5 / size, 1 - 0.5 / size))
    score = (score - score.mean(axis=0)) / score.std(axis=0)
    pairs = [(score[:, a] * score[:, b]).mean() for a in range(13) for b in range(a)]
    assert found["pm25.residual.correlation.highest"].mean == pytest.approx(max(pairs), abs=0.0051)
    assert found["pm25.residual.correlation.lowest"].mean == pytest.approx(min(pairs), abs=0.0051)


def test_official_means_and_counts_of_the_record(found):
    for place, first, before, last in (("beijing", 89.5, 30.0, 32.0), ("tianjin", 96.0, 37.0, 41.0)):
        assert found[f"pm25.official.{place}.change.2022"].mean == round(100 * (before - first) / first, 1)
        assert found[f"pm25.official.{place}.2013"].mean == first
        assert found[f"pm25.official.{place}.2023"].mean == last
        assert found[f"pm25.official.{place}.change"].mean == round(100 * (last - first) / first, 1)
    months = tables.load("pm25_city_month")
    several = months.quality == "D"
    assert found["pm25.cells"].mean == len(months)
    assert found["pm25.cells.two-month"].mean == several.sum() > 0
    there = months[~several & months.month.between("2013-12", "2020-12")]
    assert found["pm25.cells.missing"].mean == 85 * 13 - len(there)


def test_how_far_monthly_and_official_means_agree():
    """A year is compared where all its area's months are measured and its official mean is known."""
    pm25 = np.full((132, 13), np.nan)
    pm25[YEAR == 2015, 0], pm25[YEAR == 2016, 0] = 81.0, 72.0
    pm25[YEAR == 2015, 2:] = 50.0
    pm25[YEAR == 2016, 2:] = np.linspace(40, 80, 11)
    pm25[MONTHS.index((2015, 5)), 7] = np.nan
    rows = [
        ("Beijing", 2015, "official", 80.0),
        ("Beijing", 2016, "official", 75.0),
        ("Beijing", 2017, "official", 60.0),
        ("Beijing", 2015, "computed", 10.0),
        ("Hebei", 2015, "official", 50.0),
        ("Hebei", 2016, "official", 50.0),
    ]
    official = pd.DataFrame(rows, columns=["area", "year", "series", "pm25"])
    found = said.disagreement(official, pm25)
    assert found["beijing"].to_dict() == pytest.approx({2015: 1.25, 2016: -4.0})
    assert found["hebei"].to_dict() == pytest.approx({2016: 20.0})
    assert found["tianjin"].empty


def test_agreement_is_said_as_mean_and_largest_distance(found):
    official, pm25 = tables.load("pm25_official_annual"), said.registry.load("decline").pm25
    for place, distances in said.disagreement(official, pm25).items():
        assert found[f"pm25.agreement.{place}.mean"].mean == round(np.mean(np.abs(distances)), 1)
        assert found[f"pm25.agreement.{place}.most"].mean == round(np.max(np.abs(distances)), 1)
        assert found[f"pm25.agreement.{place}.years"].mean == len(distances) >= 4


# --- scores of the forecast -------------------------------------------------------------------------------------


def crps_by_definition(sample: np.ndarray, value: float) -> float:
    """Mean distance to the value less half the mean distance of two different draws."""
    apart = np.abs(sample[:, None] - sample)
    return np.abs(sample - value).mean() - 0.5 * apart.sum() / (len(sample) * (len(sample) - 1))


def test_crps_by_its_definition():
    rng = np.random.default_rng(4)
    predicted, measured = rng.lognormal(3, 0.5, (37, 5)), np.array([5.0, 15.0, 20.0, 40.0, 200.0])
    expected = [crps_by_definition(predicted[:, k], measured[k]) for k in range(5)]
    assert drawn.crps(predicted, measured) == pytest.approx(expected)
    assert drawn.crps(np.full((50, 1), 12.0), np.array([15.0])) == pytest.approx(3.0)


def test_crps_of_a_normal_prediction_is_the_closed_form():
    sample = 40 + 6 * stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
    for value in (30.0, 40.0, 55.0):
        z = (value - 40) / 6
        closed = 6 * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / math.sqrt(math.pi))
        assert drawn.crps(sample[:, None], np.array([value])) == pytest.approx(closed, abs=0.01)


def test_coverage_of_draws_that_lie_evenly():
    """Of draws 0 to 100 the central half ends at 25 and 75, the central 94 % at 3 and 97."""
    predicted = np.repeat(np.arange(101.0)[:, None], 8, axis=1)
    measured = np.array([2.9, 3.1, 24.9, 25.1, 74.9, 75.1, 96.9, 97.1])
    assert drawn.is_inside(predicted, measured, 50).sum() == 2
    assert drawn.is_inside(predicted, measured, 94).sum() == 6
    assert drawn.is_inside(predicted, np.full(8, 50.0), 94).sum() == 8
    assert drawn.is_inside(predicted, np.full(8, 99.0), 94).sum() == 0


def test_the_error_of_a_coverage_is_that_of_batches_of_the_draws():
    """One batch of the draws does not lie around the values; alike batches leave half a value's error."""
    measured = np.full(25, 10.0)
    around = np.repeat(np.linspace(0, 20, 20)[:, None], 25, axis=1)
    for last, error in ((100.0, np.std([100.0] * 15 + [0.0], ddof=1) / 2), (0.0, 100 / 25 / 2)):
        say = Scribe((), "pm25.", as_fit(some_panel(), {"slope": np.zeros(4)}))
        drawn.say_coverage(say, np.concatenate([around] * 15 + [around + last]), measured, "made up")
        assert [finding.id for finding in say.made] == ["pm25.coverage50", "pm25.coverage94"]
        assert say.made[1].mean == 100
        assert say.made[1].error == pytest.approx(error)


def seasonal(slopes: np.ndarray) -> np.ndarray:
    """Months (month, city) that repeat their season exactly while a city's logs fall by its slope a year."""
    rng = np.random.default_rng(8)
    season = rng.normal(3.8, 0.3, (12, 13))
    return np.exp(np.tile(season, (11, 1)) + np.arange(132)[:, None] / 12 * slopes)


def future_mask() -> np.ndarray:
    return (YEAR == 2019) | (YEAR == 2020)


def test_a_baseline_repeats_the_last_known_year_with_changes_of_one_and_of_two_years():
    """Changes over a year are the training years' own; what was measured later is not looked at."""
    yearly_change = np.array([-0.3, 0.12, -0.25, 0.03, -0.11])
    level = np.concatenate([[0.0], yearly_change]).cumsum()
    months = np.full((132, 13), 1e6)
    season = np.linspace(20, 90, 12)[:, None] * np.linspace(1, 2, 13)
    for year in range(6):
        months[12 * year : 12 * year + 12] = season * math.exp(level[year])
    predicted = drawn.same_month_of_last_year(decline.REGION, months, 2019, 2, np.random.default_rng(1))
    assert predicted.shape == (2000, 24, 13)
    predicted = predicted[:300]
    last = season * math.exp(level[5])
    for first, changes in ((0, yearly_change), (12, yearly_change[1:] + yearly_change[:-1])):
        steps = np.log(predicted[:, first : first + 12] / last)
        which = np.abs(steps[..., None] - changes).argmin(axis=-1)
        assert steps == pytest.approx(changes[which], abs=1e-9)
        assert np.bincount(which.ravel()) / which.size == pytest.approx(1 / len(changes), rel=0.06)


def test_a_baseline_goes_back_to_the_last_year_in_which_a_month_is_known():
    """A city that lacks a month of the last year has that of the year before, changed as over two years."""
    months = seasonal(np.full(13, -0.1))
    months[YEAR > 2018] = 1e6
    months[MONTHS.index((2018, 3)), 4] = np.nan
    months[[MONTHS.index((year, 7)) for year in range(2013, 2019)], 6] = np.nan
    predicted = drawn.same_month_of_last_year(decline.REGION, months, 2019, 2, np.random.default_rng(1))
    assert np.isnan(predicted[:, [6, 18], 6]).all()
    assert np.isfinite(np.delete(predicted, 6, axis=2)).all()
    np.testing.assert_allclose(predicted[:, 2, 4], seasonal(np.full(13, -0.1))[MONTHS.index((2019, 3)), 4])


def test_a_baseline_takes_each_citys_season_and_straight_line():
    slopes = np.linspace(-0.2, -0.05, 13)
    months, gaps = seasonal(slopes), np.random.default_rng(2).uniform(size=(132, 13)) < 0.1
    known = np.where(gaps, np.nan, months)
    known[YEAR > 2018] = 1e6
    predicted = drawn.climatology_with_trend(decline.REGION, known, 2019, 2, np.random.default_rng(1))
    expected = months[future_mask()]
    np.testing.assert_allclose(predicted, np.repeat(expected[None], 2000, axis=0), rtol=1e-9)


def test_that_baseline_scatters_as_its_residuals_do():
    """Thirteen coefficients are fitted: twelve months and a slope."""
    rng = np.random.default_rng(6)
    months = seasonal(np.full(13, -0.1)) * np.exp(rng.normal(0, 0.2, (132, 13)))
    predicted = np.log(drawn.climatology_with_trend(decline.REGION, months, 2019, 2, np.random.default_rng(1)))
    time = np.arange(132) / 12
    design = np.array([[*(float(t % 12 == month) for month in range(12)), time[t]] for t in range(132)])
    train = YEAR <= 2018
    for k in (0, 7):
        log = np.log(months[train, k])
        coefficients = np.linalg.solve(design[train].T @ design[train], design[train].T @ log)
        spread = math.sqrt(((log - design[train] @ coefficients) ** 2).sum() / (72 - 13))
        assert predicted[:, :, k].mean(axis=0) == pytest.approx(design[future_mask()] @ coefficients, abs=0.03)
        assert (predicted[:, :, k] - predicted[:, :, k].mean(axis=0)).std() == pytest.approx(spread, rel=0.02)


OFFSETS = np.linspace(-0.15, 0.2, CHAINS * DRAWS)
"""What a draw puts every month of the forecast off by, of its logarithm."""
SLOPES = np.where(np.arange(13) < 7, -0.1, -0.2)


@pytest.fixture(scope="module")
def record() -> np.ndarray:
    """Months that follow season and line until 2018 and depart from them later; of 2018 all are measured."""
    rng = np.random.default_rng(7)
    months = seasonal(SLOPES)
    months[YEAR > 2018] *= np.exp(rng.normal(0, 0.15, (60, 13)))
    months[(rng.uniform(size=(132, 13)) < 0.05) & (YEAR != 2018)[:, None]] = np.nan
    months[MONTHS.index((2019, 5))] = np.nan
    return months


def forecast(record: np.ndarray, effect: float, monkeypatch) -> dict:
    """Findings of a fit until 2018 whose draws are the months to come times one factor each.

    Until 2018 one standard deviation of wind is there in every month, in the months to come two of them.
    """
    weather = np.zeros((132, 4))
    weather[:, 0] = np.where(YEAR <= 2018, 1.0, 2.0)
    known = np.where((YEAR <= 2018)[:, None], record, np.nan)
    mu = np.log(np.nan_to_num(record, nan=50.0)) + OFFSETS[:, None, None]
    changed = {**some_values(), "mu": mu, "weather_city_scale": np.zeros((CHAINS * DRAWS, 4))}
    changed["weather"] = np.tile([effect, 0, 0, 0], (CHAINS * DRAWS, 1))
    monkeypatch.setattr(said.registry, "load", lambda topic: some_panel(record))
    panel = some_panel(known, weather=weather)
    return {finding.id: finding.mean for finding in said.findings(as_fit(panel, changed, "to-2018"))}


def test_coverage_and_crps_of_a_forecast_by_hand(record, monkeypatch):
    """With the usual weather the months would be a half more, and none is inside; with their own all are."""
    found = forecast(record, effect=-0.5, monkeypatch=monkeypatch)
    future = record[future_mask()]
    measured = future[np.isfinite(future)]
    assert len(measured) < 23 * 13
    known, unknown = "pm25.forecast.2019.weather-known.", "pm25.forecast.2019."
    assert found[f"{unknown}months"] == len(measured)
    assert found[f"{known}coverage94"] == found[f"{known}coverage50"] == 100
    assert found[f"{unknown}coverage94"] == found[f"{unknown}coverage50"] == 0
    for key, usual in ((known, 0.0), (unknown, 0.5)):
        score = np.mean([crps_by_definition(y * np.exp(OFFSETS + usual), y) for y in measured])
        assert found[f"{key}crps"] == pytest.approx(score, abs=0.0051)


def test_coverage_of_annual_means_counts_cities_with_twelve_months(record, monkeypatch):
    """With the weather known to be the usual one, all annual means are inside, and of 2019 none is asked for."""
    found = forecast(record, effect=0.0, monkeypatch=monkeypatch)
    complete = sum(np.isfinite(record[year == YEAR, k]).all() for year in (2019, 2020) for k in range(13))
    assert 0 < complete < 13
    for what in ("count", "inside50", "inside94"):
        assert found[f"pm25.forecast.2019.years.{what}"] == complete


def test_where_the_model_is_right_cells_that_err_together_are_inside_together():
    """Alone, 400 cells leave the binomial range; all in one, the whole from nothing to everything."""
    rng = np.random.default_rng(4)
    for predicted, expected in (
        (rng.normal(size=(2000, 400)), {"50": (45.1, 54.9, 2.5), "94": (91.7, 96.3, 1.19)}),
        (np.repeat(rng.normal(size=(2000, 1)), 400, axis=1), {"50": (0, 100, 50), "94": (0, 100, 23.7)}),
    ):
        say = Scribe((), "pm25.", as_fit(some_panel(), {"slope": np.zeros(4)}))
        drawn.say_if_right(say, "coverage", predicted, "made up", "%")
        made = {finding.id: finding.mean for finding in say.made}
        for level, numbers in expected.items():
            found = [made[f"pm25.coverage{level}.{what}"] for what in ("low", "high", "sd")]
            assert found == pytest.approx(numbers, abs=0.6)
    say = Scribe((), "pm25.", as_fit(some_panel(), {"slope": np.zeros(4)}))
    drawn.say_if_right(say, "inside", predicted, "made up", "")
    assert [finding.mean for finding in say.made[:2]] == [0, 400]


def test_gains_over_baselines_by_hand(record, monkeypatch):
    """One baseline is the line itself, the other mixes the two changes that cities have."""
    found = forecast(record, effect=-0.1, monkeypatch=monkeypatch)
    line, scores = seasonal(SLOPES), {"same-month": {}, "climatology": {}}
    model = {}
    for t in np.flatnonzero(future_mask()):
        years = YEAR[t] - 2018
        for k in np.flatnonzero(np.isfinite(record[t])):
            y, last = record[t, k], record[t - 12 * years, k]
            model[t, k] = crps_by_definition(y * np.exp(OFFSETS + 0.1), y)
            scores["climatology"][t, k] = abs(y - line[t, k])
            ends = np.exp(np.array([-0.1, -0.2]) * years) * last
            share = share_of_slow(record, 12 * years)
            apart = share * (1 - share) * abs(ends[0] - ends[1])
            scores["same-month"][t, k] = share * abs(ends[0] - y) + (1 - share) * abs(ends[1] - y) - apart
    for key, score in scores.items():
        cells = [cell for cell in score if np.isfinite(score[cell])]
        months = sorted({t for t, _ in cells})
        gain = [np.mean([score[cell] - model[cell] for cell in cells if cell[0] == t]) for t in months]
        assert len(months) == 23
        assert found[f"pm25.forecast.2019.crps.{key}"] == pytest.approx(
            np.mean([score[cell] for cell in cells]), abs=0.03
        )
        assert found[f"pm25.forecast.2019.gain.{key}"] == pytest.approx(np.mean(gain), abs=0.03)
    assert not [id for id in found if "error" in id]  # months of a forecast err together


def share_of_slow(record: np.ndarray, lag: int) -> float:
    """Share of the training changes over so many months that are of the cities that fall slowly."""
    there = [(t, k) for t in range(72 - lag) for k in range(13) if np.isfinite(record[[t, t + lag], k]).all()]
    return float(np.mean([k < 7 for _, k in there]))
