"""What the figures of a sweep are given: a point for every run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from digitscope.training.events import EpochEnded

__all__ = ["SweepPoint", "in_order", "in_words", "is_number", "legend_columns", "shown"]


@dataclass(frozen=True)
class SweepPoint:
    """One run of a sweep.

    `settings` are those that the sweep varies, by name. `accuracy` (0..1) and `loss` are those of
    the best epoch on the watched part, NaN if there is none; `seconds` is what the training took;
    `history` holds the epochs that a diverged run managed.
    """

    label: str
    settings: Mapping[str, Any]
    accuracy: float
    loss: float
    seconds: float
    diverged: bool = False
    history: Sequence[EpochEnded] = field(default=())


def in_order(values: Iterable[Any]) -> list[Any]:
    """Different values, numbers by size, everything else by the alphabet.

    >>> in_order(["64", "128", "64"]), in_order(["sgd", "adam"]), in_order([1.0, 0.1])
    (['64', '128'], ['adam', 'sgd'], [0.1, 1.0])
    """
    return sorted(set(values), key=_rank)


def in_words(setting: str) -> str:
    """A setting's name as a title has it.

    >>> in_words("hidden"), in_words("learning_rate")
    ('hidden layers', 'learning rate')
    """
    return "hidden layers" if setting == "hidden" else setting.replace("_", " ")


def shown(value: Any) -> str:
    """A value as an axis has it: 0.1, and not 0.10000000000000001."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def legend_columns(names: Sequence[str]) -> int:
    """How many entries of a legend stand side by side on a page."""
    return max(1, min(4, len(names), 112 // (max(map(len, names), default=0) + 7)))


def is_number(value: Any) -> bool:
    """Whether a value can be ordered by size.

    >>> is_number("128"), is_number("128-64")
    (True, False)
    """
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _rank(value: Any) -> tuple[int, float, str]:
    return (0, float(value), "") if is_number(value) else (1, 0.0, str(value))
