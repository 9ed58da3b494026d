"""Segments among their neighbours, as a reader of numbers meets them: one digit, or none, and pale
around it what else stands in the line.

Strings are composed, cut in every way that reading cuts them, and some of the segments taken.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from digitscope.arrays import Images, Labels
from digitscope.preparation.surroundings import surrounded
from digitscope.reading.blots import find_blots
from digitscope.reading.segments import LOWEST, body, find_nodes, own_ink, spans
from digitscope.synthesis.cutouts import alone
from digitscope.synthesis.strings import compose
from digitscope.synthesis.strokes import crop

__all__ = ["neighbours"]

LENGTHS = (2, 5)  # digits of a string
CLOSE = (-5, 5)  # columns between the boxes of neighbours
TOUCHING = 0.15  # of the strings: every digit is pushed to the left until it touches
ROWS, TOP = 44, 4  # of a string, and above its digits: room for long tails
UNEVEN = 3  # rows up or down
OTHERS = 0.35  # of the digits: higher or lower, wider or narrower than the rest
HEIGHTS, WIDTHS = (0.75, 1.7), (0.8, 1.2)  # of those
SIZES = (0.7, 2.5)  # of the strings, against MNIST's
RESIZED = 0.6  # of the strings
EACH = 6  # digits of a string that are taken at most, and as many segments that are none
CLEAN, SPOILT = 0.78, 0.62  # agreement with a digit's ink: from here on it is one, below it is none
TRIES = 200  # strings, one after another, of which there is nothing to take
WIDEST = 1.8  # heights of a digit
INK, LEAST = 128, 8  # pixels so dark, and how many of them a segment has at least


def neighbours(
    n: int, rng: np.random.Generator, pool: tuple[Images, Labels], none: int
) -> tuple[Images, Labels]:
    """`n` segments, uint8 [n, 28, 28], and their labels: those of `pool`, or `none`.

    `pool` holds digits, uint8 [m, 28, 28], and their labels.

    >>> from digitscope.data.mnist import load_mnist
    >>> images, labels = neighbours(8, np.random.default_rng(0), load_mnist("test"), 10)
    >>> images.shape, sorted(set(labels.tolist()))
    ((8, 28, 28), [4, 5, 10])
    """
    images: list[Images] = []
    labels: list[int] = []
    vain = 0
    while len(images) < n and vain < TRIES:
        before = len(images)
        for image, label in _of_a_string(rng, pool):
            images.append(image)
            labels.append(none if label is None else label)
        vain = vain + 1 if len(images) == before else 0
    for i in range(n - len(images)):  # a pool with hardly any ink
        images.append(pool[0][i % len(pool[0])])
        labels.append(int(pool[1][i % len(pool[1])]))
    order = rng.permutation(len(images))[:n]
    return np.stack(images)[order], np.array(labels, np.uint8)[order]


def _of_a_string(
    rng: np.random.Generator, pool: tuple[Images, Labels]
) -> Iterator[tuple[Images, int | None]]:
    """A few segments of one string, and which digit each is, if one."""
    page, inks, labels = _string(rng, pool)
    blots = find_blots(page)
    if not len(blots):
        return
    nodes = find_nodes(page, blots, np.ones(len(blots), bool))
    ends = [(a, b) for a, b, _ in spans(blots, nodes)]
    rng.shuffle(ends)
    wanted = {True: EACH, False: EACH}
    for between in ends:
        box, own = own_ink(page, blots, nodes, between)
        low = box[3] < LOWEST * blots.height or (own >= INK).sum() < LEAST
        if low or box[2] > WIDEST * blots.height:
            continue
        agreement, best = _agreement(own, box, inks)
        clean = agreement >= CLEAN
        if (not clean and agreement >= SPOILT) or not wanted[clean]:
            continue
        wanted[clean] -= 1
        trunk, place = body(own, box, blots.height)
        yield surrounded(page, trunk, place), int(labels[best]) if clean else None
        if not any(wanted.values()):
            return


def _string(
    rng: np.random.Generator, pool: tuple[Images, Labels]
) -> tuple[Images, list[Images], Labels]:
    """A string [h, w], each of its digits alone on as large a page, and their labels."""
    images, labels = pool
    length = int(rng.integers(LENGTHS[0], LENGTHS[1] + 1))
    chosen = rng.integers(0, len(labels), length)
    digits = [_in_line(images[i], rng) for i in chosen]
    gaps = [int(gap) for gap in rng.integers(CLOSE[0], CLOSE[1] + 1, length - 1)]
    page, boxes = compose(digits, None if rng.random() < TOUCHING else gaps)
    inks = [alone(digit, box, page.shape) for digit, box in zip(digits, boxes, strict=True)]
    if rng.random() < RESIZED:
        scale = rng.uniform(*SIZES)
        page = _resized(page, scale, None)
        inks = [_resized(ink, scale, page.shape[::-1]) for ink in inks]
    return page, inks, labels[chosen]


def _in_line(digit: Images, rng: np.random.Generator) -> Images:
    """The ink of a digit [28, 28] on ROWS rows: many hands let a 7 or a 9 hang far below the line,
    and write a 0 small.
    """
    import cv2

    ink = crop(digit)
    above = TOP + int(rng.integers(-UNEVEN, UNEVEN + 1))
    if rng.random() < OTHERS:
        height = max(3, round(len(ink) * rng.uniform(*HEIGHTS)))
        width = max(2, round(ink.shape[1] * rng.uniform(*WIDTHS)))
        above += int(rng.uniform(0, max(1, len(ink) - height)))
        ink = np.asarray(cv2.resize(ink, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    ink = ink[: ROWS - above]
    page = np.zeros((ROWS, ink.shape[1]), np.uint8)
    page[above : above + len(ink)] = ink
    return page


def _resized(image: Images, scale: float, size: tuple[int, ...] | None) -> Images:
    """The image by a factor, or to about as much, that many pixels wide and high."""
    import cv2

    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, fx=scale, fy=scale, interpolation=how), np.uint8)


def _agreement(
    own: Images, box: tuple[int, int, int, int], inks: list[Images]
) -> tuple[float, int]:
    """How well a segment agrees with the digit it has most of, and which that is: the smaller part
    of the ink of either that is in the other.
    """
    x, y, w, h = box
    total = max(1.0, float(own.sum(dtype=np.float64)))
    found = []
    for ink in inks:
        shared = float((ink[y : y + h, x : x + w] * (own > 0)).sum(dtype=np.float64))
        found.append(shared / max(total, float(ink.sum(dtype=np.float64))))
    best = int(np.argmax(found))
    return found[best], best
