"""Even light for a whole page: every pixel put in relation to the paper around it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.paper import flatten, has_dark_ink

__all__ = ["brighten", "dark_ink"]

SIDE = 512  # pixels: the light on a page needs no more
SMALLEST = 100  # pixels of the longer side: a smaller image is a scan, its light is even
STROKE, WIDE_STROKE = 1 / 14, 1 / 3  # of the longer side: wider dark things are shadow, not ink
POLARITY_SIDE = 384
DECIDED = 1.3  # the stronger of dark and light strokes is so much stronger
SPARSE, AROUND = 0.02, 1 / 8  # so little of a page is ink; the paper around it, of the longer side
LEANS = 2  # times as much of what stands out is darker than the paper around it as is lighter
DARKEST_PAPER = 12  # of 255: a shadow in which ink would no longer show
FLAT, LEVELS = 0.9, 2  # so much of a page within so many of 255 levels: paper that no camera saw
NARROW = 1 / 50  # of the longer side: what else is on such a page is writing, if it is narrower
WIDE_CONTRAST = 70  # of 255: wide strokes are a marker's, and dark
STEEP = 2.5  # times its contrast would be lost across its width: ink begins suddenly, shadows not


def dark_ink(grey: Images, paper: NDArray[np.bool_] | None = None) -> bool:
    """Whether a page uint8 [h, w] has dark ink on light paper; `paper` says where it is paper.

    Where little is written, what stands out from the paper around it is ink. Else strokes are
    narrow. Of all widths from 3 pixels on, the first decides at which narrow dark or
    narrow light things show half the contrast that pens show, and not too little of all. A shadow
    is not narrow, and the gaps between strokes are wider than strokes. Where that leaves doubt, or
    the image is small, the hints that serve for single digits are asked. Where nearly all of it is
    of one tone, that is the paper; there strokes may be too fine to be seen on a page made small.

    >>> page = np.full((200, 200), 220, np.uint8)
    >>> page[50:150, 100:104] = 30
    >>> dark_ink(page), dark_ink(255 - page)
    (True, False)
    """
    import cv2

    if max(grey.shape) < SMALLEST:
        return has_dark_ink(grey)
    paper = np.ones(grey.shape, np.bool_) if paper is None else paper
    darker = _on_flat_paper(grey, paper)
    if darker is not None:
        return darker
    small = _shrunk(grey, POLARITY_SIDE)
    on_paper = _shrunk(paper.astype(np.uint8) * np.uint8(255), POLARITY_SIDE)
    small = _continued(small, on_paper > 127)
    small = np.asarray(cv2.GaussianBlur(small, (0, 0), 0.7), np.uint8)
    darker = _where_sparse(small)
    if darker is not None:
        return darker
    found = []
    for width in (3, 5, 9, 15, 25, 45, 85):
        kernel = np.ones((width, width), np.uint8)
        dark = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, kernel)
        light = cv2.morphologyEx(small, cv2.MORPH_TOPHAT, kernel)
        found.append((_strongest(dark), _strongest(light)))
    pens, most = (max(max(pair) for pair in some) for some in (found[:5], found))
    for pair in found:
        enough = max(pair) >= max(0.5 * pens, 0.4 * most)
        if enough and max(pair) > DECIDED * min(pair):
            return pair[0] > pair[1]
    return has_dark_ink(small)


def _on_flat_paper(grey: Images, paper: NDArray[np.bool_]) -> bool | None:
    """Whether narrow things are darker than paper of a single tone; None where it has many, or
    where the things are none or wide: a dark banner may have light digits on it.
    """
    import cv2

    if not paper.any():
        return None
    tone = float(np.median(grey[paper]))
    things = (np.abs(grey - tone) > LEVELS) & paper
    if not things.any() or things[paper].mean() > 1 - FLAT:
        return None
    inside = cv2.distanceTransform(things.astype(np.uint8), cv2.DIST_L2, 3)
    if 2 * float(inside.max()) > NARROW * max(grey.shape):
        return None
    return bool(grey[things].mean() < tone)


def _where_sparse(small: Images) -> bool | None:
    """Whether the little that stands out from a page is darker than the paper around it; None
    where much does, or as much is lighter. The median around a pixel is paper as long as strokes
    are few there: so neither a shadow nor the gaps between strokes stand out.
    """
    import cv2

    window = 2 * round(AROUND * max(small.shape) / 2) + 1
    margin = window // 2
    wide = cv2.copyMakeBorder(small, *(margin,) * 4, cv2.BORDER_REFLECT_101)
    around = cv2.medianBlur(wide, window)[margin:-margin, margin:-margin]
    out = small.astype(np.float32) - around
    strongest = np.sort(np.abs(out), axis=None)[-max(5, out.size // 2000)]
    if strongest <= LEVELS or (np.abs(out) > strongest / 2).mean() > SPARSE:
        return None
    dark, light = (float((np.maximum(side, 0) ** 2).sum()) for side in (-out, out))
    if max(dark, light) < LEANS * min(dark, light):
        return None
    return dark > light


def _strongest(response: NDArray[Any]) -> float:
    """What the strongest five in a thousand pixels have in common."""
    return float(np.percentile(response, 99.5))


def brighten(grey: Images, dark: bool, paper: NDArray[np.bool_]) -> tuple[Images, bool]:
    """Ink bright on black paper, uint8 [h, w], and whether the light had to be evened.

    A shadow dims ink and paper alike, so dark ink is measured as a share of the paper around it;
    on a dark board light adds up instead, and is subtracted. The paper is what a closing leaves:
    it fills whatever dark is narrower than a stroke may be, and keeps the edge of a shadow where
    it is, however hard. Where `paper` is false there is no ink.

    >>> shadow = np.tile(np.linspace(60, 220, 200, dtype=np.uint8), (200, 1))
    >>> shadow[50:150, 100:104] //= 2
    >>> bright, evened = brighten(shadow, True, np.ones((200, 200), np.bool_))
    >>> bool(bright[100, 101] > 115), int(bright[100, 20]) < 8
    (True, True)
    """
    if max(grey.shape) < SMALLEST:
        even = flatten(grey)
        return np.where(paper, 255 - even if dark else even, np.uint8(0)), even is not grey
    tones = grey if dark else 255 - grey
    light = _paper_light(tones, paper)
    share = 255 / np.maximum(light, DARKEST_PAPER) if dark else np.float32(1)
    ink = (light - tones) * share
    return np.where(paper, np.clip(np.rint(ink), 0, 255), 0).astype(np.uint8), True


def _paper_light(tones: Images, paper: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What the paper would look like without its dark ink, float32 [h, w]."""
    import cv2

    small = cv2.medianBlur(_shrunk(tones, SIDE), 3)
    side = max(small.shape)
    small = _continued(small, _shrunk(paper.astype(np.uint8) * np.uint8(255), SIDE) == 255)
    light = _closed(small, STROKE * side)
    wide = _closed(small, WIDE_STROKE * side)
    if _has_wide_strokes(small, wide, STROKE * side):
        light = wide
    smooth = cv2.GaussianBlur(light.astype(np.float32), (0, 0), 1.5)
    size = (tones.shape[1], tones.shape[0])
    return np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _continued(small: NDArray[Any], paper: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Paper continued over the desk: each pixel there takes the tone of the nearest on paper."""
    import cv2

    if paper.all() or not paper.any():
        return small
    _, names = cv2.distanceTransformWithLabels(
        (~paper).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    tones = np.zeros(int(names.max()) + 1, np.uint8)
    tones[names[paper]] = small[paper]
    return np.asarray(tones[names])


def _closed(small: Images, width: float) -> Images:
    import cv2

    size = 2 * round(width / 2) + 1
    margin = size
    padded = np.pad(small, margin, "edge")
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)
    return np.asarray(closed[margin:-margin, margin:-margin], np.uint8)


def _has_wide_strokes(small: Images, wide: Images, width: float) -> bool:
    """Whether there is ink wider than `width`: as sudden as ink, and wider than a pen's strokes."""
    import cv2

    depth = wide.astype(np.float32) - small
    most = float(np.percentile(depth, 99.5))
    if most < WIDE_CONTRAST:
        return False
    mask = (depth > 0.5 * most).astype(np.uint8)
    inside = cv2.distanceTransform(
        cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE), cv2.DIST_L2, 3
    )
    widest = 2 * float(inside.max())
    if widest < 0.8 * width:
        return False
    edge = (mask > 0) & (cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=1) == 0)
    tones = small.astype(np.float32)
    slope = np.hypot(cv2.Sobel(tones, cv2.CV_32F, 1, 0), cv2.Sobel(tones, cv2.CV_32F, 0, 1)) / 8
    return bool(np.median(slope[edge]) * widest > STEEP * most)


def _shrunk(grey: Images, side: int) -> NDArray[np.uint8]:
    """At most `side` pixels a side, by averaging."""
    import cv2

    height, width = grey.shape
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
