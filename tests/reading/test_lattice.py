"""The lattice against every way through it, counted one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from digitscope.reading import fitting
from digitscope.reading.blots import Blots
from digitscope.reading.checksums import keeps
from digitscope.reading.classifier import NONE
from digitscope.reading.field import parse_field
from digitscope.reading.fitting import SEPARATOR, exactly, fit, fit_from, fit_total
from digitscope.reading.lattice import (
    Lattice,
    backward,
    best_strings,
    best_way,
    forward,
    string_log,
)
from digitscope.reading.scores import DROPPED, LABELS
from digitscope.reading.segments import Nodes, Segments
from digitscope.reading.telling import tell


def lattice(blots=4, labels=(1, 4, 7, NONE), seed=0):
    """Blots in a row, each a segment, and each pair of neighbours; only some labels possible."""
    spans = [(a, b) for b in range(blots + 1) for a in range(max(0, b - 2), b)]
    rng = np.random.default_rng(seed)
    n = len(spans)
    scores = np.full((n, LABELS), -np.inf)
    scores[:, list(labels)] = rng.normal(-2, 1.5, (n, len(labels)))
    boxes = np.array([(20 * a, 0, 20 * (b - a) - 5, 20) for a, b in spans])
    start, end = np.array(spans).T
    nodes = Nodes(np.arange(blots + 1), (None,) * (blots + 1), np.zeros(blots + 1))
    images = np.zeros((n, 28, 28), np.uint8)
    ink = np.zeros((20, 20 * blots), np.uint8)
    every, alone = np.ones(n, bool), np.zeros(n)
    segments = Segments(start, end, boxes, every, alone, images, ink, ((ink, (0, 0, 1, 1)),) * n)
    names = np.zeros((20, 20 * blots), np.int32)
    p = np.full((n, NONE + 1), 1 / (NONE + 1))
    own = np.array([(20 * i, 0, 15, 20) for i in range(blots)])
    return Lattice(Blots(names, own, 20.0), nodes, segments, p, scores)


def ways(found, node=0):
    """Every way from a node to the last: its score, its (edge, label)s."""
    if node == len(found.nodes) - 1:
        yield 0.0, ()
        return
    for e in np.flatnonzero(found.segments.start == node):
        for label in np.flatnonzero(found.scores[e] > -np.inf):
            for score, rest in ways(found, int(found.segments.end[e])):
                yield score + found.scores[e, label], ((int(e), int(label)), *rest)


def said(way):
    return tuple(label for _, label in way if label not in (DROPPED, SEPARATOR))


def total(scores):
    return np.logaddexp.reduce(list(scores))


@pytest.mark.parametrize("seed", range(5))
def test_the_best_way_and_the_sums_are_those_of_all_ways(seed):
    found = lattice(seed=seed, labels=(1, 4, DROPPED))
    every = list(ways(found))
    assert best_way(found) == max(every)[1]
    assert forward(found)[-1] == pytest.approx(total(s for s, _ in every))
    assert backward(found)[0] == pytest.approx(total(s for s, _ in every))
    for string in product((1, 4), repeat=2):
        same = [s for s, way in every if said(way) == string]
        assert string_log(found, string) == pytest.approx(total(same))


@pytest.mark.parametrize("seed", range(5))
def test_the_best_strings_have_the_sum_of_their_ways_and_the_best_of_them(seed):
    found = lattice(blots=3, seed=seed, labels=(1, 4, NONE))
    every = {}
    for score, way in ways(found):
        every.setdefault(said(way), []).append((score, way))
    strings = best_strings(found, 1000)
    assert len(strings) == len(every)
    for log, way in strings:
        assert log == pytest.approx(total(s for s, _ in every[said(way)]))
        assert way == max(every[said(way)])[1]
    assert [log for log, _ in strings] == sorted((log for log, _ in strings), reverse=True)


def test_a_string_cut_in_two_ways_wins_over_the_best_way():
    found = lattice(blots=3, labels=(1,))
    found.scores[:] = -np.inf
    start, end = found.segments.start, found.segments.end
    for a, b, label, share in ((0, 1, 4, 0.4), (1, 3, 4, 1), (0, 2, 1, 0.3), (2, 3, 1, 1)):
        found.scores[(start == a) & (end == b), label] = np.log(share)
    found.scores[(start == 0) & (end == 1), 1] = np.log(0.3)
    found.scores[(start == 1) & (end == 3), 1] = 0
    assert said(best_way(found)) == (4, 4) or said(best_way(found)) == (4, 1)
    assert tell(found).text == "11"


FIELDS = [
    {"length": 2},
    {"length": 4},
    {"checksum": "luhn"},
    {"checksum": "verhoeff"},
    {"checksum": "damm"},
    {"checksum": "mod97"},
    {"length": 3, "checksum": "luhn"},
    {"pattern": "[14]d4"},
    {"pattern": "d[17]d", "checksum": "damm"},
]


@pytest.mark.parametrize("field", FIELDS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_a_field_finds_the_best_of_all_ways_that_fit(field, seed):
    found = lattice(seed=seed, labels=(1, 4, 7, 8))
    wanted = parse_field(**field)
    fits = [
        (score, way) for score, way in ways(found) if _fits("".join(map(str, said(way))), field)
    ]
    score, way = fit(found, wanted, 0, len(found.nodes) - 1)
    if not fits:
        assert (score, way) == (-np.inf, ())
        return
    assert (score, way) == (pytest.approx(max(fits)[0]), max(fits)[1])
    assert fit_total(found, wanted, 0, len(found.nodes) - 1) == pytest.approx(
        total(s for s, _ in fits)
    )
    digits = "".join(map(str, said(way)))
    same = [s for s, other in fits if said(other) == said(way)]
    assert fit_total(found, exactly(wanted, digits), 0, len(found.nodes) - 1) == pytest.approx(
        total(same)
    )


@pytest.mark.parametrize("field", [*FIELDS, {"pattern": "d-d"}], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_one_search_has_the_best_way_from_every_node(field, seed):
    found = lattice(blots=6, seed=seed, labels=(1, 4, 7, 8))
    wanted = parse_field(**field)
    alone = {node: fit(found, wanted, node, 6) for node in range(6)}
    for node, (score, way) in alone.items():
        others = dict.fromkeys(range(6), -1e6)
        told = fit_from(found, wanted, {**others, node: 0.0}, 6)
        if way:
            assert told == (pytest.approx(score), node, way)
        else:
            assert told[0] < -1e5
    before = dict(enumerate(np.random.default_rng(seed).normal(-6, 3, 6)))
    sums = {node: before[node] + score for node, (score, _) in alone.items()}
    score, node, way = fit_from(found, wanted, before, 6)
    assert score == pytest.approx(max(sums.values()))
    if way:
        assert (sums[node], way) == (pytest.approx(score), alone[node][1])


def test_a_line_of_numbers_is_searched_once_for_each_end(monkeypatch):
    searched = []

    def counted(*arguments, total):
        searched.append(total)
        return search(*arguments, total=total)

    search = fitting._search
    monkeypatch.setattr(fitting, "_search", counted)
    found = lattice(blots=12, labels=(1, 4, 7))
    pairs = found.segments.end - found.segments.start == 2
    found.scores[pairs] = -np.inf
    for i in range(12):  # six numbers of two digits, far apart
        found.segments.boxes[found.segments.start == i, 0] = 20 * i + 60 * (i // 2)
    reading = tell(found, parse_field(length=2))
    assert [len(number.marks) for number in reading.numbers] == [2] * 6
    assert searched.count(False) == 6


def _fits(text, field):
    if "length" in field and len(text) != field["length"]:
        return False
    if field.get("pattern") == "[14]d4" and not (
        len(text) == 3 and text[0] in "14" and text[2] == "4"
    ):
        return False
    if field.get("pattern") == "d[17]d" and not (len(text) == 3 and text[1] in "17"):
        return False
    return "checksum" not in field or keeps(text, field["checksum"])


def test_a_separator_takes_a_mark_or_none_but_never_a_digit():
    found = lattice(blots=3, labels=(1, 4, 7))
    alone = (found.segments.end - found.segments.start) == 1
    found.scores[~alone] = -np.inf
    found.probabilities[found.segments.start == 1] = np.eye(NONE + 1)[NONE]
    _, way = fit(found, parse_field("d/d"), 0, 3)
    assert [label == SEPARATOR for _, label in way] == [False, True, False]
    _, way = fit(found, parse_field("dd.d"), 0, 3)
    assert SEPARATOR not in [label for _, label in way]
    assert len(way) == 3
