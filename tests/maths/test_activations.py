from __future__ import annotations

import numpy as np
import pytest

from digitscope.maths.activations import ACTIVATIONS, sigmoid, softmax

EXTREME = np.array([-1e30, -1e4, -700.0, -1.0, 0.0, 1.0, 700.0, 1e4, 1e30])


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_and_of_the_same_type_everywhere(name: str, dtype: type) -> None:
    Z = EXTREME.astype(dtype).reshape(1, -1)
    A = ACTIVATIONS[name].g(Z)
    assert A.dtype == dtype
    assert np.isfinite(A).all()
    dZ = ACTIVATIONS[name].backward(np.ones_like(A), Z, A)
    assert dZ.dtype == dtype


def test_values_by_hand() -> None:
    np.testing.assert_allclose(sigmoid(np.array([0.0, np.log(3.0)])), [0.5, 0.75])
    np.testing.assert_allclose(softmax(np.array([[0.0, np.log(3.0)]])), [[0.25, 0.75]])
    assert ACTIVATIONS["relu"].g(np.array([-2.0, 2.0])).tolist() == [0.0, 2.0]
    assert ACTIVATIONS["linear"].g(np.array([-2.0])).tolist() == [-2.0]
    np.testing.assert_allclose(ACTIVATIONS["tanh"].g(np.array([np.log(2.0)])), [0.6])


def test_sigmoid_is_symmetric_and_exact_far_out() -> None:
    z = np.linspace(-30, 30, 121)
    np.testing.assert_allclose(sigmoid(z) + sigmoid(-z), 1)
    np.testing.assert_allclose(sigmoid(np.array([-700.0])), np.exp(-700.0))


def test_softmax_rows_add_up_and_shift_makes_no_difference() -> None:
    Z = np.random.default_rng(0).normal(0, 10, (50, 10))
    np.testing.assert_allclose(softmax(Z).sum(axis=1), 1)
    np.testing.assert_allclose(softmax(Z + 123.0), softmax(Z))


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_a_saturated_neuron_can_still_learn_in_float32(name: str) -> None:
    derivative = ACTIVATIONS[name].derivative
    assert derivative is not None
    z = np.array([-30.0, -5.0, 0.0, 5.0, 30.0])
    exact = derivative(z)
    np.testing.assert_allclose(derivative(z.astype(np.float32)), exact, rtol=1e-5)
    np.testing.assert_allclose(exact, exact[::-1])
    assert (exact > 0).all()
