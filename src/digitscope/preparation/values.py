"""Pixel values of any type to uint8."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.errors import ImageError

__all__ = ["BAND_PIXELS", "to_bytes"]

BAND_PIXELS = 4_000_000  # a large image is worked through in bands of so many pixels
CEILINGS = (1, 255, 1023, 4095, 16383, 65535)  # the largest value at 1, 8, 10, 12, 14, 16 bits


def to_bytes(values: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Bring pixel values of any type to uint8 of the same shape.

    Floats up to 1 mean 0..1. Otherwise the range is that of the smallest usual depth (8, 10, 12,
    14 or 16 bits) that holds the largest value: scanners put 12 bits into files of 16.
    Raises ImageError for values that are negative, not finite, or not numbers.

    >>> to_bytes(np.array([[0.0, 1.0]]), "x").tolist()
    [[0, 255]]
    >>> to_bytes(np.array([[0, 4095]], np.uint16), "x").tolist()
    [[0, 255]]
    """
    if values.dtype == np.bool_:
        return np.where(values, np.uint8(255), np.uint8(0))
    if values.dtype.kind not in "uif":
        raise ImageError(
            f"{name}: expected an array of numbers, got dtype {values.dtype}; try astype('uint8')"
        )
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError(
            f"{name}: expected finite pixel values, got NaN or infinity; try np.nan_to_num on it"
        )
    if low < 0:
        raise ImageError(
            f"{name}: expected pixel values from 0, got {low:g}..{high:g}; "
            "try 0..255, or floats in 0..1"
        )
    if values.dtype == np.uint8 and high > 1:
        return values
    scale = 255 / next((ceiling for ceiling in CEILINGS if high <= ceiling), high)
    result = np.empty(values.shape, np.uint8)
    rows = max(1, BAND_PIXELS // values[0].size)  # band by band: floats would take 8 times the room
    for top in range(0, len(values), rows):
        result[top : top + rows] = np.rint(values[top : top + rows] * scale)
    return result
