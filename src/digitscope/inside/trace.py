"""A trace: everything that one image sets off in a network, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from digitscope.arrays import Floats, to_input
from digitscope.maths.activations import ACTIVATIONS
from digitscope.network.network import Network
from digitscope.network.spec import KINDS

__all__ = ["TraceStep", "trace"]


@dataclass(frozen=True)
class TraceStep:
    """What left one layer for one image.

    `name` is the layer's kind ("dense", "conv2d", ...), or the function of an activation ("relu").
    `output` has no axis for the batch: [units], or [h, w, channels]. `layer` is the layer's number
    in the spec, counted from zero; None for the input and for the output's activation.
    """

    name: str
    output: Floats
    layer: int | None = None


def trace(network: Network, image: NDArray[Any]) -> list[TraceStep]:
    """The way of one image through a network: the input, every layer, and the output's activation.

    `image` is [28, 28], uint8 in 0..255 or floats in 0..1. The steps are those of
    `Network.forward`, the one forward pass that there is. With softmax the last output holds the
    probabilities.

    >>> import numpy as np
    >>> steps = trace(Network.initialize("784-16-10"), np.zeros((28, 28), np.uint8))
    >>> [(step.name, step.output.shape) for step in steps]
    [('input', (784,)), ('dense', (16,)), ('relu', (16,)), ('dense', (10,)), ('softmax', (10,))]
    """
    spec = network.spec
    X = to_input(image[None], spec.input_shape)
    passed = network.forward(X)
    steps = [TraceStep("input", X[0])]
    for i, (layer, step) in enumerate(zip(spec.layers, passed.steps, strict=True)):
        name = getattr(layer, "function", KINDS[type(layer)])
        steps.append(TraceStep(name, step.Y[0], i))
    A = ACTIVATIONS[spec.output].g(passed.Z)
    return [*steps, TraceStep(spec.output, A[0])]
