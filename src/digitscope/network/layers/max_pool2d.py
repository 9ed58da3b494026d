"""Max pooling: of each small tile only the largest number goes on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from digitscope.arrays import Floats, Shape, Weights
from digitscope.errors import SpecError
from digitscope.maths.convolution import tiles
from digitscope.network.layers.layer import Forward, Layer, check_count


@dataclass(frozen=True)
class MaxPool2D(Layer):
    """Y = the maximum of each size x size tile; tiles do not overlap, an incomplete rim is dropped.

    The way back: Y moves only with the number that won, so dX is dY there and 0 elsewhere. On a tie
    the first in reading order wins, as in the frameworks.
    """

    size: int = 2

    def __post_init__(self) -> None:
        check_count("a pooling's tile size", self.size)

    def output_shape(self, input_shape: Shape) -> Shape:
        """(h // size, w // size, c)."""
        if len(input_shape) != 3 or min(input_shape[:2]) < self.size:
            raise SpecError(
                f"pooling over {self.size}x{self.size} needs images (height, width, channels) at "
                f"least "
                f"that large, got the shape {input_shape}"
            )
        h, w, c = input_shape
        return (h // self.size, w // self.size, c)

    def forward(
        self, weights: Weights, state: Weights, X: Floats, rng: np.random.Generator | None = None
    ) -> Forward:
        """Y [n, h // size, w // size, c] from X [n, h, w, c]."""
        T = tiles(X, self.size)
        places = list(product(range(self.size), repeat=2))
        Y = T[:, :, 0, :, 0].copy()
        for i, j in places[1:]:
            np.maximum(Y, T[:, :, i, :, j], out=Y)

        def backward(dY: Floats, need_dX: bool = True) -> tuple[Floats | None, Weights]:
            if not need_dX:
                return None, {}
            dX = np.zeros_like(X)
            dT = tiles(dX, self.size)
            undecided = np.ones(Y.shape, bool)
            for i, j in places:
                won = (T[:, :, i, :, j] == Y) & undecided
                dT[:, :, i, :, j] = dY * won
                undecided &= ~won
            return dX, {}

        return Forward(Y, state, backward)
