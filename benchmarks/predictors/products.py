"""The two bare matrix products of an answer, X W1 and A1 W2, the least that BLAS has to do."""

from __future__ import annotations

import numpy as np

from common.work import flat
from digitscope.arrays import Floats, Images
from digitscope.models.model import Model


class Products:
    """float32, in NumPy's BLAS, into buffers that are there already."""

    def __init__(self, model: Model) -> None:
        weights = model.network.weights
        self._W1, self._W2 = weights["W1"], weights["W2"]
        self._A1, self._Z2 = np.empty((0, 128), np.float32), np.empty((0, 10), np.float32)

    def prepare(self, images: Images) -> Floats:
        """Floats in 0..1, and the buffers for so many."""
        if len(images) != len(self._A1):
            self._A1 = np.empty((len(images), 128), np.float32)
            self._Z2 = np.empty((len(images), 10), np.float32)
        return flat(images)

    def run(self, X: Floats) -> Floats:
        """The products."""
        np.matmul(X, self._W1, out=self._A1)
        return np.matmul(self._A1, self._W2, out=self._Z2)
