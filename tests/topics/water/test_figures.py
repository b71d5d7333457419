"""Figures of Miyun show what they are given, in letters that a phone can show."""

import numpy as np
import pandas as pd
import pytest
from phone import fits_a_phone, public

from jingjinji.core import registry
from jingjinji.topics.water import facts, figures, quality, reservoir_findings
from jingjinji.topics.water.classes import CLASSES

rng = np.random.default_rng(1)


def months(draws: int = 60) -> np.ndarray:
    return np.abs(15 + rng.normal(size=(draws, len(reservoir_findings.MONTHS))).cumsum(axis=1))


WEEKS = pd.date_range("2020-05-07", periods=52, freq="7D")
DRAWN = {
    "basin": lambda: figures.basin({"Gubeikou"}),
    "year_of_weeks": lambda: figures.year_of_weeks(
        WEEKS,
        np.exp(rng.normal(1, 0.2, (60, 52))),
        pd.DataFrame({"week": WEEKS[:9], "used": 3.0, "all": [3.1, *[3.0] * 8], "faulty": [*[0] * 8, 1]}),
        "mg/L",
    ),
    "class_shares": lambda: figures.class_shares(
        list(quality.MONTHS), dict(zip(CLASSES, rng.dirichlet(np.ones(6), 12).T, strict=True)), np.arange(12) != 8
    ),
    "storage": lambda: figures.storage(reservoir_findings.MONTHS, months(), registry.load("storage").rows),
    "surface": lambda: figures.surface(np.arange(5.0), np.arange(4.0), np.outer(np.arange(4.0), np.arange(5.0))),
    "payments": lambda: figures.payments(facts.money()),
}


def test_every_figure_is_drawn_here():
    assert public(figures) == set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_fits_a_phone(name):
    fits_a_phone(DRAWN[name])


def test_bars_of_payments_are_the_printed_sums():
    rows = facts.money()
    axes = figures.payments(rows).axes
    bars = [bar.get_width() for axis in axes for bar in axis.patches]
    assert sorted(bars) == pytest.approx(sorted(rows.value / 10))
    for axis in axes:
        tops = [text.get_position()[1] for text in axis.texts]
        assert len(set(tops)) == len(tops)


def test_sums_of_different_kinds_share_no_axis():
    rows = pd.DataFrame(
        {"quantity": list("abc"), "scope": "", "period": ["2018", "2018-2020", "2018-2025"], "value": [1.0, 3, 20],
         "unit": ["10⁸ CNY", "10⁸ CNY a year", "10⁸ CNY"]}
    )  # fmt: skip
    axes = figures.payments(rows).axes
    assert [axis.get_title(loc="left") for axis in axes] == list(figures.KINDS)
    assert [[bar.get_width() for bar in axis.patches] for axis in axes] == [[2.0], [0.1], [0.3]]
