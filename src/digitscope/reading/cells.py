"""Cells of forms: the frames drawn around single digits or whole numbers, found and taken out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.levels import measure
from digitscope.reading.ruling import FAINTEST, REACH, Ruling, erase, read_band

__all__ = ["find_cells", "without_cells"]

Corners = NDArray[np.float64]  # [4, 2]: (x, y), one after another

SMALLEST, LARGEST = 12, 0.95  # pixels, and of the page's longer side: the sides of a cell
MOST, SQUARED = 200, 0.4  # cells, and of the paper: squared paper has more, and its lines are ruled
SQUARE_AREA = 0.03  # of the paper: a square of squared paper is smaller
SQUARE = 0.92  # of the rectangle around it the inside of a cell fills; an oval has 0.79
MIDDLE = 0.7  # of a cell's sides: what stands in there is written in it
WRITTEN = 0.01  # of that middle is ink
LEVELS = (1, 3, 8)  # times the least that is more than grain: where frames are looked for
SAME = 4.0  # pixels between the middles of a cell that was found twice
ALIKE = 0.3  # of a side: an empty cell differs by no more from one with ink in it
STRAIGHT, EVEN = 0.75, 1.7  # so much of each side is seen; so much darker is one than another
SEEN = 0.5  # of its way a side of a cell stands out from both of its sides


def without_cells(bright: Images, paper: NDArray[np.bool_]) -> tuple[Images, int]:
    """Bright ink uint8 [h, w] without the frames of cells, and how many cells there were.

    >>> page = np.zeros((80, 120), np.uint8)
    >>> page[20:61, [20, 50, 80]] = page[[20, 60], 20:81] = 120
    >>> page[30:50, 34:37] = 220
    >>> free, cells = without_cells(page, np.ones((80, 120), np.bool_))
    >>> cells, int(free[40, 35]), int(free[20, 30]), int(free[40, 50])
    (2, 220, 0, 0)
    """
    cells, frames = find_cells(bright, paper)
    if not cells:
        return bright, 0
    level = measure(bright[paper]).paper
    free = bright.copy()
    for corners in [*cells, *frames]:
        for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            line = _side(bright, start, end)
            if line is not None:
                erase(free, line, level)
    return free, len(cells)


def find_cells(bright: Images, paper: NDArray[np.bool_]) -> tuple[list[Corners], list[Corners]]:
    """The insides of cells in bright ink uint8 [h, w], rectangles of paper that thin lines enclose,
    and the outlines around them.

    One cell at least has ink in its middle: the paper in an 8 of straight strokes has none. Those
    without ink that are of the same size are cells, too; and so are outlines of that size, whose
    inside a digit parts.
    """
    import cv2

    if not paper.any():
        return [], []
    levels = measure(bright[paper])
    least = max(FAINTEST, 3 * levels.noise)
    thin = cv2.morphologyEx(bright, cv2.MORPH_TOPHAT, np.ones((2 * REACH, 2 * REACH), np.uint8))
    holes, outlines, around = list[Corners](), list[Corners](), list[Corners]()
    written = list[Corners]()
    for times in LEVELS:  # faint frames show at the first, and touch what is near them
        mask = ((thin > times * least) & paper).astype(np.uint8)
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        pairs = _rectangles(np.asarray(closed, np.uint8))
        if _is_squared([inside for inside, _ in pairs if inside is not None], float(paper.sum())):
            return [], []
        for inside, outline in pairs:
            if inside is None:
                if outline is not None and len(outlines) < MOST and not _known(outline, outlines):
                    outlines.append(outline)
            elif not _known(inside, holes) and _is_framed(bright, inside):
                holes.append(inside)
                around += [] if outline is None else [outline]
                written += [inside] if _has_ink(mask, inside) else []
    written = [corners for corners in written if not _is_part(corners, holes)]
    cells = [corners for corners in holes if written and _alike(corners, written)]
    if not cells:
        return [], []
    middles = np.array([corners.mean(axis=0) for corners in cells])
    frames = [c for c in outlines if _alike(c, written) and not _known(c, cells)]
    frames += [c for c in around if _surrounds(c, middles) and not _known(c, frames)]
    return cells, frames


def _is_squared(holes: list[Corners], paper: float) -> bool:
    """Whether there are so many, or so much of the paper is within them, that they are squares."""
    small = [area for area in map(_area, holes) if area < SQUARE_AREA * paper]
    return len(holes) > MOST or sum(small) > SQUARED * paper


def _rectangles(mask: NDArray[np.uint8]) -> list[tuple[Corners | None, Corners | None]]:
    """Of a mask of ink the holes that are rectangles, each with the outline around it if that is a
    rectangle; and, without a hole, the outlines.
    """
    import cv2

    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return []
    found = [_rectangle(np.asarray(contour, np.int32), mask.shape) for contour in contours]
    outer = tree[0][:, 3]
    pairs: list[tuple[Corners | None, Corners | None]] = []
    for i, corners in enumerate(found):
        if corners is not None:
            pairs.append((None, corners) if outer[i] < 0 else (corners, found[outer[i]]))
    return pairs


def _is_framed(bright: Images, corners: Corners) -> bool:
    """Whether all four sides are straight lines of one darkness: two strokes that reach from one
    ruled line to the next make no cell.
    """
    every = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    sides = [_side(bright, start, end) for start, end in every]
    levels = [side.level for side in sides if side is not None and side.covered > STRAIGHT]
    return len(levels) == 4 and max(levels) < EVEN * min(levels)


def _is_part(corners: Corners, others: list[Corners]) -> bool:
    """Whether a rectangle is what a stroke parts off another: they have one side in common."""
    own = _area(corners)
    return any(
        _area(other) > 1.2 * own
        and (np.linalg.norm(corners[:, None] - other, axis=2).min(axis=1) < 2 * SAME).sum() == 2
        for other in others
    )


def _surrounds(outline: Corners, middles: NDArray[np.float64]) -> bool:
    """Whether one of the places lies within an outline."""
    import cv2

    contour = outline.astype(np.float32)
    return any(cv2.pointPolygonTest(contour, (float(x), float(y)), False) > 0 for x, y in middles)


def _known(corners: Corners, others: list[Corners]) -> bool:
    """Whether a rectangle is one of the others, but for a few pixels."""
    middles = np.array(others).reshape(-1, 4, 2).mean(axis=1)
    near = np.abs(middles - corners.mean(axis=0)).max(axis=1) < SAME
    return any(_alike(corners, [others[i]]) for i in np.flatnonzero(near))


def _rectangle(contour: NDArray[np.int32], shape: tuple[int, ...]) -> Corners | None:
    """The corners of the rectangle that a contour is, else None; dents do not count."""
    import cv2

    _, _, w, h = cv2.boundingRect(contour)
    if min(w, h) < SMALLEST:
        return None
    middle, size, angle = cv2.minAreaRect(contour)
    full = cv2.contourArea(cv2.convexHull(contour)) >= SQUARE * size[0] * size[1]
    if not full or min(size) < SMALLEST or max(size) > LARGEST * max(shape):
        return None
    return np.asarray(cv2.boxPoints((middle, size, angle)), np.float64)


def _alike(corners: Corners, others: list[Corners]) -> bool:
    """Whether a rectangle has the size of one of the others."""
    own, size = (np.sort(_sizes(np.stack(some)), axis=1) for some in ([corners], others))
    return bool((np.abs(own - size) < ALIKE * size).all(axis=1).any())


def _area(corners: Corners) -> float:
    return float(np.prod(_sizes(corners[None])))


def _sizes(rectangles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Both sides of rectangles [n, 4, 2]: [n, 2]."""
    return np.asarray(np.linalg.norm(np.diff(rectangles[:, :3], axis=1), axis=2))


def _has_ink(mask: NDArray[np.uint8], corners: Corners) -> bool:
    """Whether something is written in the middle of a rectangle."""
    import cv2

    inner = corners.mean(axis=0) + MIDDLE * (corners - corners.mean(axis=0))
    x, y = np.floor(inner.min(axis=0)).astype(int)
    right, bottom = np.ceil(inner.max(axis=0)).astype(int) + 1
    part = mask[max(0, y) : bottom, max(0, x) : right]
    inside = np.zeros_like(part)
    cv2.fillConvexPoly(inside, np.rint(inner - [max(0, x), max(0, y)]).astype(np.int32), 1)
    return bool(part[inside > 0].mean() > WRITTEN) if inside.any() else False


def _side(bright: Images, start: NDArray[np.float64], end: NDArray[np.float64]) -> Ruling | None:
    """The line along one side of a cell, a little beyond its corners; None where none is seen."""
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    normal = np.array([-along[1], along[0]])
    points = start + np.arange(-REACH / 2, length + REACH / 2)[:, None] * along
    across = read_band(bright, points, normal, REACH)
    profile = np.median(across, axis=0)
    peak = int(profile.argmax())
    floor = float(max(profile[:3].min(), profile[-3:].min()))
    top = float(profile[peak])
    if top - floor < FAINTEST / 2:
        return None
    above = profile - floor > 0.5 * (top - floor)
    first, last = peak, peak
    while first > 0 and above[first - 1]:
        first -= 1
    while last < len(above) - 1 and above[last + 1]:
        last += 1
    seen = float(np.mean(across[:, peak] - floor > 0.5 * (top - floor)))
    if seen < SEEN or last - first + 1 > REACH:
        return None
    off = (first + last) / 2 - REACH
    return Ruling(points + off * normal, normal, float(last - first + 1), top, seen)
