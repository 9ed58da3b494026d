"""One neuron, or one place of a map: its weights, and its sum with the numbers of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from digitscope.arrays import Floats, Shape
from digitscope.errors import SettingError
from digitscope.inside.trace import TraceStep, trace
from digitscope.lab.message import Message
from digitscope.models.model import Model
from digitscope.models.prediction import Input
from digitscope.network.layers import Activation, BatchNorm, Conv2D, Dense, Dropout, MaxPool2D

LINKS = 12  # products that are told one by one


@dataclass(frozen=True)
class Place:
    """A neuron: `layer` counts a trace's steps, `unit` is its number, or its channel in a map, and
    `at` its row and column there.
    """

    layer: int
    unit: int
    at: tuple[int, int] | None


def find_place(steps: list[TraceStep], layer: int, unit: int, at: Any) -> Place:
    """A place that is there; without `at`, where its map is strongest. SettingError otherwise."""
    if not 0 <= layer < len(steps):
        raise SettingError(f"layer must be from 0 to {len(steps) - 1}, got {layer}")
    output = steps[layer].output
    if not 0 <= unit < output.shape[-1]:
        raise SettingError(f"index must be from 0 to {output.shape[-1] - 1}, got {unit}")
    if output.ndim == 1:
        return Place(layer, unit, None)
    h, w = output.shape[:2]
    if at is None:
        row, column = divmod(int(output[..., unit].argmax()), w)
        return Place(layer, unit, (row, column))
    if not (isinstance(at, list) and len(at) == 2 and all(type(x) is int for x in at)):
        raise SettingError(f"at must be [row, column], got {at!r}")
    if not (0 <= at[0] < h and 0 <= at[1] < w):
        raise SettingError(f"at must lie in a map of {h}x{w}, got {at}")
    return Place(layer, unit, (at[0], at[1]))


def chain(model: Model, steps: list[TraceStep], layer: int) -> list[int]:
    """The places that a neuron passes through: its sum, and what is then done to that one number.

    >>> from digitscope.network.network import Network
    >>> model = Model(Network.initialize("784-16-10"))
    >>> steps = trace(model.network, np.zeros((28, 28), np.uint8))
    >>> chain(model, steps, 2), chain(model, steps, 3), chain(model, steps, 0)
    ([1, 2], [3, 4], [0])
    """
    single = [_keeps_neurons(model, step) for step in steps]
    start, end = layer, layer
    while single[start]:
        start -= 1
    while end + 1 < len(steps) and single[end + 1]:
        end += 1
    return list(range(start, end + 1))


def neuron(model: Model, given: Input, asked: dict[str, Any]) -> Message:
    """The arithmetic of one neuron for one image, with real numbers.

    The bytes: its weights, then the inputs that they meet, float32, each in the shape `field`.
    Pixels and the places of a pooling have inputs or nothing, and no weights.
    """
    steps = trace(model.network, given.image)
    place = find_place(steps, asked["layer"], asked["index"], asked.get("at"))
    links = chain(model, steps, place.layer)
    fields = {
        "said": "neuron",
        "id": asked.get("id"),
        "layer": place.layer,
        "index": place.unit,
        "at": None if place.at is None else list(place.at),
        "chain": [_link(steps, i, place) for i in links],
    }
    first = steps[links[0]]
    layer = None if first.layer is None else model.network.spec.layers[first.layer]
    if isinstance(layer, MaxPool2D):
        inputs = _window(steps[links[0] - 1].output, place, layer.size, layer.size)[..., place.unit]
        fields |= {"weights": "", "field": list(inputs.shape), "window": _corner(layer, place)}
        return Message(fields, np.ascontiguousarray(inputs, "<f4").tobytes())
    if not isinstance(layer, (Dense, Conv2D)):
        return Message(fields | {"weights": "", "field": []}, b"")
    w, x, shape = _meeting(model, steps, links[0], place)
    names = model.network.spec.weight_names[first.layer or 0]
    products = w * x
    order = np.argsort(-np.abs(products), kind="stable")[:LINKS]
    fields |= {
        "weights": names["W"],
        "field": list(shape),
        "window": _corner(layer, place) if isinstance(layer, Conv2D) else None,
        "bias": float(model.network.weights[names["b"]][place.unit]),
        "sum": float(products.sum(dtype=np.float64)),
        "strongest": [[int(i), float(x[i]), float(w[i]), float(products[i])] for i in order],
    }
    return Message(fields, b"".join(np.ascontiguousarray(v, "<f4").tobytes() for v in (w, x)))


def _meeting(
    model: Model, steps: list[TraceStep], at: int, place: Place
) -> tuple[Floats, Floats, Shape]:
    """Weights and inputs of a sum, flat, and the shape in which they are a picture."""
    spec = model.network.spec
    number = steps[at].layer or 0
    layer, below = spec.layers[number], steps[at - 1].output
    W = model.network.weights[spec.weight_names[number]["W"]]
    if isinstance(layer, Conv2D):
        assert place.at is not None
        k = layer.size
        if layer.same:
            below = np.pad(below, ((k // 2, k // 2), (k // 2, k // 2), (0, 0)))
        x = below[place.at[0] : place.at[0] + k, place.at[1] : place.at[1] + k]
        return W[..., place.unit].ravel(), x.ravel(), x.shape
    return W[:, place.unit], below.ravel(), _picture(steps, at)


def _picture(steps: list[TraceStep], at: int) -> Shape:
    """The shape of what a dense layer sees: the image, the maps before they were made flat, or a
    row.
    """
    below = steps[at - 1]
    if below.name == "input":
        return (28, 28) if below.output.size == 784 else below.output.shape
    return steps[at - 2].output.shape if below.name == "flatten" else below.output.shape


def _corner(layer: Conv2D | MaxPool2D, place: Place) -> list[int]:
    """What a place of a map looks at in the maps before: [row, column, side]; of a convolution that
    keeps the size it may begin in the rim.
    """
    assert place.at is not None
    if isinstance(layer, MaxPool2D):
        return [layer.size * place.at[0], layer.size * place.at[1], layer.size]
    rim = layer.size // 2 if layer.same else 0
    return [place.at[0] - rim, place.at[1] - rim, layer.size]


def _window(output: Floats, place: Place, size: int, stride: int) -> Floats:
    """What a place of a pooling looks at."""
    assert place.at is not None
    row, column = (stride * i for i in place.at)
    return output[row : row + size, column : column + size]


def _keeps_neurons(model: Model, step: TraceStep) -> bool:
    """Whether a step works on each number by itself, so that its neurons are those before it."""
    if step.name == "input":
        return False
    if step.layer is None:
        return True
    return isinstance(model.network.spec.layers[step.layer], (Activation, BatchNorm, Dropout))


def _link(steps: list[TraceStep], at: int, place: Place) -> dict[str, Any]:
    """One number on a neuron's way; softmax alone looks at the other neurons too, in a sum."""
    step = steps[at]
    told: dict[str, Any] = {"layer": at, "name": step.name, "value": _value(step.output, place)}
    if step.name == "softmax":
        with np.errstate(over="ignore"):
            powers = np.exp(steps[at - 1].output.astype(np.float64))
        told["denominator"] = float(powers.sum())
    return told


def _value(output: Floats, place: Place) -> float:
    return float(output[place.unit] if place.at is None else output[(*place.at, place.unit)])
