"""Dropout: while training, a random part of the numbers is set to zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Floats, Shape, Weights
from digitscope.network.layers.layer import Forward, Layer, check_part


@dataclass(frozen=True)
class Dropout(Layer):
    """In training Y = X * M / (1 - rate), where M is 0 with probability `rate`, else 1; dX = dY * M
    / (1 - rate).

    The division keeps the expected sum, so that prediction passes X unchanged. Source: Srivastava
    et al. (2014), Journal of Machine Learning Research 15, in the "inverted" form that all
    frameworks use.
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        check_part("a dropout rate", self.rate)

    def output_shape(self, input_shape: Shape) -> Shape:
        """As the input."""
        return input_shape

    def mask(self, rng: np.random.Generator, shape: Shape, dtype: np.dtype[np.floating]) -> Floats:
        """M / (1 - rate) for one batch."""
        return (rng.random(shape, np.float32) >= self.rate).astype(dtype) / dtype.type(
            1 - self.rate
        )

    def forward(
        self, weights: Weights, state: Weights, X: Floats, rng: np.random.Generator | None = None
    ) -> Forward:
        """Y from X; any shape."""
        M = None if rng is None else self.mask(rng, X.shape, X.dtype)

        def backward(dY: Floats, need_dX: bool = True) -> tuple[Floats | None, Weights]:
            return (dY if M is None else dY * M) if need_dX else None, {}

        return Forward(X if M is None else X * M, state, backward)
