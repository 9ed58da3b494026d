"""From words with their boxes to lines, for peers that find words: top to bottom, left to right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Word(NamedTuple):
    """A word, and its upright box in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def to_lines(words: Iterable[Word]) -> list[str]:
    """Words whose middle lies within a line's height belong to it; a space parts two words.

    >>> to_lines([Word("34", 50, 2, 70, 22), Word("5", 0, 40, 9, 60), Word("12", 0, 0, 20, 20)])
    ['12 34', '5']
    """
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda w: w.top + w.bottom):
        middle = (word.top + word.bottom) / 2
        for line in lines:
            if line[0].top < middle < line[0].bottom:
                line.append(word)
                break
        else:
            lines.append([word])
    return [" ".join(w.text for w in sorted(line, key=lambda w: w.left)) for line in lines]
