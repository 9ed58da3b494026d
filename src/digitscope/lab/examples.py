"""Examples: the training images, as pixels and as a network sees them, and which are nearest."""

from __future__ import annotations

import threading

import numpy as np

from digitscope.arrays import Floats, Images
from digitscope.data.mnist import Dataset
from digitscope.evaluation.nearest import (
    Nearest,
    nearest_directions,
    nearest_images,
    to_directions,
)
from digitscope.inside.hidden import count_features, hidden_features
from digitscope.models.model import Model

BATCH = 100
MOST_NUMBERS = 40_000_000  # features that are kept, of 4 bytes each


class Examples:
    """The training images with a model's digits.

    What the model sees in them is found in the background, in an order of chance that a seed fixes:
    so what was looked at first is a fair sample. All images are looked at, unless their features
    would not fit into 160 MB: a layer of 1,152 numbers leaves 34,722 images.
    """

    def __init__(self, model: Model, whole: Dataset) -> None:
        self.model = model
        self.images, self.labels = whole
        self.numbers = np.flatnonzero(np.isin(self.labels, model.classes))
        self.features = count_features(model.network)
        self.among = min(len(self.numbers), MOST_NUMBERS // self.features)
        self.looked = 0
        self._order = np.random.default_rng(0).permutation(self.numbers)[: self.among]
        self._directions = np.empty((self.among, self.features), np.float32)
        self._progress = threading.Condition()
        self._closed = False
        self._problem: Exception | None = None
        # Asked for again and again while the rest is looked at.
        self._last: tuple[tuple[bytes, int, int], Nearest] | None = None
        threading.Thread(target=self._look, daemon=True).start()

    @property
    def bytes(self) -> int:
        """What the features take in memory."""
        return self._directions.nbytes

    def wait(self, seconds: float) -> None:
        """Give it so long to look at all; whatever it failed at is raised here."""
        with self._progress:
            self._progress.wait_for(lambda: self.looked == self.among or self._problem, seconds)
        if self._problem is not None:
            raise self._problem

    def nearest_as_pixels(self, image: Images, most: int, without: int = -1) -> Nearest:
        """The nearest of all training images to one image [28, 28]: numbers in the training part
        and Euclidean distances, both [1, most]; never the image of number `without`.
        """
        asked = image.tobytes(), without, most
        if self._last is None or self._last[0] != asked:
            found = nearest_images(image[None], self._of_digits(), most + 1)
            found = Nearest(self.numbers[found.indices], found.distances)
            self._last = asked, _without(found, without, most)
        return self._last[1]

    def nearest_as_seen(self, image: Images, most: int, looked: int, without: int = -1) -> Nearest:
        """The same by cosine distance of what the network sees, among the first that it looked at:
        as many as the asker has read from `looked`, which grows all the time.
        """
        f = hidden_features(self.model.network, image[None])
        found = nearest_directions(f, self._directions[:looked], most + 1)
        return _without(Nearest(self._order[found.indices], found.distances), without, most)

    def close(self) -> None:
        """Nobody asks any more."""
        self._closed = True

    def _of_digits(self) -> Images:
        return self.images if len(self.numbers) == len(self.images) else self.images[self.numbers]

    def _look(self) -> None:
        try:
            while self.looked < self.among and not self._closed:
                chosen = self._order[self.looked : self.looked + BATCH]
                features: Floats = hidden_features(self.model.network, self.images[chosen])
                end = self.looked + len(chosen)
                self._directions[self.looked : end] = to_directions(features)
                self.looked = end
        except Exception as problem:  # for whoever asks
            self._problem = problem
        finally:
            with self._progress:
                self._progress.notify_all()


def _without(found: Nearest, number: int, most: int) -> Nearest:
    """One row of neighbours without the image itself."""
    others = np.flatnonzero(found.indices[0] != number)[:most]
    return Nearest(found.indices[:, others], found.distances[:, others])
