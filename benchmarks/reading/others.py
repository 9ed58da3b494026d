"""Things that are no digit, as images on paper: what must be refused.

They are made apart from what the network was trained with: other fonts (the letters are bent as
hands bend them), other noise, other scrawls, and pieces of a photograph.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

SIDE = 96  # pixels
# Fonts that come with Matplotlib and that `digitscope.synthesis.fonts` does not draw from.
FONTS = ("cmss10", "cmb10", "STIXGeneralBol", "STIXGeneralBolIta", "DejaVuSerif-Bold")
FONTS += ("DejaVuSans-BoldOblique", "DejaVuSansMono-Oblique", "DejaVuSansMono-Bold")
LOOKALIKES = "OIlZSBbqgoszDQi|"  # some hands write them as others write digits
LETTERS = "ACEFGHJKLMNPRTUVWXYacdefhjkmnprtuvwxy"
PHOTO = "grace_hopper.jpg"  # of Matplotlib's sample data


def letter(rng: np.random.Generator) -> Pixels:
    """A letter that looks like no digit."""
    return _written(rng, LETTERS)


def lookalike(rng: np.random.Generator) -> Pixels:
    """A letter that looks like a digit."""
    return _written(rng, LOOKALIKES)


def noise(rng: np.random.Generator) -> Pixels:
    """Noise of some coarseness: grains, clouds, or stripes."""
    import cv2

    size = tuple(int(s) for s in rng.integers(28, SIDE + 1, 2))
    field = rng.normal(size=size).astype(np.float32)
    sigma = rng.uniform(0.3, 6, 2)
    if rng.random() < 0.8:
        field = np.asarray(cv2.GaussianBlur(field, (0, 0), sigma[0], sigmaY=sigma[1]))
    field = field / max(float(field.std()), 1e-6)
    if rng.random() < 0.3:
        field = np.where(field > rng.uniform(-0.5, 1.5), 1, -1).astype(np.float32)
    return np.clip(128 + rng.uniform(20, 90) * field, 0, 255).astype(np.uint8)


def scribble(rng: np.random.Generator) -> Pixels:
    """The path of a pen that wanders: a random walk that keeps its direction for a while."""
    import cv2

    n = int(rng.integers(150, 400))
    turns = np.cumsum(rng.normal(0, rng.uniform(0.15, 0.6), n))
    points = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1), axis=0)
    points -= points.min(axis=0)
    points *= (SIDE - 24) / max(float(points.max()), 1e-6)
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    path = np.rint(16 * (points + 12)).astype(np.int32)
    cv2.polylines(canvas, [path], False, 255, int(rng.integers(2, 7)), cv2.LINE_AA, shift=4)
    return _on_paper(canvas, rng)


def photo(rng: np.random.Generator) -> Pixels:
    """A piece of a photograph."""
    image = _photo()
    side = int(rng.integers(32, 200))
    y, x = (int(rng.integers(0, s - side)) for s in image.shape[:2])
    return image[y : y + side, x : x + side]


def blank(rng: np.random.Generator) -> Pixels:
    """An empty cell of a form: paper with its grain, perhaps a shadow, perhaps a line below."""
    page = rng.uniform(150, 250) + rng.normal(0, rng.uniform(0, 6), (SIDE, SIDE))
    if rng.random() < 0.4:
        page -= np.linspace(0, rng.uniform(0, 60), SIDE)
    if rng.random() < 0.4:
        page[-int(rng.integers(2, 4)) :] -= 90
    return np.clip(page, 0, 255).astype(np.uint8)


OTHERS: dict[str, Callable[[np.random.Generator], Pixels]] = {
    "letters": letter,
    "letters that look like digits": lookalike,
    "noise": noise,
    "scribbles": scribble,
    "pieces of photos": photo,
    "blank cells": blank,
}


def _written(rng: np.random.Generator, characters: str) -> Pixels:
    """A character of a font, thinned or not, bent, leaning, on paper."""
    import cv2

    glyph = _glyph(FONTS[rng.integers(len(FONTS))], characters[rng.integers(len(characters))])
    if rng.random() < 0.7:  # a pen's width instead of the font's
        glyph = _pen(glyph, int(rng.integers(3, 9)))
    lean, turn = rng.normal(0, 0.15), rng.normal(0, 0.08)
    wide, high = rng.uniform(0.75, 1.2), rng.uniform(0.8, 1.1)
    middle = (SIDE - 1) / 2
    A = np.array([[wide, lean - turn], [turn, high]])
    M = np.hstack([A, (middle - A @ [middle, middle])[:, None]])
    bent = _bent(cv2.warpAffine(glyph, M, (SIDE, SIDE), flags=cv2.INTER_LINEAR), rng)
    return _on_paper(bent, rng)


def _bent(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Displaced by a smooth field, as an unsteady hand does."""
    import cv2

    fields = rng.uniform(-1, 1, (2, SIDE, SIDE)).astype(np.float32)
    dx, dy = (cv2.GaussianBlur(field, (0, 0), 9) * rng.uniform(30, 110) for field in fields)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    return np.asarray(cv2.remap(image, x + dx, y + dy, cv2.INTER_LINEAR))


def _pen(glyph: Pixels, width: int) -> Pixels:
    """The middle line of a glyph, drawn again with a pen of that width."""
    import cv2

    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    rest, middle = (glyph > 127).astype(np.uint8) * 255, np.zeros_like(glyph)
    while rest.any():
        thinner = cv2.erode(rest, cross)
        middle |= cv2.subtract(rest, cv2.dilate(thinner, cross))
        rest = thinner
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return np.asarray(cv2.GaussianBlur(cv2.dilate(middle, pen), (0, 0), 0.8))


def _on_paper(ink: Pixels, rng: np.random.Generator) -> Pixels:
    """Dark ink on light paper, with a little noise."""
    paper, dark = rng.uniform(190, 250), rng.uniform(20, 110)
    page = paper - (paper - dark) * (ink / 255) + rng.normal(0, rng.uniform(0, 4), ink.shape)
    return np.clip(page, 0, 255).astype(np.uint8)


@cache
def _glyph(font: str, character: str) -> Pixels:
    """A character in the middle of a square, ink 255 on 0, about 56 pixels high."""
    import matplotlib as mpl
    from PIL import Image, ImageDraw, ImageFont

    path = Path(mpl.get_data_path(), "fonts", "ttf", f"{font}.ttf")
    image = Image.new("L", (2 * SIDE, 2 * SIDE))
    ImageDraw.Draw(image).text(
        (SIDE, SIDE), character, 255, ImageFont.truetype(str(path), 72), "mm"
    )
    crop = image.crop(image.getbbox())
    crop.thumbnail((64, 64))
    canvas = Image.new("L", (SIDE, SIDE))
    canvas.paste(crop, ((SIDE - crop.width) // 2, (SIDE - crop.height) // 2))
    return np.array(canvas)


@cache
def _photo() -> Any:
    import matplotlib as mpl
    from PIL import Image

    path = Path(mpl.get_data_path(), "sample_data", PHOTO)
    return np.asarray(Image.open(path).convert("RGB"))
