"""Scores: how well a segment of a line would do as each digit, as a logarithm.

A score is a weighted sum of what speaks for and against: the classifier's probabilities, how the
segment lies in its line, and, where a second classifier judged it among its neighbours, that one's
probabilities too. The weights were fitted on strings composed of MNIST's training
digits that the networks were not trained on, so that the sum over all ways through the lattice
behaves as a probability (a conditional random field: Lafferty, McCallum, Pereira, 2001).
`scripts/fit_reading.py` fits them again. WEIGHTS are of another seed of the recipe than the one
that ships; fitted to that one they read as many of 800 strings of validation digits (93.4 instead
of 93.5 %), and fewer lines of the photos looked at while this was written, so they stay. What such
strings do not have, long tails, wide spaces, hands unlike MNIST's, they cannot say: there "is a
digit" and "segment" are set milder than they were fitted (3.05 and -2.44), by those photos; and so
is "is a digit, among" (2.7). With the second look 95.2 % of 1,000 validation strings are read
instead of 93.5, and 18 of those photos' 19 lines instead of 17.
"""

from __future__ import annotations

import numpy as np

from digitscope.arrays import Floats
from digitscope.reading.classifier import NONE
from digitscope.reading.segments import Nodes, Segments

__all__ = ["AMONG", "DROPPED", "LABELS", "WEIGHTS", "evidence", "scores"]

DROPPED = 11  # the label of a dot, a dash, a speck: nothing is written for it
LABELS = 12  # ten digits, "not a digit" (NONE), dropped
LEAST = 1e-7  # a probability is never taken for less: networks are never so sure

WEIGHTS = {
    "is a digit": 1.5,  # log of the probability that it is one
    "which digit": 1.5,  # log of the probability of this one among the ten
    "segment": -1.0,  # for each
    "joined": -0.6,  # marks put together, and the paper between them
    "cut": -2.1,  # darkness crossed by the cut at its end
    "wide": -4.3,  # beyond a height's width
    "small": -5.0,  # below half the height
    "tall": -0.5,  # beyond 1.3 heights
}
AMONG = {  # where a second classifier judges segments among their neighbours too
    "is a digit": 2.1,
    "which digit": 0.9,
    "segment": -1.0,
    "joined": -0.35,
    "cut": 0.35,
    "wide": -4.7,
    "small": -5.25,
    "tall": -0.5,
    "is a digit, among": 2.0,
    "which digit, among": 0.55,
}
REFUSED = -6.0  # for taking a blot for no digit, and as much again for each height it is wider
SMALL = 0.4  # of a digit's height: what is lower than that may be dropped as a dot or a dash
OFF, ASIDE = 0.5, -8.0  # heights above or below its neighbours, and what each beyond that costs
NEIGHBOURS = 5  # blots that say where the line runs
TINY, TINIER = 0.35, -30.0  # and below this, whatever it looks like, the less likely it is a digit


def evidence(
    segments: Segments,
    nodes: Nodes,
    height: float,
    probabilities: Floats,
    among: Floats | None = None,
) -> Floats:
    """What is weighed, float64 [n, 10, len(WEIGHTS)], for probabilities [n, 11]; len(AMONG) where a
    second classifier gave some too.
    """
    x = np.zeros((len(segments), NONE, len(WEIGHTS) if among is None else len(AMONG)))
    wide, tall = segments.boxes[:, 2:].T / height
    x[..., 0], x[..., 1] = _told(probabilities)
    x[..., 2] = 1
    rest = (
        segments.joined,
        nodes.crossed[segments.end],
        np.maximum(0, wide - 1),
        np.maximum(0, 0.5 - tall),
        np.maximum(0, tall - 1.3),
    )
    for i, value in enumerate(rest, start=3):
        x[..., i] = np.asarray(value)[:, None]
    if among is not None:
        x[..., -2], x[..., -1] = _told(among)
    return x


def _told(probabilities: Floats) -> tuple[Floats, Floats]:
    """The log that it is a digit [n, 1], and of each among the ten [n, 10]."""
    p = np.maximum(probabilities, LEAST)
    digit = p[:, :NONE].sum(axis=1, keepdims=True)
    return np.log(digit / p.sum(axis=1, keepdims=True)), np.log(p[:, :NONE] / digit)


def scores(
    segments: Segments,
    nodes: Nodes,
    height: float,
    probabilities: Floats,
    among: Floats | None = None,
) -> Floats:
    """The score of each segment for each of the LABELS, float64 [n, 12]; -inf where impossible."""
    out = np.full((len(segments), LABELS), -np.inf)
    weights = np.array(list((WEIGHTS if among is None else AMONG).values()))
    out[:, :NONE] = evidence(segments, nodes, height, probabilities, among) @ weights
    tall = segments.boxes[:, 3] / height
    out[:, :NONE] += TINIER * np.maximum(0, TINY - tall)[:, None]
    out[:, :NONE] += ASIDE * np.maximum(0, _off(segments, height) - OFF)[:, None]
    none = np.log(np.maximum(probabilities[:, NONE], LEAST))
    none += REFUSED * np.maximum(1, 2 * segments.boxes[:, 2] / height - 1)
    small = tall < SMALL
    alone = segments.whole & (segments.joined == 0)  # what is no digit stays apart
    out[alone & ~small, NONE] = none[alone & ~small]
    dropped = np.maximum(none, np.where(tall < TINY, REFUSED * tall / TINY, -np.inf))
    out[alone & small, DROPPED] = dropped[alone & small]
    return out


def _off(segments: Segments, height: float) -> Floats:
    """How far each segment lies above or below the whole blots around it, in heights, [n].

    A tail may reach as far as it likes: of a segment that is higher than a digit the nearer end
    counts. But the end of a tail that is cut off would do as a 1, if it did not lie so low.
    """
    x, y, w, h = segments.boxes.T.astype(np.float64)
    whole = segments.whole & (segments.joined == 0) & (h >= height / 2)
    if not whole.any():
        return np.zeros(len(segments))
    half = np.minimum(h, height) / 2
    middle = x + w / 2
    away = np.abs(middle[:, None] - middle[whole])
    near = np.argsort(away, axis=1, kind="stable")[:, :NEIGHBOURS]
    level = np.median((y + half)[whole][near], axis=1)
    return np.maximum(0, np.maximum(y + half - level, level - (y + h - half))) / height
