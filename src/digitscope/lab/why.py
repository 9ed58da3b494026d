"""Why: what in an image speaks for each digit, told to a page."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitscope.arrays import Floats
from digitscope.inside.contributions import path_of
from digitscope.inside.occlusion import PATCH
from digitscope.inside.outcomes import answers, log_ratio, outcomes, probabilities
from digitscope.lab.evidence import Case, Evidence, occluded, summed, way, ways
from digitscope.lab.message import Message
from digitscope.lab.outcome import known, told
from digitscope.models.model import Model
from digitscope.models.prediction import Input

FULL_COLOUR = 99.7  # percent of the pixels that are no stronger than the full colour


def told_contributions(model: Model, given: Input, asked: dict[str, Any]) -> Message:
    """What each pixel says for and against each outcome, on one scale. The bytes, float32: the maps
    of all outcomes, the map that is shown large, and its weights where it has such.
    """
    case, names = Case(model, given.image), outcomes(model)
    by, missing = way(model, asked), asked.get("ink") == "missing"
    found = occluded(case, missing) if by == "occlusion" else summed(case, missing)
    Z = model.network.logits(given.image[None])
    P, best = probabilities(model, Z)[0], int(answers(model, Z)[0])
    digit, against = known(asked.get("digit"), names), known(asked.get("against"), names)
    digit = best if digit is None else digit
    against = None if against == digit else against
    shown, weights, facts = _shown(found, digit, against)
    fields = {
        "said": "contributions",
        "id": asked.get("id"),
        "by": by,
        "ways": ways(model),
        "path": path_of(model.network.spec),
        "ink": "missing" if missing else "there",
        "patch": PATCH,
        "outcomes": [told(outcome) for outcome in names],
        "probabilities": P.tolist(),
        "scores": found.scores.tolist(),
        "order": np.argsort(-P, kind="stable").tolist(),
        "answer": best,
        "scale": _scale(found.maps),
        "digit": digit,
        "against": against,
        "shown": {**facts, "scale": _scale(shown[None])},
    }
    if against is not None:
        ratio = float(log_ratio(model, Z, digit, against)[0])
        fields["likelier"] = digit if ratio >= 0 else against
        fields["times"] = float(np.exp(min(abs(ratio), 700)))
        fields["temperature"] = model.temperature if _is_divided(model, by) else None
    parts = [found.maps, shown, *([] if weights is None else [weights])]
    return Message(fields, b"".join(np.ascontiguousarray(part, "<f4").tobytes() for part in parts))


def _is_divided(model: Model, by: str) -> bool:
    """Whether calibration stands between a sum of logits and what is how much likelier."""
    softmax = model.refuses or model.network.spec.output != "sigmoid"
    return by == "path" and softmax and model.temperature not in (None, 1)


def _shown(
    found: Evidence, digit: int, against: int | None
) -> tuple[Floats, Floats | None, dict[str, Any]]:
    """The map that is shown large, its weights, and its sum."""
    weights, rest = found.weights, found.rest
    if against is None:
        shown, total = found.maps[digit], float(found.scores[digit])
        weights = None if weights is None else weights[digit]
        left = None if rest is None else float(rest[digit])
    else:
        shown, total = found.pair(digit, against)
        weights = None if weights is None else weights[digit] - weights[against]
        left = None if rest is None else float(rest[digit] - rest[against])
    facts: dict[str, Any] = {"total": total, "rest": left}
    if left is not None:
        facts |= {"for": float(shown[shown > 0].sum()), "against": float(shown[shown < 0].sum())}
    return shown, weights, facts


def _scale(maps: Floats) -> float:
    """The size that has the full colour: not the largest, so that one pixel does not pale all."""
    size = np.abs(maps[maps != 0])
    return float(np.percentile(size, FULL_COLOUR)) if size.size else 1.0
