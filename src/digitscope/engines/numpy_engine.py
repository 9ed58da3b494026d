"""The readable engine, the oracle of all others: the network as `digitscope.network` has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, to_input
from digitscope.engines.engine import Position, Problem
from digitscope.maths.losses import ClassIds
from digitscope.network.network import Network
from digitscope.network.optimizers import updated


class NumpyEngine:
    """Forward, loss, back-propagation and update, a batch at a time."""

    def __init__(self, problem: Problem, position: Position) -> None:
        self.problem = problem
        self._position = position

    def advance(
        self,
        images: NDArray[Any],
        labels: ClassIds,
        batch_size: int,
        rates: Sequence[float],
        noise: Callable[[int], np.random.Generator],
    ) -> list[float]:
        """See `Engine.advance`."""
        problem, losses = self.problem, []
        for i, eta in enumerate(rates):
            batch = slice(i * batch_size, (i + 1) * batch_size)
            at = self._position
            network = Network(problem.spec, at.weights, at.state)
            X = to_input(images[batch], problem.spec.input_shape)
            step = network.step(X, labels[batch], problem.loss, problem.l2, noise(i))
            t = at.updates + 1
            weights, slots = updated(
                problem.optimizer, at.weights, step.gradients, at.slots, eta, t
            )
            self._position = Position(weights, step.state, slots, t)
            losses.append(step.loss)
        return losses

    def logits(self, images: NDArray[Any]) -> Floats:
        """See `Engine.logits`."""
        at = self._position
        return Network(self.problem.spec, at.weights, at.state).logits(images)

    def position(self) -> Position:
        """See `Engine.position`: updates make new arrays, so the current ones never change."""
        return self._position
