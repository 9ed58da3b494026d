"""Frames: rectangles that thin lines enclose, found in a mask of ink.

A frame is five numbers: x and y of its middle, its width and height in pixels, and by how much it
is turned, in radians, clockwise, at most an eighth of a circle. Many are an array [n, 5].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frames", "alike", "axes", "corners", "find_frames", "no_frames", "within"]

Frames = NDArray[np.float64]  # [n, 5]

SMALLEST, LARGEST = 12, 0.95  # pixels, and of the page's longer side: the sides of a frame
FULL = 0.92  # of the rectangle around it a frame fills; an oval has 0.79
ALIKE, LEAST_ALIKE = 0.1, 3.0  # of a side, and pixels: frames of one size differ by no more
PARALLEL = np.radians(3)


def find_frames(mask: NDArray[np.uint8]) -> tuple[Frames, Frames]:
    """The frames whose inside is paper, and those around pieces of ink; of a mask uint8 [h, w].

    >>> mask = np.zeros((60, 80), np.uint8)
    >>> mask[10:51, [10, 70]] = mask[[10, 50], 10:71] = 1
    >>> insides, outsides = find_frames(mask)
    >>> insides.round(1).tolist(), outsides.round(1).tolist()
    ([[40.0, 30.0, 60.0, 40.0, 0.0]], [[40.0, 30.0, 60.0, 40.0, 0.0]])
    """
    import cv2

    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found: tuple[list[Frames], list[Frames]] = ([], [])
    for contour, (_, _, _, around) in zip(contours, tree[0] if contours else (), strict=True):
        frame = _frame(np.asarray(contour, np.int32), LARGEST * max(mask.shape))
        if frame is not None:
            found[0 if around >= 0 else 1].append(frame)
    insides, outsides = (np.array(some).reshape(-1, 5) for some in found)
    return insides, outsides


def _frame(contour: NDArray[np.int32], largest: float) -> Frames | None:
    """The frame [5] that a contour is; None for what is none. Dents do not count."""
    import cv2

    if min(cv2.boundingRect(contour)[2:]) < SMALLEST:
        return None
    (x, y), (w, h), angle = cv2.minAreaRect(contour)
    if min(w, h) < SMALLEST or max(w, h) > largest:
        return None
    if cv2.contourArea(cv2.convexHull(contour)) < FULL * w * h:
        return None
    quarters = round(angle / 90)  # OpenCV's angles are of whichever side is the lowest
    if quarters % 2:
        w, h = h, w
    return np.array([x, y, w, h, np.radians(angle - 90 * quarters)])


def no_frames() -> Frames:
    """None at all."""
    return np.empty((0, 5))


def axes(frame: Frames) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The directions [2] along a frame's width, and down its height."""
    along = np.array([np.cos(frame[4]), np.sin(frame[4])])
    return along, np.array([-along[1], along[0]])


def corners(frame: Frames) -> NDArray[np.float64]:
    """A frame's corners [4, 2], clockwise from the upper left."""
    along, down = axes(frame)
    across, high = frame[2] / 2 * along, frame[3] / 2 * down
    return np.asarray(
        frame[:2] + np.array([-across - high, across - high, across + high, high - across])
    )


def alike(frame: Frames, others: Frames) -> NDArray[np.bool_]:
    """Which of the others [n, 5] have the size of a frame [5], and lie as it does."""
    size = frame[2:4]
    near = np.abs(others[:, 2:4] - size) < np.maximum(ALIKE * size, LEAST_ALIKE)
    return np.asarray(near.all(axis=1) & (np.abs(others[:, 4] - frame[4]) < PARALLEL))


def within(place: NDArray[np.float64], frames: Frames, part: float = 1.0) -> NDArray[np.bool_]:
    """Which of the frames [n, 5] have a place (x, y) in that part of them around their middles."""
    off = place - frames[:, :2]
    cos, sin = np.cos(frames[:, 4]), np.sin(frames[:, 4])
    across, down = off[:, 0] * cos + off[:, 1] * sin, off[:, 1] * cos - off[:, 0] * sin
    return np.asarray(
        (np.abs(across) < part * frames[:, 2] / 2) & (np.abs(down) < part * frames[:, 3] / 2)
    )
