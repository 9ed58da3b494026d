"""A committee: several networks that judge the same images; their mean is the answer.

Networks that began from different weights err on different images (L. K. Hansen and P. Salamon,
"Neural network ensembles", 1990). It has no network of its own to be looked into, trained or
exported: it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.errors import SettingError
from digitscope.models.model import Model, load
from digitscope.models.shipped import COMMITTEE, committee_files

__all__ = ["Committee", "Judge", "load_committee", "mean_of"]


class Judge(Protocol):
    """What judges images, as `Model.judge` does."""

    def __call__(self, images: NDArray[Any]) -> Floats:
        """Probabilities [n, 11]."""
        ...


@dataclass(frozen=True)
class Committee:
    """Models whose judgements count alike; SettingError for none."""

    members: tuple[Model, ...]
    name: str = COMMITTEE

    def __post_init__(self) -> None:
        if not self.members:
            raise SettingError("a committee has at least one model, got none")

    def judge(self, images: NDArray[Any]) -> Floats:
        """Probabilities [n, 11] as `Model.judge`, the mean of all members'.

        >>> from digitscope.data.mnist import load_mnist
        >>> load_committee().judge(load_mnist("test").images[:4]).argmax(axis=1).tolist()
        [7, 2, 1, 0]
        """
        return mean_of([member.judge for member in self.members])(images)


def mean_of(judges: Sequence[Judge]) -> Judge:
    """What judges as all of these together, each with the same weight."""
    if len(judges) == 1:
        return judges[0]

    def judge(images: NDArray[Any]) -> Floats:
        found: Floats = np.mean([one(images) for one in judges], axis=0)
        return found

    return judge


def load_committee() -> Committee:
    """The committee that ships: `reader`, and networks of the same recipe with other seeds."""
    return Committee(tuple(load(file) for file in committee_files()))
