"""Pages of words, which must not pass for numbers without a word."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from digitscope.arrays import Images
from digitscope.reader import Reader
from digitscope.reading.reading import Mark
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


def marks(*confidences: float, none: int = 0) -> list[Mark]:
    """Marks that are so sure; the first few are no digits."""
    image = np.zeros((28, 28), np.uint8)
    return [
        Mark("?" if i < none else "1", None if i < none else 1, sure, BOX, np.zeros(11), image)
        for i, sure in enumerate(confidences)
    ]


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


def test_what_the_user_has_refused_is_no_word() -> None:
    lines = ["48213590", "90764182"]
    page = Reader(reject_below=0.9995).read(compose_page(lines, seed=1))
    digits = [digit for line in page.lines for digit in line.digits]
    assert sum(digit.refused for digit in digits) >= len(digits) / 3
    assert not any("words" in warning for warning in page.warnings)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (marks(), ""),
        (marks(0.6), ""),  # one digit may well be unsure
        (marks(0.3), "the one mark here is no digit or less than 50 % sure"),
        (marks(0.9, none=1), "the one mark here is no digit"),
        (marks(0.99, 0.3, 0.3), ""),
        (marks(0.49, 0.3, 0.3), "3 of the 3 marks are no digits or less than 50 % sure"),
        (marks(*[0.95] * 7, 0.8, 0.8, 0.8), ""),
        (marks(*[0.95] * 8, 0.8, 0.8, 0.8, 0.8), "4 of the 12 marks are no digits or less than 90"),
        (marks(*[0.99] * 12, none=4), "4 of the 12 marks are no digits"),
    ],
)
def test_how_many_unsure_marks_are_too_many(found: list[Mark], words: str) -> None:
    told = " ".join(warn_of_words(found))
    assert told.startswith(words)
    assert bool(told) == bool(words)
