"""Ink on paper: where it is, and which marks belong to the digit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.levels import LEAST_CONTRAST, Levels
from digitscope.preparation.results import Box

__all__ = ["Marks", "find_marks", "strengthen"]

LEAST_CLARITY = 7  # contrast over noise; the peaks of mere noise reach 6
SPECK, LARGE = 0.02, 0.2  # shares of the main mark's ink: less is dirt, more is never dirt
NEAR = 0.15  # of the main mark's longer side: marks between speck and large must be so close
NEARLY_FULL = 240  # contrast from which on ink is left as it is


@dataclass(frozen=True, eq=False)
class Marks:
    """The marks of one digit: their mask, bool [h, w], their box, and what was left out or odd."""

    mask: NDArray[np.bool_]
    box: Box
    kept: int
    dropped: int
    rivals: int


def find_marks(bright: Images, levels: Levels) -> Marks | None:
    """Find the marks that make up the digit, or None where there is no ink.

    `bright` is uint8 [h, w], its ink bright. Ink hangs together (8 neighbours) from its edge to
    its sure inside. The mark with the most ink is the main one; others join it if they are not
    much smaller, or small but near: the loose bar of a 5, the parts of a broken stroke.

    >>> page = np.zeros((50, 50), np.uint8)
    >>> page[10:40, 20:24] = page[10:14, 26:36] = page[3, 47] = 200
    >>> marks = find_marks(page, Levels(paper=0, noise=0, contrast=200))
    >>> marks.box, marks.kept, marks.dropped
    ((20, 10, 16, 30), 2, 1)
    """
    import cv2

    if levels.contrast < max(LEAST_CONTRAST, LEAST_CLARITY * levels.noise):
        return None
    wide = (bright > levels.edge(max(bright.shape))).astype(np.uint8)
    count, names, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=8)
    sure = np.bincount(names[bright > levels.sure].astype(np.intp), minlength=count)
    sure[0] = 0
    main = int(np.argmax(sure))
    extent = max(stats[main, cv2.CC_STAT_WIDTH], stats[main, cv2.CC_STAT_HEIGHT])
    if sure[main] < 2 or extent < max(3, np.sqrt(bright.size) / 80):
        return None
    large = np.flatnonzero(sure >= max(1, SPECK * sure[main]))  # of noise there may be thousands
    kept = [i for i in large if _belongs(stats[i], sure[i], stats[main], sure[main])]
    mask = np.isin(names, kept)
    rivals = sum(_rivals(stats[i], stats[main]) for i in kept if i != main)
    return Marks(mask, _box(stats[kept]), len(kept), int((sure > 0).sum()) - len(kept), rivals)


def _belongs(mark: NDArray[Any], sure: int, main: NDArray[Any], most: int) -> bool:
    """Whether a mark, its ink counted in `sure` pixels, is large or close to the main one."""
    x, y, w, h = mark[:4]
    X, Y, W, H = main[:4]
    gap = max(X - (x + w), x - (X + W), Y - (y + h), y - (Y + H), 0)
    return bool(sure >= LARGE * most or gap <= NEAR * max(W, H))


def _rivals(mark: NDArray[Any], main: NDArray[Any]) -> bool:
    """Whether a mark beside the main one is tall enough for a digit of its own."""
    gap = max(main[0] - (mark[0] + mark[2]), mark[0] - (main[0] + main[2]))
    return bool(mark[3] >= 0.6 * main[3] and gap >= 0)


def _box(stats: NDArray[Any]) -> Box:
    left, top = stats[:, 0].min(), stats[:, 1].min()
    right, bottom = (stats[:, 0] + stats[:, 2]).max(), (stats[:, 1] + stats[:, 3]).max()
    return int(left), int(top), int(right - left), int(bottom - top)


def strengthen(bright: Images, levels: Levels, marks: Marks) -> Images:
    """The ink alone, uint8 [h, w]: paper 0, full ink 255, antialiased edges between.

    One pixel around the marks is kept too: it holds the palest part of their edges.

    >>> page = np.full((20, 20), 30, np.uint8)
    >>> page[5:15, 9:11] = 130
    >>> levels = Levels(paper=30, noise=0, contrast=100)
    >>> ink = strengthen(page, levels, find_marks(page, levels))
    >>> int(ink.min()), int(ink.max())
    (0, 255)
    """
    import cv2

    x, y, w, h = marks.box
    full = 255.0 if levels.contrast >= NEARLY_FULL else levels.contrast
    scaled = (bright[y : y + h, x : x + w] - np.float32(levels.paper)) * np.float32(255 / full)
    near = cv2.dilate(marks.mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    scaled[near[y : y + h, x : x + w] == 0] = 0
    ink = np.zeros_like(bright)
    ink[y : y + h, x : x + w] = np.clip(np.rint(scaled), 0, 255)
    return ink
