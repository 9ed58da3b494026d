"""Fitting: the best way through a lattice that a field allows, exactly, not one of the n best.

Beside the node the search knows how many places of the field are filled, counted from the right,
and which state its checksum is in. So every way is weighed, however far down an unconstrained list
it would stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from digitscope.arrays import Floats, Indices
from digitscope.reading.checksums import CHECKSUMS
from digitscope.reading.classifier import NONE
from digitscope.reading.field import LONGEST, Field
from digitscope.reading.lattice import Lattice, Way
from digitscope.reading.scores import DROPPED

__all__ = ["SEPARATOR", "fit", "fit_from", "fit_total"]

SEPARATOR = 12  # the label of a mark that a pattern's separator stands for
SEEN = -1.0  # the score of such a mark, beside how little it looks like most digits


@dataclass(frozen=True, eq=False)
class Machine:
    """A field as a machine that reads from the right: places filled, and its checksum's state.

    `gather` int64 [10, places, states]: where the digit d is read at place q, state c behind it
    was reached from state gather[d, q, c] (places that do not allow d: -1). `literal` bool
    [places]: the place is a separator. `final` bool [places + 1]: so many filled are enough.
    """

    gather: Indices
    literal: tuple[bool, ...]
    final: tuple[bool, ...]
    accepted: int

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Places that may be filled, from none to all, and states."""
        return len(self.final), self.gather.shape[2]


def fit(lattice: Lattice, field: Field, first: int, last: int) -> tuple[float, Way]:
    """The best way from node `first` to `last` that the field allows, and its score.

    -inf and an empty way where there is none. Besides the labels of the lattice a way may have
    SEPARATOR.
    """
    score, _, way = fit_from(lattice, field, {first: 0.0}, last)
    return score, way


def fit_from(
    lattice: Lattice, field: Field, before: Mapping[int, float], last: int
) -> tuple[float, int, Way]:
    """The best of the ways that `fit` finds from each of some nodes to `last`, in one search.

    `before` has the score of what leads to each node, which is added to that of its way. Returns
    the sum, the node and the way; -inf, the first node and an empty way where there is none.
    """
    first = min(before)
    machine = _machine(field, last - first)
    best = _search(lattice, machine, first, last, total=False)
    ends = np.where(machine.final, best[:, :, machine.accepted], -np.inf)
    scores = {node: before[node] + float(ends[node - first].max()) for node in before}
    start = max(scores, key=lambda node: scores[node])
    if scores[start] == -np.inf:
        return -np.inf, start, ()
    place = int(ends[start - first].argmax())
    way = _traced(lattice, machine, start, last, best[start - first :], place)
    return scores[start], start, way


def fit_total(lattice: Lattice, field: Field, first: int, last: int) -> float:
    """The log of the sum over all ways from `first` to `last` that the field allows."""
    machine = _machine(field, last - first)
    total = _search(lattice, machine, first, last, total=True)
    return float(np.logaddexp.reduce(total[0][list(machine.final), machine.accepted]))


def exactly(field: Field, digits: str) -> Field:
    """The same field with these digits alone."""
    slots = field.slots or (("0123456789", ""),) * len(digits)
    rest = iter(digits)
    only = tuple((next(rest), "") if allowed else (allowed, word) for allowed, word in slots)
    return replace(field, slots=only)


def _machine(field: Field, nodes: int) -> Machine:
    """The machine of a field, for a part of a lattice that has so many nodes."""
    longest = max(field.lengths, default=min(nodes, LONGEST))
    return _built(field, longest)


@lru_cache(64)
def _built(field: Field, longest: int) -> Machine:
    slots = field.slots or (("0123456789", ""),) * longest
    rule = CHECKSUMS[field.checksum] if field.checksum else None
    states = rule.states if rule else 1
    gather = np.full((10, len(slots), states), -1)
    digits = 0
    for q, (allowed, _) in enumerate(reversed(slots)):
        for digit in map(int, allowed):
            after = [rule.step(c, digit, digits) if rule else c for c in range(states)]
            gather[digit, q, after] = np.arange(states)
        digits += bool(allowed)
    every = range(len(slots) + 1)
    if field.slots is not None:
        final = tuple(q == len(slots) for q in every)
    else:
        final = tuple(q in field.lengths if field.lengths else q > 0 for q in every)
    literal = tuple(not allowed for allowed, _ in reversed(slots))
    return Machine(gather, literal, final, rule.accepted if rule else 0)


def _search(lattice: Lattice, machine: Machine, first: int, last: int, total: bool) -> Floats:
    """For each node from `first` to `last`: the best score, or the log of the sum, of the ways from
    there to `last`, float64 [nodes, places + 1, states].
    """
    join = np.logaddexp if total else np.maximum
    table = np.full((last - first + 1, *machine.shape), -np.inf)
    table[-1, 0, 0] = 0
    literal = np.array(machine.literal)[:, None]
    seen = _separator_scores(lattice)
    beside = join(lattice.scores[:, NONE], lattice.scores[:, DROPPED])
    for node in range(last, first, -1):
        here = table[node - first]
        _skip(here, machine, join)
        edges = np.arange(lattice.into[node].start, lattice.into[node].stop)
        edges = edges[lattice.segments.start[edges] >= first]
        if not len(edges) or here.max() == -np.inf:
            continue
        there = table[lattice.segments.start[edges] - first]  # no two of them start at one node
        join(there, here + beside[edges, None, None], out=there)
        for digit in range(10):
            read = _read(here, machine, digit) + lattice.scores[edges, digit, None, None]
            join(there[:, 1:], read, out=there[:, 1:])
        if literal.any():
            taken = np.where(literal, here[:-1], -np.inf) + seen[edges, None, None]
            join(there[:, 1:], taken, out=there[:, 1:])
        table[lattice.segments.start[edges] - first] = there
    _skip(table[0], machine, join)
    return table


def _read(behind: Floats, machine: Machine, digit: int) -> Floats:
    """The scores once one more digit is read, [places, states]."""
    gather = machine.gather[digit]
    return np.where(gather < 0, -np.inf, np.take_along_axis(behind[:-1], np.maximum(gather, 0), 1))


def _skip(here: Floats, machine: Machine, join: np.ufunc) -> None:
    """Separators that left no mark: their places are filled for nothing."""
    for q, literal in enumerate(machine.literal):
        if literal:
            join(here[q + 1], here[q], out=here[q + 1])


def _separator_scores(lattice: Lattice) -> Floats:
    """The score of each segment as a visible separator; -inf for what is no blot of its own.

    A separator looks like no digit, or, if it is a slash, like a 1.
    """
    looks = lattice.probabilities[:, NONE] + lattice.probabilities[:, 1]
    alone = lattice.segments.whole & (lattice.segments.joined == 0)
    return np.where(alone, SEEN + np.log(np.maximum(looks, 1e-3)), -np.inf)


def _traced(
    lattice: Lattice, machine: Machine, first: int, last: int, best: Floats, place: int
) -> Way:
    """The way that gave the best score, found again from the left."""
    node, q, c = first, place, machine.accepted
    seen = _separator_scores(lattice)
    way: list[tuple[int, int]] = []
    while node < last:
        score = best[node - first][q, c]
        if q and machine.literal[q - 1] and best[node - first][q - 1, c] == score:
            q -= 1
            continue
        e, label, q, c = _step(lattice, machine, best, (first, last, node, q, c), seen)
        way.append((e, label))
        node = int(lattice.segments.end[e])
    return tuple(way)


def _step(
    lattice: Lattice,
    machine: Machine,
    best: Floats,
    at: tuple[int, int, int, int, int],
    seen: Floats,
) -> tuple[int, int, int, int]:
    """The edge and label that the best way takes, and the place and state behind them."""
    first, last, node, q, c = at
    found: list[tuple[float, int, int, int, int]] = []
    for e in np.flatnonzero(lattice.segments.start == node):
        end = int(lattice.segments.end[e])
        if end > last:
            continue
        behind = best[end - first]
        for label in (NONE, DROPPED):
            found.append((behind[q, c] + lattice.scores[e, label], int(e), label, q, c))
        if q and machine.literal[q - 1]:
            found.append((behind[q - 1, c] + seen[e], int(e), SEPARATOR, q - 1, c))
        for digit in range(10):
            if q and (before := int(machine.gather[digit, q - 1, c])) >= 0:
                total = behind[q - 1, before] + lattice.scores[e, digit]
                found.append((total, int(e), digit, q - 1, before))
    return max(found, key=lambda item: item[0])[1:]
