"""The derivative of the loss by one weight, measured: the weight is moved a little, up and down."""

from __future__ import annotations

import numpy as np

from digitscope.arrays import Floats
from digitscope.inside.batch_step import BatchStep
from digitscope.network.gradient_check import central_difference, relative_error

__all__ = ["finite_difference"]


def finite_difference(
    step: BatchStep, weight: str, place: tuple[int, ...], gradient: float
) -> tuple[float, float, float]:
    """The finite difference, its step, its relative error. A step that crosses a kink of ReLU or of
    max pooling says nothing, so a shorter one may judge.
    """
    W = step.network.weights[weight]
    direction = np.zeros_like(W)
    direction[place] = 1

    def J(moved: Floats) -> float:
        return step.loss_with(step.network.weights | {weight: moved})

    tried = []
    for h in (1e-5, 1e-7):
        measured = central_difference(J, W, direction, h)
        tried.append((relative_error(measured, gradient), h, measured))
        if tried[-1][0] < 1e-6:
            break
    error, h, measured = min(tried)
    return measured, h, error
