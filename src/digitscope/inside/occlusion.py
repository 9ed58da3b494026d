"""Occlusion: a small patch hides a part of the image, and what that changes in the answer says what
the part was worth.

It asks nothing of a network but its answers. What two patches are worth does not add up: the digit
may need only one of the two strokes that they hide.

Source: Zeiler and Fergus (2014), Visualizing and Understanding Convolutional Networks,
arXiv:1311.2901, section 4.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.network.network import Network

__all__ = ["PATCH", "occluded", "occlusion_logits"]

PATCH = 5  # pixels along a side: about as wide as a stroke with its rim
BATCH = 32  # images at once: larger batches leave the processor's cache


def occluded(image: NDArray[Any], patch: int = PATCH, ink: float = 0.0) -> Floats:
    """The image [28, 28] (floats in 0..1) with a patch of paper (`ink` 0) or of ink (1) over each
    pixel in turn, float32 [784, 28, 28]; the patch is centred on the pixel and cut off at the rim.

    >>> occluded(np.ones((28, 28)), 5).sum(axis=(1, 2))[[0, 14 * 28 + 14]].tolist()
    [775.0, 759.0]
    """
    h, w = image.shape
    hidden = np.broadcast_to(image.astype(np.float32), (h * w, h, w)).copy()
    reach = patch // 2
    for i, (r, c) in enumerate(np.ndindex(h, w)):
        rows = slice(max(0, r - reach), max(0, r - reach + patch))
        columns = slice(max(0, c - reach), max(0, c - reach + patch))
        hidden[i, rows, columns] = ink
    return hidden


def occlusion_logits(
    network: Network, image: NDArray[np.uint8], patch: int = PATCH, ink: float = 0.0
) -> tuple[Floats, Floats]:
    """The logits of an image [28, 28], [n_out], and with a patch over each of its pixels,
    [784, n_out]. Where a patch hides nothing, nothing is computed.

    >>> network = Network.initialize("784-16-10")
    >>> Z, hidden = occlusion_logits(network, np.zeros((28, 28), np.uint8))
    >>> bool((hidden == Z).all())
    True
    """
    x = image / np.float32(255)
    Z = network.logits(x[None])[0]
    images = occluded(x, patch, ink)
    changed = (images != x).any(axis=(1, 2))
    found = np.tile(Z, (len(images), 1))
    found[changed] = network.logits(images[changed], BATCH)
    return Z, found
