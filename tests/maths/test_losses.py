from __future__ import annotations

import numpy as np
import pytest

from digitscope.maths.losses import LOSSES, decays, l2_gradient, l2_penalty, one_hot


def labels(*values: int) -> np.ndarray:
    return np.array(values, np.uint8)


def test_binary_cross_entropy_by_hand() -> None:
    # sigma(log 3) = 3/4: a one costs -log 3/4, a zero -log 1/4; deltas (3/4 - y) / 2.
    Z = np.log(np.array([[3.0], [3.0]]))
    J, delta = LOSSES["binary_cross_entropy"].loss(Z, labels(1, 0), "sigmoid")
    assert pytest.approx(-(np.log(0.75) + np.log(0.25)) / 2) == J
    np.testing.assert_allclose(delta(), [[-0.125], [0.375]])


def test_categorical_cross_entropy_by_hand() -> None:
    # softmax(0, log 3) = (1/4, 3/4)
    Z = np.array([[0.0, np.log(3.0)]])
    J, delta = LOSSES["categorical_cross_entropy"].loss(Z, labels(0), "softmax")
    assert pytest.approx(-np.log(0.25)) == J
    np.testing.assert_allclose(delta(), [[-0.75, 0.75]])


def test_quadratic_by_hand() -> None:
    # a = (1/2, 1/2), y = (1, 0): J = (1/4 + 1/4) / 2; dz = (a - y) a (1 - a) = -1/8, 1/8
    Z = np.zeros((1, 2))
    J, delta = LOSSES["quadratic"].loss(Z, labels(0), "sigmoid")
    assert pytest.approx(0.25) == J
    np.testing.assert_allclose(delta(), [[-0.125, 0.125]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e2, 1e4, 1e30])
def test_the_cross_entropies_are_right_where_the_output_saturates(dtype: type, size: float) -> None:
    Z = np.array([[size]], dtype)
    J, delta = LOSSES["binary_cross_entropy"].loss(Z, labels(0), "sigmoid")
    assert pytest.approx(size) == J
    assert delta().item() == 1
    Z = np.array([[size, 0.0]], dtype)
    J, delta = LOSSES["categorical_cross_entropy"].loss(Z, labels(1), "softmax")
    assert pytest.approx(size) == J
    assert delta().tolist() == [[1.0, -1.0]]


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_batch_costs_the_mean_of_its_samples(name: str) -> None:
    rng = np.random.default_rng(0)
    output = LOSSES[name].outputs[0]
    Z = rng.normal(size=(6, 1 if name == "binary_cross_entropy" else 3))
    y = rng.integers(0, 2, 6).astype(np.uint8)
    alone = [LOSSES[name].loss(Z[i : i + 1], y[i : i + 1], output)[0] for i in range(6)]
    assert LOSSES[name].loss(Z, y, output)[0] == pytest.approx(np.mean(alone))


def test_l2_leaves_biases_and_batch_norm_alone() -> None:
    weights = {name: np.array([2.0]) for name in ("W1", "b1", "gamma2", "beta2", "W3")}
    assert l2_penalty(weights, 0.5) == pytest.approx(0.5 / 2 * (4 + 4))
    assert {k: v.tolist() for k, v in l2_gradient(weights, 0.5).items()} == {"W1": [1], "W3": [1]}
    assert [name for name in weights if decays(name)] == ["W1", "W3"]


def test_one_hot() -> None:
    assert one_hot(labels(2, 0), 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one_hot(labels(1, 0), 1).tolist() == [[1], [0]]
