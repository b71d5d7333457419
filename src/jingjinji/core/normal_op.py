"""The log density of a normal vector as one operation of PyTensor; made of PyTensor's own it takes a minute to compile.

Imported only where a model is built.
"""

import numpy as np
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key
from pytensor.tensor import as_tensor_variable, matrix, outer, scalar, vector


class NormalDensity(Op):
    """Log density of ``Normal(0, covariance)`` at a vector, with what its gradient needs.

    Inputs: the vector (n,) and the covariance (n, n), symmetric. Outputs: the log density, the vector divided by the
    covariance (n,), and the inverse of the covariance (n, n); the first alone has a gradient. A covariance that is not
    positive definite gives nan.
    """

    __props__ = ()

    def make_node(self, off, covariance):
        """Apply to a vector and a matrix of floats."""
        inputs = [as_tensor_variable(off), as_tensor_variable(covariance)]
        return Apply(self, inputs, [scalar(dtype="float64"), vector(dtype="float64"), matrix(dtype="float64")])

    def perform(self, node, inputs, outputs):
        """Compute the three outputs with numpy."""
        for cell, value in zip(outputs, density_and_inverse(*inputs), strict=True):
            cell[0] = np.asarray(value)

    def infer_shape(self, node, shapes):
        """Shapes of the outputs."""
        return [(), shapes[0], shapes[1]]

    def pullback(self, inputs, outputs, gradients):
        """Gradients by vector and covariance."""
        divided, inverse = outputs[1:]
        return [-gradients[0] * divided, 0.5 * gradients[0] * (outer(divided, divided) - inverse)]


def density_and_inverse(off, covariance):
    """Log density, the vector divided by the covariance, and the inverse, which is swept out pivot by pivot."""
    count = len(off)
    inverse = covariance.copy()
    log_determinant = 0.0
    for k in range(count):
        pivot = inverse[k, k]
        if not pivot > 0:
            return np.nan, off * np.nan, inverse
        log_determinant += np.log(pivot)
        for i in range(count):
            if i != k:
                share = inverse[i, k] / pivot
                for j in range(count):
                    inverse[i, j] -= share * inverse[k, j]
                inverse[i, k] = -share
        for j in range(count):
            inverse[k, j] /= pivot
        inverse[k, k] = 1 / pivot
    divided = np.zeros(count)
    square = 0.0
    for i in range(count):
        for j in range(count):
            divided[i] += inverse[i, j] * off[j]
        square += off[i] * divided[i]
    return -0.5 * (square + log_determinant + count * np.log(2 * np.pi)), divided, inverse


@register_funcify_default_op_cache_key(NormalDensity)
def _compiled(op, node, **kwargs):
    sweep = numba_njit(density_and_inverse)

    @numba_njit
    def normal_density(off, covariance):
        density, divided, inverse = sweep(off, covariance)
        return np.asarray(density), divided, inverse

    return normal_density
