"""A reading: what a line was read as, in pixels of its strip, and the lattice it came from."""

from __future__ import annotations

from dataclasses import dataclass

from digitscope.arrays import Floats, Images
from digitscope.preparation.results import Box
from digitscope.reading.lattice import Lattice, Way

__all__ = ["Mark", "ReadNumber", "Reading"]


@dataclass(frozen=True, eq=False)
class Mark:
    """One digit of a line, or a mark that is none: its text is "?" then, and its value None.

    `confidence` is the probability that the text is right. `probabilities` float64 [11] are those
    of each digit in this place, and of none; they count every way to cut the line. `image` uint8
    [28, 28] is what the classifier was given. `repaired` says that a field made it another digit
    than its looks alone. `looks` is the classifier's own probability where nothing was cut, else 1.
    """

    text: str
    value: int | None
    confidence: float
    box: Box
    probabilities: Floats
    image: Images
    repaired: bool = False
    looks: float = 1.0

    @property
    def refused(self) -> bool:
        """Whether this is no digit."""
        return self.value is None


@dataclass(frozen=True, eq=False)
class ReadNumber:
    """Marks that are one number. `confidence` is the probability that all of it is right.

    `written` is the number with its pattern's separators, "" where no pattern was asked for. `fits`
    says whether it keeps to the field, None where none was asked for.
    """

    marks: tuple[Mark, ...]
    confidence: float
    box: Box
    written: str = ""
    fits: bool | None = None

    @property
    def text(self) -> str:
        """The marks as they stand."""
        return "".join(mark.text for mark in self.marks)


@dataclass(frozen=True, eq=False)
class Reading:
    """A line, read. `confidence` is the probability that all of it is right.

    `notes` are sentences on what a field repaired, or why it did not. `way` is the way taken
    through the lattice.
    """

    numbers: tuple[ReadNumber, ...]
    confidence: float
    notes: tuple[str, ...]
    lattice: Lattice
    way: Way

    @property
    def marks(self) -> tuple[Mark, ...]:
        """All marks of the line, from left to right."""
        return tuple(mark for number in self.numbers for mark in number.marks)

    @property
    def text(self) -> str:
        """The numbers, one space between two."""
        return " ".join(number.written or number.text for number in self.numbers)
