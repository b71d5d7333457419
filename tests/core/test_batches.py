"""Monte Carlo errors from batches: of a mean as it is known, and of what is no mean."""

import numpy as np
import pytest

from jingjinji.core.batches import BATCHES, with_errors


def test_a_number_has_the_error_that_batches_of_the_draws_show():
    draws, weights = np.arange(64.0), np.repeat([0.0, 1.0], 32)
    made = with_errors(lambda x, weight: {"sum": float((x * weight).sum()), "seven": 7}, draws, weights, least=0.5)
    # of four draws each: nothing in the first eight batches, then 4 k + 6 more than four times the first draw
    batches = [0.0] * 8 + [float(sum(range(first, first + 4))) for first in range(32, 64, 4)]
    assert made == {"sum": (draws[32:].sum(), pytest.approx(np.std(batches, ddof=1) / 4)), "seven": (7, 0.5)}


def test_of_a_mean_of_independent_draws_it_is_the_standard_error():
    rng = np.random.default_rng(1)
    errors = [with_errors(lambda x: {"mean": x.mean()}, rng.normal(size=800))["mean"][1] for _ in range(200)]
    assert np.mean(errors) == pytest.approx(1 / np.sqrt(800), rel=0.05)
    assert BATCHES * 50 == 800
