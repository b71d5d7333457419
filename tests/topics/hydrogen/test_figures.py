"""Figures of hydrogen can be read on a phone."""

import numpy as np
import pandas as pd
import pytest
from phone import fits_a_phone, public

from jingjinji.topics.hydrogen import clusters, clusters_findings, curves, figures, firms

rng = np.random.default_rng(1)


def some_sales() -> dict:
    sales = pd.DataFrame({"year": [2019, 2020, 2021], "vehicles": [20, 300, 4000]})
    path = np.exp(rng.normal(5, 1, (60, len(curves.YEARS))))
    return {f"Germany, {mode}": (curves.YEARS, path, sales) for mode in ("cars", "buses", "trucks", "vans")}


DATES = pd.date_range("2022-01-01", "2025-12-31", freq="MS")
DRAWN = {
    "adoption": lambda: figures.adoption(some_sales()),
    "prior_against_posterior": lambda: figures.prior_against_posterior(
        {name: (np.exp(rng.normal(8, 1, 99)), np.exp(rng.normal(8, 0.3, 99))) for name in clusters.CLUSTERS},
        clusters_findings.targets(),
    ),
    "firms": lambda: figures.firms(DATES, np.full((9, len(DATES)), 150.0), firms.choices()[""].rows),
}


def test_every_figure_is_drawn_here():
    assert public(figures) == set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_fits_a_phone(name):
    fits_a_phone(DRAWN[name])
