"""The first weights: random, and of a size that neither drowns nor blows up what passes through.

A neuron's input z is a sum of n_in products. With weights of variance v and inputs of mean square
q, z has variance n_in v q; choosing v ~ 1/n_in keeps the scale from layer to layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from digitscope.arrays import Floats, Shape

Draw = Callable[[np.random.Generator, Shape, int, int], Floats]


def he(rng: np.random.Generator, shape: Shape, n_in: int, n_out: int) -> Floats:
    """N(0, 2/n_in): ReLU passes half of the signal, hence the 2. He et al. (2015),
    arXiv:1502.01852.
    """
    return rng.standard_normal(shape) * np.sqrt(2 / n_in)


def glorot(rng: np.random.Generator, shape: Shape, n_in: int, n_out: int) -> Floats:
    """Uniform in +-sqrt(6 / (n_in + n_out)). Glorot and Bengio (2010), eq. 16; Keras's default."""
    limit = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, shape)


def scaled_normal(rng: np.random.Generator, shape: Shape, n_in: int, n_out: int) -> Floats:
    """N(0, 1/n_in): Nielsen's improved start (chapter 3), and LeCun's before him."""
    return rng.standard_normal(shape) / np.sqrt(n_in)


def normal(rng: np.random.Generator, shape: Shape, n_in: int, n_out: int) -> Floats:
    """N(0, 1), whatever the layer's size: Nielsen's first start, which saturates large layers."""
    return rng.standard_normal(shape)


def zeros(rng: np.random.Generator, shape: Shape, n_in: int, n_out: int) -> Floats:
    """All zero: fit for biases only, since equal weights would learn equally."""
    return np.zeros(shape)


class Initializer(NamedTuple):
    """A row of the table: how a layer's weights and its biases begin."""

    weights: Draw
    biases: Draw


# Nielsen draws the biases from N(0, 1) too, with both of his initializers.
INITIALIZERS: dict[str, Initializer] = {
    "he": Initializer(he, zeros),
    "glorot": Initializer(glorot, zeros),
    "scaled_normal": Initializer(scaled_normal, normal),
    "normal": Initializer(normal, normal),
}
