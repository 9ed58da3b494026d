"""Rows that are no line of numbers: a staple, a dash, a smudge apart from all writing."""

from __future__ import annotations

import numpy as np

from digitscope.reading.lines import Row
from digitscope.reading.marks import Marks
from digitscope.reading.sieve import digit_size

__all__ = ["without_strays"]

FLAT, STEEP = 0.3, 1.2  # a stroke so flat (thickness by length), and no steeper than so, lies
THIN = 0.5  # of a digit: what is thicker may be several that touch
SMALL = 0.55  # of a digit: a mark alone that is smaller is no digit


def without_strays(marks: Marks, rows: list[Row]) -> list[Row]:
    """The rows, but for those of one mark alone that lies flat or is small.

    On a page that has no row of several marks all rows stay: there nothing says what is usual.
    """
    if all(len(row.marks) == 1 for row in rows):
        return rows
    size = digit_size(marks)
    return [row for row in rows if len(row.marks) > 1 or not _stray(marks, row, size)]


def _stray(marks: Marks, row: Row, size: float) -> bool:
    mark = marks.take(np.array(row.marks))
    lean = np.radians(row.angle)
    along = float(mark.extent(np.array([np.cos(lean), np.sin(lean)]))[0])
    across = float(mark.extent(np.array([-np.sin(lean), np.cos(lean)]))[0])
    straight = float(mark.thickness[0]) < min(FLAT * max(along, across), THIN * size)
    return (straight and across < STEEP * along) or float(mark.size[0]) < SMALL * size
