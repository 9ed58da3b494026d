"""The step in Keras: the layers are named, and fit does the rest on whichever backend it has."""

from __future__ import annotations

from typing import Any


def step(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, eta: float) -> tuple[Any, Any, Any]:
    """The loss, the four gradients, the four new weights."""
    # to begin with
    import keras

    model = keras.Sequential([keras.Input(X.shape[1:])])
    weights = [W1, b1, W2, b2]
    # forward, layer 1
    model.add(keras.layers.Dense(W1.shape[1]))
    # activation
    model.add(keras.layers.ReLU())
    # forward, layer 2
    model.add(keras.layers.Dense(W2.shape[1]))
    # loss
    loss_of = keras.losses.CategoricalCrossentropy
    loss = loss_of(from_logits=True)
    # gradients
    model.set_weights(weights)
    model.compile(keras.optimizers.SGD(eta), loss)
    # update
    history = model.fit(X, Y, batch_size=len(X), verbose=0)
    (J,) = history.history["loss"]
    updated = model.get_weights()
    # fit keeps its gradients; with plain descent they are
    pairs = zip(weights, updated, strict=True)
    gradients = [(W - new) / eta for W, new in pairs]
    return J, gradients, updated
