"""The search for few pixels: one after another, the pixel that gains most is set to full ink or
blank paper, and then every pixel that has become needless is taken back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.inside.margin import Margin

__all__ = ["few_pixels"]

MOST_PIXELS = 120  # that may be set one after another
TRIED = 6  # pixels that are tried before one is set


def few_pixels(margin: Margin, x0: Floats) -> Floats | None:
    """An image with few pixels set to ink or paper where the target is the answer."""
    x, chosen = x0.copy(), list[int]()
    f, w = margin.slope(x)
    while f <= 0:
        extreme = (w > 0).astype(float)
        gains = (w * (extreme - x)).ravel()
        gains[chosen] = 0
        likely = np.argsort(-gains)[:TRIED]
        if len(chosen) == MOST_PIXELS or gains[likely[0]] <= 0:
            return None
        tried = _set(x, likely, extreme.ravel()[likely])
        best = int(margin.values(tried).argmax())
        x = tried[best]
        chosen.append(int(likely[best]))
        f, w = margin.slope(x)
    while chosen:  # the early ones were set before the later ones helped
        without = _set(x, np.array(chosen), x0.ravel()[chosen])
        values = margin.values(without)
        if values.max() <= 0:
            break
        x = without[int(values.argmax())]
        del chosen[int(values.argmax())]
    return x


def _set(x: Floats, pixels: NDArray[np.intp], values: Floats) -> Floats:
    """Copies of x [n, 28, 28], in each one pixel set."""
    copies = np.tile(x.ravel(), (len(pixels), 1))
    copies[np.arange(len(pixels)), pixels] = values
    return copies.reshape(-1, *x.shape)
