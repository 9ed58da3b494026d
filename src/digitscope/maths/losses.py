"""Losses: how wrong the network is on a batch, one number J, and the gradient that starts the way
back.

A loss takes Z, the numbers that enter the output's activation (the logits), and y, the class ids.
It returns J and a closure `delta`, which gives dZ = dJ/dZ. Working from Z instead of A keeps the
cross-entropies exact where A has been rounded to 0 or 1; for the two natural pairs, sigmoid with
binary cross-entropy and softmax with categorical cross-entropy, the activation's derivative cancels
and

    dZ = (A - Y) / m

Source: Nielsen, Neural Networks and Deep Learning (2015), chapter 3; Bishop, PRML (2006), section
5.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.maths.activations import ACTIVATIONS, sigmoid, softmax

Delta: TypeAlias = Callable[[], Floats]
ClassIds: TypeAlias = NDArray[np.integer[Any]]


def one_hot(y: ClassIds, n_out: int, dtype: Any = np.float32) -> Floats:
    """Class ids [n] as the rows [n, n_out] that the output should show.

    One output neuron means two classes, and the target is the class id itself.

    >>> one_hot(np.array([3], np.uint8), 5).tolist()
    [[0.0, 0.0, 0.0, 1.0, 0.0]]
    >>> one_hot(np.array([0, 1], np.uint8), 1).tolist()
    [[0.0], [1.0]]
    """
    if n_out == 1:
        return y.astype(dtype).reshape(-1, 1)
    Y = np.zeros((len(y), n_out), dtype)
    Y[np.arange(len(y)), y] = 1
    return Y


def binary_cross_entropy(Z: Floats, y: ClassIds, output: str = "sigmoid") -> tuple[float, Delta]:
    """J = -1/m sum [ y log a + (1 - y) log(1 - a) ] with a = sigma(z); one output neuron.

    In z:  -log sigma(z) = log(1 + e^-z)  and  -log(1 - sigma(z)) = z + log(1 + e^-z), so a sample
    costs

        z - y z + log(1 + e^-z)  =  max(z, 0) - y z + log(1 + e^-|z|)

    dz = sigma(z) - y, over m.

    >>> J, delta = binary_cross_entropy(np.array([[1000.0]]), np.array([1], np.uint8))
    >>> J, delta().tolist()
    (0.0, [[0.0]])
    """
    assert output == "sigmoid", output
    m = len(Z)
    Y = one_hot(y, 1, Z.dtype)
    J = np.mean(np.maximum(Z, 0) - Y * Z + np.log1p(np.exp(-np.abs(Z))))
    return float(J), lambda: (sigmoid(Z) - Y) / m


def categorical_cross_entropy(
    Z: Floats, y: ClassIds, output: str = "softmax"
) -> tuple[float, Delta]:
    """J = -1/m sum log a_y with a = softmax(z): the surprise at the right answer.

    In z:  -log a_y = log sum_k e^(z_k) - z_y.  d/dz_j of it is  e^(z_j) / sum_k e^(z_k) - [j = y],
    so dZ = softmax(Z) - Y, over m.

    >>> J, _ = categorical_cross_entropy(np.zeros((1, 10)), np.array([3], np.uint8))
    >>> round(J, 4)  # log 10: an untrained network
    2.3026
    """
    assert output == "softmax", output
    m = len(Z)
    rows = np.arange(m)
    shifted = Z - Z.max(axis=1, keepdims=True)
    J = np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, y])

    def delta() -> Floats:
        dZ = softmax(Z)
        dZ[rows, y] -= 1
        dZ /= m
        return dZ

    return float(J), delta


def quadratic(Z: Floats, y: ClassIds, output: str = "sigmoid") -> tuple[float, Delta]:
    """J = 1/(2m) sum ||a - y||^2, for any activation of the output.

    dA = (A - Y) / m, and the activation takes it back to dZ. With a saturated sigmoid that factor
    is nearly zero and learning is slow: the reason why the cross-entropies were brought in.

    >>> quadratic(np.array([[0.0]]), np.array([1], np.uint8))[0]
    0.125
    """
    m = len(Z)
    activation = ACTIVATIONS[output]
    A = activation.g(Z)
    error = A - one_hot(y, Z.shape[1], Z.dtype)
    J = np.sum(error * error) / (2 * m)
    return float(J), lambda: activation.backward(error / m, Z, A)


class Loss(NamedTuple):
    """A row of the table: the loss, and the output activations that it is defined for."""

    loss: Callable[[Floats, ClassIds, str], tuple[float, Delta]]
    outputs: tuple[str, ...]


LOSSES: dict[str, Loss] = {
    "binary_cross_entropy": Loss(binary_cross_entropy, ("sigmoid",)),
    "categorical_cross_entropy": Loss(categorical_cross_entropy, ("softmax",)),
    "quadratic": Loss(quadratic, tuple(ACTIVATIONS)),
}


def l2_penalty(weights: dict[str, Floats], l2: float) -> float:
    """The L2 penalty l2/2 sum W^2 over every weight matrix and kernel; biases go free.

    Its gradient is l2 W. Keras writes l2 sum W^2 (twice this); Nielsen's lambda is l2 times n.

    >>> l2_penalty({"W1": np.array([[3.0, 4.0]]), "b1": np.array([9.0])}, 0.1)
    1.25
    """
    if l2 == 0:
        return 0.0
    return l2 / 2 * sum(float(np.sum(W * W)) for name, W in weights.items() if decays(name))


def l2_gradient(weights: dict[str, Floats], l2: float) -> dict[str, Floats]:
    """The gradient of `l2_penalty`: l2 W for each weight matrix, nothing for the rest."""
    return {name: l2 * W for name, W in weights.items() if decays(name)}


def decays(name: str) -> bool:
    """Whether a weight is a matrix or kernel (W1, W2, ...), which the penalty pulls to zero."""
    return name.startswith("W")
