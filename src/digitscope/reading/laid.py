"""Marks as they lie once their page is upright, and the line that a chain of them makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ends", "Laid", "unit"]

FLAT = 1.5  # digits: how far a line must stretch before its own slope is believed

Ends = tuple[float, float, float, float, float, float, float]
"""Of a line: where it begins and ends, its middle (along, across), slope, marks, slack."""


class Laid(NamedTuple):
    """Marks: their middles [n, 2] and spreads [n, 2, 2], the size of a digit, and the common slope
    of their lines in degrees.
    """

    places: NDArray[np.float64]
    spread: NDArray[np.float64]
    size: float
    slope: float

    def of(self, chain: Sequence[int] | NDArray[np.intp]) -> Laid:
        """Some of the marks."""
        return self._replace(places=self.places[chain], spread=self.spread[chain])

    def extent(self, direction: NDArray[np.float64]) -> NDArray[np.float64]:
        """How long each mark is in a direction: [n]."""
        square = np.einsum("i,nij,j->n", direction, self.spread, direction)
        return np.asarray(np.sqrt(12 * np.maximum(square, 0)) + 1)

    def slack(self) -> NDArray[np.float64]:
        """How far the middle of each mark may be off its line, as it is higher than a digit: [n].

        A 9 with a long tail stands in the line of its head.
        """
        return np.maximum(self.extent(unit(self.slope + 90)) - self.size, 0) / 2

    def fit(self) -> tuple[float, NDArray[np.float64]]:
        """Angle and middle of a line through the marks; a short one's angle is drawn to the common
        slope.
        """
        places, _, size, slope = self
        u, v = unit(slope), unit(slope + 90)
        x, y = places @ u, places @ v
        middle = np.array([x.mean(), np.median(y)])
        if len(places) > 2:
            away = x - middle[0]
            steep = 0.0
            high = (size / np.maximum(self.extent(v), size)) ** 2
            weight = high
            for _ in range(5):  # outliers, such as a low-hanging 9, count less each time
                level = float((weight * (y - steep * away)).sum() / weight.sum())
                mean = float((weight * away).sum() / weight.sum())
                square = float((weight * (away - mean) ** 2).sum()) + (FLAT * size) ** 2
                steep = float((weight * (away - mean) * (y - level)).sum()) / square
                level = float((weight * (y - steep * away)).sum() / weight.sum())
                weight = high / (1 + ((y - level - steep * away) / (0.2 * size)) ** 2)
            steep = float(np.clip(steep, -0.6, 0.6))
            middle[1] = level
            return slope + float(np.degrees(np.arctan(steep))), middle[0] * u + middle[1] * v
        return slope, middle[0] * u + middle[1] * v

    def ends(self) -> Ends:
        """Where the line of the marks begins, ends and runs."""
        u = unit(self.slope)
        x, half = self.places @ u, self.extent(u) / 2
        angle, middle = self.fit()
        slack = float(self.slack()[0]) if len(x) == 1 else 0.0
        steep = float(np.tan(np.radians(angle - self.slope)))
        begin, end = float((x - half).min()), float((x + half).max())
        across = float(middle @ unit(self.slope + 90))
        return begin, end, float(middle @ u), across, steep, float(len(x)), slack


def unit(degrees: float) -> NDArray[np.float64]:
    """The direction of an angle."""
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
