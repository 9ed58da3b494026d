"""Marks: pieces of ink that hang together, each with what can be measured of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.levels import LEAST_CONTRAST, Levels, measure

__all__ = ["Marks", "find_marks", "grain", "ink_levels", "no_marks", "smooth", "strengthen"]

LEAST_CLARITY = 7  # contrast over noise; the peaks of mere noise reach 6
FAINTEST = 14  # grey levels of ink above paper on a page: 5 % of the light, less than any pencil
QUIET = 12  # contrast over noise from which on nothing need be smoothed
SMALLEST_NOISY = 100  # pixels; a smaller image would lose its strokes by smoothing
BRIDGED = 24  # pixels: from this size of marks on a gap of two pixels is no gap
GRAIN = 0.9  # pixels: the sigma that calms paper's grain and leaves thin strokes
SURE, EDGE = 0.35, 0.22  # of the contrast: pencil beside a pen is still ink; so is a soft edge
SMALL_EDGE = 0.1  # of the contrast, in an image as small as MNIST's own
FULL = 80  # percentile of a mark's pixels that is its full ink
BLOCK = 40  # pixels: over so many grain is measured
HALF_MEAN = 0.325  # the mean of the smaller half of |x|, for a Gaussian of sigma 1
NEARLY_FULL = 240  # from which on ink is left as it is
MOST = 20_000  # marks: more are no writing, and would take for ever


@dataclass(frozen=True, eq=False)
class Marks:
    """n marks of a page. Lengths are in pixels, places are (x, y).

    `names` is int32 [h, w], the number of the mark each pixel belongs to, 0 for paper; `ids` int
    [n] are the numbers in use. Of each mark: `boxes` int [n, 4] (x, y, w, h), `area` [n] in
    pixels, `centre` float64 [n, 2], its `spread` float64 [n, 2, 2] (the covariance of its
    pixels), the `width` of its stroke [n], its `level` [n] (full ink, grey levels above paper),
    and how `sharp` [n] its edge is (the share of its level that is lost within a pixel).
    """

    names: NDArray[np.int32]
    ids: NDArray[np.intp]
    boxes: NDArray[np.intp]
    area: NDArray[np.float64]
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    width: NDArray[np.float64]
    level: NDArray[np.float64]
    sharp: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size(self) -> NDArray[np.float64]:
        """The longer side of each mark's box, [n]."""
        return np.asarray(self.boxes[:, 2:].max(axis=1, initial=0), np.float64)

    def extent(self, direction: NDArray[np.float64]) -> NDArray[np.float64]:
        """How long each mark is along a unit vector, [n], as if its ink were spread evenly."""
        return (
            np.sqrt(12 * np.maximum(np.einsum("i,nij,j->n", direction, self.spread, direction), 0))
            + 1
        )

    @property
    def thickness(self) -> NDArray[np.float64]:
        """How far each mark reaches across its own longest direction, [n]."""
        half = np.trace(self.spread, axis1=1, axis2=2) / 2
        root = np.sqrt(np.maximum(half**2 - np.linalg.det(self.spread), 0))
        return np.asarray(np.sqrt(12 * np.maximum(half - root, 0)) + 1)

    def take(self, which: NDArray[Any]) -> Marks:
        """The marks that a mask bool [n] or indices choose; the others' pixels stay in `names`."""
        parts = ("ids", "boxes", "area", "centre", "spread", "width", "level", "sharp")
        return replace(self, **{part: getattr(self, part)[which] for part in parts})


def no_marks(shape: tuple[int, ...]) -> Marks:
    """The marks of a blank page."""
    none = np.zeros(0)
    boxes, ids = np.zeros((0, 4), np.intp), np.zeros(0, np.intp)
    spread = np.zeros((0, 2, 2))
    names = np.zeros(shape, np.int32)
    return Marks(names, ids, boxes, none, np.zeros((0, 2)), spread, none, none, none)


def ink_levels(bright: Images, paper: NDArray[np.bool_]) -> Levels | None:
    """Paper, noise and contrast of bright ink, uint8 [h, w], where `paper` is true.

    None if nothing stands out: the page is blank.

    >>> ink_levels(np.zeros((50, 50), np.uint8), np.ones((50, 50), np.bool_)) is None
    True
    """
    tones = bright[paper]
    if not len(tones):
        return None
    levels = measure(tones)
    least = LEAST_CONTRAST if bright.size < SMALLEST_NOISY**2 else FAINTEST
    blank = levels.contrast < max(least, LEAST_CLARITY * levels.noise)
    return None if blank else levels


def smooth(bright: Images, paper: NDArray[np.bool_]) -> tuple[Images, float]:
    """Calm the grain of a noisy page; returns it, uint8 [h, w], and the sigma used, 0 for none.

    >>> smooth(np.zeros((20, 20), np.uint8), np.ones((20, 20), np.bool_))[1]
    0.0
    """
    import cv2

    if max(bright.shape) < SMALLEST_NOISY or not paper.any():
        return bright, 0.0
    levels = measure(bright[paper])
    if levels.contrast >= QUIET * levels.noise:
        return bright, 0.0
    return np.asarray(cv2.GaussianBlur(bright, (0, 0), GRAIN), np.uint8), GRAIN


def _edge(levels: Levels, side: int) -> float:
    share = float(np.clip(SMALL_EDGE + (side - 28) / 500, SMALL_EDGE, EDGE))
    return levels.paper + max(3 * levels.noise, share * levels.contrast)


def find_marks(bright: Images, levels: Levels) -> Marks:
    """All marks in bright ink uint8 [h, w]: ink hangs together from its edge to its sure inside.

    >>> page = np.zeros((50, 50), np.uint8)
    >>> page[10:40, 20:24] = page[5:9, 30:40] = 200
    >>> marks = find_marks(page, Levels(paper=0, noise=0, contrast=200))
    >>> marks.boxes.tolist(), marks.area.tolist()
    ([[30, 5, 10, 4], [20, 10, 4, 30]], [40.0, 120.0])
    """
    wide = (bright > _edge(levels, max(bright.shape))).astype(np.uint8)
    names = _named(wide)
    count = int(names.max()) + 1
    sure = bright > max(levels.floor, levels.paper + SURE * levels.contrast)
    certain = np.bincount(names[sure].ravel(), minlength=count)
    certain[0] = 0
    ids = np.flatnonzero(certain >= 2 if max(bright.shape) >= SMALLEST_NOISY else certain)
    if len(ids) > MOST:
        ids = np.sort(ids[np.argsort(-certain[ids], kind="stable")[:MOST]])
    if not len(ids):
        return no_marks(bright.shape)
    return _measured(bright, names, ids, levels.paper)


def _named(wide: NDArray[np.uint8]) -> NDArray[np.int32]:
    """A number for each piece of ink, int32 [h, w]; strokes that fade for two pixels are one.

    Not where digits are so small that two pixels may part them.
    """
    import cv2

    _, names, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=8)
    area = stats[1:, cv2.CC_STAT_AREA]
    longer = stats[1:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(axis=1, initial=0)
    order = np.argsort(longer)
    total = np.cumsum(area[order])
    if not len(total) or longer[order][np.searchsorted(total, total[-1] / 2)] < BRIDGED:
        return np.asarray(names, np.int32)
    _, joined = cv2.connectedComponents(cv2.dilate(wide, np.ones((3, 3), np.uint8)))
    return np.asarray(joined * wide, np.int32)


def _measured(
    bright: Images,
    names: NDArray[Any],
    ids: NDArray[np.intp],
    paper: float,
) -> Marks:
    import cv2

    place = np.zeros(int(names.max()) + 1, np.intp)
    place[ids] = np.arange(1, len(ids) + 1)
    rows, columns = np.nonzero(names)
    owner = place[names[rows, columns]]
    inside = owner > 0
    rows, columns, owner = rows[inside], columns[inside], owner[inside] - 1
    n = len(ids)
    area = np.bincount(owner, minlength=n).astype(np.float64)
    x, y = (np.bincount(owner, axis, n) / area for axis in (columns, rows))
    u, v = columns - x[owner], rows - y[owner]
    xx, xy, yy = (np.bincount(owner, product, n) / area for product in (u * u, u * v, v * v))
    spread = np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)
    depth = cv2.distanceTransform((names > 0).astype(np.uint8), cv2.DIST_L2, 3)[rows, columns]
    width = 4 * np.bincount(owner, depth, n) / area - 1  # of a bar: mean depth is w/4 + 1/4
    tones = bright[rows, columns].astype(np.float64) - paper
    level = _percentile(tones, owner, area, FULL)
    edge = depth < 1.5
    slope = (
        np.hypot(cv2.Sobel(bright, cv2.CV_32F, 1, 0), cv2.Sobel(bright, cv2.CV_32F, 0, 1))[
            rows, columns
        ]
        / 8
    )
    edges = np.maximum(np.bincount(owner[edge], minlength=n), 1)
    sharp = np.bincount(owner[edge], slope[edge], n) / edges / np.maximum(level, 1)
    boxes = _boxes(rows, columns, owner, n)
    return Marks(names, ids, boxes, area, np.stack([x, y], -1) + 0.5, spread, width, level, sharp)


def _boxes(
    rows: NDArray[np.intp], columns: NDArray[np.intp], owner: NDArray[np.intp], n: int
) -> NDArray[np.intp]:
    """The boxes [n, 4] (x, y, w, h) of the pixels of each owner."""
    sides = []
    for axis in (columns, rows):
        low, high = np.full(n, np.iinfo(np.intp).max), np.zeros(n, np.intp)
        np.minimum.at(low, owner, axis)
        np.maximum.at(high, owner, axis)
        sides.append((low, high + 1 - low))
    (x, w), (y, h) = sides
    return np.stack([x, y, w, h], axis=1)


def _percentile(
    values: NDArray[np.float64], owner: NDArray[np.intp], area: NDArray[np.float64], rank: float
) -> NDArray[np.float64]:
    """The percentile of each mark's own values, [n]."""
    order = np.lexsort((values, owner))
    start = np.concatenate([[0], np.cumsum(area)[:-1]])
    return np.asarray(values[order][(start + rank / 100 * (area - 1)).astype(np.intp)])


def strengthen(bright: Images, levels: Levels, marks: Marks) -> Images:
    """The ink of these marks alone, uint8 [h, w]: paper 0, each mark's full ink 255, grey edges.

    One pixel around the marks is kept too: it holds the palest part of their edges.

    >>> page = np.zeros((20, 20), np.uint8)
    >>> page[5:15, 9:11] = 130
    >>> levels = Levels(paper=0, noise=0, contrast=130)
    >>> int(strengthen(page, levels, find_marks(page, levels)).max())
    255
    """
    import cv2

    if not len(marks):
        return np.zeros_like(bright)
    full = np.zeros(int(marks.names.max()) + 1, np.float32)
    full[marks.ids] = np.where(marks.level >= NEARLY_FULL, 255, np.maximum(marks.level, 1))
    scale = full[marks.names]
    around = cv2.dilate(scale, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero(around)
    own, near = scale[rows, columns], around[rows, columns]
    foreign = (marks.names[rows, columns] > 0) & (own == 0)
    share = np.float32(255) / np.where(own > 0, own, near)
    tones = np.clip((bright[rows, columns] - np.float32(levels.paper)) * share, 0, 255)
    ink = np.zeros_like(bright)
    ink[rows, columns] = np.where(foreign, 0, np.rint(tones))
    return ink


def grain(bright: Images, marks: Marks) -> NDArray[np.float64]:
    """The sigma of the paper's grain around each mark, in grey levels, [n].

    Grain differs over a page: dividing by the light makes it coarser in a shadow. The calmer
    half of a block of pixels tells it from the edges of ink, which are the minority.

    >>> page = np.zeros((50, 50), np.uint8)
    >>> page[10:40, 20:24] = 200
    >>> levels = Levels(paper=0, noise=0, contrast=200)
    >>> grain(page, find_marks(page, levels)).tolist()
    [0.0]
    """
    import cv2

    away = cv2.absdiff(bright, np.asarray(cv2.blur(bright, (7, 7)), np.uint8))
    rows, columns = (max(side // BLOCK, 1) for side in bright.shape)
    high, wide = bright.shape[0] // rows, bright.shape[1] // columns
    blocks = away[: rows * high : 2, : columns * wide : 2]
    high, wide = blocks.shape[0] // rows, blocks.shape[1] // columns
    blocks = blocks[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
    # Grey levels are whole numbers: the mean of the smaller half is finer than the median.
    ordered = np.sort(blocks.swapaxes(1, 2).reshape(rows, columns, -1), axis=2)
    half = ordered[..., : ordered.shape[2] // 2 + 1].mean(axis=2) / HALF_MEAN
    half = cv2.medianBlur(half.astype(np.float32), 3)  # dense writing has calmer paper beside it
    place = marks.centre[:, ::-1] / [2 * high, 2 * wide]
    y, x = np.minimum(place.astype(np.intp), [rows - 1, columns - 1]).T
    return np.asarray(half[y, x], np.float64)
