"""Calibration: when a model says 90 %, is it right nine times out of ten?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Labels
from digitscope.maths.losses import LOSSES

BINS = 15


@dataclass(frozen=True)
class Bin:
    """The predictions whose confidence lies from `low` to `high`: how sure they were, how often
    right.
    """

    low: float
    high: float
    images: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """The reliability of a model: its bins, and the expected calibration error."""

    error: float
    bins: list[Bin]


def measure_calibration(
    confidence: Floats, correct: NDArray[np.bool_], n_bins: int = BINS
) -> Calibration:
    """Confidences [n] in 0..1 against whether each prediction was right [n].

    The expected calibration error is the mean over all images of |accuracy - confidence| of their
    bin, in `n_bins` bins of equal width. Source: Naeini et al. (2015); Guo et al. (2017),
    arXiv:1706.04599.

    >>> measure_calibration(np.array([0.95, 0.95]), np.array([True, False])).error
    0.45
    """
    edges = np.linspace(0, 1, n_bins + 1)
    which = np.clip(np.digitize(confidence, edges[1:-1], right=True), 0, n_bins - 1)
    bins, error = [], 0.0
    for i in range(n_bins):
        inside = which == i
        n = int(inside.sum())
        sure = float(confidence[inside].mean(dtype=np.float64)) if n else 0.0
        right = float(correct[inside].mean()) if n else 0.0
        bins.append(Bin(float(edges[i]), float(edges[i + 1]), n, sure, right))
        error += n * abs(right - sure)
    return Calibration(round(error / max(1, len(confidence)), 12), bins)


def fit_temperature(Z: Floats, y: Labels, loss: str, output: str) -> float:
    """The temperature T for which softmax(Z / T), or sigmoid(Z / T), has the least cross-entropy on
    held-out images.

    Dividing the logits by T changes no answer, only how sure it sounds. Source: Guo et al. (2017),
    section 4.2. The loss has one minimum in log T, which a golden-section search finds to 0.1 %.

    >>> Z = np.array([[4.0, 0.0]] * 10)
    >>> y = np.array([0] * 8 + [1] * 2, np.uint8)  # 98 % sure, right in 80 %
    >>> round(fit_temperature(Z, y, "categorical_cross_entropy", "softmax"), 2)
    2.89
    """
    Z = Z.astype(np.float64)
    value = LOSSES[loss].loss
    return math.exp(
        _minimum(
            lambda log_t: value(Z / math.exp(log_t), y, output)[0], math.log(0.05), math.log(20)
        )
    )


def _minimum(f: Callable[[float], float], low: float, high: float, tolerance: float = 1e-3) -> Any:
    """Where a function with one valley is least: golden-section search (Kiefer, 1953)."""
    ratio = (math.sqrt(5) - 1) / 2
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    fa, fb = f(a), f(b)
    while high - low > tolerance:
        if fa < fb:
            high, b, fb = b, a, fa
            a = high - ratio * (high - low)
            fa = f(a)
        else:
            low, a, fa = a, b, fb
            b = low + ratio * (high - low)
            fb = f(b)
    return (low + high) / 2
