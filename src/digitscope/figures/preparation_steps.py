"""The steps from a photo to the 28x28 that a network is given, side by side."""

from __future__ import annotations

import math
import textwrap
from pathlib import PurePath

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitscope.figures.style import (
    INK,
    MARGIN,
    MUTED,
    WIDTH,
    canvas,
    heading_height,
    new_figure,
    put_image,
    styled,
)
from digitscope.preparation import Preparation
from digitscope.preparation.results import Step

__all__ = ["preparation_steps"]

LINE = 0.165  # inches a line of words


@styled
def preparation_steps(preparation: Preparation) -> Figure:
    """Every step of a preparation: its number and name, its picture, and what was found or done.

    Pictures are shown as they are: in colour where the step still has colours, ink bright once the
    ink was made bright. The last is the image as a network is given it.
    """
    steps = preparation.steps
    columns = 5 if len(steps) in (5, 9, 10) else max(1, min(4, len(steps)))
    pitch = (WIDTH - 2 * MARGIN) / columns
    side = min(pitch - 0.25, 2.1)
    words = [textwrap.wrap(step.explanation, int((pitch - 0.2) / 0.073)) for step in steps]
    rows = [range(i, min(i + columns, len(steps))) for i in range(0, len(steps), columns)]
    talls = [max(_size(steps[i], side)[1] for i in row) for row in rows]
    below = 0.3 + LINE * max((len(lines) for lines in words), default=0)
    name = textwrap.shorten(PurePath(preparation.name).name, 50, placeholder=" ...")
    note = _note(preparation)
    top = heading_height(math.ceil(len(note) / 115)) + 0.06
    fig = new_figure(top + sum(talls) + len(rows) * (0.3 + below), f"From {name} to 28×28", note)
    ax = canvas(fig)
    y = fig.get_figheight() - top
    for row, tall in zip(rows, talls, strict=True):
        for column, i in enumerate(row):
            place = (MARGIN + column * pitch, y)
            _draw(ax, i + 1, steps[i], place, _size(steps[i], side))
            for k, line in enumerate(words[i]):
                below_picture = y - 0.42 - tall - k * LINE
                ax.text(place[0], below_picture, line, va="top", fontsize=9, color=MUTED)
        y -= 0.3 + tall + below
    return fig


def _note(preparation: Preparation) -> str:
    x, y, w, h = preparation.box
    ink = "darker" if preparation.inverted else "lighter"
    note = (
        f"Ink {ink} than the paper, found in {w}×{h} pixels at column {x}, row {y} of the original."
    )
    return " ".join([note, *(f"Warning: {w}." for w in preparation.warnings)])


def _size(step: Step, side: float) -> tuple[float, float]:
    """Width and height of a step's picture in inches, its aspect kept, the longer one `side`."""
    h, w = step.image.shape[:2]
    return side * min(1, w / h), side * min(1, h / w)


def _draw(
    ax: Axes, number: int, step: Step, at: tuple[float, float], size: tuple[float, float]
) -> None:
    """One step whose upper left corner is `at`, in inches."""
    x, top = at
    ax.text(
        x, top - 0.2, f"{number}  {step.name.capitalize()}", fontsize=11, weight="bold", color=INK
    )
    put_image(ax, step.image, (x, top - 0.3 - size[1]), size, "gray")
