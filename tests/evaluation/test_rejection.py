"""Refusing the least sure answers."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.evaluation.rejection import measure_rejection

# Worked by hand: sure 0.9 right, 0.8 right, 0.8 wrong, 0.4 right, 0.2 wrong.
SURE = np.array([0.4, 0.8, 0.9, 0.2, 0.8])
RIGHT = np.array([True, True, True, False, False])


def test_the_curve_by_hand() -> None:
    curve = measure_rejection(SURE, RIGHT)
    np.testing.assert_allclose(curve.limit, [0.9, 0.8, 0.4, 0.2])
    np.testing.assert_allclose(curve.coverage, [1 / 5, 3 / 5, 4 / 5, 1])
    np.testing.assert_allclose(curve.risk, [0, 1 / 3, 1 / 4, 2 / 5])


@pytest.mark.parametrize(
    ("accuracy", "coverage"), [(0.5, 1.0), (0.7, 0.8), (0.75, 0.8), (0.9, 0.2), (1.0, 0.2)]
)
def test_the_largest_part_at_an_accuracy(accuracy: float, coverage: float) -> None:
    assert measure_rejection(SURE, RIGHT).coverage_at(accuracy) == pytest.approx(coverage)


def test_a_limit_refuses_what_the_curve_says() -> None:
    rng = np.random.default_rng(0)
    sure = rng.random(1000).round(2)
    right = rng.random(1000) < sure
    curve = measure_rejection(sure, right)
    for coverage in (0.1, 0.5, 0.97):
        kept = sure >= curve.limit_at(coverage)
        assert coverage <= kept.mean() <= coverage + 0.03
    kept = sure >= curve.limit_at(curve.coverage_at(0.9))
    assert right[kept].mean() >= 0.9


def test_what_cannot_be_had_is_nothing() -> None:
    wrong = measure_rejection(np.array([0.9, 0.8]), np.zeros(2, bool))
    assert wrong.coverage_at(0.5) == 0
    empty = measure_rejection(np.zeros(0), np.zeros(0, bool))
    assert (empty.coverage_at(0.9), empty.limit_at(0.5)) == (0, 0)
    assert set(empty.to_dict()) == {"0.99", "0.995", "0.999"}
