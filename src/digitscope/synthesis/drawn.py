"""Digits as other hands than MNIST's write them: drawn whole, or MNIST's with a stroke added."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.field import BOX, frame
from digitscope.synthesis.glyphs import ADDED, DIGITS, parse_glyph
from digitscope.synthesis.strokes import crop, draw, unsteady

THINNEST, WIDEST = 0.035, 0.16  # pens, in parts of the digit's height


def drawn_digit(digit: int, rng: np.random.Generator) -> Images:
    """One of the ways to write a digit, uint8 [28, 28] in MNIST's frame.

    >>> drawn_digit(7, np.random.default_rng(0)).shape
    (28, 28)
    """
    forms = DIGITS[digit]
    glyph = parse_glyph(forms[rng.integers(len(forms))])
    return draw(unsteady(glyph, rng), rng.uniform(THINNEST, WIDEST))


def with_added_stroke(image: Images, digit: int, rng: np.random.Generator) -> Images:
    """An image of MNIST [28, 28] with an upstroke or foot on its 1, a bar through its 7, a slash
    through its 0; the others as they are.

    >>> image = np.zeros((28, 28), np.uint8)
    >>> image[4:24, 13:15] = 255
    >>> with_added_stroke(image, 1, np.random.default_rng(0)).shape
    (28, 28)
    """
    import cv2

    if digit not in ADDED:
        return image
    scale, margin = 4, 16
    large = np.pad(cv2.resize(crop(image), None, fx=scale, fy=scale), margin * scale)
    height = large.shape[0] / scale - 2 * margin
    width = large.shape[1] / scale - 2 * margin
    # A 1 has no width to speak of: its strokes are measured by its height.
    size = np.array([height * 0.6 if digit == 1 else width, height])
    forms = ADDED[digit]
    glyph = parse_glyph(forms[rng.integers(len(forms))])
    ends = {}
    if digit == 1:
        ink = large[margin * scale : -margin * scale].astype(np.float64)
        near = max(1, len(ink) // 8)
        ends = {"top": _column(ink[:near]), "foot": _column(ink[-near:])}
    lines = []
    for part in glyph:
        points = part.points + rng.normal(0, 0.05, part.points.shape)
        if digit == 1:
            points[:, 0] -= 0.5
            middle = ends["foot" if part.points[0, 1] > 0.9 else "top"]
            places = points * size * scale + [middle, margin * scale]
        else:
            places = (points * size + margin) * scale
        lines.append(np.rint(places * 16).astype(np.int32))
    pen = max(2, round(2 * scale * float(large.sum() / 255) / _edge(large)))
    cv2.polylines(large, lines, False, 255, pen, cv2.LINE_AA, 4)
    return frame(crop(np.asarray(large, np.uint8)))


def _column(ink: NDArray[np.float64]) -> float:
    """The column in which the mean of the ink lies."""
    mass = ink.sum(axis=0)
    return float(mass @ np.arange(len(mass)) / max(mass.sum(), 1e-9))


def _edge(ink: NDArray[Any]) -> float:
    """The length of the ink's edge in small pixels; ink over half of it is the stroke's width."""
    import cv2

    contours, _ = cv2.findContours(
        (ink > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    return max(float(BOX), sum(cv2.arcLength(c, True) for c in contours)) * 4
