"""What every engine promises, driven by the table of engines."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from digitscope.engines import ENGINES, Engine, Position, Problem, make_engine
from digitscope.errors import SettingError
from digitscope.maths.losses import LOSSES
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from digitscope.network.optimizers import OPTIMIZERS


def engine_class(name: str) -> Any:
    module, _, attribute = ENGINES[name].partition(":")
    return getattr(import_module(module), attribute)


def noise(i: int) -> np.random.Generator:
    return np.random.default_rng(100 + i)


def problem_and_start(
    text: str = "16-6-d0.2-bn-4", loss: str = "categorical_cross_entropy", optimizer: str = "adam"
) -> tuple[Problem, Position]:
    output = LOSSES[loss].outputs[0] if loss != "quadratic" else "sigmoid"
    n_out = "1" if loss == "binary_cross_entropy" else "4"
    spec = parse_spec(text.rsplit("-", 1)[0] + "-" + n_out, "tanh", output)
    network = Network.initialize(spec, 5)
    return Problem(spec, loss, optimizer, 0.01), Position.start(network, optimizer)


def data(n: int = 50) -> tuple[Any, Any]:
    rng = np.random.default_rng(9)
    images = rng.integers(0, 256, (n, 4, 4)).astype(np.uint8)
    upper, lower = images[:, :2].mean(axis=(1, 2)), images[:, 2:].mean(axis=(1, 2))
    return images, (upper > lower).astype(np.uint8)


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_signatures_do_not_drift(name: str) -> None:
    for method in ("__init__", "advance", "logits", "position"):
        protocol = inspect.signature(getattr(Engine, method))
        own = inspect.signature(getattr(engine_class(name), method))
        assert list(own.parameters) == list(protocol.parameters), method


@pytest.mark.parametrize("name", sorted(ENGINES))
@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_it_learns(name: str, loss: str, optimizer: str) -> None:
    problem, start = problem_and_start("16-8-4", loss, optimizer)
    engine = make_engine(name, problem, start)
    images, labels = data()
    losses = [np.mean(engine.advance(images, labels, 10, [0.1] * 5, noise)) for _ in range(100)]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_how_batches_are_grouped_makes_no_difference(name: str) -> None:
    problem, start = problem_and_start()
    images, labels = data()
    rates = [0.01, 0.02, 0.03, 0.04, 0.05]
    together = make_engine(name, problem, start)
    one_by_one = make_engine(name, problem, start)
    losses = together.advance(images, labels, 11, rates, noise)  # the last batch is smaller
    for i in range(5):
        part = slice(11 * i, 11 * i + 11)
        (loss,) = one_by_one.advance(
            images[part], labels[part], 11, rates[i : i + 1], lambda _, i=i: noise(i)
        )
        assert loss == losses[i]
    assert_equal(together.position(), one_by_one.position())


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_a_position_is_a_place_to_go_on_from(name: str) -> None:
    problem, start = problem_and_start()
    images, labels = data()
    engine = make_engine(name, problem, start)
    engine.advance(images, labels, 10, [0.01] * 5, noise)
    middle = engine.position()
    kept = {n: W.copy() for n, W in middle.weights.items()}
    engine.advance(images, labels, 10, [0.01] * 5, noise)
    for n, W in middle.weights.items():
        np.testing.assert_array_equal(W, kept[n])
    again = make_engine(name, problem, middle)
    again.advance(images, labels, 10, [0.01] * 5, noise)
    assert_equal(again.position(), engine.position())


def test_one_step_of_the_numpy_engine_is_the_networks_step() -> None:
    problem, start = problem_and_start("16-6-4", "quadratic", "sgd")
    images, labels = data(8)
    engine = make_engine("numpy", problem, start)
    (loss,) = engine.advance(images, labels, 8, [0.5], noise)
    network = Network(problem.spec, start.weights, start.state)
    X = images.reshape(8, 16) / np.float32(255)
    step = network.step(X, labels, "quadratic", problem.l2)
    assert loss == step.loss
    for name, W in engine.position().weights.items():
        expected = start.weights[name] - np.float32(0.5) * step.gradients[name]
        np.testing.assert_array_equal(W, expected)


def test_an_unknown_engine_is_named() -> None:
    problem, start = problem_and_start()
    with pytest.raises(SettingError, match="unknown engine 'numpi': did you mean 'numpy'"):
        make_engine("numpi", problem, start)


def assert_equal(a: Position, b: Position) -> None:
    assert a.updates == b.updates
    for part in ("weights", "state", "slots"):
        assert set(getattr(a, part)) == set(getattr(b, part))
        for name, array in getattr(a, part).items():
            np.testing.assert_array_equal(array, getattr(b, part)[name])
