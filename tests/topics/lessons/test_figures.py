"""Figures of the lessons show what they are given, and fit a phone."""

import numpy as np
import pandas as pd
import pytest
from phone import fits_a_phone

from jingjinji.core import tables
from jingjinji.topics.lessons import figures, page, steps


def drawings() -> dict:
    """Name -> function that draws the figure."""
    rng = np.random.default_rng(1)
    months = tables.load("pm25_city_month").query("city == 'Beijing'")
    made = {kind: values[:, 0] for kind, values in steps.made_up().items()}
    found = steps.posterior(steps.likelihood(steps.made_up()["a step"]))[0]
    chances = {place: np.linspace(1, 0, len(page.LIMITS)) for place in page.AREAS}
    pair = (rng.normal(1, 0.4, 500), rng.normal(1, 0.3, 500))
    return {
        "months": lambda: figures.months_and_years(months, page.years("Beijing"), "Beijing"),
        "falls": lambda: figures.falls(page.falls("Beijing"), -60),
        "made up": lambda: figures.made_up_months(made, plain=made["no change"]),
        "unnamed": lambda: figures.made_up_months(dict(zip("ABC", made.values(), strict=True))),
        "signals": lambda: figures.signals((0, 0.6, 0.95)),
        "errors": lambda: figures.errors((0, 0.6, 0.9, 0.97), np.arange(24, 385, 24)),
        "likelihoods": lambda: figures.likelihoods({"one": found, "two": found}, steps.STEP),
        "before and after": lambda: figures.before_and_after(
            {"a": pair, "b": pair}, "step", {"no change": 0, "full": 1}
        ),
        "thresholds": lambda: figures.thresholds(chances, page.LIMITS, 0.9, 60),
    }


@pytest.fixture(scope="module")
def drawn() -> dict:
    """Every figure, in the house's look, read on a page and on a phone."""
    return {name: fits_a_phone(draw) for name, draw in drawings().items()}


def test_months_and_years_draw_every_month_and_every_official_mean(drawn):
    months = tables.load("pm25_city_month").query("city == 'Beijing'")
    line, points, diamonds = drawn["months"].axes[0].lines[:3]
    assert line.get_ydata().tolist() == points.get_ydata().tolist() == months.pm25.tolist()
    assert diamonds.get_ydata().tolist() == page.years("Beijing").pm25.tolist()


def test_records_without_names_do_not_tell_what_happened(drawn):
    named, unnamed = drawn["made up"], drawn["unnamed"]
    assert [axis.get_title(loc="left") for axis in unnamed.axes] == ["A", "B", "C"]
    assert [len(axis.lines) for axis in named.axes] == [3, 3, 3]
    assert [len(axis.lines) for axis in unnamed.axes] == [2, 2, 2]


def test_signals_are_innovations_of_a_step(drawn):
    bars = [bar.get_height() for bar in drawn["signals"].axes[1].patches]
    assert bars == pytest.approx([0] * 4 + [1] + [0.4] * 7)


def test_thresholds_mark_both_levels(drawn):
    lines = [line.get_ydata()[0] for line in drawn["thresholds"].axes[0].lines if len(set(line.get_ydata())) == 1]
    assert lines == pytest.approx([0.9, 0.1])


def test_falls_leave_room_for_every_value():
    figure = figures.falls(pd.Series({2013: -64.0, 2022: 7.0}), -60)
    low, high = figure.axes[0].get_ylim()
    assert low < -64
    assert high > 7
