"""Keras, on each of its backends, both ways: model(X), which is meant for few images, and predict,
which is meant for many.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.work import flat
from digitscope.arrays import Floats, Images
from digitscope.engines.frameworks import load_keras
from digitscope.models.model import Model
from peers.keras_fit import sequential


class KerasCalls:
    """A Sequential that ends in a softmax."""

    def __init__(self, model: Model, backend: str, predict: bool) -> None:
        load_keras(backend)
        self._model = sequential(model.network.weights)
        self._predict = predict

    def prepare(self, images: Images) -> Floats:
        """Floats in 0..1."""
        return flat(images)

    def run(self, X: Floats) -> NDArray[Any]:
        """See `Answering.run`."""
        if self._predict:
            return np.asarray(self._model.predict(X, batch_size=1000, verbose=0))
        import keras

        return np.asarray(keras.ops.convert_to_numpy(self._model(X, training=False)))


call_on_tensorflow = partial(KerasCalls, backend="tensorflow", predict=False)
predict_on_tensorflow = partial(KerasCalls, backend="tensorflow", predict=True)
call_on_jax = partial(KerasCalls, backend="jax", predict=False)
predict_on_jax = partial(KerasCalls, backend="jax", predict=True)
call_on_torch = partial(KerasCalls, backend="torch", predict=False)
predict_on_torch = partial(KerasCalls, backend="torch", predict=True)
