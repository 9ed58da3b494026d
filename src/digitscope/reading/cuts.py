"""Cuts: where a blot that may be several digits could be parted, as paths from top to bottom.

A cut has one column for each row of the blot: what is on its left belongs to another digit than
what is on its right. There are two families. Straight cuts stand close together, slanted as the
line's digits are: strokes that cross or run into each other have no path between them. Seams are
the cheapest ways down, where paper is nearly free and ink costs as much as it is dark: they find
their way between digits that overlap and do not touch, and cross ink where it is thin. There are
many more cuts than digits; which of them count is for the lattice to say.
"""

from __future__ import annotations

import numpy as np

from digitscope.arrays import Floats, Images, Indices

__all__ = ["find_cuts", "lean"]

STRAIGHT, SEAMS = 0.1, 0.2  # heights of a digit between neighbouring cuts of a family
LEANS = (-0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8)  # columns to the right a row upwards
PAPER = 0.03  # the cost of a row of paper on a seam, so that short ways win; full ink costs 1
ASIDE = 0.05  # the cost of moving one column aside, or two from one that leans


def lean(ink: Images) -> float:
    """How far the digits of a line lean to the right, in columns a row: the best of LEANS.

    Set upright, strokes stand above each other, and few columns hold most of the ink.

    >>> page = np.zeros((40, 60), np.uint8)
    >>> for row in range(40):
    ...     page[row, 30 - round(0.4 * row)] = 255
    >>> lean(page)
    0.4
    """
    ys, xs = np.nonzero(ink >= 128)
    if not len(xs):
        return 0.0

    def peaks(slope: float) -> float:
        places = np.rint(xs + slope * ys).astype(np.int64)
        counts = np.bincount(places - places.min()).astype(np.float64)
        return float(counts @ counts)

    return max(LEANS, key=peaks)


def find_cuts(dark: Floats, height: float, slope: float) -> tuple[Indices, Floats]:
    """Candidate cuts through one blot, from left to right at its middle row.

    `dark` is the blot's ink alone, [h, w] in 0..1; `height` that of the line's digits in pixels;
    `slope` how far they lean. Returns the columns [n, h] at which the right part begins, row by
    row, and the darkness [n] that each cut crosses, in heights of a digit.

    >>> two = np.zeros((20, 32))
    >>> two[:, :12] = two[:, 20:] = two[9] = 1
    >>> cuts, crossed = find_cuts(two, 20, 0.0)
    >>> sorted({int(cut[9]) for cut, ink in zip(cuts, crossed) if ink == crossed.min()})
    [12, 13, 15, 16, 17, 19]
    """
    rows, width = dark.shape
    below = rows // 2 - np.arange(rows)
    step = max(2, round(STRAIGHT * height))
    first = (width % step + step) // 2
    straight = np.arange(first, width, step)[:, None] + np.rint(slope * below).astype(np.int64)
    every = np.concatenate([straight, _seams(dark, max(2, round(SEAMS * height)))])
    every = np.clip(every, 0, width)
    every = every[np.argsort(every[:, rows // 2], kind="stable")]
    every = _different(dark, every)
    padded = np.pad(dark, ((0, 0), (0, 1)))
    return every, padded[np.arange(rows), every].sum(axis=1) / height


def _different(dark: Floats, cuts: Indices) -> Indices:
    """The cuts without those that part the ink as another does, or leave next to none."""
    sums = np.pad(np.cumsum(dark, axis=1), ((0, 0), (1, 0)))
    least = max(2.0, 0.02 * float(sums[:, -1].sum()))
    kept: list[int] = []
    for i, cut in enumerate(cuts):
        ahead = sums[np.arange(len(cut)), cut]
        if not least <= ahead.sum() <= sums[:, -1].sum() - least:
            continue
        near = kept[-4:]
        if all(np.abs(ahead - sums[np.arange(len(cut)), cuts[k]]).sum() >= 1 for k in near):
            kept.append(i)
    return cuts[kept]


def _seams(dark: Floats, spacing: int) -> Indices:
    """The cheapest ways down through each column of the middle row, `spacing` apart, [n, h]."""
    height = len(dark)
    cost = dark + PAPER
    middle = height // 2
    above, up = _cheapest(cost[: middle + 1])
    below, down = _cheapest(cost[middle:][::-1])
    columns = _spread(above + below - cost[middle], spacing)
    seams = np.empty((len(columns), height), np.int64)
    seams[:, : middle + 1] = _followed(up, columns)
    seams[:, middle:] = _followed(down, columns)[:, ::-1]
    return seams


def _cheapest(cost: Floats) -> tuple[Floats, Indices]:
    """The cost of the cheapest way from the first row to each place of the last, and the steps.

    Steps [h, w] hold the column in the row before. Two such ways never cross: where they meet
    they go on as one.
    """
    height, width = cost.shape
    steps = np.empty((height, width), np.int64)
    best, columns = cost[0].copy(), np.arange(width)
    for y in range(1, height):
        sides = np.pad(best + ASIDE, 1, constant_values=np.inf)
        ways = np.stack([best, sides[:-2], sides[2:]])
        choice = ways.argmin(axis=0)
        steps[y] = columns + np.array([0, -1, 1])[choice]
        best = cost[y] + ways[choice, columns]
    return best, steps


def _followed(steps: Indices, ends: Indices) -> Indices:
    """The ways to these columns of the last row, [n, h]."""
    way = np.empty((len(ends), len(steps)), np.int64)
    way[:, -1] = ends
    for y in range(len(steps) - 1, 0, -1):
        way[:, y - 1] = steps[y, way[:, y]]
    return way


def _spread(through: Floats, spacing: int) -> Indices:
    """Columns in the order of their cost, each at least `spacing` away from those before it."""
    free = np.ones(len(through), bool)
    chosen = []
    for x in np.argsort(through, kind="stable"):
        if free[x]:
            chosen.append(x)
            free[max(0, x - spacing + 1) : x + spacing] = False
    return np.array(chosen, np.int64)
