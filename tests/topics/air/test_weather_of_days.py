"""Beijing's response to the weather of days, on records whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from jingjinji.core import tables
from jingjinji.topics.air import weather_of_days
from jingjinji.topics.air.decline import REGION

RESPONSE = {"wind": -0.3, "dew_point": 0.04, "pressure": -0.01, "temperature": 0.02}


def months() -> pd.DataFrame:
    return tables.load("weather_beijing_month")


def some_days(noise: float, seed: int = 1, series: str = "embassy") -> pd.DataFrame:
    """Days until 2014 with the response `RESPONSE`, a season, a line and autocorrelated noise."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2010-01-01", "2014-12-31")
    angle = 2 * np.pi * dates.day_of_year.to_numpy() / 365.25
    noisy = np.zeros((len(dates), 5))
    for day in range(1, len(dates)):
        noisy[day] = 0.7 * noisy[day - 1] + rng.normal(size=5)
    season = 8 * np.cos(angle)
    weather = pd.DataFrame({"dew_point": -season, "pressure": 1015 + season, "temperature": 12 - season})
    weather = weather + 3 * noisy[:, :3]
    third = np.abs(1 + 0.3 * noisy[:, 3])
    winds = {"wind_nw": third, "wind_ne": 0.5 * third, "wind_se": 0.5 * third}
    log = 4 + 0.3 * np.cos(angle) - 0.05 * np.arange(len(dates)) / 365.25 + RESPONSE["wind"] * 2 * third
    log += sum(RESPONSE[name] * weather[name] for name in ("dew_point", "pressure", "temperature"))
    return pd.DataFrame({"series": series, "date": dates, "pm25": np.exp(log + noise * noisy[:, 4]), **winds}).join(
        weather
    )


def scale(days: pd.DataFrame) -> np.ndarray:
    """Of a response by unit of the days' weather, what makes it one by standard deviation of a month's."""
    table = months().set_index("month")[list(REGION.weather)]
    departure = table - table.groupby(table.index.str[5:]).transform("mean")
    wind = (days.wind_nw + days.wind_ne + days.wind_se).groupby(days.date.dt.strftime("%Y-%m")).mean()
    wind = wind[wind.index.isin(table.index)]
    slope = np.polyfit(wind, table.wind[wind.index], 1)[0]
    return departure.std().to_numpy() / np.array([slope, 1, 1, 1])


def test_a_known_response_comes_back():
    days = some_days(noise=0.0)
    found = weather_of_days.response(days, months(), before="2013-03")
    assert found.estimate == pytest.approx(
        np.array([RESPONSE[name] for name in REGION.weather]) * scale(days), rel=0.02
    )
    np.testing.assert_allclose(found.covariance, 0.03**2 * np.eye(4), atol=1e-4)


def test_its_errors_are_those_of_many_records():
    """Estimates scatter around the truth by what the covariance says, without what the transfer adds."""
    scores = []
    for seed in range(60):
        days = some_days(0.3, seed)
        found = weather_of_days.response(days, months(), before="2013-03")
        error = found.estimate - np.array([RESPONSE[name] for name in REGION.weather]) * scale(days)
        scores.append(error / np.sqrt(np.diag(found.covariance) - weather_of_days.TRANSFER**2))
    assert np.std(scores) == pytest.approx(1, abs=0.25)
    assert np.mean(scores) == pytest.approx(0, abs=0.2)


def test_days_from_the_panels_first_month_on_and_other_series_are_left_out():
    days = some_days(noise=0.2)
    later = days.assign(pm25=days.pm25.where(days.date < "2013-03-01", 1.0))
    both = pd.concat([later, some_days(noise=0.2, seed=9, series="stations")])
    plain, changed = (weather_of_days.response(table, months(), before="2013-03") for table in (days, both))
    np.testing.assert_array_equal(plain.estimate, changed.estimate)
    assert not np.allclose(plain.estimate, weather_of_days.response(later, months(), before="2014-03").estimate)


def test_whitening_makes_errors_independent():
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    whitening = weather_of_days.Response(np.zeros(2), covariance).whitening
    np.testing.assert_allclose(whitening @ covariance @ whitening.T, np.eye(2), atol=1e-12)


def test_the_transfer_is_as_large_as_two_records_differ():
    """Of the embassy before 2013 and of the stations later; without the transfer they differ by more than chance."""
    table = tables.load("beijing_day")
    embassy = weather_of_days.response(table, months(), before="2013-03")
    stations = weather_of_days.response(table, months(), before="2017-03", series="stations")
    apart = embassy.estimate - stations.estimate
    assert np.sqrt(np.mean(apart**2)) == pytest.approx(weather_of_days.TRANSFER, abs=0.01)
