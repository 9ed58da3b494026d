"""The network as lessons describe it: NumPy in float64, one formula a line, new arrays every time.

An epoch shuffles the whole training set into a new array and walks over it. Lessons leave out the
last, incomplete batch; the work here is every image, so it is trained on too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.work import Work
from digitscope.arrays import Floats, Images, Weights

Floats64 = NDArray[np.float64]


def relu(Z: Floats64) -> Floats64:
    """max(0, z)."""
    return np.maximum(0, Z)


def softmax(Z: Floats64) -> Floats64:
    """Probabilities, rows adding up to 1."""
    powers = np.exp(Z - Z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class Textbook:
    """Two layers."""

    def __init__(self, work: Work, X: Floats64 | None = None, Y: Floats64 | None = None) -> None:
        self._work = work
        self._X = work.images.reshape(-1, 784) / 255.0 if X is None else X
        self._Y = np.eye(10)[work.labels] if Y is None else Y
        first = {name: W.astype(np.float64) for name, W in work.weights.items()}
        self.W1, self.b1, self.W2, self.b2 = (first[name] for name in ("W1", "b1", "W2", "b2"))

    def epoch(self, number: int) -> None:
        """See `Peer.epoch`."""
        order, size = self._work.order(number), self._work.recipe.batch_size
        X, Y = self._X[order], self._Y[order]
        for start in range(0, len(X), size):
            self._step(X[start : start + size], Y[start : start + size])

    def _step(self, X: Floats64, Y: Floats64) -> None:
        eta, m = self._work.recipe.learning_rate, len(X)
        Z1 = np.dot(X, self.W1) + self.b1
        A1 = relu(Z1)
        A2 = softmax(np.dot(A1, self.W2) + self.b2)

        dZ2 = A2 - Y
        dW2 = np.dot(A1.T, dZ2) / m
        db2 = np.sum(dZ2, axis=0) / m
        dZ1 = np.dot(dZ2, self.W2.T) * (Z1 > 0).astype(float)
        dW1 = np.dot(X.T, dZ1) / m
        db1 = np.sum(dZ1, axis=0) / m

        self.W2 -= eta * dW2
        self.b2 -= eta * db2
        self.W1 -= eta * dW1
        self.b1 -= eta * db1

    def answers(self, images: Images) -> NDArray[Any]:
        """See `Peer.answers`."""
        A1 = relu(np.dot(images.reshape(-1, 784) / 255.0, self.W1) + self.b1)
        return (np.dot(A1, self.W2) + self.b2).argmax(axis=1)

    def weights(self) -> Weights:
        """See `Peer.weights`."""
        found: dict[str, Floats] = {"W1": self.W1, "b1": self.b1, "W2": self.W2, "b2": self.b2}
        return found
