"""The bare dense matrix products of an epoch, the least that any way through BLAS has to do.

Five a batch: X W1, A1 W2, dW2 = A1^T dZ2, dA1 = dZ2 W2^T, dW1 = X^T dZ1. Nothing is trained: no
order is drawn, no image gathered, no activation, loss or update computed, nothing allocated.
"""

from __future__ import annotations

import numpy as np

from common.work import Work, flat
from digitscope.arrays import Floats, Images, Weights


class Products:
    """float32, in NumPy's BLAS, into buffers that are there already."""

    def __init__(self, work: Work) -> None:
        rng = np.random.default_rng(0)
        size = work.recipe.batch_size
        self._size = size
        self._X = flat(work.images)
        self._W1, self._W2 = work.weights["W1"], work.weights["W2"]
        self._dZ1 = rng.normal(size=(size, 128)).astype(np.float32)
        self._dZ2 = rng.normal(size=(size, 10)).astype(np.float32)
        self.A1 = np.empty((size, 128), np.float32)
        self.Z2 = np.empty((size, 10), np.float32)
        self.dA1 = np.empty((size, 128), np.float32)
        self.dW1, self.dW2 = np.empty_like(self._W1), np.empty_like(self._W2)

    def epoch(self, number: int) -> None:
        """See `Peer.epoch`."""
        for start in range(0, len(self._X), self._size):
            self.batch(self._X[start : start + self._size])

    def batch(self, X: Floats) -> None:
        """The five products of a batch."""
        m = len(X)
        A1, dZ1, dZ2 = self.A1[:m], self._dZ1[:m], self._dZ2[:m]
        np.matmul(X, self._W1, out=A1)
        np.matmul(A1, self._W2, out=self.Z2[:m])
        np.matmul(A1.T, dZ2, out=self.dW2)
        np.matmul(dZ2, self._W2.T, out=self.dA1[:m])
        np.matmul(X.T, dZ1, out=self.dW1)

    def answers(self, images: Images) -> None:
        """Nothing is trained."""

    def weights(self) -> Weights:
        """Nothing is trained."""
        return {}
