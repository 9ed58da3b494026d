"""Every layer, activation and loss against finite differences; and the checker itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from digitscope.arrays import Floats, Weights
from digitscope.errors import SpecError
from digitscope.maths.activations import ACTIVATIONS
from digitscope.maths.losses import LOSSES
from digitscope.network.gradient_check import gradient_errors
from digitscope.network.layers import LAYERS, Dense, Forward, Layer
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from digitscope.network.spec import KINDS, Spec

ENOUGH = 1e-6

# One row a layer: an architecture in which it stands, more than once where that can differ.
LAYER_ROWS = {
    "dense": ["7-5-4-3"],
    "conv2d": ["6x6-3c3-4", "7x5-2c3s-3c2-4"],
    "max_pool2d": ["6x6-2c3-p2-4", "7x7-2c2-p3-4"],
    "flatten": ["4x4-2c2-3"],
    "dropout": ["8-6-d0.4-5-3", "6x6-3c3-d0.2-4"],
    "batch_norm": ["6-5-bn-4", "6x6-3c3-bn-p2-5-bn-4"],
    "activation": ["5-4-4-3"],
}
# One row a loss: the outputs that it is checked with, and the number of output neurons.
LOSS_ROWS = {
    "binary_cross_entropy": [("sigmoid", 1)],
    "categorical_cross_entropy": [("softmax", 4)],
    "quadratic": [(output, 4) for output in ACTIVATIONS] + [("sigmoid", 1)],
}


def check(spec: Spec, loss: str, l2: float = 0.0) -> dict[str, float]:
    rng = np.random.default_rng(7)
    network = Network.initialize(spec, 3, np.float64)
    # Biases that start at zero would hide an error that multiplies them.
    weights = {name: W + 0.1 * rng.standard_normal(W.shape) for name, W in network.weights.items()}
    X = rng.random((6, *spec.input_shape))
    y = rng.integers(0, max(2, spec.n_out), 6).astype(np.uint8)
    return gradient_errors(Network(spec, weights, network.state), X, y, loss, l2)


def test_every_layer_and_loss_has_a_row() -> None:
    assert set(LAYER_ROWS) == set(LAYERS)
    assert set(LOSS_ROWS) == set(LOSSES)
    for kind, rows in LAYER_ROWS.items():
        for row in rows:
            assert kind in {KINDS[type(layer)] for layer in parse_spec(row).layers}, (kind, row)


@pytest.mark.parametrize("text", sorted({row for rows in LAYER_ROWS.values() for row in rows}))
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_layer(text: str, activation: str) -> None:
    errors = check(parse_spec(text, activation), "categorical_cross_entropy")
    assert max(errors.values()) < ENOUGH, errors


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_activation(activation: str) -> None:
    errors = check(parse_spec("6-5-3", activation), "categorical_cross_entropy")
    assert max(errors.values()) < ENOUGH, errors


@pytest.mark.parametrize(
    ("loss", "output", "n_out"),
    [(loss, output, n) for loss, rows in LOSS_ROWS.items() for output, n in rows],
)
def test_loss(loss: str, output: str, n_out: int) -> None:
    errors = check(parse_spec(f"6-5-{n_out}", "tanh", output), loss)
    assert max(errors.values()) < ENOUGH, errors


def test_l2() -> None:
    with_penalty = check(parse_spec("6-5-3", "tanh"), "categorical_cross_entropy", l2=0.3)
    # The image does not enter the penalty, so its own check stands apart.
    assert max(with_penalty.values()) < ENOUGH, with_penalty


@dataclass(frozen=True)
class WrongDense(Dense):
    """A dense layer whose gradient of one tensor is too large by `error`."""

    tensor: str = "W"
    error: float = 0.001

    def forward(
        self, weights: Weights, state: Weights, X: Floats, rng: np.random.Generator | None = None
    ) -> Forward:
        right = super().forward(weights, state, X, rng)

        def backward(dZ: Floats, need_dX: bool = True) -> tuple[Floats | None, Weights]:
            dX, gradients = right.backward(dZ, need_dX)
            if self.tensor == "X":
                return None if dX is None else dX * (1 + self.error), gradients
            wrong = gradients[self.tensor] * (1 + self.error)
            return dX, {**gradients, self.tensor: wrong}

        return Forward(right.Y, right.state, backward)


@pytest.mark.parametrize("tensor", ["W", "b", "X"])
def test_the_checker_finds_an_error_of_a_thousandth(tensor: str) -> None:
    layers: tuple[Layer, ...] = (Dense(5, "glorot"), WrongDense(4, "glorot", tensor), Dense(3))
    errors = check(Spec((6,), layers), "categorical_cross_entropy")
    wrong = {"W": ["W2"], "b": ["b2"], "X": ["W1", "b1", "X"]}[tensor]
    for name, error in errors.items():
        assert (error > 1e-4) == (name in wrong), (name, error)


def test_the_checker_wants_float64() -> None:
    network = Network.initialize("4-3-2", 0)
    X: Floats = np.zeros((1, 4))
    with pytest.raises(SpecError, match="needs float64"):
        gradient_errors(network, X, np.zeros(1, np.uint8), "categorical_cross_entropy")
