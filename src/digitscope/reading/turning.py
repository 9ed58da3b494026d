"""Turning: where marks alone do not say which way is up, the page is read whole in each way.

A mark of several digits that touch says little of the way up; once it is cut, its digits do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from digitscope.reading.page import Layout
from digitscope.reading.reading import Reading

__all__ = ["read_upright"]

LEAST = 1e-9  # confidence: no row says more than that
NO_DIGIT = -4.0  # log-likelihood of a mark that is refused: it may be one in each way
ROW = -0.7  # of a row: numbers stand in few rows, not in many
MARGIN = 2.0  # by so much another way must be likelier than the one that the page has
# What comes so near to the way that was taken deserves a warning. Few pages lie on their side, so
# one that was left as it is may be doubted less than which way one was to be turned.
CLOSE, CLOSE_TURNED = 0.2, 1.2
MANY = 60  # marks: a page of more is read once, or a strip full of grain would take a minute
HOPELESS = -2.0  # a mark: what reads so badly in its best way is no writing


@dataclass(frozen=True, eq=False)
class Way:
    """A layout and how it reads."""

    layout: Layout
    readings: list[Reading]

    @property
    def text(self) -> str:
        """What it reads as."""
        return " ".join(reading.text for reading in self.readings)

    @property
    def hopeless(self) -> bool:
        """Whether what it reads as is no writing, and says nothing of the way up."""
        return self.likelihood < HOPELESS * sum(len(reading.marks) for reading in self.readings)

    @property
    def likelihood(self) -> float:
        """The logarithm of how likely the page reads so."""
        rows = [reading for reading in self.readings if reading.marks]
        if not rows:
            return -math.inf
        refused = sum(mark.refused for reading in rows for mark in reading.marks)
        sure = sum(math.log(max(reading.confidence, LEAST)) for reading in rows)
        return sure + NO_DIGIT * refused + ROW * len(rows)


def read_upright(
    first: Layout,
    lay_out: Callable[[int], Layout],
    read: Callable[[Layout], list[Reading]],
) -> tuple[Layout, list[Reading]]:
    """The layout that reads best, and its readings; `lay_out` makes that of another rotation.

    A warning says what reads nearly as well. The page stays as it is unless another way is clearly
    better. One of many marks is read once, with a warning where these leave doubt.
    """
    readings = read(first)
    if first.others and sum(len(reading.marks) for reading in readings) > MANY:
        return replace(first, warnings=(*first.warnings, _unsure(first.rotation))), readings
    others = [lay_out(rotation) for rotation in first.others]
    ways = [Way(first, readings), *(Way(layout, read(layout)) for layout in others)]
    best = max(ways, key=lambda way: way.likelihood)
    as_it_is = next((way for way in ways if way.layout.rotation == 0), best)
    clear = best.likelihood > as_it_is.likelihood + MARGIN and not best.hopeless
    taken = best if clear else as_it_is
    rivals = [way for way in ways if way.text != taken.text]
    rival = max(rivals, key=lambda way: way.likelihood, default=taken)
    close = CLOSE_TURNED if taken.layout.rotation else CLOSE
    if rival is taken or rival.likelihood < taken.likelihood - close or best.hopeless:
        return taken.layout, taken.readings
    warnings = (*taken.layout.warnings, _warning(taken, rival))
    return replace(taken.layout, warnings=warnings), taken.readings


def _warning(taken: Way, rival: Way) -> str:
    better = "better" if rival.likelihood > taken.likelihood + CLOSE else "nearly as well"
    rotation = taken.layout.rotation
    turn = "upside down" if (rival.layout.rotation - rotation) % 360 == 180 else "on its side"
    return f"the page reads {better} {turn}: {_done(rotation)}"


def _unsure(rotation: int) -> str:
    return f"which way up the page is cannot be told: {_done(rotation)}"


def _done(rotation: int) -> str:
    done = f"turned by {rotation} degrees" if rotation else "left as it is"
    return f"it was {done}; turn the image if that is wrong"
