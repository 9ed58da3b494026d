"""Printed lines: how one is looked at across, and painted over where no ink crosses it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images

__all__ = ["FAINTEST", "REACH", "PrintedLine", "erase", "read_band"]

REACH = 9  # pixels across a line that are looked at
FAINTEST = 6  # grey levels above paper
DARKER_INK = 1.4  # what is so much darker than the line is ink above it
LONGEST = 30_000  # pixels: OpenCV samples no picture of more than 32,767 a side


@dataclass(frozen=True, eq=False)
class PrintedLine:
    """One line: its points float64 [n, 2] (x, y), a pixel apart, and the normal float64 [2].

    Its `width` in pixels, its `level` of grey, and on what part of its way it is seen.
    """

    points: NDArray[np.float64]
    normal: NDArray[np.float64]
    width: float
    level: float
    covered: float


def read_band(
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    normal: NDArray[np.float64],
    reach: float,
    step: float = 1.0,
) -> NDArray[np.float32]:
    """The picture along a line, float32 [n, m]: a row a point, a column each step across it.

    Columns go from -reach to reach. Beyond the picture its edge goes on.
    """
    across = np.arange(-reach, reach + step / 2, step)
    x, y = (points[:, axis, None] + across * normal[axis] for axis in (0, 1))
    parts = [slice(i, i + LONGEST) for i in range(0, max(1, len(points)), LONGEST)]
    return np.concatenate([_sampled(image, x[part], y[part]) for part in parts])


def _sampled(
    image: NDArray[np.uint8], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float32]:
    """What stands at these places, mixed of the pixels around; only their part is handed on."""
    import cv2

    left, right = _span(x, image.shape[1])
    top, bottom = _span(y, image.shape[0])
    places = [(x - left).astype(np.float32), (y - top).astype(np.float32)]
    part = image[top:bottom, left:right]
    found = cv2.remap(part, places[0], places[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _span(places: NDArray[np.float64], end: int) -> tuple[int, int]:
    """The pixels that places along one axis lie between, of those from 0 to `end`."""
    first, last = int(np.floor(places.min())), int(np.ceil(places.max()))
    return min(max(first, 0), end - 1), min(max(last + 1, 1), end)


def erase(free: Images, line: PrintedLine, paper: float, fading: bool = True) -> None:
    """Paint over the line's pixels in `free` what stands right above and below them.

    That is paper mostly, and ink where a stroke crosses; ink on one side only fades, or else ends
    before the line, as does another line beside it. What is much darker than the line stays.
    Where two ruled lines cross, the second finds the first one gone.
    """
    half = float(np.ceil(line.width / 2)) + 0.5
    band = read_band(free, line.points, line.normal, half + 1.5, 0.5)
    across = np.arange(-half, half + 0.1, 0.5)
    inner = band[:, 3:-3]
    above, below = band[:, :2].mean(axis=1), band[:, -2:].mean(axis=1)
    share = (across + half + 0.5) / (2 * half + 1)
    between = above[:, None] * (1 - share) + below[:, None] * share
    if not fading:
        between = np.broadcast_to(np.minimum(above, below)[:, None], inner.shape)
    ink = paper + DARKER_INK * (line.level - paper)
    tones = np.rint(np.where(inner > ink, inner, np.minimum(inner, between)))
    onward = np.array([line.normal[1], -line.normal[0]])
    level = np.abs(line.normal).max() > 0.98  # no pixel is skipped
    first, step = (1, 2) if level else (0, 1)
    for ahead in (0.0,) if level else (0.0, 0.5):
        for column, off in list(enumerate(across))[first::step]:
            spots = line.points + off * line.normal + ahead * onward
            x, y = np.floor(spots + 0.5).astype(np.intp).T
            inside = (x >= 0) & (y >= 0) & (x < free.shape[1]) & (y < free.shape[0])
            x, y = x[inside], y[inside]
            free[y, x] = np.minimum(free[y, x], tones[inside, column])
