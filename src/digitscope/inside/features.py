"""Features: what the neurons or kernels of the first layer look for, as small images."""

from __future__ import annotations

import math
from dataclasses import dataclass

from digitscope.arrays import Floats, Shape
from digitscope.network.layers import Conv2D, Flatten
from digitscope.network.network import Network

__all__ = ["Features", "field_of", "first_features"]


@dataclass(frozen=True)
class Features:
    """The first weights of a network, an image for each neuron or kernel.

    `images` is [n, h, w]: where a weight is positive, ink excites the neuron; where it is negative,
    ink calms it. `weight` is the canonical name ("W1"), `kind` is "neuron" or "kernel", and `layer`
    is the number of the layer in the spec, counted from zero.
    """

    images: Floats
    weight: str
    kind: str
    layer: int


def first_features(network: Network) -> Features:
    """The weights of the first layer that has any, as images.

    A dense layer on 784 inputs gives [units, 28, 28], a column of W1 each; a convolution its
    kernels [filters, k, k]. Several channels are added up: the answer to an image that is equal in
    all of them. Inputs that fill no square become one row, [units, 1, n_in].

    >>> first_features(Network.initialize("784-128-10")).images.shape
    (128, 28, 28)
    >>> first_features(Network.initialize("28x28-8c5-p2-10")).images.shape
    (8, 5, 5)
    """
    spec = network.spec
    layer = next(i for i, names in enumerate(spec.weight_names) if "W" in names)
    name = spec.weight_names[layer]["W"]
    W = network.weights[name]
    if isinstance(spec.layers[layer], Conv2D):
        return Features(W.sum(axis=2).transpose(2, 0, 1), name, "kernel", layer)
    h, w, c = field_of(network, layer)
    images = W.T.reshape(-1, h, w, c).sum(axis=-1)
    return Features(images, name, "neuron", layer)


def field_of(network: Network, layer: int) -> Shape:
    """Height, width and channels of what a dense layer sees, before it was made flat."""
    spec = network.spec
    shapes = [spec.input_shape, *spec.shapes()]
    shape = shapes[layer]
    if layer and isinstance(spec.layers[layer - 1], Flatten):
        shape = shapes[layer - 1]
    if len(shape) == 3:
        return shape
    side = math.isqrt(shape[0])
    return (side, side, 1) if side * side == shape[0] else (1, shape[0], 1)
