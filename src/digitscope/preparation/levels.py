"""Grey levels: how far paper, noise and ink are apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images

__all__ = ["LEAST_CONTRAST", "Levels", "calm", "clarity", "measure"]

LEAST_CONTRAST = 8  # grey levels; less is no ink
TWO_GROUPS = 0.77  # of the variance; evenly spread grey reaches 0.75, noise 0.64
TOO_FEW = 256  # pixels (16x16) from which noise cannot be told from the edges of ink
QUIET = 12  # contrast over noise from which on nothing need be smoothed
SMALLEST_NOISY = 48  # pixels; a smaller image would lose its strokes by smoothing


@dataclass(frozen=True)
class Levels:
    """Grey levels of an image whose ink is bright: the paper, its noise (sigma), the contrast."""

    paper: float
    noise: float
    contrast: float

    @property
    def floor(self) -> float:
        """What is brighter than this is more than noise."""
        return self.paper + max(5 * self.noise, LEAST_CONTRAST)

    @property
    def sure(self) -> float:
        """What is brighter than this is ink."""
        return max(self.floor, self.paper + 0.5 * self.contrast)

    def edge(self, side: int) -> float:
        """What is brighter than this and hangs together with sure ink is its edge.

        The larger the image (its longer side), the more pixels a soft edge covers, and the nearer
        to its middle the edge of the digit's box must be. MNIST's own 28 pixels have steep ones.
        """
        share = float(np.clip(0.1 + (side - 28) / 500, 0.1, 0.3))
        return self.paper + max(3 * self.noise, share * self.contrast)


def measure(bright: Images) -> Levels:
    """Measure paper, noise and contrast of uint8 [h, w] with bright ink on dark paper.

    Otsu's threshold splits ink from paper where there is enough of both. Where ink is rare it
    splits the paper's noise instead, so there the paper grows: all that lies within three sigmas
    of its median is paper too, until nothing changes.

    >>> page = np.zeros((20, 20), np.uint8)
    >>> page[5:15, 9:11] = 200
    >>> measure(page)
    Levels(paper=0.0, noise=0.0, contrast=200.0)
    """
    counts = np.bincount(bright.ravel(), minlength=256).astype(np.float64)
    top, separation = _otsu(counts)
    if separation > TWO_GROUPS or bright.size <= TOO_FEW:
        paper, noise = _median_and_sigma(counts[: top + 1], 0.5, 0.6745)
    else:
        paper, noise = _grown_paper(counts, top)
    return _levels(counts, paper, noise)


def clarity(bright: Images) -> float:
    """Contrast over the spread of the paper, a shadow on it included: high if one level is enough.

    >>> clarity(np.zeros((9, 9), np.uint8))
    0.0
    """
    counts = np.bincount(bright.ravel(), minlength=256).astype(np.float64)
    levels = _levels(counts, *_grown_paper(counts, _otsu(counts)[0]))
    return levels.contrast / max(levels.noise, 0.5)


def _levels(counts: NDArray[np.float64], paper: float, noise: float) -> Levels:
    above = counts * (np.arange(256) > Levels(paper, noise, 0).floor)
    strong = float(np.searchsorted(np.cumsum(above), 0.9 * above.sum()))
    return Levels(paper, noise, strong - paper if above.any() else 0.0)


def _grown_paper(counts: NDArray[np.float64], top: int) -> tuple[float, float]:
    """Median and sigma of the paper, from a histogram and a first guess of its upper end."""
    while True:
        # Of a Gaussian, 80 % lie within 1.2816 sigma. A lower rank would find no noise in paper
        # so bright that half of its pixels are clipped to the same white.
        paper, noise = _median_and_sigma(counts[: top + 1], 0.8, 1.2816)
        grown = int(min(255, paper + max(3 * noise, 2)))
        if grown <= top:
            return paper, noise
        top = grown


def _median_and_sigma(
    counts: NDArray[np.float64], rank: float, sigmas: float
) -> tuple[float, float]:
    """Median and sigma of a histogram: a share `rank` of a Gaussian lies within `sigmas`."""
    median = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
    away = np.bincount(np.abs(np.arange(len(counts)) - median), counts)
    return float(median), float(np.searchsorted(np.cumsum(away), rank * away.sum())) / sigmas


def _otsu(counts: NDArray[np.float64]) -> tuple[int, float]:
    """Otsu's threshold of a histogram, and the share of its variance between the two classes.

    (N. Otsu, A threshold selection method from gray-level histograms, 1979.)
    """
    levels = np.arange(256)
    share = np.cumsum(counts) / counts.sum()
    mass = np.cumsum(counts * levels) / counts.sum()
    mean = mass[-1]
    variance = float((counts * (levels - mean) ** 2).sum() / counts.sum())
    if variance == 0:  # one grey throughout: all of it is paper
        return 255, 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.nan_to_num((mean * share - mass) ** 2 / (share * (1 - share)), posinf=0.0)
    best = int(np.argmax(between[:255]))
    return best, float(between[best]) / variance


def calm(bright: Images, levels: Levels) -> tuple[Images, float]:
    """Smooth an image, of these levels, as much as its noise asks for, and not where it is quiet.

    Returns uint8 [h, w] and the sigma of the Gaussian in pixels, 0 for none.

    >>> blank = np.zeros((20, 20), np.uint8)
    >>> calm(blank, measure(blank))[1]
    0.0
    """
    import cv2

    if max(bright.shape) < SMALLEST_NOISY:
        return bright, 0.0
    if levels.contrast >= QUIET * levels.noise:
        return bright, 0.0
    sigma = float(np.sqrt(bright.size)) / 250 + 0.6  # bounded, however long a strip may be
    return np.asarray(cv2.GaussianBlur(bright, (0, 0), sigma)), sigma
