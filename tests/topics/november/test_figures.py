"""Figures of November 2014 show what they are given."""

import numpy as np
import pandas as pd
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from jingjinji.topics.november import figures


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
    assert {text.get_text() for text in axis.figure.legends[0].texts} == {"one", "two", "ban"}


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
    assert "Beijing" in [text.get_text() for text in axis.figure.legends[0].texts]
    assert axis.get_xlabel() == "departure from the twin (predictive standard deviations)"
    assert axis.get_ylabel() == "cities"


def test_no_figure_is_known_to_pyplot():
    """A page shows what a cell returns; pyplot would show it a second time."""
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    for figure in (some_event_days(), some_curves(3), some_twin(), some_placebos()):
        assert isinstance(figure, Figure)
        assert figure.canvas.manager is None
    assert pyplot.get_fignums() == before
