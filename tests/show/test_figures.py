"""Figures show what they are given."""

import warnings
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from phone import fits_a_phone

from jingjinji.core.errors import DataError
from jingjinji.core.findings import Finding
from jingjinji.show import figures

rng = np.random.default_rng(1)


def test_a_grid_has_a_chart_for_each_title_and_years_below_the_last_of_each_column():
    figure, axes = figures.grid("abcd", 1.0, 3, 0.5)
    assert [axis.get_title(loc="left") for axis in axes] == list("abcd")
    assert [axis.axison for axis in figure.axes] == [True] * 4 + [False] * 2
    assert [axis.xaxis.get_tick_params()["labelbottom"] for axis in axes] == [False, True, True, True]
    assert figure.get_figheight() == pytest.approx(figures.scaled(2.5))


def test_a_grid_on_a_phone_has_two_charts_side_by_side():
    with figures.laid_out(figures.NARROW):
        figure, axes = figures.grid("abcd", 1.0, 4)
    assert len({axis.get_subplotspec().colspan.start for axis in axes}) == 2
    assert figure.get_figwidth() == figures.NARROW.width


def test_a_name_in_letters_that_the_font_lacks_is_drawn_as_text():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures.use_house_style()
        finding = Finding("a.b", "x", np.random.default_rng(1).normal(-60, 2, (4, 500)), "%", "m", ())
        assert "上海" in figures.svg(figures.forest({"": [("上海", finding)]}, "change (%)"))


def test_a_band_is_the_middle_of_the_draws_around_their_median_and_a_key_names_both():
    figure, axis = figures.chart(2)
    draws = np.linspace(0, 100, 101)[:, None] + np.arange(3)
    figures.band(axis, np.arange(3), draws, label="94 %", median="median")
    figures.key(figure, 2)
    assert axis.lines[0].get_ydata().tolist() == [50, 51, 52]
    ends = axis.collections[0].get_paths()[0].get_extents()
    assert (ends.ymin, ends.ymax) == pytest.approx((3, 99))
    assert [text.get_text() for text in figure.legends[0].texts] == ["94 %", "median"]


def test_forest_draws_mean_and_interval_of_each_finding():
    draws = np.random.default_rng(1).normal(-60, 2, (4, 500))
    finding = Finding("a.b", "x", draws, "%", "m", ())
    axis = figures.forest({"group": [("one", finding)]}, "change (%)", reference=-60).axes[0]
    (bar,), (point, reference) = axis.collections, axis.lines
    assert tuple(bar.get_segments()[0][:, 0]) == pytest.approx(finding.hdi)
    assert point.get_xdata()[0] == pytest.approx(finding.mean)
    assert reference.get_xdata()[0] == -60
    assert axis.get_xlabel() == "change (%)"


def test_what_was_published_has_another_mark_than_what_a_model_says():
    said = Finding("a.b", "x", np.random.default_rng(1).normal(-60, 2, (4, 500)), "%", "m", ())
    printed = Finding("a.c", "x", np.full((1, 1), -50.0), "%", "table", ())
    axis = figures.forest({"": [("model", said), ("paper", printed)]}, "change (%)").axes[0]
    marks = {line.get_xdata()[0]: line.get_marker() for line in axis.lines if len(line.get_xdata())}
    assert marks == {said.mean: "o", -50.0: "D"}
    assert {text.get_text() for text in axis.figure.legends[0].texts} == {"model, with 94 % interval", "published"}


def test_numbers_beside_estimates_have_their_own_mark_and_name():
    said = Finding("a.b", "x", np.random.default_rng(1).normal(-60, 2, (4, 500)), "%", "m", ())
    beside = ("as measured", {"one": -50.0})
    axis = figures.forest({"": [("one", said), ("two", said)]}, "change (%)", beside=beside).axes[0]
    marks = {line.get_xdata()[0]: line.get_marker() for line in axis.lines if len(line.get_xdata())}
    assert marks == {said.mean: "o", -50.0: "D"}
    assert {text.get_text() for text in axis.figure.legends[0].texts} == {"model, with 94 % interval", "as measured"}


def test_rows_of_a_long_block_are_sorted():
    rows = [
        (str(k), Finding(f"a.b{k}", "x", np.full((2, 4), float(k % 7)) + np.arange(4), "%", "m", ())) for k in range(12)
    ]
    axis = figures.forest({"": rows}, "x").axes[0]
    values = [line.get_xdata()[0] for line in axis.lines]
    assert values == sorted(values)


GRAPH = {
    "the river matters": set(), "agreement": {"the river matters"}, "prices": set(), "season": set(),
    "fields and villages": {"agreement", "prices"}, "rain and flow": {"season"},
    "concentration": {"fields and villages", "rain and flow", "season"},
}  # fmt: skip


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_arrows_end_at_the_edge_of_a_box_and_their_heads_lie_on_none(width):
    figure = figures.model_graph(GRAPH, ("concentration",))
    figure = figure if width == "wide" else figure.narrow
    FigureCanvasAgg(figure).draw()
    texts = figure.axes[0].texts
    boxes = [text.get_bbox_patch().get_window_extent() for text in texts if text.get_text()]
    arrows = [text for text in texts if not text.get_text()]
    assert len(arrows) == sum(map(len, GRAPH.values()))
    for arrow in arrows:
        path = arrow.arrow_patch.get_path().transformed(arrow.arrow_patch.get_transform())
        tips = path.vertices[np.isfinite(path.vertices).all(axis=1)]
        own = min(boxes, key=lambda box: np.hypot(*(box.get_points().mean(axis=0) - tips[-1])))
        for box in boxes:
            x, y = tips[:, 0], tips[:, 1]
            inside = (x > box.x0 + 3) & (x < box.x1 - 3) & (y > box.y0 + 3) & (y < box.y1 - 3)
            assert not inside.any(), (box is own, tips[inside])


def test_boxes_of_a_graph_do_not_meet():
    figure = figures.model_graph(GRAPH, ("concentration",)).narrow
    FigureCanvasAgg(figure).draw()
    boxes = [text.get_bbox_patch().get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


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


def some_groups(groups: int = 12) -> dict:
    middle = np.geomspace(1, 3, groups)
    statistics = {"median": (middle * np.exp(0.1 * rng.normal(size=(50, groups))), middle)}
    statistics["upper tenth"] = (3 * statistics["median"][0], 3 * middle)
    return {name: (list("MJJASONDJFMA")[:groups], statistics) for name in "abcd"}


SHARED = {
    "prior_predictive": lambda: figures.prior_predictive(
        {name: (np.exp(rng.normal(5, 3, 999)), np.exp(rng.normal(5, 1, 99))) for name in "abc"}, "a year", 3
    ),
    "predictive_check": lambda: figures.predictive_check(some_groups(), "mg/L", 2),
    "forest": lambda: figures.forest(
        {"one": [("a name that is too long for a phone", Finding("a.b", "x", rng.normal(size=(4, 99)), "", "m", ()))]},
        "a label that is long as well and wraps where there is no room (%)",
    ),
    "prior_and_posterior": lambda: figures.prior_and_posterior(
        rng.normal(3.5, 0.4, 500), rng.normal(3.5, 0.2, 500), "vehicles", {"target": 3.7}, powers=True
    ),
    "model_graph": lambda: figures.model_graph(GRAPH, ("concentration",)),
    "predictive_check of cities": lambda: figures.predictive_check(
        {"dirtiest month": (["Shijiazhuang", "Zhangjiakou"], {"PM2.5": (np.full((9, 2), 80.0), np.array([70, 90]))})},
        "µg/m³",
    ),
}


@pytest.mark.parametrize("name", SHARED)
def test_a_figure_fits_a_phone(name):
    fits_a_phone(SHARED[name])


def test_histograms_of_prior_and_figures_are_shares():
    axis = figures.prior_predictive({"a": (np.geomspace(1, 1e4, 500), np.geomspace(10, 100, 20))}, "x").axes[0]
    bars = [patch.get_height() for patch in axis.patches if hasattr(patch, "get_height")]
    assert sum(bars) == pytest.approx(1)
    (outline,) = [patch for patch in axis.patches if not hasattr(patch, "get_height")]
    assert set(np.round(outline.get_xy()[1:-1:2, 1], 9)) <= set(np.round(outline.get_xy()[:, 1], 9))
    assert outline.get_xy()[1:-1:2, 1].sum() == pytest.approx(1, abs=0.06)


def test_priors_that_allow_no_more_than_was_measured_stop_the_page():
    prior = np.geomspace(1, 1e4, 500)
    for measured in (np.geomspace(0.1, 100, 20), np.geomspace(10, 1e5, 20)):
        with pytest.raises(DataError, match=r"a: the priors allow 1.0. to .*, which is no wider than what was"):
            figures.prior_predictive({"a": (prior, measured)}, "x")


def test_a_predictive_check_draws_the_band_of_each_group_and_skips_groups_without_figures():
    drawn = np.tile(np.geomspace(1, 10, 101)[:, None], (1, 3))
    measured = np.array([2.0, np.nan, 4.0])
    axis = figures.predictive_check({"a": (["x", "y", "z"], {"median": (drawn, measured)})}, "mg/L").axes[0]
    bands = axis.collections[0].get_segments()
    assert len(bands) == 2
    assert bands[0][:, 1] == pytest.approx(np.percentile(drawn[:, 0], [3, 97]))


def test_a_log_axis_has_two_ticks_or_more():
    for low, high in ((1.2, 8), (0.03, 0.4), (0.9, 4e4), (4.1, 6.3)):
        ticks = figures._few_ticks(low, high)
        assert 2 <= len(ticks) <= 6
        assert all(low <= tick <= high for tick in ticks)
