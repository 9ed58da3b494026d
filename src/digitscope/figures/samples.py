"""Samples: what the images of a data set look like."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from digitscope.arrays import Images, Labels
from digitscope.figures.grid import Tile, image_grid
from digitscope.figures.style import styled

__all__ = ["samples"]


@styled
def samples(
    images: Images,
    labels: Labels,
    classes: tuple[int, ...] = tuple(range(10)),
    most: int = 40,
    seed: int | None = None,
    title: str = "Sample digits",
) -> Figure:
    """A grid of digits with their labels.

    `images` is uint8 [n, 28, 28], `labels` [n] class ids and `classes` the digit of each class.
    Shown are the first `most` images, or, with a seed, as many picked at random.

    >>> samples(np.zeros((10, 28, 28), np.uint8), np.arange(10, dtype=np.uint8)).get_suptitle()
    'Sample digits'
    """
    n = min(most, len(labels))
    chosen = np.arange(n)
    if seed is not None:
        chosen = np.random.default_rng(seed).choice(len(labels), n, replace=False)
    tiles = [Tile(images[i], f"label {classes[labels[i]]}") for i in chosen]
    how = "picked at random" if seed is not None else "the first ones"
    note = (
        f"{n} of {len(labels):,} images, {how}. Each is 28×28 pixels, ink 255 on paper 0, "
        "printed here as ink on paper."
    )
    return image_grid(title, note, tiles, columns=10 if n > 10 else 5)
