"""Monte Carlo errors of numbers that are no means of draws, such as a coverage: from batches of the draws."""

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
    errors = {key: np.std([part[key] for part in parts], ddof=1) / np.sqrt(BATCHES) for key in whole}
    return {key: (value, max(float(errors[key]), least)) for key, value in whole.items()}
