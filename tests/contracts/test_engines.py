"""What every engine promises, driven by the table of engines."""

from __future__ import annotations

import numpy as np
import pytest

from digitscope.engines import make_engine
from digitscope.errors import SettingError
from digitscope.network.network import Network
from tests.contracts import engine_promises as promises
from tests.contracts.engine_checks import Checker, every_engine


@every_engine(promises)
def test_every_engine_keeps_its_promise(checker: Checker, name: str, check: str) -> None:
    checker.check(promises, name, check)


def test_one_step_of_the_numpy_engine_is_the_networks_step() -> None:
    problem, start = promises.problem_and_start("16-6-4", "quadratic", "sgd")
    images, labels = promises.data(8)
    engine = make_engine("numpy", problem, start)
    (loss,) = engine.advance(images, labels, 8, [0.5], promises.noise)
    network = Network(problem.spec, start.weights, start.state)
    X = images.reshape(8, 16) / np.float32(255)
    step = network.step(X, labels, "quadratic", problem.l2)
    assert loss == step.loss
    for name, W in engine.position().weights.items():
        expected = start.weights[name] - np.float32(0.5) * step.gradients[name]
        np.testing.assert_array_equal(W, expected)


def test_an_unknown_engine_is_named() -> None:
    problem, start = promises.problem_and_start("16-6-4")
    with pytest.raises(SettingError, match="unknown engine 'numpi': did you mean 'numpy'"):
        make_engine("numpi", problem, start)
