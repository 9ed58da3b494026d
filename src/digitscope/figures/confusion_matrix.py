"""The confusion matrix: which digits a model takes for which."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from digitscope.arrays import Floats
from digitscope.evaluation.evaluate import Evaluation
from digitscope.figures.style import (
    BLUES,
    INK,
    MUTED,
    ORANGES,
    WIDTH,
    heading_height,
    new_figure,
    styled,
)

__all__ = ["confusion_matrix"]


@styled
def confusion_matrix(evaluation: Evaluation, normalized: bool = False) -> Figure:
    """Counts in every cell: the row is the true digit, the column the predicted one.

    The diagonal, blue, holds the right answers; it would drown the rest, so the mistakes have a
    scale of their own, orange. `normalized` shows percentages of each row instead.
    """
    counts = evaluation.matrix
    rows = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    values = 100 * counts / rows if normalized else counts.astype(np.float64)
    wrong = evaluation.images - evaluation.correct
    side = 2.6 + 0.5 * len(counts)
    height = heading_height(1) + side + 0.85
    fig = new_figure(
        height,
        "Confusion matrix, in percent of each true digit" if normalized else "Confusion matrix",
        f"{evaluation.images:,} {evaluation.part} images. On the diagonal, blue: "
        f"{evaluation.correct:,} read rightly. Beside it, orange: {wrong:,} not.",
    )
    fig.set_layout_engine("none")  # the matrix stays square and at the left, however few the digits
    ax = fig.add_axes((0.85 / WIDTH, 0.7 / height, side / WIDTH, side / height))
    mistakes = np.where(np.eye(len(counts), dtype=bool), 0, values)
    top = max(float(mistakes.max()), 1.0 if normalized else 5.0)
    colours = _paint(ax, values, 100 * np.diag(counts) / rows[:, 0], top)
    _write(ax, values, colours, normalized)
    _label(ax, evaluation)
    place = ((1.1 + side) / WIDTH, (0.7 + 0.2 * side) / height, 0.18 / WIDTH, 0.6 * side / height)
    bar = fig.colorbar(ScalarMappable(Normalize(0, top), ORANGES), cax=fig.add_axes(place))
    bar.ax.grid(False)
    bar.set_label("mistakes, % of the true digit" if normalized else "mistakes (images)")
    bar.outline.set_visible(False)
    return fig


def _paint(ax: Axes, values: Floats, recall: Floats, top: float) -> Floats:
    """Fill the cells; returns their colours [n, n, 4]."""
    colours = _colours(ORANGES, values, top)
    blue = _colours(BLUES, recall, 100)
    for i in range(len(values)):
        colours[i, i] = blue[i]
    colours[values == 0] = (1, 1, 1, 1)
    ax.imshow(colours)
    ax.set_xticks(np.arange(len(values) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(values) + 1) - 0.5, minor=True)
    ax.grid(False)
    ax.grid(True, which="minor", color="#d0d7de", linewidth=0.8)
    ax.tick_params(which="both", length=0)
    return colours


def _colours(colormap: Colormap, values: Floats, top: float) -> Floats:
    return np.asarray(colormap(values / top))


def _write(ax: Axes, values: Floats, colours: Floats, normalized: bool) -> None:
    """The number in each cell, light on dark, and muted where it is zero."""
    size = 13 if len(values) < 6 else 11
    for i, j in np.ndindex(*values.shape):
        text = f"{values[i, j]:.1f}" if normalized and values[i, j] else f"{values[i, j]:,.0f}"
        dark = colours[i, j, :3] @ (0.299, 0.587, 0.114) < 0.55
        colour = "white" if dark else MUTED if values[i, j] == 0 else INK
        weight = "bold" if i == j else "normal"
        ax.text(j, i, text, ha="center", va="center", color=colour, fontsize=size, weight=weight)


def _label(ax: Axes, evaluation: Evaluation) -> None:
    names = [str(digit) for digit in evaluation.classes]
    ax.set_xticks(range(len(names)), names, fontsize=12, color=INK)
    ax.set_yticks(range(len(names)), names, fontsize=12, color=INK)
    ax.set_xlabel("predicted digit", fontsize=12)
    ax.set_ylabel("true digit", fontsize=12)
    for spine in ax.spines.values():
        spine.set(visible=True, color="#d0d7de")
