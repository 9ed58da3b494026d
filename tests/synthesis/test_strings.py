"""The composer: the same seed gives the same strings, and they are what they say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.errors import SettingError
from digitscope.synthesis.cutouts import cutout
from digitscope.synthesis.strings import GAPS, INK, KINDS, MARGIN, compose, compose_strings

TEST = load_mnist("test")


def strings(n=60, seed=0, **options):
    return compose_strings(n, np.random.default_rng(seed), *TEST, **options)


def test_a_seed_fixes_the_strings():
    first, again, other = strings(5), strings(5), strings(5, seed=1)
    assert [s.label for s in first] == [s.label for s in again]
    assert all((a.image == b.image).all() for a, b in zip(first, again, strict=True))
    assert [s.label for s in first] != [s.label for s in other]


def test_every_kind_comes_up_and_every_length():
    made = strings(200)
    assert {s.kind for s in made} == set(KINDS)
    assert {len(s.label) for s in made} == {3, 4, 5, 6}


def test_a_string_is_its_digits_where_their_boxes_say():
    for string in strings():
        page = np.zeros_like(string.image)
        for (x, y, w, h), ink in zip(string.boxes, string.inks, strict=True):
            assert ink.shape == (h, w)
            np.maximum(page[y : y + h, x : x + w], ink, out=page[y : y + h, x : x + w])
        assert (page == string.image).all()
        assert not string.image[:, :MARGIN].any()
        assert string.image[:, MARGIN].any()


def test_gaps_and_kinds_are_as_documented():
    for string in strings():
        gaps = [b[0] - a[0] - a[2] for a, b in zip(string.boxes, string.boxes[1:], strict=False)]
        # A digit that lies wholly inside its neighbour's columns starts one behind it at least.
        assert max(gaps) <= GAPS[1]
        if string.kind == "no-overlap":
            assert min(gaps) >= 0
            count = cv2.connectedComponents((string.image >= INK).astype(np.uint8))[0] - 1
            assert count >= len(string.label)
        if string.kind == "overlap":
            assert min(gaps) < 0


def test_pushed_together_digits_touch():
    digits = list(TEST.images[:2])
    image, _ = compose(digits, None)
    whole = cv2.connectedComponents((image >= INK).astype(np.uint8))[0] - 1
    parts = [cv2.connectedComponents((d >= INK).astype(np.uint8))[0] - 1 for d in digits]
    assert whole == sum(parts) - 1


def test_a_blank_digit_is_composed_too():
    image, boxes = compose([np.zeros((28, 28), np.uint8)] * 2, [3])
    assert not image.any()
    assert len(boxes) == 2


@pytest.mark.parametrize("options", [{"lengths": (0, 3)}, {"lengths": (4, 3)}, {"gaps": (5, -5)}])
def test_limits_in_the_wrong_order_are_refused(options):
    with pytest.raises(SettingError, match=r"the least first, got .* try \(3, 6\) and \(-4, 8\)"):
        strings(1, **options)


def test_cutouts_are_digits_and_things_that_are_none():
    rng = np.random.default_rng(0)
    made = [cutout(rng, TEST) for _ in range(200)]
    assert all(image.shape == (28, 28) and image.any() for image, _ in made)
    told = {digit for _, digit in made}
    assert told == {None, *range(10)}
    assert 10 < sum(digit is None for _, digit in made) < 100
