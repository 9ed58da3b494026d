"""Two updates of every optimizer, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.network.optimizers import OPTIMIZERS, initial_slots, updated

# W = 1, eta = 0.1, gradients 0.5 and then 0.25.
#   sgd       1 - 0.1*0.5 = 0.95;                      0.95 - 0.1*0.25 = 0.925
#   momentum  v = -0.05, W = 0.95;                     v = 0.9*-0.05 - 0.025 = -0.07, W = 0.88
#   nesterov  v = -0.05, W = 1 + 0.9*-0.05 - 0.05 = 0.905;
#             v = -0.07, W = 0.905 + 0.9*-0.07 - 0.025 = 0.817
#   adam      m = 0.05, v = 0.00025, m^ = 0.5, v^ = 0.25, W = 1 - 0.1*0.5/0.5 = 0.9
#             m = 0.045 + 0.025 = 0.07, v = 0.00024975 + 0.0000625 = 0.00031225
#             m^ = 0.07/0.19, v^ = 0.00031225/0.001999, W = 0.9 - 0.1*0.368421/0.395221 = 0.806781
BY_HAND = {
    "sgd": (0.95, 0.925),
    "momentum": (0.95, 0.88),
    "nesterov": (0.905, 0.817),
    "adam": (0.9, 0.806781),
}


def test_every_optimizer_has_a_row() -> None:
    assert set(BY_HAND) == set(OPTIMIZERS)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_two_updates(name: str) -> None:
    weights = {"W1": np.array([1.0])}
    slots = initial_slots(name, weights)
    first, slots = updated(name, weights, {"W1": np.array([0.5])}, slots, 0.1, 1)
    second, _ = updated(name, first, {"W1": np.array([0.25])}, slots, 0.1, 2)
    np.testing.assert_allclose([first["W1"][0], second["W1"][0]], BY_HAND[name], atol=5e-6)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_updates_are_pure_and_keep_the_type(name: str) -> None:
    weights = {"W1": np.ones((2, 3), np.float32), "b1": np.ones(3, np.float32)}
    gradients = {"W1": np.full((2, 3), 0.5, np.float32), "b1": np.zeros(3, np.float32)}
    slots = initial_slots(name, weights)
    before = {k: v.copy() for k, v in {**weights, **slots}.items()}
    new, new_slots = updated(name, weights, gradients, slots, 0.1, 1)
    for key, value in {**weights, **slots}.items():
        np.testing.assert_array_equal(value, before[key])
    assert set(new_slots) == set(slots)
    assert {A.dtype for A in (*new.values(), *new_slots.values())} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(new["b1"], weights["b1"])


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_it_finds_the_bottom_of_a_bowl(name: str) -> None:
    weights = {"W1": np.array([3.0, -2.0])}
    slots = initial_slots(name, weights)
    for t in range(1, 2001):
        weights, slots = updated(name, weights, {"W1": 2 * weights["W1"]}, slots, 0.01, t)
    assert np.abs(weights["W1"]).max() < 1e-3
