"""One lesson, as it is recorded: what the model said before it and after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from digitscope.arrays import Images
from digitscope.evaluation.metrics import changed, wilson_interval
from digitscope.models.model import NONE, Model
from digitscope.models.prediction import MORE_LIKELY_NONE
from digitscope.training.judge import Judgement
from digitscope.training.lessons import Lessons
from digitscope.training.teach import Taught

Row = dict[str, Any]


def answers(model: Model, drawings: Images, labels: Any) -> list[Row]:
    """What a model says of drawings, and whether that is right: a digit that is refused is not."""
    if not len(drawings):
        return []
    Z = model.network.logits(drawings)
    P, J = model.probabilities_of(Z), model.judgement_of(Z)
    told = []
    for p, j, label in zip(P, J, labels, strict=True):
        digit, refused = model.classes[int(p.argmax())], bool(j[NONE] > MORE_LIKELY_NONE)
        right = refused if label == NONE else digit == label and not refused
        probability = float(j[NONE] if refused else j[digit])
        told.append(
            {
                "label": int(label),
                "digit": digit,
                "refused": refused,
                "probability": round(probability, 6),
                "right": bool(right),
            }
        )
    return told


def recorded(lessons: Lessons, before: Model, taught: Taught) -> Row:
    """What is kept of a lesson."""
    images, labels = lessons.to_learn()
    rows = [answers(model, images, labels) for model in (before, taught.model)]
    this = np.flatnonzero((images == lessons.drawings[-1]).all(axis=(1, 2)))[0]
    return {
        "label": int(lessons.labels[-1]),
        "steps": taught.steps,
        "sure": taught.sure,
        "calibrated": taught.calibrated,
        "drawings": len(labels),
        "right_before": sum(row["right"] for row in rows[0]),
        "right_after": sum(row["right"] for row in rows[1]),
        "before": rows[0][this],
        "after": rows[1][this],
        "test": None,
    }


def tested(base: Judgement, before: Judgement, after: Judgement) -> Row:
    """The test set's figures of a lesson. `change` is -1 where the answers got worse by more than
    chance, 1 where better, else 0.
    """
    return {
        "images": len(after.right),
        "right_first": int(base.right.sum()),
        "right_before": int(before.right.sum()),
        "right_after": int(after.right.sum()),
        "change": changed(before.right, after.right),
        "change_from_first": changed(base.right, after.right),
        "refused_before": int(before.refused.sum()),
        "refused_after": int(after.refused.sum()),
        "change_of_refused": changed(before.refused, after.refused),
    }


def described(lessons: Lessons, model: Model) -> Model:
    """The model with what it was taught in its recipe, and what was measured of it."""
    base, last = lessons.base, lessons.records[-1]
    measured: Row = {
        "own_drawings": last["drawings"],
        "own_drawings_right_before": last["right_before"],
        "own_drawings_right": last["right_after"],
    }
    if test := last["test"]:
        n, right = test["images"], test["right_after"]
        measured |= {
            "test_images": n,
            "test_accuracy": right / n,
            "test_interval_95": list(wilson_interval(right, n)),
            "test_accuracy_before": test["right_before"] / n,
        }
    told = {
        "taught_from": base.name,
        "taught": [int(label) for label in lessons.labels],
        "calibrated_since": bool(last.get("calibrated")),
    }
    return replace(model, recipe={**base.recipe, **told}, measured=measured)
