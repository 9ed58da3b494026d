"""The nearest: which of many images, as pixels or as a network sees them, are most like one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Images, Indices

__all__ = ["Nearest", "nearest_directions", "nearest_images", "to_directions"]

AT_ONCE = 6000  # images made floats of
SPARE = 8  # candidates more than asked for: float32 may confuse those that are nearly as near


class Nearest(NamedTuple):
    """Places among what was searched, and distances, both [n, k], the nearest first."""

    indices: Indices
    distances: Floats


def nearest_images(images: Images, among: Images, k: int) -> Nearest:
    """The k images of `among` [m, 28, 28] that are nearest to each of `images` [n, 28, 28].

    The measure is Euclid's: the root of the summed squares of the differences between pixels, each
    in 0..1. Candidates are found by matrix products in float32,

        |x - y|^2 = |x|^2 - 2 x y + |y|^2,

    and measured again in float64, so that order and distances are exact. Fewer than k where there
    are fewer; of equally near ones the first stands first.

    >>> among = np.zeros((3, 28, 28), np.uint8)
    >>> among[1, 0, :2] = 255
    >>> found = nearest_images(among[1:2], among, 2)
    >>> found.indices.tolist(), found.distances.round(3).tolist()
    ([[1, 0]], [[0.0, 1.414]])
    """
    X, most = _floats(images), min(k + SPARE, len(among))
    indices = np.empty((len(X), 0), np.int64)
    distances = np.empty((len(X), 0), np.float32)
    for start in range(0, len(among), AT_ONCE):
        Y = _floats(among[start : start + AT_ONCE])
        own = np.einsum("ij,ij->i", Y, Y) - 2 * (X @ Y.T)  # |x|^2 is the same for all
        numbers = np.broadcast_to(np.arange(start, start + len(Y)), own.shape)
        indices, distances = _smallest(
            np.hstack([indices, numbers]), np.hstack([distances, own]), most
        )
    exact = np.empty(indices.shape)
    for row, (x, chosen) in enumerate(zip(X, indices, strict=True)):
        difference = x.astype(np.float64) - _floats(among[chosen])
        exact[row] = np.sqrt((difference**2).sum(axis=1))
    return Nearest(*_smallest(indices, exact, min(k, len(among))))


def nearest_directions(features: Floats, among: Floats, k: int) -> Nearest:
    """The k rows of `among` [m, d] whose direction is nearest to that of each of `features` [n, d].

    The measure is the cosine distance, 1 - cos of the angle, 0 for the same direction and 1 for a
    right angle, as Papernot and McDaniel take it for the layers of a network (Deep k-Nearest
    Neighbors, 2018, arXiv 1803.04765): how strongly a layer is excited counts for nothing, only by
    what. `among` has rows of length 1; see `to_directions`.

    >>> among = to_directions(np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]]))
    >>> found = nearest_directions(np.array([[5.0, 0.0]]), among, 2)
    >>> found.indices.tolist(), found.distances.round(3).tolist()
    ([[0, 2]], [[0.0, 0.293]])
    """
    distances = 1 - to_directions(features) @ among.T
    indices = np.broadcast_to(np.arange(len(among)), distances.shape)
    found = _smallest(indices, np.maximum(distances, 0), min(k, len(among)))
    return Nearest(*found)


def to_directions(features: Floats) -> Floats:
    """Each row [n, d] divided by its length; a row of zeros stays one, far from everything."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.maximum(lengths, np.finfo(features.dtype).tiny)


def _smallest(indices: Indices, values: Floats, k: int) -> tuple[Indices, Floats]:
    """The k smallest values of each row in order, with their indices."""
    if k < values.shape[1]:
        kept = (
            np.argpartition(values, k - 1, axis=1)[:, :k] if k else np.empty((len(values), 0), int)
        )
        indices = np.take_along_axis(indices, kept, axis=1)
        values = np.take_along_axis(values, kept, axis=1)
    order = np.lexsort((indices, values), axis=1)
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(values, order, axis=1)


def _floats(images: NDArray[Any]) -> Floats:
    """Images as rows of float32 in 0..1."""
    return images.reshape(len(images), -1) / np.float32(255)
