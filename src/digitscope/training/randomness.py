"""Where chance comes from: one seed, and a generator of its own for every purpose, epoch and batch.

A generator is derived from (seed, purpose, epoch, batch) instead of carried along, so that a
resumed training draws exactly what an uninterrupted one would have drawn, wherever it was cut.
"""

from __future__ import annotations

import numpy as np

# The numbers are part of what a seed means: never reuse one.
PURPOSES = {"split": 0, "weights": 1, "order": 2, "noise": 3, "augmentation": 4, "sample": 5}


def generator(seed: int, purpose: str, epoch: int = 0, batch: int = 0) -> np.random.Generator:
    """The generator of one purpose at one point of the training.

    >>> a, b = generator(0, "order", 3), generator(0, "order", 3)
    >>> int(a.integers(1000)) == int(b.integers(1000))
    True
    """
    return np.random.default_rng([seed, PURPOSES[purpose], epoch, batch])
