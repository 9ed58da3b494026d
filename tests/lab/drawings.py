"""Drawings as a page sends them."""

from __future__ import annotations

import functools

import numpy as np

from digitscope.data.mnist import load_mnist

SIDE = 280


@functools.cache
def drawn(number: int = 3) -> np.ndarray:
    """A test image as a hand would draw it on the pad: dark on light, large, off the centre."""
    digit = load_mnist("test").images[number]
    large = np.kron(255 - digit, np.ones((8, 8), np.uint8))
    page = np.full((SIDE, SIDE), 255, np.uint8)
    page[30:254, 40:264] = large
    return page
