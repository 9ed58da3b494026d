from __future__ import annotations

import numpy as np
import pytest

from digitscope.maths.initializers import INITIALIZERS
from digitscope.network.network import Network

# The standard deviation of the weights and of the biases, for n_in = 784 and n_out = 300.
SPREAD = {
    "he": (np.sqrt(2 / 784), 0.0),
    "glorot": (np.sqrt(2 / (784 + 300)), 0.0),
    "scaled_normal": (1 / 28, 1.0),
    "normal": (1.0, 1.0),
}


@pytest.mark.parametrize("name", sorted(INITIALIZERS))
def test_spread(name: str) -> None:
    rng = np.random.default_rng(0)
    W = INITIALIZERS[name].weights(rng, (784, 300), 784, 300)
    b = INITIALIZERS[name].biases(rng, (30_000,), 784, 300)
    assert abs(W.mean()) < 0.01 * max(1, SPREAD[name][0] * 10)
    assert W.std() == pytest.approx(SPREAD[name][0], rel=0.02)
    assert b.std() == pytest.approx(SPREAD[name][1], rel=0.02)


def test_every_initializer_has_a_row() -> None:
    assert set(SPREAD) == set(INITIALIZERS)


def test_the_same_seed_is_the_same_network() -> None:
    a, b, c = (Network.initialize("784-16-10", seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a.weights["W2"], b.weights["W2"])
    assert not np.array_equal(a.weights["W2"], c.weights["W2"])
