"""From colours to even grey, and the question what is paper and what is ink."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.levels import clarity

__all__ = ["flatten", "has_dark_ink", "rim_range", "to_grey"]

UNEVEN = 16  # grey levels along the rim from which on light counts as uneven
SMALLEST_UNEVEN = 48  # pixels; a smaller image is a scan or a drawing, not a photo in a shadow
THUMBNAIL = 64  # pixels a side
CLEAR = 20  # contrast over the spread of paper that needs no help
CLEARER = 1.9  # by so much must a flattened image be clearer to be believed


def to_grey(pixels: Images) -> tuple[Images, str]:
    """uint8 [h, w] from [h, w] or [h, w, 3], and what it shows: lightness, or one colour.

    Lightness (ITU-R BT.601) serves nearly always. Yellow on white or red on a green of the same
    lightness shows in one of the channels only, and then that channel is taken.

    >>> yellow_on_white = np.full((9, 9, 3), 255, np.uint8)
    >>> yellow_on_white[3:6, 3:6, 2] = 0
    >>> to_grey(yellow_on_white)[1]
    'the blue channel'
    """
    if pixels.ndim == 2:
        return pixels, "lightness"
    lightness = np.rint(pixels @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
    spread = [float(pixels[..., channel].std()) for channel in range(3)]
    best = int(np.argmax(spread))
    if spread[best] > 3 * max(float(lightness.std()), 1):
        colour = ("red", "green", "blue")[best]
        return np.ascontiguousarray(pixels[..., best]), f"the {colour} channel"
    return lightness, "lightness"


def rim_range(grey: Images) -> float:
    """How much the paper's lightness varies along the rim of the image, in grey levels.

    The rim is mostly paper even where a digit fills its image; a running median over a quarter of
    the rim leaves out what crosses it. Small images, which have no light, count as even.

    >>> rim_range(np.tile(np.arange(100, 200, dtype=np.uint8), (100, 1))) > 60
    True
    """
    if max(grey.shape) < SMALLEST_UNEVEN or min(grey.shape) < 8:
        return 0.0
    rim = np.concatenate([grey[0], grey[:, -1], grey[-1, ::-1], grey[::-1, 0]])
    points = rim[np.linspace(0, len(rim) - 1, 128).astype(int)]
    window = 33
    around = np.concatenate([points, points[: window - 1]])
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(around, window), axis=1)
    return float(smooth.max() - smooth.min())


def flatten(grey: Images, rim: float | None = None) -> Images:
    """Make the paper evenly light: a shadow dims paper and ink alike, so divide by the paper.

    What the paper would look like without ink comes from a median over a third of the image, in
    which strokes are the minority. On a dark board light adds up instead, and is subtracted.
    A digit that fills its image also makes the rim uneven; there the division would do harm, so
    it stands only if ink and paper are further apart after it than before.
    Returns uint8 [h, w]. Even images come back as they are; `rim` is their `rim_range`, if known.

    >>> shadow = np.tile(np.linspace(100, 200, 90, dtype=np.uint8), (90, 1))
    >>> shadow[30:60, 43:47] //= 4
    >>> int(np.ptp(flatten(shadow)[:30])) < 10
    True
    """
    if (rim_range(grey) if rim is None else rim) <= UNEVEN:
        return grey
    paper = np.maximum(_paper(grey), 1)
    level = float(np.median(paper))
    even = grey * (level / paper) if level > 127 else grey - paper + level
    flat = np.clip(np.rint(even), 0, 255).astype(np.uint8)
    before, after = (_thumbnail(image) for image in (grey, flat))
    if has_dark_ink(after):
        before, after = 255 - before, 255 - after
    was, now = clarity(before), clarity(after)
    return flat if was < CLEAR and now > max(CLEAR / 2, CLEARER * was) else grey


def _paper(grey: Images) -> NDArray[np.float32]:
    """The light on the paper, float32 [h, w]: a first guess, then bettered where no ink is."""
    import cv2

    small = _thumbnail(grey).astype(np.float32)
    paper = _median_paper(small)
    # Dense ink pulls the median towards it. What is left of paper is smoothed alone, and only its
    # distance from the first guess, so that a slope stays a slope.
    left = small - paper
    off = np.abs(left) / np.maximum(paper, 255 - paper)
    bare = (off < max(0.06, 2.5 * float(np.median(off)))).astype(np.float32)
    blur = [cv2.GaussianBlur(part, (0, 0), 4) for part in (left * bare, bare)]
    paper += blur[0] / np.maximum(blur[1], 0.02)
    size = (grey.shape[1], grey.shape[0])
    return np.asarray(cv2.resize(paper, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _median_paper(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """The median over a third of a thumbnail, smoothed, float32 [h, w]."""
    import cv2

    window = THUMBNAIL // 3
    margin = window // 2
    # Continued point-symmetrically, so that a slope goes on beyond the edge.
    padded = np.pad(cv2.medianBlur(small, 5), margin, "reflect", reflect_type="odd")
    median = cv2.medianBlur(np.clip(padded, 0, 255).astype(np.uint8), window)
    smooth = cv2.GaussianBlur(median.astype(np.float32), (0, 0), 2.5)
    return np.asarray(smooth[margin:-margin, margin:-margin])


def _thumbnail(grey: Images) -> Images:
    """At most 64 pixels a side, by averaging: enough for light, and nearly free of noise."""
    import cv2

    height, width = grey.shape
    scale = min(1.0, THUMBNAIL / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def has_dark_ink(grey: Images) -> bool:
    """Whether the ink is darker than the paper: three hints, added up.

    Ink is the minority, so grey leans towards it: its third moment is negative for dark ink.
    The rim is more often paper. And strokes are thin, while paper lies in wide pieces.

    >>> page = np.full((20, 20), 220, np.uint8)
    >>> page[5:15, 9:11] = 30
    >>> has_dark_ink(page), has_dark_ink(255 - page)
    (True, False)
    """
    import cv2

    small = _thumbnail(grey)
    values = small.astype(np.float64)
    if not values.std():
        return True
    values = (values - values.mean()) / values.std()
    lean = -float((values * values * values).mean())  # a power would take ten times as long
    rim = float(np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]]).mean())
    light = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1].astype(np.uint8)
    return bool(lean + 2 * rim + 2 * np.log(_width(light) / _width(1 - light)) > 0)


def _width(mask: NDArray[Any]) -> float:
    """Mean distance from a pixel of the mask to the nearest outside it."""
    import cv2

    distance = cv2.distanceTransform(np.pad(mask, 1, "edge"), cv2.DIST_L2, 5)
    return float(distance.sum()) / max(1, int((distance > 0).sum())) + 1e-6
