"""Favourites: the images of the test set that excite each neuron, or each map, most."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, to_input
from digitscope.data.mnist import load_mnist
from digitscope.inside.trace import TraceStep, trace
from digitscope.lab.message import Message
from digitscope.lab.neuron import chain, find_place
from digitscope.models.model import Model
from digitscope.network.layers import Activation

MOST = 9
BATCH = 250


class Best(NamedTuple):
    """Indices in the test set and values, both [at most 9, units], the strongest first."""

    indices: NDArray[Any]
    values: Floats


class Favourites:
    """The favourites of a model, found in one pass over the test set when they are first asked for.

    A neuron is judged by the number that goes into its activation, which no saturation hides; a map
    by the place where it is strongest.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._found: list[Best] = []
        self._one_at_a_time = threading.Lock()

    def message(self, layer: int, unit: int, id: Any) -> Message:
        """The favourites of one unit of a trace's step; the bytes: their images."""
        blank = trace(self.model.network, np.zeros((28, 28), np.uint8))
        find_place(blank, layer, unit, None)
        with self._one_at_a_time:
            if not self._found:
                self._found = self._search()
        images, labels = load_mnist("test")
        step = self._judged(blank, layer) - 1
        if step < 0:  # a pixel has no favourites
            chosen, values = np.empty(0, np.int64), np.empty(0, np.float32)
        else:
            best = self._found[step]
            chosen, values = best.indices[:, unit], best.values[:, unit]
        told = [
            {"image": f"test:{i}", "label": int(labels[i]), "value": float(value)}
            for i, value in zip(chosen, values, strict=True)
        ]
        fields = {"said": "favourites", "id": id, "layer": layer, "index": unit, "images": told}
        return Message(fields, images[chosen].tobytes())

    def _judged(self, blank: list[TraceStep], layer: int) -> int:
        """The step that a neuron is judged by: the last before its activation."""
        spec = self.model.network.spec
        links = chain(self.model, blank, layer)
        of_layers = [i for i in links if blank[i].layer is not None]
        plain = [
            i for i in of_layers if not isinstance(spec.layers[blank[i].layer or 0], Activation)
        ]
        return plain[-1] if plain else links[0]

    def _search(self) -> list[Best]:
        """What is best for every layer."""
        network = self.model.network
        found: dict[int, Best] = {}
        images = load_mnist("test").images
        for start in range(0, len(images), BATCH):
            X = to_input(images[start : start + BATCH], network.spec.input_shape)
            for place, step in enumerate(network.forward(X).steps):
                values = step.Y if step.Y.ndim == 2 else step.Y.max(axis=(1, 2))
                indices = np.broadcast_to(np.arange(start, start + len(X))[:, None], values.shape)
                if place in found:
                    indices = np.concatenate([found[place].indices, indices])
                    values = np.concatenate([found[place].values, values])
                order = np.argsort(-values, axis=0, kind="stable")[:MOST]
                found[place] = Best(
                    np.take_along_axis(indices, order, axis=0),
                    np.take_along_axis(values, order, axis=0),
                )
        return list(found.values())
