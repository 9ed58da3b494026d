"""What every layer promises, driven by the table of layers."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.network.layers import (
    LAYERS,
    Activation,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
)

ROWS: dict[str, tuple[Layer, tuple[int, ...]]] = {
    "dense": (Dense(5), (7,)),
    "conv2d": (Conv2D(3, 3), (6, 7, 2)),
    "max_pool2d": (MaxPool2D(2), (5, 6, 3)),
    "flatten": (Flatten(), (3, 4, 2)),
    "dropout": (Dropout(0.5), (9,)),
    "batch_norm": (BatchNorm(), (4, 4, 3)),
    "activation": (Activation("sigmoid"), (8,)),
}


def test_every_layer_has_a_row() -> None:
    assert set(ROWS) == set(LAYERS)
    assert all(type(layer) is LAYERS[kind] for kind, (layer, _) in ROWS.items())


@pytest.fixture(params=sorted(ROWS))
def row(request: pytest.FixtureRequest) -> tuple[Layer, tuple[int, ...]]:
    return ROWS[request.param]


def arrays(layer: Layer, shape: tuple[int, ...]):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(1)
    X = rng.standard_normal((4, *shape)).astype(np.float32)
    weights = layer.initial_weights(shape, rng)
    state = layer.initial_state(shape)
    as_float32 = lambda given: {k: v.astype(np.float32) for k, v in given.items()}  # noqa: E731
    return as_float32(weights), as_float32(state), X


def test_shapes_are_as_announced(row: tuple[Layer, tuple[int, ...]]) -> None:
    layer, shape = row
    weights, state, X = arrays(layer, shape)
    assert {k: W.shape for k, W in weights.items()} == layer.weight_shapes(shape)
    assert {k: S.shape for k, S in state.items()} == layer.state_shapes(shape)
    forward = layer.forward(weights, state, X, np.random.default_rng(2))
    assert forward.Y.shape == (4, *layer.output_shape(shape))
    assert forward.Y.dtype == np.float32
    dX, gradients = forward.backward(np.ones_like(forward.Y))
    assert dX is not None
    assert dX.shape == X.shape
    assert dX.dtype == np.float32
    assert {k: W.shape for k, W in gradients.items()} == layer.weight_shapes(shape)
    assert {S.dtype for S in forward.state.values()} <= {np.dtype(np.float32)}


def test_dX_is_computed_only_when_wanted(row: tuple[Layer, tuple[int, ...]]) -> None:
    layer, shape = row
    forward = layer.forward(*arrays(layer, shape), np.random.default_rng(2))
    dX, gradients = forward.backward(np.ones_like(forward.Y), need_dX=False)
    _, same = forward.backward(np.ones_like(forward.Y))
    assert dX is None
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, same[name])


def test_a_batch_is_predicted_as_its_samples_one_by_one(row: tuple[Layer, tuple[int, ...]]) -> None:
    layer, shape = row
    weights, state, X = arrays(layer, shape)
    together = layer.forward(weights, state, X).Y
    alone = np.concatenate([layer.forward(weights, state, x[None]).Y for x in X])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


def test_prediction_changes_no_state_and_draws_nothing(
    row: tuple[Layer, tuple[int, ...]],
) -> None:
    layer, shape = row
    weights, state, X = arrays(layer, shape)
    first = layer.forward(weights, state, X)
    assert first.state is state
    np.testing.assert_array_equal(first.Y, layer.forward(weights, state, X).Y)


def test_nothing_that_was_passed_in_is_changed(row: tuple[Layer, tuple[int, ...]]) -> None:
    layer, shape = row
    weights, state, X = arrays(layer, shape)
    before = [A.copy() for A in (X, *weights.values(), *state.values())]
    forward = layer.forward(weights, state, X, np.random.default_rng(2))
    dY = np.ones_like(forward.Y)
    forward.backward(dY)
    for now, then in zip((X, *weights.values(), *state.values()), before, strict=True):
        np.testing.assert_array_equal(now, then)
    np.testing.assert_array_equal(dY, 1)


def test_dropout_keeps_the_expected_sum() -> None:
    X = np.ones((400, 500), np.float32)
    Y = Dropout(0.25).forward({}, {}, X, np.random.default_rng(0)).Y
    assert set(np.unique(Y)) == {np.float32(0), np.float32(1) / np.float32(0.75)}
    assert abs((Y == 0).mean() - 0.25) < 0.005
    assert abs(Y.mean() - 1) < 0.005


def test_batch_norm_brings_a_batch_to_mean_0_and_variance_1_and_remembers() -> None:
    X = np.random.default_rng(0).normal(5, 3, (1000, 2))
    layer = BatchNorm(momentum=0.9, epsilon=0.0)
    weights = {"gamma": np.ones(2), "beta": np.zeros(2)}
    state = {"mean": np.zeros(2), "variance": np.ones(2)}
    forward = layer.forward(weights, state, X, np.random.default_rng(0))
    np.testing.assert_allclose(forward.Y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(forward.Y.var(axis=0), 1)
    np.testing.assert_allclose(forward.state["mean"], 0.1 * X.mean(axis=0))
    np.testing.assert_allclose(forward.state["variance"], 0.9 + 0.1 * X.var(axis=0))
    np.testing.assert_array_equal(state["mean"], 0)


def test_max_pool_gives_a_tie_to_the_first_and_drops_an_incomplete_rim() -> None:
    X = np.array([[1.0, 1.0, 9.0], [1.0, 0.0, 9.0], [9.0, 9.0, 9.0]]).reshape(1, 3, 3, 1)
    forward = MaxPool2D(2).forward({}, {}, X)
    assert forward.Y.tolist() == [[[[1.0]]]]
    dX, _ = forward.backward(np.full((1, 1, 1, 1), 5.0))
    assert dX is not None
    assert dX.reshape(3, 3).tolist() == [[5.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_convolution_is_the_sum_over_a_window_written_out() -> None:
    rng = np.random.default_rng(0)
    for same in (False, True):
        layer = Conv2D(2, 3, same)
        X = rng.random((2, 5, 6, 3))
        weights = layer.initial_weights((5, 6, 3), rng)
        weights["b"] = rng.random(2)
        Y = layer.forward(weights, {}, X).Y
        padded = np.pad(X, ((0, 0), (1, 1), (1, 1), (0, 0))) if same else X
        for n, i, j, f in np.ndindex(Y.shape):
            window = padded[n, i : i + 3, j : j + 3]
            expected = (window * weights["W"][..., f]).sum() + weights["b"][f]
            assert abs(Y[n, i, j, f] - expected) < 1e-12
