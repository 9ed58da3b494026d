"""What every layer is: plain settings, and a forward pass that returns its own way back.

A layer holds no numbers that learn and none that it saw. Weights and state are passed in; whatever
the way back needs stays in the closure that `forward` returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from digitscope.arrays import Floats, Shape, Weights
from digitscope.errors import SpecError, nearest


class Backward(Protocol):
    """The way back through one layer: from dY to dX and the gradients of the layer's weights.

    The first layer's dX is the gradient by the image itself. Training has no use for it, and it
    costs as much as a forward pass, so it is computed (else None) only on request.
    """

    def __call__(self, dY: Floats, /, need_dX: bool = True) -> tuple[Floats | None, Weights]:
        """The pair (dX, gradients by symbol)."""
        ...


class Forward(NamedTuple):
    """What a forward pass gives: the output, the layer's state afterwards, and the way back."""

    Y: Floats
    state: Weights
    backward: Backward


@dataclass(frozen=True)
class Layer:
    """The contract. A layer without weights and state says only `output_shape` and `forward`."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of one sample after this layer; SpecError where the layer does not fit."""
        raise NotImplementedError

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """The shapes of the layer's weights, by symbol ("W", "b")."""
        return {}

    def state_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """The shapes of the numbers that change in training but are not learned by gradient."""
        return {}

    def initial_weights(self, input_shape: Shape, rng: np.random.Generator) -> Weights:
        """The first weights, float64, shaped as `weight_shapes` says."""
        return {}

    def initial_state(self, input_shape: Shape) -> Weights:
        """The first state, float64, shaped as `state_shapes` says."""
        return {}

    def forward(
        self, weights: Weights, state: Weights, X: Floats, rng: np.random.Generator | None = None
    ) -> Forward:
        """Y from X. A generator means training (dropout drops, batch norm looks at the batch)."""
        raise NotImplementedError


def check_count(what: str, value: Any) -> None:
    """SpecError unless `value` is a whole number from 1 to a million."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise SpecError(f"{what} must be a whole number from 1 to 1,000,000, got {value!r}")


def check_part(what: str, value: Any) -> None:
    """SpecError unless `value` is a number from 0 up to, but not including, 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise SpecError(f"{what} must be a number from 0 up to but not including 1, got {value!r}")


def check_choice(what: str, value: Any, choices: Mapping[str, Any]) -> None:
    """SpecError unless `value` names a row of a table."""
    if value not in choices:
        raise SpecError(f"unknown {what} {value!r}: {nearest(str(value), choices)}")
