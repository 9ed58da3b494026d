"""A grid of digits, each framed and with a few words below: what several figures are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from digitscope.figures.style import (
    HAIRLINE,
    INK,
    MARGIN,
    MUTED,
    WIDTH,
    canvas,
    heading_height,
    new_figure,
    put_image,
)

__all__ = ["Tile", "image_grid"]

LINE = 0.185  # inches a line of words


@dataclass(frozen=True)
class Tile:
    """One image [h, w] of a grid: a strong line below it, muted ones under that, and its frame."""

    image: NDArray[Any]
    caption: str
    more: tuple[str, ...] = ()
    colour: str = INK
    marked: bool = False  # a thick dashed frame, for what must be seen without colours too
    frame: str = HAIRLINE


def image_grid(title: str, note: str, tiles: Sequence[Tile], columns: int) -> Figure:
    """Tiles in rows of `columns`, as large as the page's width allows.

    The figure is as high as they need. With no tiles the figure is its heading.
    """
    lines = 1 + max((len(tile.more) for tile in tiles), default=0)
    pitch = (WIDTH - 2 * MARGIN) / columns
    side = min(pitch - 0.2, 1.5)
    row = side + LINE * lines + 0.3
    rows = math.ceil(len(tiles) / columns)
    top = heading_height(2 if len(note) > 120 else 1) + 0.06
    fig = new_figure(top + rows * row - 0.06, title, note)
    ax = canvas(fig)
    height = fig.get_size_inches()[1]
    for i, tile in enumerate(tiles):
        x = MARGIN + (i % columns) * pitch + (pitch - side) / 2
        _draw(ax, tile, x, height - top - (i // columns) * row, side)
    return fig


def _draw(ax: Axes, tile: Tile, x: float, top: float, side: float) -> None:
    """One tile whose image's upper left corner is at (x, top), in inches."""
    edge = put_image(ax, tile.image, (x, top - side), (side, side))
    edge.set_edgecolor(tile.frame)
    if tile.marked:
        edge.set(linewidth=2.4, linestyle=(0, (4, 1.5)))
    middle, y = x + side / 2, top - side - 0.07
    ax.text(
        middle,
        y,
        tile.caption,
        ha="center",
        va="top",
        fontsize=10,
        weight="bold",
        color=tile.colour,
    )
    for i, line in enumerate(tile.more, 1):
        ax.text(middle, y - i * LINE, line, ha="center", va="top", fontsize=9, color=MUTED)
