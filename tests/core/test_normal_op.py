"""The log density of a normal vector as one operation: its value and its gradient."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from densities import PLAIN
from pytensor.gradient import verify_grad
from scipy import stats

from jingjinji.core.normal_op import NormalDensity, density_and_inverse


def some(seed: int, count: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(count, count))
    return rng.normal(size=count), factor @ factor.T + 0.1 * np.eye(count)


def test_density_and_inverse():
    off, covariance = some(1)
    density, divided, inverse = density_and_inverse(off, covariance)
    assert density == pytest.approx(stats.multivariate_normal(np.zeros(5), covariance).logpdf(off))
    assert divided == pytest.approx(np.linalg.solve(covariance, off))
    assert inverse == pytest.approx(np.linalg.inv(covariance))
    assert np.isnan(density_and_inverse(off, -covariance)[0])


def test_gradient():
    off, covariance = some(2)

    def density(off, matrix):
        return NormalDensity()(off, (matrix + matrix.T) / 2)[0]

    verify_grad(density, [off, covariance], rng=np.random.default_rng(3), mode=PLAIN)


def test_what_is_compiled_gives_the_same():
    off, covariance = some(4)
    inputs = [pt.dvector("off"), pt.dmatrix("covariance")]
    compiled = pytensor.function(inputs, NormalDensity()(*inputs), mode="NUMBA")
    for one, other in zip(compiled(off, covariance), density_and_inverse(off, covariance), strict=True):
        assert one == pytest.approx(other)
