"""Marks to lines: which marks stand side by side, and how steeply each line climbs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitscope.reading.chains import chained, joined, with_pieces, with_small
from digitscope.reading.laid import Laid, unit
from digitscope.reading.marks import Marks
from digitscope.reading.sieve import digit_size

__all__ = ["Row", "find_rows"]

STEEPEST = 48.0  # degrees
FINE = 1.5  # degrees between the slopes that are tried
SMALL = 0.45  # of a digit: smaller marks join lines, and make none
NEIGHBOURS = 8  # that every mark is compared with


@dataclass(frozen=True)
class Row:
    """One line of marks: their indices from left to right, and its slope.

    The line runs through `middle` (x, y) at `angle` degrees, measured from the x axis towards y,
    so positive angles run down to the right. So many counter-clockwise turns of 90 degrees as
    `quarter` says set its page upright; the slope of the row on that page is `slope`.
    """

    marks: tuple[int, ...]
    angle: float
    middle: tuple[float, float]
    quarter: int

    @property
    def slope(self) -> float:
        """In degrees, from -90 to 90: what is left of the angle once the page is upright."""
        return self.angle - 90 * self.quarter


def find_rows(marks: Marks, quarter: int) -> list[Row]:
    """Rows of marks in reading order, for a page that `quarter` turns of 90 degrees set upright.

    The turns are counter-clockwise. Angles are those of the page as it lies: near 0 for a quarter
    of 0, near 90 for 1, and so on. Rows climb or fall by up to 48 degrees, each as it does.
    """
    if not len(marks):
        return []
    size = digit_size(marks)
    turn = _turn(quarter)
    places = marks.centre @ turn.T
    spread = turn @ marks.spread @ turn.T
    main = np.flatnonzero(marks.size >= SMALL * size)
    slope = _common_slope(places[main], size)
    laid = Laid(places, spread, size, slope)
    chains = [[int(main[i]) for i in chain] for chain in chained(laid.of(main))]
    chains = joined(chains, laid)
    chains = with_small(chains, laid, np.setdiff1d(np.arange(len(marks)), main))
    chains = with_pieces(chains, laid, marks.size)
    rows = []
    for chain in chains:
        angle, middle = laid.of(chain).fit()
        along = places[chain] @ unit(angle)
        order = np.argsort(along, kind="stable")
        x, y = (float(part) for part in middle @ turn)
        row = tuple(chain[i] for i in order)
        rows.append((middle, Row(row, angle + 90 * quarter, (x, y), quarter)))
    down = unit(slope + 90)
    return [row for _, row in sorted(rows, key=lambda pair: float(pair[0] @ down))]


def _turn(quarter: int) -> NDArray[np.float64]:
    """The rotation of (x, y) that turns a page counter-clockwise by so many quarters."""
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter % 4]
    return np.array([[c, s], [-s, c]], np.float64)


def _common_slope(places: NDArray[np.float64], size: float) -> float:
    """The angle in degrees at which most neighbours stand side by side; 0 where few do."""
    n = len(places)
    if n < 3:
        return 0.0
    apart = places[None] - places[:, None]
    distance = np.hypot(apart[..., 0], apart[..., 1])
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1)[:, : min(NEIGHBOURS, n - 1)]
    mine = np.arange(n)[:, None]
    step, far = apart[mine, nearest], distance[mine, nearest]
    weight = np.exp(-far / (3 * size))
    angles = np.arange(-STEEPEST, STEEPEST + FINE / 2, FINE)
    radians = np.radians(angles)
    off = step[..., 1, None] * np.cos(radians) - step[..., 0, None] * np.sin(radians)
    along = np.abs(step[..., 0, None] * np.cos(radians) + step[..., 1, None] * np.sin(radians))
    close = np.exp(-((off / (0.25 * size)) ** 2)) * (along > 0.3 * size)
    score = (weight[..., None] * close).sum(axis=(0, 1)) * np.exp(-((angles / 60) ** 2))
    best = int(np.argmax(score))
    # At the end of the range it still grows: the lines of this page run the other way.
    return 0.0 if best in (0, len(angles) - 1) else float(angles[best])
