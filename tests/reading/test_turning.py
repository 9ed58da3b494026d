"""Which way up, where digits that touch leave few marks to ask: the whole page is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from digitscope.preparation.results import Step
from digitscope.reader import Reader
from digitscope.reading.page import Layout
from digitscope.reading.reading import Mark, Reading, ReadNumber
from digitscope.reading.turning import read_upright
from tests.reading.pages import compose_page


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.mark.parametrize("rotation", [90, 270])
@pytest.mark.parametrize("seed", [4, 5, 6])
def test_touching_digits_on_their_side_are_turned(reader: Reader, seed: int, rotation: int) -> None:
    upright = compose_page(["4071936"], gap=0, seed=seed, part="train")
    page = reader.read(np.ascontiguousarray(np.rot90(upright, -rotation // 90)))
    assert page.rotation == rotation
    assert page.text == "4071936"
    (step,) = (step for step in reader.explain(page) if step.name == "upright")
    assert f": turned by {rotation} degrees, the best of" in step.explanation


@pytest.mark.parametrize("seed", range(8))
def test_touching_digits_that_stand_upright_are_left(reader: Reader, seed: int) -> None:
    page = reader.read(compose_page(["4071936"], gap=0, seed=seed, part="train"))
    assert page.rotation == 0
    assert not any("turn the image" in warning for warning in page.warnings)


NOTHING = np.zeros((28, 28), np.uint8)


def way(*rows: tuple[str, float]) -> list[Reading]:
    """Rows of text, each with its confidence."""
    readings = []
    for text, sure in rows:
        marks = tuple(
            Mark(
                sign, None if sign == "?" else int(sign), sure, (0, 0, 9, 9), np.zeros(11), NOTHING
            )
            for sign in text
        )
        nothing: Any = None
        readings.append(
            Reading((ReadNumber(marks, sure, (0, 0, 9, 9)),), sure, (), nothing, nothing)
        )
    return readings


def decide(ways: dict[int, list[Reading]], first: int = 0) -> tuple[int, tuple[str, ...]]:
    """The rotation that is taken, and the warnings."""

    def lay_out(rotation: int) -> Layout:
        others = tuple(other for other in ways if other != rotation)
        return Layout((), rotation, ("dusty",), tuple[Step, ...](), others)

    layout, readings = read_upright(lay_out(first), lay_out, lambda made: ways[made.rotation])
    assert readings is ways[layout.rotation]
    assert layout.warnings[0] == "dusty"
    return layout.rotation, layout.warnings[1:]


LEFT = "it was left as it is; turn the image if that is wrong"


def test_what_reads_clearly_better_is_turned() -> None:
    poor, good = way(("6", 0.9), ("2", 0.2), ("?", 0.9), ("2", 0.8)), way(("4071936", 0.98))
    assert decide({0: poor, 270: good}) == (270, ())
    assert decide({0: poor, 270: good, 90: way(("9661204", 0.05))}) == (270, ())


def test_which_way_to_turn_may_be_unsure() -> None:
    poor, good = way(("6", 0.9), ("??", 0.5)), way(("4071936", 0.98))
    taken, warnings = decide({0: poor, 270: good, 90: way(("9661204", 0.4))})
    assert taken == 270
    assert warnings == (
        "the page reads nearly as well upside down: it was turned by 270 degrees; turn the image "
        "if that is wrong",
    )


def test_what_reads_a_little_better_is_left_with_a_true_warning() -> None:
    taken, warnings = decide({0: way(("12", 0.3)), 90: way(("47", 0.9))})
    assert (taken, warnings) == (0, (f"the page reads better on its side: {LEFT}",))
    taken, warnings = decide({0: way(("69", 0.9)), 180: way(("66", 0.9))})
    assert (taken, warnings) == (0, (f"the page reads nearly as well upside down: {LEFT}",))


def test_what_reads_the_same_or_worse_is_no_rival() -> None:
    assert decide({0: way(("69", 0.9)), 180: way(("69", 0.95))}) == (0, ())
    assert decide({0: way(("69", 0.9)), 180: way(("66", 0.5))}) == (0, ())


def test_no_writing_is_left_as_it_is() -> None:
    assert decide({0: way(("???", 0.5)), 90: way(("?", 0.5)), 180: []}) == (0, ())


def test_a_page_of_many_marks_is_read_once() -> None:
    """A strip full of grain has hundreds, and reading it in four ways would take a minute."""
    first = Layout((), 0, (), (), others=(90, 180, 270))
    asked: list[Layout] = []

    def read(layout: Layout) -> list[Reading]:
        asked.append(layout)
        return way(*[("12345678", 0.1)] * 10)

    layout, _ = read_upright(first, lambda rotation: Layout((), rotation, (), ()), read)
    assert asked == [first]
    assert layout.rotation == 0
    assert layout.warnings == (
        "which way up the page is cannot be told: it was left as it is; "
        "turn the image if that is wrong",
    )
