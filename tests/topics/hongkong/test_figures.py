"""Figures of Hong Kong can be read on a phone."""

import numpy as np
import pytest
from phone import fits_a_phone, public

from jingjinji.core import tables
from jingjinji.topics.hongkong import emissions, figures, page
from jingjinji.topics.hongkong import emissions_findings as said

rng = np.random.default_rng(1)
TABLE = tables.load("hongkong_emissions")


def path(years: np.ndarray) -> np.ndarray:
    return 35 * np.exp(0.02 * rng.normal(size=(50, len(years))).cumsum(axis=1))


DRAWN = {
    "printed_emissions": lambda: figures.printed_emissions(TABLE),
    "fan": lambda: figures.fan(
        (emissions.YEARS, path(emissions.YEARS)),
        (said.AHEAD, path(said.AHEAD)),
        TABLE.query("quantity == 'emissions'"),
        {2035: (20, 22)},
        {name: path(said.AHEAD)[0] for name in list(page.SHORT.values())[:3]},
    ),
    "parts": lambda: figures.parts(
        emissions.YEARS, {name: path(emissions.YEARS) for name in ("coal", "gas", "all else")}
    ),
}


def test_every_figure_is_drawn_here():
    assert public(figures) == set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_fits_a_phone(name):
    fits_a_phone(DRAWN[name])
