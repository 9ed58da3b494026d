"""The shapes of a network's sketch: columns of neurons, stacks of maps, and what joins them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle, Rectangle

from digitscope.arrays import Shape
from digitscope.figures.style import BLUE, INK, MUTED, VERMILION

__all__ = ["Body", "draw_maps", "draw_neurons", "join"]

MOST = 8  # neurons drawn of a layer
ALL = 10  # layers up to this size are drawn whole
SHEETS = 5  # maps drawn of a stack
SHIFT = 0.09  # inches between two sheets of a stack


@dataclass(frozen=True)
class Body:
    """Where a layer was drawn: its neurons, or the front sheet of its stack.

    `front` is x, y and side in inches, `pixels` how many pixels that side stands for.
    """

    neurons: tuple[tuple[float, float], ...] = ()
    radius: float = 0.0
    front: tuple[float, float, float] = (0, 0, 0)
    pixels: int = 0


def draw_neurons(
    ax: Axes, at: tuple[float, float], size: int, height: float, names: Sequence[str]
) -> Body:
    """A column of circles around `at`, with dots in its middle if not all are drawn; inches."""
    x, middle = at
    whole = size <= ALL
    places = size if whole else MOST + 1  # one place for the dots
    step = min(height / max(places, 2), 0.44)
    ys = middle + step * (np.arange(places)[::-1] - (places - 1) / 2)
    radius = 0.36 * step
    if not whole:
        for offset in (-0.26, 0, 0.26):
            ax.add_patch(Circle((x, ys[MOST // 2] + offset * step), 0.022, color=INK))
        ys = np.delete(ys, MOST // 2)
    for y in ys:
        ax.add_patch(
            Circle((x, y), radius, facecolor="#dcebf5", edgecolor=BLUE, linewidth=1.2, zorder=3)
        )
    for y, name in zip(ys, names, strict=False):
        inside = len(name) == 1
        ax.text(
            x if inside else x + radius + 0.07,
            y,
            name,
            ha="center" if inside else "left",
            va="center_baseline" if inside else "center",
            fontsize=9.5,
            zorder=4,
            weight="bold",
        )
    return Body(tuple((x, float(y)) for y in ys), radius)


def draw_maps(ax: Axes, at: tuple[float, float], shape: Shape, largest: float) -> Body:
    """A stack of square maps around `at`; 28 pixels are `largest` inches wide."""
    h, _, maps = shape
    sheets = min(maps, SHEETS)
    side = max(largest * h / 28, 0.3)
    spread = SHIFT * (sheets - 1)
    left, bottom = at[0] - (side + spread) / 2, at[1] - (side + spread) / 2
    for i in reversed(range(sheets)):
        ax.add_patch(
            Rectangle(
                (left + i * SHIFT, bottom + i * SHIFT),
                side,
                side,
                facecolor="#dcebf5" if maps > 1 else "white",
                edgecolor=BLUE,
                linewidth=1.2,
                zorder=3,
            )
        )
    return Body(front=(left, bottom, side), pixels=h)


def join(ax: Axes, before: Body, after: Body, window: int) -> None:
    """The lines between two layers: weights between neurons, a window between maps."""
    if after.pixels:
        _join_maps(ax, before, after, window)
        return
    starts = before.neurons
    if before.pixels:
        x, y, side = before.front
        starts = tuple((x + side, y + part * side) for part in (0.0, 0.5, 1.0))
    edges = [
        ((x1 + before.radius, y1), (x2 - after.radius, y2))
        for x1, y1 in starts
        for x2, y2 in after.neurons
    ]
    colour = MUTED if before.neurons else BLUE
    ax.add_collection(LineCollection(edges, colors=colour, linewidths=0.5, alpha=0.45, zorder=2))


def _join_maps(ax: Axes, before: Body, after: Body, window: int) -> None:
    """What one pixel of the next map sees: a window on the map before it, and two lines."""
    x, y, side = before.front
    small = max(side * window / before.pixels, 0.06)
    left, bottom = x + 0.56 * side, y + 0.3 * side
    ax.add_patch(
        Rectangle(
            (left, bottom),
            small,
            small,
            facecolor="#fde3cf",
            edgecolor=VERMILION,
            linewidth=1,
            zorder=5,
        )
    )
    x2, y2, side2 = after.front
    point = (x2 + 0.25 * side2, y2 + 0.62 * side2)
    edges = [((left + small, bottom + up), point) for up in (0, small)]
    ax.add_collection(LineCollection(edges, colors=VERMILION, linewidths=0.8, zorder=5))
    ax.add_patch(Circle(point, 0.03, color=VERMILION, zorder=6))
