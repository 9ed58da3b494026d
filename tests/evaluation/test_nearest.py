"""The nearest images and directions, compared with all distances worked out one by one."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.evaluation.nearest import nearest_directions, nearest_images, to_directions


def test_the_nearest_images_are_those_of_least_distance() -> None:
    among = load_mnist("train").images[:13_000]  # more than two blocks
    images = load_mnist("test").images[:3]
    found = nearest_images(images, among, 9)
    for image, indices, distances in zip(images, *found, strict=True):
        differences = (among.astype(np.float64) - image) / 255
        exact = np.sqrt((differences**2).sum(axis=(1, 2)))
        np.testing.assert_array_equal(indices, np.argsort(exact, kind="stable")[:9])
        np.testing.assert_allclose(distances, exact[indices], rtol=1e-6)


def test_an_image_is_nearest_to_itself_at_no_distance_at_all() -> None:
    among = load_mnist("test").images[:200]
    found = nearest_images(among[:50], among, 1)
    np.testing.assert_array_equal(found.indices[:, 0], np.arange(50))
    assert not found.distances.any()


@pytest.mark.parametrize("k", [0, 1, 5, 6, 50])
def test_as_many_as_there_are(k: int) -> None:
    among = load_mnist("test").images[:6]
    assert nearest_images(among[:2], among, k).indices.shape == (2, min(k, 6))
    directions = to_directions(among.reshape(6, -1).astype(np.float32))
    assert nearest_directions(directions[:2], directions, k).indices.shape == (2, min(k, 6))
    assert nearest_directions(directions[:2], directions[:0], k).indices.shape == (2, 0)


def test_directions_are_compared_by_the_cosine() -> None:
    rng = np.random.default_rng(0)
    features, among = rng.standard_normal((4, 30)), rng.standard_normal((500, 30))
    found = nearest_directions(features, to_directions(among), 7)
    for f, indices, distances in zip(features, *found, strict=True):
        exact = 1 - among @ f / np.linalg.norm(among, axis=1) / np.linalg.norm(f)
        np.testing.assert_array_equal(indices, np.argsort(exact)[:7])
        np.testing.assert_allclose(distances, exact[indices], rtol=1e-9)
    doubled = nearest_directions(7 * features, to_directions(among), 7)
    np.testing.assert_array_equal(doubled.indices, found.indices)


def test_what_excites_nothing_is_at_a_right_angle_to_everything() -> None:
    among = to_directions(np.array([[0.0, 0.0], [3.0, 4.0]], np.float32))
    np.testing.assert_array_equal(among, np.array([[0, 0], [0.6, 0.8]], np.float32))
    assert nearest_directions(np.zeros((1, 2), np.float32), among, 2).distances.tolist() == [[1, 1]]
