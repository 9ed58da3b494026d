"""The judge of what a model forgot: the test set, which nothing is learned from or chosen by."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.data.mnist import load_mnist
from digitscope.data.splits import keep_digits
from digitscope.models.model import NONE, Model
from digitscope.models.prediction import MORE_LIKELY_NONE
from digitscope.network.network import Network
from digitscope.training.head import Split, split
from digitscope.training.lessons import fingerprint

__all__ = ["Judge", "Judgement"]

Which = NDArray[np.bool_]
MOST_NUMBERS = 32_000_000  # of what a head is given for all test images, if that is kept: 128 MB


@dataclass(frozen=True, eq=False)
class Judgement:
    """Which of the test images [n] of a model's digits are read rightly, as `digitscope evaluate`
    counts, and which are refused as no digit.
    """

    right: Which
    refused: Which


class Judge:
    """Judges a model, and those that a lesson made of it. They share all layers before the head, so
    what these say of the test images is computed once.

    >>> model = Model(Network.initialize("784-8-2"), classes=(0, 1))
    >>> judged = Judge(model).judge(model)
    >>> len(judged.right), bool(judged.refused.any())
    (2115, False)
    """

    def __init__(self, model: Model) -> None:
        self._parts: Split = split(model.network)
        self._images, self._labels = keep_digits(load_mnist("test"), model.classes)
        self._features: Floats | None = None
        self._judged: dict[str, Judgement] = {}
        self._one_at_a_time = threading.Lock()
        spec = model.network.spec
        at_head = spec.shapes()[self._parts.first - 1] if self._parts.first else (0,)
        self._kept = 0 < len(self._images) * int(np.prod(at_head)) <= MOST_NUMBERS

    def judge(self, model: Model, pause: Callable[[], None] = lambda: None) -> Judgement:
        """What the test set says of a model; of those that it was asked for last it is kept.
        `pause` is called between batches.
        """
        with self._one_at_a_time:
            key = fingerprint(model)
            if key in self._judged:
                return self._judged[key]
            Z = self._logits(model, pause)
            classes = model.probabilities_of(Z).argmax(axis=1)
            refused = model.judgement_of(Z)[:, NONE] > MORE_LIKELY_NONE
            judged = Judgement(classes == self._labels, refused)
            self._judged = {**dict(list(self._judged.items())[-5:]), key: judged}
            return judged

    def _logits(self, model: Model, pause: Callable[[], None]) -> Floats:
        """Z of all test images, a batch after another."""
        if not self._kept:
            return _in_batches(self._images, model.network.logits, pause)
        if self._features is None:
            self._features = _in_batches(self._images, self._parts.features, pause)
        head: Network = split(model.network).head
        return head.logits(self._features)


def _in_batches(
    images: NDArray[Any], work: Callable[[NDArray[Any]], Floats], pause: Callable[[], None]
) -> Floats:
    found = []
    for i in range(0, len(images), 100):
        found.append(work(images[i : i + 100]))
        pause()
    return np.concatenate(found)
