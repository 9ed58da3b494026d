"""What in an image speaks for each outcome: by a path through the network, or by hiding patches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.errors import SettingError
from digitscope.inside.contributions import contributions, path_of
from digitscope.inside.occlusion import occlusion_logits
from digitscope.inside.outcomes import log_odds, log_ratio, readout
from digitscope.models.model import Model
from digitscope.network.layers import Conv2D


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


def way(model: Model, asked: dict[str, Any]) -> str:
    """The way that is asked for, or the model's own where it has no such way."""
    by, can = asked.get("by") or "", ways(model)
    if by not in ("", "path", "occlusion"):
        raise SettingError(f"by must be path or occlusion, got {by!r}")
    return by if by in can else can[0]


@lru_cache(maxsize=8)
def summed(case: Case, missing: bool) -> Evidence:
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
def occluded(case: Case, missing: bool) -> Evidence:
    """What each patch takes from the log-odds where it hides ink; or what a patch of ink adds."""
    model, sign = case.model, 1 if missing else -1
    Z, hidden = occlusion_logits(model.network, case.image, ink=float(missing))
    scores = log_odds(model, Z[None])[0]
    maps = sign * (log_odds(model, hidden) - scores)

    def pair(a: int, b: int) -> tuple[Floats, float]:
        now = float(log_ratio(model, Z[None], a, b)[0])
        return (sign * (log_ratio(model, hidden, a, b) - now)).reshape(28, 28), now

    return Evidence(maps.T.reshape(-1, 28, 28), scores, None, None, pair)
