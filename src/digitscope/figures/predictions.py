"""Predictions: what a model made of some images, right and wrong."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from digitscope.evaluation.evaluate import Evaluation
from digitscope.figures.grid import Tile, image_grid
from digitscope.figures.style import BLUE, VERMILION, percent, styled

__all__ = ["predictions"]


@styled
def predictions(evaluation: Evaluation, most: int = 24, seed: int = 0) -> Figure:
    """A grid of predictions picked at random with a seed: right and wrong stand as they fall.

    Right answers have a tick and a thin blue frame, wrong ones a cross and a thick dashed orange
    one.
    """
    labels, predicted = evaluation.data.labels, evaluation.predicted
    n = min(most, len(labels))
    chosen = np.sort(np.random.default_rng(seed).choice(len(labels), n, replace=False))
    tiles = [_tile(evaluation, int(i)) for i in chosen]
    right = int((labels[chosen] == predicted[chosen]).sum())
    note = (
        f"{n} of the {evaluation.images:,} {evaluation.part} images, picked at random: "
        f"{right} right (✓), {n - right} wrong (✗). In percent: how sure the model was."
    )
    return image_grid(f"Predictions on the {evaluation.part} images", note, tiles, columns=8)


def _tile(evaluation: Evaluation, i: int) -> Tile:
    classes = evaluation.classes
    truth, answer = int(evaluation.data.labels[i]), int(evaluation.predicted[i])
    sure = percent(float(evaluation.P[i, answer]))
    image = evaluation.data.images[i]
    if truth == answer:
        return Tile(image, f"✓ {classes[truth]}", (f"sure: {sure}",), BLUE, frame=BLUE)
    caption = f"✗ {classes[truth]} read as {classes[answer]}"
    return Tile(image, caption, (f"sure: {sure}",), VERMILION, marked=True, frame=VERMILION)
