"""Tables of the chapter on structure: curves, half-times and paths."""

import json

import numpy as np
import pytest
from prior_fits import prior, prior_cache  # noqa: F401

from jingjinji.core import registry
from jingjinji.core.findings import Finding
from jingjinji.fits import fitting, simulations
from jingjinji.topics.energy import coal_path, page


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
    assert len(table) == 5
    assert half["Beijing, coal consumption"] == "9.3 years, between 9 and 10 years"
    assert half["Germany, hard-coal jobs"] == "10.2 years, between 3 and 13 years"
    assert half["Ruhr, hard-coal output"] == "not observed, between 0 and 57 years"


def test_paths_begin_on_the_yearbook(prior):  # noqa: F811
    fit = fitting.load_fit("energy_coal")
    left, known = page.paths(fit, ("Hebei",))["Hebei"], page.yearbook("Hebei")
    assert left.shape[1] == len(coal_path.YEARS)
    assert left[:, : len(known)] == pytest.approx(np.broadcast_to(known, (len(left), len(known))))
    drawn = page.prior_paths(fit.panel, "Hebei", draws=50, seed=1)
    assert drawn[:, : len(known)] == pytest.approx(np.broadcast_to(known, (50, len(known))))
    assert drawn[:, -1].std() > 5
    ways, figures = page.since_largest(fit, ("Hebei", "Tianjin"))
    assert [len(years) for years, _ in ways.values()] == [11, 12]
    assert all(left[:, 0] == pytest.approx(100) for _, left in ways.values())
    assert figures["Germany, output"][1][:2].tolist() == pytest.approx([100, 100 * 142.3 / 149])


def test_the_prior_over_years_is_that_of_the_model():
    drawn = page.prior_over_years(registry.load("energy_emissions"), draws=2000, seed=1)
    assert (drawn.mean(), drawn.std()) == pytest.approx((0.5, 0.5), abs=0.05)


def test_beijings_path_ends_in_the_last_year(prior):  # noqa: F811
    years, path, level = page.beijing_and_hebei(fitting.load_fit("energy_mix"))
    assert years[-1] == 2022
    assert path.shape == (len(level), len(years))
    assert ((path >= 0) & (path <= 100)).all()


def test_prior_curves_are_those_of_the_model():
    elapsed = np.array([0.0, 10.0, 40.0, 65.0])
    left = page.prior_curves(registry.load("energy_phase_out"), elapsed, draws=2000, seed=1)
    assert left.shape == (2000, 4)
    assert (np.diff(left, axis=1) <= 0).all()
    assert 0.05 < np.median(left[:, 2]) < 0.3


def test_pace_beside_beijing_is_said_no_finer_than_made_up_records_carry():
    found = {}
    for province, share in (("hebei", 0.999), ("tianjin", 0.5)):
        happened = np.random.default_rng(1).permutation(np.arange(4000) < 4000 * share).astype(float)
        id = f"energy.{province}.slower-than-beijing"
        found[id] = Finding(id, id, happened.reshape(4, -1), "probability", "m", ())
    said = page.slower_than_beijing(found)
    assert "above 0.9 for Hebei and not above 0.9 for Tianjin" in said
    assert "0.999" not in said
    kept = json.loads(simulations.KEPT.read_text("utf-8"))["energy_coal"]["rows"]
    rows = {row["id"]: row for row in kept if row["toy"] == "toy"}
    yes, left = rows["energy.hebei.slower-than-beijing"], rows["energy.hebei.left.2023"]
    assert yes["truth"] == 0
    assert f"the right probability is 0. There the model gives {yes['estimate']:.2f} in the mean" in said
    assert f"hold the truth in {left['inside']} of {left['records']} (" in said
