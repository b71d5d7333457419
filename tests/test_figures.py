"""Figures show what they are given."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

from jingjinji import figures, tables
from jingjinji.findings import Finding


def test_raw_series_draws_every_measured_month_of_every_city():
    months = tables.load("pm25_city_month")
    axes = [axis for axis in figures.raw_series(months).axes if axis.get_title(loc="left")]
    drawn = {axis.get_title(loc="left"): axis.lines[0].get_ydata() for axis in axes}
    assert set(drawn) == set(months.city)
    for city, values in drawn.items():
        assert np.array_equal(values, months[months.city == city].pm25)


def test_forest_draws_mean_and_interval_of_each_finding():
    draws = np.random.default_rng(1).normal(-60, 2, (4, 500))
    finding = Finding("a.b", "x", draws, "%", "m", ())
    axis = figures.forest({"group": [("one", finding)]}, "change (%)", reference=-60).axes[0]
    line, point, reference = axis.lines
    assert tuple(line.get_xdata()) == pytest.approx(finding.hdi)
    assert point.get_xdata()[0] == pytest.approx(finding.mean)
    assert reference.get_xdata()[0] == -60
    assert axis.get_xlabel() == "change (%)"


def test_yearly_intervals_put_official_means_into_their_area():
    years = np.arange(2013, 2015)
    official = pd.DataFrame({"area": ["Beijing", "Hebei"], "year": [2013, 2014], "pm25": [89.5, 95.0]})
    draws = {area: np.tile([80.0, 70.0], (50, 1)) for area in figures.COLOURS}
    axes = figures.yearly_intervals(years, draws, official).axes
    points = {axis.get_title(loc="left"): axis.lines[1].get_ydata() for axis in axes}
    assert list(points["Beijing"]) == [89.5]
    assert list(points["Hebei"]) == [95.0]
    assert len(points["Tianjin"]) == 0


def test_model_graph_places_causes_above_effects():
    parents = {"a": set(), "b": {"a"}, "c": {"a", "b"}}
    axis = figures.model_graph(parents, ("c",)).axes[0]
    height = {text.get_text(): text.get_position()[1] for text in axis.texts if text.get_text()}
    assert height["a"] > height["b"] > height["c"]


def test_model_graph_is_the_same_in_every_process():
    def arrows(causes):
        axis = figures.model_graph({"a": [], "b": [], "c": causes}, ("c",)).axes[0]
        return [text.xyann for text in axis.texts if not text.get_text()]

    assert arrows(["a", "b"]) == arrows(["b", "a"])
    assert len(arrows(["a", "b"])) == 2


def test_forecast_bands_hold_the_draws_they_are_made_of():
    months = pd.period_range("2019-01", "2019-12", freq="M")
    draws = np.random.default_rng(2).gamma(20, 2, (4000, 12))
    axis = figures.forecast(months, {"X": draws, "Y": draws}, {"X": np.ones(12), "Y": np.ones(12)}).axes[0]
    wide, narrow = (band.get_paths()[0].get_extents() for band in axis.collections)
    assert wide.height > narrow.height
    assert wide.ymin < np.percentile(draws, 5)
