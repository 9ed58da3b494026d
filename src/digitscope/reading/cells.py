"""Cells of forms: the frames drawn around single digits or whole numbers, found and taken out.

A cell in which nothing touches the frame is seen as a rectangle of paper. A digit that reaches two
sides parts its cell, and what is left may look like a cell of another size. So the size that many
have decides, and from those that were seen the rows are completed: where the next cell would be,
and all four of its sides are, it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.levels import Levels, measure
from digitscope.reading.frames import (
    Frames,
    alike,
    axes,
    corners,
    find_frames,
    no_frames,
    within,
)
from digitscope.reading.printed import FAINTEST, REACH, PrintedLine, erase, read_band

__all__ = ["without_cells"]

Cell = tuple[Frames, list[PrintedLine]]  # a frame [5], and the lines along its sides

MOST = 400  # cells on a page; finely squared paper has more
LEVELS = (1, 3, 8)  # times the least that stands out: where frames are looked for
SQUARED, ENOUGH, SAMPLE = 0.87, 6, 24  # of the lines of so many go on beyond a square's corners
ONWARD = (4, 0.25)  # pixels from a corner, and of a side: where a line that goes on is seen
WRITTEN = 0.2  # of a cell's height has the largest thing written in it
MIDDLE = 0.8  # of a cell's sides: what stands in there is not its frame
CLEAR, SEEN = 0.75, 0.5  # so much of its way a side is seen; and one that ink may cover
EVEN, PRINTED = 1.7, 1.25  # so much darker is one side than another; where no other cell is alike
INWARD, OUTWARD = 2, 5  # pixels from where paper ends: there the line along a side is
NEAR = 1 / 6  # of a cell's shorter side, and within those bounds: so far outward
HIGH = 0.7  # of the highest peak there
WIDEST = (REACH, 2 * REACH - 2)  # pixels: the bounds of what a line may be wide
BROAD = 1 / 4  # of a cell's shorter side, and within those bounds: a wider line is a bar
BESIDE = 6  # pixels: so near to a line is the paper that it is compared with
SAME = 0.3  # of a cell: nearer than this another is the same one
APART = 1.8  # of a cell around its middle: no other cell's middle lies there
MOST_APART = 5  # sides between two cells of a row from which its pitch is taken


def without_cells(bright: Images, paper: NDArray[np.bool_]) -> tuple[Images, int]:
    """Bright ink uint8 [h, w] without the frames of cells, and how many cells there were.

    >>> page = np.zeros((80, 120), np.uint8)
    >>> page[20:61, [20, 50, 80]] = page[[20, 60], 20:81] = 120
    >>> page[30:50, 34:37] = 220
    >>> free, cells = without_cells(page, np.ones((80, 120), np.bool_))
    >>> cells, int(free[40, 35]), int(free[20, 30]), int(free[40, 50])
    (2, 220, 0, 0)
    """
    if not paper.any():
        return bright, 0
    levels = measure(bright[paper])
    margin = np.pad(bright, REACH, constant_values=round(levels.paper))  # frames may end the page
    cells = _find(margin, np.pad(paper, REACH), levels)
    if not cells:
        return bright, 0
    for _, lines in cells:
        for line in lines:
            erase(margin, line, levels.paper, fading=False)
    return np.ascontiguousarray(margin[REACH:-REACH, REACH:-REACH]), len(cells)


def _find(bright: Images, paper: NDArray[np.bool_], levels: Levels) -> list[Cell]:
    """The cells of a page. The largest groups of one size come first, and a frame within a cell of
    theirs is what a stroke parts off.
    """
    seen = _seen(bright, paper, max(FAINTEST, 3 * levels.noise))
    if seen is None:
        return []
    insides, outsides = seen
    framed = [(frame, lines) for frame in insides if (lines := _sides(bright, frame, CLEAR))]
    frames = np.array([frame for frame, _ in framed]).reshape(-1, 5)
    written = [i for i, frame in enumerate(frames) if _is_written(bright, frame, levels.floor)]
    groups = [np.flatnonzero(alike(frames[i], frames)) for i in written]
    cells: list[Cell] = []
    for i, group in sorted(zip(written, groups, strict=True), key=lambda one: -len(one[1])):
        if _is_known(frames[i], cells) or (len(group) == 1 and not _is_printed(framed[i][1])):
            continue
        new = [framed[k] for k in group if not _is_known(frames[k], cells)]
        cells += _completed(bright, new, outsides)
    return cells


def _seen(bright: Images, paper: NDArray[np.bool_], least: float) -> tuple[Frames, Frames] | None:
    """All frames that are seen at some level, those of paper and those around ink, each once; None
    on squared paper, whose lines are ruled.
    """
    import cv2

    calm = cv2.medianBlur(bright, 3)
    broad = cv2.morphologyEx(calm, cv2.MORPH_OPEN, np.ones((2 * REACH, 2 * REACH), np.uint8))
    thin = np.asarray(cv2.subtract(bright, broad), np.uint8)
    grain = float(np.median(thin[::4, ::4]))  # `broad` is the darkest of the paper around
    insides, outsides = no_frames(), no_frames()
    for times in LEVELS:  # faint frames show at the first, and touch what is near them
        mask = ((thin > grain + times * least) & paper).astype(np.uint8)
        for whole in (mask, cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))):
            found = find_frames(np.asarray(whole, np.uint8))
            if len(found[0]) > MOST or _is_squared(found[0], mask):
                return None
            insides, outsides = _merged(insides, found[0]), _merged(outsides, found[1])
    return insides, outsides


def _merged(known: Frames, found: Frames) -> Frames:
    """The known frames, and those found that are none of them."""
    new = [
        frame
        for frame in found[:MOST]
        if not (alike(frame, known) & within(frame[:2], known, SAME)).any()
    ]
    return np.concatenate([known, np.array(new).reshape(-1, 5)])


def _is_squared(frames: Frames, mask: NDArray[np.uint8]) -> bool:
    """Whether lines go on beyond the corners of frames: those of cells end where a row does."""
    if len(frames) < ENOUGH:
        return False
    sample = frames[:: max(1, len(frames) // SAMPLE)]
    return float(np.mean([_goes_on(frame, mask) for frame in sample])) > SQUARED


def _goes_on(frame: Frames, mask: NDArray[np.uint8]) -> float:
    """What part of its eight lines, two at a corner, are seen beyond it."""
    found = []
    places = corners(frame)
    for axis, way in enumerate(axes(frame)):
        far = np.arange(ONWARD[0], max(2 * ONWARD[0], ONWARD[1] * frame[2 + axis]))
        beside = np.arange(-2, 3)[:, None] * np.array([way[1], -way[0]])
        for corner in places:
            out = way * np.sign((corner - frame[:2]) @ way)
            spots = corner + far[:, None, None] * out + beside
            x, y = np.rint(np.moveaxis(spots, 2, 0)).astype(int)
            there = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
            on = mask[y.clip(0, mask.shape[0] - 1), x.clip(0, mask.shape[1] - 1)] > 0
            found.append((on & there).any(axis=1).mean() > CLEAR)
    return float(np.mean(found))


def _is_written(bright: Images, frame: Frames, floor: float) -> bool:
    """Whether something larger than specks stands in the middle of a frame."""
    import cv2

    inner = frame * [1, 1, MIDDLE, MIDDLE, 1]
    x, y, w, h = cv2.boundingRect(corners(inner).astype(np.float32))
    x, y = max(0, x), max(0, y)
    part = bright[y : y + h, x : x + w]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(corners(inner) - [x, y]).astype(np.int32), 1)
    things = ((part > floor) & (inside > 0)).astype(np.uint8)
    sizes = cv2.connectedComponentsWithStats(things)[2][1:]
    return bool((sizes[:, cv2.CC_STAT_HEIGHT] > WRITTEN * frame[3]).any())


def _is_known(frame: Frames, cells: list[Cell]) -> bool:
    """Whether the middle of a frame lies in a cell."""
    return bool(within(frame[:2], np.array([cell for cell, _ in cells]).reshape(-1, 5)).any())


def _is_printed(lines: list[PrintedLine]) -> bool:
    """Whether no side can be a stroke: all are as dark and as wide as the others."""
    levels, widths = [line.level for line in lines], [line.width for line in lines]
    return max(levels) < PRINTED * min(levels) and max(widths) < min(widths) + 2


def _completed(bright: Images, cells: list[Cell], outsides: Frames) -> list[Cell]:
    """Cells of one size, and those beside them in their rows or columns, or with their outline."""
    cells = list(cells)
    size = np.median([frame[2:] for frame, _ in cells], axis=0)
    thick = float(np.median([line.width for _, lines in cells for line in lines]))
    steps = _steps(np.array([frame for frame, _ in cells]), size, thick)
    outline = np.array([0, 0, size[0] + 2 * thick, size[1] + 2 * thick, size[2]])
    frames = np.array([frame for frame, _ in cells])
    guesses = [*outsides[alike(outline, outsides), :2], *_beside(frames, steps)]
    while guesses:
        place = guesses.pop()
        if within(place, frames, APART).any():
            continue
        lines = _sides(bright, np.array([*place, *size]), SEEN)
        if lines:
            middle = np.mean([line.points.mean(axis=0) for line in lines], axis=0)
            cells.append((np.array([*middle, *size]), lines))
            frames = np.concatenate([frames, cells[-1][0][None]])
            guesses += _beside(frames[-1:], steps)
    return cells


def _beside(frames: Frames, steps: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The places a step from each frame, each place once."""
    places = (frames[:, None, :2] + steps).reshape(-1, 2)
    return list(places[np.unique(np.rint(places / OUTWARD), axis=0, return_index=True)[1]])


def _steps(frames: Frames, size: NDArray[np.float64], thick: float) -> NDArray[np.float64]:
    """From one cell to the next: where they share a side, and what the least distance between
    known ones is a multiple of.
    """
    ways = axes(np.array([0, 0, *size]))
    between = frames[:, None, :2] - frames[:, :2]
    steps = []
    for side, way, other in ((size[0], *ways), (size[1], *ways[::-1])):
        apart = np.abs(between @ way)[np.abs(between @ other) < SAME * min(size[:2])]
        nearest = apart[apart > side].min(initial=MOST_APART * side)
        parts = nearest / np.arange(1, 1 + int(nearest / (side + 1)))
        pitches = sorted([side + thick, *parts])
        distinct = np.diff(pitches, prepend=0.0) > INWARD
        steps += [sign * d * way for d in np.array(pitches)[distinct] for sign in (1, -1)]
    return np.array(steps)


def _sides(bright: Images, frame: Frames, least: float) -> list[PrintedLine] | None:
    """The lines along all four sides of a cell; None where one of them is not seen so far, two
    are not clear, or the clear ones are not of one darkness: two strokes that reach from one ruled
    line to the next make no cell.
    """
    short = frame[2:4].min()
    outward, widest = (
        round(np.clip(part * short, *bounds))
        for part, bounds in ((NEAR, (INWARD, OUTWARD)), (BROAD, WIDEST))
    )
    places = corners(frame)
    lines = []
    for start, end in zip(places, np.roll(places, -1, axis=0), strict=True):
        line = _side(bright, start, end, outward, widest)
        if line is None or line.covered < least:
            return None
        lines.append(line)
    clear = [line.level for line in lines if line.covered > CLEAR]
    return lines if len(clear) >= 3 and max(clear) < EVEN * min(clear) else None


def _side(
    bright: Images,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    outward: int,
    widest: int,
) -> PrintedLine | None:
    """The line along one side of a cell, a little beyond its corners; None where none is seen. The
    cell lies to the right of the way from start to end.
    """
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    normal = np.array([along[1], -along[0]])  # out of the cell
    points = start + np.arange(-outward, length + outward)[:, None] * along
    edge = widest + BESIDE  # where paper ends, in a band that reaches as far
    across = read_band(bright, points, normal, edge)
    profile = np.median(across, axis=0)
    peak = _nearest_peak(profile, range(edge - INWARD, edge + outward + 1))
    beside = profile[peak - BESIDE : peak], profile[peak + 1 : peak + widest + BESIDE]
    floor, top = float(max(part.min() for part in beside)), float(profile[peak])
    if top - floor < FAINTEST / 2:
        return None
    half = 0.5 * (floor + top)
    first, last = peak, peak
    while first > 0 and profile[first - 1] > half:
        first -= 1
    while last < len(profile) - 1 and profile[last + 1] > half:
        last += 1
    seen = float(np.mean(across[:, max(0, peak - 1) : peak + 2].max(axis=1) > half))
    if last - first + 1 > widest:
        return None
    off = (first + last) / 2 - edge
    return PrintedLine(points + off * normal, normal, float(last - first + 1), top, seen)


def _nearest_peak(profile: NDArray[np.float32], places: range) -> int:
    """Of some places of a profile the first that is a peak and not much lower than the highest:
    another cell's line may be next to it.
    """
    highest = profile[places].max()
    for k in places:
        if profile[k] >= HIGH * highest and profile[k] >= profile[k - 1 : k + 2].max():
            return k
    return places[int(profile[places].argmax())]
