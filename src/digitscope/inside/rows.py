"""Derivatives as they are told: a row is a product of factors, or a sum of terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Floats
from digitscope.inside.source import Source

__all__ = ["Factor", "Row", "Term", "sum_row"]

TERMS = 10  # of a sum that are told one by one


@dataclass(frozen=True)
class Factor:
    """A number of a product: its name, its value, and what it is, in words."""

    symbol: str
    value: float
    words: str = ""


@dataclass(frozen=True)
class Term:
    """A product within a sum; `key` is its number among all terms, by which it is followed."""

    key: int
    left: Factor
    right: Factor
    value: float


@dataclass(frozen=True)
class Row:
    """One derivative. Of a product all factors are told, of a sum the largest terms and the rest:
    how many more there are, not counting those that are zero, and what they add up to. `followed`
    is the key of the term that the next row is about. `formula` tells how factors that are no plain
    product make the value.
    """

    symbol: str
    value: float
    factors: tuple[Factor, ...] = ()
    terms: tuple[Term, ...] = ()
    others: int = 0
    rest: float = 0.0
    followed: int = -1
    formula: str = ""
    words: str = ""
    source: Source | None = None


def sum_row(
    head: str,
    value: float,
    products: Floats,
    term: Callable[[int], tuple[Factor, Factor]],
    asked: int,
    source: Source,
) -> tuple[Row, int]:
    """A row of the largest terms, and the key of the one that is followed: the one that is asked
    for, else the largest.
    """
    flat = products.ravel()
    order = np.argsort(-np.abs(flat), kind="stable")
    followed = asked if 0 <= asked < flat.size else int(order[0])
    shown = [int(k) for k in order[:TERMS] if flat[k] or k == followed]
    if followed not in shown:
        shown = [*shown[: TERMS - 1], followed]
    terms = []
    for k in shown:
        left, right = term(k)
        terms.append(Term(k, left, right, float(flat[k])))
    others = int(np.count_nonzero(flat)) - sum(1 for k in shown if flat[k])
    rest = value - sum(t.value for t in terms)
    row = Row(
        head, value, (), tuple(terms), others, rest if others else 0.0, followed, source=source
    )
    return row, followed
