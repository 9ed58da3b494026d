"""What pens, lenses and paper do to a stroke: thicker or thinner, blurred, grainy.

Each takes images uint8 [n, 28, 28] and an amount for each, float32 [n, 1, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images

Amounts = NDArray[np.float32]


def stroke(images: Images, amounts: Amounts, rng: np.random.Generator) -> Images:
    """Thicken (above 0) or thin (below): at 1 by a pixel on every side.

    A stroke that thinning would wear away keeps half of its ink.
    """
    import cv2

    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    strip = _strip(images)
    thick = _back(cv2.dilate(strip, cross), images)
    thin = np.maximum(_back(cv2.erode(strip, cross), images), images // 2)
    other = np.where(amounts > 0, thick, thin).astype(np.float32)
    return _rounded(images + np.abs(amounts) * (other - images))


def blur(images: Images, amounts: Amounts, rng: np.random.Generator) -> Images:
    """Out of focus: at 1 as a Gaussian of one pixel; an amount below 0 leaves it sharp."""
    import cv2

    soft = _back(cv2.GaussianBlur(_strip(images), (0, 0), 1.0), images).astype(np.float32)
    return _rounded(images + np.maximum(amounts, 0) * (soft - images))


def grain(images: Images, amounts: Amounts, rng: np.random.Generator) -> Images:
    """A pencil on rough paper: the ink loses up to the amount here and there."""
    n, h, w = images.shape
    coarse = rng.random((n, h // 2, w // 2), np.float32).repeat(2, axis=1).repeat(2, axis=2)
    fine = rng.random((n, h, w), np.float32)
    return _rounded(images * (1 - np.maximum(amounts, 0) * (coarse + fine) / 2))


PEN: dict[str, Callable[[Images, Amounts, np.random.Generator], Images]] = {
    "stroke": stroke,
    "blur": blur,
    "grain": grain,
}


def _strip(images: Images) -> Images:
    """All images below each other, two blank rows and columns around each, for one call."""
    return np.pad(images, ((0, 0), (2, 2), (2, 2))).reshape(-1, images.shape[2] + 4)


def _back(strip: NDArray[Any], images: Images) -> Images:
    n, h, w = images.shape
    return np.asarray(strip, np.uint8).reshape(n, h + 4, w + 4)[:, 2:-2, 2:-2]


def _rounded(values: NDArray[np.float32]) -> Images:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
