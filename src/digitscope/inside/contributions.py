"""Contributions: what each pixel of one image adds to each logit, so that the sum is the logit.

A network of layers that are linear, ReLU or max pooling is, for one image, a linear function: the
active neurons and the winners of the pools say which. With w the product of the weights along the
paths through these, and the biases b_l carried along the same paths,

    z_k  =  sum_i x_i w_ik  +  sum_l b_l dz_k/db_l

exactly. There w is also the gradient of z_k by the pixel, and x_i w_ik what the ink of pixel i
says.

A sigmoid or tanh bends the path. There the rescale rule of DeepLIFT (Shrikumar, Greenside, Kundaje
2017, arXiv:1704.02685) takes the slope of the chord from empty paper x0 to the image x,

    m  =  (g(z) - g(z0)) / (z - z0)   in place of   g'(z)

and what is left over is what the network says of empty paper:  z_k = sum_i x_i w_ik + z_k(x0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, to_input
from digitscope.errors import SpecError
from digitscope.maths.activations import ACTIVATIONS
from digitscope.network.layers import Activation, BatchNorm, MaxPool2D
from digitscope.network.network import Network
from digitscope.network.spec import Spec

__all__ = ["Contributions", "contributions", "path_of", "slopes"]

STRAIGHT = {"linear", "relu"}  # with such activations a network is linear around an image
NO_CHORD = 1e-6  # a chord shorter than this has the slope of the tangent


@dataclass(frozen=True)
class Contributions:
    """`ink` [n_out, 28, 28] is what every pixel adds to every logit, `weights` of the same shape
    what a whole pixel of ink adds, `rest` [n_out] what is there without ink, `Z` [n_out] the
    logits: the sum of `ink` and `rest`. `path` is "linear" or "rescale".
    """

    ink: Floats
    weights: Floats
    rest: Floats
    Z: Floats
    path: str


def path_of(spec: Spec) -> str:
    """How exact contributions are found: "linear" along active neurons, "rescale" by chords; "" if
    neither adds up (pools between bent activations, a softmax inside).

    >>> from digitscope.network.notation import parse_spec
    >>> path_of(parse_spec("784-30-10")), path_of(parse_spec("784-30-10", activation="tanh"))
    ('linear', 'rescale')
    """
    functions = {layer.function for layer in spec.layers if isinstance(layer, Activation)}
    if functions <= STRAIGHT:
        return "linear"
    pools = any(isinstance(layer, MaxPool2D) for layer in spec.layers)
    return "" if pools or "softmax" in functions else "rescale"


def contributions(network: Network, image: NDArray[Any]) -> Contributions:
    """What each pixel of an image [28, 28] (uint8, or floats in 0..1) adds to each logit.

    SpecError where no such sum is exact for the network: see `path_of`.

    >>> network = Network.initialize("784-30-10")
    >>> found = contributions(network, np.eye(28))
    >>> bool(np.allclose(found.ink.sum(axis=(1, 2)) + found.rest, found.Z, atol=1e-5))
    True
    """
    path = path_of(network.spec)
    if not path:
        raise SpecError(
            "pools between bent activations: no sum of pixels is exact for this network: "
            "use occlusion instead"
        )
    X = to_input(image[None], network.spec.input_shape)
    find = _along_the_path if path == "linear" else _along_chords
    weights, rest, Z = find(network, X)
    weights = weights.reshape(-1, 28, 28)
    return Contributions(weights * X.reshape(28, 28), weights, rest, Z, path)


def slopes(network: Network, x: Floats, dZ: Floats) -> tuple[Floats, Floats]:
    """The logits [n_out] of an image x [28, 28], and by each pixel the gradient [28, 28] of the
    combination dZ [n_out] of them.
    """
    X = to_input(x[None], network.spec.input_shape)
    Z, _, steps = network.forward(X)
    dX, _ = network.backward(steps, dZ[None].astype(Z.dtype), need_dX=True)
    return Z[0], dX.reshape(28, 28)


def _along_the_path(network: Network, X: Floats) -> tuple[Floats, Floats, Floats]:
    """The weights of the linear function that a network is around X, and its biases' part."""
    Z, _, steps = network.forward(X)
    weights, rest = [], []
    for dZ in np.eye(Z.shape[1], dtype=Z.dtype):
        dX, gradients = network.backward(steps, dZ[None], need_dX=True)
        weights.append(dX)
        constants = _constants(network)
        rest.append(sum(float(c @ gradients[name]) for name, c in constants.items()))
    return np.concatenate(weights), np.array(rest), Z[0]


def _constants(network: Network) -> dict[str, Floats]:
    """What each layer adds whatever comes in, by the name of the weight whose gradient carries it:
    b, and of batch norm's gamma (x - mean) s + beta the part beta - gamma mean s.
    """
    found = {}
    W, spec = network.weights, network.spec
    for layer, names, state in zip(spec.layers, spec.weight_names, spec.state_names, strict=True):
        if isinstance(layer, BatchNorm):
            mean, variance = (network.state[state[name]] for name in ("mean", "variance"))
            scale = W[names["gamma"]] / np.sqrt(variance + layer.epsilon)
            found[names["beta"]] = W[names["beta"]] - scale * mean
        elif "b" in names:
            found[names["b"]] = W[names["b"]]
    return found


def _along_chords(network: Network, X: Floats) -> tuple[Floats, Floats, Floats]:
    """The weights of the chords from empty paper to X, and the logits of empty paper."""
    Z, _, steps = network.forward(X)
    Z0, _, steps0 = network.forward(np.zeros_like(X))
    weights = []
    for dZ in np.eye(Z.shape[1], dtype=Z.dtype):
        d: Floats = dZ[None]
        for i in reversed(range(len(steps))):
            layer = network.spec.layers[i]
            if isinstance(layer, Activation):
                before = (steps[i - 1].Y, steps0[i - 1].Y) if i else (X, np.zeros_like(X))
                d = d * _chord(layer.function, *before)
            else:
                back, _ = steps[i].backward(d, need_dX=True)
                assert back is not None
                d = back
        weights.append(d)
    return np.concatenate(weights), Z0[0].astype(np.float64), Z[0]


def _chord(function: str, Z: Floats, Z0: Floats) -> Floats:
    """The slope of an activation's chord from Z0 to Z; of its tangent where they hardly differ."""
    g = ACTIVATIONS[function]
    assert g.derivative is not None
    length = Z - Z0
    short = np.abs(length) < NO_CHORD
    chord = (g.g(Z) - g.g(Z0)) / np.where(short, 1, length)
    return np.where(short, g.derivative(Z), chord)
