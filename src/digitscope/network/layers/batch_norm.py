"""Batch normalization: each feature is brought to mean 0 and variance 1, then scaled and shifted by
learned numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Floats, Shape, Weights
from digitscope.network.layers.layer import Forward, Layer, check_part


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Y = gamma * H + beta with H = (X - mu) / sqrt(var + epsilon), per feature (the last axis).

    Training takes mu and var over the batch (and over the places of a feature map), and moves the
    running ones, which prediction uses, towards them: running <- momentum * running + (1 -
    momentum) * batch.

    The way back in training. With r numbers a feature and s = 1 / sqrt(var + epsilon),

        dgamma = sum dY * H        dbeta = sum dY
        dX = gamma * s * (dY - dbeta / r - H * dgamma / r)

    because X moves Y directly, through mu (the second term) and through var (the third).

    Source: Ioffe and Szegedy (2015), arXiv:1502.03167. Where libraries differ: the running variance
    here is the biased one, as in Keras (PyTorch stores the unbiased); PyTorch's momentum is 1 minus
    this one.
    """

    momentum: float = 0.9
    epsilon: float = 1e-3

    def __post_init__(self) -> None:
        check_part("batch normalization's momentum", self.momentum)
        check_part("batch normalization's epsilon", self.epsilon)

    def output_shape(self, input_shape: Shape) -> Shape:
        """As the input."""
        return input_shape

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Gamma [c] and beta [c]."""
        return {"gamma": input_shape[-1:], "beta": input_shape[-1:]}

    def state_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """The running mean [c] and variance [c]."""
        return {"mean": input_shape[-1:], "variance": input_shape[-1:]}

    def initial_weights(self, input_shape: Shape, rng: np.random.Generator) -> Weights:
        """Gamma = 1, beta = 0."""
        c = input_shape[-1]
        return {"gamma": np.ones(c), "beta": np.zeros(c)}

    def initial_state(self, input_shape: Shape) -> Weights:
        """Mean 0, variance 1."""
        c = input_shape[-1]
        return {"mean": np.zeros(c), "variance": np.ones(c)}

    def forward(
        self, weights: Weights, state: Weights, X: Floats, rng: np.random.Generator | None = None
    ) -> Forward:
        """Y from X; any shape, features on the last axis."""
        gamma, beta = weights["gamma"], weights["beta"]
        axes = tuple(range(X.ndim - 1))
        training = rng is not None
        if training:
            mean, variance = X.mean(axis=axes), X.var(axis=axes)
            old, new = X.dtype.type(self.momentum), X.dtype.type(1 - self.momentum)
            state = {
                "mean": old * state["mean"] + new * mean,
                "variance": old * state["variance"] + new * variance,
            }
        else:
            mean, variance = state["mean"], state["variance"]
        s = 1 / np.sqrt(variance + X.dtype.type(self.epsilon))
        H = (X - mean) * s

        def backward(dY: Floats, need_dX: bool = True) -> tuple[Floats | None, Weights]:
            dgamma = (dY * H).sum(axis=axes)
            dbeta = dY.sum(axis=axes)
            dX = None
            if need_dX:
                # In prediction mean and variance are constants: X moves Y only directly.
                r = X.dtype.type(X.size // X.shape[-1])
                through_batch = (dbeta / r + H * (dgamma / r)) if training else 0
                dX = gamma * s * (dY - through_batch)
            return dX, {"gamma": dgamma, "beta": dbeta}

        return Forward(gamma * H + beta, state, backward)
