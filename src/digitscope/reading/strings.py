"""Strings: the digits of a line, touching ones too, by the best way through its lattice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitscope.arrays import Floats, Images
from digitscope.reading.blots import Blots, find_blots, stacked
from digitscope.reading.classifier import NONE, Classifier
from digitscope.reading.lattice import Lattice
from digitscope.reading.scores import scores
from digitscope.reading.segments import Nodes, Segments, find_nodes, find_segments

SURELY = 0.99  # a blot that is one digit with this probability is not cut
NARROW = 0.3  # of the digits' height: a blot that is narrower is not cut


def lattices(inks: Sequence[Images], classify: Classifier) -> list[Lattice]:
    """The lattice of each line, uint8 [h, w]; the classifier is asked twice, for all at once.

    First whole blots are judged. Those that are no digit for sure are cut, and then all segments
    are judged.
    """
    blots = [find_blots(ink) for ink in inks]
    nodes = [find_nodes(ink, b, np.zeros(len(b), bool)) for ink, b in zip(inks, blots, strict=True)]
    uncut = [find_segments(*line) for line in zip(inks, blots, nodes, strict=True)]
    answers = _asked(uncut, classify)
    for i, (segments, p) in enumerate(zip(uncut, answers, strict=True)):
        alone = segments.end == segments.start + 1
        unsure = p[alone, :NONE].max(axis=1, initial=0) < SURELY
        blots[i], into = stacked(blots[i], unsure)
        wide = blots[i].boxes[:, 2] > NARROW * blots[i].height
        cut = wide & np.isin(np.arange(len(blots[i])), into[unsure])
        nodes[i] = find_nodes(inks[i], blots[i], cut)
    segments = [find_segments(*line) for line in zip(inks, blots, nodes, strict=True)]
    answers = _asked(segments, classify)
    return [_lattice(*line) for line in zip(blots, nodes, segments, answers, strict=True)]


def _asked(segments: Sequence[Segments], classify: Classifier) -> list[Floats]:
    """What the classifier says to the segments of all lines, in one call."""
    images = np.concatenate([np.zeros((0, 28, 28), np.uint8), *(s.images for s in segments)])
    answers = classify(images) if len(images) else np.zeros((0, NONE + 1))
    ends = np.cumsum([len(s) for s in segments])[:-1]
    return np.split(np.asarray(answers, np.float64), ends)


def _lattice(blots: Blots, nodes: Nodes, segments: Segments, probabilities: Floats) -> Lattice:
    return Lattice(
        blots, nodes, segments, probabilities, scores(segments, nodes, blots.height, probabilities)
    )
