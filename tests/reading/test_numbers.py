"""Numbers by their gaps."""

from __future__ import annotations

import pytest

from digitscope.reading.numbers import split


def row(*gaps, width=10, height=20):
    boxes, x = [], 0
    for gap in (0, *gaps):
        x += gap + (width if boxes else 0)
        boxes.append((x, 0, width, height))
    return boxes


@pytest.mark.parametrize(
    ("boxes", "firsts"),
    [
        ([], []),
        (row(), [0]),
        (row(3, 4, 2), [0]),
        (row(30, 30, 30), [0]),  # even, however wide
        (row(25, 31, 27, 24), [0]),
        (row(3, 4, 20, 2, 5), [0, 3]),
        (row(3, 30, 4, 28, 2), [0, 2, 4]),
        (row(60, 61, 150, 60), [0, 3]),
        (row(3, 20, 3, 100, 3), [0, 2, 4]),  # words, and a column
        (row(3, 4, 20, 3, 22, 2, 90, 4), [0, 3, 5, 7]),
        (row(8), [0]),
        (row(60), [0, 1]),
        (row(-3, -2, 14, -4), [0, 3]),
        (row(5, 9, 4, 8), [0]),  # uneven, but near
    ],
)
def test_a_gap_parts_numbers_where_it_stands_out(boxes, firsts):
    assert split(boxes, 20) == firsts


@pytest.mark.parametrize("scale", [0.5, 3])
def test_the_size_of_the_writing_does_not_matter(scale):
    boxes = [tuple(round(v * scale) for v in box) for box in row(4, 4, 24, 4)]
    assert split(boxes, 20 * scale) == [0, 3]


def test_a_one_in_a_cell_of_its_own_parts_nothing():
    cells = [
        (30 * i + (8 if thin else 0), 0, 3 if thin else 18, 20)
        for i, thin in enumerate((0, 0, 1, 0, 1, 1, 0))
    ]
    assert split(cells, 20) == [0]
