"""A spec: an architecture as plain data, from which everything else about it follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from digitscope.arrays import Shape, Weights
from digitscope.errors import SpecError, nearest
from digitscope.maths.activations import ACTIVATIONS
from digitscope.network.layers import LAYERS, Layer

T = TypeVar("T")
PerLayer = Callable[[Layer, Shape], dict[str, T]]

KINDS = {layer: kind for kind, layer in LAYERS.items()}


@dataclass(frozen=True)
class Spec:
    """The shape of one input, the layers in order, and the activation of the output.

    The last layer gives the logits Z [n, n_out]; `output` names the activation that makes
    probabilities of them. It stands apart because losses work on Z.

    Weights have canonical names: the symbol, then the number of the layer among those that have
    weights. So 784-128-10 holds W1 [784, 128], b1 [128], W2 [128, 10], b2 [10], as the texts call
    them.

    >>> from digitscope.network.notation import parse_spec
    >>> parse_spec("784-128-10").parameters
    101770
    """

    input_shape: Shape
    layers: tuple[Layer, ...]
    output: str = "softmax"

    def __post_init__(self) -> None:
        if self.output not in ACTIVATIONS:
            raise SpecError(
                f"unknown activation of the output {self.output!r}: "
                f"{nearest(self.output, ACTIVATIONS)}"
            )
        if not self.layers or len(self.shapes()[-1]) != 1:
            raise SpecError(
                "an architecture must end in a flat layer: let a dense layer be the last"
            )

    def shapes(self) -> list[Shape]:
        """The shape of one sample after each layer; SpecError where a layer does not fit."""
        shapes, shape = [], self.input_shape
        for layer in self.layers:
            shape = layer.output_shape(shape)
            shapes.append(shape)
        return shapes

    @property
    def n_out(self) -> int:
        """The number of output neurons."""
        return self.shapes()[-1][0]

    @cached_property
    def weight_names(self) -> tuple[dict[str, str], ...]:
        """For each layer, the canonical names of its weights by symbol: {"W": "W2", "b": "b2"}."""
        return self._names(lambda layer, shape: layer.weight_shapes(shape))

    @cached_property
    def state_names(self) -> tuple[dict[str, str], ...]:
        """The same for the state that layers carry (batch norm's running mean and variance)."""
        return self._names(lambda layer, shape: layer.state_shapes(shape))

    def weight_shapes(self) -> dict[str, Shape]:
        """Every weight's canonical name and shape, in the order of the layers."""
        return self._named(self.weight_names, lambda layer, shape: layer.weight_shapes(shape))

    def state_shapes(self) -> dict[str, Shape]:
        """The same for the state."""
        return self._named(self.state_names, lambda layer, shape: layer.state_shapes(shape))

    @property
    def parameters(self) -> int:
        """The number of numbers that training adjusts."""
        return sum(int(np.prod(shape)) for shape in self.weight_shapes().values())

    def initial_weights(self, rng: np.random.Generator, dtype: Any = np.float32) -> Weights:
        """The first weights, drawn layer by layer."""
        drawn = self._named(
            self.weight_names, lambda layer, shape: layer.initial_weights(shape, rng)
        )
        return {name: W.astype(dtype) for name, W in drawn.items()}

    def initial_state(self, dtype: Any = np.float32) -> Weights:
        """The first state of the layers that have one."""
        made = self._named(self.state_names, lambda layer, shape: layer.initial_state(shape))
        return {name: S.astype(dtype) for name, S in made.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON and TOML; `from_dict` is the inverse."""
        return {
            "input_shape": list(self.input_shape),
            "layers": [{"layer": KINDS[type(layer)], **asdict(layer)} for layer in self.layers],
            "output": self.output,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Spec:
        """A spec from `to_dict`'s plain data; SpecError names what does not fit.

        >>> from digitscope.network.notation import parse_spec
        >>> spec = parse_spec("28x28-8c5-p2-10")
        >>> Spec.from_dict(spec.to_dict()) == spec
        True
        """
        try:
            input_shape = tuple(data["input_shape"])
            rows = [dict(row) for row in data["layers"]]
            output = str(data["output"])
        except (KeyError, TypeError, ValueError) as error:
            raise SpecError(
                f"an architecture needs input_shape, layers and output; {error!r} stands in the way"
            ) from None
        if not all(type(size) is int and 1 <= size <= 1_000_000 for size in input_shape):
            raise SpecError(f"input_shape must be a list of whole numbers, got {input_shape!r}")
        return cls(input_shape, tuple(_layer(row) for row in rows), output)

    def _input_shapes(self) -> list[Shape]:
        return [self.input_shape, *self.shapes()[:-1]]

    def _names(self, what: PerLayer[Shape]) -> tuple[dict[str, str], ...]:
        """Canonical names: symbols, numbered along the layers that have weights."""
        names, number = [], 0
        for layer, shape in zip(self.layers, self._input_shapes(), strict=True):
            number += bool(layer.weight_shapes(shape))
            names.append({symbol: f"{symbol}{number}" for symbol in what(layer, shape)})
        return tuple(names)

    def _named(self, names: tuple[dict[str, str], ...], what: PerLayer[T]) -> dict[str, T]:
        """What each layer says of itself, under canonical names."""
        return {
            own[symbol]: value
            for layer, shape, own in zip(self.layers, self._input_shapes(), names, strict=True)
            for symbol, value in what(layer, shape).items()
        }


def _layer(row: dict[str, Any]) -> Layer:
    """One layer from its row of plain data."""
    kind = row.pop("layer", None)
    if kind not in LAYERS:
        raise SpecError(f"unknown layer {kind!r}: {nearest(str(kind), LAYERS)}")
    settings = {field.name for field in fields(LAYERS[kind])}
    for name in row:
        if name not in settings:
            raise SpecError(
                f"layer {kind} has no setting {name!r}: {nearest(str(name), settings or {'none'})}"
            )
    try:
        return LAYERS[kind](**row)
    except TypeError as error:
        raise SpecError(f"layer {kind} cannot be made: {error}") from None
