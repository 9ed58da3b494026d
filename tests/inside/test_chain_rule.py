"""The factors that are shown make the gradient of training, and the finite difference agrees."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from digitscope.errors import SettingError
from digitscope.inside.batch_step import BatchStep, take_step
from digitscope.inside.chain_rule import ChainRule, chain_rule
from digitscope.inside.rows import Row
from digitscope.inside.source import ROOT
from digitscope.network.network import Network
from tests.inside.networks import KINDS, network_of, step_of


def made(row: Row, m: int) -> float:
    """What the numbers of a row make."""
    values = [factor.value for factor in row.factors]
    if row.formula:
        error, *slopes = [(values[0] - values[1]) / m, *values[2:]]
        return error * math.prod(slopes)
    if row.terms:
        for term in row.terms:
            assert term.value == pytest.approx(term.left.value * term.right.value, rel=1e-12)
        return sum(term.value for term in row.terms) + row.rest
    return math.prod(values)


def places(step: BatchStep, weight: str) -> list[tuple[int, ...]]:
    """The place where a weight's gradient is largest, its last place, and one by chance."""
    dW = step.gradients[weight]
    rng = np.random.default_rng(7)
    flat = {int(np.abs(dW).argmax()), dW.size - 1, int(rng.integers(dW.size))}
    return [tuple(int(i) for i in np.unravel_index(k, dW.shape)) for k in flat]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("n", "l2"), [(1, 0.0), (3, 0.01)])
def test_the_factors_make_the_gradient_of_training(name: str, n: int, l2: float) -> None:
    network, X, y = network_of(name, n)
    trained = network.step(X, y, KINDS[name].loss, l2).gradients
    step = step_of(name, n, l2)
    for weight in network.weights:
        for place in places(step, weight):
            told = chain_rule(step, weight, place)
            assert told.gradient == trained[weight][place]
            assert told.rows[0].value + told.penalty == pytest.approx(
                told.gradient, rel=1e-9, abs=1e-15
            )
            for row in told.rows:
                assert made(row, n) == pytest.approx(row.value, rel=1e-9, abs=1e-15), row
            assert told.error < 1e-5, (weight, place)
            assert told.updated == step.weights[weight][place]


@pytest.mark.parametrize("name", KINDS)
def test_each_row_goes_on_where_the_one_before_ends(name: str) -> None:
    step = step_of(name)
    for weight in step.network.weights:
        rows = chain_rule(step, weight, places(step, weight)[0]).rows
        for row, after in itertools.pairwise(rows):
            if row.terms:
                ends = next(t.right for t in row.terms if t.key == row.followed)
            else:
                ends = row.factors[-1]
            assert (after.symbol, after.value) == (ends.symbol, ends.value)
        last = rows[-1]
        assert last.symbol.startswith(
            f"∂J/∂Z_{{{len([n for n in step.network.spec.weight_names if n])}}}"
        )


def test_a_chain_in_the_letters_of_the_book() -> None:
    """784-16-10 with sigmoid: dJ/dw = x sigma'(z) sum_k w_jk (a_k - y_k)."""
    step = step_of("sigmoid")
    told = chain_rule(step, "W1", (300, 5))
    x, slope, blame = told.rows[0].factors
    assert [x.symbol, slope.symbol, blame.symbol] == ["X[300]", "sigmoid′(Z_{1})", "∂J/∂A_{1}[5]"]
    assert x.value == step.X[0, 300]
    z = step.passed.steps[0].Y[0, 5]
    assert slope.value == pytest.approx(np.exp(-z) / (1 + np.exp(-z)) ** 2)
    W2, dZ2 = step.network.weights["W2"], step.A[0] - np.eye(10)[step.y[0]]
    assert blame.value == pytest.approx(float(W2[5] @ dZ2))
    assert told.source.code == "dW = X.T @ dZ"
    line = (ROOT / told.source.file).read_text("utf-8").splitlines()[told.source.line - 1]
    assert line.strip() == told.source.code


def test_a_term_is_followed_where_it_is_asked_for() -> None:
    step = step_of("tanh")
    told = chain_rule(step, "W1", (10, 3), path=[7, 2])
    assert [row.followed for row in told.rows if row.terms] == [7, 2]
    assert told.rows[-1].symbol == "∂J/∂Z_{3}[2]"
    assert _ends(told) == (step.A[0, 2], float(step.y[0] == 2))
    same = chain_rule(step, "W1", (10, 3), path=[9999])  # what is not there is passed over
    assert same.rows == chain_rule(step, "W1", (10, 3)).rows


def _ends(told: ChainRule) -> tuple[float, float]:
    a, y = told.rows[-1].factors[:2]
    return a.value, y.value


def test_a_shared_weight_adds_up_over_all_places() -> None:
    step = step_of("convolution")
    told = chain_rule(step, "W1", (1, 2, 0, 1))
    first = told.rows[0]
    assert len(first.terms) == 10
    alive = step.X[0, 1:25, 2:26, 0] * step.dY[0][0, :, :, 1]
    assert first.others == np.count_nonzero(alive) - 10
    assert first.value == pytest.approx(float(alive.sum()))
    assert [abs(t.value) for t in first.terms] == sorted(np.abs(alive).ravel())[:-11:-1]
    won = [f for row in told.rows for f in row.factors if f.symbol == "won its tile"]
    assert [factor.value for factor in won] == [1.0] * len(won)
    assert won


def test_a_number_that_did_not_win_its_tile_moves_nothing() -> None:
    step = step_of("convolution")
    lost = int(np.flatnonzero(step.dY[0][0, :, :, 1] == 0)[0])
    told = chain_rule(step, "W1", (1, 2, 0, 1), path=[lost])
    assert told.rows[1].value == 0
    assert math.prod(f.value for f in told.rows[1].factors) == 0
    assert told.rows[0].followed == lost


def test_a_wrong_gradient_is_found_out() -> None:
    step = step_of("relu")
    place = places(step, "W2")[0]
    step.gradients["W2"][place] *= 1.001
    assert chain_rule(step, "W2", place).error > 1e-4


def test_a_weight_that_is_not_there_is_refused() -> None:
    step = step_of("relu")
    with pytest.raises(SettingError, match="there is no weight 'W9': choose one of W1"):
        chain_rule(step, "W9", (0, 0))
    for index in [(784, 0), (0,), (0, -1), (0, 0, 0)]:
        with pytest.raises(
            SettingError,
            match="W1 has the shape 784×16: expected a place from 0, 0 to 783, 15, got ",
        ):
            chain_rule(step, "W1", index)


def test_a_network_in_float32_is_judged_in_float64() -> None:
    network = Network.initialize("784-16-10", seed=1)
    images = np.random.default_rng(0).random((1, 784)).astype(np.float32)
    step = take_step(network, images, np.array([3]), "categorical_cross_entropy")
    trained = network.step(images, np.array([3]), "categorical_cross_entropy").gradients
    for weight, dW in trained.items():
        np.testing.assert_allclose(step.gradients[weight], dW, rtol=1e-3, atol=1e-6)
