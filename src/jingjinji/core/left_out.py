"""What draws of a fit would be had an observation been left out: weights by Pareto-smoothed importance sampling."""

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
