"""Names for the arrays that pass through the doors of rooms.

The axes, in the order in which they stand:

    Images   uint8   [n, 28, 28]      ink 255 on paper 0, as MNIST stores them
    Labels   uint8   [n]              class ids, never one-hot
    Floats   float32 [n, ...]         whatever a network computes with (float64 in gradient checks)
    Weights  name -> Floats          "W1" [n_in, n_out], "b1" [n_out], kernels [kh, kw, c_in, c_out]

Samples are rows: Z = X @ W + b. A text that writes Z = W X + b with samples as columns means
the transpose.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitscope.errors import SpecError

Images: TypeAlias = NDArray[np.uint8]
Labels: TypeAlias = NDArray[np.uint8]
Indices: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.floating[Any]]
Weights: TypeAlias = dict[str, Floats]
Shape: TypeAlias = tuple[int, ...]


def to_input(images: NDArray[Any], input_shape: Shape) -> Floats:
    """Bring a batch to a network's door: floats, ink high, in the shape that the network takes.

    uint8 [n, 28, 28] in 0..255 becomes float32 [n, *input_shape] in 0..1; floats are taken as
    they are and only reshaped. SpecError where an image has another number of pixels.

    >>> to_input(np.full((2, 28, 28), 255, np.uint8), (784,)).shape
    (2, 784)
    """
    size, expected = math.prod(images.shape[1:]), math.prod(input_shape)
    if size != expected:
        raise SpecError(
            f"the network takes {expected} numbers an image, "
            f"got {'x'.join(map(str, images.shape[1:]))} = {size}: use a network of that shape"
        )
    X = images / np.float32(255) if images.dtype == np.uint8 else images
    return X.reshape(len(images), *input_shape)
