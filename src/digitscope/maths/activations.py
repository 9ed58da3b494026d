"""Activation functions: A = g(Z), each beside its derivative.

Back-propagation asks one thing of an activation: given dA, the gradient of the loss by its output,
what is dZ, the gradient by its input? Where g works on each number alone the chain rule says

    dZ = dA * g'(Z)

Only softmax mixes the numbers of a row; its derivative is a matrix for every sample.

Source of the definitions: Goodfellow, Bengio, Courville, Deep Learning (2016), sections 6.2 and
6.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from digitscope.arrays import Floats


def linear(Z: Floats) -> Floats:
    """g(z) = z."""
    return Z


def linear_derivative(Z: Floats) -> Floats:
    """g'(z) = 1."""
    return np.ones_like(Z)


def sigmoid(Z: Floats) -> Floats:
    """sigma(z) = 1 / (1 + e^-z), between 0 and 1.

    Written with e^-|z|, which never overflows: for z < 0 numerator and denominator are multiplied
    by e^z.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    e = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1, e) / (1 + e)


def sigmoid_derivative(Z: Floats) -> Floats:
    """sigma'(z) = a (1 - a) with a = sigma(z); at most 1/4, which slows deep networks.

        d/dz (1 + e^-z)^-1  =  e^-z (1 + e^-z)^-2  =  a (1 - a)

    It is computed as the fraction, not from a: in float32 a rounds to 1 from z = 17 on, and with 1
    - a = 0 a neuron could never learn again. Nielsen's larger network loses whole digits that way.

    >>> float(sigmoid_derivative(np.array([30.0], np.float32))[0]) > 0
    True
    """
    e = np.exp(-np.abs(Z))
    return e / (1 + e) ** 2


def tanh(Z: Floats) -> Floats:
    """tanh(z) = (e^z - e^-z) / (e^z + e^-z), between -1 and 1."""
    return np.tanh(Z)


def tanh_derivative(Z: Floats) -> Floats:
    """tanh'(z) = 1 - tanh(z)^2 = 4 sigma'(2z), the latter for the same reason as above."""
    return 4 * sigmoid_derivative(2 * Z)


def relu(Z: Floats) -> Floats:
    """relu(z) = max(0, z)."""
    return np.maximum(Z, 0)


def relu_derivative(Z: Floats) -> Floats:
    """relu'(z) = 1 where z > 0, else 0; at the kink 0 is taken."""
    return (Z > 0).astype(Z.dtype)


def softmax(Z: Floats) -> Floats:
    """a_j = e^(z_j) / sum_k e^(z_k), row by row: positive numbers that add up to 1.

    The largest z of a row is taken off first. That cancels in the fraction and keeps e^z finite.

    >>> softmax(np.array([[1000.0, 1000.0]])).tolist()
    [[0.5, 0.5]]
    """
    E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    E /= E.sum(axis=-1, keepdims=True)
    return E


def softmax_backward(dA: Floats, A: Floats) -> Floats:
    """dZ of softmax, row by row, without building its Jacobian.

    da_i/dz_j = a_i (delta_ij - a_j), so

        dz_j = sum_i da_i a_i (delta_ij - a_j) = a_j (da_j - sum_i da_i a_i)
    """
    return A * (dA - (dA * A).sum(axis=-1, keepdims=True))


class Activation(NamedTuple):
    """A row of the table: g and g', both of Z; softmax, whose derivative is a matrix, has None. And
    how people write its name.
    """

    g: Callable[[Floats], Floats]
    derivative: Callable[[Floats], Floats] | None
    title: str

    def backward(self, dA: Floats, Z: Floats, A: Floats) -> Floats:
        """The gradient dZ from dA, where A = g(Z); shapes as Z."""
        if self.derivative is None:
            return softmax_backward(dA, A)
        return dA * self.derivative(Z)


ACTIVATIONS: dict[str, Activation] = {
    "linear": Activation(linear, linear_derivative, "linear"),
    "sigmoid": Activation(sigmoid, sigmoid_derivative, "sigmoid"),
    "tanh": Activation(tanh, tanh_derivative, "tanh"),
    "relu": Activation(relu, relu_derivative, "ReLU"),
    "softmax": Activation(softmax, None, "softmax"),
}
