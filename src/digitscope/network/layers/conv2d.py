"""The convolutional layer: the same small detectors slide over the whole image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Floats, Shape, Weights
from digitscope.errors import SpecError
from digitscope.maths.convolution import pad, pad_backward, windows, windows_backward
from digitscope.maths.initializers import INITIALIZERS
from digitscope.network.layers.layer import Forward, Layer, check_choice, check_count


@dataclass(frozen=True)
class Conv2D(Layer):
    """`filters` kernels of size x size over all input channels: W [size, size, c_in, filters], b
    [filters].

    With the windows of X as the rows of R, it is the dense layer over again:

        Z = R W + b        dW = R^T dZ        db = sum of the rows of dZ        dR = dZ W^T

    and a pixel's dX is the sum of dR over the windows that it stands in. `same` keeps height and
    width by a rim of zeros; otherwise each shrinks by size - 1.
    """

    filters: int
    size: int = 3
    same: bool = False
    init: str = "he"

    def __post_init__(self) -> None:
        check_count("a convolution's number of filters", self.filters)
        check_count("a convolution's kernel size", self.size)
        check_choice("initializer", self.init, INITIALIZERS)

    def output_shape(self, input_shape: Shape) -> Shape:
        """(h, w, filters), h and w less size - 1 unless `same`."""
        if len(input_shape) != 3:
            raise SpecError(
                f"a convolution takes images (height, width, channels), got the shape "
                f"{input_shape}: "
                "put it before the first dense layer"
            )
        if self.same and self.size % 2 == 0:
            raise SpecError(
                f"a convolution that keeps the image's size needs an odd kernel, got {self.size}"
            )
        h, w, _ = input_shape
        shrink = 0 if self.same else self.size - 1
        if h <= shrink or w <= shrink:
            raise SpecError(
                f"a {self.size}x{self.size} kernel does not fit into a map of {h}x{w}: "
                "use a smaller kernel or fewer poolings before it"
            )
        return (h - shrink, w - shrink, self.filters)

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """W [size, size, c_in, filters] and b [filters]."""
        return {"W": (self.size, self.size, input_shape[-1], self.filters), "b": (self.filters,)}

    def initial_weights(self, input_shape: Shape, rng: np.random.Generator) -> Weights:
        """W and b, as the initializer draws them; n_in counts the numbers in a window."""
        k, c_in, c_out = self.size, input_shape[-1], self.filters
        n_in, n_out = k * k * c_in, k * k * c_out
        initializer = INITIALIZERS[self.init]
        return {
            "W": initializer.weights(rng, (k, k, c_in, c_out), n_in, n_out),
            "b": initializer.biases(rng, (c_out,), n_in, n_out),
        }

    def forward(
        self, weights: Weights, state: Weights, X: Floats, rng: np.random.Generator | None = None
    ) -> Forward:
        """Z [n, h, w, filters] from X [n, h, w, c_in]."""
        k = self.size
        padded = pad(X, k, k) if self.same else X
        W = weights["W"].reshape(-1, self.filters)
        R = windows(padded, k, k)
        Z = R @ W
        Z += weights["b"]

        def backward(dY: Floats, need_dX: bool = True) -> tuple[Floats | None, Weights]:
            dZ = dY.reshape(-1, self.filters)
            dW = (R.T @ dZ).reshape(weights["W"].shape)
            db = dZ.sum(axis=0)
            if not need_dX:
                return None, {"W": dW, "b": db}
            dX = windows_backward(dZ @ W.T, padded.shape, k, k)
            return (pad_backward(dX, k, k) if self.same else dX), {"W": dW, "b": db}

        _, h, w, _ = padded.shape
        return Forward(Z.reshape(len(X), h - k + 1, w - k + 1, self.filters), state, backward)
