"""Outcomes: what a model may answer, each digit and, where it refuses, "not a digit"; with scores
that a network's logits give each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.models.model import NONE, Model
from digitscope.models.prediction import MORE_LIKELY_NONE

__all__ = ["answers", "log_odds", "log_ratio", "outcomes", "probabilities", "readout"]

Outcome = int | None  # a digit; None is "not a digit"


def outcomes(model: Model) -> tuple[Outcome, ...]:
    """The model's digits in the order of its outputs, then None where it refuses.

    >>> from digitscope.network.network import Network
    >>> outcomes(Model(Network.initialize("784-8-3"), classes=(3, 8)))
    (3, 8, None)
    """
    return (*model.classes, None) if model.refuses else model.classes


def readout(model: Model) -> Floats:
    """R [n_out, outcomes]: the scores are Z @ R. An outcome's score is its logit; of one output z,
    which is the log-odds of the second digit, they are -z and z.
    """
    if model.network.spec.n_out == 1:
        return np.array([[-1.0, 1.0]])
    return np.eye(model.network.spec.n_out)


def probabilities(model: Model, Z: Floats) -> Floats:
    """P [n, outcomes] from logits Z [n, n_out], rows adding up to 1, calibrated as the model is."""
    P = model.judgement_of(Z)
    return P[:, [NONE if outcome is None else outcome for outcome in outcomes(model)]]


def answers(model: Model, Z: Floats) -> NDArray[np.intp]:
    """The place among the outcomes of what the model answers, for logits Z [n, n_out]: "not a
    digit" where that is more likely than not, else the likeliest digit.
    """
    P = probabilities(model, Z)
    n = len(model.classes)
    best = model.probabilities_of(Z).argmax(axis=1)
    return np.where(P[:, n:].sum(axis=1) > MORE_LIKELY_NONE, n, best)


def log_odds(model: Model, Z: Floats) -> Floats:
    """log(p / (1 - p)) of every outcome [n, outcomes], finite where p itself rounds to 0 or 1."""
    L = _log_weights(model, Z)
    others = np.stack([_log_sum(np.delete(L, k, axis=1)) for k in range(L.shape[1])], axis=1)
    return np.asarray(L - others)


def log_ratio(model: Model, Z: Floats, a: int, b: int) -> Floats:
    """log(p_a / p_b) [n]: how much rather the outcome at place a than that at place b."""
    L = _log_weights(model, Z)
    return np.asarray(L[:, a] - L[:, b])


def _log_weights(model: Model, Z: Floats) -> Floats:
    """Numbers [n, outcomes] whose exponentials are proportional to the probabilities."""
    S = Z.astype(np.float64) / (model.temperature or 1)
    if model.network.spec.output != "sigmoid" or model.refuses:
        return S
    if S.shape[1] == 1:
        S = np.hstack([-S, S])
    return np.asarray(-np.logaddexp(0, -S))  # log sigmoid


def _log_sum(L: Floats) -> Floats:
    """The logarithm of the sum of the exponentials of each row."""
    return np.asarray(np.logaddexp.reduce(L, axis=1))
