"""The model of the decline against computations by hand, and what is derived from its draws."""

import calendar
import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import pytest
import xarray as xr
from densities import (
    PLAIN,
    beta,
    gamma,
    jacobian,
    jacobian_at,
    lognormal,
    normal,
    student_t,
    zero_sum,
)
from scipy import stats

from jingjinji.core import registry
from jingjinji.core.errors import BookError
from jingjinji.core.scribe import Scribe
from jingjinji.topics.air import decline
from jingjinji.topics.air import decline_findings as said
from jingjinji.topics.air import drawn as from_draws
from jingjinji.topics.air import months as model_of
from jingjinji.topics.air.decline import CITIES, REGION
from jingjinji.topics.air.months import Panel
from jingjinji.topics.air.weather_of_days import Response

N_MONTHS, N_CITIES = 132, 13
HEBEI = [k for k, city in enumerate(CITIES) if city not in ("Beijing", "Tianjin")]
MEASURED = {
    ("Beijing", "2013-01"): 160.0, ("Beijing", "2014-01"): 100.0, ("Beijing", "2014-02"): 150.0,
    ("Beijing", "2014-04"): 80.0, ("Tianjin", "2014-02"): 120.0, ("Baoding", "2018-08"): 40.0,
    ("Baoding", "2018-09"): 35.0, ("Zhangjiakou", "2018-10"): 22.0,
}  # fmt: skip


DAYS_COVARIANCE = np.array([[0.02, 0.004, 0, 0.001], [0.004, 0.03, 0.002, 0], [0, 0.002, 0.01, 0], [0.001, 0, 0, 0.02]])
THINNER = {
    city: math.log((1 - 2.25577e-5 * height) / (1 - 2.25577e-5 * 31)) * 4.2559
    for city, height in {"Chengde": 375, "Zhangjiakou": 724}.items()
}


def at(month: str) -> int:
    return (int(month[:4]) - 2013) * 12 + int(month[5:]) - 1


def months_of(year: int) -> slice:
    return slice((year - 2013) * 12, (year - 2012) * 12)


def official(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["area", "year", "pm25", "error"])


def some_panel(**changes) -> Panel:
    rng = np.random.default_rng(5)
    pm25 = np.full((N_MONTHS, N_CITIES), np.nan)
    for (city, month), value in MEASURED.items():
        pm25[at(month), CITIES.index(city)] = value
    fields = {
        "region": REGION,
        "pm25": pm25,
        "weather": rng.normal(size=(N_MONTHS, 4)),
        "wind_error": np.where(np.arange(N_MONTHS) < 12, 0.3, 0.0),
        "conversion": rng.normal(-0.08, 0.03, N_MONTHS),
        "official": official(("Beijing", 2014, 85.9, 0.03), ("Hebei", 2018, 56.0, 0.3)),
        "days": Response(np.array([-0.1, 0.05, 0.02, -0.03]), DAYS_COVARIANCE),
    }
    return Panel(**fields | changes)


# --- the density ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def panel() -> Panel:
    return some_panel()


@pytest.fixture(scope="module")
def model(panel) -> pm.Model:
    return decline.build(panel)


PRIORS = {
    "level": normal(math.log(60), 0.5),
    "slope": normal(-0.05, 0.1),
    "level_city": zero_sum(0.4),
    "slope_on_level": normal(0, 0.1),
    "city_scale": lognormal(np.array([0.02, 0.07, 0.07]), 0.5),
    "bend_scale": lognormal(0.1, 0.5),
    "length_scale": lognormal(2.5, 0.2),
    "season": zero_sum(0.4),
    "season_change": normal(0, 0.03),
    "weather": normal(0, 0.15),
    "weather_city_scale": lognormal(0.02, 0.5),
    "step": normal(1, 0.35),
    "persistence": beta(2, 3),
    "shock_scale": lognormal(0.1, 0.4),
    "shock_tail": gamma(2, 10),
    "contrast_scale": lognormal(0.05, 0.5),
    "log_scale_mean": normal(math.log(0.12), 0.3),
    "collected": lambda value: stats.halfnorm.logpdf(value, scale=0.5),
    "tail": gamma(2, 10),
    "carry_over": beta(4, 8),
    "official_scale": lognormal(0.01, 0.5),
}


@pytest.mark.parametrize("name", PRIORS)
def test_prior(densities, values, name):
    assert densities[name] == pytest.approx(PRIORS[name](values[name]), rel=1e-6, abs=1e-6)


def test_prior_of_the_cities_seasons(densities, values):
    expected = zero_sum(float(values["city_scale"][2]))(values["season_city"])
    assert densities["season_city"] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def hand_squares(panel: Panel) -> np.ndarray:
    """By city, the squared distances of its measured months from the middle of all measured months, in years."""
    months = {city: [at(m) for c, m in MEASURED if c == city] for city in CITIES}
    middle = hand_middle(panel)
    return np.array([sum(((t - at("2018-07")) / 12 - middle) ** 2 for t in months[city]) for city in CITIES])


def hand_middle(panel: Panel) -> float:
    """Years between the middle of the measured months and July 2018."""
    return np.mean([(t - at("2018-07")) / 12 for t, _ in zip(*np.nonzero(np.isfinite(panel.pm25)), strict=True)])


def hand_slopes(v: dict, panel: Panel) -> np.ndarray:
    """Slopes of the cities less their mean, of what is drawn for them, as far as it is centred."""
    squares = np.isfinite(panel.pm25).T @ ((np.arange(N_MONTHS) - at("2018-07")) / 12 - hand_middle(panel)) ** 2
    told = squares / (squares + 6**2)
    likely = v["slope_on_level"] * v["level_city"]
    slopes = likely + v["city_scale"][0] ** (1 - told) * (v["slope_apart"] - told * likely)
    return slopes - slopes.mean()


def test_prior_of_the_cities_slopes_lies_around_what_their_levels_let_expect(densities, values, panel):
    squares = hand_squares(panel)
    told = squares / (squares + (0.12 / 0.02) ** 2)
    assert told.min() == 0
    assert told.max() > 0.1
    expected = told * values["slope_on_level"] * values["level_city"]
    total = stats.norm.logpdf(values["slope_apart"], expected, values["city_scale"][0] ** told).sum()
    assert densities["slope_apart"] == pytest.approx(total, rel=1e-6, abs=1e-6)


def test_slopes_of_the_cities(values, panel):
    np.testing.assert_allclose(values["slope_city"], hand_slopes(values, panel), rtol=1e-9)


def test_how_far_a_slope_is_centred_makes_no_difference_to_its_prior():
    """Whatever is told, the slope that follows has the prior's mean and scale."""
    rng = np.random.default_rng(3)
    for told in (0.0, 0.4, 1.0):
        apart = rng.normal(told * 0.03, 0.02**told, 100_000) - told * 0.03
        slope = 0.03 + 0.02 ** (1 - told) * apart
        assert slope.mean() == pytest.approx(0.03, abs=4e-4)
        assert slope.std() == pytest.approx(0.02, rel=0.02)


def test_prior_of_the_bends(densities, values, panel):
    told, scale = hand_told(panel), values["bend_scale"] * hand_bends(float(values["length_scale"]))[1]
    total = stats.norm.logpdf(values["bend"], 0, scale**told).sum()
    assert densities["bend"] == pytest.approx(total, rel=1e-6, abs=1e-6)


def hand_north() -> np.ndarray:
    latitudes = np.array(list(REGION.latitude.values()))
    return (latitudes - latitudes.mean()) / latitudes.std()


def hand_contrast_told(panel: Panel) -> np.ndarray:
    """How far each month's contrast is centred: by the cities measured in it."""
    squares = [sum(hand_north()[c] ** 2 for c in range(N_CITIES) if np.isfinite(row[c])) for row in panel.pm25]
    return np.array([0.05**2 * square / (0.05**2 * square + 0.12**2) for square in squares])


def hand_city_told(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """How far cities' bends and responses to weather are centred: by the months of an average city."""
    basis, amplitude = hand_bends(2.5 * math.exp(0.6))
    told = []
    for columns, scale in ((basis * amplitude, 0.07), (panel.weather, 0.02)):
        squares = sum(columns[t] ** 2 * np.isfinite(panel.pm25[t]).sum() for t in range(N_MONTHS)) / N_CITIES
        told.append(scale**2 * squares / (scale**2 * squares + 0.12**2))
    return told[0], told[1]


def zero_sums(values: np.ndarray, scales: np.ndarray) -> float:
    return sum(float(zero_sum(scale)(row)) for row, scale in zip(values, scales, strict=True))


def test_priors_of_cities_bends_and_responses(densities, values, panel):
    bends, responses = hand_city_told(panel)
    assert 0 < responses.min() < responses.max() < 0.1
    scale = values["city_scale"][1] * hand_bends(float(values["length_scale"]))[1]
    expected = zero_sums(values["bend_city"], scale**bends)
    assert densities["bend_city"] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    expected = zero_sums(values["weather_city"], values["weather_city_scale"] ** responses)
    assert densities["weather_city"] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_prior_of_the_contrast_is_centred_as_far_as_cities_tell_it(densities, values, panel):
    told = hand_contrast_told(panel)
    assert (told == 0).sum() == (~np.isfinite(panel.pm25).any(axis=1)).sum()
    total = stats.norm.logpdf(values["contrast"], 0, values["contrast_scale"] ** told).sum()
    assert densities["contrast"] == pytest.approx(total, rel=1e-6, abs=1e-6)


def test_prior_of_the_cities_scales(densities, values):
    expected = stats.norm.logpdf(values["log_scale"], values["log_scale_mean"], 0.3).sum()
    assert densities["log_scale"] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_every_random_variable_is_tested(densities):
    others = {"season_city", "slope_apart", "bend", "bend_city", "weather_city", "contrast", "log_scale", "shock"}
    others |= {"cells", "official", "days"}
    assert densities.keys() == {*PRIORS, *others}


def test_jacobians_of_the_transforms(model, point, values, densities):
    assert jacobian_at(model, point, densities) == pytest.approx(jacobian(point, values), rel=1e-6)


def hand_bends(length_scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Sines on an interval twice as long, without their straight line; and the prior's amplitudes."""
    time = (np.arange(N_MONTHS) - at("2018-07")) / 12
    half = 2.0 * max(abs(time))
    basis, amplitude = [], []
    for wave in range(1, 12):
        frequency = wave * math.pi / (2 * half)
        sine = np.sin(frequency * (time + half)) / math.sqrt(half)
        basis.append(sine - np.polyval(np.polyfit(time, sine, 1), time))
        density = math.sqrt(2 * math.pi) * length_scale * math.exp(-0.5 * (length_scale * frequency) ** 2)
        amplitude.append(math.sqrt(density))
    return np.array(basis).T, np.array(amplitude)


def hand_season(month: int) -> np.ndarray:
    angle = 2 * math.pi * (month % 12) / 12
    return np.array([math.cos(angle), math.sin(angle), math.cos(2 * angle), math.sin(2 * angle)])


def hand_told(panel: Panel) -> np.ndarray:
    """How far each bend of the region is centred: by the months that measure it, at a long length scale."""
    basis, amplitude = hand_bends(2.5 * math.exp(0.6))
    squares = (0.1 * amplitude) ** 2 * sum(basis[t] ** 2 for t in range(N_MONTHS) if np.isfinite(panel.pm25[t]).any())
    return squares / (squares + 0.1**2)


def hand_conversion(panel: Panel, t: int) -> float:
    return panel.conversion[t] if t >= at("2018-09") else 0.0


def hand_expected(v: dict, panel: Panel, t: int) -> float:
    """What the regional month is expected to be, before its shock."""
    basis, amplitude = hand_bends(float(v["length_scale"]))
    years = (t - at("2018-07")) / 12 - hand_middle(panel)
    expected = float(v["level"] + v["slope"] * years + v["season"][t % 12])
    scales = v["bend_scale"] * amplitude
    expected += sum(scales ** (1 - hand_told(panel)) * basis[t] * v["bend"])
    expected += years * (v["season_change"] @ hand_season(t)[:2])
    expected += sum(v["weather"][k] * panel.weather[t, k] for k in range(4))
    cities = np.isfinite(panel.pm25).sum(axis=1)
    measured = np.flatnonzero(cities)
    since = (measured - at("2018-07")) / 12 - hand_middle(panel)
    conversion = [hand_conversion(panel, month) for month in measured]
    slope, level = np.polyfit(since, conversion, 1, w=np.sqrt(cities[measured]))
    return expected + float(v["step"]) * (hand_conversion(panel, t) - level - slope * years)


def hand_mu(v: dict, panel: Panel, region: np.ndarray, t: int, c: int) -> float:
    basis, amplitude = hand_bends(float(v["length_scale"]))
    years = (t - at("2018-07")) / 12 - hand_middle(panel)
    mu = region[t] + v["level_city"][c] + hand_slopes(v, panel)[c] * years
    bends, responses = hand_city_told(panel)
    mu += sum((v["city_scale"][1] * amplitude[w]) ** (1 - bends[w]) * basis[t, w] * v["bend_city"][w, c]
              for w in range(11))  # fmt: skip
    mu += sum(hand_season(t)[w] * v["season_city"][w, c] for w in range(4))
    mu += sum(panel.weather[t, k] * v["weather_city_scale"][k] ** (1 - responses[k]) * v["weather_city"][k, c]
              for k in range(4))  # fmt: skip
    mu += v["contrast_scale"] ** (1 - hand_contrast_told(panel)[t]) * v["contrast"][t] * hand_north()[c]
    return float(mu + (v["step"] * THINNER.get(CITIES[c], 0.0) if t >= at("2018-09") else 0.0))


@pytest.fixture(scope="module")
def hand_means(values, panel) -> np.ndarray:
    return np.array(
        [[hand_mu(values, panel, values["region"], t, c) for c in range(N_CITIES)] for t in range(N_MONTHS)]
    )


def test_means_of_all_city_months(values, hand_means):
    np.testing.assert_allclose(values["mu"], hand_means, rtol=1e-9)


def test_regional_months_are_an_autoregression_with_heavy_tails(densities, values, panel):
    expected = np.array([hand_expected(values, panel, t) for t in range(N_MONTHS)])
    persistence, scale, tail = float(values["persistence"]), float(values["shock_scale"]), 3 + values["shock_tail"]
    off = values["region"] - expected
    total = student_t(off[0], tail, 0, scale / math.sqrt(1 - persistence**2))
    total += sum(student_t(off[t], tail, persistence * off[t - 1], scale) for t in range(1, N_MONTHS))
    # where neither figures nor Hebei's official mean of 2018 tell of a month, it is drawn in units of the scale
    told = {at(month) for _, month in MEASURED} | set(range(at("2018-01"), at("2019-01")))
    assert len(told) == 4 + 12
    total += (N_MONTHS - len(told)) * math.log(scale)
    assert densities["shock"] == pytest.approx(total, rel=1e-8)


def test_what_days_say_of_beijings_response(densities, values, panel):
    unit = values["weather_city_scale"] ** (1 - hand_city_told(panel)[1])
    response = values["weather"] + unit * values["weather_city"][:, 0]
    difference = response - np.array([-0.1, 0.05, 0.02, -0.03])
    distance = difference @ np.linalg.inv(DAYS_COVARIANCE) @ difference
    assert densities["days"] == pytest.approx(-0.5 * distance - 2 * math.log(2 * math.pi), rel=1e-6)


def hand_scale(v: dict, t: int) -> np.ndarray:
    """Scale of the cities' months: larger before February 2017; on average over measured months it is `log_scale`."""
    before = sum(month < "2017-02" for _, month in MEASURED) / len(MEASURED)
    return np.exp(v["log_scale"] + v["collected"] * ((t < at("2017-02")) - before))


def test_measured_months(densities, values, panel, hand_means):
    """What is carried over fades with the months since the last measured one, and the scale grows; first it is whole.

    Beijing has gaps of twelve and of two months.
    """
    carry, nu = float(values["carry_over"]), 3 + float(values["tail"])
    total, gaps = 0.0, []
    for (city, month), pm25 in MEASURED.items():
        t, c = at(month), CITIES.index(city)
        mean, share = hand_means[t, c], 1 / (1 - carry**2)
        before = [at(m) for other, m in MEASURED if other == city and at(m) < t]
        if before:
            gap = t - before[-1]
            mean += carry**gap * (math.log(panel.pm25[t - gap, c]) - hand_means[t - gap, c])
            share = sum(carry ** (2 * k) for k in range(gap))
            gaps.append(gap)
        total += student_t(math.log(pm25), nu, mean, hand_scale(values, t)[c] * math.sqrt(share))
    assert gaps == [12, 1, 2, 1]
    assert densities["cells"] == pytest.approx(total, rel=1e-6, abs=1e-6)


def test_official_means(densities, values, panel, hand_means):
    """An official mean is that of the measured months and of the expected others, weighted by their days."""
    carry, nu = float(values["carry_over"]), 3 + float(values["tail"])
    total = 0.0
    for row in panel.official.itertuples():
        cities = [CITIES.index("Beijing")] if row.area == "Beijing" else HEBEI
        days = [calendar.monthrange(row.year, month)[1] for month in range(1, 13)]
        mean = variance = 0.0
        for c in cities:
            for month in range(12):
                t = (row.year - 2013) * 12 + month
                cell_variance = hand_scale(values, t)[c] ** 2 * nu_factor(nu) / (1 - carry**2)
                weight = days[month] / sum(days) / len(cities)
                if np.isfinite(panel.pm25[t, c]):
                    mean += weight * panel.pm25[t, c]
                else:
                    predicted = math.exp(hand_means[t, c] + cell_variance / 2)
                    mean += weight * predicted
                    variance += weight**2 * predicted**2 * cell_variance
        variance *= (1 + carry) / (1 - carry) / nu_factor(4)
        kind = 0 if row.area == "Beijing" else 1
        sigma = math.sqrt(variance + row.error**2 + (values["official_scale"][kind] * mean) ** 2)
        total += student_t(row.pm25, 4.0, mean, sigma)
    assert densities["official"] == pytest.approx(total, rel=1e-6, abs=1e-6)


def nu_factor(nu: float) -> float:
    """Variance of a Student-t beside its squared scale."""
    return nu / (nu - 2)


def test_every_array_that_fits_exchange_is_data(model, panel):
    assert {name for name in decline.data(panel) if name not in [shared.name for shared in model.data_vars]} == set()
    free = {variable.name for variable in model.free_RVs}
    assert set(decline.DERIVED) == {variable.name for variable in model.deterministics}
    assert not free & set(decline.DERIVED)


def test_named_dims(model):
    dims = model.named_vars_to_dims
    assert dims["mu"] == ("month", "city")
    assert dims["region"] == ("month",)
    assert dims["weather_city"] == ("weather_variable", "city")
    assert list(model.coords["city"]) == list(CITIES)
    assert model.coords["month"][0] == "2013-01"
    assert model.coords["month"][-1] == "2023-12"


# --- its parts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("persistence", [0.0, 0.6, 0.9])
def test_random_draws_of_the_autoregression(persistence):
    """Some steps are drawn themselves, some as departures in units of the scale, and the last as innovations."""
    mean, told = np.linspace(0, 5, N_MONTHS), (np.arange(N_MONTHS) // 20 % 2).astype(float)
    ahead = (np.arange(N_MONTHS) >= 120).astype(float)
    assert not told[120:].any()
    with pm.Model(coords={"step": range(N_MONTHS)}):
        x = model_of.autoregressive("x", mean, told, ahead, persistence, 0.3, 300.0, dims="step")
        drawn = model_of.departures(x, mean, told, 0.3)
        carried = model_of.carried_ahead(drawn, pt.as_tensor(ahead), persistence)
        x, drawn, departures = pm.draw([x, drawn, carried], draws=4000, random_seed=3, mode=PLAIN)
    np.testing.assert_allclose((x - mean)[:, told == 1], departures[:, told == 1])
    np.testing.assert_allclose(0.3 * x[:, told == 0], drawn[:, told == 0])
    np.testing.assert_allclose(drawn[:, :120], departures[:, :120])
    assert departures.mean(axis=0) == pytest.approx(np.zeros(N_MONTHS), abs=0.025 / math.sqrt(1 - persistence**2))
    assert departures.var(axis=0) == pytest.approx(np.full(N_MONTHS, 0.09 / (1 - persistence**2)), rel=0.15)
    innovation = departures[:, 1:] - persistence * departures[:, :-1]
    np.testing.assert_allclose(innovation[:, 119:], drawn[:, 120:], atol=1e-9)
    assert innovation.std() == pytest.approx(0.3, rel=0.01)
    assert np.mean(innovation * departures[:, :-1]) == pytest.approx(0, abs=0.01)


def test_months_ahead_come_after_all_that_is_known(panel):
    """The year of an official mean is none, of whichever area, nor is a gap between measured months."""
    assert max(at(month) for _, month in MEASURED) == at("2018-10")
    assert model_of.month_ahead(panel).tolist() == [0.0] * at("2019-01") + [1.0] * (N_MONTHS - at("2019-01"))
    later = pd.DataFrame({"area": ["Beijing"], "year": [2022], "pm25": [30.0], "error": [0.3]})
    ahead = model_of.month_ahead(dataclasses.replace(panel, official=later))
    assert ahead.tolist() == [0.0] * at("2023-01") + [1.0] * 12


def test_bends_leave_level_and_slope_alone():
    waves, frequency = model_of.bend_waves(REGION)
    np.testing.assert_allclose(waves, hand_bends(2.5)[0], atol=1e-12)
    np.testing.assert_allclose(np.vstack([np.ones(N_MONTHS), REGION.time]) @ waves, 0, atol=1e-10)
    assert frequency[1] == pytest.approx(2 * frequency[0])


def test_bends_go_on_smoothly_after_the_record():
    longer = np.concatenate([REGION.time, REGION.time[-1] + np.arange(1, 13) / 12])
    waves, frequency = model_of.bend_waves(REGION, longer)
    np.testing.assert_allclose(waves[:N_MONTHS], hand_bends(2.5)[0], atol=1e-12)
    # second differences are those of a sine: a straight line was taken away
    bent = np.diff(waves, 2, axis=0) * 144
    half = 2 * abs(REGION.time).max()
    sine = np.sin(frequency * (longer[1:-1, None] + half)) / math.sqrt(half)
    np.testing.assert_allclose(bent, -(frequency**2) * sine, atol=2e-3)


@pytest.mark.parametrize("length_scale", [1.75, 2.5, 3.4])
def test_waves_make_the_covariance_of_a_squared_exponential(length_scale):
    """On the record, but for the straight line, for all length scales that the prior holds likely."""
    time = REGION.time[::6]
    basis, amplitude = hand_bends(length_scale)
    made = (basis * amplitude**2) @ basis.T
    kernel = np.exp(-0.5 * (np.subtract.outer(REGION.time, REGION.time) / length_scale) ** 2)
    line, _ = np.linalg.qr(np.column_stack([np.ones(N_MONTHS), REGION.time]))
    without = np.eye(N_MONTHS) - line @ line.T
    np.testing.assert_allclose(made[::6, ::6], (without @ kernel @ without)[::6, ::6], atol=0.02)
    assert len(time) == 22


def test_air_is_thinner_where_cities_lie_high():
    assert dict(zip(CITIES, REGION.higher, strict=True)) == pytest.approx(dict.fromkeys(CITIES, 0.0) | THINNER)
    assert -0.08 < THINNER["Zhangjiakou"] < THINNER["Chengde"] < -0.03


def test_areas_are_means_of_their_cities():
    weights = dict(zip(REGION.areas, REGION.membership, strict=True))
    for city in ("Beijing", "Tianjin", "Zhangjiakou"):
        assert weights[city].tolist() == [float(name == city) for name in CITIES]
    assert weights["Hebei"] == pytest.approx([1 / 11 if k in HEBEI else 0 for k in range(N_CITIES)])
    assert weights["BTH13"] == pytest.approx([1 / 13] * 13)


def test_years_weigh_months_by_days():
    months = np.zeros((N_MONTHS, N_CITIES))
    months[at("2016-02"), 4] = 100
    months[at("2017-02"), 4] = 100
    months[at("2017-12"), 4] = 10
    yearly = model_of.yearly_means(REGION, months)
    assert yearly[3, 4] == pytest.approx(100 * 29 / 366)
    assert yearly[4, 4] == pytest.approx((100 * 28 + 10 * 31) / 365)
    assert np.count_nonzero(yearly) == 2


def test_area_means_by_hand():
    actual = np.random.default_rng(1).uniform(20, 90, (2, N_MONTHS, N_CITIES))
    found = said.area_means(actual)
    assert found.shape == (2, len(REGION.years), 4)
    days = [calendar.monthrange(2020, month)[1] for month in range(1, 13)]
    cities = [np.average(actual[1, months_of(2020), k], weights=days) for k in range(N_CITIES)]
    expected = [cities[0], cities[1], np.mean([cities[k] for k in HEBEI]), np.mean(cities)]
    assert found[1, 7] == pytest.approx(expected)


# --- draws as they are used -------------------------------------------------------------------------------------

DRAWS = 400


def some_posterior(panel: Panel, seed: int = 2, **changes) -> from_draws.Posterior:
    """Draws that are all alike but for what a test changes."""
    values = {
        "mu": np.full((DRAWS, N_MONTHS, N_CITIES), math.log(60)),
        "slope": np.zeros(DRAWS),
        "log_scale": np.full((DRAWS, N_CITIES), math.log(0.1)),
        "collected": np.zeros(DRAWS),
        "tail": np.full(DRAWS, 7.0),
        "carry_over": np.full(DRAWS, 0.3),
        "official_scale": np.full((DRAWS, 2), 1e-9),
        "weather": np.zeros((DRAWS, 4)),
        "weather_city": np.zeros((DRAWS, 4, N_CITIES)),
        "weather_city_scale": np.ones((DRAWS, 4)),
        "step": np.ones(DRAWS),
    }
    return from_draws.Posterior(panel, values | changes, 2, np.random.default_rng(seed))


def test_chains_and_draws_are_flattened_chain_by_chain():
    draws = xr.Dataset({"slope": (("draw", "chain"), np.arange(6.0).reshape(3, 2))})
    post = from_draws.posterior(draws, some_panel(), 1)
    assert post["slope"].tolist() == [0, 2, 4, 1, 3, 5]
    assert post.by_chain(post["slope"]).tolist() == [[0, 2, 4], [1, 3, 5]]


def test_most_keeps_that_many_draws():
    draws = xr.Dataset({"slope": (("chain", "draw"), np.arange(200.0).reshape(2, 100))})
    post = from_draws.posterior(draws, some_panel(), 1, most=50)
    assert post.size == 50
    assert post["slope"][:2].tolist() == [0, 4]


def test_residuals_are_stationary():
    residuals = from_draws.residuals(some_posterior(some_panel()))
    variance = 0.1**2 * 10 / 8 / (1 - 0.3**2)
    assert residuals.var(axis=(0, 2))[[0, 1, 70, 131]] == pytest.approx([variance] * 4, rel=0.15)
    before, after = residuals[:, :-1].ravel(), residuals[:, 1:].ravel()
    assert np.corrcoef(before, after)[0, 1] == pytest.approx(0.3, abs=0.01)


def test_residuals_of_collected_months_are_larger():
    panel = some_panel()
    post = some_posterior(panel, collected=np.full(DRAWS, 0.4), carry_over=np.zeros(DRAWS))
    deviation = from_draws.residuals(post).std(axis=(0, 2)) / math.sqrt(10 / 8)
    share = 5 / 8
    change = at("2017-02")
    assert deviation[:change].mean() == pytest.approx(0.1 * math.exp(0.4 * (1 - share)), rel=0.02)
    assert deviation[change:].mean() == pytest.approx(0.1 * math.exp(-0.4 * share), rel=0.02)


def test_measured_months_are_themselves():
    panel = some_panel(official=official(("Beijing", 2014, 70.0, 1e-9), ("Hebei", 2018, 50.0, 1e-9)))
    actual = from_draws.concentrations(some_posterior(panel))
    for (city, month), value in MEASURED.items():
        assert (actual[:, at(month), CITIES.index(city)] == value).all()
    assert (actual > 0).all()


@pytest.mark.parametrize(
    ("area", "year", "mean", "column"),
    [("Beijing", 2014, 70.0, 0), ("Hebei", 2021, 50.0, 2), ("BTH13", 2013, 66.0, 3), ("Tianjin", 2016, 75.0, 1)],
)
def test_missing_months_are_moved_until_the_official_mean_is_met(area, year, mean, column):
    panel = some_panel(official=official((area, year, mean, 1e-9)))
    post = some_posterior(panel)
    actual = from_draws.concentrations(post)
    assert said.area_means(actual)[:, year - 2013, column] == pytest.approx(np.full(DRAWS, mean), abs=1e-4)
    free = from_draws.concentrations(some_posterior(some_panel(official=official())))
    same = np.isclose(actual, free).all(axis=0)
    cities = ([0], [1], HEBEI, list(range(N_CITIES)))[column]
    moved = np.zeros((N_MONTHS, N_CITIES), dtype=bool)
    moved[months_of(year), cities] = np.isnan(panel.pm25[months_of(year), cities])
    assert (same == ~moved).all()


def test_an_uncertain_official_mean_moves_little():
    free = said.area_means(from_draws.concentrations(some_posterior(some_panel(official=official()))))[:, 1, 0]
    means = []
    for error in (1e-9, 2.0, 1e4):
        panel = some_panel(official=official(("Beijing", 2014, 50.0, error)))
        # errors far larger than the spread leave the months where they were, on the whole
        means.append(np.median(said.area_means(from_draws.concentrations(some_posterior(panel)))[:, 1, 0]))
    assert means[0] == pytest.approx(50, abs=1e-3)
    assert means[0] < means[1] < means[2]
    assert means[2] == pytest.approx(np.median(free), abs=0.5)


def test_areas_and_their_region_are_all_met():
    rows = official(("Beijing", 2021, 55.0, 0.02), ("Tianjin", 2021, 57.0, 0.02), ("Hebei", 2021, 58.0, 0.02),
                    ("BTH13", 2021, (55 + 57 + 11 * 58) / 13, 0.02))  # fmt: skip
    actual = from_draws.concentrations(some_posterior(some_panel(official=rows)))
    means = np.median(said.area_means(actual)[:, 2021 - 2013], axis=0)
    assert means == pytest.approx(rows.pm25.tolist(), abs=0.1)


def test_a_year_that_is_measured_in_full_is_left_alone():
    pm25 = some_panel().pm25.copy()
    pm25[months_of(2016), 1] = np.linspace(40, 95, 12)
    panel = some_panel(pm25=pm25, official=official(("Tianjin", 2016, 20.0, 1e-9)))
    assert (from_draws.concentrations(some_posterior(panel))[:, months_of(2016), 1] == pm25[months_of(2016), 1]).all()


def test_the_weather_of_one_year_is_that_of_a_known_one():
    panel = some_panel(official=official())
    taken = from_draws.weather_of_a_year(some_posterior(panel), (2014, 2023))
    of_years = {year: panel.weather[months_of(year)] for year in range(2013, 2024)}
    years = [[year for year, past in of_years.items() if np.array_equal(past, draw)] for draw in taken]
    assert {year for found in years for year in found} == set(range(2014, 2024))
    assert all(len(found) == 1 for found in years)


def test_unknown_weather_takes_that_of_the_months_away_and_puts_a_year_before_in():
    panel = some_panel(official=official())
    responses = np.random.default_rng(8).normal(0, 0.2, (1, 4, N_CITIES)).repeat(DRAWS, axis=0)
    post = some_posterior(panel, weather_city=responses)
    changed = from_draws.with_unknown_weather(post, np.ones((DRAWS, N_MONTHS, N_CITIES)), 2017, 2014)
    assert (changed[:, : at("2017-01")] == 1).all()
    effect = np.log(changed[:, months_of(2018)]) + panel.weather[months_of(2018)] @ responses[0]
    years = [
        [year for year in range(2013, 2024) if np.allclose(panel.weather[months_of(year)] @ responses[0], draw)]
        for draw in effect
    ]
    assert {year for found in years for year in found} == {2014, 2015, 2016}


def test_weather_effect_is_the_regions_and_the_citys():
    weather = np.full((DRAWS, 4), [0.1, 0, 0, 0])
    city = np.zeros((DRAWS, 4, N_CITIES))
    city[:, 0, 2] = 0.05
    panel = some_panel()
    effect = from_draws.weather_effect(some_posterior(panel, weather=weather, weather_city=city), panel.weather)
    assert effect[7, :, 0] == pytest.approx(0.1 * panel.weather[:, 0])
    assert effect[7, :, 2] == pytest.approx(0.15 * panel.weather[:, 0])


def test_one_basis_converts_the_months_before_the_change():
    panel = some_panel()
    post = some_posterior(panel, step=np.full(DRAWS, 0.8))
    actual = np.full((DRAWS, N_MONTHS, N_CITIES), 50.0)
    constant = from_draws.on_one_basis(post, actual)
    change = at("2018-09")
    assert (constant[:, change:] == 50).all()
    expected = 50 * np.exp(0.8 * panel.conversion[:change])
    assert constant[9, :change, 0] == pytest.approx(expected)
    assert constant[9, :change, CITIES.index("Chengde")] == pytest.approx(expected * math.exp(0.8 * THINNER["Chengde"]))
    assert constant[9, :change, CITIES.index("Zhangjiakou")] == pytest.approx(
        expected * math.exp(0.8 * THINNER["Zhangjiakou"])
    )


def test_normalised_without_a_weather_effect_is_the_same():
    constant = np.random.default_rng(1).uniform(20, 90, (DRAWS, N_MONTHS, N_CITIES))
    np.testing.assert_array_equal(from_draws.normalised(some_posterior(some_panel()), constant), constant)


def test_normalised_takes_the_weather_effect_away():
    panel = some_panel()
    post = some_posterior(panel, weather=np.full((DRAWS, 4), [-0.1, 0.02, 0, 0]))
    effect = from_draws.weather_effect(post, panel.weather)
    usual = from_draws.normalised(post, 50 * np.exp(effect))
    assert usual[:, 12:] == pytest.approx(np.full_like(usual[:, 12:], 50))
    calibrated = np.log(usual[:, :12, 0] / 50)
    assert calibrated.std() == pytest.approx(0.1 * 0.3 * math.sqrt(2), rel=0.1)
    assert calibrated.mean(axis=1).std() == pytest.approx(0.1 * 0.3 * math.sqrt(1 + 1 / 12), rel=0.1)
    assert (panel.weather == some_panel().weather).all()


def test_replicates_carry_the_residual_over_and_keep_the_gaps():
    panel = some_panel()
    drawn = from_draws.replicates(some_posterior(panel))
    assert (np.isfinite(drawn).all(axis=0) == np.isfinite(panel.pm25)).all()
    first, second = (np.median(np.log(drawn[:, at(month), 0])) for month in ("2014-01", "2014-02"))
    assert first == pytest.approx(math.log(60), abs=0.02)
    assert second == pytest.approx(math.log(60) + 0.3 * math.log(100 / 60), abs=0.02)
    after_a_gap = np.log(drawn[:, at("2014-04"), 0])
    assert np.median(after_a_gap) == pytest.approx(math.log(60) + 0.09 * math.log(150 / 60), abs=0.02)


# --- panels -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def main() -> Panel:
    return registry.load("decline")


def differing(main: Panel, other: Panel) -> set[str]:
    changed = set()
    for name in ("pm25", "weather", "wind_error", "conversion"):
        if not np.array_equal(getattr(main, name), getattr(other, name), equal_nan=True):
            changed.add(name)
    if not main.official.equals(other.official):
        changed.add("official")
    if not np.array_equal(main.days.estimate, other.days.estimate):
        changed.add("days")
    return changed | {name for name in ("step_prior", "truth") if getattr(main, name) != getattr(other, name)}


def test_main_panel(main):
    measured = np.isfinite(main.pm25)
    assert main.pm25.shape == (N_MONTHS, N_CITIES)
    assert 1000 < measured.sum() < 1101
    assert np.nanmin(main.pm25) > 0
    assert np.isfinite(main.weather).all()
    for calendar_month in range(12):
        assert main.weather[calendar_month:132:12].mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-9)
    assert main.weather[:132].std(axis=0, ddof=1) == pytest.approx(np.ones(4), rel=0.05)
    assert (main.wind_error[:12] > 0).all()
    assert not main.wind_error[12:].any()
    assert (main.official.error > 0).all()
    assert set(main.official.area) <= set(REGION.areas)
    assert not main.official.duplicated(["area", "year"]).any()


def test_the_regions_mean_enters_only_where_its_parts_are_not_all_known(main):
    rows = main.official
    assert rows[rows.area == "BTH13"].year.tolist() == [2016]
    assert 2016 not in rows[rows.area == "Tianjin"].year.tolist()
    table = decline.tables.load("pm25_official_annual").query("series == 'official' and area in @REGION.areas")
    dropped = table.merge(rows, on=["area", "year"], how="left", indicator=True).query("_merge == 'left_only'")
    assert sorted(dropped.year) == [2013, 2014, 2015, 2017]
    assert set(dropped.area) == {"BTH13"}


def test_conversion_follows_the_gas_law(main):
    weather = decline.tables.load("weather_beijing_month").set_index("month")
    row = weather.loc["2016-07"]
    expected = math.log(273.15 / (273.15 + row.temperature) * row.pressure / 1013.25)
    assert main.conversion[at("2016-07")] == pytest.approx(expected)


def test_variants_change_just_what_they_say(main):
    expected = {
        "step-unknown": {"step_prior"},
        **{f"to-{year}": {"pm25", "official"} for year in (2015, 2016, 2017, 2018)},
        "without-beijing": {"pm25", "official"},
        **{f"without-fold-{fold}": {"pm25"} for fold in (1, 3, 4)},
        "without-fold-2": {"pm25", "official"},
    }
    assert decline.VARIANTS.keys() == expected.keys()
    assert {name: differing(main, registry.load("decline", name)) for name in expected} == expected


@pytest.mark.parametrize("last", [2016, 2018])
def test_a_forecast_knows_nothing_later(main, last):
    other, end = registry.load("decline", f"to-{last}"), at(f"{last + 1}-01")
    assert np.isnan(other.pm25[end:]).all()
    np.testing.assert_array_equal(other.pm25[:end], main.pm25[:end])
    assert other.official.year.max() == last
    assert len(other.official) == (main.official.year <= last).sum()


@pytest.mark.parametrize("variant", decline.LEFT_OUT)
def test_variant_without_cities_keeps_the_means_of_their_areas_and_the_first_months_of_several(main, variant):
    other, k = registry.load("decline", variant), [CITIES.index(city) for city in decline.LEFT_OUT[variant]]
    first = 0 if variant == "without-beijing" else at("2015-01")
    assert np.isnan(other.pm25[first:, k]).all()
    np.testing.assert_array_equal(other.pm25[:first, k], main.pm25[:first, k])
    np.testing.assert_array_equal(np.delete(other.pm25, k, 1), np.delete(main.pm25, k, 1))
    kept = main.official[~main.official.area.isin(decline.LEFT_OUT[variant])].reset_index(drop=True)
    assert other.official.equals(kept)


def test_every_city_is_left_out_once_and_folds_reach_from_north_to_south():
    cities = [city for left_out in decline.LEFT_OUT.values() for city in left_out]
    assert sorted(cities) == sorted(CITIES)
    folds = [cities for variant, cities in decline.LEFT_OUT.items() if variant != "without-beijing"]
    assert [len(fold) for fold in folds] == [3] * 4
    thirds = [decline.NORTH_TO_SOUTH[4 * k : 4 * k + 4] for k in range(3)]
    assert all(city in third for fold in folds for city, third in zip(fold, thirds, strict=True))
    assert not any({"Chengde", "Zhangjiakou"} <= set(fold) for fold in folds)


def test_dust_raises_the_months_after_2020_by_three_per_cent():
    raised = said.dustier(np.full((2, N_MONTHS, N_CITIES), 50.0))
    change = at("2021-01")
    assert (raised[:, :change] == 50).all()
    np.testing.assert_allclose(raised[:, change:], 51.5)


# --- synthetic panels -------------------------------------------------------------------------------------------


def test_simulate_keeps_gaps_weather_and_rows_and_tells_the_truth(main):
    made = decline.simulate({"slope": -0.07}, np.random.default_rng(4), main)
    assert (np.isfinite(made.pm25) == np.isfinite(main.pm25)).all()
    assert differing(main, made) == {"pm25", "official", "days", "truth"}
    assert made.official[["area", "year", "error"]].equals(main.official[["area", "year", "error"]])
    assert made.truth["slope"] == -0.07
    assert made.truth["step"] == model_of.TRUTH["step"]


def test_simulate_is_reproducible(main):
    first, again, other = (decline.simulate({}, np.random.default_rng(seed), main) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.pm25, again.pm25)
    assert not np.allclose(first.pm25, other.pm25, equal_nan=True)


QUIET = {
    "level": math.log(50), "slope": -0.1, "level_city_scale": 0, "slope_on_level": 0, "slope_city_scale": 0,
    "season": 0, "season_city_scale": 0, "weather": np.zeros(4), "weather_city_scale": 0, "step": 0,
    "shock_scale": 0, "contrast": 0, "scale": 0, "collected": 0, "official_scale": 0,
}  # fmt: skip


def test_simulate_without_noise_is_the_formula(main):
    exact = dataclasses.replace(main, official=main.official.assign(error=0.0))
    made = decline.simulate(QUIET, np.random.default_rng(1), exact)
    observed = np.isfinite(main.pm25)
    curve = 50 * np.exp(-0.1 * REGION.time)
    np.testing.assert_allclose(made.pm25[observed], np.repeat(curve[:, None], N_CITIES, axis=1)[observed])
    assert list(made.truth["decline"].values()) == pytest.approx([100 * math.expm1(-1)] * 4, abs=0.01)
    days = [calendar.monthrange(2019, month)[1] for month in range(1, 13)]
    rows = made.official.query("year == 2019").pm25
    assert rows.tolist() == pytest.approx([np.average(curve[months_of(2019)], weights=days)] * len(rows))


def test_simulate_puts_the_step_in_where_the_basis_changed(main):
    everywhere = dataclasses.replace(main, pm25=np.full((N_MONTHS, N_CITIES), 1.0))
    made = decline.simulate(QUIET | {"slope": 0, "step": 1.0}, np.random.default_rng(1), everywhere)
    expected = 50 * np.exp(np.where(np.arange(N_MONTHS) >= at("2018-09"), main.conversion, 0))
    low = [k for k, city in enumerate(CITIES) if city not in THINNER]
    np.testing.assert_allclose(made.pm25[:, low], np.repeat(expected[:, None], len(low), axis=1))
    for city, thinner in THINNER.items():
        higher = np.where(np.arange(N_MONTHS) >= at("2018-09"), math.exp(thinner), 1)
        np.testing.assert_allclose(made.pm25[:, CITIES.index(city)], expected * higher)
    factor = np.exp(main.conversion)
    after = np.average(factor[months_of(2023)], weights=REGION.days[10])
    before = np.average(factor[months_of(2013)], weights=REGION.days[0])
    assert [made.truth["decline"][city] for city in ("beijing", "tianjin")] == pytest.approx([100 * (after - 1)] * 2)
    assert list(made.truth["decline_constant"].values()) == pytest.approx([100 * (after / before - 1)] * 4)


def test_simulated_noise_has_the_stated_properties():
    pm25 = np.full((N_MONTHS, N_CITIES), 50.0)
    panel = some_panel(pm25=pm25, official=official(), weather=np.zeros((N_MONTHS, 4)))
    truth = QUIET | {"slope": 0, "scale": 0.12, "carry_over": 0.2, "tail": 8.0}
    logs = [np.log(decline.simulate(truth, np.random.default_rng(seed), panel).pm25 / 50) for seed in range(40)]
    noise = np.array(logs)
    assert noise.std() == pytest.approx(0.12 * math.sqrt(8 / 6 / (1 - 0.2**2)), rel=0.03)
    assert np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1] == pytest.approx(0.2, abs=0.02)
    collected = truth | {"collected": 0.4, "carry_over": 0.0}
    noise = np.array(
        [np.log(decline.simulate(collected, np.random.default_rng(seed), panel).pm25 / 50) for seed in range(40)]
    )
    before, after = np.split(noise, [at("2017-02")], axis=1)
    assert before.std() / after.std() == pytest.approx(math.exp(0.4), rel=0.04)
    contrast = QUIET | {"slope": 0, "contrast": 0.06}
    made = np.log(decline.simulate(contrast, np.random.default_rng(3), panel).pm25 / 50)
    np.testing.assert_allclose(made, np.outer(made[:, 0] / REGION.north[0], REGION.north), atol=1e-9)
    assert made.std() == pytest.approx(0.06, rel=0.15)
    shock = QUIET | {"slope": 0, "shock_scale": 0.11, "shock_tail": 8.0, "persistence": 0.35}
    logs = [np.log(decline.simulate(shock, np.random.default_rng(seed), panel).pm25 / 50) for seed in range(200)]
    region = np.array(logs)
    assert np.ptp(region, axis=2).max() < 1e-9
    assert region[:, :, 0].std() == pytest.approx(0.11 * math.sqrt(8 / 6 / (1 - 0.35**2)), rel=0.03)


def test_made_up_days_scatter_around_beijings_response(main):
    truth = QUIET | {"weather": np.array([-0.09, 0.02, 0, 0])}
    made = np.array([decline.simulate(truth, np.random.default_rng(k), main).days.estimate for k in range(300)])
    assert made.mean(axis=0) == pytest.approx(truth["weather"], abs=0.012)
    np.testing.assert_allclose(np.cov(made.T), main.days.covariance, atol=0.0006)


# --- prediction -------------------------------------------------------------------------------------------------


NEXT_YEAR = {
    "region": np.full((DRAWS, N_MONTHS), math.log(60)), "level": np.full(DRAWS, math.log(60)),
    "level_city": np.zeros((DRAWS, N_CITIES)), "slope_on_level": np.zeros(DRAWS),
    "slope_city": np.zeros((DRAWS, N_CITIES)), "bend_scale": np.full(DRAWS, 0.1), "bend": np.zeros((DRAWS, 11)),
    "length_scale": np.full(DRAWS, 2.5), "city_scale": np.full((DRAWS, 3), 0.1),
    "bend_city": np.zeros((DRAWS, 11, N_CITIES)), "season": np.zeros((DRAWS, 12)),
    "season_change": np.zeros((DRAWS, 2)), "season_city": np.zeros((DRAWS, 4, N_CITIES)),
    "persistence": np.full(DRAWS, 0.4), "shock_scale": np.full(DRAWS, 0.1), "shock_tail": np.full(DRAWS, 7.0),
    "contrast_scale": np.full(DRAWS, 0.05),
}  # fmt: skip
"""What the year after the record is made of, beside `some_posterior`."""


def as_fit(panel: Panel, variant: str = "", **more) -> SimpleNamespace:
    values = some_posterior(panel).values | NEXT_YEAR | more
    dims = {1: (), 2: ("a",), 3: ("a", "b")}
    dataset = {
        name: (("chain", "draw", *(f"{name}_{d}" for d in dims[v.ndim])), v.reshape(2, -1, *v.shape[1:]))
        for name, v in values.items()
    }
    name = f"decline/{variant}" if variant else "decline"
    return SimpleNamespace(parameters=xr.Dataset(dataset), panel=panel, seed=9, variant=variant, name=name)


@pytest.fixture
def fit():
    panel = some_panel(official=official(("Beijing", 2022, 40.0, 1e-9)))
    return as_fit(panel)


def test_prediction_of_months_and_years(fit):
    table = said.predict(fit, ("2021-11", "2022-02"), (2021, 2024))
    assert table.columns.tolist() == ["area", "period", "mean", "sd", "q03", "q25", "q50", "q75", "q97"]
    months, years = table[table.period.str.len() == 7], table[table.period.str.len() == 4]
    assert months.period.unique().tolist() == ["2021-11", "2021-12", "2022-01", "2022-02"]
    assert months.area.tolist() == list(CITIES) * 4
    assert years.period.unique().tolist() == ["2021", "2022", "2023", "2024"]
    assert set(years.area) == {*CITIES, "Hebei"}
    assert len(years) == 4 * 14
    assert not table.duplicated(["area", "period"]).any()
    assert not table.isna().any(axis=None)
    assert (table[["q03", "q25", "q50", "q75", "q97"]].diff(axis=1).iloc[:, 1:] > 0).all(axis=None)
    assert (table["sd"] > 0).all()


def test_prediction_of_a_year_uses_its_official_mean(fit):
    table = said.predict(fit, None, (2022, 2023)).set_index(["area", "period"])
    assert table.loc[("Beijing", "2022"), "mean"] == pytest.approx(40, abs=0.01)
    variance = 0.01 * 10 / 8 / (1 - 0.09)
    expected = 60 * math.exp(variance / 2)
    assert table.loc[("Hebei", "2022"), "mean"] == pytest.approx(expected, rel=0.01)
    assert table.loc[("Beijing", "2023"), "mean"] == pytest.approx(expected, rel=0.01)


@pytest.fixture(scope="module")
def prior_draws(main) -> from_draws.Posterior:
    """Draws of the prior itself, in which every parameter moves."""
    from jingjinji.show.prior_draws import prior_parameters

    model = decline.build(main)
    names = [variable.name for variable in (*model.free_RVs, *model.deterministics)]
    return from_draws.posterior(prior_parameters(model, names, 60, 4), main, 3)


def test_a_made_up_autoregression_is_stationary_from_its_first_point():
    """An innovation of one at the first point has the spread that later ones have added up to: 1 / 0.8."""
    assert model_of._autoregression(0.6, np.array([1.0, 0.0, 0.0])) == pytest.approx([1.25, 0.75, 0.45])
    assert model_of._autoregression(0.6, np.eye(2)[[0]], axis=1) == pytest.approx(np.array([[1.25, 0.75]]))


def test_the_regional_month_that_is_expected_ahead_is_the_models(prior_draws, main):
    """At the last month of the record the same formula gives what the model says, but for its shock."""
    v = {name: values[7] for name, values in prior_draws.values.items()}
    last = from_draws.expected(prior_draws, REGION.time[-1:], np.array([11]), main.weather[-1:], main.conversion[-1:])
    assert last[7, 0] == pytest.approx(hand_expected(v, main, N_MONTHS - 1), rel=1e-9)


def test_the_year_ahead_goes_on_where_the_record_ends(prior_draws, main):
    """Without scatter, weather and seasons the next January is December's level, moved on by a month."""
    quiet = {name: np.zeros_like(values) for name, values in prior_draws.values.items()}
    kept = ("slope", "level", "length_scale", "bend_scale", "bend", "level_city", "slope_city", "slope_apart",
            "slope_on_level", "city_scale", "bend_city", "carry_over", "tail", "shock_tail", "step")  # fmt: skip
    quiet |= {name: prior_draws[name] for name in kept}
    quiet["log_scale"] = np.full_like(prior_draws["log_scale"], -30.0)
    v = {name: values[11] for name, values in quiet.items()}
    panel = dataclasses.replace(main, conversion=np.zeros(N_MONTHS))
    region = np.array([[hand_expected({n: x[d] for n, x in quiet.items()}, panel, N_MONTHS - 1)] for d in range(60)])
    quiet["region"] = np.repeat(region, N_MONTHS, axis=1)
    post = from_draws.Posterior(panel, quiet, 1, np.random.default_rng(1))
    made = np.log(said.ahead(post))
    assert made.shape == (60, 12, N_CITIES)
    v["contrast"] = np.zeros(N_MONTHS)
    before = [[hand_mu(v, panel, {t: hand_expected(v, panel, t) for t in (t,)}, t, c) for c in range(N_CITIES)]
              for t in (N_MONTHS - 2, N_MONTHS - 1)]  # fmt: skip
    steps = np.diff(np.vstack([before, made[11]]), 2, axis=0)
    assert abs(steps).max() < 0.003


def test_prediction_of_a_measured_month_is_not_the_measurement(fit):
    row = said.predict(fit, ("2014-01", "2014-01"), None).set_index("area").loc["Beijing"]
    assert row["mean"] == pytest.approx(60, rel=0.05)
    assert row["sd"] == pytest.approx(60 * 0.1 * math.sqrt(10 / 8 / 0.91), rel=0.2)


def test_prediction_is_reproducible(fit):
    first, again = (said.predict(fit, ("2021-01", "2021-01"), (2021, 2021)) for _ in range(2))
    assert first.equals(again)


@pytest.mark.parametrize(
    ("months", "years", "message"),
    [
        (("2012-12", "2013-02"), None, "month 2012-12 is outside the model: it knows 2013-01 to 2024-12"),
        (("2024-12", "2025-01"), None, "month 2025-01 is outside the model"),
        (("2021", "2022"), None, "'2021' is not a month: write it as YYYY-MM"),
        (("2021-13", "2021-14"), None, "'2021-13' is not a month"),
        (("2021-01-15", "2021-02"), None, "'2021-01-15' is not a month"),
        (("spring", "summer"), None, "'spring' is not a month"),
        (None, (2012, 2014), "year 2012 is outside the model: it knows 2013 to 2024"),
        (None, (2023, 2025), "year 2025 is outside the model"),
    ],
)
def test_periods_that_cannot_be_predicted(fit, months, years, message):
    with pytest.raises(BookError, match=message):
        said.predict(fit, months, years)


# --- findings ---------------------------------------------------------------------------------------------------


def plain_values() -> dict[str, np.ndarray]:
    """What findings need beside `some_posterior`, all alike."""
    season = np.tile(np.cos(2 * np.pi * np.arange(12) / 12), (DRAWS, 1))
    return {"slope_on_level": np.zeros(DRAWS), "persistence": np.full(DRAWS, 0.4), "season": season}


def test_dust_is_counted_back_into_the_last_year_of_beijings_decline():
    found = {finding.id: finding for finding in said.findings(as_fit(registry.load("decline"), **plain_values()))}
    plain, dusty = (found[f"pm25.decline.beijing.constant{end}"].draws for end in ("", "@with-dust"))
    np.testing.assert_allclose(1 + dusty / 100, 1.03 * (1 + plain / 100))
    assert {id for id in found if "@" in id} == {"pm25.decline.beijing.constant@with-dust"}
    assert "3 % higher" in found["pm25.decline.beijing.constant@with-dust"].label
    assert not any(id.startswith(("pm25.truth.", "pm25.recovered.", "pm25.leave-out.")) for id in found)


def test_a_fold_tells_the_coverage_of_its_cities():
    found = {f.id: f for f in said.findings(as_fit(registry.load("decline", "without-fold-2"), "without-fold-2"))}
    cities = {id.split(".")[2] for id in found if id.startswith("pm25.leave-out.")}
    assert cities == {"zhangjiakou", "tianjin", "hengshui"}
    said_of_variant = {f"pm25.{id}@without-fold-2" for id in ("decline.beijing.constant", *said.ANSWERS)}
    assert {id for id in found if "@" in id} == said_of_variant
    assert found["pm25.leave-out.hengshui.coverage94"].label.endswith("months of Hengshui, left out")


def test_coverage_is_that_of_the_months_left_out(main):
    left_out = registry.load("decline", "without-fold-2")
    k = CITIES.index("Hengshui")
    away = np.isfinite(main.pm25[:, k]) & np.isnan(left_out.pm25[:, k])
    assert (REGION.months[away] >= pd.Period("2015-01")).all()
    middle = np.where(np.arange(away.sum()) % 4 == 0, 0.1, 1.0) * main.pm25[away, k]
    actual = np.full((DRAWS, N_MONTHS, N_CITIES), 1e-6)
    actual[:, away, k] = middle * np.linspace(0.5, 1.5, DRAWS)[:, None]
    say = Scribe((), "pm25.", as_fit(left_out))
    said._say_left_out(say, "Hengshui", left_out, actual)
    made = {finding.id: finding.mean for finding in say.made}
    share = round(100 * np.mean(np.arange(away.sum()) % 4 != 0), 1)
    assert made == {f"pm25.leave-out.hengshui.coverage{level}": share for level in (50, 94)}


@pytest.mark.parametrize(("toy", "slope"), [("toy", -0.1), ("toy-no-decline", 0.0)])
def test_findings_of_a_toy_are_pairs_of_truth_and_estimate(main, toy, slope):
    panel, again = (decline.TOYS[toy](main, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(panel.pm25, again.pm25)
    assert panel.truth["slope"] == slope
    found = {finding.id: finding for finding in said.findings(as_fit(panel, toy, **plain_values()))}
    truths = {id for id in found if id.startswith("pm25.truth.")}
    assert {id.replace(".truth.", ".recovered.") for id in truths} == found.keys() - truths
    assert len(truths) == 16
    assert all(id.endswith(f"@{toy}") for id in found)
    for area in ("beijing", "region"):
        for basis, key in (("", "decline"), (".constant", "decline_constant")):
            assert found[f"pm25.truth.decline.{area}{basis}@{toy}"].mean == pytest.approx(panel.truth[key][area])
    assert found[f"pm25.recovered.persistence@{toy}"].mean == pytest.approx(0.4)
    assert found[f"pm25.truth.persistence@{toy}"].mean == model_of.TRUTH["persistence"]


# --- scores -----------------------------------------------------------------------------------------------------


def test_names_of_weather_variables_are_columns():
    assert set(REGION.weather) <= set(decline.tables.load("weather_beijing_month").columns)
    assert (REGION.months[0].year, REGION.months[-1].year) == (REGION.years[0], REGION.years[-1])
