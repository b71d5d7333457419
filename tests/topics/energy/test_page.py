"""Tables of the chapter on structure: curves, half-times and paths."""

import numpy as np
from prior_fits import prior, prior_cache  # noqa: F401

from jingjinji.fits import fitting
from jingjinji.topics.energy import page
from jingjinji.topics.energy import phase_out_findings as said


def test_curves_and_figures_of_every_series(prior):  # noqa: F811
    fit = fitting.load_fit("energy_phase_out")
    curves, figures = page.left_by_unit(fit, np.arange(0, 30))
    assert list(curves) == list(figures) == list(page.LABELS.values())
    for label, left in curves.items():
        assert left.shape[1] == 30
        assert (np.diff(left, axis=1) <= 1e-9).all()
        assert figures[label][0].min() == 0


def test_half_times_are_read_from_the_figures(prior):  # noqa: F811
    table = page.half_times(fitting.load_fit("energy_phase_out")).set_index("series")
    half = table["half, in the figures"]
    assert len(table) == 7
    assert half["Beijing, coal consumption"] == "9.3 years, between 9 and 10 years"
    assert half["Germany, hard-coal jobs"] == "10.2 years, between 3 and 13 years"
    assert half["Ruhr, hard-coal output"] == "not observed, between 0 and 57 years"
    assert half["Hebei, coal consumption"] == "not reached"
    assert not table["half, on the curve"]["Hebei, coal consumption"]


def test_paths_end_at_a_tenth(prior):  # noqa: F811
    fit, years = fitting.load_fit("energy_phase_out"), np.arange(2013, 2051)
    path = page.hebei_paths(fit, years, {"Beijing's": "beijing"})["Beijing's"]
    shown = ~np.isnan(path).all(axis=0)
    middle = np.median(said.path(fit, years, "hebei", "beijing").reshape(-1, len(years)), axis=0)
    assert (shown == (middle >= middle[0] / 10)).all()
    assert np.isfinite(path[:, shown]).all()


def test_beijings_path_ends_in_the_last_year(prior):  # noqa: F811
    years, path, level = page.beijing_and_hebei(fitting.load_fit("energy_mix"))
    assert years[-1] == 2022
    assert path.shape == (len(level), len(years))
    assert ((path >= 0) & (path <= 100)).all()


def test_prior_curves_are_those_of_the_model():
    elapsed = np.array([0.0, 10.0, 40.0, 65.0])
    left = page.prior_curves(elapsed, draws=4000, seed=1)
    assert left.shape == (4000, 4)
    assert (np.diff(left, axis=1) <= 0).all()
    assert 0.05 < np.median(left[:, 2]) < 0.3
