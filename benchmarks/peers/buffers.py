"""NumPy in float32 at its plainest and fastest: every array is made once, and written into."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.work import Work, flat
from digitscope.arrays import Floats, Images, Weights


class Buffers:
    """Two layers; the rate and 1 / m are multiplied into dZ2, the smallest array."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._X, self._labels = flat(work.images), work.labels
        self._weights = {name: W.copy() for name, W in work.weights.items()}
        size = work.recipe.batch_size
        self._batch = np.empty((size, 784), np.float32)
        self._A1 = np.empty((size, 128), np.float32)
        self._dA1 = np.empty((size, 128), np.float32)
        self._inactive = np.empty((size, 128), bool)
        self._A2 = np.empty((size, 10), np.float32)
        self._row = np.empty((size, 1), np.float32)
        self._rows = np.arange(size)
        self._steps = {name: np.empty_like(W) for name, W in self._weights.items()}

    def epoch(self, number: int) -> None:
        """See `Peer.epoch`."""
        order, size = self._work.order(number), self._work.recipe.batch_size
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            X = self._batch[: len(chosen)]
            # Without "clip" NumPy gathers into an array of its own and copies that.
            np.take(self._X, chosen, axis=0, out=X, mode="clip")
            self._step(X, self._labels[chosen])

    def _step(self, X: Floats, y: NDArray[Any]) -> None:
        m, W, steps = len(X), self._weights, self._steps
        A1, A2, row = self._A1[:m], self._A2[:m], self._row[:m]
        dA1, inactive = self._dA1[:m], self._inactive[:m]
        np.matmul(X, W["W1"], out=A1)
        A1 += W["b1"]
        np.maximum(A1, 0, out=A1)
        np.matmul(A1, W["W2"], out=A2)
        A2 += W["b2"]
        np.max(A2, axis=1, keepdims=True, out=row)
        A2 -= row
        np.exp(A2, out=A2)
        np.sum(A2, axis=1, keepdims=True, out=row)
        A2 /= row

        A2[self._rows[:m], y] -= 1
        A2 *= np.float32(self._work.recipe.learning_rate / m)
        np.matmul(A1.T, A2, out=steps["W2"])
        np.sum(A2, axis=0, out=steps["b2"])
        np.matmul(A2, W["W2"].T, out=dA1)
        np.less_equal(A1, 0, out=inactive)
        np.copyto(dA1, 0, where=inactive)
        np.matmul(X.T, dA1, out=steps["W1"])
        np.sum(dA1, axis=0, out=steps["b1"])
        for name, step in steps.items():
            W[name] -= step

    def answers(self, images: Images) -> NDArray[Any]:
        """See `Peer.answers`."""
        W = self._weights
        A1 = np.maximum(flat(images) @ W["W1"] + W["b1"], 0)
        return (A1 @ W["W2"] + W["b2"]).argmax(axis=1)

    def weights(self) -> Weights:
        """See `Peer.weights`."""
        return self._weights
