"""Counterfactuals: a small change of an image that makes the network answer something else.

Nobody can list all images around one, so the change is searched for; the smallest that was found is
not proved to be the smallest there is. Three kinds of change:

    faint   any pixel by any amount, as little as possible in all: the length (L2) of the difference
    smooth  the same, of changes that a blur leaves as they are: what an eye would see
    few     as few pixels as possible, each made full ink or blank paper

How the first two are searched for stands in `border.py`, the third in `few_pixels.py`. The engine
sees bytes, so what was found is rounded to them (`rounding.py`), and only what the model then
answers counts.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.errors import SettingError
from digitscope.inside.border import approach, reach, refine, steepest
from digitscope.inside.change import KINDS, Change, Kind, length_of, size_of
from digitscope.inside.few_pixels import few_pixels
from digitscope.inside.margin import Margin
from digitscope.inside.outcomes import Outcome, answers, outcomes
from digitscope.inside.rounding import to_bytes
from digitscope.models.model import Model

__all__ = ["smallest_change"]

Progress = Callable[[int, int, Outcome], None]  # parts done, parts in all, target of the next
REFINED = 4  # of the other digits, the nearest, that are searched for to the end
FARTHER = 2.0  # a border so many times as far as a refined one is not refined


def smallest_change(
    model: Model,
    image: NDArray[np.uint8],
    target: Outcome | Literal["other"] = "other",
    kind: Kind = "faint",
    progress: Progress = lambda done, of, outcome: None,
) -> Change:
    """The smallest change that was found of an image [28, 28] (uint8) that makes the model answer
    `target`: a digit, or None for "not a digit"; "other" takes whatever other digit is nearest.
    `progress` is called before each part of the search; what it raises ends the search.

    SettingError for a target that the model cannot answer, or that it answers already.

    >>> from digitscope.network.network import Network
    >>> model = Model(Network.initialize("784-16-10"))
    >>> found = smallest_change(model, np.full((28, 28), 40, np.uint8))
    >>> found.after is not None and found.outcome == model.classes[
    ...     int(model.judge(found.after[None]).argmax())]
    True
    """
    names = outcomes(model)
    now = _answer(model, image)
    if kind not in KINDS:
        raise SettingError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if target != "other":
        if target not in names:
            raise SettingError(f"target: the model cannot answer {target}: choose one of {names}")
        if names.index(target) == now:
            raise SettingError(f"target: the model answers {target} already: choose another")
        progress(0, 1, target)
        return _towards(model, image, names.index(target), kind)
    digits = [k for k in range(len(model.classes)) if k != now]
    return _to_nearest(model, image, _nearest(model, image, digits, kind), kind, progress)


def _answer(model: Model, image: NDArray[np.uint8]) -> int:
    """The place among the outcomes of what the model answers to the bytes of an image."""
    return int(answers(model, model.network.logits(image[None]))[0])


def _nearest(model: Model, image: NDArray[np.uint8], places: list[int], kind: Kind) -> list[int]:
    """The outcomes that are nearest by the linear picture: a margin over its slope."""

    def distance(place: int) -> float:
        f, w = Margin(model, place).slope(image / 255)
        size = np.abs(w).max() if kind == "few" else np.sqrt((w * steepest(w, kind)).sum())
        return float(-f / max(size, 1e-12))

    return sorted(places, key=distance)


def _towards(model: Model, image: NDArray[np.uint8], place: int, kind: Kind) -> Change:
    """The smallest change to one outcome that was found."""
    margin, x0 = Margin(model, place), image / 255
    if kind == "few":
        found = few_pixels(margin, x0)
    else:
        at_border = approach(margin, x0, kind)
        found = None if at_border is None else refine(margin, x0, at_border, kind)
    return _change(margin, image, found, kind)


def _to_nearest(
    model: Model, image: NDArray[np.uint8], places: list[int], kind: Kind, progress: Progress
) -> Change:
    """The smallest change to any of some outcomes that was found."""
    names, part, few = outcomes(model), count(), kind == "few"
    parts = len(places[:REFINED]) + (0 if few else len(places))

    def begin(k: int) -> int:
        progress(next(part), parts, names[k])
        return k

    if few:
        return min((_towards(model, image, begin(k), kind) for k in places[:REFINED]), key=size_of)
    x0 = image / 255
    starts = [reach(Margin(model, begin(k)), x0, kind) for k in places]
    if all(start is None for start in starts):
        return _towards(model, image, begin(places[0]), kind)
    found = Change(image, None, names[places[0]], kind)
    borders = [(x, k) for x, k in zip(starts, places, strict=True) if x is not None]
    order = sorted(borders, key=lambda border: length_of(border[0] - x0))
    for x, k in order[:REFINED]:
        if length_of(x - x0) < FARTHER * found.length or found.after is None:
            margin = Margin(model, begin(k))
            other = _change(margin, image, refine(margin, x0, x, kind), kind)
            found = min(found, other, key=size_of)
    return found


def _change(margin: Margin, image: NDArray[np.uint8], found: Floats | None, kind: Kind) -> Change:
    """What was found as bytes."""
    after = None if found is None else to_bytes(margin, image, found, kind)
    return Change(image, after, outcomes(margin.model)[margin.target], kind)
