"""Monte Carlo errors of numbers that count, such as a coverage: from batches of the draws.

What is counted turns over by chance where it lies near a limit, and with more draws ever fewer things do. The error of
a count therefore falls less than that of a mean: between the fourth and the second root of the number of draws, by how
much things turn over together. Taken is the fourth, so that an error is rather too large. By the second root those of
the book's fits were up to three times too small beside ten runs with other seeds.
"""

from collections.abc import Callable

import numpy as np

BATCHES = 16


def with_errors(
    numbers: Callable[..., dict[str, float]], *draws: np.ndarray, least: float = 0.0
) -> dict[str, tuple[float, float]]:
    """Numbers of some draws, each with its Monte Carlo error, by key.

    numbers : makes them of arrays, of all draws or of some.
    draws : arrays (draw, ...), those of a chain one after the other.
    least : an error is this at least; a count of few things may be the same in every batch.
    """
    whole = numbers(*draws)
    parts = [numbers(*part) for part in zip(*(np.array_split(of, BATCHES) for of in draws), strict=True)]
    errors = {key: np.std([part[key] for part in parts], ddof=1) / BATCHES**0.25 for key in whole}
    return {key: (value, max(float(errors[key]), least)) for key, value in whole.items()}
