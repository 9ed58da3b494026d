"""A change of an image, as a result: the image before and after, and what became of the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.inside.outcomes import Outcome

__all__ = ["KINDS", "Change", "Kind", "length_of", "size_of"]

Kind = Literal["faint", "smooth", "few"]
KINDS: tuple[Kind, ...] = ("faint", "smooth", "few")


@dataclass(frozen=True, eq=False)
class Change:
    """An image [28, 28], uint8, and what it becomes; `after` is None where none was found.

    `outcome` is what the model answers to `after`: the target, which is there the likeliest of all,
    "not a digit" among them.
    """

    before: NDArray[np.uint8]
    after: NDArray[np.uint8] | None
    outcome: Outcome
    kind: Kind

    @property
    def difference(self) -> NDArray[np.int16]:
        """After less before, in grey levels -255..255; zeros where none was found."""
        after = self.before if self.after is None else self.after
        return after.astype(np.int16) - self.before

    @property
    def length(self) -> float:
        """The length (L2) of the difference, in pixels of full ink."""
        return length_of(self.difference / 255)


def size_of(change: Change) -> tuple[float, float]:
    """What is compared: pixels for `few`, else length; infinite where nothing was found."""
    if change.after is None:
        return np.inf, np.inf
    pixels = float(np.count_nonzero(change.difference)) if change.kind == "few" else 0.0
    return pixels, change.length


def length_of(d: Floats) -> float:
    """L2, in pixels of full ink."""
    return float(np.sqrt((d * d).sum()))
