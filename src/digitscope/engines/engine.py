"""What an engine is: it advances a network by given batches at given rates, and hands everything
back.

The loop owns the rest: the order of images, augmentation, events, checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Weights
from digitscope.maths.losses import ClassIds
from digitscope.network.network import Network
from digitscope.network.optimizers import initial_slots
from digitscope.network.spec import Spec


@dataclass(frozen=True)
class Problem:
    """What stays fixed while a network trains."""

    spec: Spec
    loss: str
    optimizer: str
    l2: float = 0.0


@dataclass(frozen=True)
class Position:
    """What changes: weights, layer state, the optimizer's slots, the number of updates so far."""

    weights: Weights
    state: Weights
    slots: Weights
    updates: int = 0

    @classmethod
    def start(cls, network: Network, optimizer: str) -> Position:
        """Before the first update of a network."""
        return cls(network.weights, network.state, initial_slots(optimizer, network.weights))


class Engine(Protocol):
    """The protocol. An engine is made from a problem and a position."""

    def __init__(self, problem: Problem, position: Position) -> None: ...

    def advance(
        self,
        images: NDArray[Any],
        labels: ClassIds,
        batch_size: int,
        rates: Sequence[float],
        noise: Callable[[int], np.random.Generator],
    ) -> list[float]:
        """One update a batch; the loss of each batch, before its update.

        `images` [n, ...] and `labels` [n] are cut into batches of `batch_size` (the last may be
        smaller), `rates` has one learning rate a batch, and `noise(i)` is the generator of batch
        i's dropout.
        """
        ...

    def logits(self, images: NDArray[Any]) -> Floats:
        """Z [n, n_out] with the weights as they are now."""
        ...

    def position(self) -> Position:
        """A copy of everything, independent of what the engine does next."""
        ...
