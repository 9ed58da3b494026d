"""Crops: what the network was given, as pictures that a person can look at and label.

Whoever labels them wants them large and dark on white; whoever trains on them wants the very
pixels that the network was given. Both are had by whole blocks of equal pixels.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.field import FIELD
from digitscope.reading.tree import Digit

__all__ = ["COLUMNS", "crop_name", "from_crop", "to_crop"]

BLOCK = 4  # pixels a side that stand for one of the network's
COLUMNS = ("file", "label", "guess", "confidence", "image", "line", "number", "digit")
LONGEST_STEM = 60  # characters of the image's name that a crop's name begins with


def to_crop(image: Images) -> Images:
    """uint8 [28, 28], ink 255 on paper 0, as a picture [112, 112], dark on white.

    >>> to_crop(np.zeros((28, 28), np.uint8)).shape
    (112, 112)
    """
    return np.kron(255 - image, np.ones((BLOCK, BLOCK), np.uint8))


def from_crop(pixels: NDArray[np.uint8]) -> Images | None:
    """The network's own pixels of such a picture, or None of any other.

    >>> image = np.zeros((28, 28), np.uint8)
    >>> image[4:24, 13:15] = 200
    >>> bool((from_crop(to_crop(image)) == image).all()), from_crop(image)
    (True, None)
    """
    if pixels.shape != (BLOCK * FIELD, BLOCK * FIELD):
        return None
    small = pixels[::BLOCK, ::BLOCK]
    image: Images = 255 - small
    return image if (to_crop(image) == pixels).all() else None


def crop_name(stem: str, line: int, number: int, place: int, digit: Digit) -> str:
    """The name of a crop: its image, line, number and digit (from 1), the guess, how sure in %.

    >>> digit = Digit("7", 7, 0.618, (0, 0, 9, 9), (), np.zeros((28, 28), np.uint8))
    >>> crop_name("page one", 2, 1, 4, digit)
    'page-one_2_1_4_is-7_61.png'
    """
    guess, confidence = digit.guess
    word = guess if guess.isdigit() else "none"
    stem = re.sub(r"[^\w.-]+", "-", stem)[:LONGEST_STEM].strip("-.") or "image"
    return f"{stem}_{line}_{number}_{place}_is-{word}_{int(100 * confidence):02d}.png"
