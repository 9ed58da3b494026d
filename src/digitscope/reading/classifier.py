"""What reading asks of a network, whatever it is made of."""

from __future__ import annotations

from typing import Protocol

from digitscope.arrays import Floats, Images

NONE = 10  # the column of "not a digit"


class Classifier(Protocol):
    """Anything that tells the ten digits apart, and tells them from what is no digit."""

    def __call__(self, images: Images) -> Floats:
        """Probabilities float64 [n, 11] for images uint8 [n, 28, 28] in MNIST's frame.

        Columns 0 to 9 belong to the digits, column 10 to "not a digit"; rows add up to 1.
        """
        ...
