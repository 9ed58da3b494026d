"""Marks to lines: which marks stand side by side, and how steeply each line climbs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitscope.reading.marks import Marks
from digitscope.reading.sieve import digit_size

__all__ = ["Row", "find_rows"]

STEEPEST = 48.0  # degrees
FINE = 1.5  # degrees between the slopes that are tried
SMALL = 0.45  # of a digit: smaller marks join lines, and make none
NEIGHBOURS = 8  # that every mark is compared with
ALONE = 0.8  # of a digit: rows of smaller marks are part of the line that runs through them
ASIDE = 0.5  # of a digit: neighbours in a line are not farther off it
GAP = 4.0  # digits between neighbours; lines are joined over more
APART = 0.5  # of a digit: lines nearer than this at a gap are one line
OVER = 1.3  # digits: so far the ends of two parts of a line overlap, where a broken digit stands
BELOW = 0.75  # of a digit: small marks this near to the middle of a line are its own
FLAT = 1.5  # digits: how far a line must stretch before its own slope is believed


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
    chains = [
        [int(main[i]) for i in chain] for chain in _chains(places[main], spread[main], size, slope)
    ]
    chains = _joined(chains, places, spread, size, slope)
    small = np.setdiff1d(np.arange(len(marks)), main)
    chains = _with_small(chains, places, spread, size, slope, small)
    chains = _with_pieces(chains, places, spread, size, slope, marks.size)
    rows = []
    for chain in chains:
        angle, middle = _fit(places[chain], spread[chain], size, slope)
        along = places[chain] @ _unit(angle)
        order = np.argsort(along, kind="stable")
        x, y = (float(part) for part in middle @ turn)
        row = tuple(chain[i] for i in order)
        rows.append((middle, Row(row, angle + 90 * quarter, (x, y), quarter)))
    down = _unit(slope + 90)
    return [row for _, row in sorted(rows, key=lambda pair: float(pair[0] @ down))]


def _turn(quarter: int) -> NDArray[np.float64]:
    """The rotation of (x, y) that turns a page counter-clockwise by so many quarters."""
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter % 4]
    return np.array([[c, s], [-s, c]], np.float64)


def _unit(degrees: float) -> NDArray[np.float64]:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])


def _extent(spread: NDArray[np.float64], direction: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(12 * np.maximum(np.einsum("i,nij,j->n", direction, spread, direction), 0)) + 1


def _slack(
    spread: NDArray[np.float64], across: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    """How far the middle of each mark may be off its line, as it is higher than a digit is: [n].

    A 9 with a long tail stands in the line of its head.
    """
    return np.maximum(_extent(spread, across) - size, 0) / 2


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


def _chains(
    places: NDArray[np.float64], spread: NDArray[np.float64], size: float, slope: float
) -> list[list[int]]:
    """Marks linked to the next at their right, if that one's next at the left they are."""
    n = len(places)
    u, v = _unit(slope), _unit(slope + 90)
    x, y = places @ u, places @ v
    half, tall = _extent(spread, u) / 2, np.clip(_extent(spread, v), 0.6 * size, 1.4 * size)
    ahead = x[None] - x[:, None]
    gap = ahead - half[None] - half[:, None]
    slack = np.maximum(_slack(spread, v, size)[None], _slack(spread, v, size)[:, None])
    off = np.maximum(np.abs(y[None] - y[:, None]) - slack, 0)
    near = (off < ASIDE * np.maximum(tall[None], tall[:, None])) & (gap < GAP * size)
    allowed = near & ((ahead > 0) | ((ahead == 0) & (np.arange(n)[None] > np.arange(n)[:, None])))
    cost = np.where(allowed, np.maximum(gap, 0) + 0.2 * np.abs(ahead) + 2 * off, np.inf)
    right, left = cost.argmin(axis=1), cost.argmin(axis=0)
    following = {
        i: int(right[i]) for i in range(n) if np.isfinite(cost[i, right[i]]) and left[right[i]] == i
    }
    chains = []
    for start in sorted(set(range(n)) - set(following.values()), key=lambda i: float(x[i])):
        chain = [start]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        chains.append(chain)
    return chains


def _fit(
    places: NDArray[np.float64], spread: NDArray[np.float64], size: float, slope: float
) -> tuple[float, NDArray[np.float64]]:
    """Angle and middle of a line through marks, its angle drawn to the common slope if short."""
    u, v = _unit(slope), _unit(slope + 90)
    x, y = places @ u, places @ v
    middle = np.array([x.mean(), np.median(y)])
    if len(places) > 2:
        away = x - middle[0]
        steep = 0.0
        high = (size / np.maximum(_extent(spread, v), size)) ** 2
        weight = high
        for _ in range(5):  # outliers, such as a low-hanging 9, count less each time
            level = float((weight * (y - steep * away)).sum() / weight.sum())
            mean = float((weight * away).sum() / weight.sum())
            square = float((weight * (away - mean) ** 2).sum()) + (FLAT * size) ** 2
            steep = float((weight * (away - mean) * (y - level)).sum()) / square
            level = float((weight * (y - steep * away)).sum() / weight.sum())
            weight = high / (1 + ((y - level - steep * away) / (0.2 * size)) ** 2)
        steep = float(np.clip(steep, -0.6, 0.6))
        middle[1] = level
        return slope + float(np.degrees(np.arctan(steep))), middle[0] * u + middle[1] * v
    return slope, middle[0] * u + middle[1] * v


def _joined(
    chains: list[list[int]],
    places: NDArray[np.float64],
    spread: NDArray[np.float64],
    size: float,
    slope: float,
) -> list[list[int]]:
    """Chains that continue one another joined, the best fitting first: columns of one line."""
    if len(chains) < 2:
        return chains
    chains = [list(chain) for chain in chains]
    ends = np.array([_ends(places[chain], spread[chain], size, slope) for chain in chains])
    off = _steps(ends, ends, size)
    np.fill_diagonal(off, np.inf)
    while len(chains) > 1:
        i, j = (int(k) for k in np.unravel_index(int(off.argmin()), off.shape))
        if off[i, j] >= 1:
            break
        chains[i], chains[j] = chains[i] + chains[j], []
        ends[i] = _ends(places[chains[i]], spread[chains[i]], size, slope)
        gone = np.array([not chain for chain in chains])
        off[i] = _steps(ends[i : i + 1], ends, size)[0]
        off[:, i] = _steps(ends, ends[i : i + 1], size)[:, 0]
        off[:, gone] = off[gone] = off[i, i] = np.inf
    return [chain for chain in chains if chain]


Ends = tuple[float, float, float, float, float, float, float]
"""Of a line: where it begins and ends, its middle (along, across), slope, marks, slack."""


def _ends(
    places: NDArray[np.float64], spread: NDArray[np.float64], size: float, slope: float
) -> Ends:
    u, v = _unit(slope), _unit(slope + 90)
    x, half = places @ u, _extent(spread, u) / 2
    angle, middle = _fit(places, spread, size, slope)
    slack = float(_slack(spread, v, size)[0]) if len(x) == 1 else 0.0
    steep = float(np.tan(np.radians(angle - slope)))
    begin, end = float((x - half).min()), float((x + half).max())
    return begin, end, float(middle @ u), float(middle @ v), steep, float(len(x)), slack


def _steps(
    first: NDArray[np.float64], second: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    """How far each second line [m, 7] is off each first [n, 7], in parts of what may be: [n, m].

    The second is taken as the continuation of the first. Short lines say little of their slopes.
    So each goes on to the middle between both at its own slope, at the mean slope of both or at
    that of the page; what fits best counts.
    """
    _, end, along, across, steep, marks, slack = (part[:, None] for part in first.T)
    begin2, end2, along2, across2, steep2, marks2, slack2 = (part[None] for part in second.T)
    gap = begin2 - end
    mean = (steep2 * marks2 + steep * marks) / (marks2 + marks)
    down, ahead = across2 - across, along2 - along
    middle = (begin2 + end) / 2
    own = steep2 * (along2 - middle) + steep * (middle - along)
    off = np.min([np.abs(down - mean * ahead), np.abs(down - own), np.abs(down)], axis=0)
    off = np.maximum(off - np.maximum(slack2, slack), 0)
    wide = np.maximum(gap, 0) / size
    share = off / ((APART + 0.02 * wide) * size) + 0.001 * wide
    inside = (end2 < end) & (np.minimum(marks2, marks) == 1)
    overlap = (gap < -OVER * size) & ~inside & (np.maximum(marks2, marks) > 1)
    share[overlap | (along2 < along)] = np.inf
    return np.asarray(share)


def _with_small(
    chains: list[list[int]],
    places: NDArray[np.float64],
    spread: NDArray[np.float64],
    size: float,
    slope: float,
    small: NDArray[np.intp],
) -> list[list[int]]:
    """Each small mark put into the line that it stands in; those that stand in none are dirt."""
    ends = [_ends(places[chain], spread[chain], size, slope) for chain in chains]
    grown = [list(chain) for chain in chains]
    for i in small:
        line = _line_of(places[i], ends, size, slope)
        if line is not None:
            grown[line].append(int(i))
    return grown


def _with_pieces(
    chains: list[list[int]],
    places: NDArray[np.float64],
    spread: NDArray[np.float64],
    size: float,
    slope: float,
    sizes: NDArray[np.float64],
) -> list[list[int]]:
    """Chains of small marks put, as a whole, into the lines that run through them.

    Upper parts of broken digits, or a zero off the middle of its line, may have become a chain.
    Lines are taken as they ran before: a piece of a digit says little of where its line runs.
    """
    ends = [_ends(places[chain], spread[chain], size, slope) for chain in chains]
    chains = [list(chain) for chain in chains]
    for piece in sorted(range(len(chains)), key=lambda k: len(chains[k])):
        if np.median(sizes[chains[piece]]) >= ALONE * size:
            continue
        others = [k for k, chain in enumerate(chains) if chain and k != piece]
        near = [ends[k] for k in others]
        lines = [_line_of(places[i], near, size, slope) for i in chains[piece]]
        if all(line is not None for line in lines):
            for i, line in zip(chains[piece], lines, strict=True):
                chains[others[line or 0]].append(i)
            chains[piece] = []
    return [chain for chain in chains if chain]


def _line_of(place: NDArray[np.float64], ends: list[Ends], size: float, slope: float) -> int | None:
    """Which of these lines a small mark stands in, None if none."""
    x, y = float(place @ _unit(slope)), float(place @ _unit(slope + 90))
    off = [
        abs(y - end[3] - end[4] * (x - end[2]))
        if end[0] - 1.5 * size < x < end[1] + 1.5 * size
        else np.inf
        for end in ends
    ]
    best = int(np.argmin(off)) if off else 0
    return best if off and off[best] < BELOW * size else None
