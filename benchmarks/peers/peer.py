"""What a candidate of the training benchmark is."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from common.work import Work
from digitscope.arrays import Images, Weights


class Peer(Protocol):
    """Made from the work: what is done there (loading, building, images as floats) is not timed."""

    def __init__(self, work: Work) -> None: ...

    def epoch(self, number: int) -> None:
        """Train an epoch, from drawing the order of the images to weights that are done."""
        ...

    def answers(self, images: Images) -> NDArray[Any] | None:
        """The digit of each image [n]; None if nothing is trained."""
        ...

    def weights(self) -> Weights:
        """W1 [784, 128], b1, W2 [128, 10], b2 as they are now; empty if nothing is trained."""
        ...


class Row(NamedTuple):
    """A row of the table: how it is called, where its class is, and how many threads it has."""

    title: str
    where: str
    threads: int
    does: str  # what it does, and what it does differently
