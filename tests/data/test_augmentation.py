from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.augmentation import AUGMENTATIONS, augment, parse_augmentation
from digitscope.data.mnist import load_mnist
from digitscope.errors import SettingError

# A strength at which each transform shows, and a small one.
STRENGTHS = {
    "shift": 2.0,
    "nudge": 4.0,
    "rotate": 15.0,
    "scale": 0.2,
    "shear": 0.3,
    "elastic": 30.0,
    "stroke": 0.5,
    "blur": 1.0,
    "grain": 0.3,
}


def digits(n: int = 600) -> np.ndarray:
    return load_mnist("test").images[:n]


def test_every_transform_has_a_row() -> None:
    assert set(STRENGTHS) == set(AUGMENTATIONS)


@pytest.mark.parametrize("name", sorted(STRENGTHS))
def test_seeded_and_moderate(name: str) -> None:
    images = digits()
    a, b, c = (
        augment(images, {name: STRENGTHS[name]}, np.random.default_rng(s)) for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert a.dtype == np.uint8
    assert a.shape == images.shape
    ink = a.sum(dtype=np.int64) / images.sum(dtype=np.int64)
    assert 0.9 < ink < 1.15
    changed = [not np.array_equal(x, y) for x, y in zip(a, images, strict=True)]
    # Below 0 a blur is none, and ink is whole: half of the images stay as they are.
    assert np.mean(changed) > (0.45 if name in ("blur", "grain") else 0.98)


def test_nothing_asked_for_changes_nothing() -> None:
    np.testing.assert_array_equal(augment(digits(), {}, np.random.default_rng(0)), digits())


def test_a_shift_moves_and_leaves_no_trace_of_the_neighbours() -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    images[1] = 255  # a full image between two empty ones
    moved = augment(images, {"shift": 3.0}, np.random.default_rng(0))
    assert not moved[[0, 2]].any()
    assert (moved[1] == 0).any()


def test_a_nudge_moves_by_whole_pixels_alone_as_beside_others() -> None:
    images = digits(300)
    alone = augment(images, {"nudge": 2.0}, np.random.default_rng(0))
    beside = augment(images, {"nudge": 2.0, "rotate": 1e-9}, np.random.default_rng(0))
    np.testing.assert_array_equal(alone, beside)
    moves = set()
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    for i, image in enumerate(alone):
        moves |= {
            (dx, dy)
            for dx in range(5)
            for dy in range(5)
            if np.array_equal(image, padded[i, dy : dy + 28, dx : dx + 28])
        }
    assert len(moves) == 25


def test_a_rotation_keeps_the_centre_and_turns_by_the_angle() -> None:
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 13:15, 4:24] = 255
    rng = np.random.default_rng(3)
    angle = np.random.default_rng(3).uniform(-90, 90, (1, 2)).astype(np.float32)[0, 0]
    turned = augment(image, {"rotate": 90.0}, rng)[0].astype(float)
    ys, xs = np.mgrid[:28, :28] - 13.5
    mass = turned.sum()
    assert abs((turned * ys).sum() / mass) < 0.1
    assert abs((turned * xs).sum() / mass) < 0.1
    measured = np.degrees(
        0.5
        * np.arctan2(
            2 * (turned * xs * ys).sum(), (turned * xs * xs).sum() - (turned * ys * ys).sum()
        )
    )
    difference = (abs(measured) - abs(angle)) % 180
    assert min(difference, 180 - difference) < 1


def test_more_images_than_one_strip_holds_are_each_treated() -> None:
    images = digits(1200)
    out = augment(images, {"shift": 1.0}, np.random.default_rng(0))
    assert (out[600:].reshape(600, -1).sum(axis=1) > 0).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shfit:2", "unknown augmentation 'shfit': did you mean 'shift'?"),
        ("shift", "needs a strength from 0 to 14, got ''"),
        ("shift:-1", "needs a strength from 0 to 14, got '-1'"),
        ("rotate:nan", "needs a strength"),
        ("scale:1", "from 0 to 0.9"),
    ],
)
def test_what_is_no_augmentation(text: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_augmentation(text)
    assert message in str(caught.value)


def test_text() -> None:
    assert parse_augmentation("") == parse_augmentation("none") == {}
    assert parse_augmentation("shift:1.5, rotate:10") == {"shift": 1.5, "rotate": 10.0}
