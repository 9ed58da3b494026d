"""Printed letters: those of the fonts that Matplotlib brings, and OpenCV's own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from digitscope.arrays import Images
from digitscope.synthesis.strokes import CANVAS, crop

FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "DejaVuSansMono",
    "STIXGeneral",
    "STIXGeneralItalic",
    "cmmi10",
    "cmr10",
    "cmtt10",
)
HERSHEY = 8  # OpenCV's stroke fonts are numbered from 0 to 7
ITALIC = 16

LETTERS = "ACEFGHJKLMNPRTUVWXYacdefhjkmnprtuvwxy"
LOOKALIKES = "OQDIlZSBbqgioszo"  # letters that have a digit's form
SIGNS = "#%&?@+=*<>$§€"


def letter(character: str, font: int, width: int) -> Images:
    """One letter, uint8 [h, w] around its ink: `font` counts through Matplotlib's, then OpenCV's.

    `width` is the pen of OpenCV's letters, in pixels of a height of about 60.

    >>> letter("K", 0, 3).ndim
    2
    """
    if font < len(FONTS):
        return _printed(FONTS[font], character)
    import cv2

    canvas = np.zeros((CANVAS, 2 * CANVAS), np.uint8)
    face = (font - len(FONTS)) % HERSHEY + ITALIC * ((font - len(FONTS)) // HERSHEY)
    cv2.putText(canvas, character, (40, 90), face, 2.4, 255, width, cv2.LINE_AA)
    return crop(canvas)


@cache
def _printed(font: str, character: str) -> Images:
    import matplotlib as mpl
    from PIL import Image, ImageDraw, ImageFont

    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    image = Image.new("L", (CANVAS, CANVAS))
    ImageDraw.Draw(image).text((30, 20), character, 255, ImageFont.truetype(str(path), 64))
    return crop(np.array(image))
