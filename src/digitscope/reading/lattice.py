"""The lattice of a line: every way to part it into digits, each with its score.

Its edges are segments: each leads from the node where it starts to the one where it ends, and has
a score for each label. A way from the first node to the last is a reading; divided by the sum over
all ways, its score is a probability. Scores are logarithms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from digitscope.arrays import Floats
from digitscope.reading.blots import Blots
from digitscope.reading.scores import DROPPED, LABELS
from digitscope.reading.segments import Nodes, Segments

__all__ = ["Lattice", "Way", "backward", "best_strings", "best_way", "forward", "string_log"]

CHOICES = 4  # labels of a segment that are followed where strings are compared

Way = tuple[tuple[int, int], ...]
"""A way through a lattice: (edge, label) from left to right."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """The blots of a line, its nodes and segments, what the classifier says to them, and scores.

    `probabilities` float64 [n, 11]; `scores` float64 [n, 12], a column a label (see `scores`);
    `among` [n, 11] what a second classifier says, if it was asked, to the segments among their
    neighbours.
    Segments stand in the order of their ends.
    """

    blots: Blots
    nodes: Nodes
    segments: Segments
    probabilities: Floats
    scores: Floats
    among: Floats | None = None

    @cached_property
    def into(self) -> list[slice]:
        """The edges that end at each node."""
        ends = self.segments.end
        bounds = np.searchsorted(ends, np.arange(len(self.nodes) + 1))
        return [slice(int(a), int(b)) for a, b in pairwise(bounds)]


def best_way(lattice: Lattice) -> Way:
    """The way with the highest score (Viterbi, 1967); empty where there is no ink."""
    label = lattice.scores.argmax(axis=1)
    top = lattice.scores.max(axis=1)
    best = np.full(len(lattice.nodes), -np.inf)
    best[0] = 0
    came = np.zeros(len(lattice.nodes), np.int64)
    for node, edges in enumerate(lattice.into):
        if edges.stop > edges.start:
            score = best[lattice.segments.start[edges]] + top[edges]
            came[node] = edges.start + score.argmax()
            best[node] = score.max()
    way: list[tuple[int, int]] = []
    node = len(lattice.nodes) - 1
    while node > 0:
        e = int(came[node])
        way.append((e, int(label[e])))
        node = int(lattice.segments.start[e])
    return tuple(reversed(way))


def forward(lattice: Lattice, first: int = 0) -> Floats:
    """The log of the sum over all ways from node `first` to each, float64 [nodes]."""
    every = np.logaddexp.reduce(lattice.scores, axis=1)
    total = np.full(len(lattice.nodes), -np.inf)
    total[first] = 0
    for node, edges in enumerate(lattice.into[first + 1 :], start=first + 1):
        if edges.stop > edges.start:
            total[node] = np.logaddexp.reduce(total[lattice.segments.start[edges]] + every[edges])
    return total


def backward(lattice: Lattice) -> Floats:
    """The log of the sum over all ways from each node to the last, float64 [nodes]."""
    every = np.logaddexp.reduce(lattice.scores, axis=1)
    total = np.full(len(lattice.nodes), -np.inf)
    total[-1] = 0
    for node in range(len(lattice.nodes) - 1, 0, -1):
        edges = lattice.into[node]
        np.logaddexp.at(total, lattice.segments.start[edges], total[node] + every[edges])
    return total


def string_log(
    lattice: Lattice, labels: tuple[int, ...], first: int = 0, last: int | None = None
) -> float:
    """The log of the sum over all ways from node `first` to `last` that give this string.

    Labels are 0 to 9 and NONE; what is dropped on the way gives nothing.
    """
    last = len(lattice.nodes) - 1 if last is None else last
    wanted = lattice.scores[:, list(labels)]
    dropped = lattice.scores[:, DROPPED, None]
    total = np.full((len(lattice.nodes), len(labels) + 1), -np.inf)
    total[first, 0] = 0
    for node in range(first + 1, last + 1):
        edges = lattice.into[node]
        if edges.stop > edges.start:
            before = total[lattice.segments.start[edges]]
            longer = np.logaddexp.reduce(before[:, :-1] + wanted[edges], axis=0)
            total[node] = np.logaddexp.reduce(before + dropped[edges], axis=0)
            total[node, 1:] = np.logaddexp(total[node, 1:], longer)
    return float(total[last, -1])


def best_strings(lattice: Lattice, n: int) -> list[tuple[float, Way]]:
    """The most probable strings: the log of the sum over the ways that give each, and its best way.

    One string may be cut in many ways that differ by a pixel, and no one of them be the best. Only
    the `n` best beginnings are kept at each node, so sums may lack what came from others.
    """
    Beam = dict[tuple[int, ...], tuple[float, float, Way]]  # string -> sum, best, its way
    beams: list[Beam] = [{(): (0.0, 0.0, ())}]
    start = lattice.segments.start
    for edges in lattice.into[1:]:
        found: Beam = {}
        for e in range(edges.start, edges.stop):
            scores = lattice.scores[e].tolist()
            labels = sorted(range(LABELS), key=lambda k: -scores[k])[:CHOICES]
            for label in labels:
                if scores[label] == -np.inf:
                    break
                for said, (total, best, way) in beams[start[e]].items():
                    longer = said if label == DROPPED else (*said, label)
                    total_here, best_here = total + scores[label], best + scores[label]
                    old = found.get(longer)
                    if old is None:
                        found[longer] = (total_here, best_here, (*way, (e, label)))
                        continue
                    known = max(old[0], total_here)
                    both = known + math.log1p(math.exp(min(old[0], total_here) - known))
                    if old[1] >= best_here:
                        found[longer] = (both, old[1], old[2])
                    else:
                        found[longer] = (both, best_here, (*way, (e, label)))
        kept = sorted(found.items(), key=lambda item: -item[1][0])[:n]
        beams.append(dict(kept))
    return [(total, way) for total, _, way in beams[-1].values()]
