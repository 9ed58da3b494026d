"""A digit in its frame with what stands around it: pale, so that the digit stands out."""

from __future__ import annotations

import numpy as np

from digitscope.arrays import Images
from digitscope.preparation.field import BOX, FIELD, fit, placed
from digitscope.preparation.results import Box

__all__ = ["PALE", "surrounded"]

PALE = 0.45  # of its darkness is left to ink that is not the digit's own


def surrounded(page: Images, own: Images, box: Box) -> Images:
    """One cropped digit `own` of a page, at `box`, in MNIST's frame with the page around it.

    The digit stands as `field.frame` sets it. All uint8 with ink 255 on paper 0; [28, 28].

    >>> page = np.zeros((40, 40), np.uint8)
    >>> page[10:30, 10:14] = page[10:30, 20:24] = 255
    >>> both = surrounded(page, page[10:30, 10:14], (10, 10, 4, 20))
    >>> sorted({int(ink) for ink in both[14]})
    [0, 115, 255]
    """
    import cv2

    small = fit(own)
    top, left = placed(small)
    scale = max(box[2:]) / BOX
    around = _without(page, own, box, (left * scale, top * scale, FIELD * scale))
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    field = np.asarray(cv2.resize(around, (FIELD, FIELD), interpolation=how), np.float32) * PALE
    here = field[top : top + small.shape[0], left : left + small.shape[1]]
    np.maximum(here, small, out=here)
    return np.rint(field).astype(np.uint8)


def _without(page: Images, own: Images, box: Box, window: tuple[float, float, float]) -> Images:
    """The page around a digit, paper where the digit is and where the page ends.

    `window`: how far it reaches to the left of the box and above it, and its side, in pixels.
    """
    x, y, w, h = box
    left, above, side = window
    x0, y0 = round(x - left), round(y - above)
    x1, y1 = max(x0 + 1, round(x - left + side)), max(y0 + 1, round(y - above + side))
    part = page[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    around = np.zeros((y1 - y0, x1 - x0), np.uint8)
    there = around[max(0, -y0) :, max(0, -x0) :][: part.shape[0], : part.shape[1]]
    there[:] = part
    digit = around[y - y0 : y - y0 + h, x - x0 : x - x0 + w]
    digit[own[: digit.shape[0], : digit.shape[1]] > 0] = 0
    return around
