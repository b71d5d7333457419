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


def test_forecast_bands_hold_the_draws_they_are_made_of():
    months = pd.period_range("2019-01", "2019-12", freq="M")
    draws = np.random.default_rng(2).gamma(20, 2, (4000, 12))
    axis = figures.forecast(months, {"X": draws, "Y": draws}, {"X": np.ones(12), "Y": np.ones(12)}).axes[0]
    wide, narrow = (band.get_paths()[0].get_extents() for band in axis.collections)
    assert wide.height > narrow.height
    assert wide.ymin < np.percentile(draws, 5)


def test_structure_series_start_at_one_and_mark_breaks():
    panel = tables.load("energy_province_year")
    axes = figures.structure_series(
        panel, {"coal": "coal", "so2": "SO2", "dust": "d", "energy": "e"}, {"so2": (2016,)}
    ).axes
    coal = {line.get_label(): line.get_ydata() for line in axes[0].lines}
    rows = panel[panel.province == "Hebei"].sort_values("year").coal.to_numpy()
    assert coal["Hebei"] == pytest.approx(rows / rows[0])
    assert len(axes[1].lines) == len(axes[0].lines) + 1
    assert axes[1].lines[-1].get_xdata()[0] == 2015.5


def test_mix_areas_reach_a_hundred():
    parts = ("coal", "oil", "gas", "electricity", "heat")
    axis = figures.mix_areas(tables.load("energy_mix_year"), parts, ("Beijing", "Hebei")).axes[0]
    assert max(area.get_paths()[0].vertices[:, 1].max() for area in axis.collections) == pytest.approx(100)


def test_stacked_rounds_show_every_share():
    shares = pd.DataFrame({"coal": [20.0, 5.0], "from outside": [80.0, 95.0]}, index=[1, 2])
    axis = figures.stacked_rounds(shares).axes[0]
    assert [bar.get_width() for bar in axis.patches] == [20.0, 5.0, 80.0, 95.0]
    assert [text.get_text() for text in axis.texts] == ["20", "80", "95"]


def test_declines_draw_curves_and_figures_in_per_cent():
    left = {"A": np.tile([1.0, 0.5, 0.1], (50, 1)), "B": np.tile([1.0, 0.9, 0.8], (50, 1))}
    shown = {"A": (np.array([0, 2]), np.array([1.0, 0.12])), "B": (np.array([0]), np.array([1.0]))}
    axis = figures.declines(np.arange(3), left, shown).axes[0]
    assert axis.lines[0].get_ydata().tolist() == pytest.approx([100, 50, 10])
    assert axis.lines[1].get_ydata().tolist() == pytest.approx([100, 12])


def test_paths_stand_beside_the_published_figures():
    published = pd.DataFrame({"year": [2013, 2014], "value": [300.0, 290.0]})
    paths = {"its own": np.full((20, 3), 250.0), "Beijing's": np.full((20, 3), 100.0)}
    axis = figures.future_paths(np.arange(2015, 2018), paths, published, "Mt").axes[0]
    assert axis.lines[0].get_ydata().tolist() == [250.0] * 3
    assert axis.lines[-1].get_ydata().tolist() == [300.0, 290.0]


def test_a_level_crosses_the_path():
    axis = figures.path_against_level(
        np.arange(2000, 2006), np.full((9, 6), 30.0), np.full(9, 50.0), 2003, ("a", "b")
    ).axes[0]
    assert [len(line.get_xdata()) for line in axis.lines[:2]] == [3, 3]
    assert axis.lines[2].get_ydata()[0] == 50


def test_output_stands_against_capacity():
    axis = figures.output_against_capacity(np.array([2014, 2020]), np.array([185.0, 250.0]), {"planned": 220.0}).axes[0]
    assert [bar.get_height() for bar in axis.patches] == [185.0, 250.0]
    assert axis.lines[0].get_ydata()[0] == 220
