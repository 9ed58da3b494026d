"""The steps from a photo to the 28x28 that a network is given, side by side."""

from __future__ import annotations

import textwrap
from pathlib import PurePath

from matplotlib.figure import Figure

from digitscope.figures.step_grid import step_grid
from digitscope.figures.style import styled
from digitscope.preparation import Preparation

__all__ = ["preparation_steps"]


@styled
def preparation_steps(preparation: Preparation) -> Figure:
    """Every step of a preparation: its number and name, its picture, and what was found or done.

    Pictures are shown as they are: in colour where the step still has colours, ink bright once the
    ink was made bright. The last is the image as a network is given it.
    """
    name = textwrap.shorten(PurePath(preparation.name).name, 50, placeholder=" ...")
    return step_grid(preparation.steps, f"From {name} to 28×28", _note(preparation))


def _note(preparation: Preparation) -> str:
    x, y, w, h = preparation.box
    ink = "darker" if preparation.inverted else "lighter"
    note = (
        f"Ink {ink} than the paper, found in {w}×{h} pixels at column {x}, row {y} of the original."
    )
    return " ".join([note, *(f"Warning: {w}." for w in preparation.warnings)])
