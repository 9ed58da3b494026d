"""The dense layer: every output is a weighted sum of all inputs, plus a bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Floats, Shape, Weights
from digitscope.errors import SpecError
from digitscope.maths.initializers import INITIALIZERS
from digitscope.network.layers.layer import Forward, Layer, check_choice, check_count


@dataclass(frozen=True)
class Dense(Layer):
    """Z = X W + b, with W [n_in, units] and b [units].

    The way back. z_ij = sum_k x_ik w_kj + b_j, so

        dJ/dw_kj = sum_i x_ik dz_ij        dW = X^T dZ
        dJ/db_j  = sum_i dz_ij             db = sum of the rows of dZ
        dJ/dx_ik = sum_j dz_ij w_kj        dX = dZ W^T
    """

    units: int
    init: str = "he"

    def __post_init__(self) -> None:
        check_count("a dense layer's number of neurons", self.units)
        check_choice("initializer", self.init, INITIALIZERS)

    def output_shape(self, input_shape: Shape) -> Shape:
        """(units,), from a flat input."""
        if len(input_shape) != 1:
            raise SpecError(
                f"a dense layer takes a flat input, got the shape {input_shape}: "
                "put a flatten layer before it"
            )
        return (self.units,)

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """W [n_in, units] and b [units]."""
        return {"W": (input_shape[0], self.units), "b": (self.units,)}

    def initial_weights(self, input_shape: Shape, rng: np.random.Generator) -> Weights:
        """W and b, as the initializer draws them."""
        n_in, n_out = input_shape[0], self.units
        initializer = INITIALIZERS[self.init]
        return {
            "W": initializer.weights(rng, (n_in, n_out), n_in, n_out),
            "b": initializer.biases(rng, (n_out,), n_in, n_out),
        }

    def forward(
        self, weights: Weights, state: Weights, X: Floats, rng: np.random.Generator | None = None
    ) -> Forward:
        """Z [n, units] from X [n, n_in]."""
        W, b = weights["W"], weights["b"]
        Z = X @ W
        Z += b

        def backward(dZ: Floats, need_dX: bool = True) -> tuple[Floats | None, Weights]:
            dW = X.T @ dZ
            db = dZ.sum(axis=0)
            dX = dZ @ W.T if need_dX else None
            return dX, {"W": dW, "b": db}

        return Forward(Z, state, backward)
