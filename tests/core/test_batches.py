"""Monte Carlo errors from batches: of a mean as it is known, and of what is no mean."""

import numpy as np
import pytest

from jingjinji.core.batches import BATCHES, with_errors


def test_a_number_has_the_error_that_batches_of_the_draws_show():
    draws, weights = np.arange(64.0), np.repeat([0.0, 1.0], 32)
    made = with_errors(lambda x, weight: {"sum": float((x * weight).sum()), "seven": 7}, draws, weights, least=0.5)
    # of four draws each: nothing in the first eight batches, then 4 k + 6 more than four times the first draw
    batches = [0.0] * 8 + [float(sum(range(first, first + 4))) for first in range(32, 64, 4)]
    assert made == {"sum": (draws[32:].sum(), pytest.approx(np.std(batches, ddof=1) / 2)), "seven": (7, 0.5)}


def coverage(places: np.ndarray) -> dict[str, float]:
    """Per cent of things (draw, thing) whose middle lies below nought."""
    return {"inside": 100 * float((np.median(places, axis=0) < 0).mean())}


@pytest.mark.parametrize("together", [0.0, 1.0])
def test_of_a_count_it_is_not_too_small_and_not_three_times_too_large(together):
    """Things near a limit turn over by a chance of their own, or all by the same."""
    rng = np.random.default_rng(1)
    middles = rng.normal(size=400)
    made = []
    for _ in range(60):
        noise = together * rng.normal(size=(1600, 1)) + (1 - together) * rng.normal(size=(1600, 400))
        made.append(with_errors(coverage, middles + noise)["inside"])
    values, errors = np.array(made).T
    assert 0.8 * values.std(ddof=1) < np.sqrt((errors**2).mean()) < 3 * values.std(ddof=1)
    assert BATCHES * 100 == 1600
