"""Boxes, [x, y, width, height] in pixels."""

from __future__ import annotations

from collections.abc import Sequence

from digitscope.preparation.results import Box

__all__ = ["around"]


def around(boxes: Sequence[Box]) -> Box:
    """The least box that holds all of them, of which there is one at least.

    >>> around([(0, 5, 10, 20), (12, 0, 3, 8)])
    (0, 0, 15, 25)
    """
    left, top = min(x for x, _, _, _ in boxes), min(y for _, y, _, _ in boxes)
    right, bottom = max(x + w for x, _, w, _ in boxes), max(y + h for _, y, _, h in boxes)
    return left, top, right - left, bottom - top
