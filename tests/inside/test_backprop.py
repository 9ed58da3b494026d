"""A batch step told in stages is the step that training takes."""

from __future__ import annotations

import numpy as np
import pytest

import digitscope
from digitscope.errors import SettingError
from digitscope.inside.backprop import stages
from digitscope.inside.batch_step import fitting_losses, take_step
from digitscope.inside.naming import output_symbols
from digitscope.inside.source import ROOT, source_of
from digitscope.maths.losses import LOSSES
from digitscope.network.layers import LAYERS, BatchNorm, Conv2D, Dense, MaxPool2D
from digitscope.network.network import Network
from digitscope.network.optimizers import OPTIMIZERS, initial_slots, updated
from tests.inside.networks import KINDS, network_of, step_of


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("n", "l2"), [(1, 0.0), (3, 0.01)])
def test_the_numbers_are_those_of_training(name: str, n: int, l2: float) -> None:
    network, X, y = network_of(name, n)
    step, told = step_of(name, n, l2), {s.id: s for s in stages(step_of(name, n, l2))}
    trained = network.step(X, y, KINDS[name].loss, l2)
    assert told["J"].parts[-1].array[0] == trained.loss
    shown = {
        part.weight: part.array
        for stage in told.values()
        if stage.phase == "backward"
        for part in stage.parts
        if part.weight and part.symbol.startswith("d")
    }
    assert set(shown) == set(network.weights)
    for weight, dW in trained.gradients.items():
        np.testing.assert_array_equal(shown[weight], dW)
    weights, _ = updated("sgd", network.weights, trained.gradients, {}, 0.1, 1)
    new = {p.weight: p.array for s in told.values() for p in s.parts if p.symbol.startswith("new")}
    for weight, W in weights.items():
        np.testing.assert_array_equal(new[weight], W)
    values = [told[name].parts[-1].array for name in output_symbols(network)]
    for value, passed in zip(values, network.forward(X).steps, strict=True):
        np.testing.assert_array_equal(value, passed.Y)
    assert step.loss_with(step.network.weights) >= step.J


@pytest.mark.parametrize("name", KINDS)
def test_the_gradient_of_every_quantity_is_what_a_difference_says(name: str) -> None:
    """dA1 and its like are told by no other part of the package: a small push at the images and at
    the logits, and the difference of the loss.
    """
    step = step_of(name, 2)
    told = {stage.id: stage for stage in stages(step)}
    rng, spec = np.random.default_rng(0), step.network.spec
    V, h = rng.standard_normal(step.X.shape), 1e-7

    def J(X: np.ndarray) -> float:
        return LOSSES[step.loss].loss(step.network.forward(X).Z, step.y, spec.output)[0]

    measured = (J(step.X + h * V) - J(step.X - h * V)) / (2 * h)
    assert measured == pytest.approx(float((told["dX"].parts[-1].array * V).sum()), rel=1e-4)
    for i, symbol in enumerate(["X", *output_symbols(step.network)][:-1]):
        dX, _ = step.passed.steps[i].backward(step.dY[i], True)
        np.testing.assert_array_equal(told[f"d{symbol}"].parts[-1].array, dX)


@pytest.mark.parametrize("name", KINDS)
def test_a_small_step_makes_the_loss_smaller(name: str) -> None:
    network, X, y = network_of(name, 1)
    step = take_step(network, X, y, KINDS[name].loss, "sgd", 1e-3)
    before, after = (p.array[0] for p in stages(step)[-1].parts[-2:])
    assert after < before
    np.testing.assert_allclose(stages(step)[-1].parts[1].array, step.updated.predict(X))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_first_update_of_every_optimizer(optimizer: str) -> None:
    step = step_of("relu", optimizer=optimizer)
    slots = initial_slots(optimizer, step.network.weights)
    weights, _ = updated(optimizer, step.network.weights, step.gradients, slots, 0.1, 1)
    told = next(stage for stage in stages(step) if stage.id == "W1")
    np.testing.assert_array_equal(told.parts[2].array, weights["W1"])
    assert told.source.file == "network/optimizers.py"


@pytest.mark.parametrize("name", KINDS)
def test_every_stage_has_its_line_and_its_place(name: str) -> None:
    step = step_of(name)
    told = stages(step)
    assert len({stage.id for stage in told}) == len(told)
    columns = len(step.network.spec.layers) + 3
    for stage in told:
        lines = (ROOT / stage.source.file).read_text("utf-8").splitlines()
        assert lines[stage.source.line - 1].strip() == stage.source.code.splitlines()[0].strip()
        assert 0 <= stage.column < columns
        assert stage.formula
        assert stage.words


def test_the_lines_are_those_that_compute() -> None:
    told = {stage.id: stage.source for stage in stages(step_of("convolution"))}
    assert told["Z1"].code == "Z = R @ W"
    assert told["dW1"].code.startswith("dW = (R.T @ dZ)")
    assert told["dA1"].code == "dT[:, :, i, :, j] = dY * won"
    assert told["dN3"].file == "maths/activations.py"
    assert told["dgamma3"].code == "dgamma = (dY * H).sum(axis=axes)"
    assert {told["Z1"].file, told["Z4"].file} == {
        "network/layers/conv2d.py",
        "network/layers/dense.py",
    }


def test_every_layer_has_its_name() -> None:
    assert set(LAYERS.values()) >= {Dense, Conv2D, MaxPool2D, BatchNorm}
    names = output_symbols(Network.initialize("28x28-2c3-bn-p2-d0.5-10"))
    assert names == ["Z1", "N2", "A2", "P2", "D2", "F2", "Z3"]


def test_a_line_that_is_not_there_is_said() -> None:
    with pytest.raises(digitscope.errors.InputError, match="no line gives 'nothing' its value"):
        source_of(Dense.forward, "nothing")


def test_what_does_not_fit_is_refused() -> None:
    network, X, y = network_of("relu", 1)
    with pytest.raises(SettingError, match="loss 'binary_cross_entropy' does not fit"):
        take_step(network, X, y, "binary_cross_entropy")
    with pytest.raises(SettingError, match="unknown optimizer 'adan': did you mean 'adam'"):
        take_step(network, X, y, "quadratic", "adan")
    with pytest.raises(SettingError, match="above 0, at most 1000, got -1"):
        take_step(network, X, y, "quadratic", "sgd", -1)
    assert fitting_losses(Network.initialize("784-4-1")) == []


def test_what_became_of_the_loss_is_said_as_it_is() -> None:
    def words(y: list[int], eta: float, l2: float = 0.0, more: float = 0.0) -> str:
        network = Network.initialize("4-2", seed=1, dtype=np.float64)
        network.weights["W1"][:, 1] += more
        X, loss = np.ones((len(y), 4)), "categorical_cross_entropy"
        return stages(take_step(network, X, np.array(y), loss, "sgd", eta, l2))[-1].words

    assert "weights: the loss is smaller." in words([1], 0.1)
    assert "weights: the loss is not smaller: too far." in words([0, 1], 1000, l2=0.1)
    assert "weights: the loss is what it was." in words([1], 0.1, more=1000)
    assert "its sum with the L2 penalty is smaller." in words([1], 0.01, l2=0.5, more=8)
