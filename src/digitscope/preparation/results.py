"""What a preparation hands back: the prepared image, and every step on the way to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from digitscope.arrays import Images

__all__ = ["Box", "Picture", "Preparation", "Step", "counted"]

Box: TypeAlias = tuple[int, int, int, int]
"""x, y, width, height, in pixels."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded image: upright, of bounded size, on white paper where it was transparent.

    `pixels` is uint8 [h, w] or [h, w, 3]; the upright original measured `width` x `height`.
    `note` says what was decoded, `warnings` what of the file was not.
    """

    name: str
    pixels: Images
    width: int
    height: int
    note: str
    warnings: tuple[str, ...] = ()

    @property
    def factors(self) -> tuple[float, float]:
        """How many pixels of the original one pixel stands for, across and down."""
        return self.width / self.pixels.shape[1], self.height / self.pixels.shape[0]

    def original(self, box: Box) -> Box:
        """The same box in pixels of the upright original, never outside it."""
        (x, y, w, h), (across, down) = box, self.factors
        left, top = min(int(across * x), self.width - 1), min(int(down * y), self.height - 1)
        right = min(math.ceil(across * (x + w) - 1e-6), self.width)
        bottom = min(math.ceil(down * (y + h) - 1e-6), self.height)
        return left, top, right - left, bottom - top


@dataclass(frozen=True, eq=False)
class Step:
    """One step: its name, one sentence on what it found or did, and its picture.

    The picture is uint8 [h, w], or [h, w, 3] where the step still knows colours.
    """

    name: str
    explanation: str
    image: Images


@dataclass(frozen=True, eq=False)
class Preparation:
    """One digit, brought to MNIST's frame.

    `image` is uint8 [28, 28], ink 255 on paper 0. `box` surrounds the ink, [x, y, width, height]
    in pixels of the upright original. `inverted` is true if the ink was darker than the paper.
    `marks` counts the separate ones of a digit's size.
    """

    name: str
    image: Images
    steps: tuple[Step, ...]
    box: Box
    inverted: bool
    warnings: tuple[str, ...]
    marks: int = 1


def counted(count: int, what: str) -> str:
    """So many of something, whose plural is given.

    >>> counted(1, "faint traces"), counted(1, "grains of paper"), counted(1200, "specks")
    ('1 faint trace', '1 grain of paper', '1,200 specks')
    """
    head, of, rest = what.partition(" of ")
    return f"{count:,} {what}" if count != 1 else f"1 {head.removesuffix('s')}{of}{rest}"
