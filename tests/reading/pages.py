"""Pages to read, composed of MNIST's own digits: what stands on them is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitscope.arrays import Images
from digitscope.data.mnist import load_mnist

PAPER, DARKEST = 240, 30


def compose_page(
    lines: Sequence[str], scale: int = 2, gap: int = 4, seed: int = 0, part: str = "test"
) -> Images:
    """A page uint8 [h, w], dark on light, with these lines of text; a space parts two numbers.

    Each digit is one of MNIST's, drawn at random, `scale` times as large, `gap` pixels from the
    next.
    """
    rng = np.random.default_rng(seed)
    rows = [_row(line, rng, gap, part) for line in lines]
    width = max(row.shape[1] for row in rows) + 40
    page = np.zeros((44 * len(rows) + 30, width), np.uint8)
    for i, row in enumerate(rows):
        top = 20 + 44 * i
        page[top : top + 28, 20 : 20 + row.shape[1]] = row
    large = np.kron(page, np.ones((scale, scale), np.uint8))
    return (PAPER - large.astype(float) * (PAPER - DARKEST) / 255).astype(np.uint8)


def _row(line: str, rng: np.random.Generator, gap: int, part: str) -> Images:
    data = load_mnist(part)
    pieces: list[Images] = []
    for sign in line:
        if sign == " ":
            pieces.append(np.zeros((28, 28), np.uint8))
            continue
        digit = data.images[rng.choice(np.flatnonzero(data.labels == int(sign)))]
        columns = np.flatnonzero(digit.max(axis=0) > 0)
        pieces += [digit[:, columns[0] : columns[-1] + 1], np.zeros((28, gap), np.uint8)]
    return np.concatenate(pieces, axis=1)
