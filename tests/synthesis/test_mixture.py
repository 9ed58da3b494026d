"""A batch with drawn digits and negatives in it."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.errors import SettingError
from digitscope.preparation.field import BOX, CENTRE, centre_of_mass
from digitscope.synthesis.drawn import drawn_digit, with_added_stroke
from digitscope.synthesis.glyphs import ADDED, DIGITS, LETTERS, SIGNS, parse_glyph
from digitscope.synthesis.mixture import holds_none, mix, parse_synthesis, reframe
from digitscope.synthesis.strokes import crop

MNIST = load_mnist("train")
ALL = tuple(range(10))


def mixed(shares: dict[str, float], n: int = 1000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return mix(MNIST.images[:n], MNIST.labels[:n], ALL, shares, np.random.default_rng(seed))


def test_shares_are_kept_and_the_rest_is_mnist() -> None:
    images, labels = mixed({"negatives": 0.2, "drawn": 0.3})
    same = (images == MNIST.images[:1000]).all(axis=(1, 2))
    assert np.mean(labels == 10) == pytest.approx(0.2, abs=0.04)
    assert np.mean(same) == pytest.approx(0.5, abs=0.05)
    np.testing.assert_array_equal(labels[same], MNIST.labels[:1000][same])


def test_the_same_generator_gives_the_same_batch_and_the_originals_stay() -> None:
    before = MNIST.images[:1000].copy()
    shares = {"negatives": 0.2, "drawn": 0.2, "allographs": 0.5}
    for a, b in zip(mixed(shares), mixed(shares), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(MNIST.images[:1000], before)


def test_allographs_touch_the_0_the_1_and_the_7_only() -> None:
    images, labels = mixed({"allographs": 1.0})
    np.testing.assert_array_equal(labels, MNIST.labels[:1000])
    changed = (images != MNIST.images[:1000]).any(axis=(1, 2))
    np.testing.assert_array_equal(changed, np.isin(labels, list(ADDED)))


def test_two_digits_have_negatives_of_class_2() -> None:
    pair = np.isin(MNIST.labels[:500], (3, 8))
    images, digits = MNIST.images[:500][pair], MNIST.labels[:500][pair]
    classes = (digits == 8).astype(np.uint8)
    rng = np.random.default_rng(0)
    _, labels = mix(images, classes, (3, 8), {"negatives": 0.3, "drawn": 0.3}, rng)
    assert set(labels) == {0, 1, 2}


def test_reframed_images_fill_their_box_around_the_centre_of_mass() -> None:
    small = np.zeros((20, 28, 28), np.uint8)
    small[:, 2:14, 3:9] = MNIST.images[:20, 8:20, 10:16] // 2 + 60
    for image in reframe(small, {"coarse": 0.5}, np.random.default_rng(0)):
        assert max(crop(image).shape) in (BOX - 1, BOX)
        assert centre_of_mass(image) == pytest.approx((CENTRE, CENTRE), abs=1.1)
        assert image.max() > 200


def test_an_empty_image_stays_empty() -> None:
    assert not reframe(np.zeros((1, 28, 28), np.uint8), {}, np.random.default_rng(0)).any()


@pytest.mark.parametrize("digit", ALL)
def test_a_digit_is_drawn_in_all_its_ways(digit: int) -> None:
    rng = np.random.default_rng(digit)
    made = [drawn_digit(digit, rng) for _ in range(50)]
    assert len({image.tobytes() for image in made}) == 50
    assert all(max(crop(image).shape) == BOX for image in made)


def test_an_upstroke_makes_a_1_wider_and_a_bar_gives_a_7_more_ink() -> None:
    rng = np.random.default_rng(0)
    ones = MNIST.images[MNIST.labels == 1][:50]
    sevens = MNIST.images[MNIST.labels == 7][:50]
    width = np.mean([crop(image).shape[1] for image in ones])
    wider = np.mean([crop(with_added_stroke(image, 1, rng)).shape[1] for image in ones])
    assert wider > width + 2
    ink = np.mean([with_added_stroke(image, 7, rng).sum() for image in sevens])
    assert ink > 1.05 * np.mean([image.sum() for image in sevens])


def test_every_glyph_is_of_strokes_with_two_points_within_reach() -> None:
    glyphs = [
        *LETTERS,
        *SIGNS,
        *(g for d in (DIGITS, ADDED) for forms in d.values() for g in forms),
    ]
    for glyph in glyphs:
        for stroke in parse_glyph(glyph):
            assert len(stroke.points) >= 2, glyph
            assert np.abs(stroke.points - 0.5).max() <= 1.2, glyph


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("drwan:0.2", "unknown synthesis 'drwan': did you mean 'drawn'"),
        ("drawn:2", "synthesis drawn needs a share from 0 to 1, got '2'"),
        ("drawn", "synthesis drawn needs a share from 0 to 1, got ''"),
        ("drawn:0.5 negatives:0.5", "must leave a tenth of the images to MNIST"),
    ],
)
def test_what_is_no_share(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        parse_synthesis(text)


def test_cutouts_alone_bring_images_that_are_no_digit() -> None:
    rng = np.random.default_rng(0)
    shares = parse_synthesis("cutouts:0.9")
    answers = mix(MNIST.images[:200], MNIST.labels[:200], ALL, shares, rng)[1]
    assert holds_none(shares)
    assert 10 < np.count_nonzero(answers == 10) < 150
