"""The answers of two engines under the same images."""

from __future__ import annotations

from matplotlib.figure import Figure

from digitscope.arrays import Images
from digitscope.comparison.results import Answers
from digitscope.figures.grid import Tile, image_grid
from digitscope.figures.style import HAIRLINE, INK, VERMILION, styled

__all__ = ["ENGINE_TITLES", "side_by_side"]

ENGINE_TITLES = {
    "keras:tensorflow": "TensorFlow",
    "keras:jax": "JAX",
    "keras:torch": "PyTorch",
}


@styled
def side_by_side(answers: Answers, images: Images) -> Figure:
    """A grid of images uint8 [n, 28, 28], under each the label and the answers of both engines, and
    how likely each holds the second digit. Where one is wrong the frame is thick and dashed.
    """
    other = ENGINE_TITLES.get(answers.engine, answers.engine)
    tiles = []
    wrong = 0
    rows = zip(images, answers.labels, answers.other, answers.numpy, strict=True)
    for image, label, p_other, p_numpy in rows:
        said = (answers.answer(p_other), answers.answer(p_numpy))
        right = said == (label, label)
        wrong += not right
        tiles.append(
            Tile(
                image,
                f"{label}, {said[0]}, {said[1]}",
                (f"{p_other:.4f}", f"{p_numpy:.4f}"),
                INK if right else VERMILION,
                marked=not right,
                frame=HAIRLINE if right else VERMILION,
            )
        )
    note = (
        f"Under each image: label, {other}, NumPy; then how likely each holds a "
        f"{answers.digits[1]}, {other} above NumPy. "
        f"{len(tiles)} test images picked at random, {wrong} of them read wrongly by one or both."
    )
    return image_grid(f"Label, {other}, NumPy", note, tiles, columns=8)
