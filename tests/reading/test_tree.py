"""What reading hands back: texts, values, plain data, CSV, the drawn page."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from digitscope.preparation import load
from digitscope.reading.annotation import AMBER, BLUE, VERMILION
from digitscope.reading.tree import COLUMNS, Digit, Line, Number, Page, to_csv


def digit(text: str, confidence: float, x: int, **others: object) -> Digit:
    value = int(text) if text.isdigit() else None
    image = np.zeros((28, 28), np.uint8)
    return Digit(text, value, confidence, (x, 50, 30, 60), (("9", 0.02),), image, **others)  # type: ignore[arg-type]


def page() -> Page:
    """0 0 7 in one number, 4 ? in another; the page is grey."""
    first = Number(
        (digit("0", 0.999, 20), digit("0", 0.95, 60), digit("7", 0.5, 100)), 0.4, (20, 50, 110, 60)
    )
    refused = replace(
        digit("?", 0.3, 240), refused=True, alternatives=(("1", 0.6), ("7", 0.1)), value=None
    )
    second = Number((digit("4", 0.99, 200, repaired=True), refused), 0.3, (200, 50, 70, 60))
    line = Line((first, second), 0.12, (20, 50, 250, 60), ("4 was a 9",))
    three = replace(digit("3", 0.9, 20), box=(20, 150, 30, 60))
    other = Line((Number((three,), 0.9, three.box),), 0.9, three.box)
    grey = load(np.full((300, 400), 200, np.uint8), "grey.png")
    return Page((line, other), grey, 90, ("thin evidence",))


def test_texts_and_values() -> None:
    p = page()
    assert p.text == "007 4?\n3"
    assert [number.text for number in p.numbers] == ["007", "4?", "3"]
    assert [number.value for number in p.numbers] == [7, None, 3]
    assert [d.text for d in p.digits] == list("0074?3")
    assert p.digits[4].guess == ("1", 0.6)
    assert p.digits[0].guess == ("0", 0.999)
    assert p.confidence == pytest.approx(0.12 * 0.9)
    assert str(p.lines[0]) == "007 4?"
    assert str(p.digits[2]) == "7"


def test_a_number_with_separators_has_no_value() -> None:
    date = replace(page().numbers[0], written="0.0.7")
    assert date.text == "0.0.7"
    assert date.value is None


def test_a_page_prints_its_lines_confidences_and_notes() -> None:
    assert str(page()).splitlines() == [
        "grey.png: 400x300 pixels",
        "  007 4?  12.0 %",
        "  3       90.0 %",
        "  note: 4 was a 9",
        "  note: thin evidence",
    ]


def test_a_confidence_is_never_printed_as_certain() -> None:
    sure = replace(page().lines[1], confidence=0.99996)
    assert "99.9 %" in str(replace(page(), lines=(sure,)))


def test_the_representation_is_short() -> None:
    assert len(repr(page())) < 2000
    assert "array" not in repr(page())


def test_plain_data() -> None:
    data = json.loads(json.dumps(page().to_dict(), allow_nan=False))
    assert {k: v for k, v in data.items() if k != "lines"} == {
        "image": "grey.png",
        "text": "007 4?\n3",
        "confidence": pytest.approx(0.108),
        "box": [0, 0, 400, 300],
        "rotation": 90,
        "warnings": ["thin evidence"],
    }
    line = data["lines"][0]
    assert line["text"] == "007 4?"
    assert line["notes"] == ["4 was a 9"]
    assert line["numbers"][0]["value"] == 7
    assert line["numbers"][1]["digits"] == [
        {
            "text": "4",
            "value": 4,
            "confidence": 0.99,
            "box": [200, 50, 30, 60],
            "alternatives": {"9": 0.02},
            "repaired": True,
            "refused": False,
        },
        {
            "text": "?",
            "value": None,
            "confidence": 0.3,
            "box": [240, 50, 30, 60],
            "alternatives": {"1": 0.6, "7": 0.1},
            "repaired": False,
            "refused": True,
        },
    ]


def test_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(page().to_csv())))
    assert tuple(rows[0]) == COLUMNS
    assert [(r["line"], r["number"], r["text"], r["value"]) for r in rows] == [
        ("1", "1", "007", "7"),
        ("1", "2", "4?", ""),
        ("2", "1", "3", "3"),
    ]
    assert [(r["repaired"], r["refused"]) for r in rows] == [("0", "0"), ("1", "1"), ("0", "0")]
    assert [rows[1][name] for name in ("x", "y", "width", "height")] == ["200", "50", "70", "60"]
    assert to_csv([*page().rows(), *page().rows()]).count("\n") == 7


def test_the_drawing_has_boxes_in_three_colours_and_weights() -> None:
    drawn = np.asarray(page().draw())
    assert drawn.shape[0] > 300
    assert (drawn[299, :400] == 200).all()  # what is outside the boxes stays as it was
    for colour, x in ((BLUE, 20), (AMBER, 60), (VERMILION, 100), (BLUE, 200), (VERMILION, 240)):
        left = (drawn[60:105, x - 6 : x + 8] == colour).all(axis=2).any(axis=1)
        assert left.mean() > 0.9, x
    thickness = [
        (drawn[90, x - 6 : x + 8] == colour).all(axis=1).sum()
        for colour, x in ((BLUE, 20), (AMBER, 60), (VERMILION, 100))
    ]
    assert thickness[0] < thickness[1] < thickness[2]


@pytest.mark.parametrize(
    ("shape", "box", "factor"),
    [
        ((10, 12), (2, 1, 6, 8), 1),
        ((2400, 3000), (300, 600, 300, 900), 3000 / 1118),
        ((9, 900), (9, 1, 4, 7), 1),
    ],
)
def test_the_drawing_of_small_and_large_images(
    shape: tuple[int, int], box: tuple[int, int, int, int], factor: float
) -> None:
    one = replace(page().digits[0], box=box)
    number = Number((one,), 1.0, box)
    picture = load(np.full(shape, 255, np.uint8))
    assert picture.factors == pytest.approx((factor, factor), rel=1e-3)
    drawn = np.asarray(Page((Line((number,), 1.0, box),), picture).draw())
    k = (drawn.shape[0] - 64) / shape[0]  # drawn pixels for one of the original
    ys, xs = np.nonzero((drawn[: drawn.shape[0] - 64] == BLUE).all(axis=2))
    x, y, w, h = (k * side for side in box)
    slack = 2 + h / 8
    assert x - slack <= xs.min() <= x + slack
    assert x + w - slack <= xs.max() <= x + w + slack
    assert y + h - slack <= ys.max() <= y + h + slack


def test_a_blank_page() -> None:
    blank = Page((), load(np.full((40, 50), 255, np.uint8), "blank"))
    assert blank.text == ""
    assert blank.to_csv().splitlines() == [",".join(COLUMNS)]
    assert blank.to_dict()["lines"] == []
    assert str(blank) == "blank: 50x40 pixels, nothing to read"
    assert blank.draw().size[0] >= 50
