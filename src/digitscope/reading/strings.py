"""Strings: the digits of a line, touching ones too, by the best way through its lattice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Images
from digitscope.reading.blots import Blots, find_blots, stacked
from digitscope.reading.classifier import NONE, Classifier
from digitscope.reading.field import Field
from digitscope.reading.judge import Judge
from digitscope.reading.lattice import Lattice
from digitscope.reading.reading import Reading
from digitscope.reading.scores import scores
from digitscope.reading.segments import Nodes, Segments, find_nodes, find_segments, most_segments
from digitscope.reading.strip import Strip
from digitscope.reading.telling import tell

__all__ = ["lattices", "read_strip", "read_strips"]

SURELY = 0.99  # a blot that is one digit with this probability is not cut
NARROW = 0.3  # of the digits' height: a blot that is narrower is not cut
LONGEST = 15.0  # of the same: what is wider is a frame or a bar, and no row of digits that touch
BUDGET = (
    40_000  # segments of a page, by estimate: a page of digits that all touch in pairs has them
)
UNLIKELY = 0.1  # a segment that is a digit with less is not judged a second time


def read_strip(
    strip: Strip,
    classify: Classifier,
    field: Field | None = None,
    among: Classifier | None = None,
) -> Reading:
    """Read one line: its numbers and digits, each with its confidence.

    With a field, the best reading that fits it is taken, if one fits well enough; the notes say
    what that changed. `among` judges segments of lines whose digits touch once more, with what
    stands around them in sight (see `preparation.surroundings`).

    >>> ink = np.zeros((20, 30), np.uint8)
    >>> ink[2:18, 4:6] = ink[2:18, 15:17] = 255
    >>> strokes_are_ones = lambda images: np.tile(np.eye(11)[1], (len(images), 1))
    >>> reading = read_strip(Strip(ink, np.eye(3)), strokes_are_ones)
    >>> reading.text, [mark.box for mark in reading.marks]
    ('11', [(4, 2, 2, 16), (15, 2, 2, 16)])
    """
    return read_strips([strip], classify, field, among)[0]


def read_strips(
    strips: Sequence[Strip],
    classify: Classifier,
    field: Field | None = None,
    among: Classifier | None = None,
) -> list[Reading]:
    """Read the lines of a page as `read_strip` does; the classifier is asked twice, for all of them
    at once.

    More than 2,000 images are judged in several calls. Blots are cut as long as the page has not
    too many segments, the narrowest first: of a page of words the widest are left whole.
    """
    found = lattices([strip.ink for strip in strips], classify, among)
    return [tell(lattice, field) for lattice in found]


def lattices(
    inks: Sequence[Images], classify: Classifier, among: Classifier | None = None
) -> list[Lattice]:
    """The lattice of each line, uint8 [h, w], ink 255 on paper 0.

    First whole blots are judged. Those that are no digit for sure are cut, and then all segments
    are judged; of lines with cuts what is likely a digit is judged `among` its neighbours too.
    """
    judge = Judge(classify)
    blots = [find_blots(ink) for ink in inks]
    nodes = [find_nodes(ink, b, np.zeros(len(b), bool)) for ink, b in zip(inks, blots, strict=True)]
    segments = [find_segments(*line) for line in zip(inks, blots, nodes, strict=True)]
    cuts, anew = [np.zeros(len(line), bool) for line in blots], list[int]()
    for i, (whole, p) in enumerate(zip(segments, judge(_images(segments)), strict=True)):
        alone = whole.end == whole.start + 1
        unsure = p[alone, :NONE].max(axis=1, initial=0) < SURELY
        if unsure.any():
            blots[i], into = stacked(blots[i], unsure)
            width = _widths(blots[i])
            wide = (width > NARROW) & (width < LONGEST)
            cuts[i] = wide & np.isin(np.arange(len(wide)), into[unsure])
            anew.append(i)
    cuts = _afforded(blots, cuts)
    for i in anew:
        nodes[i] = find_nodes(inks[i], blots[i], cuts[i])
        segments[i] = find_segments(inks[i], blots[i], nodes[i])
    judged = judge(_images(segments))
    more = _among(among, [bool(line.any()) for line in cuts], segments, judged)
    every = zip(blots, nodes, segments, judged, more, strict=True)
    return [_lattice(*line) for line in every]


def _images(segments: Sequence[Segments]) -> list[Images]:
    return [line.images for line in segments]


def _among(
    classify: Classifier | None,
    cut: Sequence[bool],
    segments: Sequence[Segments],
    judged: Sequence[Floats],
) -> list[Floats | None]:
    """What a second classifier says to the segments of the lines that are cut, [n, 11]. None of the
    other lines.

    Where it is not asked the first one's word counts again; and so it does where the second is the
    surer that a blot as a whole, no part of one, is no digit. Pieces are what the second one knows
    better; a digit as wide as two, such as a 1 with a long upstroke, it takes for two.
    """
    if classify is None:
        return [None] * len(segments)
    asked, images = [], []
    for here, p, line in zip(cut, judged, segments, strict=True):
        which = here * (1 - p[:, NONE] > UNLIKELY)
        seen = line.among(which)
        differs = (seen != line.images[which]).any(axis=(1, 2))
        which[which] = differs
        asked.append(which)
        images.append(seen[differs])
    found: list[Floats | None] = []
    every = zip(cut, segments, judged, asked, Judge(classify)(images), strict=True)
    for here, line, p, which, answers in every:
        both = p.copy()
        both[which] = answers
        refused = line.whole & (line.joined == 0) & (both[:, NONE] > p[:, NONE])
        both[refused] = p[refused]
        found.append(both if here else None)
    return found


def _widths(blots: Blots) -> Floats:
    """In heights of the line's digits, float64 [n]."""
    return np.asarray(blots.boxes[:, 2] / blots.height if len(blots) else np.zeros(0))


def _afforded(blots: Sequence[Blots], cuts: Sequence[NDArray[np.bool_]]) -> list[NDArray[np.bool_]]:
    """Of the blots of each line that are to be cut the narrowest, as many as the budget allows."""
    if not cuts:
        return []
    widths, every = np.concatenate([_widths(line) for line in blots]), np.concatenate(cuts)
    order = np.flatnonzero(every)[np.argsort(widths[every], kind="stable")]
    every[order[np.cumsum(most_segments(widths[order])) > BUDGET]] = False
    return np.split(every, np.cumsum([len(line) for line in blots])[:-1])


def _lattice(
    blots: Blots, nodes: Nodes, segments: Segments, probabilities: Floats, among: Floats | None
) -> Lattice:
    weighed = scores(segments, nodes, blots.height, probabilities, among)
    return Lattice(blots, nodes, segments, probabilities, weighed, among)
