"""A change as the engine sees it, in bytes.

What was found is rounded to bytes, and only what the model then answers counts; where rounding
undoes the change, the change is made a little larger.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.inside.change import Kind, length_of
from digitscope.inside.margin import Margin
from digitscope.inside.outcomes import answers

__all__ = ["to_bytes"]

STRETCHES = (1, 1.005, 1.01, 1.02, 1.04, 1.07, 1.1, 1.15, 1.2, 1.3, 1.4, 1.6, 2, 3)


def to_bytes(
    margin: Margin, image: NDArray[np.uint8], x: Floats, kind: Kind
) -> NDArray[np.uint8] | None:
    """The image as bytes that the model itself answers with the target; None if there is none."""
    x0 = image / 255
    longer = (STRETCHES[-1] * 1.5**i for i in range(1, 30))  # of one below a byte's resolution
    stretches = [*STRETCHES, *(s for s in longer if s * length_of(x - x0) < 1)]
    stretched = [np.rint(255 * np.clip(x0 + s * (x - x0), 0, 1)) for s in stretches]
    after = _first(margin, np.array(stretched).astype(np.uint8))
    if after is None or kind != "faint":
        return after
    # Changes of a level or two are noise that the rounding left: drop what is not needed.
    change = after.astype(np.int16) - image
    spared = [np.where(np.abs(change) > t, after, image) for t in range(12, 0, -1)]
    return _first(margin, np.array([*spared, after]))


def _first(margin: Margin, images: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The first of some images [n, 28, 28] that the model answers with the target, and nothing else
    is as likely: a model that refuses gives a digit also where "not a digit" is likelier than it,
    as long as that is not likelier than all digits together.
    """
    model = margin.model
    Z = model.network.logits(images, 32)
    right = answers(model, Z) == margin.target
    if model.refuses:
        right &= margin.of(Z)[0] > 0
    return images[int(right.argmax())] if right.any() else None
