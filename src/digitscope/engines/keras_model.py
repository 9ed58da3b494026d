"""The network as Keras's users write it: a `Sequential` of Dense, Conv2D and their like.

The names of its layers say what they hold: dense_2 has W2 as its kernel and b2 as its bias. Arrays
need no translation: samples are rows, kernels are [kh, kw, c_in, c_out] and channels come last in
both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from digitscope.arrays import Floats, Weights
from digitscope.errors import SpecError
from digitscope.network.layers import Activation, BatchNorm, Conv2D, Dense, Dropout, MaxPool2D
from digitscope.network.spec import KINDS, Spec

if TYPE_CHECKING:
    import keras


def dense(keras: Any, layer: Dense, decay: Any, **common: Any) -> Any:
    """Z = X W + b."""
    return keras.layers.Dense(layer.units, kernel_regularizer=decay, **common)


def conv2d(keras: Any, layer: Conv2D, decay: Any, **common: Any) -> Any:
    """The small detectors, with or without a rim of zeros."""
    return keras.layers.Conv2D(
        layer.filters,
        layer.size,
        padding="same" if layer.same else "valid",
        data_format="channels_last",  # whatever a user's keras.json says; so below
        kernel_regularizer=decay,
        **common,
    )


def max_pool2d(keras: Any, layer: MaxPool2D, decay: Any, **common: Any) -> Any:
    """The largest number of each tile."""
    return keras.layers.MaxPooling2D(layer.size, data_format="channels_last", **common)


def flatten(keras: Any, layer: Any, decay: Any, **common: Any) -> Any:
    """One row of numbers a sample."""
    return keras.layers.Flatten(data_format="channels_last", **common)


def dropout(keras: Any, layer: Dropout, decay: Any, **common: Any) -> Any:
    """Zeros by chance while training."""
    # Without a seed of its own, the layer on PyTorch would draw from PyTorch's one generator.
    seed = int(common["name"].rpartition("_")[2])
    return keras.layers.Dropout(layer.rate, seed=seed, **common)


def batch_norm(keras: Any, layer: BatchNorm, decay: Any, **common: Any) -> Any:
    """Mean 0 and variance 1 for every feature."""
    return keras.layers.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon, **common)


def activation(keras: Any, layer: Activation, decay: Any, **common: Any) -> Any:
    """A = g(Z)."""
    return keras.layers.Activation(_row(KERAS_ACTIVATIONS, layer.function, "activation"), **common)


# Ours -> Keras's. A test compares these with the tables of layers and of activations.
KERAS_LAYERS: dict[str, Callable[..., Any]] = {
    "dense": dense,
    "conv2d": conv2d,
    "max_pool2d": max_pool2d,
    "flatten": flatten,
    "dropout": dropout,
    "batch_norm": batch_norm,
    "activation": activation,
}
KERAS_ACTIVATIONS = {
    "linear": "linear",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "softmax": "softmax",
}
KERAS_VARIABLES = {
    "W": "kernel",
    "b": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "mean": "moving_mean",
    "variance": "moving_variance",
}


def build_model(
    spec: Spec,
    weights: Weights | None = None,
    state: Weights | None = None,
    *,
    output: bool = True,
    dtype: str = "float32",
    l2: float = 0.0,
) -> keras.Sequential:
    """A `keras.Sequential` of a spec, on the backend that Keras has in this process.

    It takes float images [n, *spec.input_shape] in 0..1, ink high. With `output` it ends in the
    output's activation and gives A [n, n_out]; without, in the logits Z [n, n_out], from which
    losses are exact. Without `weights` and `state`, canonical names as in `Network`, it begins with
    those that Keras draws. `l2` is the penalty l2/2 sum W^2 on every kernel. SpecError names a
    layer that has no counterpart.

        model = build_model(network.spec, network.weights, network.state)
        probabilities = model.predict(images.reshape(-1, 784) / 255)
    """
    import keras

    decay = None
    if l2:
        decay = keras.regularizers.L2(l2 / 2)  # Keras's is the sum without the half
        decay.l2 = exact(l2 / 2, dtype)
    layers = [keras.Input(spec.input_shape, dtype=dtype, name="image")]
    for layer, name in zip(spec.layers, layer_names(spec), strict=True):
        make = _row(KERAS_LAYERS, KINDS.get(type(layer), type(layer).__name__), "layer")
        layers.append(make(keras, layer, decay, name=name, dtype=dtype))
    if output:
        function = _row(KERAS_ACTIVATIONS, spec.output, "activation")
        layers.append(keras.layers.Activation(function, name=spec.output, dtype=dtype))
    model = keras.Sequential(layers)
    if weights is not None:
        write(weight_variables(model, spec), weights)
    if state is not None:
        write(state_variables(model, spec), state)
    return model


def exact(number: float, dtype: str) -> float:
    """A setting for Keras. On TensorFlow it makes float32 of a Python float, not of NumPy's."""
    return np.float64(number) if dtype == "float64" else number


def layer_names(spec: Spec) -> list[str]:
    """A name a layer: its kind, and the number of its weights, or else of its like.

    >>> from digitscope.network.notation import parse_spec
    >>> layer_names(parse_spec("784-128-d0.5-10"))
    ['dense_1', 'relu_1', 'dropout_1', 'dense_2']
    """
    names, seen = [], Counter[str]()
    for layer, own in zip(spec.layers, spec.weight_names, strict=True):
        kind = getattr(layer, "function", KINDS.get(type(layer), type(layer).__name__))
        seen[kind] += 1
        # "W2" of symbol "W" is of the second layer with weights.
        number = next((name.removeprefix(symbol) for symbol, name in own.items()), seen[kind])
        names.append(f"{kind}_{number}")
    return names


def weight_variables(model: keras.Sequential, spec: Spec) -> dict[str, Any]:
    """The Keras variable behind every weight, by canonical name: {"W1": <dense_1/kernel>, ...}."""
    return _variables(model, spec.weight_names)


def state_variables(model: keras.Sequential, spec: Spec) -> dict[str, Any]:
    """The same for the state that layers carry: batch norm's moving mean and variance."""
    return _variables(model, spec.state_names)


def read(variables: Mapping[str, Any]) -> Weights:
    """The numbers of some variables, as arrays of their own."""
    import keras

    return {name: np.array(keras.ops.convert_to_numpy(v)) for name, v in variables.items()}


def write(variables: Mapping[str, Any], arrays: Mapping[str, Floats]) -> None:
    """Set some variables by name; the arrays stay the caller's own."""
    for name, variable in variables.items():
        variable.assign(np.array(arrays[name]))  # a framework may keep what it was given


def _variables(model: keras.Sequential, names: tuple[dict[str, str], ...]) -> dict[str, Any]:
    """Canonical name -> variable; a model's first layers are the spec's."""
    return {
        name: getattr(layer, _row(KERAS_VARIABLES, symbol, "symbol of a weight"))
        for layer, own in zip(model.layers, names, strict=False)
        for symbol, name in own.items()
    }


def _row(table: Mapping[str, Any], key: str, what: str) -> Any:
    """A row of a table, or one clear line."""
    if key not in table:
        raise SpecError(f"the {what} {key!r} has no counterpart in Keras: the engine numpy has it")
    return table[key]
