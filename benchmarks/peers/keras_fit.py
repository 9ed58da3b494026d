"""Keras as its users write it: a Sequential, compile, fit; an epoch a call.

The images of an epoch are gathered in our order first, and `fit` does not shuffle again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.work import Work, flat
from digitscope.arrays import Images, Weights
from digitscope.engines.frameworks import load_keras


def sequential(weights: Weights) -> Any:
    """The network, with these weights."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.set_weights([weights[name] for name in ("W1", "b1", "W2", "b2")])
    return model


class KerasFit:
    """Keras on one of its backends."""

    def __init__(self, work: Work, backend: str) -> None:
        load_keras(backend)
        import keras

        self._work = work
        self._X, self._labels = flat(work.images), work.labels.astype(np.int32)
        self._model = sequential(work.weights)
        self._model.compile(
            optimizer=keras.optimizers.SGD(work.recipe.learning_rate),
            loss="sparse_categorical_crossentropy",
        )

    def epoch(self, number: int) -> None:
        """See `Peer.epoch`."""
        order, size = self._work.order(number), self._work.recipe.batch_size
        self._model.fit(
            self._X[order], self._labels[order], batch_size=size, shuffle=False, verbose=0
        )

    def answers(self, images: Images) -> NDArray[Any]:
        """See `Peer.answers`."""
        return np.asarray(self._model.predict(flat(images), batch_size=1000, verbose=0)).argmax(1)

    def weights(self) -> Weights:
        """See `Peer.weights`."""
        return dict(zip(("W1", "b1", "W2", "b2"), self._model.get_weights(), strict=True))


def on_tensorflow(work: Work) -> KerasFit:
    """Keras on TensorFlow."""
    return KerasFit(work, "tensorflow")


def on_jax(work: Work) -> KerasFit:
    """Keras on JAX."""
    return KerasFit(work, "jax")


def on_torch(work: Work) -> KerasFit:
    """Keras on PyTorch."""
    return KerasFit(work, "torch")
