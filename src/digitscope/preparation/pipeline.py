"""The way through the steps, and what each of them has to say."""

from __future__ import annotations

from digitscope.arrays import Images
from digitscope.errors import ImageError
from digitscope.preparation.field import CENTRE, FIELD, centre, centre_of_mass, fit
from digitscope.preparation.ink import Marks, find_marks, strengthen
from digitscope.preparation.levels import Levels, calm, measure
from digitscope.preparation.loading import Source, load
from digitscope.preparation.paper import flatten, has_dark_ink, rim_range, to_grey
from digitscope.preparation.results import Picture, Preparation, Step

__all__ = ["PREPARATION_VERSION", "prepare"]

# Model cards name it. Whoever changes a pixel that comes out of an image within the working limit
# raises it; how larger images are made as small is the decoder's.
PREPARATION_VERSION = 1

FAINT = 50  # grey levels between paper and ink
SMALL = 10  # pixels: the longer side of a digit that is too small to be sure of


def prepare(source: Source, name: str | None = None) -> Preparation:
    """Bring any image of one digit to MNIST's frame, and remember every step.

    `source` is a path, bytes, a binary stream, a Pillow image or an array (see `load`); `name` is
    what messages call it. Ink may be dark on light or light on dark. The result's image is uint8
    [28, 28], ink 255 on paper 0: aspect kept in a box of 20x20, centre of mass in the centre.
    Raises ImageError, in one line, for what cannot be decoded, is too large or too small, or
    shows no ink.

    >>> import numpy as np
    >>> page = np.full((400, 300), 230, np.uint8)
    >>> page[50:230, 200:220] = 40  # a 1, somewhere on a page
    >>> one = prepare(page)
    >>> one.image.shape, one.box, one.inverted
    ((28, 28), (200, 50, 20, 180), True)
    >>> [step.name for step in one.steps]
    ['load', 'grey', 'light', 'polarity', 'noise', 'ink', 'crop', 'fit', 'centre']
    >>> print(one.steps[-2].explanation)
    Scaled 20x180 to 2x20 pixels, its aspect kept.

    The method is that of MNIST itself (Y. LeCun, C. Cortes, C. Burges, The MNIST database of
    handwritten digits; LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document
    recognition, 1998). What comes before its box, from light to ink, is our own.
    """
    picture = load(source, name)
    grey, shows = to_grey(picture.pixels)
    rim = rim_range(grey)
    even = flatten(grey, rim)
    inverted = has_dark_ink(even)
    bright = 255 - even if inverted else even
    before = measure(bright)
    quiet, sigma = calm(bright, before)
    levels = measure(quiet) if sigma else before
    marks = find_marks(quiet, levels)
    if marks is None:
        raise ImageError(_no_ink(picture, levels))
    ink = strengthen(quiet, levels, marks)
    x, y, w, h = marks.box
    crop = ink[y : y + h, x : x + w]
    small = fit(crop)
    image = centre(small)
    steps = (
        Step("load", f"Decoded: {picture.note}.", picture.pixels),
        Step("grey", f"Took {shows} as grey: from {grey.min()} to {grey.max()}.", grey),
        Step("light", _about_light(rim, even is not grey), even),
        Step("polarity", _about_polarity(inverted), bright),
        Step("noise", _about_noise(before, sigma), quiet),
        Step("ink", _about_ink(levels, marks, max(quiet.shape)), ink),
        Step("crop", _about_crop(picture, marks), crop),
        Step("fit", _about_fit(crop, small), small),
        Step("centre", _about_centre(small), image),
    )
    box = picture.original(marks.box)
    warnings = (*picture.warnings, *_warnings(quiet, levels, marks))
    several = marks.rivals + 1
    return Preparation(_printable(picture.name), image, steps, box, inverted, warnings, several)


def several_marks(marks: int) -> str:
    """What is warned of where an image has so many marks of a digit's size."""
    return (
        f"more than one separate mark of digit size ({marks}): "
        "this reads one digit: crop it to one, or read them all: digitscope read FILE"
    )


def _no_ink(picture: Picture, levels: Levels) -> str:
    return (
        f"{picture.name}: no ink found, expected a digit that stands out from its paper, got "
        f"{picture.width}x{picture.height} pixels with a contrast of {levels.contrast:.0f} of 255 "
        f"over a noise of {levels.noise:.1f}; try a darker pen, more light, or a closer crop"
    )


def _about_light(rim: float, evened: bool) -> str:
    varies = f"Along the rim, grey varies by {rim:.0f} of 255"
    if evened:
        return f"{varies}: uneven light, so every pixel was put in relation to its paper."
    return f"{varies}: the light is even enough, or the ink fills the image; nothing was changed."


def _about_polarity(inverted: bool) -> str:
    if inverted:
        return "The ink is darker than the paper: turned round, so that ink is high."
    return "The ink is lighter than the paper: ink is high already."


def _about_noise(levels: Levels, sigma: float) -> str:
    found = f"Ink stands {levels.contrast:.0f} of 255 above paper, noise {levels.noise:.1f}"
    if sigma:
        return f"{found}: smoothed by a Gaussian with a sigma of {sigma:.1f} pixels."
    return f"{found}: nothing was smoothed."


def _about_ink(levels: Levels, marks: Marks, side: int) -> str:
    return (
        f"Above {levels.sure:.0f} it is ink, above {levels.edge(side):.0f} the edge of ink: "
        f"kept {marks.kept} {'mark' if marks.kept == 1 else 'marks'}, "
        f"left out {marks.dropped} {'speck' if marks.dropped == 1 else 'specks'}."
    )


def _about_crop(picture: Picture, marks: Marks) -> str:
    x, y, w, h = picture.original(marks.box)
    return (
        f"The ink is {w}x{h} pixels large and begins at x={x}, y={y} "
        f"of an image of {picture.width}x{picture.height}."
    )


def _about_fit(crop: Images, small: Images) -> str:
    before, after = (f"{image.shape[1]}x{image.shape[0]}" for image in (crop, small))
    if before == after:
        return f"The longer side of {before} pixels is 20 already: nothing was scaled."
    return f"Scaled {before} to {after} pixels, its aspect kept."


def _about_centre(small: Images) -> str:
    row, column = centre_of_mass(small)
    return (
        f"The centre of mass, row {row:.1f} and column {column:.1f} of the box, "
        f"was put on pixel ({CENTRE}, {CENTRE}) of {FIELD}x{FIELD}."
    )


def _warnings(bright: Images, levels: Levels, marks: Marks) -> tuple[str, ...]:
    height, width = bright.shape
    x, y, w, h = marks.box
    found = []
    if x == 0 or y == 0 or x + w == width or y + h == height:
        found.append("the ink touches the edge of the image: a part of the digit may be missing")
    if levels.contrast < FAINT:
        found.append(f"faint ink: only {levels.contrast:.0f} of 255 darker or lighter than paper")
    if max(w, h) < SMALL:
        found.append(f"a small digit: its ink is only {w}x{h} pixels large")
    if marks.rivals:
        found.append(several_marks(marks.rivals + 1))
    return tuple(found)


def _printable(name: str) -> str:
    """A name that can be drawn and printed, where a file's has bytes that are no text."""
    return name.encode("utf-8", "replace").decode("utf-8")
