"""Words: a page of them is read as digits too, and whoever has it read must be told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitscope.reading.reading import Mark

MANY = 10  # marks: fewer may by chance be unsure
SURE, UNSURE = 0.9, 1 / 3  # of many so large a part may not be so sure
HARDLY = 0.5  # of few not all may be less sure than this


def warn_of_words(marks: Sequence[Mark]) -> tuple[str, ...]:
    """A warning where a page looks as if words stood on it, or other things that are no numbers:
    their strokes are read as ones and sevens, though seldom surely.

    Of the digits on a page of numbers hardly one in twenty is less than 90 % sure; of 390 strokes
    of six printed lines every second. What the user's own `reject_below` refuses says nothing.
    """
    sure = np.array([0.0 if mark.refused else mark.confidence for mark in marks])
    least, share = (SURE, UNSURE) if len(sure) >= MANY else (HARDLY, 1.0)
    unsure = int((sure < least).sum())
    if not unsure or unsure < share * len(sure):
        return ()
    told = f"{unsure:,} of the {len(sure):,} marks are no digits"
    if len(sure) == 1:
        told = "the one mark here is no digit"
    return (
        f"{told} or less than {100 * least:.0f} % sure: words and drawings are read as "
        "digits too: try a closer crop to the numbers",
    )
