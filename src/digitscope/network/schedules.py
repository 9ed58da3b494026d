"""Learning-rate schedules: which part of the recipe's rate holds at each point of the training.

A schedule takes p, the part of the training that is done (0 at the first batch, 1 at the end), and
returns a factor for the learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable


def constant(p: float) -> float:
    """1, always."""
    return 1.0


def step(p: float) -> float:
    """1, after half of the training 1/10, after three quarters 1/100.

    >>> [step(p) for p in (0.0, 0.49, 0.5, 0.75)]
    [1.0, 1.0, 0.1, 0.01]
    """
    return 1.0 if p < 0.5 else 0.1 if p < 0.75 else 0.01


def cosine(p: float) -> float:
    """(1 + cos(pi p)) / 2: slow, fast, slow, from 1 to 0. Loshchilov and Hutter (2016),
    arXiv:1608.03983.

    >>> cosine(0.0), round(cosine(0.5), 12), cosine(1.0)
    (1.0, 0.5, 0.0)
    """
    return (1 + math.cos(math.pi * p)) / 2


def one_cycle(p: float) -> float:
    """Up from 1/25 to 1 in the first 30 %, then down to nearly 0, both along a cosine.

    Smith and Topin (2017), arXiv:1708.07120, with the two phases and figures of PyTorch's
    OneCycleLR.

    >>> one_cycle(0.0), one_cycle(0.3), round(one_cycle(1.0), 4)
    (0.04, 1.0, 0.0)
    """
    warm_up, low, end = 0.3, 1 / 25, 1 / 250_000
    if p < warm_up:
        return low + (1 - low) * (1 - cosine(p / warm_up))
    return end + (1 - end) * cosine((p - warm_up) / (1 - warm_up))


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "one_cycle": one_cycle,
}
