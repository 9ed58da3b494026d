"""Images as a peer likes them: dark ink on light paper, large enough, with a margin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Of six ways to frame single digits (with and without a crop, margins from none to a quarter)
# this one was the best for PP-OCRv6 on samples of four sets of digits; Tesseract gets the same.
SIDE = 48  # pixels: what the longer side of a digit's image is scaled to
MARGIN = 0.25  # of that side, on every side


def framed(path: str, bright: bool, side: int = SIDE, margin: float = MARGIN) -> Any:
    """uint8 [h, w, 3]: a digit's image with a margin of its own paper."""
    return with_margin(scaled(load(path, bright), side), round(margin * side))


def load(path: str, bright: bool) -> Any:
    """uint8 [h, w, 3], ink dark on light paper."""
    import cv2
    import numpy as np

    data = np.frombuffer(Path(path).read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{path}: OpenCV does not read it")
    return 255 - image if bright else image


def scaled(image: Any, side: int, by_height: bool = False) -> Any:
    """The image with its longer side, or its height, scaled to `side` pixels."""
    import cv2

    factor = side / (image.shape[0] if by_height else max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA)


def with_margin(image: Any, margin: int) -> Any:
    """A margin of the image's own paper: the grey that 95 % of it are darker than."""
    import cv2
    import numpy as np

    paper = [float(np.percentile(image[..., c], 95)) for c in range(3)]
    return cv2.copyMakeBorder(image, *(margin,) * 4, cv2.BORDER_CONSTANT, value=paper)


def upright(image: Any, turn: int) -> Any:
    """The image turned by quarters, counter-clockwise."""
    import numpy as np

    return np.ascontiguousarray(np.rot90(image, turn // 90))
