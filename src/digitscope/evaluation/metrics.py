"""Accuracy and its uncertainty, the confusion matrix, and what follows from it for each digit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Labels

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class DigitScore:
    """One digit: of those called so, how many were (precision); of those that were, how many were
    called so (recall).
    """

    digit: int
    images: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Confusion:
    """How often one digit was taken for another."""

    digit: int
    taken_for: int
    count: int


def wilson_interval(correct: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of an accuracy, `correct` out of `n`.

    The score interval of Wilson (1927), Journal of the American Statistical Association 22: unlike
    the plain normal one it stays within 0 and 1, and is right near the ends too.

    >>> [round(x, 4) for x in wilson_interval(9706, 10_000)]
    [0.9671, 0.9737]
    """
    if n == 0:
        return 0.0, 1.0
    p = correct / n
    middle = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def confusion_matrix(truth: Labels, predicted: NDArray[Any], n_classes: int) -> Counts:
    """Counts [n_classes, n_classes]: the row is the true class, the column the predicted one.

    >>> confusion_matrix(np.array([0, 0, 1], np.uint8), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    flat = truth.astype(np.int64) * n_classes + predicted
    return np.bincount(flat, minlength=n_classes**2).reshape(n_classes, n_classes)


def digit_scores(matrix: Counts, classes: tuple[int, ...]) -> list[DigitScore]:
    """Precision, recall and F1 of every digit; 0 where nothing was called so.

    precision = right / called so,   recall = right / are so,
    F1 = 2 precision recall / (precision + recall)

    >>> digit_scores(np.array([[8, 2], [0, 10]]), (0, 1))[0]
    DigitScore(digit=0, images=10, precision=1.0, recall=0.8, f1=0.888...)
    """
    scores = []
    for i, digit in enumerate(classes):
        right, called, images = int(matrix[i, i]), int(matrix[:, i].sum()), int(matrix[i].sum())
        precision = right / called if called else 0.0
        recall = right / images if images else 0.0
        f1 = 2 * precision * recall / (precision + recall) if right else 0.0
        scores.append(DigitScore(digit, images, precision, recall, f1))
    return scores


def commonest_confusions(
    matrix: Counts, classes: tuple[int, ...], most: int = 10
) -> list[Confusion]:
    """The confusions that happen most often, the commonest first.

    >>> commonest_confusions(np.array([[8, 2], [3, 10]]), (4, 9))[0]
    Confusion(digit=9, taken_for=4, count=3)
    """
    found = [
        Confusion(classes[i], classes[j], int(matrix[i, j]))
        for i, j in np.argwhere(matrix)
        if i != j
    ]
    return sorted(found, key=lambda c: (-c.count, c.digit, c.taken_for))[:most]


def changed(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> int:
    """Whether the same images [n] are right more often (1) or less often (-1) than chance explains,
    or not (0).

    Of the images that only one of two models has right, chance gives each as many: the difference
    of the two counts, over the square root of their sum, is compared with 1.96. The test of McNemar
    (1947), Psychometrika 12, two-sided at 5 %.

    >>> before, after = np.full(100, True), np.arange(100) >= 6
    >>> changed(before, after), changed(after, before), changed(before, before)
    (-1, 1, 0)
    """
    lost, gained = int((before & ~after).sum()), int((~before & after).sum())
    if abs(gained - lost) <= 1.96 * math.sqrt(gained + lost):
        return 0
    return 1 if gained > lost else -1
