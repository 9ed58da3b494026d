"""How a network sees an image: what its last hidden layer makes of it, for the output to judge."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from digitscope.arrays import Floats, to_input
from digitscope.network.layers import Dense
from digitscope.network.network import Network

__all__ = ["count_features", "hidden_features", "sees_pixels"]


def hidden_features(network: Network, images: NDArray[Any]) -> Floats:
    """What the output layer is given, [n, n_features], for images [n, 28, 28].

    These are the activations of the last hidden layer. Images that are near each other there look
    alike to the network, however their pixels differ. A network without a hidden layer sees the
    pixels themselves. SpecError where the images do not fit the network.

    >>> import numpy as np
    >>> network = Network.initialize("28x28-8c5-p2-32-10")
    >>> hidden_features(network, np.zeros((2, 28, 28), np.uint8)).shape
    (2, 32)
    """
    X = to_input(images, network.spec.input_shape)
    last = _output_layer(network)
    seen = network.forward(X).steps[last - 1].Y if last else X
    return seen.reshape(len(X), -1)


def count_features(network: Network) -> int:
    """How many numbers that are of each image.

    >>> count_features(Network.initialize("784-16-10"))
    16
    >>> count_features(Network.initialize("784-10"))
    784
    """
    spec, size = network.spec, 1
    last = _output_layer(network)
    for side in spec.shapes()[last - 1] if last else spec.input_shape:
        size *= side
    return size


def sees_pixels(network: Network) -> bool:
    """Whether there is no hidden layer, so that the output is given the pixels themselves.

    >>> sees_pixels(Network.initialize("784-10")), sees_pixels(Network.initialize("784-16-10"))
    (True, False)
    """
    return not any(network.spec.weight_names[: _output_layer(network)])


def _output_layer(network: Network) -> int:
    """The number of the last dense layer in the spec."""
    layers = network.spec.layers
    return max(i for i, layer in enumerate(layers) if isinstance(layer, Dense))
