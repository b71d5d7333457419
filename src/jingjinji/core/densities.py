"""What no ready distribution gives: censored values, lower bounds, counts that know their past, partial centring."""

import numpy as np


def given(name: str, log_density, observed):
    """Add the log density of each of the `observed` values, computed beforehand, to the model.

    Unlike ``pm.Potential`` it stands among the observed variables, so that the prior can be drawn from and the terms
    are known by name. What it draws anew is zero: replicates are made by the models' own functions.
    """
    import pymc as pm

    def logp(value, log_density):
        return log_density + 0 * value

    def random(log_density, rng=None, size=None):
        return np.zeros(np.shape(log_density) if size is None else (*np.atleast_1d(size), np.shape(log_density)[-1]))

    return pm.CustomDist(name, log_density, logp=logp, random=random, signature="(t)->(t)", observed=observed)


def log_above(scaled):
    """Log probability that a standard normal lies above `scaled`, with a floor far out."""
    import pytensor.tensor as pt

    return pt.log(0.5 * pt.erfc(pt.clip(scaled / np.sqrt(2), -30, 5)) + 1e-12)


def restored(value, mean, scale, centring):
    """An effect with `mean` and `scale` from the `value` that is drawn in its stead.

    The value is the effect itself where `centring` is 1, as many years inform it, and its standard normal where it is
    0; between, ``Normal(centring mean, scale^centring)``.
    """
    return mean + (value - centring * mean) * scale ** (1 - centring)
