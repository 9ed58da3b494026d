"""What pens, lenses and paper do to a stroke."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.data.pen import PEN

RNG = np.random.default_rng(0)


def amounts(*values: float) -> np.ndarray:
    return np.array(values, np.float32).reshape(-1, 1, 1)


def lines(n: int, width: int) -> np.ndarray:
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 6:22, 13 : 13 + width] = 200
    return images


def test_a_stroke_grows_or_shrinks_by_a_pixel_on_every_side() -> None:
    made = PEN["stroke"](lines(3, 4), amounts(1, 0, -1), RNG)
    widths = [(image[14] > 60).sum() for image in made]
    assert widths == [6, 4, 4]  # what thinning takes away keeps half of its ink
    assert made[2, 14, 13] == 100
    assert made[2, 14, 14] == 200


def test_thinning_wears_no_stroke_away() -> None:
    thin = lines(1, 1)
    assert PEN["stroke"](thin, amounts(-1), RNG)[0, 14, 13] == 100


def test_a_blur_spreads_the_ink_and_keeps_it() -> None:
    before = lines(2, 2)
    sharp, soft = PEN["blur"](before, amounts(-1, 1), RNG)
    np.testing.assert_array_equal(sharp, before[0])
    assert soft.max() < before.max()
    assert soft.sum(dtype=int) == pytest.approx(before[1].sum(dtype=int), rel=0.02)


def test_grain_takes_ink_from_strokes_only() -> None:
    before = lines(1, 6)
    made = PEN["grain"](before, amounts(0.5), np.random.default_rng(1))
    assert not made[before == 0].any()
    assert (made[before > 0] >= 100).all()
    assert made[before > 0].std() > 5


@pytest.mark.parametrize("name", sorted(PEN))
def test_neighbours_leave_no_trace(name: str) -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    images[1] = 255
    made = PEN[name](images, amounts(1, 1, 1), np.random.default_rng(0))
    assert not made[[0, 2]].any()


@pytest.mark.parametrize("name", ["blur", "stroke"])  # grain draws as it goes along
def test_a_batch_is_its_images_one_by_one(name: str) -> None:
    images = load_mnist("test").images[:5]
    many = PEN[name](images, amounts(-1, -0.4, 0, 0.4, 1), RNG)
    for i, amount in enumerate((-1, -0.4, 0, 0.4, 1)):
        np.testing.assert_array_equal(
            many[i], PEN[name](images[i : i + 1], amounts(amount), RNG)[0]
        )
