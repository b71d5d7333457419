"""Figures of the decline show what they are given."""

import numpy as np
import pandas as pd

from jingjinji.core import tables
from jingjinji.topics.air import figures


def test_raw_series_draws_every_measured_month_of_every_city():
    months = tables.load("pm25_city_month")
    axes = [axis for axis in figures.raw_series(months).axes if axis.get_title(loc="left")]
    drawn = {axis.get_title(loc="left"): axis.lines[0].get_ydata() for axis in axes}
    assert set(drawn) == set(months.city)
    for city, values in drawn.items():
        assert np.array_equal(values, months[months.city == city].pm25)


def test_yearly_intervals_put_official_means_into_their_area():
    years = np.arange(2013, 2015)
    official = pd.DataFrame({"area": ["Beijing", "Hebei"], "year": [2013, 2014], "pm25": [89.5, 95.0]})
    draws = {area: np.tile([80.0, 70.0], (50, 1)) for area in ("Beijing", "Tianjin", "Hebei", "All thirteen cities")}
    axes = figures.yearly_intervals(years, draws, official).axes
    points = {axis.get_title(loc="left"): axis.lines[1].get_ydata() for axis in axes}
    assert list(points["Beijing"]) == [89.5]
    assert list(points["Hebei"]) == [95.0]
    assert len(points["Tianjin"]) == 0


def test_forecast_bands_hold_the_draws_they_are_made_of():
    months = pd.period_range("2019-01", "2019-12", freq="M")
    draws = np.random.default_rng(2).gamma(20, 2, (4000, 12))
    axis = figures.forecast(months, {"X": draws, "Y": draws}, {"X": np.ones(12), "Y": np.ones(12)}).axes[0]
    wide, narrow = (band.get_paths()[0].get_extents() for band in axis.collections)
    assert wide.height > narrow.height
    assert wide.ymin < np.percentile(draws, 5)
