"""What stands in each column of a network's sketch: plain data, read off the spec."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

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

__all__ = ["Column", "columns_of"]


@dataclass(frozen=True)
class Column:
    """One column: its title, the shape of a sample there, the lines of words under it.

    `window` is the side, in pixels of the column before, of what one pixel here sees; 0 for dense
    layers.
    """

    title: str
    shape: Shape
    lines: tuple[str, ...]
    window: int = 0

    @property
    def maps(self) -> bool:
        """Whether it holds images."""
        return len(self.shape) == 3

    @property
    def size(self) -> int:
        """The number of numbers."""
        return math.prod(self.shape)


def columns_of(spec: Spec) -> list[Column]:
    """The input, and a column for every dense, convolutional and pooling layer.

    >>> from digitscope.network.notation import parse_spec
    >>> [column.title for column in columns_of(parse_spec("784-128-10"))]
    ['input', 'hidden layer', 'output']
    """
    columns = [_input(spec.input_shape)]
    last = max(i for i, layer in enumerate(spec.layers) if isinstance(layer, Dense))
    hidden = sum(isinstance(layer, Dense) for layer in spec.layers) - 1
    number = 0
    for i, (layer, shape) in enumerate(zip(spec.layers, spec.shapes(), strict=True)):
        if isinstance(layer, (Dense, Conv2D, MaxPool2D)):
            number += isinstance(layer, Dense)
            title = "output" if i == last else _title(layer, number if hidden > 1 else 0)
            columns.append(_column(spec, i, layer, shape, title))
        elif line := _remark(layer):
            columns[-1] = replace(columns[-1], lines=(*columns[-1].lines, line))
    return [*columns[:-1], _with_activation(columns[-1], _called(spec.output))]


def _input(shape: Shape) -> Column:
    if len(shape) == 3:
        return Column("input", shape, (f"{shape[0]}×{shape[1]}", "pixels, 0 to 1"))
    pixels = "28×28 pixels, 0 to 1" if shape == (784,) else "numbers"
    return Column("input", shape, (f"{shape[0]} inputs", pixels))


def _title(layer: Layer, number: int) -> str:
    if isinstance(layer, Conv2D):
        return "convolution"
    if isinstance(layer, MaxPool2D):
        return "max pooling"
    return f"hidden layer {number}" if number else "hidden layer"


def _column(spec: Spec, i: int, layer: Layer, shape: Shape, title: str) -> Column:
    named = spec.weight_shapes()
    own = {name: named[name] for name in spec.weight_names[i].values()}
    lines = [_size(shape)]
    if isinstance(layer, MaxPool2D):
        return Column(title, shape, (*lines, f"of tiles of {layer.size}×{layer.size}"), layer.size)
    lines += [f"{name} {'×'.join(map(str, of))}" for name, of in own.items()]
    lines.append(f"{sum(math.prod(of) for of in own.values()):,} parameters")
    return Column(title, shape, tuple(lines), layer.size if isinstance(layer, Conv2D) else 0)


def _size(shape: Shape) -> str:
    if len(shape) == 3:
        return f"{shape[2]} maps {shape[0]}×{shape[1]}"
    return f"{shape[0]} neuron{'s' if shape[0] > 1 else ''}"


def _called(function: str) -> str:
    return "no activation" if function == "linear" else ACTIVATIONS[function].title


def _remark(layer: Layer) -> str:
    """What a layer without a column of its own adds to the column before it."""
    match layer:
        case Activation(function=function):
            return _called(function)
        case Dropout(rate=rate):
            return f"dropout {rate:g}"
        case BatchNorm():
            return "batch norm"
        case Flatten():
            return ""
    return ""


def _with_activation(column: Column, function: str) -> Column:
    return replace(column, lines=(*column.lines, function))
