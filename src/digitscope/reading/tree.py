"""What reading hands back: a page of lines, lines of numbers, numbers of digits.

Every part has its text, its confidence and its box; all boxes are [x, y, width, height] in pixels
of the upright original. `to_dict` and `to_csv` are described in docs/formats.md.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from digitscope.arrays import Images
from digitscope.preparation.results import Box, Picture

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["COLUMNS", "REFUSED", "VERSION", "Digit", "Line", "Number", "Page", "to_csv"]

VERSION = "1.1"
REFUSED = "?"  # stands where a mark was refused
NOTHING = "nothing to read"
COLUMNS = (
    *("image", "line", "number", "text", "value", "confidence"),
    *("x", "y", "width", "height", "repaired", "refused", "fits"),
)


@dataclass(frozen=True, eq=False)
class Digit:
    """One mark, read. `confidence` is the probability that `text` is right.

    A mark that is no digit, or too unsure a one, is `refused`: its text is "?" and its value None;
    the confidence of one that is too unsure is that of its best guess.
    `alternatives` holds what else it may be, the most probable first, as (text, probability); of a
    refused mark it holds every guess. `repaired` says that the field that was asked for (pattern,
    length, checksum) made it another digit than its looks alone. `image`, uint8 [28, 28], is what
    the network was given.
    """

    text: str
    value: int | None
    confidence: float
    box: Box
    alternatives: tuple[tuple[str, float], ...]
    image: Images = field(repr=False)
    repaired: bool = False
    refused: bool = False

    def __str__(self) -> str:
        return self.text

    @property
    def guess(self) -> tuple[str, float]:
        """The most probable digit and its probability, refused or not."""
        if not self.refused:
            return self.text, self.confidence
        return self.alternatives[0] if self.alternatives else (REFUSED, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "text": self.text,
            "value": self.value,
            "confidence": self.confidence,
            "box": list(self.box),
            "alternatives": dict(self.alternatives),
            "repaired": self.repaired,
            "refused": self.refused,
        }


@dataclass(frozen=True, eq=False)
class Number:
    """Digits that belong together. `confidence` is the probability that all of them are right.

    `written` is the text with the separators of a pattern, such as 24.12.2026, where one was asked
    for. `fits` says whether the number keeps to the pattern, length or checksum that was asked for:
    one that no likely reading fits stays as it looks. It is None where nothing was asked for.
    """

    digits: tuple[Digit, ...]
    confidence: float
    box: Box
    written: str = ""
    fits: bool | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The digits as they stand, leading zeros too."""
        return self.written or "".join(digit.text for digit in self.digits)

    @property
    def value(self) -> int | None:
        """The whole number, or None if a digit was refused, or separators stand between them."""
        text = self.text
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 4000 else None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "text": self.text,
            "value": self.value,
            "confidence": self.confidence,
            "box": list(self.box),
            "fits": self.fits,
            "digits": [digit.to_dict() for digit in self.digits],
        }


@dataclass(frozen=True, eq=False)
class Line:
    """Numbers that stand beside each other. `notes` are sentences on what was repaired, or not."""

    numbers: tuple[Number, ...]
    confidence: float
    box: Box
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The numbers, one space between two."""
        return " ".join(number.text for number in self.numbers)

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits of the line, from left to right."""
        return tuple(digit for number in self.numbers for digit in number.digits)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "text": self.text,
            "confidence": self.confidence,
            "box": list(self.box),
            "notes": list(self.notes),
            "numbers": [number.to_dict() for number in self.numbers],
        }


@dataclass(frozen=True, eq=False)
class Page:
    """An image, read: its lines in reading order, from top to bottom.

    `rotation` is by how many degrees, counter-clockwise, the image had to be turned to read it.

    >>> import numpy as np
    >>> blank = Picture("blank.png", np.full((80, 90), 255, np.uint8), 90, 80, "PNG")
    >>> print(Page((), blank))
    blank.png: 90x80 pixels, nothing to read
    """

    lines: tuple[Line, ...]
    picture: Picture = field(repr=False)
    rotation: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the image is called."""
        return self.picture.name

    @property
    def width(self) -> int:
        """The width of the upright original in pixels."""
        return self.picture.width

    @property
    def height(self) -> int:
        """The height of the upright original in pixels."""
        return self.picture.height

    @property
    def text(self) -> str:
        """All that was read, a line of text a line."""
        return "\n".join(line.text for line in self.lines)

    @property
    def numbers(self) -> tuple[Number, ...]:
        """All numbers in reading order."""
        return tuple(number for line in self.lines for number in line.numbers)

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits in reading order."""
        return tuple(digit for line in self.lines for digit in line.digits)

    @property
    def confidence(self) -> float:
        """The probability that every line is right, if they err independently of each other; 0 of
        a page without any, of which nobody knows whether it was empty.
        """
        return math.prod(line.confidence for line in self.lines) if self.lines else 0.0

    def __str__(self) -> str:
        head = f"{self.name}: {self.width}x{self.height} pixels"
        if not self.lines:
            return "\n".join([f"{head}, {NOTHING}", *self._notes()])
        widest = max(len(line.text) for line in self.lines)
        lines = [f"  {line.text:<{widest}}  {_sure(line.confidence)}" for line in self.lines]
        return "\n".join([head, *lines, *self._notes()])

    def _notes(self) -> Iterator[str]:
        for line in self.lines:
            yield from (f"  note: {note}" for note in line.notes)
        yield from (f"  note: {warning}" for warning in self.warnings)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "image": self.name,
            "text": self.text,
            "confidence": self.confidence,
            "box": [0, 0, self.width, self.height],
            "rotation": self.rotation,
            "warnings": [*self.warnings, *([] if self.lines else [NOTHING])],
            "lines": [line.to_dict() for line in self.lines],
        }

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """A row a number, as in the columns of `to_csv`; lines and numbers count from 1."""
        for i, line in enumerate(self.lines, start=1):
            for k, number in enumerate(line.numbers, start=1):
                value = "" if number.value is None else number.value
                sure = f"{number.confidence:.6f}"
                repaired = sum(digit.repaired for digit in number.digits)
                refused = sum(digit.refused for digit in number.digits)
                fits = "" if number.fits is None else int(number.fits)
                counted = (*number.box, repaired, refused, fits)
                yield (self.name, i, k, number.text, value, sure, *counted)

    def to_csv(self) -> str:
        """The numbers as CSV: a heading, then a row a number."""
        return to_csv(self.rows())

    def draw(self) -> Image:
        """The image with its boxes and digits, coloured by confidence, as a Pillow image.

        `page.draw().save("read.png")` keeps it.
        """
        from digitscope.reading.annotation import annotate

        return annotate(self)


def to_csv(rows: Iterable[tuple[Any, ...]]) -> str:
    """The rows of some pages (see `Page.rows`) as CSV, under a heading."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return out.getvalue()


def _sure(confidence: float) -> str:
    """A confidence in percent, never rounded up to a certainty that was not there."""
    return f"{math.floor(confidence * 1000) / 10:.1f} %"
