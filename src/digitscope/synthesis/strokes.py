"""Strokes: lines and curves of a pen, as points, and how they become an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.field import frame

Points = NDArray[np.float64]  # [k, 2]: x to the right, y downwards, a glyph fills about 0..1

CANVAS = 192  # pixels a side
HEIGHT = 80  # pixels from y = 0 to y = 1: four times what is left of them in MNIST's box
PARTS = 8  # straight pieces between two points of a curve


@dataclass(frozen=True, eq=False)
class Stroke:
    """Where a pen goes: from point to point, or in a smooth curve through them."""

    points: Points
    curved: bool

    def path(self) -> Points:
        """The points of the line itself."""
        return smooth(self.points) if self.curved else self.points


def smooth(points: Points) -> Points:
    """A curve through the points: a Catmull-Rom spline, [(k - 1) * 8 + 1, 2].

    Source: E. Catmull, R. Rom, A class of local interpolating splines, 1974.

    >>> smooth(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]])).shape
    (17, 2)
    """
    P = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    a, b, c, d = (P[i : len(P) - 3 + i, None] for i in range(4))
    t = np.linspace(0, 1, PARTS, endpoint=False)[None, :, None]
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])


def draw(strokes: Sequence[Points], width: float) -> Images:
    """The strokes by a pen of `width` (in parts of the glyph's height), in MNIST's frame.

    >>> draw([np.array([[0.5, 0.0], [0.5, 1.0]])], 0.1).shape
    (28, 28)
    """
    return frame(crop(paint(strokes, width)))


def paint(strokes: Sequence[Points], width: float) -> Images:
    """The same on a canvas, uint8 [192, 192], ink 255 on paper 0."""
    import cv2

    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    margin = (CANVAS - HEIGHT) / 2
    fixed = [np.rint((stroke * HEIGHT + margin) * 16).astype(np.int32) for stroke in strokes]
    cv2.polylines(canvas, fixed, False, 255, max(1, round(width * HEIGHT)), cv2.LINE_AA, 4)
    return canvas


def crop(image: Images) -> Images:
    """The image without the empty rows and columns around its ink; one pixel of an empty image.

    >>> crop(np.pad(np.full((2, 3), 9, np.uint8), 5)).shape
    (2, 3)
    """
    rows, columns = np.flatnonzero(image.max(axis=1)), np.flatnonzero(image.max(axis=0))
    if not len(rows):
        return image[:1, :1]
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def unsteady(strokes: Sequence[Stroke], rng: np.random.Generator) -> list[Points]:
    """The lines of strokes as a hand varies them: points a little off, slant, proportions, turn.

    >>> [line.shape for line in unsteady([Stroke(np.eye(2), False)], np.random.default_rng(0))]
    [(2, 2)]
    """
    sigma = rng.uniform(0.01, 0.06)
    angle = np.radians(rng.normal(0, 5))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    slant = np.array([[1, 0], [-rng.normal(0.12, 0.18), 1]])
    wide = np.diag([np.exp(rng.normal(-0.3, 0.25)), 1.0])
    M = wide @ slant @ turn
    moved = [replace(s, points=s.points + rng.normal(0, sigma, s.points.shape)) for s in strokes]
    return [(stroke.path() - 0.5) @ M + 0.5 for stroke in moved]
