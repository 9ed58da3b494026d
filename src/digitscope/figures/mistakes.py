"""Mistakes: the wrong answers of which a model was surest."""

from __future__ import annotations

from matplotlib.figure import Figure

from digitscope.evaluation.evaluate import Evaluation
from digitscope.evaluation.mistakes import hardest_mistakes
from digitscope.figures.grid import Tile, image_grid
from digitscope.figures.style import VERMILION, percent, styled

__all__ = ["mistakes"]


@styled
def mistakes(evaluation: Evaluation) -> Figure:
    """The evaluation's most confident mistakes, the surest first.

    Below each image: the true digit and the answer, how sure the model was of the answer and of
    the truth, and the image's name, such as test:247. A model without mistakes gets a figure that
    says so.
    """
    part, listed = evaluation.part, evaluation.mistakes
    title = "The most confident mistakes"
    if not listed:
        return image_grid(
            title, f"There are none: all {evaluation.images:,} were read rightly.", [], 1
        )
    # The listed numbers count along the whole part; these count along the images at hand.
    at_hand = hardest_mistakes(
        evaluation.P, evaluation.data.labels, evaluation.classes, most=len(listed)
    )
    tiles = [
        Tile(
            evaluation.data.images[here.index],
            f"✗ {m.digit} read as {m.taken_for}",
            (
                f"{m.taken_for}: {percent(m.confidence)}",
                f"{m.digit}: {percent(m.of_truth)}",
                f"{part}:{m.index}",
            ),
            VERMILION,
            marked=True,
            frame=VERMILION,
        )
        for m, here in zip(listed, at_hand, strict=True)
    ]
    wrong = evaluation.images - evaluation.correct
    note = f"{len(tiles)} of the {wrong:,} mistakes" if wrong > 1 else "The only mistake"
    note += (
        f" among {evaluation.images:,} {part} images. In percent: how sure it was of each digit."
    )
    return image_grid(title, note, tiles, columns=5)
