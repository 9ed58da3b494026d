"""MNIST's own frame: a box of 20x20, centred by its mass in a field of 28x28."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images

__all__ = ["BOX", "CENTRE", "FIELD", "centre", "centre_of_mass", "fit", "frame", "placed"]

FIELD = 28
BOX = 20
CENTRE = FIELD // 2  # pixel (14, 14), where the mass of every image of MNIST's files lies


def frame(ink: Images) -> Images:
    """One cropped digit, uint8 [h, w] with ink 255 on paper 0, to MNIST's frame, [28, 28].

    >>> frame(np.full((50, 10), 255, np.uint8)).shape
    (28, 28)
    """
    return centre(fit(ink))


def fit(ink: Images) -> Images:
    """Scale a cropped digit, uint8 [h, w], to a longer side of 20, its aspect kept.

    A digit of the right size is handed back unchanged.

    >>> fit(np.full((50, 10), 255, np.uint8)).shape
    (20, 4)
    """
    height, width = ink.shape
    scale = BOX / max(height, width)
    if scale == 1:
        return ink
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = _reduced(ink, size, scale) if scale < 1 else _enlarged(ink, size, scale)
    return np.rint(255 * np.clip(small, 0, 1)).astype(np.uint8)


def _steeper(ink: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Steepen the edges of ink in 0..1: from grey as it is (share 0) to nearly black and white.

    MNIST's own digits were black and white before they were made small. Ink that is far larger
    or far smaller than theirs has edges softened by its pen or lens, or by the enlargement.
    """
    cut = 0.3 * share
    return np.clip((ink - cut) / (1 - 2 * cut), 0, 1)


def _reduced(ink: Images, size: tuple[int, int], scale: float) -> NDArray[np.float32]:
    """Every new pixel averages the area that it covers, as in MNIST's antialiasing.

    Strokes thinner than a new pixel turn pale by that, so the strong quarter of the ink is
    brightened to 1.
    """
    import cv2

    steep = _steeper(ink.astype(np.float32) / np.float32(255), 1 - scale)
    small = np.asarray(cv2.resize(steep, size, interpolation=cv2.INTER_AREA), np.float32)
    strong = np.percentile(small[small >= 0.3 * small.max()], 75)
    return small / max(float(strong), 1 / 255)


def _enlarged(ink: Images, size: tuple[int, int], scale: float) -> NDArray[np.float32]:
    """Cubic interpolation, with paper around the ink."""
    import cv2

    shift = (scale - 1) / 2  # the outer edges of both images coincide
    matrix = np.array([[scale, 0, shift], [0, scale, shift]], np.float32)
    large = cv2.warpAffine(
        ink.astype(np.float32), matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT
    )
    return _steeper(np.clip(large / max(float(large.max()), 1), 0, 1), 1 - 1 / scale)


def centre_of_mass(image: NDArray[np.uint8]) -> tuple[float, float]:
    """(row, column) of the mean of the ink.

    >>> centre_of_mass(np.array([[0, 0], [0, 255]], np.uint8))
    (1.0, 1.0)
    """
    mass = image.astype(np.float64)
    total = max(mass.sum(), 1e-9)
    rows, columns = np.arange(mass.shape[0]), np.arange(mass.shape[1])
    return float(rows @ mass.sum(1) / total), float(mass.sum(0) @ columns / total)


def centre(ink: Images) -> Images:
    """Put ink of at most 20x20 into a field of 28x28, its centre of mass on pixel (14, 14).

    It is shifted by whole pixels, so MNIST's own images come back as they are, and never over
    the edge of the field. (Y. LeCun, C. Cortes, C. Burges, The MNIST database: "normalized to fit
    in a 20x20 pixel box while preserving their aspect ratio [...] centered in a 28x28 image by
    computing the center of mass of the pixels"; LeCun, Bottou, Bengio, Haffner, 1998.)

    >>> field = centre(np.full((20, 5), 255, np.uint8))
    >>> field.shape, centre_of_mass(field)
    ((28, 28), (13.5, 14.0))
    """
    height, width = ink.shape
    top, left = placed(ink)
    field = np.zeros((FIELD, FIELD), np.uint8)
    field[top : top + height, left : left + width] = ink
    return field


def placed(ink: Images) -> tuple[int, int]:
    """The row and column of the field at which `centre` puts the first pixel.

    >>> placed(np.full((20, 5), 255, np.uint8))
    (4, 12)
    """
    row, column = centre_of_mass(ink)
    top = int(np.clip(np.ceil(CENTRE - row - 0.5), 0, FIELD - ink.shape[0]))
    left = int(np.clip(np.ceil(CENTRE - column - 0.5), 0, FIELD - ink.shape[1]))
    return top, left
