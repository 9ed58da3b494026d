"""Segments of strings with what stands around them."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.models.model import load
from digitscope.preparation.field import frame
from digitscope.preparation.surroundings import PALE, surrounded
from digitscope.synthesis.mixture import finish, holds_none
from digitscope.synthesis.neighbours import neighbours

MNIST = load_mnist("train")
POOL = MNIST.images[:300], MNIST.labels[:300]


def test_about_half_are_digits_that_a_reader_knows_by_their_own_ink() -> None:
    images, labels = neighbours(400, np.random.default_rng(0), POOL, 10)
    assert np.mean(labels == 10) == pytest.approx(0.5, abs=0.08)
    own = np.where(images > 255 * PALE + 1, images, 0).astype(np.uint8)
    answers = load("reader").judge(own).argmax(axis=1)
    digits = labels < 10
    assert np.mean(answers[digits] == labels[digits]) > 0.85
    assert np.mean(answers[~digits] == 10) > 0.6  # half a digit may look like another one


def test_most_have_neighbours_in_sight() -> None:
    images, _ = neighbours(200, np.random.default_rng(1), POOL, 10)
    pale = ((images > 40) & (images <= 255 * PALE + 1)).sum(axis=(1, 2))
    assert np.mean(pale > 30) > 0.7


def test_the_same_generator_gives_the_same_segments() -> None:
    first, second = (neighbours(40, np.random.default_rng(2), POOL, 10) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("ink", [0, 90])
def test_digits_with_hardly_any_ink_hold_no_training_up(ink: int) -> None:
    """A batch of one such digit gives no segment, however often it is tried."""
    faint = np.zeros((1, 28, 28), np.uint8)
    faint[:, 8:20, 12:15] = ink
    images, labels = neighbours(3, np.random.default_rng(0), (faint, np.array([7], np.uint8)), 10)
    np.testing.assert_array_equal(images, np.repeat(faint, 3, axis=0))
    assert labels.tolist() == [7, 7, 7]


def test_a_batch_has_its_share_and_the_others_are_framed_as_ever() -> None:
    images, labels = MNIST.images[:64], MNIST.labels[:64].copy()
    labels[:5] = 10  # no digits: of these no string is made
    found, answers = finish(
        images, labels, tuple(range(10)), {"neighbours": 0.5}, np.random.default_rng(0)
    )
    assert found.shape == (64, 28, 28)
    np.testing.assert_array_equal(answers[32:], labels[32:])
    without = np.random.default_rng(0)
    plain, same = finish(images, labels, tuple(range(10)), {}, without)
    np.testing.assert_array_equal(found[32:], plain[32:])
    np.testing.assert_array_equal(same, labels)
    assert (found[:32] != plain[:32]).any()
    assert holds_none({"neighbours": 0.5})


def test_a_digit_among_others_stands_as_it_does_alone() -> None:
    page = np.zeros((60, 90), np.uint8)
    digit = MNIST.images[0][4:24, 4:24]
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    digit = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    h, w = digit.shape
    page[20 : 20 + h, 30 : 30 + w] = digit
    alone = surrounded(page, digit, (30, 20, w, h))
    np.testing.assert_array_equal(alone, frame(digit))
    page[:, 30 + w + 2 :] = 255
    among = surrounded(page, digit, (30, 20, w, h))
    np.testing.assert_array_equal(among[among > 255 * PALE + 1], alone[alone > 255 * PALE + 1])
    assert (among[:, -1] == round(255 * PALE)).all()


@pytest.mark.parametrize("corner", [(0, 0), (40, 0), (0, 30), (40, 30)])
def test_beyond_the_page_is_paper(corner: tuple[int, int]) -> None:
    x, y = corner
    page = np.zeros((50, 45), np.uint8)
    page[y : y + 20, x : x + 5] = 255
    own = page[y : y + 20, x : x + 5].copy()
    np.testing.assert_array_equal(surrounded(page, own, (x, y, 5, 20)), frame(own))
