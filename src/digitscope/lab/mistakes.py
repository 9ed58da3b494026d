"""What a page asks about mistakes: the confusion matrix, the images of a cell, and what is like an
image.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from digitscope.arrays import Indices
from digitscope.errors import ImageError, SettingError
from digitscope.evaluation.metrics import confusion_matrix
from digitscope.evaluation.nearest import Nearest
from digitscope.inside.hidden import sees_pixels
from digitscope.lab.judgement import Judgement
from digitscope.lab.message import Message
from digitscope.lab.request import whole
from digitscope.models.model import NONE
from digitscope.models.prediction import MORE_LIKELY_NONE, prediction_of, take_input

MOST = 1000  # images that are told at once
NEIGHBOURS = 10  # as many as are asked about a doubtful label
PATIENCE = 0.4  # seconds that an answer waits to be a whole one


def matrix(judgement: Judgement, id: Any) -> Message:
    """The confusion matrix of the images judged by now: a row a digit; a column a digit, and one
    for "not a digit" where the model tells that.
    """
    judgement.wait(PATIENCE)
    model, finished = judgement.model, judgement.finished
    done = judgement.done
    columns = [*model.classes, *([NONE] if model.refuses else [])]
    answers = judgement.answers()[done]
    taken = np.zeros(NONE + 1, np.int64)
    taken[columns] = np.arange(len(columns))
    counts = confusion_matrix(judgement.data.labels[done], taken[answers], len(columns))
    likeliest = judgement.P[done].argmax(axis=1)  # as `digitscope evaluate` counts
    right, refused = int(np.trace(counts)), int((answers == NONE).sum())
    return Message(
        {
            "said": "matrix",
            "id": id,
            "live": judgement.live,
            "classes": list(model.classes),
            "columns": columns,
            "matrix": counts[: len(model.classes)].tolist(),
            "images": len(judgement.numbers),
            "judged": len(done),
            "finished": finished,
            "right": right,
            "refused": refused,
            "right_digits": int((likeliest == judgement.data.labels[done]).sum()),
            "wrong": len(done) - right - refused,
            "doubtful": len(judgement.doubts),
        }
    )


def cell(judgement: Judgement, asked: dict[str, Any]) -> Message:
    """The images of a cell, or of a row, a column, or of all, and then only those that were not
    read rightly; or those with a doubtful label. The surest mistakes stand first; where the answers
    are right, the least sure. With `among` only those first judged are looked at, as many as a page
    knows the matrix of. The bytes: the images.
    """
    judgement.wait(PATIENCE)
    truth, taken = _digit(asked, "truth"), _digit(asked, "taken")
    most = asked.get("most", 60)
    if type(most) is not int or not 0 < most <= MOST:
        raise SettingError(f"most must be a whole number from 1 to {MOST}, got {most!r}")
    doubtful = bool(asked.get("doubtful"))
    among = whole(asked, "among") if "among" in asked else None
    rows = chosen_rows(judgement, truth, taken, doubtful, among)
    answers, confidence = judgement.answers(), judgement.confidence()
    labels = np.asarray(judgement.model.classes)[judgement.data.labels]
    told = [
        {
            "image": f"test:{judgement.numbers[i]}",
            "label": int(labels[i]),
            "answer": int(answers[i]),
            "confidence": round(float(confidence[i]), 6),
            "doubtful": int(judgement.numbers[i]) in judgement.doubts,
        }
        for i in rows[:most]
    ]
    fields = {
        "said": "cell",
        "id": asked.get("id"),
        "truth": truth,
        "taken": taken,
        "doubtful": doubtful,
        "of": len(rows),
        "images": told,
    }
    return Message(fields, judgement.data.images[rows[:most]].tobytes())


def chosen_rows(
    judgement: Judgement,
    truth: int | None,
    taken: int | None,
    doubtful: bool = False,
    among: int | None = None,
) -> Indices:
    """Rows of a judgement's images in the order in which they are shown; see `cell`."""
    done = judgement.done if among is None else judgement.first(among)
    answers, confidence = judgement.answers()[done], judgement.confidence()[done]
    labels = np.asarray(judgement.model.classes)[judgement.data.labels[done]]
    kept = np.ones(len(done), bool) if truth is None else labels == truth
    kept &= answers != labels if taken is None else answers == taken
    if taken is not None and truth is None:
        kept &= answers != labels
    if doubtful:
        kept &= np.isin(judgement.numbers[done], list(judgement.doubts))
    way = 1 if truth is not None and truth == taken else -1
    order = np.argsort(way * confidence[kept], kind="stable")
    return done[kept][order]


def neighbours(judgement: Judgement, asked: dict[str, Any]) -> Message:
    """An image of MNIST, what the model says of it, whether its label is doubtful, and the training
    images nearest to it. The bytes: the image, then its neighbours as pixels, then as seen.
    """
    name = str(asked.get("image"))
    if not name.startswith(("test:", "train:")):
        raise ImageError(f"{name!r}: expected an image of MNIST such as test:100")
    given, model, examples = take_input(name), judgement.model, judgement.examples
    prediction = prediction_of(model, model.network.logits(given.image[None]), given)
    part, _, number = given.name.partition(":")
    without = int(number) if part == "train" else -1
    examples.wait(PATIENCE)
    looked = examples.looked
    pixels = examples.nearest_as_pixels(given.image, NEIGHBOURS, without)
    seen = examples.nearest_as_seen(given.image, NEIGHBOURS, looked, without)
    doubt = judgement.doubts.get(int(number)) if part == "test" else None
    refused = prediction.not_a_digit > MORE_LIKELY_NONE
    fields = {
        "said": "neighbours",
        "id": asked.get("id"),
        "image": given.name,
        "label": given.label,
        "answer": NONE if refused else prediction.digit,
        "confidence": prediction.not_a_digit if refused else prediction.confidence,
        "classes": list(model.classes),
        "probabilities": [round(p, 6) for p in prediction.probabilities],
        "not_a_digit": round(prediction.not_a_digit, 6) if model.refuses else None,
        "doubt": doubt.reason(model.classes) if doubt else "",
        "pixels": _told(examples.labels, pixels),
        "seen": _told(examples.labels, seen),
        "features": 0 if sees_pixels(model.network) else examples.features,
        "looked": looked,
        "among": examples.among,
        "of": len(examples.numbers),
    }
    shown = np.concatenate([pixels.indices[0], seen.indices[0]])
    return Message(fields, given.image.tobytes() + examples.images[shown].tobytes())


def _told(labels: Any, found: Nearest) -> list[dict[str, Any]]:
    return [
        {"image": f"train:{i}", "label": int(labels[i]), "distance": round(float(d), 6)}
        for i, d in zip(found.indices[0], found.distances[0], strict=True)
    ]


def _digit(asked: dict[str, Any], name: str) -> int | None:
    """A digit of a request, NONE for "not a digit", None where any will do."""
    value = asked.get(name)
    if value is None or (type(value) is int and 0 <= value <= NONE):
        return value
    raise SettingError(f"{name} must be a digit, or {NONE} for what is none, got {value!r}")
