"""Evaluation: one pass over labelled images, and everything that can be said of the answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitscope.arrays import Floats
from digitscope.data.mnist import Dataset, load_mnist
from digitscope.data.splits import keep_digits
from digitscope.evaluation.calibration import Calibration, measure_calibration
from digitscope.evaluation.metrics import (
    Confusion,
    Counts,
    DigitScore,
    commonest_confusions,
    confusion_matrix,
    digit_scores,
    wilson_interval,
)
from digitscope.evaluation.mistakes import Mistake, common_traits, hardest_mistakes
from digitscope.evaluation.rejection import Rejection, measure_rejection
from digitscope.models.model import Model, load
from digitscope.threads import limited_threads


@dataclass(frozen=True)
class Evaluation:
    """What was measured. `data` holds the images (those of the model's digits), P [n, n_classes]
    the probabilities.
    """

    part: str
    classes: tuple[int, ...]
    images: int
    correct: int
    accuracy: float
    interval: tuple[float, float]
    calibrated: bool
    calibration: Calibration
    rejection: Rejection
    digits: list[DigitScore]
    confusions: list[Confusion]
    mistakes: list[Mistake]
    in_common: list[str]
    matrix: Counts
    data: Dataset
    P: Floats

    @property
    def predicted(self) -> Counts:
        """The predicted class of every image [n]."""
        return self.P.argmax(axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: everything but the images and their probabilities. See
        docs/formats.md.
        """
        plain = {
            name: getattr(self, name)
            for name in ("part", "images", "correct", "accuracy", "calibrated", "in_common")
        }
        return {
            "format": "digitscope evaluation",
            "version": "1.1",
            **plain,
            "wrong": self.images - self.correct,
            "classes": list(self.classes),
            "interval_95": list(self.interval),
            "expected_calibration_error": self.calibration.error,
            "coverage_at_accuracy": self.rejection.to_dict(),
            "reliability": [asdict(b) for b in self.calibration.bins],
            "digits": [asdict(d) for d in self.digits],
            "confusion_matrix": self.matrix.tolist(),
            "confusions": [asdict(c) for c in self.confusions],
            "mistakes": [asdict(m) for m in self.mistakes],
        }


def evaluate(
    model: Model | str | Path, data: Dataset | None = None, part: str = "test", mistakes: int = 10
) -> Evaluation:
    """Evaluate a model, by default on MNIST's 10,000 test images, of which those with the model's
    digits count.

    `data` may hold other images uint8 [n, 28, 28] with labels that are digits; `part` then names
    them.

    >>> from digitscope.models.model import Model
    >>> from digitscope.network.network import Network
    >>> evaluate(Model(Network.initialize("784-16-10"))).images
    10000
    """
    model = model if isinstance(model, Model) else load(model)
    whole = data if data is not None else load_mnist(part)
    kept = keep_digits(whole, model.classes)
    with limited_threads():
        P = model.probabilities(kept.images)
    predicted = P.argmax(axis=1)
    right = predicted == kept.labels
    matrix = confusion_matrix(kept.labels, predicted, len(model.classes))
    n, correct = len(right), int(right.sum())
    numbers = np.flatnonzero(np.isin(whole.labels, model.classes))
    hardest = hardest_mistakes(P, kept.labels, model.classes, numbers, mistakes)
    return Evaluation(
        part=part,
        classes=model.classes,
        images=n,
        correct=correct,
        accuracy=correct / max(1, n),
        interval=wilson_interval(correct, n),
        calibrated=model.calibrated,
        calibration=measure_calibration(P.max(axis=1), right),
        rejection=measure_rejection(P.max(axis=1), right),
        digits=digit_scores(matrix, model.classes),
        confusions=commonest_confusions(matrix, model.classes),
        mistakes=hardest,
        in_common=common_traits(kept.images, P, kept.labels, model.classes, hardest),
        matrix=matrix,
        data=kept,
        P=P,
    )
