"""Numbers: which digits of a line belong together, by the gaps between them.

What counts is not how wide a gap is but how far it stands out from the others of its line: digits
spaced evenly, however widely, are one number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitscope.arrays import Floats
from digitscope.preparation.results import Box

__all__ = ["gaps", "split"]

# In heights of the line's digits.
LEAST = 0.5  # a gap that parts two numbers is at least so wide
CLEAR = 0.9  # a gap so wide is a space between words, beside still wider ones too
BEYOND = 0.35  # and so much wider than the widest gap within a number
LONE = 1.8  # the only gap of a line has no other to stand out from: so wide it must be
TIMES = 1.8  # and so many times as wide as the widest gap within a number


def gaps(boxes: Sequence[Box], height: float) -> Floats:
    """The gaps between neighbouring digits, float64 [n - 1], in heights of a digit.

    Of two measures the smaller counts: the paper between two boxes, and the distance of their
    middles less the usual width of a digit. Around a 1 there is much paper where digits stand in
    cells; beside a wide digit the middles are far apart where they do not.

    >>> gaps([(0, 0, 10, 20), (15, 0, 10, 20), (52, 0, 2, 20)], 20).tolist()
    [0.25, 1.15]
    """
    left = np.array([x for x, _, _, _ in boxes], np.float64)
    width = np.array([w for _, _, w, _ in boxes], np.float64)
    paper = left[1:] - np.maximum.accumulate(left + width)[:-1]
    middles = np.diff(left + width / 2) - np.median(width)
    return np.minimum(paper, middles) / height


def split(boxes: Sequence[Box], height: float) -> list[int]:
    """The places before which a new number begins, from 0 on: the first digits of the numbers.

    >>> row = [(x, 0, 10, 20) for x in (0, 14, 28, 80, 94)]
    >>> split(row, 20)
    [0, 3]
    >>> split([(40 * i, 0, 10, 20) for i in range(5)], 20)  # even, however wide
    [0]
    """
    if not boxes:
        return []
    between = gaps(boxes, height)
    wide = _threshold(between)
    return [0, *(int(i) + 1 for i in np.flatnonzero(between >= wide))]


def _threshold(between: Floats) -> float:
    """From which width on a gap parts two numbers; infinite if none does.

    Sorted by width, the gaps within numbers come first; the first step upwards to a clear space
    ends them. Those behind it part numbers as well: columns stand farther apart than words. Where
    no step leads to a clear space, the largest one counts, if it stands out.
    """
    if len(between) < 2:
        return LONE
    order = np.sort(between)
    inner = np.maximum(order[:-1], 0)
    wide = order[1:]
    parts = (wide >= LEAST) & (wide - inner >= BEYOND) & (wide >= TIMES * inner)
    if not parts.any():
        return np.inf
    clear = parts & (wide >= CLEAR)
    step = np.argmax(clear) if clear.any() else np.argmax(np.where(parts, wide - inner, -np.inf))
    return float(wide[step])
