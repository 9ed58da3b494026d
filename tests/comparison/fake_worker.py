"""The worker with engines of its own, each NumPy's with one thing wrong."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from digitscope.comparison.worker import main
from digitscope.engines import ENGINES, Position
from digitscope.engines.numpy_engine import NumpyEngine
from digitscope.errors import SettingError


class Same(NumpyEngine):
    """Nothing is wrong."""


class Wrong(NumpyEngine):
    """One weight is not what it should be."""

    def position(self) -> Position:
        at = super().position()
        W2 = at.weights["W2"].copy()
        W2[3, 1] += 0.5 if at.updates else 0
        return Position({**at.weights, "W2": W2}, at.state, at.slots, at.updates)


class Mistaken(NumpyEngine):
    """It answers 0, always, and prints."""

    def logits(self, images: Any) -> Any:
        print("a framework that talks")
        Z = super().logits(images)
        Z[:] = 0
        Z[:, 0] = 1
        return Z


class Slow(NumpyEngine):
    """Every advance takes a tenth of a second more, the first of all a second."""

    def advance(self, images: Any, *others: Any) -> Any:
        time.sleep(0.1 if self._position.updates else 1.0)
        return super().advance(images, *others)


class Hungry(NumpyEngine):
    """It holds 300 MB for a moment."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        bytearray(os.urandom(1000) * 300_000)


class Unusable(NumpyEngine):
    """It says that it cannot."""

    def __init__(self, *given: Any) -> None:
        raise SettingError("engine unusable needs a thing: pip install thing")


class Broken(NumpyEngine):
    """It has an error."""

    def advance(self, *given: Any) -> Any:
        raise IndexError("list index out of range")


class Crashing(NumpyEngine):
    """Its process dies."""

    def advance(self, *given: Any) -> Any:
        os.abort()


FAKES = (Same, Wrong, Mistaken, Slow, Hungry, Unusable, Broken, Crashing)

if __name__ == "__main__":
    for kind in FAKES:
        ENGINES[kind.__name__.lower()] = f"__main__:{kind.__name__}"
    main(Path(sys.argv[1]))
