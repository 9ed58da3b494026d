"""Is the gradient right? Ask the loss itself.

Along a random direction V the loss must change as the gradient says:

    (J(W + h V) - J(W - h V)) / 2h   =   sum dW * V   + O(h^2)

One direction a tensor checks all its entries at once, because an error anywhere shows in the sum.
In float64, with h = 1e-5, right gradients agree to about 1e-9; an error of 0.1 % in one layer
stands out at 1e-3.

Source: Nielsen, chapter 2; the directional form is autograd's and JAX's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from digitscope.arrays import Floats, Weights
from digitscope.errors import SpecError
from digitscope.maths.losses import LOSSES, ClassIds, l2_penalty
from digitscope.network.network import Network

DIRECTIONS = 3


def central_difference(
    J: Callable[[Floats], float], W: Floats, V: Floats, h: float = 1e-5
) -> float:
    """(J(W + h V) - J(W - h V)) / 2h: how fast J changes at W along V.

    >>> round(central_difference(lambda W: float(np.sum(W**3)), np.ones(2), np.ones(2)), 6)
    6.0
    """
    return (J(W + h * V) - J(W - h * V)) / (2 * h)


def relative_error(measured: float, claimed: float) -> float:
    """The relative difference of two derivatives.

    Sides under 1e-4 are compared absolutely: rounding leaves about 1e-11 of noise in the measured
    one, and a gradient may well be zero (that of a bias ahead of batch norm is).
    """
    return abs(measured - claimed) / max(abs(measured) + abs(claimed), 1e-4)


def directional_error(
    J: Callable[[Floats], float], W: Floats, dW: Floats, rng: np.random.Generator, h: float = 1e-5
) -> float:
    """The relative difference of the two sides above, at W, for the best of some random directions,
    each with steps h and h / 100.

    A wrong gradient is wrong in all of them; a single one may step over a kink of ReLU or of max
    pooling, where the loss bends, and in a large layer nearly every longer step does.

    >>> rng = np.random.default_rng(0)
    >>> W = np.array([1.0, 2.0])
    >>> directional_error(lambda W: float(np.sum(W**3)), W, 3 * W**2, rng) < 1e-9
    True
    """
    errors = []
    for _ in range(DIRECTIONS):
        V = rng.standard_normal(W.shape)
        claimed = float(np.sum(dW * V))
        for step in (h, h / 100):
            errors.append(relative_error(central_difference(J, W, V, step), claimed))
    return min(errors)


def off_the_kinks(network: Network, X: Floats, seed: int = 0) -> tuple[Network, Floats]:
    """A network and a batch a little beside those given, where every layer has a derivative.

    With biases of zero an all-white patch of paper gives ReLU exactly 0, and max pooling a tie:
    kinks, at which differences and derivatives may rightly disagree.
    """
    rng = np.random.default_rng(seed)
    weights: Weights = {
        n: W + 0.05 * rng.standard_normal(W.shape) for n, W in network.weights.items()
    }
    return Network(network.spec, weights, network.state), X + 0.05 * rng.random(X.shape)


def gradient_errors(
    network: Network, X: Floats, y: ClassIds, loss: str, l2: float = 0.0, seed: int = 0
) -> dict[str, float]:
    """The relative error of every weight's gradient, and of dX, for a float64 network in training
    mode.

    Each evaluation gets a generator of the same seed, so that dropout drops the same numbers.

    >>> network = Network.initialize("4-3-2", seed=1, dtype=np.float64)
    >>> X = np.random.default_rng(2).random((5, 4))
    >>> y = np.array([0, 1, 1, 0, 1], np.uint8)
    >>> max(gradient_errors(network, X, y, "categorical_cross_entropy").values()) < 1e-6
    True
    """
    if any(W.dtype != np.float64 for W in (*network.weights.values(), X)):
        raise SpecError("a gradient check needs float64: initialize the network with dtype=float64")

    def J(weights: Weights, X: Floats) -> float:
        moved = Network(network.spec, weights, network.state)
        Z = moved.forward(X, np.random.default_rng(seed)).Z
        return LOSSES[loss].loss(Z, y, network.spec.output)[0] + l2_penalty(weights, l2)

    rng = np.random.default_rng(seed + 1)
    gradients = network.step(X, y, loss, l2, np.random.default_rng(seed)).gradients
    errors = {
        name: directional_error(
            lambda moved, name=name: J(network.weights | {name: moved}, X),  # type: ignore[misc]
            W,
            gradients[name],
            rng,
        )
        for name, W in network.weights.items()
    }
    Z, _, steps = network.forward(X, np.random.default_rng(seed))
    _, delta = LOSSES[loss].loss(Z, y, network.spec.output)
    dX, _ = network.backward(steps, delta(), need_dX=True)
    # A batch has so many pixels that a longer step would cross some kink in every direction.
    errors["X"] = directional_error(lambda moved: J(network.weights, moved), X, dX, rng, h=1e-7)
    return errors
