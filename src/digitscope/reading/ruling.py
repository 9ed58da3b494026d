"""Ruled and squared paper: its lines found, followed, and taken out from under the digits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.levels import measure
from digitscope.reading.marks import find_marks, ink_levels
from digitscope.reading.printed import FAINTEST, REACH, PrintedLine, erase, read_band
from digitscope.reading.sieve import digit_size

__all__ = ["find_ruling", "without_ruling"]

SMALLEST = 150  # pixels of the longer side: in a smaller image a line may as well be a 1
SIDE = 420  # pixels: at such a size lines are looked for
SEEN = 60  # of 255: so much of a pixel of the page made small is thin and bright
SPLIT = 0.85 / 2  # of 255 times the scale has a line of one pixel that falls on two of them
VOTES = 0.3  # of the longer side: pixels in a line that make it worth a look
DENSEST = 0.6  # of the paper is thin and dark: finely squared paper has half of it, noise all
COVERED = 0.55  # of its way across the paper a ruled line is seen
PARALLEL = 0.9985  # the cosine of 3 degrees
WHOLLY, SURELY = 0.85, 4  # seen on so much of its way; so many such lines are no digits
MOST_TRIED = 400  # lines, the strongest first: a page of bars seems to have thousands
MOST_LINES, MOST_MISSES = 160, 12  # lines, and trials in a row that find none: then it is over
STRETCH = 24  # pixels: in pieces so long a line is followed, straight or not
ASTRAY = 3  # pixels: how far it may be off from where it was looked for
BEYOND = 3  # pixels: so far a line is taken out beyond its ends
WIDEST = 5.0  # pixels: a wider line is no ruling
LONGER = 2.5  # digits: a line that is not so much longer than digits may be one itself


def without_ruling(bright: Images, paper: NDArray[np.bool_]) -> tuple[Images, int]:
    """Bright ink uint8 [h, w] without ruled lines, and how many there were.

    A line's pixels go, unless ink stands on the line right there: above, below, or upon it. If
    nothing much shorter than the lines is left, they were digits, and everything stays.

    >>> page = np.zeros((200, 300), np.uint8)
    >>> page[100] = page[150] = 90
    >>> page[80:120, 50:54] = page[80:120, 90:94] = 200
    >>> free, lines = without_ruling(page, np.ones((200, 300), np.bool_))
    >>> lines, int(free[100, 51]), int(free[100, 200])
    (2, 200, 0)
    """
    lines = find_ruling(bright, paper)
    if not lines:
        return bright, 0
    level = measure(bright[paper]).paper
    free = _without(bright, lines, level)
    if sum(line.covered > WHOLLY for line in lines) >= SURELY:
        missed = _alike(find_ruling(free, paper, lines), lines)  # some were hidden by the others
        return _without(free, missed, level), len(lines) + len(missed)
    levels = ink_levels(free, paper)
    if levels is None:
        return bright, 0
    left = find_marks(free, levels)
    if not len(left) or min(len(line.points) for line in lines) < LONGER * digit_size(left):
        return bright, 0
    return free, len(lines)


def _alike(found: list[PrintedLine], known: list[PrintedLine]) -> list[PrintedLine]:
    """Those of the lines found that run as a known one does, and are as well seen."""
    normals = np.array([line.normal for line in known])
    return [
        line
        for line in found
        if line.covered > WHOLLY and np.abs(normals @ line.normal).max() > PARALLEL
    ]


def _without(bright: Images, lines: list[PrintedLine], level: float) -> Images:
    free = bright.copy()
    for line in lines:
        erase(free, line, level)
    return free


def find_ruling(
    bright: Images, paper: NDArray[np.bool_], known: Sequence[PrintedLine] = ()
) -> list[PrintedLine]:
    """Thin lines across most of the paper, in bright ink uint8 [h, w], in any direction; not those
    that are known.
    """
    import cv2

    if max(bright.shape) < SMALLEST or not paper.any():
        return []
    levels = measure(bright[paper])
    least = max(FAINTEST, 3 * levels.noise)
    # What is brighter than the paper some pixels away on both sides: thin lines, and not shadows.
    thin = cv2.morphologyEx(bright, cv2.MORPH_TOPHAT, np.ones((REACH, REACH), np.uint8))
    scale = min(1.0, SIDE / max(bright.shape))
    mask = (np.where(paper, thin, 0) > least).astype(np.uint8) * np.uint8(255)
    if scale < 1:
        size = (max(1, round(bright.shape[1] * scale)), max(1, round(bright.shape[0] * scale)))
        mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)
    seen = (mask > min(SEEN, SPLIT * 255 * scale)).astype(np.uint8)
    if seen.mean() > DENSEST:
        return []
    found = cv2.HoughLines(seen, 1, np.pi / 360, round(VOTES * max(mask.shape)))
    lines: list[PrintedLine] = []
    tried = np.zeros((0, 2))
    missed = 0
    for distance, angle in np.zeros((0, 2)) if found is None else np.asarray(found)[:, 0]:
        near = np.abs(tried - [distance, angle]) < [ASTRAY + 1, np.pi / 60]
        if near.all(axis=1).any():
            continue
        tried = np.vstack([tried, [distance, angle]])
        ends = _across(float(distance) / scale, float(angle), bright.shape)
        if ends is None or _found([*known, *lines], ends):
            continue
        line = _followed(bright, paper, ends, least)
        missed = 0 if line else missed + 1
        if line:
            lines.append(line)
        if (
            missed == MOST_MISSES
            or len(lines) + len(known) >= MOST_LINES
            or len(tried) == MOST_TRIED
        ):
            break
    return lines


def _across(distance: float, angle: float, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    """Where a line x cos + y sin = distance enters and leaves the picture, float64 [2, 2]."""
    height, width = shape
    normal = np.array([np.cos(angle), np.sin(angle)])
    along = np.array([-normal[1], normal[0]])
    low, high = -np.inf, np.inf
    for axis, limit in enumerate((width - 1, height - 1)):
        if abs(along[axis]) < 1e-9:
            continue
        a, b = sorted((edge - distance * normal[axis]) / along[axis] for edge in (0, limit))
        low, high = max(low, a), min(high, b)
    if not high - low > 2 * STRETCH:
        return None
    return np.array([distance * normal + low * along, distance * normal + high * along])


def _found(lines: list[PrintedLine], ends: NDArray[np.float64]) -> bool:
    """Whether one of the lines runs where this one would be looked for."""
    if not lines:
        return False
    first, last = (np.array([line.points[i] for line in lines]) for i in (0, -1))
    along = last - first
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    onward = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    away = ends.mean(axis=0) - first
    off = np.abs(along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0]) / length
    return bool(np.any((off < 2.5 * ASTRAY) & (np.abs(along @ onward) > 0.98 * length)))


def _followed(
    bright: Images, paper: NDArray[np.bool_], ends: NDArray[np.float64], least: float
) -> PrintedLine | None:
    """Follow a line from end to end; None if it is not thin, or not seen on most of its way."""
    length = float(np.linalg.norm(ends[1] - ends[0]))
    along = (ends[1] - ends[0]) / length
    normal = np.array([-along[1], along[0]])
    points = ends[0] + np.arange(int(length))[:, None] * along
    band = read_band(bright, points, normal, 2 * REACH)
    on_paper = read_band(paper.astype(np.uint8), points, normal, 0)[:, 0] > 0.5
    if on_paper.sum() < max(bright.shape) * VOTES:
        return None
    path = _path(band)
    points = points + path[:, None] * normal
    band = read_band(bright, points, normal, REACH)
    profile = np.median(band[on_paper], axis=0)
    floor = float(np.maximum(profile[:3].mean(), profile[-3:].mean()))
    top = float(profile[REACH - 1 : REACH + 2].max())
    if top - floor < least / 2:
        return None
    width = float((profile - floor > 0.5 * (top - floor)).sum())
    core = band[:, REACH - 1 : REACH + 2].max(axis=1)
    beside = np.maximum(band[:, :4].mean(axis=1), band[:, -4:].mean(axis=1))
    covered = float(np.mean((core - beside > 0.5 * (top - floor))[on_paper]))
    if width > WIDEST or covered < COVERED:
        return None
    seen = np.flatnonzero(on_paper)
    points = points[seen[0] : seen[-1] + 1]
    on = np.arange(1, BEYOND + 1)[:, None] * along
    points = np.concatenate([points[0] - on[::-1], points, points[-1] + on])
    return PrintedLine(points, normal, width, top, covered)


def _path(band: NDArray[np.float32]) -> NDArray[np.float64]:
    """How far the line is off the middle of its band, [n]: followed from stretch to stretch."""
    n, middle = len(band), band.shape[1] // 2
    starts = np.arange(0, n - STRETCH + 1, STRETCH)
    stretches = band[: len(starts) * STRETCH].reshape(len(starts), STRETCH, band.shape[1])
    tones = np.median(stretches, axis=1)
    reach = 2 * ASTRAY
    near = tones[:, middle - reach : middle + reach + 1]
    best = np.argmax(near - 0.5 * np.abs(np.arange(-reach, reach + 1)), axis=1) - reach
    padded = np.pad(best.astype(np.float64), 3, "edge")
    calm = np.median(np.lib.stride_tricks.sliding_window_view(padded, 7), axis=1)
    return np.asarray(np.interp(np.arange(n), starts + STRETCH / 2, calm))
