"""Which way up: marks are turned by quarters, and the classifier says how they read best.

Where marks alone do not tell, `reading.turning` reads the whole page in each way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.field import FIELD, frame
from digitscope.reading.classifier import NONE, Classifier
from digitscope.reading.lines import Row
from digitscope.reading.marks import Marks
from digitscope.reading.sieve import digit_size

__all__ = ["Upright", "find_upright", "turned"]

SAMPLE = 16  # marks that are asked: enough for a page, and cheap
LIKELY_SIZE = (0.55, 1.7)  # digits: marks of such size are asked
WORST = -4.0  # the least a mark may say (log-likelihood): a smudge must not outvote the digits
TOUCHING = -2.0  # the least a mark may say of a way in which it is wide: it may be two digits
WIDER = 1.1  # times as wide as high
ROW, MOST_ROWS = 0.7, 3.5  # log-likelihood that a row more costs, and the most that rows say
MARGIN = 4.0  # by so much the best way up must be likelier than the one the page has
# What comes so near to the likeliest way is read whole too, and all within the margin where even so
# the marks are POOR digits, by the log-likelihood of each.
THIN, POOR = 1.0, -1.0
LONG = 1.5  # times as high as wide: a single mark may be digits that touch, on their side
STEEP = 10.0  # degrees of slope from which on digits may stand upright on a slanted line
LEVEL = 2.0  # degrees: less slope is not worth a new sampling of pixels


@dataclass(frozen=True)
class Upright:
    """How many quarters counter-clockwise set the page upright, and what speaks for it.

    `evidence` has the log-likelihood of each of the four ways, `asked` says how many marks were
    asked, and `others` are the numbers of quarters that are nearly as likely, or likelier by too
    little. `leaning` is true if the lines climb or fall while their digits stand upright.
    """

    quarter: int
    evidence: tuple[float, float, float, float]
    asked: int
    others: tuple[int, ...] = ()
    leaning: bool = False


def find_upright(
    ink: Images,
    marks: Marks,
    ways: tuple[list[Row], list[Row]],
    classify: Classifier,
    quarter: int | None = None,
) -> Upright:
    """Ask the classifier about marks turned all four ways; the page stays where it is in doubt.

    `ways` are the rows of the page as it lies and of the page turned by a quarter (see
    `lines.find_rows`): each mark is set straight by the slope of its row. A `quarter` that is given
    is taken, whatever the marks say.
    """
    chosen = _sample(marks)
    if not len(chosen):  # no mark, or nothing but a chain of digits that touch
        taken = quarter or 0
        others = tuple(k for k in range(4) if k != taken) if len(marks) else ()
        return Upright(taken, (0.0, 0.0, 0.0, 0.0), 0, others)
    crops = []
    for k in range(4):
        slopes = {mark: row.angle for row in ways[k % 2] for mark in row.marks}
        lie = 180 * (k // 2)
        for i in chosen:
            crops.append(frame(turned(_own(ink, marks, i), slopes.get(i, 90.0 * (k % 2)) + lie)))
    answers = np.asarray(classify(np.stack(crops)), np.float64).reshape(4, len(chosen), NONE + 1)
    sure = np.log(np.maximum(answers[:, :, :NONE].max(axis=2), 1e-9))
    least = np.where(_wide(marks, chosen), TOUCHING, WORST)
    evidence = np.asarray(np.maximum(sure, least).sum(axis=1) + _by_layout(ways))
    best = int(np.argmax(evidence))
    likeliest = best if evidence[best] - evidence[0] > MARGIN else 0
    room = MARGIN if evidence[likeliest] < POOR * len(chosen) else THIN
    near = [k for k in range(4) if evidence[k] > evidence[likeliest] - room]
    if len(marks) == 1 and not _long(marks, 0):
        near = [k for k in near if (k - likeliest) % 2 == 0]  # one digit on its side is rare
    quarter = likeliest if quarter is None else quarter
    others = tuple(k for k in near if k != quarter)
    a, b, c, d = (float(value) for value in evidence)
    steep = {
        mark
        for row in ways[quarter % 2]
        for mark in row.marks
        if abs(row.angle - 90 * (quarter % 2)) > STEEP
    }
    slanted = [k for k, i in enumerate(chosen) if i in steep]
    leaning = False
    if len(slanted) > 1:
        crops = [frame(turned(_own(ink, marks, chosen[k]), 90.0 * quarter)) for k in slanted]
        answers = np.asarray(classify(np.stack(crops)), np.float64)
        level = np.maximum(np.log(np.maximum(answers[:, :NONE].max(axis=1), 1e-9)), WORST)
        straight = np.maximum(sure, WORST)[quarter, slanted]
        leaning = bool(level.sum() - straight.sum() > MARGIN)
    return Upright(quarter, (a, b, c, d), len(chosen), others, leaning)


def _wide(marks: Marks, chosen: list[int]) -> NDArray[np.bool_]:
    """Whether each mark, in each of the four ways, is wider than high: bool [4, n]."""
    width, height = marks.boxes[chosen, 2], marks.boxes[chosen, 3]
    lying, standing = width > WIDER * height, height > WIDER * width
    return np.stack([lying, standing, lying, standing])


def _long(marks: Marks, i: int) -> bool:
    return bool(marks.boxes[i, 3] > LONG * marks.boxes[i, 2])


def _by_layout(ways: tuple[list[Row], list[Row]]) -> NDArray[np.float64]:
    """What the rows alone say of the four ways, [4]: numbers stand in few rows, not in many."""
    many = np.array([len(ways[quarter % 2]) for quarter in range(4)], np.float64)
    return -np.minimum(ROW * (many - many.min()), MOST_ROWS)


def _sample(marks: Marks) -> list[int]:
    """Marks of a digit's size, spread over the page."""
    share = marks.size / max(digit_size(marks), 1.0)
    likely = np.flatnonzero((share > LIKELY_SIZE[0]) & (share < LIKELY_SIZE[1]))
    if len(likely) > SAMPLE:
        likely = likely[np.linspace(0, len(likely) - 1, SAMPLE).astype(np.intp)]
    return [int(i) for i in likely]


def _own(ink: Images, marks: Marks, i: int) -> Images:
    """The ink of one mark alone, cut out."""
    x, y, w, h = marks.boxes[i]
    own = marks.names[y : y + h, x : x + w] == marks.ids[i]
    return np.where(own, ink[y : y + h, x : x + w], np.uint8(0))


def turned(crop: Images, angle: float) -> NDArray[np.uint8]:
    """A crop uint8 [h, w] turned so that what ran at `angle` degrees (x towards y) runs level.

    Cut to its ink again. Whole quarters turn without loss.

    >>> turned(np.full((2, 9), 255, np.uint8), 90).shape
    (9, 2)
    """
    import cv2

    quarters = round(angle / 90)
    crop = np.ascontiguousarray(np.rot90(crop, quarters))
    rest = angle - 90 * quarters
    if abs(rest) < LEVEL:
        return _cut(crop)
    height, width = crop.shape
    scale = 2.0 if max(height, width) < 2 * FIELD else 1.0
    side = int(np.ceil(scale * np.hypot(height, width))) + 2
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), rest, scale)
    matrix[0, 2] += (side - width) / 2
    matrix[1, 2] += (side - height) / 2
    return _cut(np.asarray(cv2.warpAffine(crop, matrix, (side, side), flags=cv2.INTER_LINEAR)))


def _cut(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = np.flatnonzero(crop.any(axis=1)), np.flatnonzero(crop.any(axis=0))
    if not len(rows):
        return crop
    return crop[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
