"""From an image to a network's input: the pixels, their scaling, the row of 784, and the label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from digitscope.arrays import Floats, Images, to_input
from digitscope.figures.style import (
    BLUE,
    DIGITS,
    HAIRLINE,
    INK,
    MUTED,
    VERMILION,
    frame,
    new_figure,
    styled,
)
from digitscope.maths.losses import one_hot

__all__ = ["image_to_input"]

ROW = 14  # the middle row, whose profile is shown
FROM, COUNT = 4, 20  # the stretch of that row whose numbers are printed


@styled
def image_to_input(
    image: Images, label: int, classes: Sequence[int] = tuple(range(10)), name: str = ""
) -> Figure:
    """The way of one image, uint8 [28, 28], to the 784 numbers that a network is given.

    The image and the profile of its row 14; pixel values before and after the division by 255, of
    the first 20 pixels and of 20 in row 14; the flat row of 784; the label (a class id) as one-
    hot.

    >>> figure = image_to_input(np.zeros((28, 28), np.uint8), 3)
    >>> [text.get_text() for text in figure.axes[4].texts]
    ['0', '0', '0', '1', '0', '0', '0', '0', '0', '0']
    """
    fig = new_figure(
        9.0,
        f"From an image to the network's input{f': {name}' if name else ''}",
        "28×28 pixels from 0 (paper) to 255 (ink) are divided by 255 and laid row after row into "
        "one row of 784.",
    )
    grid = fig.add_gridspec(5, 1, height_ratios=(3.1, 1.15, 1.15, 0.62, 0.62))
    top = grid[0].subgridspec(1, 2, width_ratios=(1, 2.1))
    _image(fig.add_subplot(top[0]), image, classes[label])
    _profile(fig.add_subplot(top[1]), image)
    pixels, row = image.reshape(-1), to_input(image[None], (784,))[0]
    _numbers(fig.add_subplot(grid[1]), pixels, row, 0, "The first 20 pixels: the rim, mostly paper")
    start = ROW * 28 + FROM
    title = f"20 pixels of row {ROW}, columns {FROM} to {FROM + COUNT - 1}"
    _numbers(fig.add_subplot(grid[2]), pixels, row, start, title)
    _one_hot(fig.add_subplot(grid[4]), label, classes)
    _strip(fig.add_subplot(grid[3]), row)
    return fig


def _image(ax: Axes, image: Images, digit: int) -> None:
    ax.imshow(image, cmap=DIGITS, vmin=0, vmax=255)
    frame(ax)
    ax.set_xticks([0, 9, 18, 27])
    ax.set_yticks([0, ROW, 27])
    ax.add_patch(
        Rectangle((-0.5, ROW - 0.5), 28, 1, fill=False, edgecolor=VERMILION, linewidth=1.8)
    )
    ax.set(title=f"The image: label {digit}", xlabel="column (pixels)", ylabel="row (pixels)")


def _profile(ax: Axes, image: Images) -> None:
    columns = np.arange(28)
    ax.bar(columns, image[ROW], width=1, color=VERMILION, alpha=0.2)
    ax.step(columns, image[ROW], where="mid", color=VERMILION, linewidth=1.6)
    ax.plot(columns, image[ROW], "o", color=VERMILION, markersize=4)
    ax.set(
        title=f"Pixel values in row {ROW}",
        xlabel="column (pixels)",
        ylabel="value, 0 to 255",
        xlim=(-0.8, 27.8),
        ylim=(-8, 268),
        yticks=[0, 51, 102, 153, 204, 255],
    )
    scaled = ax.secondary_yaxis("right", functions=(_scaled, _stored))
    scaled.set_ylabel("scaled, 0 to 1")
    scaled.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])


def _scaled(pixels: Any) -> Any:
    return pixels / 255


def _stored(values: Any) -> Any:
    return values * 255


def _numbers(ax: Axes, pixels: Images, row: Floats, start: int, title: str) -> None:
    """20 values as they are stored, and below each what the network is given."""
    chosen = slice(start, start + COUNT)
    ax.imshow(np.stack([row[chosen]] * 2), cmap=DIGITS, vmin=0, vmax=1, aspect="auto")
    frame(ax)
    for i, (pixel, value) in enumerate(zip(pixels[chosen], row[chosen], strict=True)):
        colour = "white" if value > 0.5 else INK
        words: dict[str, Any] = {"ha": "center", "va": "center", "color": colour, "fontsize": 9.5}
        ax.text(i, 0, str(pixel), **words)
        ax.text(i, 1, f"{value:.2f}", **words)
    ax.axhline(0.5, color=HAIRLINE, linewidth=0.8)
    ax.set_yticks([0, 1], ["stored", "÷ 255"], color=INK)
    ax.tick_params(length=0)
    ax.set_title(f"{title} (inputs {start} to {start + COUNT - 1})")


def _strip(ax: Axes, row: Floats) -> None:
    ax.imshow(row[None], cmap=DIGITS, vmin=0, vmax=1, aspect="auto", extent=(-0.5, 783.5, 0, 1))
    frame(ax)
    ax.set_xticks([*range(0, 701, 100), 783])
    ax.add_patch(Rectangle((ROW * 28, 0), 28, 1, fill=False, edgecolor=VERMILION, linewidth=1.8))
    ax.set(title="The flat row: 784 inputs; the box holds row 14", xlabel="number of the input")


def _one_hot(ax: Axes, label: int, classes: Sequence[int]) -> None:
    n = len(classes)
    target = one_hot(np.array([label], np.uint8), n)[0]
    for i, value in enumerate(target):
        filled = BLUE if value else "white"
        ax.add_patch(
            Rectangle((i - 0.5, 0), 1, 1, facecolor=filled, edgecolor="#8c959f", linewidth=0.8)
        )
        colour, weight = ("white", "bold") if value else (MUTED, "normal")
        ax.text(i, 0.5, f"{value:.0f}", ha="center", va="center", color=colour, weight=weight)
    ax.set(xlim=(-0.52, max(n, 10) - 0.48), ylim=(-0.03, 1.03), yticks=[])
    ax.set_xlabel("digit", x=n / 2 / max(n, 10))
    ax.set_xticks(range(n), [str(digit) for digit in classes])
    ax.tick_params(length=0)
    ax.grid(False)
    ax.set_title(f"The label {classes[label]} as one-hot: what the output should show")
    for spine in ax.spines.values():
        spine.set_visible(False)
