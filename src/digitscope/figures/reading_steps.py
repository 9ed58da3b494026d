"""The steps from an image of a page to the digits on it, side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import PurePath

from matplotlib.figure import Figure

from digitscope.figures.step_grid import step_grid
from digitscope.figures.style import percent, styled
from digitscope.preparation.results import Step, counted
from digitscope.reading.tree import Page

__all__ = ["reading_steps"]

LONGEST_NOTE = 340  # characters
GUIDE = (
    "A step is worth what it changes: where it does, its words say what a plain threshold, and no "
    "step after it, would read; / parts lines, ? is a mark that is no digit."
)


@styled
def reading_steps(page: Page, steps: Sequence[Step]) -> Figure:
    """Every step of reading a page (see `reading.explain`): its number and name, its picture, what
    was found or done, and what would have been read without the steps that follow.
    """
    name = textwrap.shorten(PurePath(page.name).name, 50, placeholder=" ...")
    return step_grid(steps, f"From {name} to its digits", _note(page), columns=3)


def _note(page: Page) -> str:
    """How much was read and how surely; what is read stands in the last step."""
    if not page.lines:
        said = "Nothing to read."
    else:
        one = len(page.lines) == 1
        unsure = min(page.lines, key=lambda line: line.confidence)
        said = f"{counted(len(page.lines), 'lines')} with {counted(len(page.digits), 'digits')}; "
        said += f"{percent(unsure.confidence)} sure of {'it' if one else 'the least sure line'}."
    notes = [*page.warnings, *(note for line in page.lines for note in line.notes)]
    words = " ".join([said, *(f"Note: {note.rstrip('.')}." for note in notes)])
    words = textwrap.shorten(words, LONGEST_NOTE, placeholder=" ...")
    return f"{words} {GUIDE}" if page.lines else words
