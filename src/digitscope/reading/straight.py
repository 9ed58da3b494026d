"""A row of marks set straight: the strip of ink from which its digits are read."""

from __future__ import annotations

import numpy as np

from digitscope.arrays import Images
from digitscope.reading.lines import Row
from digitscope.reading.marks import Marks
from digitscope.reading.sheet import at_centres
from digitscope.reading.strip import Matrix, Strip

__all__ = ["cut_strip"]

LEVEL = 1.0  # degrees: less slope is left as it is, and no pixel is sampled anew
UNSURE = 5.0  # degrees: so much slope may be chance where a row has few digits,
DRIFT = 0.25  # heights of a digit: and is left as it is if the row climbs no more from end to end
HIGH = 80  # pixels: higher digits are shrunk
GOAL = 56  # pixels: to about so much
LOW = 40  # pixels: lower digits are enlarged, at most twice, where they have to be turned
MARGIN = 2  # pixels of paper around the ink


def cut_strip(ink: Images, marks: Marks, row: Row, to_page: Matrix, leaning: bool = False) -> Strip:
    """The ink of one row, upright, left to right; `to_page` is the way from `ink` to the page.

    Where a row lies level (or at a whole quarter), pixels are copied; else they are turned. Where
    digits stand upright on a slanted line (`leaning`), the line is sheared instead.
    """
    quarters, rest = row.quarter, row.slope
    own, origin = _own_ink(ink, marks, row)
    high = _height(marks, row)
    drift = own.shape[1 - quarters % 2] * np.tan(np.radians(abs(rest)))
    if abs(rest) < LEVEL or (abs(rest) < UNSURE and drift < DRIFT * high):
        strip, back = _copied(own, quarters)
    else:
        scale = min(2.0, max(1.0, LOW / high))
        level = _rotation(90.0 * quarters) if leaning else _rotation(row.angle)
        if leaning:
            level = np.array([[1, 0], [-np.tan(np.radians(rest)), 1]]) @ level
        strip, back = _warped(own, scale * level)
        high *= scale
    if high > HIGH:
        strip, smaller = _shrunk(strip, GOAL / high)
        back = back @ smaller
    shift = np.array([[1, 0, origin[0]], [0, 1, origin[1]], [0, 0, 1]], np.float64)
    return Strip(strip, np.asarray(to_page @ shift @ back))


def _height(marks: Marks, row: Row) -> float:
    """About how high the row's digits are: the upper half of its marks decides."""
    across = np.radians(row.angle + 90)
    tall = marks.take(np.array(row.marks)).extent(np.array([np.cos(across), np.sin(across)]))
    return float(np.percentile(tall, 70))


def _own_ink(ink: Images, marks: Marks, row: Row) -> tuple[Images, tuple[int, int]]:
    """The ink of the row's marks with a margin of paper, and where it was cut out (x, y)."""
    import cv2

    boxes = marks.boxes[list(row.marks)]
    left, top = (int(boxes[:, i].min()) for i in (0, 1))
    right, bottom = (int((boxes[:, i] + boxes[:, i + 2]).max()) for i in (0, 1))
    names = marks.names[top:bottom, left:right]
    chosen = np.zeros(int(names.max()) + 1, np.uint8)
    chosen[marks.ids[list(row.marks)]] = 1
    mine = chosen[names]
    edge = cv2.dilate(mine, np.ones((3, 3), np.uint8)) * ((names == 0) | (mine > 0))
    own = np.where(edge > 0, ink[top:bottom, left:right], np.uint8(0))
    own = np.pad(own, MARGIN)
    return own, (left - MARGIN, top - MARGIN)


def _copied(own: Images, quarters: int) -> tuple[Images, Matrix]:
    """Turned counter-clockwise by whole quarters, and the way back."""
    height, width = own.shape
    back = {
        0: [[1, 0, 0], [0, 1, 0]],
        1: [[0, -1, width], [1, 0, 0]],
        2: [[-1, 0, width], [0, -1, height]],
        3: [[0, 1, 0], [-1, 0, height]],
    }[quarters % 4]
    turned = np.ascontiguousarray(np.rot90(own, quarters))
    return turned, np.array([*back, [0, 0, 1]], np.float64)


def _rotation(angle: float) -> Matrix:
    """What ran at `angle` degrees (x towards y) runs level after it: float64 [2, 2]."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return np.array([[c, s], [-s, c]])


def _warped(own: Images, level: Matrix) -> tuple[Images, Matrix]:
    """Warped by a matrix [2, 2] of (x, y), cut to its ink, and the way back."""
    import cv2

    height, width = own.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ level.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    forth = np.eye(3)
    forth[:2, :2], forth[:2, 2] = level, -low
    w, h = (int(np.ceil(side)) for side in high - low)
    view = at_centres(forth)[:2]
    way = cv2.INTER_CUBIC if abs(np.linalg.det(level)) > 1.01 else cv2.INTER_LINEAR
    turned = np.asarray(cv2.warpAffine(own, view, (w, h), flags=way), np.uint8)
    rows, columns = (np.flatnonzero((turned > 8).any(axis=axis)) for axis in (1, 0))
    top, left = max(int(rows[0]) - MARGIN, 0), max(int(columns[0]) - MARGIN, 0)
    strip = turned[top : int(rows[-1]) + 1 + MARGIN, left : int(columns[-1]) + 1 + MARGIN]
    shift = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], np.float64)
    return np.ascontiguousarray(strip), np.linalg.inv(forth) @ shift


def _shrunk(strip: Images, scale: float) -> tuple[Images, Matrix]:
    """Shrunk by averaging, and the way back."""
    import cv2

    height, width = strip.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, np.diag([width / size[0], height / size[1], 1.0])
