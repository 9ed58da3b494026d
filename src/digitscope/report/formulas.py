"""What a network computes, in formulas with a few words to each."""

from __future__ import annotations

import math

from digitscope.arrays import Shape
from digitscope.maths.activations import ACTIVATIONS
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

__all__ = ["LOSS_FORMULAS", "formulas"]

WORDS = {
    "relu": "keeps what is positive and makes the rest 0",
    "sigmoid": "squeezes each number into 0 to 1",
    "tanh": "squeezes each number into −1 to 1",
    "linear": "changes nothing",
}
OUTPUTS = {
    "softmax": "the probability of each digit; together they are 1",
    "sigmoid": "an answer of 0 to 1 from each output neuron",
}
LOSS_FORMULAS = {
    "categorical_cross_entropy": (
        "J = −1/m Σ log a(y)",
        "the surprise at the right digit, averaged over the m images of a batch",
    ),
    "binary_cross_entropy": (
        "J = −1/m Σ [y log a + (1 − y) log(1 − a)]",
        "the surprise at the right answer, averaged over the m images of a batch",
    ),
    "quadratic": (
        "J = 1/(2m) Σ ‖a − y‖²",
        "half the squared distance to the one-hot label, averaged over the m images of a batch",
    ),
}


def formulas(spec: Spec) -> list[tuple[str, str]]:
    """The forward pass from X to A, a line a layer: the formula, and what it means.

    >>> from digitscope.network.notation import parse_spec
    >>> [formula for formula, _ in formulas(parse_spec("784-128-10"))]
    ['Z1 = X W1 + b1', 'A1 = ReLU(Z1)', 'Z2 = A1 W2 + b2', 'A = softmax(Z2)']
    """
    lines = []
    name, number = "X", 0
    shapes = [spec.input_shape, *spec.shapes()]
    for i, layer in enumerate(spec.layers):
        number += "W" in spec.weight_names[i]
        name, formula, words = _line(layer, name, number, shapes[i], shapes[i + 1])
        lines.append((formula, words))
    words = OUTPUTS.get(spec.output, "the answer of each output neuron")
    return [*lines, (f"A = {_called(spec.output)}({name})", words)]


def _called(function: str) -> str:
    return "identity" if function == "linear" else ACTIVATIONS[function].title


def _line(layer: Layer, X: str, n: int, before: Shape, after: Shape) -> tuple[str, str, str]:
    """What comes out is called, the formula for it, and what it means."""
    Z, line = f"Z{n}", ("", "", "")
    match layer:
        case Dense(units=units):
            words = f"{units} weighted sum{'s' if units > 1 else ''} of {before[0]} numbers"
            line = Z, f"{Z} = {X} W{n} + b{n}", words
        case Conv2D(size=k, filters=filters):
            words = f"{filters} kernels of {k}×{k} slide over it; maps of {after[0]}×{after[1]}"
            line = Z, f"{Z} = {X} ∗ W{n} + b{n}", words
        case Activation(function=function):
            line = (
                f"A{n}",
                f"A{n} = {_called(function)}({X})",
                WORDS.get(function, "softens the row"),
            )
        case MaxPool2D(size=size):
            words = f"of each tile of {size}×{size} the largest; maps of {after[0]}×{after[1]}"
            line = f"P{n}", f"P{n} = max pool({X})", words
        case Dropout(rate=rate):
            words = f"in training {rate:.0%} of the numbers, at random, are set to 0"
            line = X, f"{X} := dropout({X})", words
        case BatchNorm():
            line = X, f"{X} := batch norm({X})", "centred and scaled over the batch"
        case Flatten():
            words = f"all maps as one row of {math.prod(before)} numbers"
            line = X, f"{X} := flatten({X})", words
    assert line[0], type(layer).__name__
    return line
