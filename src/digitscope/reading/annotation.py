"""A page with what was read drawn onto it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from digitscope.reading.tree import Digit, Page

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

__all__ = ["SURE", "UNSURE", "annotate"]

SURE, UNSURE = 0.99, 0.9  # confidences from which on a digit is blue, or amber

# Okabe and Ito's colours (2008), which stay apart for colour-blind readers; and the less sure a
# digit is, the heavier its box, so that grey print says the same.
BLUE, AMBER, VERMILION = (0, 114, 178), (230, 159, 0), (213, 94, 0)
PAPER, INK = (255, 255, 255), (27, 31, 36)

LEGIBLE = 32  # pixels: digits lower than this are enlarged, and no label is smaller than a half
MOST_PIXELS = 4_000_000  # of an enlarged image
LEGEND_WIDTH = 600  # pixels that the legend needs


def annotate(page: Page) -> Image:
    """The image of a page, enlarged where its digits are small, with boxes, digits and a legend.

    The image stands upright as its EXIF asks, and begins in the upper left corner. The legend
    stands below it.
    """
    from PIL import Image as pillow
    from PIL import ImageDraw

    pixels = page.picture.pixels
    k = _enlargement(page)
    height, width = (k * side for side in pixels.shape[:2])
    photo = pillow.fromarray(pixels).convert("RGB").resize((width, height), pillow.Resampling.BOX)
    strip = 2 * LEGIBLE
    drawn = pillow.new("RGB", (max(width, LEGEND_WIDTH), height + strip), PAPER)
    drawn.paste(photo, (0, 0))
    draw = ImageDraw.Draw(drawn)
    across, down = page.picture.factors
    scale = k / across, k / down
    for line in page.lines:
        tall = max(scale) * float(np.median([max(digit.box[2:]) for digit in line.digits]))
        for digit in line.digits:
            _draw_digit(draw, digit, scale, tall, page.rotation)
    _draw_legend(draw, height, strip, drawn.width)
    return drawn


def _enlargement(page: Page) -> int:
    """By how many whole times the working image is enlarged, so that its digits can be seen."""
    area = page.picture.pixels.shape[0] * page.picture.pixels.shape[1]
    most = max(1, int(np.sqrt(MOST_PIXELS / area)))
    heights = [digit.box[3] / page.picture.factors[1] for digit in page.digits]
    wanted = LEGIBLE / max(1.0, float(np.median(heights))) if heights else 1
    return int(np.clip(np.ceil(wanted), 1, most))


def colour_of(digit: Digit) -> tuple[tuple[int, int, int], int]:
    """The colour of a digit's box, and how many times the thinnest line it is thick."""
    if digit.refused or digit.confidence < UNSURE:
        return VERMILION, 3
    return (BLUE, 1) if digit.confidence >= SURE else (AMBER, 2)


def _draw_digit(
    draw: ImageDraw, digit: Digit, scale: tuple[float, float], tall: float, rotation: int
) -> None:
    """One box, and its digit on the side that was above when it was read.

    `tall` is the height of the line's digits, from which all of them have their line and label.
    """
    x, y, w, h = (factor * side for factor, side in zip((*scale, *scale), digit.box, strict=True))
    colour, weight = colour_of(digit)
    thin = max(1, round(tall / 40))
    left, top = round(x) - thin, round(y) - thin
    box = (left, top, max(left, round(x + w) + thin - 1), max(top, round(y + h) + thin - 1))
    draw.rectangle(box, outline=colour, width=weight * thin)
    size = float(np.clip(0.5 * tall, LEGIBLE / 2, 3 * LEGIBLE))
    off = 2 * thin
    place, anchor = {
        0: ((x + w / 2, max(size, y - off)), "ms"),
        90: ((x + w + off, y + h / 2), "lm"),
        180: ((x + w / 2, y + h + off), "ma"),
        270: ((max(size, x - off), y + h / 2), "rm"),
    }[rotation]
    _write(draw, place, digit.text, size, colour, anchor)


def _draw_legend(draw: ImageDraw, top: int, strip: int, width: int) -> None:
    from PIL import ImageFont

    draw.rectangle((0, top, width, top + strip), fill=PAPER)
    entries = (
        (BLUE, 1, f"{100 * SURE:.0f} % sure or more"),
        (AMBER, 2, f"{100 * UNSURE:.0f} to {100 * SURE:.0f} %"),
        (VERMILION, 3, "less, or refused (?)"),
    )
    x, y = 16.0, top + strip / 2
    for colour, weight, words in entries:
        draw.rectangle((x, y - 9, x + 14, y + 9), outline=colour, width=weight)
        _write(draw, (x + 24, y), words, LEGIBLE / 2, INK, "lm")
        x += 24 + draw.textlength(words, ImageFont.load_default(LEGIBLE / 2)) + LEGIBLE


def _write(
    draw: ImageDraw, at: tuple[float, float], text: str, size: float, colour: Any, anchor: str
) -> None:
    """Words with a rim of paper around them, so that they can be read on ink too."""
    from PIL import ImageFont

    font = ImageFont.load_default(size)
    rim = max(1, round(size / 10))
    draw.text(at, text, fill=colour, font=font, anchor=anchor, stroke_width=rim, stroke_fill=PAPER)
