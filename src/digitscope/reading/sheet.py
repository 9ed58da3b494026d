"""A sheet of paper on a desk: found by its outline, and set straight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.reading.outline import find_outline
from digitscope.reading.strip import Matrix

__all__ = ["Sheet", "at_centres", "find_sheet", "whole"]

RIM = 0.015  # of the picture's longer side: a side so near to the picture's rim is cut off by it
INSET = 0.006  # of the sheet's size is cut off at an edge: the edge itself, and what it throws
SMALLEST = 100  # pixels: a smaller picture shows no sheet on a desk, but a scrap of one
NEARLY_ALL = 0.9  # of the picture: a sheet so large is only cut out, not warped


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet, set straight: its grey, where it is paper, and the way back.

    `grey` is uint8 [h, w], `paper` bool [h, w], false for what is desk. `to_picture` is the
    homography float64 [3, 3] from its pixels to those of the picture. `outline` is float64 [4, 2],
    the corners (x, y) in the picture, or None where the sheet is the whole picture.
    """

    grey: Images
    paper: NDArray[np.bool_]
    to_picture: Matrix
    outline: NDArray[np.float64] | None


def whole(grey: Images) -> Sheet:
    """A picture in which no edge of a sheet shows.

    >>> bool(whole(np.zeros((20, 30), np.uint8)).paper.all())
    True
    """
    return Sheet(grey, np.ones(grey.shape, np.bool_), np.eye(3), None)


def find_sheet(pixels: Images, grey: Images) -> Sheet:
    """The sheet in uint8 [h, w, 3] or [h, w] with its grey [h, w]; the whole picture if none shows.

    A sheet seen at an angle is warped, as if it were seen from above; one that fills the picture
    but for a strip of desk is only freed from the strip.

    >>> desk = np.full((200, 300), 40, np.uint8)
    >>> desk[30:170, 50:250] = 220
    >>> sheet = find_sheet(desk, desk)
    >>> bool(np.abs(np.array(sheet.grey.shape) - [140, 200]).max() <= 2)
    True
    """
    found = find_outline(pixels, grey) if min(grey.shape) >= SMALLEST else None
    if found is None:
        return whole(grey)
    corners, region = found
    if _area(corners) >= NEARLY_ALL * grey.size:
        paper = _inset(region > 127, corners, np.eye(3), grey.shape)
        return Sheet(grey, paper, np.eye(3), corners)
    return _straightened(grey, corners, region)


def _area(corners: NDArray[np.float64]) -> float:
    x, y = corners.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _straightened(grey: Images, corners: NDArray[np.float64], region: Images) -> Sheet:
    """The sheet seen from above, its sides as long as the longer of each two in the picture."""
    import cv2

    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    w, h = (max(8, round(float(max(sides[i], sides[i + 2])))) for i in (0, 1))
    goal = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    to_picture = np.asarray(
        cv2.getPerspectiveTransform(goal, corners.astype(np.float32)), np.float64
    )
    view = np.linalg.inv(at_centres(to_picture))
    straight = np.asarray(
        cv2.warpPerspective(
            grey, view, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )
    paper = cv2.warpPerspective(region, view, (w, h), flags=cv2.INTER_LINEAR) > 127
    return Sheet(straight, _inset(paper, corners, to_picture, grey.shape), to_picture, corners)


def _inset(
    paper: NDArray[np.bool_],
    corners: NDArray[np.float64],
    to_picture: Matrix,
    shape: tuple[int, ...],
) -> NDArray[np.bool_]:
    """Paper without its edges, but for those that the rim of the picture cuts off."""
    import cv2

    inset = 2 + round(INSET * max(paper.shape))
    top, right, bottom, left = (inset * cut for cut in _cut_by_rim(corners, shape))
    mask = cv2.copyMakeBorder(
        paper.astype(np.uint8), top, bottom, left, right, cv2.BORDER_REPLICATE
    )
    kernel = np.ones((2 * inset + 1, 2 * inset + 1), np.uint8)
    mask = cv2.erode(mask, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(mask[top : top + paper.shape[0], left : left + paper.shape[1]] > 0)


def _cut_by_rim(corners: NDArray[np.float64], shape: tuple[int, ...]) -> list[bool]:
    """Whether each side (top, right, bottom, left) lies on the rim of the picture."""
    near = RIM * max(shape) + 2
    found = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        (x, y), (u, v) = start, end
        width, height = shape[1], shape[0]
        away = (max(x, u), max(y, v), width - min(x, u), height - min(y, v))
        found.append(bool(min(away) < near))
    return found


def at_centres(matrix: Matrix) -> Matrix:
    """The same homography for coordinates that count a pixel's centre as whole, as OpenCV does."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    return np.asarray(np.linalg.inv(half) @ matrix @ half)
