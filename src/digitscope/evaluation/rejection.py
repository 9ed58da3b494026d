"""Rejection: how many answers have to be given up for the rest to be as good as wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ACCURACIES = (0.99, 0.995, 0.999)


@dataclass(frozen=True, eq=False)
class Rejection:
    """The risk-coverage curve: the surest answers come first.

    `limit`, `coverage` and `risk` [k]: where answers below a limit are refused, so large a part is
    answered, and so large a part of that is wrong. Answers that are equally sure are one point.
    """

    limit: NDArray[np.float64]
    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]

    def coverage_at(self, accuracy: float) -> float:
        """The largest part that can be answered at this accuracy; 0 where none can.

        >>> sure, right = np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, True, False, True])
        >>> curve = measure_rejection(sure, right)
        >>> curve.coverage_at(0.75), curve.coverage_at(0.9)
        (1.0, 0.5)
        """
        enough = np.flatnonzero(1 - self.risk >= accuracy - 1e-12)
        return float(self.coverage[enough[-1]]) if len(enough) else 0.0

    def limit_at(self, coverage: float) -> float:
        """The confidence from which on at least this part is answered.

        >>> measure_rejection(np.array([0.9, 0.8, 0.2]), np.ones(3, bool)).limit_at(0.6)
        0.8
        """
        enough = np.flatnonzero(self.coverage >= coverage - 1e-12)
        return float(self.limit[enough[0]]) if len(enough) else 0.0

    def to_dict(self) -> dict[str, float]:
        """The coverage at some accuracies, for JSON."""
        return {f"{accuracy:g}": self.coverage_at(accuracy) for accuracy in ACCURACIES}


def measure_rejection(confidence: NDArray[Any], right: NDArray[np.bool_]) -> Rejection:
    """The risk-coverage curve of confidences [n] against whether each answer was right [n].

    Source: R. El-Yaniv, Y. Wiener, On the foundations of noise-free selective classification,
    Journal of Machine Learning Research 11, 2010.

    >>> curve = measure_rejection(np.array([0.9, 0.6]), np.array([True, False]))
    >>> curve.coverage.tolist(), curve.risk.tolist()
    ([0.5, 1.0], [0.0, 0.5])
    """
    order = np.argsort(-confidence, kind="stable")
    sure, wrong = np.asarray(confidence, np.float64)[order], ~right[order]
    answered = np.arange(1, len(sure) + 1)
    ends = np.append(np.diff(sure) != 0, True)[: len(sure)]
    risk = np.cumsum(wrong) / answered
    return Rejection(sure[ends], (answered / max(1, len(sure)))[ends], risk[ends])
