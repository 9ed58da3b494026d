"""The smallest change that makes an image another digit, told to a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.errors import SettingError
from digitscope.inside.change import KINDS, Change
from digitscope.inside.counterfactual import smallest_change
from digitscope.inside.outcomes import Outcome, answers, outcomes, probabilities
from digitscope.lab.evidence import Case
from digitscope.lab.kept import Kept
from digitscope.lab.message import Message
from digitscope.lab.outcome import NONE, known, told
from digitscope.models.model import Model
from digitscope.models.prediction import Input, predict

FADE = 33  # images from before to after
_CHANGES = Kept[Change](16, lambda change: 1)


def told_change(
    model: Model,
    given: Input,
    asked: dict[str, Any],
    tell: Callable[[Message], None] = lambda message: None,
) -> Message:
    """The smallest change to a target; how far the search is, is told on the way. The bytes: the
    difference in grey levels, float32, then the images of a fade from before to after.
    """

    def progress(done: int, of: int, outcome: Outcome) -> None:
        way = {"done": done, "of": of, "to": told(outcome)}
        tell(Message({"said": "searching", "id": asked.get("id"), **way}))

    target, kind = asked.get("target") or "other", str(asked.get("kind") or KINDS[0])
    names = outcomes(model)
    place = None if target == "other" else known(target, names)
    if target != "other" and place is None:
        raise SettingError(f"target: the model does not know {target!r}: choose another")
    wanted = "other" if place is None else names[place]
    search: Any = (model, given.image, wanted, kind, progress)
    key = (Case(model, given.image), wanted, kind)
    change = _CHANGES.get(key, lambda: smallest_change(*search))
    found = change.after is not None
    after = change.before if change.after is None else change.after
    t = np.linspace(0, 1, FADE if found else 1)[:, None, None]
    frames = np.rint(change.before + t * change.difference).astype(np.uint8)
    Z = model.network.logits(frames, 32)
    size = np.abs(change.difference)
    fields = {
        "said": "smallest_change",
        "id": asked.get("id"),
        "kind": kind,
        "target": target,
        "found": found,
        "to": told(change.outcome),
        "confirmed": _answer(model, after) if found else None,
        "length": change.length,
        "ink": float(np.linalg.norm(change.before / 255)),
        "pixels": int(np.count_nonzero(size)),
        "levels": float(size[size > 0].mean()) if found else 0.0,
        "largest": int(size.max()),
        "outcomes": [told(outcome) for outcome in names],
        "answers": [told(names[k]) for k in answers(model, Z)],
        "probabilities": probabilities(model, Z).tolist(),
    }
    return Message(fields, change.difference.astype("<f4").tobytes() + frames.tobytes())


def _answer(model: Model, image: NDArray[np.uint8]) -> int | str:
    """What the model answers when it is asked as for any image."""
    answer = predict(model, Input("changed", image))
    return NONE if answer.rejected else answer.digit
