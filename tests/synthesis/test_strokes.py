"""Strokes and how they become an image."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.synthesis.strokes import Stroke, crop, draw, paint, smooth, unsteady


def test_a_curve_goes_through_its_points_and_a_straight_one_stays_straight() -> None:
    points = np.array([[0.0, 0.0], [0.5, 1.0], [1.0, 0.0], [1.5, 1.0]])
    np.testing.assert_allclose(smooth(points)[::8], points)
    row = np.array([[0.0, 0.3], [0.4, 0.3], [0.9, 0.3]])
    np.testing.assert_allclose(smooth(row)[:, 1], 0.3)
    assert (np.diff(smooth(row)[:, 0]) > 0).all()


def test_a_pen_has_its_width() -> None:
    upright = [np.array([[0.5, 0.0], [0.5, 1.0]])]
    for width in (0.05, 0.1, 0.2):
        ink = paint(upright, width)
        assert (ink[64] > 127).sum() == pytest.approx(width * 80, abs=1.5)
    assert crop(paint(upright, 0.1)).shape[0] == pytest.approx(88, abs=3)
    assert draw(upright, 0.1).shape == (28, 28)


def test_a_hand_is_unsteady_but_near() -> None:
    strokes = [Stroke(np.array([[0.2, 0.0], [0.5, 0.5], [0.8, 1.0]]), curved=True)]
    rng = np.random.default_rng(0)
    ends = np.array([unsteady(strokes, rng)[0][[0, -1]] for _ in range(400)])
    assert ends.std(axis=0).min() > 0.02
    assert np.abs(ends[:, 0, 1]).mean() < 0.15  # it still begins at the top


def test_an_empty_image_is_cropped_to_one_pixel() -> None:
    assert crop(np.zeros((5, 5), np.uint8)).shape == (1, 1)
