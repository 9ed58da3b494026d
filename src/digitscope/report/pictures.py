"""The pictures of a run: each drawn once, kept as a file, and embedded in the page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from digitscope.arrays import Images
from digitscope.data.mnist import Dataset
from digitscope.evaluation.evaluate import Evaluation
from digitscope.figures.confusion_matrix import confusion_matrix
from digitscope.figures.curves import curves
from digitscope.figures.features import features
from digitscope.figures.mistakes import mistakes
from digitscope.figures.network_diagram import network_diagram
from digitscope.figures.png import figure_png
from digitscope.figures.predictions import predictions
from digitscope.figures.reliability import reliability
from digitscope.figures.samples import samples
from digitscope.figures.style import percent
from digitscope.network.network import Network
from digitscope.network.notation import format_spec
from digitscope.training.events import EpochEnded

__all__ = ["Picture", "draw_pictures", "picture"]


@dataclass(frozen=True)
class Picture:
    """A PNG: its file's name, its bytes, what it shows in words, its size in CSS pixels."""

    file: str
    png: bytes
    alt: str
    width: int
    height: int

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


def draw_pictures(
    network: Network,
    evaluation: Evaluation,
    train: Dataset,
    watched: str,
    history: Sequence[EpochEnded],
) -> dict[str, Picture]:
    """All pictures of a run, by the name that they have on the page."""
    classes = evaluation.classes
    title = "Sample digits from the training images"
    draw: dict[str, Callable[[], Figure]] = {
        "network": lambda: network_diagram(network.spec, classes),
        "samples": lambda: samples(*train, classes, seed=0, title=title),
        "results": lambda: curves(history, watched),
        "predictions": lambda: predictions(evaluation),
        "confusion_matrix": lambda: confusion_matrix(evaluation),
        "confusion_matrix_normalized": lambda: confusion_matrix(evaluation, normalized=True),
        "mistakes": lambda: mistakes(evaluation),
        "reliability": lambda: reliability(evaluation.calibration),
        "features": lambda: features(network, _example(evaluation)),
    }
    alt = _descriptions(network, evaluation, watched, history)
    return {name: picture(name, figure(), alt[name]) for name, figure in draw.items()}


def _descriptions(
    network: Network, evaluation: Evaluation, watched: str, history: Sequence[EpochEnded]
) -> dict[str, str]:
    """What each picture shows, for those who do not see it."""
    first, last = history[0].watched_accuracy, history[-1].watched_accuracy
    right, wrong = evaluation.correct, evaluation.images - evaluation.correct
    return {
        "network": f"Sketch of the network {format_spec(network.spec)}, from input to output.",
        "samples": "Handwritten digits, each with its label.",
        "results": f"Curves of loss and accuracy over {history[-1].epoch} epochs; the {watched} "
        f"accuracy goes from {percent(first)} to {percent(last)}.",
        "predictions": f"Predictions on some {evaluation.part} images: right ones ticked, wrong "
        "ones crossed.",
        "confusion_matrix": f"Confusion matrix: {right} right on the diagonal, {wrong} wrong.",
        "confusion_matrix_normalized": "The confusion matrix in percent of each true digit.",
        "mistakes": f"The {len(evaluation.mistakes)} mistakes of which the network was surest.",
        "reliability": "Reliability diagram: how often the network is right, by how sure it is; "
        f"expected calibration error {percent(evaluation.calibration.error, 2)}.",
        "features": "The weights of the first layer as images: positive blue, negative orange.",
    }


def picture(name: str, figure: Figure, alt: str) -> Picture:
    """A figure as a picture for NAME.png and the page."""
    width, height = figure.get_size_inches()
    return Picture(f"{name}.png", figure_png(figure), alt, round(96 * width), round(96 * height))


def _example(evaluation: Evaluation) -> Images:
    """The first image that is read rightly, or the first, or an empty one if there is none."""
    if not evaluation.images:
        return np.zeros((28, 28), np.uint8)
    right = np.flatnonzero(evaluation.predicted == evaluation.data.labels)
    return evaluation.data.images[right[0] if len(right) else 0]
