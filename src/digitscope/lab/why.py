"""Why: what in an image speaks for each digit, and the smallest change that makes it another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.errors import SettingError
from digitscope.inside.change import KINDS, Change
from digitscope.inside.contributions import contributions, path_of
from digitscope.inside.counterfactual import smallest_change
from digitscope.inside.occlusion import PATCH, occlusion_logits
from digitscope.inside.outcomes import (
    Outcome,
    answers,
    log_odds,
    log_ratio,
    outcomes,
    probabilities,
    readout,
)
from digitscope.lab.kept import Kept
from digitscope.lab.message import Message
from digitscope.models.model import Model
from digitscope.models.prediction import Input, predict
from digitscope.network.layers import Conv2D

NONE = "none"  # what "not a digit" is called in a message
FULL_COLOUR = 99.7  # percent of the pixels that are no stronger than the full colour
FADE = 33  # images from before to after
_CHANGES = Kept[Change](16, lambda change: 1)


@dataclass(frozen=True, eq=False)
class Case:
    """A model and an image, the same for as long as both are: what was found of one is kept."""

    model: Model
    image: NDArray[np.uint8]

    def __hash__(self) -> int:
        return hash((id(self.model), self.image.tobytes()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Case) or other.model is not self.model:
            return False
        return np.array_equal(other.image, self.image)


@dataclass(frozen=True)
class Evidence:
    """The maps [outcomes, 28, 28] of one way of looking, and one outcome's against another's.

    `weights` and `rest` are those of a path, where what is looked at is the ink that is there.
    """

    maps: Floats
    scores: Floats
    weights: Floats | None
    rest: Floats | None
    pair: Any  # (a, b) -> the map [28, 28], and the score, of a rather than b


def told_contributions(model: Model, given: Input, asked: dict[str, Any]) -> Message:
    """What each pixel says for and against each outcome, on one scale. The bytes, float32: the maps
    of all outcomes, the map that is shown large, and its weights where it has such.
    """
    case, names = Case(model, given.image), outcomes(model)
    by, missing = _way(model, asked), asked.get("ink") == "missing"
    found = _occluded(case, missing) if by == "occlusion" else _summed(case, missing)
    Z = model.network.logits(given.image[None])
    P, best = probabilities(model, Z)[0], int(answers(model, Z)[0])
    digit, against = _known(asked.get("digit"), names), _known(asked.get("against"), names)
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
    parts = [found.maps, shown, *([] if weights is None else [weights])]
    return Message(fields, b"".join(np.ascontiguousarray(part, "<f4").tobytes() for part in parts))


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
    place = None if target == "other" else _known(target, names)
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


def ways(model: Model) -> list[str]:
    """The ways in which a model can be looked at, the one that suits it best first.

    >>> from digitscope.network.network import Network
    >>> ways(Model(Network.initialize("784-16-10")))
    ['path', 'occlusion']
    """
    spec = model.network.spec
    if not path_of(spec):
        return ["occlusion"]
    maps = any(isinstance(layer, Conv2D) for layer in spec.layers)
    return ["occlusion", "path"] if maps else ["path", "occlusion"]


def told(outcome: Outcome) -> int | str:
    """An outcome as a message has it.

    >>> told(7), told(None)
    (7, 'none')
    """
    return NONE if outcome is None else outcome


def _answer(model: Model, image: NDArray[np.uint8]) -> int | str:
    """What the model answers when it is asked as for any image."""
    answer = predict(model, Input("changed", image))
    return NONE if answer.rejected else answer.digit


def _known(asked: Any, names: tuple[Outcome, ...]) -> int | None:
    """The place of an outcome that a page names; None where the model does not know it."""
    return next((i for i, name in enumerate(names) if str(told(name)) == str(asked)), None)


def _way(model: Model, asked: dict[str, Any]) -> str:
    """The way that is asked for, or the model's own where it has no such way."""
    by, can = asked.get("by") or "", ways(model)
    if by not in ("", "path", "occlusion"):
        raise SettingError(f"by must be path or occlusion, got {by!r}")
    return by if by in can else can[0]


@lru_cache(maxsize=8)
def _summed(case: Case, missing: bool) -> Evidence:
    """What each pixel's ink adds to the scores; or what ink would add that is missing."""
    found = contributions(case.model.network, case.image)
    R = readout(case.model).T
    weights = np.tensordot(R, found.weights, 1)
    amount = (1 if missing else 0) + (-1 if missing else 1) * (case.image / 255)
    maps = weights * amount
    rest = None if missing else R @ found.rest

    def pair(a: int, b: int) -> tuple[Floats, float]:
        return maps[a] - maps[b], float(scores[a] - scores[b])

    scores = R @ found.Z.astype(np.float64)
    return Evidence(maps, scores, weights, rest, pair)


@lru_cache(maxsize=8)
def _occluded(case: Case, missing: bool) -> Evidence:
    """What each patch takes from the log-odds where it hides ink; or what a patch of ink adds."""
    model, sign = case.model, 1 if missing else -1
    Z, hidden = occlusion_logits(model.network, case.image, ink=float(missing))
    scores = log_odds(model, Z[None])[0]
    maps = sign * (log_odds(model, hidden) - scores)

    def pair(a: int, b: int) -> tuple[Floats, float]:
        now = float(log_ratio(model, Z[None], a, b)[0])
        return (sign * (log_ratio(model, hidden, a, b) - now)).reshape(28, 28), now

    return Evidence(maps.T.reshape(-1, 28, 28), scores, None, None, pair)


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
