"""Telling: the best way of a lattice as numbers and digits, and how sure each of them is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitscope.arrays import Floats
from digitscope.preparation.results import Box
from digitscope.reading.boxes import around
from digitscope.reading.classifier import NONE
from digitscope.reading.field import Field
from digitscope.reading.fitting import SEPARATOR, exactly, fit_from, fit_total
from digitscope.reading.lattice import (
    Lattice,
    Way,
    backward,
    best_strings,
    best_way,
    forward,
    string_log,
)
from digitscope.reading.numbers import split
from digitscope.reading.reading import Mark, Reading, ReadNumber
from digitscope.reading.scores import DROPPED
from digitscope.reading.tree import REFUSED

__all__ = ["tell"]

STRAY = 1e-4  # the chance that a number does not keep to its field
# Makes the probability of a composed string how often it is right, on strings of held-out digits.
TEMPERATURE = 0.5
STRINGS = 8  # that are compared where no one is more probable than all others together
SAME_PLACE = 0.5  # of the wider one: two segments that share so much of their width are one digit


def tell(lattice: Lattice, field: Field | None = None) -> Reading:
    """The best reading of a lattice; with a field, the best that fits it."""
    if not len(lattice.blots):
        return Reading((), 1.0, (), lattice, ())
    lattice = replace(lattice, scores=lattice.scores / TEMPERATURE)
    way = _likeliest(lattice)
    ahead, behind = forward(lattice), backward(lattice)
    shares = _shares(lattice, ahead, behind)
    told = [(e, label) for e, label in way if label != DROPPED]
    if not told:
        return Reading((), 1.0, (), lattice, way)
    marks = [_mark(lattice, shares, e, label) for e, label in told]
    firsts = split([mark.box for mark in marks], lattice.blots.height)
    parts = [marks[a:b] for a, b in zip(firsts, [*firsts[1:], len(marks)], strict=True)]
    nodes = [int(lattice.segments.start[told[first][0]]) for first in firsts[1:]]
    nodes = [0, *nodes, len(lattice.nodes) - 1]
    if field is not None:
        return _fitted(lattice, field, way, parts, nodes, (ahead, behind))
    numbers = tuple(
        _number(part, _sure(lattice, part, (a, b), (ahead, behind)))
        for part, a, b in zip(parts, nodes[:-1], nodes[1:], strict=True)
    )
    sure = _sure(lattice, marks, (0, len(lattice.nodes) - 1), (ahead, behind))
    return Reading(numbers, sure, (), lattice, way)


def _likeliest(lattice: Lattice) -> Way:
    """The best way of the most probable string, which need not be the best way of all."""
    way = best_way(lattice)
    labels = tuple(label for _, label in way if label != DROPPED)
    if string_log(lattice, labels) - float(forward(lattice)[-1]) > math.log(0.5):
        return way  # no other can be more probable
    others = [other for _, other in best_strings(lattice, STRINGS)]

    def sure(way: Way) -> float:
        return string_log(lattice, tuple(label for _, label in way if label != DROPPED))

    return max([way, *others], key=sure)


def _shares(lattice: Lattice, ahead: Floats, behind: Floats) -> Floats:
    """The probability of each edge with each label, float64 [n, 12], over all ways."""
    start, end = lattice.segments.start, lattice.segments.end
    logs = ahead[start, None] + lattice.scores + behind[end, None] - ahead[-1]
    return np.exp(np.minimum(logs, 0.0))


def _mark(lattice: Lattice, shares: Floats, edge: int, label: int) -> Mark:
    """What stands at an edge of the way, counting all segments in about the same place."""
    x, w = lattice.segments.boxes[:, 0], lattice.segments.boxes[:, 2]
    shared = np.minimum(x + w, x[edge] + w[edge]) - np.maximum(x, x[edge])
    here = shared > SAME_PLACE * np.maximum(w, w[edge])
    here[edge] = True
    digits = shares[here, :NONE].sum(axis=0)
    p = np.append(digits, max(0.0, 1 - digits.sum()))
    p /= p.sum()
    if lattice.segments.whole[edge] and lattice.probabilities[edge, label] < p[label]:
        p = lattice.probabilities[edge]  # nothing was cut: it is as sure as the classifier
    value = None if label == NONE else label
    return Mark(
        REFUSED if value is None else str(value),
        value,
        float(p[label]),
        _box(lattice, edge),
        p,
        lattice.segments.images[edge],
        looks=float(lattice.probabilities[edge, label]) if lattice.segments.whole[edge] else 1.0,
    )


def _sure(
    lattice: Lattice,
    marks: Sequence[Mark],
    span: tuple[int, int],
    sums: tuple[Floats, Floats],
) -> float:
    """The probability that these marks are all that stands between two nodes.

    It is no more than all uncut ones together have in the eyes of the classifier, and no more than
    the least sure of them has.
    """
    labels = tuple(NONE if mark.value is None else mark.value for mark in marks)
    ahead, behind = sums
    log = ahead[span[0]] + string_log(lattice, labels, *span) + behind[span[1]] - ahead[-1]
    least = min((mark.confidence for mark in marks), default=1.0)
    return min(math.prod(mark.looks for mark in marks), math.exp(min(0.0, log)), least)


def _number(marks: Sequence[Mark], sure: float, written: str = "") -> ReadNumber:
    return ReadNumber(tuple(marks), sure, around([mark.box for mark in marks]), written)


def _box(lattice: Lattice, edge: int) -> Box:
    x, y, w, h = lattice.segments.boxes[edge].tolist()
    return x, y, w, h


def _fitted(
    lattice: Lattice,
    field: Field,
    way: Way,
    parts: list[list[Mark]],
    nodes: list[int],
    sums: tuple[Floats, Floats],
) -> Reading:
    """The best reading of numbers that fit the field; a number may have gaps of its own.

    Each run of neighbouring parts may be one number that fits, and each part may be a number that
    does not, which is as unlikely as STRAY. The best of all ways to group them is taken.
    """
    n = len(parts)
    best: list[float] = [0.0] + [-math.inf] * n
    came: list[tuple[int, Way]] = [(0, ())] * (n + 1)
    plain = [_plain_score(lattice, way, nodes[i], nodes[i + 1]) for i in range(n)]
    for end in range(1, n + 1):
        before = dict(zip(nodes[:end], best[:end], strict=True))
        best[end], node, found = fit_from(lattice, field, before, nodes[end])
        came[end] = (nodes.index(node), found)
        if best[end - 1] + plain[end - 1] + math.log(STRAY) > best[end]:
            best[end] = best[end - 1] + plain[end - 1] + math.log(STRAY)
            came[end] = (end - 1, ())
    numbers: list[ReadNumber] = []
    notes: list[str] = []
    taken: Way = ()
    end = n
    while end:
        start, found = came[end]
        span, fits = (nodes[start], nodes[end]), bool(found)
        old = [mark for part in parts[start:end] for mark in part]
        if found:
            number, note = _repaired(lattice, field, found, old, span)
        else:
            number = _number(old, STRAY * _sure(lattice, old, span, sums))
            note = f"{number.text}: no likely reading fits {field.told}, so it stays as it looks"
            found = tuple(step for step in way if _inside(lattice, step[0], span))
        numbers.insert(0, replace(number, fits=fits))
        notes = [note, *notes] if note else notes
        taken = (*found, *taken)
        end = start
    sure = math.prod(number.confidence for number in numbers)
    return Reading(tuple(numbers), sure, tuple(notes), lattice, taken)


def _inside(lattice: Lattice, edge: int, span: tuple[int, int]) -> bool:
    return bool(span[0] <= lattice.segments.start[edge] and lattice.segments.end[edge] <= span[1])


def _plain_score(lattice: Lattice, way: Way, first: int, last: int) -> float:
    """The score of the part of a way between two nodes."""
    return float(sum(lattice.scores[e, k] for e, k in way if _inside(lattice, e, (first, last))))


def _repaired(
    lattice: Lattice, field: Field, found: Way, old: list[Mark], span: tuple[int, int]
) -> tuple[ReadNumber, str]:
    """A number that fits its field, and a sentence on what that changed, "" if nothing."""
    told = [(e, label) for e, label in found if label not in (DROPPED, SEPARATOR)]
    digits = "".join(str(label) for _, label in told if label != NONE)
    fits = fit_total(lattice, field, *span)
    odds = math.exp(min(0.0, fits - float(forward(lattice, span[0])[span[1]])))
    among = math.exp(min(0.0, fit_total(lattice, exactly(field, digits), *span) - fits))
    sure = among * odds / (odds + STRAY)
    marks = []
    for e, label in told:
        box = _box(lattice, e)
        same = next((m for m in old if m.box == box and m.value == _value(label)), None)
        if same is not None:
            marks.append(replace(same, confidence=max(sure, same.confidence)))
            continue
        p = np.full(NONE + 1, (1 - sure) / NONE)
        p[label] = sure
        image = lattice.segments.images[e]
        text = REFUSED if label == NONE else str(label)
        marks.append(Mark(text, _value(label), sure, box, p, image, repaired=True))
    before, after = "".join(mark.text for mark in old), "".join(mark.text for mark in marks)
    written = field.written(digits) if field.slots is not None and len(digits) == len(told) else ""
    number = _number(marks, sure, written)
    if before == after:
        return replace(number, marks=tuple(replace(m, repaired=False) for m in marks)), ""
    return number, f"{before} looks likelier, but {after} fits {field.told}"


def _value(label: int) -> int | None:
    return None if label == NONE else label
