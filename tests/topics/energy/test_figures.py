"""Figures of coal and steel show what they are given."""

import numpy as np
import pandas as pd
import pytest

from jingjinji.core import tables
from jingjinji.topics.energy import figures, page


def test_structure_series_start_at_one_and_mark_breaks():
    panel = tables.load("energy_province_year")
    axes = figures.structure_series(
        panel, {"coal": "coal", "so2": "SO2", "dust": "d", "energy": "e"}, {"so2": (2016,)}
    ).axes
    coal = {line.get_label(): line.get_ydata() for line in axes[0].lines}
    rows = panel[panel.province == "Hebei"].sort_values("year").coal.to_numpy()
    assert coal["Hebei"] == pytest.approx(rows / rows[0])
    assert len(axes[1].lines) == len(axes[2].lines) + 1
    assert axes[1].lines[-1].get_xdata()[0] == 2015.5


def test_mix_areas_reach_a_hundred():
    parts = ("coal", "oil", "gas", "electricity", "heat")
    axis = figures.mix_areas(tables.load("energy_mix_year"), parts, ("Beijing", "Hebei")).axes[0]
    assert max(area.get_paths()[0].vertices[:, 1].max() for area in axis.collections) == pytest.approx(100)


def test_stacked_rounds_show_every_share():
    shares = pd.DataFrame({"coal": [20.0, 5.0], "from outside": [80.0, 95.0]}, index=[1, 2])
    axis = figures.stacked_rounds(shares, {1: "2012 to 2013", 2: "year not shown"}).axes[0]
    assert [bar.get_width() for bar in axis.patches] == [80.0, 20.0, 95.0, 5.0]
    assert [text.get_text() for text in axis.texts] == ["2012 to 2013", "80", "20", "year not shown", "95", "5"]
    assert [text.get_text() for text in axis.get_yticklabels()] == ["from outside", "coal"]


def test_every_round_says_its_years_or_that_they_are_not_known():
    assert page.rounds() == {1: "2012 to 2013", 2: "2017", 3: "2020 to 2021", 4: "round 4, year not shown"}


def test_declines_draw_curves_and_figures_in_per_cent():
    left = {"A": np.tile([1.0, 0.5, 0.1], (50, 1)), "B": np.tile([1.0, 0.9, 0.8], (50, 1))}
    shown = {"A": (np.array([0, 2]), np.array([1.0, 0.12])), "B": (np.array([0]), np.array([1.0]))}
    axis = figures.declines(np.arange(3), left, shown).axes[0]
    assert axis.lines[0].get_ydata().tolist() == pytest.approx([100, 50, 10])
    assert axis.lines[1].get_ydata().tolist() == pytest.approx([100, 12])


def test_measured_paths_stand_on_the_yearbook():
    paths = {"a": np.full((20, 4), 90.0), "b": np.full((20, 4), 80.0)}
    axes = figures.measured_paths(
        np.arange(2016, 2020), paths, 2017, ("prior", "measured"), np.array([100.0, 95.0])
    ).axes
    assert axes[1].lines[0].get_ydata().tolist() == [80.0] * 4
    assert axes[1].lines[1].get_xdata().tolist() == [2016, 2017]


def test_paths_stand_beside_figures_of_others():
    paths = {"Hebei": (np.arange(3), np.full((20, 3), 90.0))}
    others = {
        "Germany": (np.array([0, 3, 13, 23]), np.array([100.0, 95, 74, 58])),
        "Beijing": (np.zeros(1), np.array([100.0])),
    }
    axis = figures.since_largest(paths, others, most=5).axes[0]
    assert axis.lines[0].get_ydata().tolist() == [90.0] * 3
    assert axis.lines[1].get_xdata().tolist() == [0, 3, 5]
    assert {text.get_text() for text in axis.texts} == {"Hebei", "Germany", "Beijing"}


def test_a_level_crosses_the_path():
    axis = figures.path_against_level(
        np.arange(2000, 2006), np.full((9, 6), 30.0), np.full(9, 50.0), 2003, ("a", "b")
    ).axes[0]
    assert [len(line.get_xdata()) for line in axis.lines[:2]] == [3, 3]
    assert axis.lines[2].get_ydata()[0] == 50


def test_output_stands_against_capacity():
    axis = figures.output_against_capacity(np.array([2014, 2020]), np.array([185.0, 250.0]), {"planned": 220.0}).axes[0]
    (published,) = [line for line in axis.lines if line.get_marker() == "D"]
    assert published.get_ydata().tolist() == [185.0, 250.0]
    assert 220 in [line.get_ydata()[0] for line in axis.lines]


def test_years_without_a_figure_are_a_gap_and_not_nought():
    years = np.array([2014, 2019, 2020])
    axis = figures.output_against_capacity(years, np.array([185.0, 241.0, 250.0]), {"planned": 220.0}).axes[0]
    runs = [line.get_xdata().tolist() for line in axis.lines if line.get_linestyle() == "-"]
    assert runs == [[2014], [2019, 2020]]
    assert "2015 to 2018:\nno figure" in [text.get_text() for text in axis.texts]
