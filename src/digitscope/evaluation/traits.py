"""What can be measured of a digit: its pen, its shape, and the image that it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Images
from digitscope.preparation import Preparation
from digitscope.preparation.levels import measure
from digitscope.preparation.paper import rim_range

__all__ = ["OF_IMAGES", "SHAPES", "Trait", "aspect", "slant", "stroke_width"]

INK = 128  # grey from which on a pixel counts as ink
FINER = 4  # by so much an image is enlarged before its strokes are measured


@dataclass(frozen=True)
class Trait:
    """A name, its unit, and what is said of images where it is lower, or higher, than wanted."""

    name: str
    unit: str
    lower: str
    higher: str


def stroke_width(image: Images) -> float:
    """How wide the strokes are on uint8 [28, 28], in pixels: twice the distance to the paper along
    the middle of the strokes, their median.

    >>> image = np.zeros((28, 28), np.uint8)
    >>> image[4:24, 12:16] = 255
    >>> round(stroke_width(image))
    4
    """
    import cv2

    large = cv2.resize(image, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR)
    far = cv2.distanceTransform((large >= INK).astype(np.uint8), cv2.DIST_L2, 5)
    ridge = (far > 1) & (far >= cv2.dilate(far, np.ones((3, 3), np.uint8)) - 0.1)
    return float(2 * np.median(far[ridge]) / FINER) if ridge.any() else 0.0


def aspect(image: Images) -> float:
    """Width over height of the ink of uint8 [28, 28].

    >>> image = np.zeros((28, 28), np.uint8)
    >>> image[4:24, 9:19] = 255
    >>> aspect(image)
    0.5
    """
    rows, columns = (np.flatnonzero((image >= INK).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 1.0
    return float((columns[-1] - columns[0] + 1) / (rows[-1] - rows[0] + 1))


def slant(image: Images) -> float:
    """By how many degrees the ink of uint8 [28, 28] leans to the right: the shear that undoes the
    moment of its columns and rows.

    >>> upright = np.zeros((28, 28), np.uint8)
    >>> upright[4:24, 13:15] = 255
    >>> slant(upright)
    0.0
    """
    ink = image.astype(np.float64)
    total = max(float(ink.sum()), 1e-9)
    ys, xs = np.mgrid[: image.shape[0], : image.shape[1]]
    ys, xs = ys - (ink * ys).sum() / total, xs - (ink * xs).sum() / total
    shear = -float((ink * xs * ys).sum()) / max(float((ink * ys * ys).sum()), 1e-9)
    return float(np.degrees(np.arctan(shear))) + 0.0


# Of the prepared image: compared with the training data.
SHAPES: dict[Trait, Callable[[Images], float]] = {
    Trait("stroke width", "px of 20", "thinner", "thicker"): stroke_width,
    Trait("slant", "degrees", "more to the left", "more to the right"): slant,
    Trait("aspect", "width/height", "narrower", "wider"): aspect,
}


def _height(preparation: Preparation) -> float:
    return float(max(preparation.box[2:]))


def _contrast(preparation: Preparation) -> float:
    return measure(_step(preparation, "noise")).contrast


def _noise(preparation: Preparation) -> float:
    levels = measure(_step(preparation, "polarity"))
    return levels.noise


def _light(preparation: Preparation) -> float:
    return rim_range(_step(preparation, "grey"))


def _step(preparation: Preparation, name: str) -> Images:
    return next(step.image for step in preparation.steps if step.name == name)


# Of the image that it came from: compared with what the preparation can bear.
OF_IMAGES: dict[Trait, Callable[[Preparation], float]] = {
    Trait("size of the digit", "px", "smaller", "larger"): _height,
    Trait("contrast", "of 255", "fainter", "stronger"): _contrast,
    Trait("noise", "of 255", "quieter", "noisier"): _noise,
    Trait("light", "of 255", "more even", "less even"): _light,
}
