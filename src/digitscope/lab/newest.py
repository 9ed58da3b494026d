"""A box with one place: what is put in replaces what was not yet taken out."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Overtaken(Exception):
    """Work is given up: a newer question waits."""


class Newest(Generic[T]):
    """Between a hand that draws and a server that answers: only the newest drawing counts.

    >>> async def draw_three_times() -> int:
    ...     box = Newest[int]()
    ...     for drawing in (1, 2, 3):
    ...         box.put(drawing)
    ...     return await box.take()
    >>> asyncio.run(draw_three_times())
    3
    """

    def __init__(self) -> None:
        self._held: list[T] = []
        self._filled = asyncio.Event()

    def put(self, thing: T) -> None:
        """Replace what is there."""
        self._held = [thing]
        self._filled.set()

    @property
    def empty(self) -> bool:
        """Whether nothing is there."""
        return not self._held

    async def take(self) -> T:
        """What is there, or what comes."""
        await self._filled.wait()
        self._filled.clear()
        return self._held.pop()
