"""A page to its lines: the way through the steps, and what each of them has to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.paper import to_grey
from digitscope.preparation.results import Picture, Step, counted
from digitscope.reading.cells import without_cells
from digitscope.reading.classifier import Classifier
from digitscope.reading.light import brighten, dark_ink
from digitscope.reading.lines import Row, find_rows
from digitscope.reading.marks import Marks, find_marks, ink_levels, no_marks, smooth, strengthen
from digitscope.reading.ruling import without_ruling
from digitscope.reading.sheet import Sheet, find_sheet
from digitscope.reading.sieve import MOST, TOO_MANY, sieve
from digitscope.reading.straight import cut_strip
from digitscope.reading.strays import without_strays
from digitscope.reading.strip import Strip
from digitscope.reading.upright import Upright, find_upright

__all__ = ["Layout", "find_lines"]


@dataclass(frozen=True, eq=False)
class Layout:
    """The lines of a page in reading order, each set straight.

    `rotation` says by how many degrees counter-clockwise the page had to be turned: 0, 90, 180 or
    270. `others` are the rotations that the marks speak for nearly as well, or better but by too
    little: see `reading.turning`. `warnings` are for the user, `steps` for whoever wants to see how
    it was found.
    """

    strips: tuple[Strip, ...]
    rotation: int
    warnings: tuple[str, ...]
    steps: tuple[Step, ...]
    others: tuple[int, ...] = ()


def find_lines(picture: Picture, classify: Classifier, rotation: int | None = None) -> Layout:
    """Find the lines of writing on a page, whichever way it lies, or by the rotation that is given.
    A blank page has none.

    The classifier is asked once or twice: which way up the page is, and whether digits stand
    upright on slanted lines. A page of more marks than anyone writes (grain, cloth, print) keeps
    the largest, with a warning.

    >>> page = np.full((60, 200), 240, np.uint8)
    >>> page[20:50, 30:34] = page[20:50, 60:64] = 20
    >>> unsure = lambda images: np.full((len(images), 11), 1 / 11)
    >>> layout = find_lines(Picture("two strokes", page, 200, 60, ""), unsure)
    >>> layout.strips[0].ink.shape, layout.rotation
    ((34, 38), 0)
    """
    grey, shows = to_grey(picture.pixels)
    sheet = find_sheet(picture.pixels, grey)
    dark = dark_ink(sheet.grey, sheet.paper)
    bright, evened = brighten(sheet.grey, dark, sheet.paper)
    steps = [
        Step("load", f"Decoded: {picture.note}.", picture.pixels),
        Step("grey", f"Took {shows} as grey: from {grey.min()} to {grey.max()}.", grey),
        Step("sheet", _about_sheet(sheet), _drawn_sheet(picture.pixels, sheet)),
        Step("light", _about_light(dark, evened), bright),
    ]
    unframed, cells = without_cells(bright, sheet.paper)
    free, ruled = without_ruling(unframed, sheet.paper)
    steps.append(Step("ruling", _about_ruling(ruled, cells), free))
    quiet, sigma = smooth(free, sheet.paper)
    levels = ink_levels(quiet, sheet.paper)
    found = find_marks(quiet, levels) if levels else no_marks(quiet.shape)
    marks, dropped = sieve(found, quiet, sheet.paper)
    ink = strengthen(quiet, levels, marks) if levels else np.zeros_like(quiet)
    steps.append(Step("marks", _about_marks(marks, dropped, sigma), ink))
    ways = find_rows(marks, 0), find_rows(marks, 1)
    given = None if rotation is None else rotation // 90
    upright = find_upright(ink, marks, ways, classify, given)
    rows = without_strays(marks, _rows(marks, ways, upright.quarter))
    factor = np.diag([*picture.factors, 1.0])
    strips = tuple(
        cut_strip(ink, marks, row, factor @ sheet.to_picture, upright.leaning) for row in rows
    )
    steps.append(Step("upright", _about_upright(upright), np.rot90(ink, upright.quarter)))
    steps.append(Step("lines", _about_lines(rows), _stacked(strips)))
    others = tuple(90 * quarter for quarter in upright.others)
    return Layout(strips, 90 * upright.quarter, _left_out(dropped), tuple(steps), others)


def _rows(marks: Marks, ways: tuple[list[Row], list[Row]], quarter: int) -> list[Row]:
    return ways[quarter] if quarter < 2 else find_rows(marks, quarter)


def _left_out(dropped: dict[str, int]) -> tuple[str, ...]:
    small = dropped.get(TOO_MANY, 0)
    if not small:
        return ()
    return (
        f"the page has {MOST + small:,} marks, and the {small:,} smallest were left out, digits "
        f"perhaps among them: try a closer crop, or parts of at most {MOST:,} marks",
    )


def _about_sheet(sheet: Sheet) -> str:
    if sheet.outline is None:
        return "No edge of a sheet shows: the whole image is the page."
    corners = ", ".join(f"({x:.0f}, {y:.0f})" for x, y in sheet.outline)
    if np.array_equal(sheet.to_picture, np.eye(3)):
        return f"The sheet fills the image but for a strip at its rim; its corners: {corners}."
    height, width = sheet.grey.shape
    return f"A sheet with its corners at {corners} was set straight: {width}x{height} pixels."


def _drawn_sheet(pixels: Images, sheet: Sheet) -> NDArray[np.uint8]:
    """The sheet as it was set straight, or the picture where there is none."""
    return pixels if sheet.outline is None else np.where(sheet.paper, sheet.grey, np.uint8(0))


def _about_light(dark: bool, evened: bool) -> str:
    ink = "Ink is darker than paper" if dark else "Ink is lighter than paper"
    if evened:
        return f"{ink}; every pixel was put in relation to the paper around it."
    return f"{ink}; the light is even."


def _about_ruling(lines: int, cells: int) -> str:
    found = [
        f"{count} {name if count == 1 else name + 's'}"
        for count, name in ((lines, "ruled line"), (cells, "cell"))
        if count
    ]
    if found:
        return f"Took out {' and '.join(found)}, but where ink crosses."
    return "No ruled lines or cells: nothing was taken out."


def _about_marks(marks: Marks, dropped: dict[str, int], sigma: float) -> str:
    said = counted(len(marks), "marks of ink")
    if dropped:
        said += "; left out: " + ", ".join(counted(count, what) for what, count in dropped.items())
    if sigma:
        said += f"; grain was smoothed by a Gaussian of {sigma:g} pixels"
    return said + "."


def _about_upright(upright: Upright) -> str:
    done = f"turned by {90 * upright.quarter} degrees" if upright.quarter else "left as it is"
    if upright.others:
        done += f", the best of {1 + len(upright.others)} ways that its marks hardly tell apart"
    if not upright.asked:
        return f"No mark of a digit's size says which way is up: {done}."
    values = (round(value, 1) + 0.0 for value in upright.evidence)  # no -0.0
    each = ", ".join(f"{90 * k}: {value}" for k, value in enumerate(values))
    asked = counted(upright.asked, "marks")
    return f"Log-likelihood of {asked} turned counter-clockwise by {each}: {done}."


def _about_lines(rows: list[Row]) -> str:
    if not rows:
        return "No line of writing was found."
    slopes = ", ".join(str(round(row.slope)) for row in rows[:12])
    more = ", ..." if len(rows) > 12 else ""
    lines = f"{len(rows)} {'line' if len(rows) == 1 else 'lines'}"
    return f"{lines}, set straight by (degrees): {slopes}{more}."


def _stacked(strips: tuple[Strip, ...]) -> NDArray[np.uint8]:
    """All strips below one another."""
    if not strips:
        return np.zeros((8, 8), np.uint8)
    width = max(strip.ink.shape[1] for strip in strips)
    rows = [np.pad(s.ink, ((0, 4), (0, width - s.ink.shape[1]))) for s in strips]
    return np.concatenate(rows)
