from __future__ import annotations

import numpy as np
import pytest

from digitscope.evaluation.lines import (
    LineScore,
    add_scores,
    digits_of,
    edit_distance,
    score_lines,
)


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [("", "", 0), ("", "123", 3), ("123", "", 3), ("123", "123", 0), ("123", "13", 1),
     ("13", "123", 1), ("123", "173", 1), ("1234", "2345", 2), ("kitten", "sitting", 3)],
)  # fmt: skip
def test_distances_by_hand(a: str, b: str, distance: int) -> None:
    assert edit_distance(a, b) == distance


def slow_distance(a: str, b: str) -> int:
    """The definition, without a table."""
    if not a or not b:
        return len(a) + len(b)
    if a[0] == b[0]:
        return slow_distance(a[1:], b[1:])
    return 1 + min(
        slow_distance(a[1:], b), slow_distance(a, b[1:]), slow_distance(a[1:], b[1:])
    )  # fmt: skip


def test_a_distance_is_what_its_definition_says() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        a, b = ("".join(map(str, rng.integers(0, 3, rng.integers(6)))) for _ in range(2))
        assert edit_distance(a, b) == slow_distance(a, b) == edit_distance(b, a)


def test_only_digits_and_refused_marks_count() -> None:
    assert digits_of(" 12-3, x 4?") == "1234?"
    assert digits_of("²³") == ""


def test_lines_by_hand() -> None:
    assert score_lines(["12", "34"], ["12", "34"]) == LineScore(2, 2, 2, 4, 0)
    # One digit taken for another, one refused.
    assert score_lines(["12", "34"], ["17", "3?"]) == LineScore(2, 0, 0, 4, 2)
    # A line missed in the middle does not spoil the one behind it.
    assert score_lines(["12", "345", "67"], ["12", "67"]) == LineScore(3, 2, 2, 7, 3)
    # Two lines that are not there.
    assert score_lines(["345"], ["1", "345", "9"]) == LineScore(1, 1, 1, 3, 2)
    # The spaces are judged apart.
    assert score_lines(["12 34"], ["1234"]) == LineScore(1, 1, 0, 4, 0)
    assert score_lines(["12  34 "], [" 12 34"]) == LineScore(1, 1, 1, 4, 0)
    # Lines without a digit are none.
    assert score_lines(["", "--"], ["."]) == LineScore(0, 0, 0, 0, 0)
    assert score_lines([], ["12"]).errors == 2
    assert score_lines([], ["12"]).error_rate == 2.0


def test_lines_in_another_order_are_no_longer_exact() -> None:
    assert score_lines(["123", "456"], ["456", "123"]).exact == 1


def test_of_two_pairings_the_one_with_more_exact_lines_counts() -> None:
    # "1" with the first "1" and "2" missed, or "1" changed into "2": one error either way.
    assert score_lines(["1", "2"], ["2"]) == LineScore(2, 1, 1, 2, 1)
    assert score_lines(["1 1", "11"], ["11"]).spaced == 1


def test_scores_add_up() -> None:
    total = add_scores([LineScore(2, 1, 0, 9, 3), LineScore(3, 3, 2, 11, 0)])
    assert total == LineScore(5, 4, 2, 20, 3)
    assert total.error_rate == 0.15
    assert add_scores([]) == LineScore(0, 0, 0, 0, 0)
