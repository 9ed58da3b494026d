"""Features: what the first layer of a network looks for."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from digitscope.arrays import Floats, Images
from digitscope.figures.style import (
    BLUES,
    DIVERGING,
    MARGIN,
    MUTED,
    WIDTH,
    canvas,
    heading_height,
    new_figure,
    put_image,
    styled,
)
from digitscope.inside.features import Features, first_features
from digitscope.inside.trace import trace
from digitscope.network.layers import Activation
from digitscope.network.network import Network

__all__ = ["features"]

COLUMNS = 8
SIDE = 1.2  # inches at the right for colour bars
NAME = 0.2  # inches for the words above an image


class Block(NamedTuple):
    """Where rows of pictures stand: upper edge and pitch in inches, and how many a row."""

    top: float
    pitch: float
    columns: int

    def height(self, n: int) -> float:
        """The inches that so many pictures take."""
        return math.ceil(n / self.columns) * (self.pitch + NAME)


@styled
def features(network: Network, image: Images | None = None, most: int = 32) -> Figure:
    """The weights of the first layer as images: its neurons' 28x28, or its kernels.

    Colours diverge from white at zero: blue where ink excites the neuron, orange where ink calms
    it. For a convolutional network an example `image` [28, 28] is shown too, with the feature maps
    that the kernels make of it.

    >>> features(Network.initialize("784-15-10")).get_suptitle()
    'What the first layer looks for: 15 neurons'
    """
    found = first_features(network)
    n = min(most, len(found.images))
    maps = None
    if image is not None and found.kind == "kernel":
        maps = _maps(network, found, image)[:n]
    title, note = _words(found, n, maps is not None)
    pitch = (WIDTH - 2 * MARGIN - SIDE) / COLUMNS
    block = Block(0, pitch, COLUMNS)
    tall, top = block.height(n), heading_height(1 + (maps is not None)) + 0.05
    height = top + tall + (0.4 + tall if maps is not None else 0) + 0.1
    ax = canvas(new_figure(height, title, note))

    limit = _limit(found.images[:n])
    names = [f"{found.kind} {i}" for i in range(n)]
    block = block._replace(top=height - top)
    _pictures(ax, block, found.images[:n], names, (-limit, limit), DIVERGING)
    _bar(ax, block, n, (-limit, limit), DIVERGING, f"weight ({found.weight})")
    if maps is not None and image is not None:
        _answers(ax, block._replace(top=block.top - tall - 0.4), image, maps)
    return ax.get_figure(root=True)  # type: ignore[return-value]


def _words(found: Features, n: int, with_maps: bool) -> tuple[str, str]:
    total = len(found.images)
    many = f"{total} {found.kind}s" if n == total else f"the first {n} of {total} {found.kind}s"
    note = (
        f"The weights of one {found.kind} a picture: blue where ink excites it, "
        "orange where ink calms it."
    )
    if with_maps:
        note += " Below: where in an image each kernel finds what it looks for."
    return f"What the first layer looks for: {many}", note


def _maps(network: Network, found: Features, image: NDArray[Any]) -> Floats:
    """What the kernels make of an image, after their activation if one follows: [n, h, w]."""
    steps = trace(network, image)[1:]
    following = found.layer + 1
    activated = isinstance(network.spec.layers[following], Activation)
    return np.moveaxis(steps[following if activated else found.layer].output, -1, 0)


def _limit(images: Floats) -> float:
    """The weight with the strongest colour: nearly the largest, so that one stray pales nothing."""
    return float(np.quantile(np.abs(images), 0.998)) or 1.0


def _pictures(
    ax: Axes,
    block: Block,
    images: Floats,
    names: list[str],
    limits: tuple[float, float],
    colours: Colormap,
) -> None:
    side = block.pitch - 0.1
    for i, picture in enumerate(images):
        x = MARGIN + (i % block.columns) * block.pitch
        y = block.top - (i // block.columns) * (block.pitch + NAME) - NAME
        put_image(ax, picture, (x, y - side), (side, side), colours, limits)
        ax.text(x, y + 0.04, names[i], fontsize=8.5, color=MUTED)


def _answers(ax: Axes, block: Block, image: Images, maps: Floats) -> None:
    """The feature maps of an example image; the image itself stands at the right."""
    low, high = min(0.0, float(maps.min())), float(maps.max())
    limits = (low, high if high > low else low + 1)
    names = [f"map {i}" for i in range(len(maps))]
    ax.text(MARGIN, block.top + 0.12, "Feature maps of the image at the right", weight="bold")
    _pictures(ax, block, maps, names, limits, BLUES)
    x, side = WIDTH - MARGIN - block.pitch + 0.1, block.pitch - 0.1
    put_image(ax, image, (x, block.top - NAME - side), (side, side))
    ax.text(x, block.top - NAME + 0.04, "image", fontsize=8.5, color=MUTED)


def _bar(
    ax: Axes, block: Block, n: int, limits: tuple[float, float], colours: Colormap, name: str
) -> None:
    """A colour bar at the right of a block, no higher than three rows."""
    fig = ax.get_figure(root=True)
    assert fig is not None
    height = fig.get_figheight()
    tall = min(block.height(n), 3 * (block.pitch + NAME)) - NAME - 0.1
    bottom = block.top - NAME - tall
    place = (1 - (SIDE - 0.1) / WIDTH, bottom / height, 0.15 / WIDTH, tall / height)
    bar = fig.colorbar(
        ScalarMappable(Normalize(*limits), colours), cax=fig.add_axes(place), extend="both"
    )
    bar.set_label(name, fontsize=9.5)
    bar.ax.tick_params(labelsize=9)
    bar.ax.grid(False)
