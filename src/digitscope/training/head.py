"""A network in two: what looks at the image, and what decides.

The layers before the first dense one find strokes, whoever wrote them. Those from it on decide,
on a few hundred numbers an image; they train in seconds where the whole would take an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Weights, to_input
from digitscope.network.layers import Dense
from digitscope.network.network import Network
from digitscope.network.spec import Spec

__all__ = ["Split", "split"]


@dataclass(frozen=True, eq=False)
class Split:
    """A network, and the number of its layers before the first dense one.

    >>> network = Network.initialize("28x28-4c5-p2-16-10")
    >>> parts = split(network)
    >>> parts.features(np.zeros((3, 28, 28), np.uint8)).shape, parts.head.spec.parameters
    ((3, 576), 9402)
    >>> parts.joined(parts.head).weights.keys() == network.weights.keys()
    True
    """

    network: Network
    first: int

    def features(self, images: NDArray[Any], batch_size: int = 256) -> Floats:
        """What the head is given for images [n, 28, 28]: float32 [n, ...]."""
        spec = self.network.spec
        batches = []
        for i in range(0, len(images), batch_size):
            X = to_input(images[i : i + batch_size], spec.input_shape)
            for k in range(self.first):
                X = spec.layers[k].forward(*self._of_layer(k), X).Y
            batches.append(X)
        return np.concatenate(batches)

    @property
    def head(self) -> Network:
        """The layers from the first dense one on, as a network of its own."""
        spec = self.network.spec
        shape = spec.shapes()[self.first - 1] if self.first else spec.input_shape
        head = Spec(shape, spec.layers[self.first :], spec.output)
        return Network(
            head,
            {name: self.network.weights[old] for name, old in self._names(head, "weight").items()},
            {name: self.network.state[old] for name, old in self._names(head, "state").items()},
        )

    def joined(self, head: Network) -> Network:
        """The whole network with another head."""
        weights, state = dict(self.network.weights), dict(self.network.state)
        for name, old in self._names(head.spec, "weight").items():
            weights[old] = head.weights[name]
        for name, old in self._names(head.spec, "state").items():
            state[old] = head.state[name]
        return Network(self.network.spec, weights, state)

    def _of_layer(self, k: int) -> tuple[Weights, Weights]:
        spec, network = self.network.spec, self.network
        return (
            {symbol: network.weights[name] for symbol, name in spec.weight_names[k].items()},
            {symbol: network.state[name] for symbol, name in spec.state_names[k].items()},
        )

    def _names(self, head: Spec, what: str) -> dict[str, str]:
        """What the weights, or the state, of the head are called in the whole network."""
        own = getattr(head, f"{what}_names")
        whole = getattr(self.network.spec, f"{what}_names")[self.first :]
        return {
            name: there[symbol]
            for here, there in zip(own, whole, strict=True)
            for symbol, name in here.items()
        }


def split(network: Network) -> Split:
    """The network, split before its first dense layer; without any, the head is all of it."""
    layers = network.spec.layers
    first = next((i for i, layer in enumerate(layers) if isinstance(layer, Dense)), 0)
    return Split(network, first)
