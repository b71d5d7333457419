"""Figures show what they are given."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

from matplotlib.dates import date2num
from matplotlib.figure import Figure

from jingjinji.core import tables
from jingjinji.core.findings import Finding
from jingjinji.show import figures


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


def test_no_figure_is_known_to_pyplot():
    """A page shows what a cell returns; pyplot would show it a second time."""
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    for figure in (some_event_days(), some_curves(3), some_twin(), some_placebos()):
        assert isinstance(figure, Figure)
        assert figure.canvas.manager is None
    assert pyplot.get_fignums() == before


def some_event_days() -> Figure:
    dates = pd.date_range("2014-10-20", "2014-11-20")
    series = {"one": pd.Series(50.0, dates), "two": pd.Series(np.arange(32.0), dates)}
    return figures.event_days(
        series, {"ban": (pd.Timestamp("2014-11-03"), pd.Timestamp("2014-11-12"))}, "PM2.5 (µg/m³)", 75.0
    )


def test_event_days_shade_whole_days():
    axis = some_event_days().axes[0]
    assert axis.get_ylabel() == "PM2.5 (µg/m³)"
    assert [line.get_label() for line in axis.lines[:2]] == ["one", "two"]
    assert axis.lines[1].get_ydata().tolist() == list(range(32))
    (span,) = axis.patches
    first = date2num(pd.Timestamp("2014-11-02 12:00"))
    assert (span.get_label(), span.get_x(), span.get_width()) == ("ban", first, 10)
    assert axis.lines[2].get_ydata()[0] == 75.0
    assert axis.get_ylim()[0] == 0
    assert {text.get_text() for text in axis.get_legend().texts} == {"one", "two", "ban"}


def test_event_days_below_zero_are_in_sight():
    dates = pd.date_range("2014-11-01", periods=5)
    axis = figures.event_days({"one": pd.Series([-40.0, 10, 20, 30, 60], dates)}, {}, "change (%)", 0.0).axes[0]
    assert axis.get_ylim()[0] < -40
    assert axis.get_ylim()[1] > 60


def some_curves(count: int) -> Figure:
    draws = np.random.default_rng(1).normal(0, 5, (400, 9)) + np.arange(9)
    return figures.curves({f"variable {k}": (np.arange(9.0), draws, "m/s") for k in range(count)})


def test_curves_are_medians_with_bands_and_empty_panels_are_blank():
    shown = [axis for axis in some_curves(3).axes if axis.axison]
    assert [axis.get_title(loc="left") for axis in shown] == ["variable 0", "variable 1", "variable 2"]
    assert {axis.get_xlabel() for axis in shown} == {"m/s"}
    for axis in shown:
        assert np.abs(axis.lines[0].get_ydata() - np.arange(9)).max() < 1.5
        band = axis.collections[0].get_paths()[0].get_extents()
        assert (band.xmin, band.xmax) == (0, 8)
        assert band.ymin < -7
    assert some_curves(3)._supylabel.get_text() == "change of the day (%)"


def some_twin() -> Figure:
    starts = pd.date_range("2014-08-04", periods=20, freq="7D")
    draws = np.random.default_rng(1).normal(80, 5, (400, 20))
    return figures.twin(starts, np.arange(50.0, 70.0), draws, 13, "PM2.5 (µg/m³)")


def test_a_twin_is_drawn_beside_the_measured_and_the_ban_is_marked():
    axis = some_twin().axes[0]
    lines = {line.get_label(): line for line in axis.lines}
    assert lines["measured"].get_ydata().tolist() == list(range(50, 70))
    assert lines["the ban"].get_ydata().tolist() == [63]
    assert axis.get_ylabel() == "PM2.5 (µg/m³)"
    assert axis.get_ylim()[0] == 0
    band = axis.collections[0].get_paths()[0].get_extents()
    assert band.ymin < 73
    assert band.ymax > 87


def some_placebos() -> Figure:
    donors = np.linspace(-2, 2, 40)
    standing = pd.Series([-3.1, -1.0, *donors], ["Beijing", "Tianjin", *(f"city {k}" for k in range(40))])
    return figures.placebos(standing, ["Beijing", "Tianjin"])


def test_placebos_are_the_cities_that_are_not_named():
    axis = some_placebos().axes[0]
    assert sum(bar.get_height() for bar in axis.patches) == 40
    assert [line.get_xdata()[0] for line in axis.lines[:2]] == [-3.1, -1.0]
    assert [text.get_text() for text in axis.texts] == ["Beijing"]
    assert axis.get_xlabel() == "departure from the twin (predictive standard deviations)"
    assert axis.get_ylabel() == "cities"


def test_prior_predictive_names_its_span():
    axis = figures.prior_predictive(np.geomspace(0.1, 9000, 50), np.full(5, 80.0), "day").axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("PM2.5, mean of a day (µg/m³)", "share of days")
    prior = [bar.get_height() for bar in axis.patches[:49]]
    assert sum(prior) == pytest.approx(1)


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
