"""What draws of a fit would be had an observation been left out: weights by Pareto-smoothed importance sampling."""

from collections.abc import Callable
from copy import copy

import numpy as np

UNRELIABLE = 0.7
"""Pareto k above which the estimate for an observation is not to be trusted (Vehtari, Gelman, Gabry 2017)."""

FEWEST = 100
"""Draws whose largest weights can be smoothed."""


def smoothed(scores: np.ndarray) -> tuple[np.ndarray, float]:
    """Smoothed weights of draws (draw,) that leave out an observation with these log probabilities, and Pareto k."""
    from arviz_stats.base import array_stats

    if len(scores) >= FEWEST and np.ptp(np.sort(scores)[: len(scores) // 20]) > 0:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            log_weight, k = array_stats.psislw(scores)
        if np.isfinite(log_weight).all():
            return np.exp(log_weight - log_weight.max()), float(k)
    return np.ones_like(scores), np.inf  # no tail that could be smoothed


def places(scores: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where observations lie in their predictions from all the others, and Pareto k; an observation or a group each.

    scores : log probability of what is left out together (draw, group). below : share of each draw's prediction that
    lies below an observation (draw, group), or (draw, group, observation). Returns (group,) or (group, observation),
    and k (group,).
    """
    weights, k = zip(*(smoothed(score) for score in scores.T), strict=True)
    weight = np.stack(weights, axis=1)
    weight = (weight / weight.sum(axis=0)).reshape(*weight.shape, *[1] * (below.ndim - 2))
    return (weight * below).sum(axis=0), np.array(k)


def with_errors(fit, numbers: Callable[[object], dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Numbers of a fit's draws, each with its Monte Carlo error: from the numbers of each chain alone.

    Which weights can be trusted hangs on the draws, and so do counts of them. An error is half a unit at least.
    """
    whole, alone = numbers(fit), []
    for k in range(fit.parameters.sizes["chain"]):
        one = copy(fit)
        object.__setattr__(one, "parameters", fit.parameters.isel(chain=[k]))  # fits are frozen
        alone.append(numbers(one))
    spread = {key: np.std([made[key] for made in alone], ddof=1) / np.sqrt(len(alone)) for key in whole}
    return {key: (value, max(float(spread[key]), 0.5)) for key, value in whole.items()}
