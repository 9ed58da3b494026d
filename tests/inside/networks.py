"""Networks of every kind that a page may have, a little off the kinks, each with a loss."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from digitscope.arrays import Floats
from digitscope.inside.batch_step import BatchStep, take_step
from digitscope.maths.losses import ClassIds
from digitscope.network.gradient_check import off_the_kinks
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec


class Kind(NamedTuple):
    """An architecture, its hidden activation, its output, its loss."""

    line: str
    hidden: str
    output: str
    loss: str


KINDS = {
    "sigmoid": Kind("784-16-10", "sigmoid", "softmax", "categorical_cross_entropy"),
    "tanh": Kind("784-16-12-10", "tanh", "softmax", "categorical_cross_entropy"),
    "relu": Kind("784-16-12-10", "relu", "softmax", "categorical_cross_entropy"),
    "squares": Kind("784-16-10", "sigmoid", "sigmoid", "quadratic"),
    "softmax with squares": Kind("784-16-10", "relu", "softmax", "quadratic"),
    "one output": Kind("784-12-1", "sigmoid", "sigmoid", "binary_cross_entropy"),
    "softmax inside": Kind("784-16-10", "softmax", "softmax", "categorical_cross_entropy"),
    "convolution": Kind(
        "28x28-3c5-p2-4c3s-bn-p2-d0.5-12-11", "relu", "softmax", "categorical_cross_entropy"
    ),
    "maps of one place": Kind("28x28-3c5-p4-4c6-bn-10", "relu", "softmax", "quadratic"),
}


def step_of(name: str, n: int = 1, l2: float = 0.0, optimizer: str = "sgd") -> BatchStep:
    """A batch step of n images made by chance."""
    kind = KINDS[name]
    network, X, y = network_of(name, n)
    return take_step(network, X, y, kind.loss, optimizer, 0.1, l2)


def network_of(name: str, n: int) -> tuple[Network, Floats, ClassIds]:
    """The network, n images, their classes."""
    kind = KINDS[name]
    spec = parse_spec(kind.line, kind.hidden, kind.output)
    rng = np.random.default_rng(3)
    X = rng.random((n, *spec.input_shape))
    y = rng.integers(0, max(2, spec.n_out), n)
    network = Network.initialize(spec, seed=1, dtype=np.float64)
    network = Network(spec, network.weights, {k: S + 0.1 for k, S in network.state.items()})
    network, X = off_the_kinks(network, X)
    return network, X, y
