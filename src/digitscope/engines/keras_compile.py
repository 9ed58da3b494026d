"""What a Keras model is compiled with: our losses and optimizers in Keras's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from digitscope.engines.keras_model import KERAS_ACTIVATIONS, exact

ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}


def binary_cross_entropy(keras: Any, output: str) -> Any:
    """From logits; the mean over the batch."""
    return keras.losses.BinaryCrossentropy(from_logits=True)


def categorical_cross_entropy(keras: Any, output: str) -> Any:
    """From logits; the mean over the batch."""
    return keras.losses.CategoricalCrossentropy(from_logits=True)


def quadratic(keras: Any, output: str) -> Any:
    """Half the squared distance of a sample; Keras's own MeanSquaredError divides by n_out too."""
    g = keras.activations.get(KERAS_ACTIVATIONS[output])

    def half_squared_error(Y: Any, Z: Any) -> Any:
        error = keras.ops.subtract(g(Z), Y)
        return keras.ops.sum(keras.ops.square(error), axis=-1) / 2

    return half_squared_error


def as_given(eta: float, t: int, dtype: str) -> float:
    """The learning rate of update t, as it is."""
    return eta


def adam_rate(eta: float, t: int, dtype: str) -> float:
    """The learning rate with which Keras's Adam makes the step of eta.

    Keras takes 1 - beta^t in the network's own type, where 1 - 0.999 keeps four digits of
    float32's seven. A step that is wrong by 7e-6 sounds harmless, but a convolutional network makes
    1e-2 of it in 100 updates. So the rate carries the exact factor over Keras's.
    """
    number = np.dtype(dtype).type
    beta_1, beta_2 = ADAM["beta_1"], ADAM["beta_2"]
    right = np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    powers = np.power(number([beta_1, beta_2]), number(t))
    keras = np.sqrt(1 - powers[1]) / (1 - powers[0])
    return float(eta * right / float(keras))


class KerasOptimizer(NamedTuple):
    """A row of the table: Keras's class and settings, our slot -> how its name for it ends, and
    the rate that Keras has to be given.
    """

    name: str
    settings: dict[str, Any]
    slots: dict[str, str]
    rate: Callable[[float, int, str], float] = as_given

    def make(self, keras: Any, dtype: str) -> Any:
        """The optimizer; its learning rate is set before every update."""
        settings = {
            key: value if value is True else exact(value, dtype)
            for key, value in self.settings.items()
        }
        return getattr(keras.optimizers, self.name)(**settings)


# Ours -> Keras's: from the module keras, and for losses the output's activation. Tests compare the
# tables' rows with ours, and the numbers.
KERAS_LOSSES: dict[str, Callable[[Any, str], Any]] = {
    "binary_cross_entropy": binary_cross_entropy,
    "categorical_cross_entropy": categorical_cross_entropy,
    "quadratic": quadratic,
}
KERAS_OPTIMIZERS = {
    "sgd": KerasOptimizer("SGD", {}, {}),
    "momentum": KerasOptimizer("SGD", {"momentum": 0.9}, {"v": "momentum"}),
    "nesterov": KerasOptimizer("SGD", {"momentum": 0.9, "nesterov": True}, {"v": "momentum"}),
    "adam": KerasOptimizer("Adam", ADAM, {"m": "momentum", "v": "velocity"}, adam_rate),
}
