"""Chains of marks: neighbours linked, parts of a line joined, small marks put where they belong."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitscope.reading.laid import Ends, Laid, unit

__all__ = ["chained", "joined", "with_pieces", "with_small"]

ALONE = 0.8  # of a digit: rows of smaller marks are part of the line that runs through them
ASIDE = 0.5  # of a digit: neighbours in a line are not farther off it
GAP = 4.0  # digits between neighbours; lines are joined over more
APART = 0.5  # of a digit: lines nearer than this at a gap are one line
OVER = 1.3  # digits: so far the ends of two parts of a line overlap, where a broken digit stands
BELOW = 0.75  # of a digit: small marks this near to the middle of a line are its own
BESIDE = 0.35  # of the narrower part of a line: so little of it stands above or below the other


def chained(laid: Laid) -> list[list[int]]:
    """Marks linked to the next at their right, if that one's next at the left they are."""
    places, _, size, slope = laid
    n = len(places)
    u, v = unit(slope), unit(slope + 90)
    x, y = places @ u, places @ v
    half, tall = laid.extent(u) / 2, np.clip(laid.extent(v), 0.6 * size, 1.4 * size)
    ahead = x[None] - x[:, None]
    gap = ahead - half[None] - half[:, None]
    slack = np.maximum(laid.slack()[None], laid.slack()[:, None])
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


def joined(chains: list[list[int]], laid: Laid) -> list[list[int]]:
    """Chains that continue one another joined, the best fitting first: columns of one line."""
    if len(chains) < 2:
        return chains
    chains = [list(chain) for chain in chains]
    ends = np.array([laid.of(chain).ends() for chain in chains])
    shared, wide = _shared(chains, laid)
    off = _steps(ends, ends, _free(shared, wide[:, None], wide), laid.size)
    np.fill_diagonal(off, np.inf)
    while len(chains) > 1:
        i, j = (int(k) for k in np.unravel_index(int(off.argmin()), off.shape))
        if off[i, j] >= 1:
            break
        chains[i], chains[j] = chains[i] + chains[j], []
        ends[i] = laid.of(chains[i]).ends()
        shared[i] += shared[j]
        shared[:, i] += shared[:, j]
        wide[i] += wide[j]
        free = _free(shared[i], wide[i], wide)
        gone = np.array([not chain for chain in chains])
        off[i] = _steps(ends[i : i + 1], ends, free[None], laid.size)[0]
        off[:, i] = _steps(ends, ends[i : i + 1], free[:, None], laid.size)[:, 0]
        off[:, gone] = off[gone] = off[i, i] = np.inf
    return [chain for chain in chains if chain]


def _shared(chains: list[list[int]], laid: Laid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much of their way along the line the marks of two chains stand above each other, [n, n],
    and how much of it the marks of each take, [n]; in pixels.
    """
    u = unit(laid.slope)
    order = np.concatenate(chains)
    first = np.cumsum([0, *map(len, chains[:-1])])
    x, half = (laid.places @ u)[order], laid.extent(u)[order] / 2
    begin, end = x - half, x + half
    both = np.minimum(end[:, None], end) - np.maximum(begin[:, None], begin)
    rows = np.add.reduceat(np.maximum(both, 0), first, axis=0)
    return np.add.reduceat(rows, first, axis=1), np.add.reduceat(2 * half, first)


def _free(
    shared: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether two chains, so wide, stand beside each other, or one in the gaps of the other."""
    return np.asarray(shared < BESIDE * np.minimum(first, second))


def _steps(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    free: NDArray[np.bool_],
    size: float,
) -> NDArray[np.float64]:
    """How far each second line [m, 7] is off each first [n, 7], in parts of what may be: [n, m].

    The second is taken as the continuation of the first. Short lines say little of their slopes.
    So each goes on to the middle between both at its own slope, at the mean slope of both or at
    that of the page; what fits best counts. Lines that overlap may be one only where they are
    `free` of each other, or one is a single mark; such a mark in a gap may be farther off.
    """
    begin, end, along, across, steep, marks, slack = (part[:, None] for part in first.T)
    begin2, end2, along2, across2, steep2, marks2, slack2 = (part[None] for part in second.T)
    gap = begin2 - end
    mean = (steep2 * marks2 + steep * marks) / (marks2 + marks)
    down, ahead = across2 - across, along2 - along
    middle = (begin2 + end) / 2
    own = steep2 * (along2 - middle) + steep * (middle - along)
    off = np.min([np.abs(down - mean * ahead), np.abs(down - own), np.abs(down)], axis=0)
    off = np.maximum(off - np.maximum(slack2, slack), 0)
    wide = np.maximum(gap, 0) / size
    inside = ((end2 < end) | (begin2 < begin)) & (np.minimum(marks2, marks) == 1)
    apart = np.where(inside & free, BELOW, APART)
    share = off / ((apart + 0.02 * wide) * size) + 0.001 * wide
    overlap = (gap < -OVER * size) & ~inside & ~free & (np.maximum(marks2, marks) > 1)
    share[overlap | (along2 < along)] = np.inf
    return np.asarray(share)


def with_small(chains: list[list[int]], laid: Laid, small: NDArray[np.intp]) -> list[list[int]]:
    """Each small mark put into the line that it stands in; those that stand in none are dirt."""
    ends = [laid.of(chain).ends() for chain in chains]
    grown = [list(chain) for chain in chains]
    for i in small:
        line = _line_of(i, ends, laid)
        if line is not None:
            grown[line].append(int(i))
    return grown


def with_pieces(chains: list[list[int]], laid: Laid, sizes: NDArray[np.float64]) -> list[list[int]]:
    """Chains of small marks put, as a whole, into the lines that run through them.

    Upper parts of broken digits, or a zero off the middle of its line, may have become a chain.
    Lines are taken as they ran before: a piece of a digit says little of where its line runs.
    """
    ends = [laid.of(chain).ends() for chain in chains]
    chains = [list(chain) for chain in chains]
    for piece in sorted(range(len(chains)), key=lambda k: len(chains[k])):
        if np.median(sizes[chains[piece]]) >= ALONE * laid.size:
            continue
        others = [k for k, chain in enumerate(chains) if chain and k != piece]
        near = [ends[k] for k in others]
        lines = [_line_of(i, near, laid) for i in chains[piece]]
        if all(line is not None for line in lines):
            for i, line in zip(chains[piece], lines, strict=True):
                chains[others[line or 0]].append(i)
            chains[piece] = []
    return [chain for chain in chains if chain]


def _line_of(mark: int, ends: list[Ends], laid: Laid) -> int | None:
    """Which of these lines a small mark stands in, None if none."""
    place, size, slope = laid.places[mark], laid.size, laid.slope
    x, y = float(place @ unit(slope)), float(place @ unit(slope + 90))
    off = [
        abs(y - end[3] - end[4] * (x - end[2]))
        if end[0] - 1.5 * size < x < end[1] + 1.5 * size
        else np.inf
        for end in ends
    ]
    best = int(np.argmin(off)) if off else 0
    return best if off and off[best] < BELOW * size else None
