"""Strings of digits, composed from single ones: what reading numbers is measured on.

The composer, so that anyone can build the same: a string has 3 to 6 digits, each drawn with
replacement. A digit keeps its pixels and its height in MNIST's field of 28 rows, moved up or down
by at most one row. Of its columns those with ink are taken, and the next digit begins `gap`
columns behind the last of them, each gap drawn from -4 to 8: from a fifth of a digit's box of 20
pixels over its neighbour to two fifths away from it. Two boxes share at most a quarter of the
narrower one, rounded down: a 1 that lies in another digit is not to be seen. Where two meet, the
darker ink of each pixel counts. A margin of 4 pixels of paper surrounds the whole. What came of it
is the string's kind:

    no-overlap   no two neighbours share a column, and no ink touches
    overlap      some neighbours share columns, and no ink touches
    touching     the ink of some neighbours touches or crosses
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from digitscope.arrays import Images, Labels
from digitscope.errors import SettingError
from digitscope.preparation.results import Box

__all__ = ["GAPS", "KINDS", "ComposedString", "compose", "compose_strings"]

GAPS = (-4, 8)  # columns, both ends included
KINDS = ("no-overlap", "overlap", "touching")
LENGTHS = (3, 6)
JITTER = 1  # rows
COVERED = 0.25  # of the narrower digit's width: what two boxes share at most
MARGIN = 4  # pixels
INK = 128  # from here on a pixel counts as ink that touches


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
    gaps: tuple[int, int] = GAPS,
    lengths: tuple[int, int] = LENGTHS,
) -> list[ComposedString]:
    """`n` strings of the digits `images` [m, 28, 28]; the generator's seed fixes them all.

    `gaps` are the least and the greatest, in columns, `lengths` those of the strings. SettingError
    where they are in the wrong order.

    >>> from digitscope.data.mnist import load_mnist
    >>> strings = compose_strings(3, np.random.default_rng(0), *load_mnist("test"))
    >>> [(s.label, s.kind) for s in strings]
    [('455314', 'no-overlap'), ('45574', 'overlap'), ('294155', 'touching')]
    """
    if not 1 <= lengths[0] <= lengths[1] or gaps[0] > gaps[1]:
        raise SettingError(
            f"strings need lengths from 1 on and gaps, the least first, got {lengths} and {gaps}: "
            f"try {LENGTHS} and {GAPS}"
        )
    return [_draw(rng, images, labels, gaps, lengths) for _ in range(n)]


def _draw(
    rng: np.random.Generator,
    images: Images,
    labels: Labels,
    gaps: tuple[int, int],
    lengths: tuple[int, int],
) -> ComposedString:
    """One string; every amount is drawn, in this order, from the generator."""
    length = int(rng.integers(lengths[0], lengths[1] + 1))
    chosen = rng.integers(0, len(images), length)
    rows = rng.integers(-JITTER, JITTER + 1, length)
    between = [int(gap) for gap in rng.integers(gaps[0], gaps[1] + 1, length - 1)]
    # What leaves the field below comes back above: it is paper, MNIST has 4 rows of that.
    digits = [np.roll(images[i], int(dy), axis=0) for i, dy in zip(chosen, rows, strict=True)]
    widths = [_columns(digit).shape[1] for digit in digits]
    most = [int(COVERED * min(pair)) for pair in pairwise(widths)]
    between = [max(gap, -share) for gap, share in zip(between, most, strict=True)]
    image, boxes = compose(digits, between)
    inks = tuple(_cropped(digit) for digit in digits)
    text = "".join(str(labels[i]) for i in chosen)
    return ComposedString(image, text, _kind(image, boxes, inks), boxes, inks)


def _kind(image: Images, boxes: Sequence[Box], inks: Sequence[Images]) -> str:
    import cv2

    around = np.zeros(image.shape, np.uint8)  # the ink so far, and a pixel on each side of it
    for (x, y, w, h), ink in zip(boxes, inks, strict=True):
        own = np.zeros(image.shape, np.uint8)
        own[y : y + h, x : x + w] = ink >= INK
        if (own & around).any():
            return "touching"
        around |= np.asarray(cv2.dilate(own, np.ones((3, 3), np.uint8)), np.uint8)
    apart = all(a[0] + a[2] <= b[0] for a, b in pairwise(boxes))
    return "no-overlap" if apart else "overlap"


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
        top, bottom = (int(rows[0]), int(rows[-1])) if len(rows) else (0, 0)
        boxes.append((left, top, width, bottom + 1 - top))
        end = max(end, left + width)
    framed = np.pad(page[:, :end], MARGIN)
    return framed, tuple((x + MARGIN, y + MARGIN, w, h) for x, y, w, h in boxes)


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
