"""The outline of a sheet: four straight sides, and something darker beyond them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images

__all__ = ["Corners", "find_outline"]

Corners = NDArray[np.float64]  # [4, 2]: (x, y), upper left first, clockwise

SMALLEST = 96  # pixels of the longer side: a smaller image is a scan or a crop, no desk in it
SIDE = 256  # pixels: an outline needs no more
THRESHOLDS = 14  # levels of grey at which an outline is looked for
OPENINGS = (5, 13)  # pixels: bridges so narrow, to something else that shines, are cut
EDGES = ((10, 30), (20, 60))  # levels of a gradient at which a line goes on, and begins
LEAST_AREA, MOST_AREA = 0.08, 0.995  # of the picture
DROP = 0.2  # of the paper's lightness is lost across the edge of a sheet
STEEP = 0.5  # of that loss happens within two pixels: a shadow's edge is softer
LEAST_SUPPORT, SUPPORT = 0.55, 0.75  # of a side shows such an edge: of each, and on average
DARKER = 0.85  # what lies beyond has at most this share of the paper's lightness
# A shadow across a page looks like a sheet that two or three sides of the picture cut off. So
# there the desk must be darker than most shadows are, and a strip must be narrow.
MUCH_DARKER, MOST_LEFT = 0.45, 0.75
POINTS, REACH = 64, 9  # places along a side that are looked at, and pixels across it
BOW = 3  # pixels: so far the edge of a sheet may be off the straight side


def find_outline(pixels: Images, grey: Images) -> tuple[Corners, Images] | None:
    """The four corners of a sheet and its region, uint8 [h, w] of 0 and 255; None if none shows.

    `pixels` is uint8 [h, w, 3] or [h, w], `grey` [h, w]. Light regions at many levels propose
    four corners each, in grey and in the darkest of the colours as well, in which a wooden desk
    is darker than white paper; and, for a sheet half in a shadow that is no lighter there than
    the desk elsewhere, regions that edges enclose. What shines on a desk or falls as a shadow on
    the sheet may spoil a region; so the proposals are judged by their sides alone: along each it
    must suddenly grow darker, or the picture must end.

    >>> desk = np.full((200, 300), 40, np.uint8)
    >>> desk[30:170, 50:250] = 220
    >>> corners, region = find_outline(desk, desk)
    >>> bool(np.abs(corners - [[50, 30], [250, 30], [250, 170], [50, 170]]).max() < 2)
    True
    """
    import cv2

    height, width = grey.shape
    if max(height, width) < SMALLEST or min(height, width) < SMALLEST / 3:
        return None
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smalls = [cv2.resize(grey, size, interpolation=cv2.INTER_AREA)]
    if pixels.ndim == 3:
        smalls.append(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).min(axis=2))
    # Strokes and the desk's glitter are narrow; a median leaves them out, and edges straight.
    calms = [np.asarray(cv2.medianBlur(small, 5), np.uint8) for small in smalls]
    best: tuple[float, Corners, Images] | None = None
    for propose, calm in ((propose, calm) for propose in (_light, _enclosed) for calm in calms):
        if best is not None:
            break
        for corners in propose(calm):
            merit = _merit(calm, corners)
            if propose is _enclosed and merit is not None and not _stands_out(calm, corners):
                merit = None
            if merit is not None and (best is None or merit > best[0]):
                best = merit, corners, calm
    if best is None:
        return None
    scales = np.array([width / size[0], height / size[1]])
    region = np.zeros(grey.shape, np.uint8)
    edge = np.rint(_edge(best[2], best[1]) * scales - 0.5).astype(np.int32)
    cv2.fillPoly(region, [edge], 255)
    return best[1] * scales, region


def _light(light: NDArray[np.uint8]) -> Iterator[Corners]:
    """Four corners around the largest light region, at every level that has such."""
    seen: list[Corners] = []
    levels = np.linspace(float(light.min()), float(light.max()), THRESHOLDS + 2)[1:-1]
    for level in levels:
        mask = (light > level).astype(np.uint8)
        if not LEAST_AREA <= mask.mean() <= MOST_AREA:
            continue
        for opening in OPENINGS:
            contour = _largest(mask, opening)
            if contour is None:
                continue
            corners = _four_corners(contour, mask.shape)
            if corners is None or any(np.abs(corners - other).max() < 1.5 for other in seen):
                continue
            seen.append(corners)
            yield corners


def _enclosed(light: NDArray[np.uint8]) -> Iterator[Corners]:
    """Four corners around each large region that edges enclose."""
    import cv2

    kernel = np.ones((3, 3), np.uint8)
    for goes_on, begins in EDGES:
        edges = cv2.dilate(cv2.Canny(light, goes_on, begins), kernel)
        n, names, found, _ = cv2.connectedComponentsWithStats((edges == 0).astype(np.uint8))
        for i in range(1, n):
            if not LEAST_AREA <= found[i, cv2.CC_STAT_AREA] / light.size <= MOST_AREA:
                continue
            region = cv2.dilate((names == i).astype(np.uint8), kernel)
            contour = _largest(np.asarray(region, np.uint8), 1)
            corners = None if contour is None else _four_corners(contour, light.shape)
            if corners is not None:
                yield corners


def _largest(mask: NDArray[np.uint8], opening: int) -> NDArray[np.int32] | None:
    """The contour of the largest region of a mask whose narrow bridges are cut."""
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (opening, opening))
    padded = np.pad(mask, opening, "edge")
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)[opening:-opening, opening:-opening]
    contours, _ = cv2.findContours(
        np.ascontiguousarray(opened), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    if not contours:
        return None
    contour = np.asarray(max(contours, key=cv2.contourArea), np.int32)
    return contour if cv2.contourArea(contour) >= LEAST_AREA * mask.size else None


def _four_corners(contour: NDArray[np.int32], shape: tuple[int, ...]) -> Corners | None:
    """The corners of the outline's hull, at the finest grain at which it has four sides.

    Where the rim of the picture cuts corners off, the other sides are continued beyond it.
    """
    import cv2

    hull = cv2.convexHull(contour)
    length = cv2.arcLength(hull, True)
    for share in (0.01, 0.015, 0.02, 0.03, 0.04, 0.06):
        corners = cv2.approxPolyDP(hull, share * length, True)[:, 0].astype(np.float64)
        if len(corners) == 4:
            return _ordered(corners)
        if 4 < len(corners) < 9:
            continued = _continued(corners, shape)
            if continued is not None:
                return _ordered(continued)
    return None


def _continued(corners: Corners, shape: tuple[int, ...]) -> Corners | None:
    """The corners in which four sides meet once those along the rim are left out, else None."""
    pairs = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    sides = [(a, b) for a, b in pairs if not _along_rim(shape, a + 0.5, b + 0.5, 2.5)]
    if len(sides) != 4:
        return None
    found = []
    for (a, b), (c, d) in zip(sides, sides[1:] + sides[:1], strict=True):
        turn = np.array([b - a, c - d]).T
        if abs(np.linalg.det(turn)) < 0.3 * np.linalg.norm(b - a) * np.linalg.norm(d - c):
            return None
        found.append(a + np.linalg.solve(turn, c - a)[0] * (b - a))
    far = np.abs(np.array(found) - corners.mean(axis=0)).max()
    return np.array(found) if far < max(shape) else None


def _ordered(corners: Corners) -> Corners:
    """Clockwise from the upper left, in edges of pixels instead of their centres."""
    centre = corners.mean(axis=0)
    turn = np.argsort(np.arctan2(corners[:, 1] - centre[1], corners[:, 0] - centre[0]))
    corners = corners[turn]
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.maximum(np.hypot(sides[:, 0], sides[:, 1]), 1e-9)
    corners = np.roll(corners, -int(np.argmax(sides[:, 0] / lengths)), axis=0)
    return corners + 0.5 + 0.5 * np.sign(corners - centre)


def _merit(light: NDArray[np.uint8], corners: Corners) -> float | None:
    """How well the sides are seen, more for a larger sheet; None if they are not."""
    import cv2

    supports, rims = [], 0
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if _along_rim(light.shape, start, end):
            rims += 1
            continue
        supports.append(_support(light, start, end))
    if not supports or min(supports) < LEAST_SUPPORT or np.mean(supports) < SUPPORT:
        return None
    inside = np.zeros(light.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(corners - 0.5).astype(np.int32), 1)
    if not LEAST_AREA <= inside.mean() <= MOST_AREA:
        return None
    darker = float(np.median(light[inside == 0]) / max(np.median(light[inside > 0]), 1))
    if darker > (DARKER if rims < 2 else MUCH_DARKER):
        return None
    if rims == 3 and inside.mean() < MOST_LEFT:
        return None
    return float(np.mean(supports) + 0.3 * inside.mean())


def _stands_out(light: NDArray[np.uint8], corners: Corners) -> bool:
    """Whether hardly anything outside is as light as the lightest part of the inside: a light box
    on a page is as light as the page.
    """
    import cv2

    inside = np.zeros(light.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(corners - 0.5).astype(np.int32), 1)
    return bool(np.percentile(light[inside == 0], 95) < np.percentile(light[inside > 0], 95))


def _support(
    light: NDArray[np.uint8], start: NDArray[np.float64], end: NDArray[np.float64]
) -> float:
    """The share of a side along which lightness suddenly drops from its inside to its outside."""
    seen, _, along, _ = _drops(light, start, end)
    x, y = (start + along * (end - start)).T
    inside = (x > 0) & (y > 0) & (x < light.shape[1]) & (y < light.shape[0])
    return float(seen[inside].mean()) if inside.any() else 0.0


def _edge(light: NDArray[np.uint8], corners: Corners) -> Corners:
    """The outline [n, 2] as it runs, bowed where the sheet is: the sides' sharpest places."""
    points = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        seen, places, along, outward = _drops(light, start, end)
        offsets = np.where(seen, places, 0).astype(np.float64)
        if not _along_rim(light.shape, start, end):
            windows = np.lib.stride_tricks.sliding_window_view(np.pad(offsets, 3, "edge"), 7)
            offsets = np.median(windows, axis=1)
        points += [start[None], start + along * (end - start) + offsets[:, None] * outward]
    return np.concatenate(points)


def _along_rim(
    shape: tuple[int, ...], start: NDArray[np.float64], end: NDArray[np.float64], near: float = 1.5
) -> bool:
    """Whether a side runs along the rim of the picture."""
    (x, y), (u, v) = start, end
    return bool(min(max(x, u), max(y, v), shape[1] - min(x, u), shape[0] - min(y, v)) < near)


def _drops(
    light: NDArray[np.uint8], start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """At points along a side: whether light drops suddenly, and how far outward from the side.

    Also the points' parts of the side, float64 [n, 1], and the direction outward, float64 [2].
    """
    import cv2

    along = np.linspace(0.03, 0.97, POINTS)[:, None]
    across = np.arange(-REACH, REACH + 1)[None, :]
    side = end - start
    outward = np.array([side[1], -side[0]]) / max(float(np.hypot(*side)), 1e-9)
    x = start[0] + along * side[0] + across * outward[0] - 0.5
    y = start[1] + along * side[1] + across * outward[1] - 0.5
    profile = np.asarray(
        cv2.remap(
            light,
            x.astype(np.float32),
            y.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )
    inside = np.median(profile[:, : REACH - 2], axis=1)
    outside = np.median(profile[:, REACH + 3 :], axis=1)
    loss = inside - outside
    steps = (profile[:, :-2] - profile[:, 2:])[:, REACH - BOW - 1 : REACH + BOW]
    seen = (loss > DROP * inside) & (steps.max(axis=1) > STEEP * loss)
    return seen, np.argmax(steps, axis=1) - BOW, along, outward
