"""A stage of a batch step, as data: a pause at which one quantity has been computed."""

from __future__ import annotations

from dataclasses import dataclass

from digitscope.arrays import Floats
from digitscope.inside.source import Source

__all__ = ["Part", "Stage"]


@dataclass(frozen=True, eq=False)
class Part:
    """One quantity of a stage. `before` is the sign that stands before it in the formula; `kind`
    is "value" (an axis for the batch first), "output" (the same, a number for each output),
    "weight" (shaped as the weight `weight`) or "number".
    """

    before: str
    symbol: str
    array: Floats
    kind: str = "value"
    weight: str = ""


@dataclass(frozen=True, eq=False)
class Stage:
    """A pause. `phase` is "forward", "loss", "backward" or "update"; `column` counts the quantities
    from the images (0) over every layer's output to the output's activations and the loss.
    """

    id: str
    phase: str
    column: int
    title: str
    formula: str
    words: str
    parts: tuple[Part, ...]
    source: Source
