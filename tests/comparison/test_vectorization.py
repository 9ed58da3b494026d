"""Loops and products: the same numbers, and what is said of shapes is true."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from digitscope.comparison import vectorization
from digitscope.comparison.vectorization import (
    batch_loop,
    batch_product,
    broadcasts,
    layer_loop,
    layer_product,
    measure_vectorization,
    neuron_loop,
    neuron_product,
)


def test_worked_by_hand() -> None:
    x, W, b = [1.0, 2.0], [[3.0, 4.0], [5.0, 6.0]], [0.5, -0.5]
    # z_1 = 1*3 + 2*5 + 0.5 = 13.5; z_2 = 1*4 + 2*6 - 0.5 = 15.5
    assert neuron_loop(x, [3.0, 5.0], 0.5) == 13.5
    assert layer_loop(x, W, b) == [13.5, 15.5]
    # the second image: 0*3 + 1*5 + 0.5 = 5.5; 0*4 + 1*6 - 0.5 = 5.5
    assert batch_loop([x, [0.0, 1.0]], W, b) == [[13.5, 15.5], [5.5, 5.5]]
    assert neuron_product(np.array(x), np.array([3.0, 5.0]), 0.5) == 13.5
    assert layer_product(np.array(x), np.array(W), np.array(b)).tolist() == [13.5, 15.5]
    X = np.array([x, [0.0, 1.0]])
    assert batch_product(X, np.array(W), np.array(b)).tolist() == [[13.5, 15.5], [5.5, 5.5]]


def test_it_is_measured_within_seconds_and_the_products_win() -> None:
    began = time.perf_counter()
    measured = measure_vectorization(m=16)
    assert time.perf_counter() - began < 20
    assert [t.multiplications for t in measured.timings] == [784, 784 * 128, 784 * 128 * 16]
    for timing in measured.timings:
        assert timing.speed_up > 3
        assert timing.difference < 1e-12
        assert timing.loop.startswith("def ")
        assert "for " in timing.loop
        assert "@" in timing.product
    json.dumps(measured.to_dict(), allow_nan=False)


def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(X, W, b):  # type: ignore[no-untyped-def]
        """A batch."""
        return X @ W + b * 1.001

    monkeypatch.setattr(vectorization, "batch_product", wrong)
    assert measure_vectorization(10, 5, 4).timings[2].difference > 1e-5


def test_what_is_said_of_shapes_is_what_numpy_does() -> None:
    for b in broadcasts():
        left, right = b.shapes
        if b.result is None:
            with pytest.raises(ValueError, match="broadcast"):
                np.broadcast_shapes(left, right)
            assert b.error.startswith("operands could not be broadcast together with shapes")
        else:
            assert np.broadcast_shapes(left, right) == b.result
            assert not b.error
    assert [b.result is None for b in broadcasts()].count(True) == 1
