"""What a reader is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Answer(NamedTuple):
    """What was read, and how sure the reader is of it, in 0..1."""

    text: str
    confidence: float


class Reader(Protocol):
    """Reads image files. `bright` says that the ink is brighter than the paper."""

    def version(self) -> str:
        """What is measured, with its version."""
        ...

    def digits(self, paths: Sequence[str], bright: bool) -> list[Answer]:
        """One digit an image."""
        ...

    def strings(self, paths: Sequence[str], bright: bool) -> list[Answer]:
        """One number an image, without spaces, that fills it."""
        ...

    def page(self, path: str, turn: int) -> list[str]:
        """The lines of a page, top to bottom. It stands upright after `turn` degrees
        counter-clockwise; ours is not told so.
        """
        ...
