"""From a line as it was read on its strip to a line of the page: places, refusals, alternatives."""

from __future__ import annotations

from digitscope.arrays import Floats
from digitscope.preparation.results import Box
from digitscope.reading.boxes import around
from digitscope.reading.classifier import NONE
from digitscope.reading.reading import Mark, Reading, ReadNumber
from digitscope.reading.strip import Strip
from digitscope.reading.tree import REFUSED, Digit, Line, Number

__all__ = ["to_line"]

LEAST = 0.001  # an alternative that is less probable is not worth a word


def to_line(
    strip: Strip, reading: Reading, size: tuple[int, int], reject_below: float = 0.0
) -> Line:
    """The line with its boxes on the page; digits less sure than `reject_below` are refused.

    `size` is the width and the height of the page, beyond which no box reaches: a strip may, where
    it is cut from the rim. A confidence stays that of the best guess, where a digit is refused.
    """
    numbers = tuple(_number(strip, number, size, reject_below) for number in reading.numbers)
    box = around([number.box for number in numbers]) if numbers else (0, 0, 0, 0)
    return Line(numbers, reading.confidence, box, reading.notes)


def _number(strip: Strip, number: ReadNumber, size: tuple[int, int], reject_below: float) -> Number:
    digits = tuple(_digit(strip, mark, size, reject_below) for mark in number.marks)
    box = around([digit.box for digit in digits])
    written = "" if any(digit.refused for digit in digits) else number.written
    return Number(digits, number.confidence, box, written, number.fits)


def _digit(strip: Strip, mark: Mark, size: tuple[int, int], reject_below: float) -> Digit:
    refused = mark.refused or mark.confidence < reject_below
    return Digit(
        text=REFUSED if refused else mark.text,
        value=None if refused else mark.value,
        confidence=mark.confidence,
        box=_inside(strip.box(mark.box), size),
        alternatives=_alternatives(mark.probabilities, None if refused else mark.value),
        image=mark.image,
        repaired=mark.repaired,
        refused=refused,
    )


def _alternatives(P: Floats, taken: int | None) -> tuple[tuple[str, float], ...]:
    """What else it may be, the most probable first; "?" stands for no digit at all."""
    others = [
        (str(label) if label < NONE else REFUSED, float(P[label]))
        for label in P.argsort(kind="stable")[::-1]
        if label != taken and not (taken is None and label == NONE)
    ]
    return tuple(other for other in others if other[1] >= LEAST)


def _inside(box: Box, size: tuple[int, int]) -> Box:
    """The part of a box that lies on the page, at least a pixel of it.

    >>> _inside((-3, 5, 10, 10), (100, 8))
    (0, 5, 7, 3)
    """
    x, y, w, h = box
    left, top = (min(max(at, 0), side - 1) for at, side in zip((x, y), size, strict=True))
    right, bottom = (min(end, side) for end, side in zip((x + w, y + h), size, strict=True))
    return left, top, max(1, right - left), max(1, bottom - top)
