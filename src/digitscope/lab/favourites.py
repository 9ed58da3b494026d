"""Favourites: the images of the test set that excite each neuron, or each map, most.

A network of feature maps takes seconds for 10,000 images. So they are looked for in the background,
in an order of chance; whoever asks gets the best that were seen by then, and how many were seen.
"""

from __future__ import annotations

import threading
import time
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
BATCH = 100
PATIENCE = 0.3  # seconds that a question waits for the end of the search
KEPT = 8  # models, as many as are kept themselves
GONE = 5.0  # seconds: a page that waits asks many times in these


class Best(NamedTuple):
    """Indices in the test set and values, both [at most 9, units], the strongest first."""

    indices: NDArray[Any]
    values: Floats


class Favourites:
    """The favourites of a model, found in one pass over the test set.

    A neuron is judged by the number that goes into its activation, which no saturation hides; a map
    by the place where it is strongest.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.asked = time.monotonic()  # when somebody asked for it last
        self.searched = 0
        self._found: list[Best] = []
        self._begun, self._finished = threading.Event(), threading.Event()
        self._closed = False
        self._problem: Exception | None = None
        threading.Thread(target=self._search, daemon=True).start()

    @property
    def finished(self) -> bool:
        """Whether all images were searched."""
        return self._finished.is_set()

    def close(self) -> None:
        """Nobody wants to know any more."""
        self._closed = True

    def wait(self, seconds: float | None = None) -> None:
        """Give the search so long to finish; whatever it failed at is raised here."""
        self._finished.wait(seconds)
        if self._problem is not None:
            raise self._problem

    def message(self, layer: int, unit: int, id: Any) -> Message:
        """The favourites of one unit of a trace's step among the images that were searched so far;
        the bytes: their images.
        """
        blank = trace(self.model.network, np.zeros((28, 28), np.uint8))
        find_place(blank, layer, unit, None)
        self._begun.wait()
        self.wait(PATIENCE)
        searched, found = self.searched, self._found
        images, labels = load_mnist("test")
        step = self._judged(blank, layer) - 1
        if step < 0 or not found:  # a pixel has no favourites
            chosen, values = np.empty(0, np.int64), np.empty(0, np.float32)
        else:
            best = found[step]
            chosen, values = best.indices[:, unit], best.values[:, unit]
        told = [
            {"image": f"test:{i}", "label": int(labels[i]), "value": float(value)}
            for i, value in zip(chosen, values, strict=True)
        ]
        fields = {"said": "favourites", "id": id, "layer": layer, "index": unit, "images": told}
        progress = {"searched": searched, "of": len(images)}
        return Message(fields | progress, images[chosen].tobytes())

    def _judged(self, blank: list[TraceStep], layer: int) -> int:
        """The step that a neuron is judged by: the last before its activation."""
        spec = self.model.network.spec
        links = chain(self.model, blank, layer)
        of_layers = [i for i in links if blank[i].layer is not None]
        plain = [
            i for i in of_layers if not isinstance(spec.layers[blank[i].layer or 0], Activation)
        ]
        return plain[-1] if plain else links[0]

    def _search(self) -> None:
        try:
            images = load_mnist("test").images
            # By chance, so that what is seen early is a fair sample.
            order = np.random.default_rng(0).permutation(len(images))
            for start in range(0, len(order), BATCH):
                if self._closed:
                    return
                rows = order[start : start + BATCH]
                self._found = self._better(rows, images[rows])
                self.searched = start + len(rows)
                self._begun.set()
        except Exception as problem:  # for whoever asks
            self._problem = problem
        finally:
            self._begun.set()
            self._finished.set()

    def _better(self, rows: NDArray[Any], images: NDArray[Any]) -> list[Best]:
        """What is best for every layer, with these images too; a new list, since others read."""
        network = self.model.network
        better = []
        passed = network.forward(to_input(images, network.spec.input_shape))
        for place, step in enumerate(passed.steps):
            values = step.Y if step.Y.ndim == 2 else step.Y.max(axis=(1, 2))
            indices = np.broadcast_to(rows[:, None], values.shape)
            if self._found:
                indices = np.concatenate([self._found[place].indices, indices])
                values = np.concatenate([self._found[place].values, values])
            best = np.lexsort((indices, -values), axis=0)[:MOST]
            better.append(
                Best(
                    np.take_along_axis(indices, best, axis=0),
                    np.take_along_axis(values, best, axis=0),
                )
            )
        return better


class AllFavourites:
    """The favourites of the models that were asked about last: several pages may each look at
    another one, turn by turn. A search that nobody waits for any more ends.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Favourites] = {}
        self._lock = threading.Lock()

    def of(self, id: str, model: Model) -> Favourites:
        """Those of the model that an id means now."""
        with self._lock:
            kept = self._kept.pop(id, None)
            if kept is None or kept.model is not model:
                if kept is not None:
                    kept.close()
                kept = Favourites(model)
            now = kept.asked = time.monotonic()
            self._kept[id] = kept  # last, as it was asked for last
            for other, old in [*self._kept.items()]:
                if len(self._kept) > KEPT or (not old.finished and now - old.asked > GONE):
                    self._kept.pop(other).close()
            return kept
