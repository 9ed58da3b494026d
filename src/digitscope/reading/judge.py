"""A judge: a classifier that is asked for each image once, and for all new ones in few calls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitscope.arrays import Floats, Images
from digitscope.reading.classifier import NONE, Classifier

__all__ = ["Judge"]

BATCH = 2000  # images that are judged in one call: about 50 MB in the network


class Judge:
    """It remembers what its classifier said.

    >>> asked = []
    >>> def classify(images):
    ...     asked.append(len(images))
    ...     return np.tile(np.eye(11)[1], (len(images), 1))
    >>> judge = Judge(classify)
    >>> blank = np.zeros((2, 28, 28), np.uint8)
    >>> [len(line) for line in judge([blank, blank])], asked
    ([2, 2], [1])
    """

    def __init__(self, classify: Classifier) -> None:
        self.classify = classify
        self._known: dict[bytes, Floats] = {}

    def __call__(self, lines: Sequence[Images]) -> list[Floats]:
        """The probabilities [n, 11] of the images [n, 28, 28] of each line."""
        keys = [[image.tobytes() for image in line] for line in lines]
        new = {
            key: image
            for line, names in zip(lines, keys, strict=True)
            for key, image in zip(names, line, strict=True)
            if key not in self._known
        }
        images, names = list(new.values()), list(new)
        for first in range(0, len(new), BATCH):
            batch = slice(first, first + BATCH)
            answers = np.asarray(self.classify(np.stack(images[batch])), np.float64)
            self._known.update(zip(names[batch], answers, strict=True))
        return [np.array([self._known[k] for k in line]).reshape(-1, NONE + 1) for line in keys]
