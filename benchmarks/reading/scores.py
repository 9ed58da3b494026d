"""From answers to figures: right or wrong, how sure, what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.evaluation.calibration import measure_calibration
from digitscope.evaluation.metrics import wilson_interval
from digitscope.evaluation.rejection import measure_rejection
from reading.readers.reader import Answer

COVERAGES = (1.0, 0.99, 0.98, 0.97, 0.95, 0.9, 0.8)
SAFE = 0.999  # right answers among those that are given
REFUSED_DIGITS = 0.02  # of MNIST's test digits, at the setting at which refusing is judged


def figures(answers: Sequence[Answer], truth: Sequence[str], seconds: float) -> dict[str, Any]:
    """How many were right, how far the confidence can be trusted, and the reject curve."""
    right = np.array([a.text == true for a, true in zip(answers, truth, strict=True)])
    sure = np.array([a.confidence for a in answers], np.float64)
    n, correct = len(right), int(right.sum())
    calibration = measure_calibration(sure, right)
    return {
        "images": n,
        "correct": correct,
        "accuracy": correct / max(1, n),
        "interval_95": list(wilson_interval(correct, n)),
        "calibration_error": calibration.error,
        "reliability": [asdict(b) for b in calibration.bins if b.images],
        "curve": [[c, accuracy_at(sure, right, c)] for c in COVERAGES],
        "safe_coverage": measure_rejection(sure, right).coverage_at(SAFE),
        "milliseconds": 1e3 * seconds / max(1, n),
    }


def accuracy_at(sure: NDArray[Any], right: NDArray[np.bool_], coverage: float) -> float:
    """The accuracy on so large a part of the images, the surest.

    >>> accuracy_at(np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, True, False, True]), 0.5)
    1.0
    """
    kept = right[np.argsort(-sure, kind="stable")][: max(1, round(coverage * len(right)))]
    return float(kept.mean()) if len(kept) else 1.0


def limit(digits: Sequence[Answer], refused: float = REFUSED_DIGITS) -> float:
    """The confidence below which at most this part of the digits is refused.

    >>> limit([Answer("1", c / 100) for c in range(100)])
    0.02
    """
    sure = np.sort([a.confidence for a in digits])
    return float(sure[int(refused * len(sure))]) if len(sure) else 0.0


def refused(answers: Sequence[Answer], below: float) -> float:
    """The part that is refused: nothing was read, or less surely than this."""
    return float(np.mean([not a.text or a.confidence < below for a in answers]))
