"""Things that are kept while there is room for them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Things that were made once and are kept while there is room; what was asked for longest ago
    goes first.

    >>> kept = Kept[str](3, len)
    >>> kept.get(1, lambda: "ab"), kept.get(1, lambda: "anew")
    ('ab', 'ab')
    >>> kept.get(2, lambda: "cd"), kept.get(1, lambda: "anew")
    ('cd', 'anew')
    """

    def __init__(self, room: int, size: Callable[[T], int]) -> None:
        self._room, self._size = room, size
        self._things: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under a key, or made now. Where two threads make it, the first is kept."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key]
        made = make()
        with self._lock:
            made = self._things.setdefault(key, made)
            while sum(map(self._size, self._things.values())) > self._room:
                self._things.popitem(last=False)
        return made
