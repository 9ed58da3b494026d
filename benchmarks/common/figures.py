"""Medians with their spread, ratios pair by pair, and tables of them."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def ratios(values: Sequence[float], reference: Sequence[float]) -> list[float]:
    """A candidate against another in the same round: what disturbs the machine disturbs both.

    >>> ratios([2.0, 6.0], [4.0, 4.0])
    [0.5, 1.5]
    """
    return [value / other for value, other in zip(values, reference, strict=True)]


def fastest(rows: Mapping[str, Any], names: Iterable[str], key: str) -> str:
    """Whose median of `key` is the smallest; "" if none of them is there.

    Of the bare products with one thread and with two this is the one to be measured against: two
    are faster on a machine with nothing else to do, and much slower on one that is busy.

    >>> fastest({"a": {"s": [2.0]}, "b": {"s": [1.0]}}, ["a", "b", "c"], "s")
    'b'
    """
    there = [name for name in names if name in rows]
    return min(there, key=lambda name: statistics.median(rows[name][key]), default="")


def median(values: Sequence[float], digits: int = 3) -> str:
    """The median.

    >>> median([0.1, 0.5, 0.2])
    '0.200'
    """
    return f"{statistics.median(values):.{digits}f}"


def spread(values: Sequence[float], digits: int = 3) -> str:
    """The smallest and the largest.

    >>> spread([0.1, 0.5, 0.2], 1)
    '0.1 to 0.5'
    """
    return f"{min(values):.{digits}f} to {max(values):.{digits}f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned so that it can be read in a terminal as well.

    >>> print(table(["a", "b"], [["long", "1"]]))
    | a    | b |
    |------|---|
    | long | 1 |
    """
    cells = [list(header), *map(list, rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = [
        "| " + " | ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def say(text: str) -> None:
    """How far it is, for whoever waits."""
    print(f"  {text}", file=sys.stderr, flush=True)
