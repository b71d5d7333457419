"""Linear programmes of the envelopment: scores by hand, references, intervals, bad figures."""

import numpy as np
import pytest
from scipy.optimize import linprog

from jingjinji.core.errors import BookError
from jingjinji.topics.cities import envelopment, facts


def alone(unit: np.ndarray, rows: np.ndarray, variable: bool) -> float:
    """The programme of one unit, written out: unknowns are weights, slacks and the scale."""
    rows = np.vstack([rows, unit])
    count = len(rows)
    k, l, y, c = unit  # noqa: E741
    equations = [
        [*rows[:, 0], 1, 0, 0, 0, -k], [*rows[:, 1], 0, 1, 0, 0, -l], [*rows[:, 2], 0, 0, -1, 0, -y],
        [*rows[:, 3], 0, 0, 0, 1, -c], [*np.zeros(count), 0, 0, 1 / (2 * y), 1 / (2 * c), 1],
    ]  # fmt: skip
    right = [0, 0, 0, 0, 1]
    if variable:
        equations.append([*np.ones(count), 0, 0, 0, 0, -1])
        right.append(0)
    cost = [*np.zeros(count), -1 / (2 * k), -1 / (2 * l), 0, 0, 1]
    return linprog(cost, A_eq=equations, b_eq=right).fun


def units(count: int) -> np.ndarray:
    return np.exp(np.random.default_rng(4).normal(size=(count, 4)))


@pytest.mark.parametrize("returns", ["constant", "variable"])
def test_programmes_solved_together_are_those_solved_alone(returns):
    rows = units(12)
    references = np.repeat(rows[None], 5, axis=0)
    found = envelopment.slacks_based(rows[:5], references, returns)
    expected = [alone(row, rows, returns == "variable") for row in rows[:5]]
    assert found == pytest.approx(expected, abs=1e-7)
    assert ((found > 0) & (found <= 1 + 1e-9)).all()


def test_a_score_by_hand():
    best, worse = np.array([1.0, 1, 1, 1]), np.array([2.0, 1, 1, 3])
    score = envelopment.slacks_based(worse[None], best[None, None])
    # half of the capital and two thirds of the CO2 are needless; what is saved may also be kept as lacking output
    assert score == pytest.approx([alone(worse, best[None], False)])
    assert score[0] <= (1 - 0.25) / (1 + 0.5 * 2 / 3) + 1e-9
    assert envelopment.slacks_based(best[None], worse[None, None]) == pytest.approx([1])


@pytest.mark.parametrize("returns", ["constant", "variable"])
def test_dominated_units_do_not_change_a_score(returns):
    rows = units(40)
    few = envelopment.undominated(rows, returns)
    assert 0 < len(few) < len(rows)
    assert all(any(np.allclose(row, other) for other in rows) for row in few)
    full = envelopment.slacks_based(rows[:6], np.repeat(rows[None], 6, axis=0), returns)
    assert envelopment.slacks_based(rows[:6], np.repeat(few[None], 6, axis=0), returns) == pytest.approx(full)


def test_constant_returns_do_not_see_size_and_variable_returns_do():
    rows = units(20)
    large = rows[:1] * 50
    scores = {
        returns: envelopment.slacks_based(np.vstack([rows[:1], large]), np.repeat(rows[None], 2, axis=0), returns)
        for returns in envelopment.RATES
    }
    assert scores["constant"][0] == pytest.approx(scores["constant"][1])
    assert scores["variable"][1] == pytest.approx(1)
    assert scores["variable"][0] < 0.99


def test_a_year_without_figures_has_no_score():
    figures = np.stack([units(9), units(9)])
    figures[1, 2, 3] = np.nan
    scores = envelopment.yearly_scores(figures, np.array([2, 4]), np.arange(9))
    assert np.isnan(scores[1, 0])
    assert np.isfinite(scores).sum() == 3


def test_subsets_never_lower_a_score_and_widen_the_interval_downwards():
    figures = np.stack([units(60)] * 2)
    judged = np.arange(4)
    scores = envelopment.yearly_scores(figures, judged, np.arange(60))
    subsets = envelopment.subsampled(figures, judged, 20, 15, np.random.default_rng(1))
    assert subsets.shape == (15, 2, 4)
    assert (subsets >= scores - 1e-7).all()
    low, high = envelopment.interval(scores, subsets, 20, 60, 0.94)
    assert (low < scores - 1e-3).any()
    assert (high <= scores + 1e-7).all()


def test_interval_by_hand():
    subsets = np.array([[0.5], [0.6], [0.7]])
    low, high = envelopment.interval(np.array([0.4]), subsets, 25, 100, 1.0)
    assert (low[0], high[0]) == pytest.approx((0.4 - 0.5 * 0.3, 0.4 - 0.5 * 0.1))


def test_bad_figures_are_refused():
    rows = units(3)
    rows[1, 3] = -1
    with pytest.raises(BookError, match="units of the envelopment, row 2, column 'CO2': found -1"):
        envelopment.slacks_based(rows, np.repeat(units(3)[None], 3, axis=0))
    with pytest.raises(BookError, match="returns to scale are 'growing'"):
        envelopment.slacks_based(units(3), np.repeat(units(3)[None], 3, axis=0), "growing")


def test_the_mean_of_sources_does_not_jump_where_one_is_missing():
    co2 = np.log(np.array([[[10.0, 20], [30, 40]], [[20, 40], [60, 80]], [[40, 80], [120, 160]]]))
    co2[2, 1, 1] = np.nan
    assert np.exp(facts.combined(co2)) == pytest.approx(np.array([[20, 40], [60, 80]]))
