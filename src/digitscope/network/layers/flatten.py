"""Flatten: from feature maps to one row of numbers a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Floats, Shape, Weights
from digitscope.network.layers.layer import Forward, Layer


@dataclass(frozen=True)
class Flatten(Layer):
    """[n, h, w, c] to [n, h * w * c], row by row, channels last; back by the inverse reshape."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """The product of the sizes."""
        return (math.prod(input_shape),)

    def forward(
        self, weights: Weights, state: Weights, X: Floats, rng: np.random.Generator | None = None
    ) -> Forward:
        """[n, h * w * c] from [n, h, w, c]."""

        def backward(dY: Floats, need_dX: bool = True) -> tuple[Floats | None, Weights]:
            return (dY.reshape(X.shape) if need_dX else None), {}

        return Forward(X.reshape(len(X), -1), state, backward)
