"""Architectures in one line: 784-128-10, or 28x28-8c5-p2-16c5-p2-10.

    784      that many inputs (first), neurons (between), outputs (last)
    28x28    images of that height and width, one channel (first, for convolutions)
    8c5      8 kernels of 5x5, windows inside the image only; 8c5s keeps the image's size
    p2       max pooling over tiles of 2x2
    d0.5     dropout of a half
    bn       batch normalization of the layer before it, ahead of its activation

Every dense and convolutional layer between is followed by the activation. The notation is the
literature's (Ciresan et al. 2011, "20C4-MP2-...").
"""

from __future__ import annotations

import re

from digitscope.errors import SpecError
from digitscope.network.layers import (
    Activation,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
)
from digitscope.network.spec import Spec

WORDS = "write neurons (128), convolutions (8c5), pooling (p2), dropout (d0.5) or bn, as in 128-64"


def parse_spec(
    text: str, activation: str = "relu", output: str = "softmax", init: str = "he"
) -> Spec:
    """A spec from its line; SpecError says which word is not understood.

    >>> parse_spec("784-128-64-10").weight_shapes()["W2"]
    (128, 64)
    >>> parse_spec("28x28-8c5-p2-16c5-p2-10").shapes()[-2:]
    [(256,), (10,)]
    """
    words = text.replace(" ", "").split("-")
    if len(words) < 2:
        raise SpecError(f"{text!r} is not an architecture: write it as 784-128-10")
    input_shape = _input_shape(words[0])
    layers: list[Layer] = []
    flat = len(input_shape) == 1
    for word in words[1:-1]:
        layer = _parse_word(word, init)
        if isinstance(layer, BatchNorm) and layers and isinstance(layers[-1], Activation):
            layers.insert(-1, layer)
            continue
        if isinstance(layer, Dense) and not flat:
            layers.append(Flatten())
            flat = True
        layers.append(layer)
        if isinstance(layer, (Dense, Conv2D)):
            layers.append(Activation(activation))
    if not flat:
        layers.append(Flatten())
    layers.append(Dense(_count(words[-1], "the number of outputs"), init))
    return Spec(input_shape, tuple(layers), output)


def parse_hidden(
    hidden: str, n_out: int, activation: str = "relu", output: str = "softmax", init: str = "he"
) -> Spec:
    """A spec from its hidden part alone; MNIST's 28x28 goes in, flat where nothing needs images.

    >>> parse_hidden("128-64", 10).parameters
    109386
    >>> parse_hidden("8c5-p2", 10).input_shape
    (28, 28, 1)
    """
    words = hidden.replace(" ", "").split("-")
    if hidden.strip() and not all(words):
        raise SpecError(f"hidden layers are joined by hyphens, got {hidden!r}: {WORDS}")
    first = words[0]
    start = "28x28" if re.fullmatch(r"\d+c\d+s?|p\d+", first) else "784"
    between = f"{hidden}-" if hidden.strip() else ""
    return parse_spec(f"{start}-{between}{n_out}", activation, output, init)


def format_spec(spec: Spec) -> str:
    """The line of a spec, without activations and initializers: 784-128-10.

    >>> format_spec(parse_spec("28x28-8c3s-bn-p2-d0.25-32-10"))
    '28x28-8c3s-bn-p2-d0.25-32-10'
    """
    words = ["x".join(str(size) for size in spec.input_shape if size != 1)]
    for layer in spec.layers:
        match layer:
            case Dense(units=units):
                words.append(str(units))
            case Conv2D(filters=filters, size=size, same=same):
                words.append(f"{filters}c{size}{'s' if same else ''}")
            case MaxPool2D(size=size):
                words.append(f"p{size}")
            case Dropout(rate=rate):
                words.append(f"d{rate:g}")
            case BatchNorm():
                words.append("bn")
    return "-".join(words)


def _input_shape(word: str) -> tuple[int, ...]:
    if match := re.fullmatch(r"(\d+)x(\d+)", word):
        return (int(match[1]), int(match[2]), 1)
    return (_count(word, "the number of inputs"),)


def _count(word: str, what: str) -> int:
    if not re.fullmatch(r"\d{1,7}", word) or int(word) < 1:
        raise SpecError(f"{what} must be a whole number of at least 1, got {word!r}: {WORDS}")
    return int(word)


def _parse_word(word: str, init: str) -> Layer:
    if match := re.fullmatch(r"(\d{1,7})c(\d{1,3})(s?)", word):
        return Conv2D(int(match[1]), int(match[2]), bool(match[3]), init)
    if match := re.fullmatch(r"p(\d{1,3})", word):
        return MaxPool2D(int(match[1]))
    if match := re.fullmatch(r"d(0?\.\d+|0)", word):
        return Dropout(float(match[1]))
    if word == "bn":
        return BatchNorm()
    return Dense(_count(word, "a hidden layer"), init)
