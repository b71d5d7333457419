"""Tables of the chapter on structure: verdicts follow their rule."""

import numpy as np
import pytest
from prior_fits import prior, prior_cache  # noqa: F401

from jingjinji import energy_tables, fitting
from jingjinji.energy_tables import AGREES, LESS, MORE, UNTESTED, verdict
from jingjinji.findings import Finding, exact


@pytest.mark.parametrize(
    ("claimed", "low", "high", "step", "bound", "said"),
    [
        (90, 94, 97, 0.5, "", MORE),
        (90, 89.7, 97, 0.5, "", AGREES),
        (90, 90.4, 97, 0.5, "", AGREES),
        (90, 70, 80, 0.5, "", LESS),
        (78.3, 80, 80, 0.5, "lower", AGREES),
        (78.3, 60, 60, 0.5, "lower", LESS),
        (50, 30, 40, 0.5, "upper", AGREES),
        (50, 60, 70, 0.5, "upper", MORE),
    ],
)
def test_verdict(claimed, low, high, step, bound, said):
    assert verdict(claimed, low, high, step, bound) == said


@pytest.fixture
def found(prior) -> dict[str, Finding]:  # noqa: F811
    return fitting.load_fit("energy_phase_out").findings


def test_claims_are_judged_by_the_figures_that_stand_beside_them(found):
    key = "energy.ruhr.change.1964-2014"
    for mean, said in ((-95.0, MORE), (-90.0, AGREES), (-60.0, LESS)):
        curve = Finding(key, "x", np.random.default_rng(1).normal(mean, 0.5, (2, 500)), "%", "m", ())
        table = energy_tables.claims(found | {key: curve})
        assert table.verdict[0] == said
    assert table.verdict[table["the article says"].str.contains("last mine")].tolist() == [AGREES]
    assert table.verdict[table["the article says"].str.contains("Steel jobs")].tolist() == [AGREES]
    assert table.verdict[table["the article says"].str.contains("capacity falls")].tolist() == [MORE]
    assert (table.verdict[table["the article says"].str.contains("region's")] == UNTESTED).all()


def test_recovery_sets_truth_beside_estimate():
    draws = np.random.default_rng(2).normal(5, 1, (2, 500))
    found = {
        "energy.mix.truth.speed@toy": exact("energy.mix.truth.speed@toy", "truth: speed", 5.0, "%", ()),
        "energy.mix.speed@toy": Finding("energy.mix.speed@toy", "speed", draws, "%", "m", ()),
        "energy.mix.truth.size@toy": exact("energy.mix.truth.size@toy", "truth: size", 9.0, "%", ()),
        "energy.mix.size@toy": Finding("energy.mix.size@toy", "size", draws, "%", "m", ()),
    }
    table = energy_tables.recovery(found, "energy.mix")
    assert table.quantity.tolist() == ["speed", "size"]
    assert table.inside.tolist() == ["yes", "no"]


def test_curves_and_figures_of_every_series(prior):  # noqa: F811
    fit = fitting.load_fit("energy_phase_out")
    curves, figures = energy_tables.left_by_unit(fit, np.arange(0, 30))
    assert list(curves) == list(figures) == list(energy_tables.LABELS.values())
    for label, left in curves.items():
        assert left.shape[1] == 30
        assert (np.diff(left, axis=1) <= 1e-9).all()
        assert figures[label][0].min() == 0


def test_half_times_name_every_series(found):
    assert len(energy_tables.half_times(found)) == 7


def test_beijings_path_ends_in_the_last_year(prior):  # noqa: F811
    years, path, level = energy_tables.beijing_and_hebei(fitting.load_fit("energy_mix"))
    assert years[-1] == 2022
    assert path.shape == (len(level), len(years))
    assert ((path >= 0) & (path <= 100)).all()


def test_prior_curves_are_those_of_the_model():
    elapsed = np.array([0.0, 10.0, 40.0, 65.0])
    left = energy_tables.prior_curves(elapsed, draws=4000, seed=1)
    assert left.shape == (4000, 4)
    assert (np.diff(left, axis=1) <= 0).all()
    assert 0.05 < np.median(left[:, 2]) < 0.3
