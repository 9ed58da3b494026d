"""Strings: the digits of a line, touching ones too, by the best way through its lattice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitscope.arrays import Floats, Images
from digitscope.reading.blots import Blots, find_blots, stacked
from digitscope.reading.classifier import NONE, Classifier
from digitscope.reading.field import Field
from digitscope.reading.lattice import Lattice
from digitscope.reading.reading import Reading
from digitscope.reading.scores import scores
from digitscope.reading.segments import Nodes, Segments, find_nodes, find_segments
from digitscope.reading.strip import Strip
from digitscope.reading.telling import tell

__all__ = ["lattices", "read_strip", "read_strips"]

SURELY = 0.99  # a blot that is one digit with this probability is not cut
NARROW = 0.3  # of the digits' height: a blot that is narrower is not cut
LONGEST = 15.0  # of the same: what is wider is a frame or a bar, and no row of digits that touch


def read_strip(strip: Strip, classify: Classifier, field: Field | None = None) -> Reading:
    """Read one line: its numbers and digits, each with its confidence.

    With a field, the best reading that fits it is taken, if one fits well enough; the notes say
    what that changed.

    >>> ink = np.zeros((20, 30), np.uint8)
    >>> ink[2:18, 4:6] = ink[2:18, 15:17] = 255
    >>> strokes_are_ones = lambda images: np.tile(np.eye(11)[1], (len(images), 1))
    >>> reading = read_strip(Strip(ink, np.eye(3)), strokes_are_ones)
    >>> reading.text, [mark.box for mark in reading.marks]
    ('11', [(4, 2, 2, 16), (15, 2, 2, 16)])
    """
    return read_strips([strip], classify, field)[0]


def read_strips(
    strips: Sequence[Strip], classify: Classifier, field: Field | None = None
) -> list[Reading]:
    """Read the lines of a page; the classifier is asked twice, for all of them at once."""
    found = lattices([strip.ink for strip in strips], classify)
    return [tell(lattice, field) for lattice in found]


def lattices(inks: Sequence[Images], classify: Classifier) -> list[Lattice]:
    """The lattice of each line, uint8 [h, w], ink 255 on paper 0.

    First whole blots are judged. Those that are no digit for sure are cut, and then all segments
    are judged.
    """
    judge = _Judge(classify)
    blots = [find_blots(ink) for ink in inks]
    nodes = [find_nodes(ink, b, np.zeros(len(b), bool)) for ink, b in zip(inks, blots, strict=True)]
    segments = [find_segments(*line) for line in zip(inks, blots, nodes, strict=True)]
    for i, (whole, p) in enumerate(zip(segments, judge(segments), strict=True)):
        alone = whole.end == whole.start + 1
        unsure = p[alone, :NONE].max(axis=1, initial=0) < SURELY
        if unsure.any():
            blots[i], into = stacked(blots[i], unsure)
            width = blots[i].boxes[:, 2] / blots[i].height
            wide = (width > NARROW) & (width < LONGEST)
            cut = wide & np.isin(np.arange(len(wide)), into[unsure])
            nodes[i] = find_nodes(inks[i], blots[i], cut)
            segments[i] = find_segments(inks[i], blots[i], nodes[i])
    return [_lattice(*line) for line in zip(blots, nodes, segments, judge(segments), strict=True)]


class _Judge:
    """A classifier that is asked for each image once, and for all new ones in one call."""

    def __init__(self, classify: Classifier) -> None:
        self.classify = classify
        self.known: dict[bytes, Floats] = {}

    def __call__(self, segments: Sequence[Segments]) -> list[Floats]:
        """The probabilities [n, 11] of the segments of each line."""
        keys = [[image.tobytes() for image in line.images] for line in segments]
        new = {
            key: image
            for line, names in zip(segments, keys, strict=True)
            for key, image in zip(names, line.images, strict=True)
            if key not in self.known
        }
        if new:
            answers = np.asarray(self.classify(np.stack(list(new.values()))), np.float64)
            self.known.update(zip(new, answers, strict=True))
        return [np.array([self.known[k] for k in line]).reshape(-1, NONE + 1) for line in keys]


def _lattice(blots: Blots, nodes: Nodes, segments: Segments, probabilities: Floats) -> Lattice:
    weighed = scores(segments, nodes, blots.height, probabilities)
    return Lattice(blots, nodes, segments, probabilities, weighed)
