"""Segments: the ink between two cuts, each of which may be one digit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Images, Indices
from digitscope.preparation.field import frame
from digitscope.preparation.results import Box
from digitscope.preparation.surroundings import surrounded
from digitscope.reading.blots import Blots
from digitscope.reading.cuts import SEAMS, STRAIGHT, find_cuts, lean

__all__ = [
    "LOWEST",
    "Nodes",
    "Segments",
    "body",
    "find_nodes",
    "find_segments",
    "most_segments",
    "own_ink",
    "spans",
]

# In heights of the line's digits.
WIDEST = 1.3  # a segment between cuts; a blot of its own may be wider
BROKEN = 1.8  # a digit of several blots, as a 5 whose bar has come off
LOWEST = 0.2  # a segment between cuts is at least so high
LONGEST_TAIL = 1.5  # what is higher is framed without its end
JOINED = 0.35  # paper between two blots of one digit
PART = 0.4  # of two blots of one digit one is seldom taller
BOTH_TALL = 12.0  # how many joins it counts for, a height above that


@dataclass(frozen=True, eq=False)
class Nodes:
    """The places of a line at which a digit may end: between two blots, or at a cut of one.

    `blot` int64 [n] is the blot that begins at the node, or that is cut there. `cuts` has the
    columns [h] of its box at which the right part begins, None between blots. `crossed` float64
    [n] is the darkness on the cut in heights of a digit. The last node ends the line.
    """

    blot: Indices
    cuts: tuple[Indices | None, ...]
    crossed: Floats

    def __len__(self) -> int:
        return len(self.blot)


@dataclass(frozen=True, eq=False)
class Segments:
    """What may be one digit: the ink between the nodes `start` and `end`, int64 [n].

    `boxes` int64 [n, 4] surround it. `whole` bool [n]: both nodes stand between blots. `joined`
    float64 [n]: its blots less one, plus the paper between them in heights of a digit, and more
    where neighbours are both tall. `images`
    uint8 [n, 28, 28] hold its own ink and nobody else's, as the network wants it. `ink` uint8
    [h, w] is the line, `bodies` have the ink of each that is framed, and its box in the line.
    """

    start: Indices
    end: Indices
    boxes: Indices
    whole: NDArray[np.bool_]
    joined: Floats
    images: Images
    ink: Images
    bodies: tuple[tuple[Images, Box], ...]

    def __len__(self) -> int:
        return len(self.start)

    def among(self, which: NDArray[np.bool_]) -> Images:
        """The images of these, bool [n], with the ink around each, pale: uint8 [m, 28, 28]."""
        found = [surrounded(self.ink, *self.bodies[i]) for i in np.flatnonzero(which)]
        return np.array(found, np.uint8).reshape(-1, 28, 28)


def most_segments(width: Floats) -> Floats:
    """About how many segments blots have at most when they are cut; widths in heights of a digit.

    They grow with the square of the width up to the widest segment, and then with the width.

    >>> most_segments(np.array([0.5, 1.0, 5.0])).round().tolist()
    [28.0, 112.0, 1272.0]
    """
    each = 1 / STRAIGHT + 1 / SEAMS  # cuts in a height of a digit
    reach = np.minimum(width, WIDEST)
    return np.asarray(each**2 * reach * (width - reach / 2))


def find_nodes(ink: Images, blots: Blots, which: NDArray[np.bool_]) -> Nodes:
    """The nodes of a line, these of its blots, bool [n], being cut."""
    slope = lean(ink) if which.any() else 0.0
    blot: list[int] = []
    cuts: list[Indices | None] = []
    crossed: list[float] = []
    for i, (x, y, w, h) in enumerate(blots.boxes):
        blot.append(i)
        cuts.append(None)
        crossed.append(0.0)
        if which[i]:
            box = np.s_[y : y + h, x : x + w]
            dark = ink[box] * (blots.names[box] == i + 1) / 255
            found, darkness = find_cuts(dark, blots.height, slope)
            blot += [i] * len(found)
            cuts += list(found)
            crossed += darkness.tolist()
    return Nodes(np.array([*blot, len(blots)], np.int64), (*cuts, None), np.array([*crossed, 0.0]))


def find_segments(ink: Images, blots: Blots, nodes: Nodes) -> Segments:
    """Every segment that may be one digit, in the order of their ends.

    >>> from digitscope.reading.blots import find_blots
    >>> ink = np.zeros((20, 30), np.uint8)
    >>> ink[2:18, 4:6] = ink[2:18, 8:14] = 255
    >>> blots = find_blots(ink)
    >>> segments = find_segments(ink, blots, find_nodes(ink, blots, np.zeros(2, bool)))
    >>> list(zip(segments.start.tolist(), segments.end.tolist()))
    [(0, 1), (1, 2), (0, 2)]
    """
    rows, bodies = [], []
    for a, b, joined in spans(blots, nodes):
        box, image = own_ink(ink, blots, nodes, (a, b))
        whole = nodes.cuts[a] is None and nodes.cuts[b] is None
        widest, lowest = (BROKEN, 0.0) if whole else (WIDEST, LOWEST)
        fits = box[2] <= widest * blots.height and box[3] >= lowest * blots.height
        if fits or (whole and joined == 0):
            rows.append((a, b, *box, whole, joined))
            trunk, place = body(image, box, blots.height)
            bodies.append((trunk.copy(), place))  # a view would keep the blot it was cut from
    table = np.array(rows, np.float64).reshape(len(rows), 8)
    ends = table[:, :6].astype(np.int64)
    return Segments(
        *(ends[:, 0], ends[:, 1], ends[:, 2:]),
        whole=table[:, 6].astype(bool),
        joined=table[:, 7],
        images=np.array([frame(own) for own, _ in bodies], np.uint8).reshape(-1, 28, 28),
        ink=ink,
        bodies=tuple(bodies),
    )


def spans(blots: Blots, nodes: Nodes) -> list[tuple[int, int, float]]:
    """The pairs of nodes between which a segment may be one digit, and its measure of joins."""
    return [(a, b, joined) for b in range(len(nodes)) for a, joined in _starts(blots, nodes, b)]


def body(image: Images, box: Box, height: float) -> tuple[Images, Box]:
    """The ink without the end of a long tail: the rows that hold the most of it; and its box.

    A 9 or a 7 may hang far below its line. Set into a frame as a whole its head would be too
    small to be known, and two digits of which one has a tail would look like one.
    """
    most = max(1, round(LONGEST_TAIL * height))
    if len(image) <= most:
        return image, box
    sums = np.concatenate([[0], np.cumsum(image.sum(axis=1, dtype=np.int64))])
    top = int(np.argmax(sums[most:] - sums[:-most]))
    columns = np.flatnonzero(image[top : top + most].any(axis=0))
    part = image[top : top + most, columns[0] : columns[-1] + 1]
    return part, (box[0] + int(columns[0]), box[1] + top, part.shape[1], part.shape[0])


def _starts(blots: Blots, nodes: Nodes, end: int) -> Iterator[tuple[int, float]]:
    """The nodes at which a segment up to node `end` may start, and its measure of joins."""
    last = int(nodes.blot[end]) - (nodes.cuts[end] is None)
    right = _right(blots, nodes, end)
    joined, left = 0.0, blots.boxes[last, 0] if last >= 0 else 0
    for start in range(end - 1, -1, -1):
        first = int(nodes.blot[start])
        cut = nodes.cuts[start] is not None or nodes.cuts[end] is not None
        wide = (right - _left(blots, nodes, start)) / blots.height
        if wide > (BROKEN if nodes.cuts[end] is None else WIDEST) and (cut or first < last):
            if first < last or nodes.cuts[end] is not None:
                return
            continue
        if first < last and nodes.blot[start + 1] > first:  # one more blot
            gap = max(0, left - blots.boxes[first, :3:2].sum()) / blots.height
            if gap > JOINED:
                return
            tall = min(blots.boxes[first, 3], blots.boxes[first + 1, 3]) / blots.height
            joined += 1 + gap + BOTH_TALL * max(0.0, float(tall) - PART)
            left = min(left, blots.boxes[first, 0])
        if nodes.cuts[start] is not None and wide > WIDEST:
            continue
        if first == last or nodes.cuts[start] is None or nodes.cuts[end] is None:
            yield start, joined


def _left(blots: Blots, nodes: Nodes, node: int) -> float:
    """Where ink begins behind a node, as a column of the line."""
    cut, box = nodes.cuts[node], blots.boxes[nodes.blot[node]]
    return float(box[0] if cut is None else box[0] + cut[len(cut) // 2])


def _right(blots: Blots, nodes: Nodes, node: int) -> float:
    """Where the last blot before a node ends: where a space is, far from the next one."""
    if nodes.cuts[node] is not None:
        return _left(blots, nodes, node)
    last = int(nodes.blot[node]) - 1
    return float(blots.boxes[last, :3:2].sum()) if last >= 0 else 0.0


def own_ink(
    ink: Images, blots: Blots, nodes: Nodes, between: tuple[int, int]
) -> tuple[Box, Images]:
    """The box of the segment between two nodes and its own ink in it, uint8 [h, w]."""
    start, end = between
    first, last = int(nodes.blot[start]), int(nodes.blot[end]) - (nodes.cuts[end] is None)
    boxes = blots.boxes[first : last + 1]
    x, y = boxes[:, 0].min(), boxes[:, 1].min()
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    names = blots.names[y:bottom, x:right]
    own = (names > first) & (names <= last + 1)
    columns = np.arange(x, right)
    for node, i in ((start, first), (end, last)):
        if (cut := nodes.cuts[node]) is not None:
            top, height = blots.boxes[i, 1] - y, blots.boxes[i, 3]
            part = own[top : top + height]
            here = names[top : top + height] == i + 1
            behind = columns[None] >= blots.boxes[i, 0] + cut[:, None]
            part &= ~here | (behind if node == start else ~behind)
    return _cropped(ink[y:bottom, x:right] * own, int(x), int(y))


def _cropped(image: Images, x: int, y: int) -> tuple[Box, Images]:
    """The image without the paper around its ink, and its box; (x, y) is the image's corner."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    if not len(rows):
        return (x, y, 0, 0), image[:1, :1]
    top, left = int(rows[0]), int(columns[0])
    height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
    return (x + left, y + top, width, height), image[top : top + height, left : left + width]
