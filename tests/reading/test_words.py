"""Pages of words, which must not pass for numbers without a word."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from digitscope.arrays import Images
from digitscope.reader import Reader
from digitscope.reading.tree import Digit, Line, Number
from digitscope.reading.words import warn_of_words
from tests.reading.pages import compose_page

WORDS = (
    "The quick brown fox jumps over the lazy dog and runs",
    "through the forest until it finds a river where it can",
    "drink some water before going home to sleep all night",
)
BOX = (0, 0, 1, 1)


def printed(lines: tuple[str, ...], size: int = 28) -> Images:
    """Lines of text in Pillow's own font."""
    page = Image.new("L", (900, 60 + 45 * len(lines)), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for i, line in enumerate(lines):
        pen.text((30, 30 + 45 * i), line, fill=0, font=font)
    return np.asarray(page)


def line_of(*confidences: float, refused: int = 0) -> Line:
    """A line of digits that are so sure; the first few are refused."""
    image = np.zeros((28, 28), np.uint8)
    digits = tuple(
        Digit("?" if i < refused else "1", 1, sure, BOX, (), image, refused=i < refused)
        for i, sure in enumerate(confidences)
    )
    return Line((Number(digits, 1.0, BOX),), 1.0, BOX)


def test_printed_words_are_said_to_be_no_numbers() -> None:
    page = Reader().read(printed(WORDS))
    assert len(page.lines) == 3
    (warning,) = page.warnings
    assert "words and drawings are read as digits too: try a closer crop" in warning
    marks = [digit for line in page.lines for digit in line.digits]
    unsure = sum(digit.refused or digit.confidence < 0.9 for digit in marks)
    assert warning.startswith(f"{unsure} of the {len(marks)} marks are")
    assert page.to_dict()["warnings"] == [warning]


@pytest.mark.parametrize("seed", range(3))
def test_written_numbers_are_not(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = ["".join(map(str, rng.integers(10, size=8))) for _ in range(4)]
    told = Reader().read(compose_page(lines, seed=seed)).warnings
    assert not any("words" in warning for warning in told)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (line_of(), ""),
        (line_of(0.6), ""),  # one digit may well be unsure
        (line_of(0.3), "the one mark here is refused or less than 50 % sure"),
        (line_of(0.9, refused=1), "the one mark here is refused"),
        (line_of(0.99, 0.3, 0.3), ""),
        (line_of(0.49, 0.3, 0.3), "3 of the 3 marks are refused or less than 50 % sure"),
        (line_of(*[0.95] * 7, 0.8, 0.8, 0.8), ""),
        (line_of(*[0.95] * 8, 0.8, 0.8, 0.8, 0.8), "4 of the 12 marks are refused or less than 90"),
        (line_of(*[0.99] * 12, refused=4), "4 of the 12 marks are refused"),
    ],
)
def test_how_many_unsure_marks_are_too_many(line: Line, words: str) -> None:
    told = " ".join(warn_of_words((line,)))
    assert told.startswith(words)
    assert bool(told) == bool(words)
