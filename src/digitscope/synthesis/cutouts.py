"""Digits cut out of strings, as a reader of numbers meets them: cut well, or in the wrong place.

Where digits touch or overlap no cut is clean: a bit of the neighbour comes along, or a bit of the
digit stays behind. What is still mostly one digit is that digit; what is not is none.
"""

from __future__ import annotations

import numpy as np

from digitscope.arrays import Images, Labels
from digitscope.preparation.field import frame
from digitscope.synthesis.strings import compose

__all__ = ["alone", "cutout"]

CLEAN, SPOILT = 0.8, 0.6  # agreement with the digit's ink: from here on it is one, below it is none
CLOSE = (-5, 2)  # columns between the boxes of neighbours
LEANING = (-0.1, 0.5)  # columns to the right a row upwards
TRIES = 200
FAR = 12  # columns by which a wrong cut is off at most


def cutout(rng: np.random.Generator, pool: tuple[Images, Labels]) -> tuple[Images, int | None]:
    """What two cuts leave of a composed string, uint8 [28, 28], and which digit that is, or None.

    `pool` holds real digits, uint8 [n, 28, 28], and which they are.

    >>> from digitscope.data.mnist import load_mnist
    >>> image, digit = cutout(np.random.default_rng(0), load_mnist("test"))
    >>> image.shape, digit
    ((28, 28), 4)
    """
    images, labels = pool
    for _ in range(TRIES):
        chosen = rng.integers(0, len(labels), 3)
        ends = int(rng.integers(0, 2)), int(rng.integers(2, 4))
        chosen = chosen[ends[0] : ends[1]]
        digits = [np.roll(images[i], int(rng.integers(-1, 2)), axis=0) for i in chosen]
        gaps = [int(gap) for gap in rng.integers(CLOSE[0], CLOSE[1] + 1, len(digits) - 1)]
        page, boxes = compose(digits, None if rng.random() < 0.3 else gaps)
        inks = [alone(digit, box, page.shape) for digit, box in zip(digits, boxes, strict=True)]
        own = _between(page.shape, boxes, int(rng.integers(len(boxes))), rng)
        found = _agreement(page, inks, own)
        best = int(np.argmax(found))
        image = page * own
        if (found[best] >= CLEAN or found[best] < SPOILT) and (image >= 128).sum() >= 8:
            rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
            cropped = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            return frame(cropped), int(labels[chosen[best]]) if found[best] >= CLEAN else None
    return images[chosen[0]], int(labels[chosen[0]])  # a pool of digits without ink


def alone(digit: Images, box: tuple[int, int, int, int], shape: tuple[int, ...]) -> Images:
    """One digit [28, 28] where it stands in a string, without its neighbours, on a page as large.

    >>> digit = np.zeros((28, 28), np.uint8)
    >>> digit[4:24, 13:15] = 255
    >>> alone(digit, (5, 8, 2, 20), (36, 40)).sum() == digit.sum()
    np.True_
    """
    x, y, w, h = box
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    page = np.zeros(shape, np.uint8)
    if not len(rows):
        return page
    page[y : y + h, x : x + w] = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return page


def _between(
    shape: tuple[int, ...],
    boxes: tuple[tuple[int, int, int, int], ...],
    which: int,
    rng: np.random.Generator,
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """The pixels between two cuts around a digit, near its ends or far off."""
    height, width = shape
    below = height // 2 - np.arange(height)[:, None]
    x, _, w, _ = boxes[which]
    left = x if which == 0 else (x + sum(boxes[which - 1][:3:2])) / 2
    right = x + w if which == len(boxes) - 1 else (x + w + boxes[which + 1][0]) / 2
    spread = FAR / 2 if rng.random() < 0.5 else 1.0
    places = [left + rng.normal(0, spread), right + rng.normal(0, spread)]
    slopes = rng.uniform(*LEANING, 2)
    columns = np.arange(width)[None]
    own = np.ones(shape, bool)
    if which > 0 or spread > 1:
        own &= columns >= np.rint(places[0] + slopes[0] * below)
    if which < len(boxes) - 1 or spread > 1:
        own &= columns < np.rint(places[1] + slopes[1] * below)
    return own


def _agreement(
    page: Images, inks: list[Images], own: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> list[float]:
    """How well the cut out ink agrees with each digit: the part of either that is in the other."""
    total = max(1.0, float((page * own).sum(dtype=np.float64)))
    shared = [float((ink * own).sum(dtype=np.float64)) for ink in inks]
    return [
        min(part / max(1.0, float(ink.sum(dtype=np.float64))), part / total)
        for part, ink in zip(shared, inks, strict=True)
    ]
