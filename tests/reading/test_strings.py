"""Lines read: composed strings, marks that are no digit, fields, and what must always hold."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.models.model import load
from digitscope.models.neighbours import load_neighbours
from digitscope.reading.blots import find_blots
from digitscope.reading.classifier import NONE
from digitscope.reading.field import parse_field
from digitscope.reading.segments import find_nodes, find_segments
from digitscope.reading.strings import lattices, read_strip, read_strips
from digitscope.reading.strip import Strip
from digitscope.synthesis.strings import compose, compose_strings

TEST = load_mnist("test")
READER = load("reader").judge


def strip(ink):
    return Strip(ink, np.eye(3))


def composed(*numbers, gap=5):
    """Test images by their number, side by side."""
    digits = [TEST.images[i] for i in numbers]
    return compose(digits, [gap] * (len(digits) - 1))


def told(numbers):
    return "".join(str(TEST.labels[i]) for i in numbers)


def test_strings_apart_are_read_with_their_boxes():
    strings = compose_strings(12, np.random.default_rng(0), *TEST, gaps=(2, 8))
    readings = read_strips([strip(s.image) for s in strings], READER)
    exact = [r.text == s.label for s, r in zip(strings, readings, strict=True)]
    assert sum(exact) >= 10
    for string, reading, right in zip(strings, readings, exact, strict=True):
        if not right:
            continue
        for mark, (x, y, w, h) in zip(reading.marks, string.boxes, strict=True):
            near = np.abs(np.array(mark.box) - (x, y, w, h))
            assert near.max() <= 2  # the palest edge of a digit is paper


def test_touching_strings_are_cut():
    rng = np.random.default_rng(1)
    strings = [s for s in compose_strings(60, rng, *TEST, lengths=(2, 3)) if s.kind == "touching"]
    readings = read_strips([strip(s.image) for s in strings[:16]], READER)
    assert sum(r.text == s.label for s, r in zip(strings, readings, strict=False)) >= 9


def test_one_by_one_equals_all_at_once():
    strings = compose_strings(4, np.random.default_rng(2), *TEST)
    together = read_strips([strip(s.image) for s in strings], READER)
    for string, reading in zip(strings, together, strict=True):
        alone = read_strip(strip(string.image), READER)
        assert alone.text == reading.text
        assert alone.confidence == pytest.approx(reading.confidence, abs=1e-4)


def test_what_always_holds_of_a_reading():
    strings = compose_strings(6, np.random.default_rng(3), *TEST, gaps=(-3, 8))
    for string in strings:
        reading = read_strip(strip(string.image), READER)
        assert 0 <= reading.confidence <= 1
        lefts = [mark.box[0] for mark in reading.marks]
        assert lefts == sorted(lefts)
        for number in reading.numbers:
            assert reading.confidence <= number.confidence + 1e-9
            for mark in number.marks:
                assert mark.probabilities.sum() == pytest.approx(1)
                assert number.confidence <= mark.confidence + 1e-6
                assert mark.text == ("?" if mark.refused else str(mark.value))
                x, y, w, h = mark.box
                assert x >= 0
                assert y >= 0
                assert x + w <= string.image.shape[1]
                assert y + h <= string.image.shape[0]


def test_paper_without_ink_has_nothing_to_read():
    for shape in ((28, 28), (1, 1), (3, 400)):
        reading = read_strip(strip(np.zeros(shape, np.uint8)), READER)
        assert (reading.text, reading.marks, reading.confidence) == ("", (), 1.0)


def test_dots_and_dashes_are_dropped_and_a_wide_gap_parts_numbers():
    first, second = composed(0, 2, 1)[0], composed(3, 5, 7)[0]
    page = np.zeros((36, first.shape[1] + second.shape[1] + 40), np.uint8)
    page[:, : first.shape[1]] = first
    page[:, -second.shape[1] :] = second
    page[25:28, first.shape[1] + 10 : first.shape[1] + 13] = 255  # a dot
    page[17:19, first.shape[1] + 20 : first.shape[1] + 28] = 255  # a dash
    reading = read_strip(strip(page), READER)
    assert reading.text == f"{told([0, 2, 1])} {told([3, 5, 7])}"


def test_a_broken_digit_is_one():
    """The bar of a 5 a pixel away from its body."""
    image, label = TEST.images[15].copy(), TEST.labels[15]
    assert label == 5
    image[8] = image[9] = 0
    assert len(find_blots(image)) >= 2
    reading = read_strip(strip(compose([TEST.images[0], image], [5])[0]), READER)
    assert reading.text == "75"


def test_the_bar_of_a_5_may_reach_far_beyond_its_body():
    page = np.zeros((44, 90), np.uint8)
    body = [(8, 12), (8, 24), (20, 22), (24, 30), (18, 38), (6, 36)]
    cv2.polylines(page, [np.int32(body)], False, 255, 4, cv2.LINE_AA)
    cv2.line(page, (14, 6), (52, 4), 255, 4, cv2.LINE_AA)
    blots = find_blots(page)
    assert len(blots) == 2
    segments = find_segments(page, blots, find_nodes(page, blots, np.zeros(2, bool)))
    assert (0, 2) in zip(segments.start.tolist(), segments.end.tolist(), strict=True)


def test_what_stands_behind_a_blot_does_not_change_how_it_is_cut():
    """A wide space behind touching digits is no part of the second one."""
    pair = compose([TEST.images[0], TEST.images[1]], [-6])[0]
    found = []
    for space in (14, 60):
        page = np.zeros((len(pair), pair.shape[1] + space), np.uint8)
        page[:, : pair.shape[1]] = pair
        page[4:24, -8:-5] = 255
        blots = find_blots(page)
        nodes = find_nodes(page, blots, np.array([True, False]))
        segments = find_segments(page, blots, nodes)
        found.append(set(segments.start[segments.end == nodes.blot.tolist().index(1)].tolist()))
    assert len(found[0]) > 5
    assert found[0] == found[1]


def test_a_scale_does_not_change_what_is_read():
    import cv2

    ink, _ = composed(0, 1, 2, 3)
    for scale in (2, 3):
        large = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        assert read_strip(strip(np.asarray(large)), READER).text == told(range(4))


def guesses(*rows):
    """A classifier that says these to the blots from left to right, by the height of their ink."""

    def classify(images):
        heights = (images.max(axis=2) > 100).sum(axis=1)
        widths = (images.max(axis=1) > 100).sum(axis=1)
        p = np.full((len(images), NONE + 1), 1e-4)
        for i, (h, w) in enumerate(zip(heights, widths, strict=True)):
            place = int(np.argmin([abs(w / h - row[0]) for row in rows]))
            for label, share in rows[place][1].items():
                p[i, label] = share
        return p / p.sum(axis=1, keepdims=True)

    return classify


def bars(*widths, gap=18):
    """Bars 40 pixels high, each so wide: what a classifier can tell apart by their shape alone."""
    page = np.zeros((60, sum(widths) + gap * (len(widths) + 1)), np.uint8)
    x = gap
    for width in widths:
        page[10:50, x : x + width] = 255
        x += width + gap
    return page


LOOKS = guesses((0.1, {1: 1.0}), (0.2, {7: 0.9, 1: 0.1}), (0.3, {4: 0.99}))


def test_a_field_repairs_a_digit_and_says_so():
    ink = bars(4, 8, 12)  # 1, then a 7 that may be a 1, then a 4
    assert read_strip(strip(ink), LOOKS).text == "174"
    reading = read_strip(strip(ink), LOOKS, parse_field("d1d"))
    assert reading.text == "114"
    assert [mark.repaired for mark in reading.marks] == [False, True, False]
    assert reading.notes == ("174 looks likelier, but 114 fits the pattern 'd1d'",)
    assert 0.5 < reading.confidence < 1


def test_a_field_that_fits_changes_nothing_and_is_silent():
    reading = read_strip(strip(bars(4, 8, 12)), LOOKS, parse_field("d7.d"))
    assert (reading.text, reading.notes) == ("17.4", ())
    assert not any(mark.repaired for mark in reading.marks)


def test_a_field_that_does_not_fit_says_so_and_stays():
    reading = read_strip(strip(bars(4, 8, 12)), LOOKS, parse_field(length=5))
    assert reading.text == "174"
    assert reading.notes == ("174: no likely reading fits the length 5, so it stays as it looks",)
    assert reading.confidence < 0.01


def test_each_number_of_a_line_is_a_field_or_all_of_it():
    left, right = bars(4, 12), bars(12, 4)
    page = np.hstack([left, np.zeros((60, 60), np.uint8), right])
    assert read_strip(strip(page), LOOKS).text == "14 41"
    assert read_strip(strip(page), LOOKS, parse_field(length=2)).text == "14 41"
    assert read_strip(strip(page), LOOKS, parse_field("dd-dd")).text == "14-41"


def scrawl(words, seed=0):
    """Lines of words, each a blot about six heights of a digit wide."""
    import cv2

    rng = np.random.default_rng(seed)
    strips = []
    for first in range(0, words, 4):
        ink = np.zeros((40, 4 * 140), np.uint8)
        for word in range(min(4, words - first)):
            xs = 140 * word + 8 + np.arange(0, 116, 4)
            ys = 20 + np.where(np.arange(len(xs)) % 2, 1, -1) * rng.integers(5, 11, len(xs))
            cv2.polylines(ink, [np.stack([xs, ys], axis=1).astype(np.int32)], False, 255, 2)
        strips.append(strip(ink))
    return strips


def test_a_page_of_words_is_bounded_and_digits_beside_them_are_cut(monkeypatch):
    monkeypatch.setattr("digitscope.reading.strings.BUDGET", 8000)
    asked = []

    def unsure(images):
        asked.append(len(images))
        return np.full((len(images), NONE + 1), 1 / (NONE + 1))

    two = compose([TEST.images[0], TEST.images[2]], [-6])[0]
    assert len(find_blots(two)) == 1
    found = lattices([two, *(line.ink for line in scrawl(16))], unsure)
    assert max(asked) <= 2000
    assert 3000 < sum(asked) < 8100
    assert len(found[0].nodes) > 3  # narrow: cut before the words are
    assert sum(len(line.nodes) > 20 for line in found) >= 2


def test_a_few_words_are_all_cut():
    def unsure(images):
        return np.full((len(images), NONE + 1), 1 / (NONE + 1))

    for line in lattices([line.ink for line in scrawl(4)], unsure):
        assert len(line.nodes) > 4 * 20


def seeing(answers):
    """A classifier that gives the same answer to every image, and keeps what it was asked."""
    asked = []

    def classify(images):
        asked.extend(images)
        return np.tile(answers, (len(images), 1))

    return classify, asked


def test_what_touches_is_judged_among_its_neighbours_too():
    """The second judge sees more than the segment, and its word counts."""
    page, _ = compose([TEST.images[i] for i in (3, 4)], [-3])
    assert len(find_blots(page)) == 1
    classify, asked = seeing(np.full(NONE + 1, 1 / (NONE + 1)))
    (lattice,) = lattices([page], READER, classify)
    assert lattice.among is not None
    pale = [((image > 0) & (image < 116)).sum() for image in asked]
    assert np.median(pale) > 20  # ink of the neighbour, at less than half its darkness
    unsure = 1 - lattice.probabilities[:, NONE] <= 0.1
    np.testing.assert_array_equal(lattice.among[unsure], lattice.probabilities[unsure])
    assert len(asked) <= (~unsure).sum()
    told = [lattices([page], READER, seeing(np.eye(NONE + 1)[k])[0])[0].scores for k in (7, 9)]
    judged = (lattice.among != lattice.probabilities).any(axis=1)
    gained = told[0][judged, :NONE] - told[1][judged, :NONE]
    others = [k for k in range(NONE) if k not in (7, 9)]
    assert (gained[:, 7] > 5).all()
    assert (gained[:, 9] < -5).all()
    np.testing.assert_allclose(gained[:, others], 0, atol=1e-9)


def test_of_a_whole_blot_the_second_judge_may_not_say_that_it_is_none():
    """It knows pieces better; ink that hangs together the first judge knows."""
    pair, _ = compose([TEST.images[i] for i in (3, 4)], [-3])
    page = np.zeros((len(pair), pair.shape[1] + 34), np.uint8)
    page[:, : pair.shape[1]] = pair
    page[4:32, -28:] |= TEST.images[0]
    classify, _ = seeing(np.eye(NONE + 1)[NONE])
    (lattice,) = lattices([page], READER, classify)
    assert lattice.among is not None
    segments, p = lattice.segments, lattice.probabilities
    whole = segments.whole & (segments.joined == 0)
    assert whole.sum() == 2
    np.testing.assert_array_equal(lattice.among[whole], p[whole])
    assert p[whole].argmax(axis=1).tolist() == [NONE, TEST.labels[0]]
    assert (lattice.among[~segments.whole, NONE] > 0.8).all()


def test_pieces_keep_no_more_than_their_own_ink():
    """A long chain of digits has thousands, each a small part of it."""
    chain = compose([TEST.images[i] for i in range(12)], [-5] * 11)[0]
    blots = find_blots(chain)
    segments = find_segments(chain, blots, find_nodes(chain, blots, np.ones(len(blots), bool)))
    assert len(segments) > 1000
    kept = sum((own.base if own.base is not None else own).nbytes for own, _ in segments.bodies)
    assert kept == sum(own.nbytes for own, _ in segments.bodies)


def test_lines_whose_digits_stand_apart_are_judged_once():
    page, _ = composed(0, 1, 2)
    classify, asked = seeing(np.full(NONE + 1, 1 / (NONE + 1)))
    (lattice,) = lattices([page], READER, classify)
    assert lattice.among is None
    assert not asked
    assert read_strip(strip(page), READER, None, classify).text == told((0, 1, 2))


def test_a_networks_second_look_reads_more_touching_strings():
    rng = np.random.default_rng(3)
    strings = [s for s in compose_strings(90, rng, *TEST, lengths=(3, 4)) if s.kind == "touching"]
    inks, labels = [strip(s.image) for s in strings], [s.label for s in strings]

    def right(among):
        found = read_strips(inks, READER, None, among)
        return sum(r.text == label for r, label in zip(found, labels, strict=True))

    assert right(load_neighbours().judge) > right(None)
