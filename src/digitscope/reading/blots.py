"""Blots: ink of a line that hangs together. One may be a digit, a part of one, or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images, Indices

__all__ = ["Blots", "find_blots", "stacked"]

SURE = 96  # from here on a pixel is ink that holds a blot together; below it is an edge
EDGE = 16  # from here on a pixel is the edge of a blot
SPECK = 0.008  # of the squared height of digits: less ink than that is no blot of its own
STACKED = 0.5  # of the narrower blot's width: blots that overlap by more lie over each other


@dataclass(frozen=True, eq=False)
class Blots:
    """The blots of a line, counted from 0 from left to right by the middle of their ink.

    `names` int32 [h, w] has 0 on paper and i + 1 on blot i. `boxes` int64 [n, 4] are x, y, width,
    height. `height` is that of the line's digits in pixels.
    """

    names: NDArray[np.int32]
    boxes: Indices
    height: float

    def __len__(self) -> int:
        return len(self.boxes)


def find_blots(ink: Images) -> Blots:
    """The blots of a line, uint8 [h, w] with ink 255 on paper 0.

    >>> ink = np.zeros((20, 30), np.uint8)
    >>> ink[2:18, 4:6] = ink[2:18, 15:25] = 255
    >>> find_blots(ink).boxes.tolist()
    [[4, 2, 2, 16], [15, 2, 10, 16]]
    """
    import cv2

    _, names, stats, _ = cv2.connectedComponentsWithStats((ink >= SURE).astype(np.uint8))
    height = _height(stats[1:])
    large = stats[:, cv2.CC_STAT_AREA] >= max(2.0, SPECK * height**2)
    large[0] = False
    if not large.any():
        return Blots(np.zeros(ink.shape, np.int32), np.zeros((0, 4), np.int64), 0.0)
    return _ordered(_with_edges(ink, np.where(large[names], names, 0)), height)


def stacked(blots: Blots, loose: NDArray[np.bool_]) -> tuple[Blots, Indices]:
    """The same line with loose blots, bool [n], made one where they lie over each other.

    The bar of a 5 floats above its body, and both above whatever they touch. Returns the blots and
    which of them each old one went into, int64 [n].
    """
    into = np.arange(len(blots))
    left, width = blots.boxes[:, 0], blots.boxes[:, 2]
    for i in np.flatnonzero(loose):
        for k in np.flatnonzero(loose[:i]):
            shared = min(left[i] + width[i], left[k] + width[k]) - max(left[i], left[k])
            if shared > STACKED * min(width[i], width[k]):
                into[into == into[i]] = into[k]
    if (into == np.arange(len(blots))).all():
        return blots, into
    names = np.where(blots.names > 0, into[blots.names - 1] + 1, 0).astype(np.int32)
    merged = _ordered(names, blots.height)
    place = np.zeros(len(blots), np.int64)
    ys, xs = np.nonzero(blots.names)
    place[blots.names[ys, xs] - 1] = merged.names[ys, xs] - 1
    return merged, place


def _height(stats: NDArray[Any]) -> float:
    """The height of the line's digits: the median of its blots, each counting as its ink."""
    if not len(stats):
        return 0.0
    heights, areas = stats[:, 3], stats[:, 4]
    order = np.argsort(heights)
    half = np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)
    return float(heights[order[half]])


def _with_edges(ink: Images, names: NDArray[np.int32]) -> NDArray[np.int32]:
    """The blots together with their grey edges and specks, each pixel with the nearest blot."""
    import cv2

    _, nearest = cv2.distanceTransformWithLabels(
        (names == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(int(nearest.max()) + 1, np.int32)
    owner[nearest[names > 0]] = names[names > 0]
    return np.where(ink >= EDGE, owner[nearest], 0).astype(np.int32)


def _ordered(names: NDArray[np.int32], height: float) -> Blots:
    """Blots numbered anew by the middle of their ink, from left to right."""
    ys, xs = np.nonzero(names)
    owner = names[ys, xs]
    mass = np.bincount(owner)
    old = np.flatnonzero(mass)
    middle = np.bincount(owner, weights=xs)[old] / mass[old]
    old = old[np.argsort(middle, kind="stable")]
    new = np.zeros(len(mass), np.int32)
    new[old] = np.arange(1, len(old) + 1)
    owner = new[owner]
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(1, len(old) + 1))
    low = [np.minimum.reduceat(places[order], starts) for places in (xs, ys)]
    high = [np.maximum.reduceat(places[order], starts) + 1 for places in (xs, ys)]
    boxes = np.stack([*low, high[0] - low[0], high[1] - low[1]], axis=1).astype(np.int64)
    return Blots(new[names], boxes, height)
