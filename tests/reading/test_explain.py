"""Every step says what would be read without the steps after it."""

from __future__ import annotations

import numpy as np

from digitscope.arrays import Floats, Images
from digitscope.preparation.results import Picture, Step
from digitscope.reading.explain import explain, plain_reading
from digitscope.reading.tree import Digit, Line, Number, Page


def by_width(images: Images) -> Floats:
    """Narrow marks are ones, square ones zeros, broad ones no digits."""
    P = np.zeros((len(images), 11))
    for i, image in enumerate(images):
        rows, columns = (np.flatnonzero(image.max(axis=axis) > 0) for axis in (1, 0))
        aspect = (np.ptp(columns) + 1) / (np.ptp(rows) + 1)
        P[i, 1 if aspect < 0.5 else 0 if aspect < 1.5 else 10] = 1
    return P


def strokes(*boxes: tuple[int, int, int, int]) -> Images:
    page = np.full((120, 260), 230, np.uint8)
    for x, y, w, h in boxes:
        page[y : y + h, x : x + w] = 30
    return page


def test_rows_gaps_and_sizes() -> None:
    one, zero = (10, 10, 8, 30), (30, 12, 28, 28)
    page = strokes(one, zero, (120, 10, 8, 30), (10, 80, 28, 30), (60, 80, 60, 26), (200, 90, 4, 4))
    assert plain_reading(page, by_width) == "10 1 / 0?"
    assert plain_reading(255 - page, by_width) == "10 1 / 0?"


def test_paper_and_texture_are_nothing() -> None:
    assert plain_reading(np.full((50, 50), 200, np.uint8), by_width) == ""
    dots = strokes((8, 8, 8, 8))[:24, :24]
    assert plain_reading(np.tile(dots, (18, 18)), by_width) == ""  # 324 of them


def test_the_step_that_brings_the_answer_says_so() -> None:
    good = strokes((10, 10, 8, 30), (30, 10, 8, 30))
    shaded = good.copy()
    shaded[:, 130:] = 20  # the threshold finds the shadow, nothing else
    steps = (Step("load", "Loaded.", shaded), Step("light", "Evened.", good), Step("x", "Y.", good))
    digit = Digit("1", 1, 0.9, (0, 0, 9, 9), (), np.full((28, 28), 9, np.uint8))
    line = Line((Number((digit, digit), 0.9, (0, 0, 9, 9)),), 0.9, (0, 0, 9, 9))
    picture = Picture("a.png", good, 260, 120, "")
    told = explain(Page((line,), picture), steps, by_width)
    assert [step.name for step in told] == ["load", "light", "x", "digits"]
    assert told[0].explanation.startswith("Loaded. A threshold alone would read here: ")
    assert told[1].explanation == "Evened. Now a threshold alone would read the answer, 11."
    assert told[2].explanation == "Y."
    assert told[3].explanation == "What the network was given, line by line: 2 marks. Read: 11."
    assert (told[3].image == 9).sum() == 2 * 28 * 28


def test_a_reading_without_a_digit_is_put_into_words_and_the_answer_is_not_cut() -> None:
    """A lone ? says nothing to whoever has not read what it stands for."""
    broad = strokes((10, 10, 120, 30))
    digit = Digit("1", 1, 0.9, (0, 0, 9, 9), (), np.full((28, 28), 9, np.uint8))
    number = Number((digit,) * 20, 0.9, (0, 0, 9, 9))
    page = Page((Line((number,) * 3, 0.9, (0, 0, 9, 9)),), Picture("a.png", broad, 260, 120, ""))
    two = np.vstack([broad, broad])
    told = explain(page, (Step("load", "Loaded.", broad), Step("x", "Y.", two)), by_width)
    assert told[0].explanation.endswith("would read here: one mark, which is no digit.")
    assert told[1].explanation == "Y. Now a threshold alone would read: 2 marks, none a digit."
    assert told[2].explanation.endswith(f"Read: {page.text}.")


def test_digits_stand_in_rows_as_their_lines_do_and_numbers_stay_whole() -> None:
    ink = np.full((28, 28), 200, np.uint8)
    one = Digit("1", 1, 0.9, (0, 0, 9, 9), (), ink)

    def line(*lengths: int) -> Line:
        numbers = tuple(Number((one,) * n, 0.9, (0, 0, 9, 9)) for n in lengths)
        return Line(numbers, 0.9, (0, 0, 9, 9))

    picture = Picture("a.png", ink, 28, 28, "")
    page = Page((line(3, 2), line(9, 9), line(20), line(1)), picture)
    sheet = explain(page, (Step("load", "Loaded.", ink),), by_width)[-1].image
    cells = sheet.reshape(sheet.shape[0] // 44, 44, -1, 44).max(axis=(1, 3)) > 0
    rows = ["".join("1" if cell else " " for cell in row).rstrip() for row in cells]
    assert rows == ["111 11", "1" * 9, "1" * 9, "1" * 16, "1" * 4, "1"]
