"""Strings of digits, composed from single ones: what reading numbers is measured on.

The composer, so that anyone can build the same: a string has 3 to 6 digits, each drawn with
replacement. A digit keeps its pixels and its height in MNIST's field of 28 rows, moved up or down
by at most `jitter` rows. Of its columns those with ink are taken, and the next digit begins `gap`
columns behind the last of them; where two meet, the darker ink of each pixel counts. The gaps
depend on the kind of the string:

    no-overlap   1 to 8 columns of paper between the boxes of neighbouring digits
    overlap      the boxes share 1 to 4 columns; the ink may touch, cross, or stay apart
    touching     each digit is pushed to the left until its ink meets its neighbour's

A margin of 4 pixels of paper surrounds the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Images, Labels
from digitscope.errors import SettingError, nearest
from digitscope.preparation.results import Box

__all__ = ["GAPS", "KINDS", "ComposedString", "compose", "compose_strings"]

GAPS = {"no-overlap": (1, 8), "overlap": (-4, -1)}  # columns, both ends included
KINDS = ("no-overlap", "overlap", "touching")
LENGTHS = (3, 6)
JITTER = 1  # rows
MARGIN = 4  # pixels
INK = 128  # from here on a pixel counts as ink where strings are pushed together


@dataclass(frozen=True, eq=False)
class ComposedString:
    """One string: its image uint8 [h, w] (ink 255 on paper 0), its text, kind, and its digits.

    A box is x, y, width, height in pixels of the image, around all ink of that digit; `inks` has
    what lies in it of that digit alone, uint8 [height, width].
    """

    image: Images
    label: str
    kind: str
    boxes: tuple[Box, ...]
    inks: tuple[Images, ...]


def compose_strings(
    n: int,
    rng: np.random.Generator,
    images: Images,
    labels: Labels,
    kinds: Sequence[str] = KINDS,
    lengths: tuple[int, int] = LENGTHS,
    jitter: int = JITTER,
) -> list[ComposedString]:
    """`n` strings of the digits `images` [m, 28, 28], the kinds in turn; the seed fixes them all.

    SettingError for an unknown kind, or lengths that are none.

    >>> from digitscope.data.mnist import load_mnist
    >>> strings = compose_strings(3, np.random.default_rng(0), *load_mnist("test"))
    >>> [(s.label, s.kind) for s in strings]
    [('455314', 'no-overlap'), ('45574', 'overlap'), ('294155', 'touching')]
    """
    for kind in kinds:
        if kind not in KINDS:
            raise SettingError(f"unknown kind of strings {kind!r}: {nearest(kind, KINDS)}")
    if not kinds or not 1 <= lengths[0] <= lengths[1]:
        raise SettingError(
            f"strings need a kind and lengths from 1 on, got {list(kinds)} and {lengths}: "
            f"try kinds {list(KINDS)} and lengths {LENGTHS}"
        )
    return [_draw(kinds[i % len(kinds)], rng, images, labels, lengths, jitter) for i in range(n)]


def _draw(
    kind: str,
    rng: np.random.Generator,
    images: Images,
    labels: Labels,
    lengths: tuple[int, int],
    jitter: int,
) -> ComposedString:
    """One string of a kind; every amount is drawn, in this order, from the generator."""
    length = int(rng.integers(lengths[0], lengths[1] + 1))
    chosen = rng.integers(0, len(images), length)
    rows = rng.integers(-jitter, jitter + 1, length)
    low, high = GAPS.get(kind, (0, 0))
    gaps = rng.integers(low, high + 1, length - 1)
    digits = [_moved(images[i], int(dy)) for i, dy in zip(chosen, rows, strict=True)]
    image, boxes = compose(digits, None if kind == "touching" else [int(g) for g in gaps])
    inks = tuple(_cropped(digit) for digit in digits)
    return ComposedString(image, "".join(str(labels[i]) for i in chosen), kind, boxes, inks)


def compose(digits: Sequence[Images], gaps: Sequence[int] | None) -> tuple[Images, tuple[Box, ...]]:
    """Digits uint8 [h, w] of one height, side by side with these gaps between their boxes.

    No gaps (None) pushes each one to the left until it touches. Returns the image and the boxes.

    >>> one = np.full((3, 2), 255, np.uint8)
    >>> image, boxes = compose([one, one], [1])
    >>> image.shape, boxes
    ((11, 13), ((4, 4, 2, 3), (7, 4, 2, 3)))
    """
    inks = [_columns(digit) for digit in digits]
    height, room = inks[0].shape[0], sum(ink.shape[1] for ink in inks)
    page = np.zeros((height, room + sum(max(0, gap) for gap in gaps or ())), np.uint8)
    boxes: list[Box] = []
    left, end = 0, 0
    for i, ink in enumerate(inks):
        width = ink.shape[1]
        if i:
            left = _meeting(page, ink, end) if gaps is None else end + gaps[i - 1]
            left = max(boxes[-1][0] + 1, left)  # a digit never hides in front of the last one
        part = page[:, left : left + width]
        np.maximum(part, ink, out=part)
        rows = np.flatnonzero(ink.max(axis=1))
        boxes.append((left, int(rows[0]), width, int(rows[-1] - rows[0]) + 1))
        end = max(end, left + width)
    framed = np.pad(page[:, :end], MARGIN)
    return framed, tuple((x + MARGIN, y + MARGIN, w, h) for x, y, w, h in boxes)


def _moved(digit: Images, rows: int) -> Images:
    """The digit [28, 28] moved down by so many rows; what leaves the field was paper."""
    return np.roll(digit, rows, axis=0)


def _columns(digit: Images) -> Images:
    """The columns from the first with ink to the last; one column of paper if there is none."""
    columns = np.flatnonzero(digit.max(axis=0))
    return digit[:, columns[0] : columns[-1] + 1] if len(columns) else digit[:, :1]


def _cropped(digit: Images) -> Images:
    """The digit without the paper around it."""
    ink = _columns(digit)
    rows = np.flatnonzero(ink.max(axis=1))
    return ink[rows[0] : rows[-1] + 1] if len(rows) else ink[:1]


def _meeting(page: Images, ink: Images, end: int) -> int:
    """The column at which `ink`, coming from the right, first touches the ink on the page."""
    import cv2

    near = cv2.dilate((page >= INK).astype(np.uint8), np.ones((3, 3), np.uint8))
    sure = ink >= INK
    for left in range(end, 0, -1):
        part = near[:, left : left + ink.shape[1]]
        if (part[:, : ink.shape[1]] * sure[:, : part.shape[1]]).any():
            return left
    return end
