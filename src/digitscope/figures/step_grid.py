"""Steps side by side: each with its number and name, its picture, and what was found or done."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

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
)
from digitscope.preparation.results import Step

__all__ = ["step_grid"]

LINE = 0.165  # inches a line of words


def step_grid(steps: Sequence[Step], title: str, note: str, columns: int = 0) -> Figure:
    """A figure of some steps, in so many columns (0: as many as fit well).

    Pictures are shown as they are: in colour where the step still has colours, ink bright once the
    ink was made bright.
    """
    columns = columns or (5 if len(steps) in (5, 9, 10) else max(1, min(4, len(steps))))
    pitch = (WIDTH - 2 * MARGIN) / columns
    side = min(pitch - 0.25, 2.1 if columns > 3 else 3.0)
    words = [textwrap.wrap(step.explanation, int((pitch - 0.2) / 0.073)) for step in steps]
    sizes = [_size(step, side) for step in steps]
    rows = [range(i, min(i + columns, len(steps))) for i in range(0, len(steps), columns)]
    talls = [max(0.6 + sizes[i][1] + LINE * len(words[i]) for i in row) for row in rows]
    top = heading_height(math.ceil(len(note) / 115)) + 0.06
    fig = new_figure(top + sum(talls), title, note)
    ax = canvas(fig)
    y = fig.get_figheight() - top
    for row, tall in zip(rows, talls, strict=True):
        for column, i in enumerate(row):
            x = MARGIN + column * pitch
            _draw(ax, i + 1, steps[i], (x, y), sizes[i])
            for k, line in enumerate(words[i]):
                below = y - 0.42 - sizes[i][1] - k * LINE
                ax.text(x, below, line, va="top", fontsize=9, color=MUTED)
        y -= tall
    return fig


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
