"""Which marks are writing, and which are dirt, edges of the page, lines, shadows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.reading.marks import Marks, grain

__all__ = ["MOST", "TOO_MANY", "digit_size", "near_rim", "sieve"]

TOUCH = 3  # pixels: what comes so near to the rim touches it
BAND = 0.35  # of a digit: what lies within such a band along the rim of the page is its edge
LONG = 2.5  # digits: what runs along the rim for so long is an edge too
LINE = 3.0  # digits: a stroke so long and straight is a line
LARGE = 6.0  # digits: what is so large in both directions is a picture or a frame
THIN = 0.3  # of a digit: the most that a line may deviate from straight
SPECK = 0.22  # of a digit: what is smaller is a dot or dirt, unless it all but touches a mark
NEAR = 0.1  # of a digit: so near a piece of a broken stroke is
LEAST_DIGIT = 6  # pixels: what is lower on a page cannot be read
FAINT = 0.4  # of the usual ink: what is fainter shines through, or is the shadow of a fold
CLEAR = 6.0  # sigmas of the grain around it: of a million pixels of grain none reaches so far
BLURRED = 0.08  # of its level is lost within a pixel, at an edge of one pixel's ink (see `sieve`)
MOST = 1500  # marks, each compared with each; a full page has a few hundred digits
TOO_MANY = "smallest marks"
SMALLEST_BLURRED = 100  # pixels of the page: in a smaller image every edge is sharp


def digit_size(marks: Marks) -> float:
    """About how high a digit is, in pixels: the size that most of the ink belongs to.

    Of a mark that is much longer than wide, but no straight stroke, the shorter side counts: it is
    several digits that touch.

    >>> from digitscope.reading.marks import no_marks
    >>> digit_size(no_marks((9, 9)))
    0.0
    """
    if not len(marks):
        return 0.0
    longer, shorter = marks.boxes[:, 2:].max(axis=1), marks.boxes[:, 2:].min(axis=1)
    touching = (longer > 2 * shorter) & (marks.thickness > 3 * marks.width)
    size = np.where(touching, np.maximum(shorter, longer / 4), longer).astype(np.float64)
    order = np.argsort(size)
    weight = np.cumsum((marks.area * np.minimum(marks.level, 255))[order])
    return float(size[order][np.searchsorted(weight, 0.5 * weight[-1])])


def near_rim(marks: Marks, paper: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How far from the rim of the paper each mark's farthest pixel lies, and -1 if none touches.

    In pixels, [n]. `paper` is bool [h, w]; the rim of the picture is a rim of the paper too.
    """
    import cv2

    height, width = paper.shape
    if paper.all():
        down, across = np.arange(height), np.arange(width)
        depth = None
    else:
        framed = np.pad(paper.astype(np.uint8), 1)
        depth = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1]
    found = np.full(len(marks), -1.0)
    for i, (x, y, w, h) in enumerate(marks.boxes):
        if depth is None and min(x, y, width - x - w, height - y - h) >= TOUCH:
            continue
        mine = marks.names[y : y + h, x : x + w] == marks.ids[i]
        if depth is None:
            rows = np.minimum(down[y : y + h] + 1, height - down[y : y + h])
            columns = np.minimum(across[x : x + w] + 1, width - across[x : x + w])
            own = np.minimum(rows[:, None], columns[None])[mine]
        else:
            own = depth[y : y + h, x : x + w][mine]
        if own.min() <= TOUCH:
            found[i] = own.max()
    return found


def sieve(marks: Marks, bright: Images, paper: NDArray[np.bool_]) -> tuple[Marks, dict[str, int]]:
    """The marks that may be writing, and how many were left out for which reason.

    Everything is measured in digits of this page (see `digit_size`), which is measured once more
    when edges and lines are out. Small marks stay if they are as large as a small zero; which of
    them belong to a line is seen later.
    """
    out: dict[str, int] = {}
    if not len(marks):
        return marks, out
    if max(paper.shape) >= SMALLEST_BLURRED:
        clear = marks.level >= CLEAR * grain(bright, marks)
        out["grains of paper"] = int((~clear).sum())
        marks = marks.take(clear)
        if not len(marks):
            return marks, out
        marks = _without(marks, marks.sharp < BLURRED, "blurred shadows", out)
    for _ in range(2):
        if len(marks) < 2:
            break
        size = digit_size(marks)
        longer, thickness = marks.size, marks.thickness
        reach = near_rim(marks, paper)
        along = longer > LONG * size
        edges = (reach >= 0) & ((reach < BAND * size) | (along & (reach < 1.5 * size)))
        lines = (longer > LINE * size) & (thickness < max(THIN * size, 1.5))
        huge = marks.boxes[:, 2:].min(axis=1) > LARGE * size
        drop = edges | lines | huge
        if drop.all():
            break
        out["edges of the page"] = out.get("edges of the page", 0) + int(edges.sum())
        out["long lines"] = out.get("long lines", 0) + int((lines & ~edges).sum())
        out["large shapes"] = out.get("large shapes", 0) + int((huge & ~lines & ~edges).sum())
        marks = marks.take(~drop)
    if not len(marks):
        return marks, out
    size = digit_size(marks)
    usual = _weighted_median(marks.level, marks.area * (marks.size > 0.4 * size))
    marks = _without(marks, marks.level < FAINT * usual, "faint traces", out)
    specks = (marks.size < SPECK * size) & ~_beside(marks, NEAR * size, SPECK * size)
    marks = _without(marks, specks, "specks", out)
    if max(paper.shape) >= SMALLEST_BLURRED and digit_size(marks) < LEAST_DIGIT:
        out["specks"] = out.get("specks", 0) + len(marks)
        marks = marks.take(np.zeros(len(marks), np.bool_))
    if len(marks) > MOST:
        smallest = np.ones(len(marks), np.bool_)
        smallest[np.argsort(-marks.area, kind="stable")[:MOST]] = False
        marks = _without(marks, smallest, TOO_MANY, out)
    return marks, {reason: count for reason, count in out.items() if count}


def _without(marks: Marks, drop: NDArray[np.bool_], reason: str, out: dict[str, int]) -> Marks:
    if drop.all():
        return marks
    out[reason] = out.get(reason, 0) + int(drop.sum())
    return marks.take(~drop)


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, 0.5 * total[-1])])


def _beside(marks: Marks, gap: float, least: float) -> NDArray[np.bool_]:
    """Whether each mark's box is within `gap` pixels of the ink of a mark of size `least`."""
    import cv2

    if not (marks.size < least).any():
        return np.zeros(len(marks), np.bool_)
    large = marks.take(marks.size >= least)
    chosen = np.zeros(int(marks.names.max()) + 1, np.uint8)
    chosen[large.ids] = 1
    away = cv2.distanceTransform(1 - chosen[marks.names], cv2.DIST_L2, 3)
    found = np.zeros(len(marks), np.bool_)
    for i in np.flatnonzero(marks.size < least):
        x, y, w, h = marks.boxes[i]
        found[i] = away[y : y + h, x : x + w].min() <= max(gap, 1.5)
    return found
