"""An activation as a layer of its own: A = g(Z)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Floats, Shape, Weights
from digitscope.maths.activations import ACTIVATIONS
from digitscope.network.layers.layer import Forward, Layer, check_choice


@dataclass(frozen=True)
class Activation(Layer):
    """A = g(Z), and back dZ = dA * g'(Z); the functions are in `digitscope.maths.activations`."""

    function: str = "relu"

    def __post_init__(self) -> None:
        check_choice("activation", self.function, ACTIVATIONS)

    def output_shape(self, input_shape: Shape) -> Shape:
        """As the input."""
        return input_shape

    def forward(
        self, weights: Weights, state: Weights, X: Floats, rng: np.random.Generator | None = None
    ) -> Forward:
        """A from Z; any shape."""
        g = ACTIVATIONS[self.function]
        A = g.g(X)

        def backward(dA: Floats, need_dX: bool = True) -> tuple[Floats | None, Weights]:
            return (g.backward(dA, X, A) if need_dX else None), {}

        return Forward(A, state, backward)
