"""How each layer is told on the way forward and on the way back: a title, the formula, a sentence,
and which name the line that computes it assigns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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

__all__ = [
    "LOSSES",
    "RULES",
    "Words",
    "backward_words",
    "forward_words",
    "gradient_words",
]

FUNCTIONS = {
    "linear": "z",
    "sigmoid": "1 / (1 + e^{−z})",
    "tanh": "tanh(z)",
    "relu": "max(0, z)",
    "softmax": "e^{z_{j}} / Σ_{k} e^{z_{k}}",
}
LOSSES = {
    "binary_cross_entropy": (
        "J = −1/m Σ [ y log a + (1 − y) log(1 − a) ]",
        "How surprised the network is by the truth.",
    ),
    "categorical_cross_entropy": (
        "J = −1/m Σ log a_{y}",
        "How surprised the network is by the truth: 0 only if it was certain of it.",
    ),
    "quadratic": (
        "J = 1/(2m) Σ ‖a − y‖^{2}",
        "Half the squared distance between the answer and the truth.",
    ),
}
RULES = {
    "sgd": "W := W − η dW",
    "momentum": "v := μ v − η dW,  W := W + v",
    "nesterov": "v := μ v − η dW,  W := W + μ v − η dW",
    "adam": "W := W − η m̂ / (√v̂ + ε)",
}


class Words(NamedTuple):
    """`signs` stand before the weights, or what else is met on the way, and before the result."""

    title: str
    formula: str
    words: str
    target: str
    signs: tuple[str, ...] = ("=",)


def forward_words(layer: Layer, X: str, Y: str, w: Sequence[str]) -> Words:
    """From X to Y through a layer with the weights w, all as symbols.

    >>> forward_words(Dense(3), "X", "Z_{1}", ["W_{1}", "b_{1}"]).formula
    'Z_{1} = X W_{1} + b_{1}'
    """
    match layer:
        case Dense():
            words = "Each neuron adds up its inputs, each times a weight, and its bias."
            told = Words("Weighted sums", f"{Y} = {X} {w[0]} + {w[1]}", words, "Z", ("·", "+", "="))
        case Conv2D(size=k):
            words = (
                f"Every kernel slides over the image: at each place {k}×{k} numbers times the "
                "same weights, and a bias."
            )
            told = Words("Convolution", f"{Y} = {X} ∗ {w[0]} + {w[1]}", words, "Z", ("∗", "+", "="))
        case Activation(function=g):
            words = "The same function of every number by itself."
            if ACTIVATIONS[g].derivative is None:
                words = "Every row becomes positive numbers that add up to 1."
            formula = f"{Y} = {g}({X}),  {g}(z) = {FUNCTIONS[g]}"
            told = Words(f"Activation: {g}", formula, words, "A", ("→",))
        case MaxPool2D(size=k):
            words = "Of each small tile only the largest number goes on."
            formula = f"{Y} = max over {k}×{k} tiles of {X}"
            told = Words("Max pooling", formula, words, "Y", ("→",))
        case BatchNorm():
            words = (
                "Each feature is shifted and scaled; μ and σ² are the running ones, as when the "
                "network answers."
            )
            formula = f"{Y} = {w[0]} ({X} − μ) / √(σ^{{2}} + ε) + {w[1]}"
            told = Words("Batch normalization", formula, words, "H", ("×", "+", "→"))
        case Flatten():
            words = "The same numbers in a row."
            told = Words("Flatten", f"{Y} = {X} as one row", words, "return")
        case Dropout():
            words = "Drops nothing here, as when the network answers."
            told = Words("Dropout", f"{Y} = {X}", words, "return")
        case _:
            raise AssertionError(layer)
    return told


def gradient_words(layer: Layer, X: str, Y: str, w: Sequence[str]) -> Words:
    """From dY to the gradients of a layer's weights."""
    title = "Gradients of the weights"
    match layer:
        case Dense():
            words = "A weight's gradient: what came in, times what its neuron's sum is blamed for."
            formula = f"d{w[0]} = {X}^{{T}} d{Y},  d{w[1]} = Σ d{Y}"
            return Words(title, formula, words, "dW")
        case Conv2D():
            words = "A kernel is used at every place, so its gradients add up over all of them."
            formula = f"d{w[0]} = Σ_{{places}} window of {X} × d{Y},  d{w[1]} = Σ_{{places}} d{Y}"
            return Words(title, formula, words, "dW")
    words = "Ĥ is the normalized input, before it was scaled and shifted."
    return Words(title, f"d{w[0]} = Σ d{Y} ∘ Ĥ,  d{w[1]} = Σ d{Y}", words, "dgamma")


def backward_words(layer: Layer, X: str, Y: str, w: Sequence[str]) -> Words:
    """From dY to dX through a layer."""
    match layer:
        case Dense():
            words = "Each input is blamed for every sum it went into, by its weight there."
            formula = f"d{X} = d{Y} {w[0]}^{{T}}"
            told = Words("Back through the weights", formula, words, "dX", ("·", "="))
        case Conv2D():
            words = "A number is blamed by all the windows that it stood in."
            formula = f"d{X} = Σ_{{windows}} d{Y} · {w[0]}"
            told = Words("Back through the kernels", formula, words, "dX", ("·", "="))
        case Activation(function=g):
            title = f"Back through {g}"
            words = "Times the slope of the activation at each sum."
            told = Words(title, f"d{X} = d{Y} ∘ {g}′({X})", words, "return", ("∘", "="))
            if ACTIVATIONS[g].derivative is None:
                words = "Softmax mixes the numbers of a row, and so does its derivative."
                formula = f"d{X}_{{j}} = a_{{j}} (da_{{j}} − Σ_{{i}} da_{{i}} a_{{i}})"
                told = Words(title, formula, words, "return", ("through", "→"))
        case MaxPool2D():
            words = "Only the number that won its tile moved the loss."
            formula = f"d{X} = d{Y} where the largest stood, else 0"
            told = Words("Back through the pooling", formula, words, "dT", ("→",))
        case BatchNorm():
            words = "Mean and variance are constants here, as when the network answers."
            formula = f"d{X} = {w[0]} / √(σ^{{2}} + ε) ∘ d{Y}"
            told = Words("Back through the normalization", formula, words, "dX", ("×", "→"))
        case Flatten():
            words = "The same numbers, back in their places."
            formula = f"d{X} = d{Y} in the shape of the maps"
            told = Words("Back to the maps", formula, words, "return")
        case Dropout():
            told = Words(
                "Back through the dropout", f"d{X} = d{Y}", "Nothing was dropped.", "return"
            )
        case _:
            raise AssertionError(layer)
    return told
