"""Things that are no digit."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.preparation.field import BOX
from digitscope.synthesis import negatives as module
from digitscope.synthesis.fonts import LETTERS, LOOKALIKES
from digitscope.synthesis.negatives import KINDS, negatives, side_by_side
from digitscope.synthesis.strokes import crop

POOL = load_mnist("train")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_framed_varied_and_seeded(kind: module.Callable) -> None:
    rng, again = np.random.default_rng(0), np.random.default_rng(0)
    made = np.stack([kind(rng, POOL) for _ in range(40)])
    np.testing.assert_array_equal(made, np.stack([kind(again, POOL) for _ in range(40)]))
    assert made.dtype == np.uint8
    assert made.shape == (40, 28, 28)
    assert len({image.tobytes() for image in made}) > 35
    for image in made:
        assert image.any()
        assert max(crop(image).shape) <= BOX
    # A pale rim is cut off where an image is made smaller; of clouds of noise not much is left.
    assert np.median([max(crop(image).shape) for image in made]) >= BOX - 4


def test_shares_are_kept() -> None:
    assert sum(KINDS.values()) == pytest.approx(1)
    assert negatives(0, np.random.default_rng(0), POOL).shape == (0, 28, 28)


def test_letters_of_a_digits_form_are_none_of_them() -> None:
    assert not set(LETTERS) & set(LOOKALIKES)
    assert {"O", "I", "l", "Z", "S", "B", "b", "q", "g"} <= set(LOOKALIKES)


def test_a_pool_of_one_digit_still_gives_all_kinds() -> None:
    ones = (POOL.images[POOL.labels == 1][:5], np.ones(5, np.uint8))
    assert negatives(30, np.random.default_rng(0), ones).shape == (30, 28, 28)


@pytest.mark.parametrize(("gap", "width"), [(3, 13), (0, 10), (-2, 8), (-99, 7)])
def test_side_by_side(gap: int, width: int) -> None:
    left, right = np.full((8, 4), 90, np.uint8), np.full((6, 6), 200, np.uint8)
    made = side_by_side(left, right, gap, 3)
    assert made.shape == (9, width)
    assert made[3:, -6:].min() == 200
    assert made[0, 0] == 90
