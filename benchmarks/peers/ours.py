"""Our engines, driven as the loop drives them: some batches a call, gathered before it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.work import Work
from digitscope.arrays import Images, Weights
from digitscope.engines import Position, make_engine
from digitscope.network.network import Network
from digitscope.training.loop import GROUPS


class Ours:
    """An engine by its name. It takes the bytes of the images as they are."""

    def __init__(self, work: Work, engine: str) -> None:
        self._work = work
        network = Network(work.recipe.spec(), work.weights, {})
        start = Position.start(network, work.recipe.optimizer)
        self._engine = make_engine(engine, work.recipe.problem(), start)

    def epoch(self, number: int) -> None:
        """See `Peer.epoch`."""
        work, size = self._work, self._work.recipe.batch_size
        order = work.order(number)
        batches = math.ceil(len(order) / size)
        group = math.ceil(batches / GROUPS)
        for start in range(0, batches, group):
            rates = [work.recipe.learning_rate] * min(group, batches - start)
            chosen = order[start * size : (start + group) * size]
            images, labels = work.images[chosen], work.labels[chosen]
            self._engine.advance(images, labels, size, rates, np.random.default_rng)

    def answers(self, images: Images) -> NDArray[Any]:
        """See `Peer.answers`."""
        return self._engine.logits(images).argmax(axis=1)

    def weights(self) -> Weights:
        """See `Peer.weights`."""
        return self._engine.position().weights


def fast(work: Work) -> Ours:
    """The compiled kernels."""
    return Ours(work, "fast")


def numpy(work: Work) -> Ours:
    """The readable engine."""
    return Ours(work, "numpy")
