"""A strip: one line of writing, set straight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.preparation.results import Box

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Strip:
    """One line of writing from left to right, and the way back to the page.

    `ink` is uint8 [h, w], ink 255 on paper 0. `to_page` is the homography float64 [3, 3] from
    (x, y, 1) of the strip to pixels of the upright original. Pixels are squares: pixel (0, 0)
    reaches from 0 to 1.

    >>> strip = Strip(np.zeros((10, 40), np.uint8), np.diag([2.0, 2.0, 1.0]))
    >>> strip.box((5, 1, 4, 8))
    (10, 2, 8, 16)
    """

    ink: Images
    to_page: Matrix

    def box(self, box: Box) -> Box:
        """The upright box on the original, [x, y, width, height], around a box of the strip."""
        x, y, w, h = box
        corners = np.array([[x, y, 1], [x + w, y, 1], [x, y + h, 1], [x + w, y + h, 1]], np.float64)
        places = corners @ self.to_page.T
        places = places[:, :2] / places[:, 2:]
        left, top = (int(v) for v in np.floor(places.min(axis=0) + 1e-6))
        right, bottom = (int(v) for v in np.ceil(places.max(axis=0) - 1e-6))
        return left, top, right - left, bottom - top
