"""Figures of the chapters on Miyun and on hydrogen show what they are given, in letters that a phone can show."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

from matplotlib.backends.backend_agg import FigureCanvasAgg

from jingjinji.core import registry
from jingjinji.show import figures
from jingjinji.topics.hydrogen import fleets, fleets_findings
from jingjinji.topics.water import facts, quality, quality_findings, reservoir_findings
from jingjinji.topics.water import figures as water_figures
from jingjinji.topics.water.classes import CLASSES

rng = np.random.default_rng(1)


@pytest.fixture(autouse=True)
def style():
    with mpl.rc_context():
        figures.use_house_style()
        yield


def months(draws: int = 60) -> np.ndarray:
    return np.abs(15 + rng.normal(size=(draws, len(reservoir_findings.MONTHS))).cumsum(axis=1))


def some_sales() -> dict:
    sales = pd.DataFrame({"year": [2019, 2020, 2021], "vehicles": [20, 300, 4000]})
    path = np.exp(rng.normal(5, 1, (60, len(fleets.YEARS))))
    return {f"Germany, {mode}": (fleets.YEARS, path, sales) for mode in ("cars", "buses", "trucks", "vans")}


def some_groups(groups: int = 12) -> dict:
    middle = np.geomspace(1, 3, groups)
    statistics = {"median": (middle * np.exp(0.1 * rng.normal(size=(50, groups))), middle)}
    statistics["upper tenth"] = (3 * statistics["median"][0], 3 * middle)
    return {name: (list("MJJASONDJFMA")[:groups], statistics) for name in quality_findings.NAMES.values()}


WEEKS = pd.date_range("2020-05-07", periods=52, freq="7D")
DATES = pd.date_range("2022-01-01", "2025-12-31", freq="MS")
DRAWN = {
    "basin": lambda: water_figures.basin({"Gubeikou"}),
    "year_of_weeks": lambda: water_figures.year_of_weeks(
        WEEKS,
        np.exp(rng.normal(1, 0.2, (60, 52))),
        pd.DataFrame({"week": WEEKS[:9], "used": 3.0, "all": [3.1, *[3.0] * 8], "faulty": [*[0] * 8, 1]}),
        "mg/L",
    ),
    "class_shares": lambda: water_figures.class_shares(
        list(quality.MONTHS), dict(zip(CLASSES, rng.dirichlet(np.ones(6), 12).T, strict=True)), np.arange(12) != 8
    ),
    "storage": lambda: water_figures.storage(reservoir_findings.MONTHS, months(), registry.load("storage").rows),
    "surface": lambda: water_figures.surface(np.arange(5.0), np.arange(4.0), np.outer(np.arange(4.0), np.arange(5.0))),
    "payments": lambda: water_figures.payments(facts.money()),
    "adoption": lambda: water_figures.adoption(some_sales()),
    "prior_against_posterior": lambda: water_figures.prior_against_posterior(
        {name: (np.exp(rng.normal(8, 1, 99)), np.exp(rng.normal(8, 0.3, 99))) for name in fleets.CLUSTERS},
        fleets_findings.targets(),
    ),
    "firms": lambda: water_figures.firms(DATES, np.full((9, len(DATES)), 150.0), registry.load("enterprises").rows),
    "expected_beforehand": lambda: water_figures.expected_beforehand(
        {name: (np.exp(rng.normal(5, 3, 999)), np.exp(rng.normal(5, 1, 99))) for name in fleets.MODES}, "a year", 3
    ),
    "group_check": lambda: water_figures.group_check(some_groups(), "mg/L", 2),
}


def test_every_figure_is_drawn_here():
    public = {name for name, value in vars(water_figures).items()
              if callable(value) and value.__module__ == water_figures.__name__ and name[0] != "_"}  # fmt: skip
    assert public == set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_letters_fit_a_phone_and_stay_inside(name):
    figure = DRAWN[name]()
    assert figure.get_figwidth() == figures.WIDTH
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for text in figure.findobj(mpl.text.Text):
        assert not text.get_text() or 8 <= text.get_fontsize() <= 8.5, text.get_text()
    box = figure.get_tightbbox(canvas.get_renderer())
    assert box.x0 >= -0.01
    assert box.x1 <= figures.WIDTH + 0.01
    assert box.y0 >= -0.01
    assert box.y1 <= figure.get_figheight() + 0.01


def test_bars_of_payments_are_the_printed_sums():
    rows = facts.money()
    axis = water_figures.payments(rows).axes[0]
    assert [bar.get_width() for bar in axis.patches] == pytest.approx(rows.value / 10)
    tops = [text.get_position()[1] for text in axis.texts]
    assert len(set(tops)) == len(tops)


def test_histograms_of_prior_and_figures_are_shares():
    axis = water_figures.expected_beforehand({"a": (np.geomspace(1, 1e4, 500), np.geomspace(10, 100, 20))}, "x").axes[0]
    heights = np.array([bar.get_height() for bar in axis.patches]).reshape(2, -1)
    assert heights.sum(axis=1) == pytest.approx([1, 1])


def test_group_check_draws_the_band_of_each_group_and_skips_groups_without_figures():
    drawn = np.tile(np.geomspace(1, 10, 101)[:, None], (1, 3))
    measured = np.array([2.0, np.nan, 4.0])
    axis = water_figures.group_check({"a": (["x", "y", "z"], {"median": (drawn, measured)})}, "mg/L").axes[0]
    bands = axis.collections[0].get_segments()
    assert len(bands) == 2
    assert bands[0][:, 1] == pytest.approx(np.percentile(drawn[:, 0], [3, 97]))


def test_a_log_axis_has_two_ticks_or_more():
    for low, high in ((1.2, 8), (0.03, 0.4), (0.9, 4e4), (4.1, 6.3)):
        ticks = water_figures._few_ticks(low, high)
        assert 2 <= len(ticks) <= 6
        assert all(low <= tick <= high for tick in ticks)
