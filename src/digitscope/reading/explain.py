"""Every step from an image to its digits, and what would be read without the steps after it.

A step is worth what it changes. So each picture on the way is also read plainly: Otsu's threshold,
connected marks, rows from top to bottom. Where that begins to agree with the answer, the steps
before it have done the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.field import FIELD, frame
from digitscope.preparation.levels import LEAST_CONTRAST
from digitscope.preparation.paper import has_dark_ink, to_grey
from digitscope.preparation.results import Step, counted
from digitscope.reading.classifier import NONE, Classifier
from digitscope.reading.tree import REFUSED, Line, Page

__all__ = ["explain", "plain_reading"]

SMALLEST = 0.4  # of the tallest marks' height: what is smaller is left out
APART = 1.0  # heights of paper that part two numbers
MOST_MARKS = 300  # what has more is texture
SHOWN, WHOLE = 30, 1_000  # characters of a plain reading, and of the answer
COLUMNS, CELL = 16, 44  # digits a row, pixels a digit, of the picture of all digits
GAP = np.zeros((FIELD, FIELD), np.uint8)


def explain(page: Page, way: Sequence[Step], classify: Classifier) -> tuple[Step, ...]:
    """The steps of the way to a page's lines (see `reading.page`), each saying what would be read
    from it plainly, and last the digits as the network was given them.
    """
    wanted, before = " / ".join(page.text.splitlines()), ""
    steps: list[Step] = []
    for step in way:
        said = plain_reading(step.image, classify)
        words = step.explanation
        if not steps:
            words += f" A threshold alone would read here: {_ended(said)}"
        elif said != before:
            right = " the answer," if said == wanted else ""
            words += f" Now a threshold alone would read{right or ':'} {_ended(said)}"
        steps.append(Step(step.name, words, step.image))
        before = said
    if page.digits:
        steps.append(Step("digits", _about_digits(page), _all_digits(page)))
    return tuple(steps)


def plain_reading(picture: NDArray[np.uint8], classify: Classifier) -> str:
    """What stands on uint8 [h, w] or [h, w, 3] by threshold and connected marks alone; rows are
    parted by " / ".

    >>> page = np.full((60, 90), 255, np.uint8)
    >>> page[10:50, 20:25] = page[10:50, 60:65] = 0
    >>> plain_reading(page, lambda images: np.tile(np.eye(11)[1], (len(images), 1)))
    '11'
    """
    import cv2

    grey = to_grey(picture)[0]
    if np.ptp(grey) < LEAST_CONTRAST:
        return ""
    bright = 255 - grey if has_dark_ink(grey) else grey
    _, mask = cv2.threshold(bright, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    _, names, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    marks = _of_a_size(stats)
    if not len(marks) or len(marks) > MOST_MARKS:
        return ""
    crops = [_own(bright, names, stats[i], i) for i in marks]
    answers = np.asarray(classify(np.stack(crops))).argmax(axis=1)
    texts = [REFUSED if answer == NONE else str(answer) for answer in answers]
    return " / ".join(_rows(stats[marks], texts))


def _of_a_size(stats: NDArray[Any]) -> NDArray[np.intp]:
    """The marks that may be digits by their height; the first is the paper."""
    import cv2

    heights = stats[1:, cv2.CC_STAT_HEIGHT]
    if not len(heights):
        return np.zeros(0, np.intp)
    tall = np.sort(heights)[-max(1, len(heights) // 20) :].mean()
    return 1 + np.flatnonzero(heights >= max(3, SMALLEST * tall))


def _own(bright: Images, names: NDArray[Any], stat: NDArray[Any], i: int) -> Images:
    x, y, w, h = stat[:4]
    own = names[y : y + h, x : x + w] == i
    return frame(np.where(own, bright[y : y + h, x : x + w], 0).astype(np.uint8))


def _rows(boxes: NDArray[Any], texts: list[str]) -> list[str]:
    """Texts in rows: marks whose middles lie within half a height of each other."""
    middles = boxes[:, 1] + boxes[:, 3] / 2
    height = float(np.median(boxes[:, 3]))
    rows: list[list[int]] = []
    for i in np.argsort(middles, kind="stable"):
        if rows and middles[i] - np.mean(middles[rows[-1]]) < height / 2:
            rows[-1].append(int(i))
        else:
            rows.append([int(i)])
    return [_row(boxes, texts, row, height) for row in rows]


def _row(boxes: NDArray[Any], texts: list[str], row: list[int], height: float) -> str:
    said, end = "", 0
    for i in sorted(row, key=lambda k: int(boxes[k, 0])):
        if said and boxes[i, 0] - end > APART * height:
            said += " "
        said += texts[i]
        end = int(boxes[i, 0] + boxes[i, 2])
    return said


def _ended(said: str, most: int = SHOWN) -> str:
    """A reading at the end of a sentence, cut if it is long; of marks that are no digits their
    number.
    """
    if not said:
        return "nothing."
    if not any(sign.isdigit() for sign in said):
        marks = said.count(REFUSED)
        return "one mark, which is no digit." if marks == 1 else f"{marks} marks, none a digit."
    return f"{said}." if len(said) <= most else f"{said[: most - 4].rstrip(' /')} ..."


def _about_digits(page: Page) -> str:
    count = len(page.digits)
    unsure = sum(digit.refused for digit in page.digits)
    refused = f", {unsure} of them refused" if unsure else ""
    said = " / ".join(page.text.splitlines())
    given = counted(count, "marks")
    return (
        f"What the network was given, line by line: {given}{refused}. Read: {_ended(said, WHOLE)}"
    )


def _all_digits(page: Page) -> Images:
    """The digits as the network was given them, in reading order, a new row for each line."""
    rows = [row for line in page.lines for row in _rows_of(line)]
    width = max(len(row) for row in rows)
    sheet = np.zeros((len(rows) * CELL, width * CELL), np.uint8)
    margin = (CELL - FIELD) // 2
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            y, x = r * CELL + margin, c * CELL + margin
            sheet[y : y + FIELD, x : x + FIELD] = image
    return sheet


def _rows_of(line: Line) -> list[list[Images]]:
    """The digits of a line, a gap between two numbers. What is too long for a row goes on in the
    next with a whole number, where that fits into one.
    """
    rows: list[list[Images]] = [[]]
    for number in line.numbers:
        digits = [digit.image for digit in number.digits]
        if rows[-1] and len(rows[-1]) + 1 + len(digits) <= COLUMNS:
            rows[-1] += [GAP, *digits]
        else:
            rows += [digits[i : i + COLUMNS] for i in range(0, len(digits), COLUMNS)]
    return rows[1:]
