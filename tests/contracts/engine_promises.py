"""What every engine promises, as functions of its name."""

from __future__ import annotations

import inspect
import re
from functools import partial
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
from digitscope.network.spec import KINDS
from digitscope.threads import threads_in_use

# Every kind of layer, and what is left where an engine does not take them all.
LARGEST = ("4x4-3c3s-bn-p2-d0.2-8-4", "4x4-d0.2-8-4", "16-6-d0.2-8-4")

# The kinds of layers for which an engine may refuse a network; for nothing else, and no other may.
MAY_REFUSE = {"fast": {"conv2d", "max_pool2d", "batch_norm"}}


def engine_class(name: str) -> Any:
    module, _, attribute = ENGINES[name].partition(":")
    return getattr(import_module(module), attribute)


def takes(name: str, problem: Problem, start: Position) -> bool:
    """Whether an engine trains a problem. Where it does not, it has to refuse it and say why, and
    it has to be one that it may refuse.
    """
    covers = getattr(engine_class(name), "covers", None)
    reason = covers(problem) if covers else ""
    if reason:
        kinds = {KINDS[type(layer)] for layer in problem.spec.layers}
        assert kinds & MAY_REFUSE.get(name, set()), f"{name} refuses too much: it {reason}"
        with pytest.raises(SettingError, match=re.escape(reason)):
            make_engine(name, problem, start)
    return not reason


def largest(name: str, optimizer: str = "adam") -> tuple[Problem, Position]:
    """The largest problem that an engine takes."""
    for text in LARGEST:
        problem, start = problem_and_start(text, optimizer=optimizer)
        if takes(name, problem, start):
            return problem, start
    raise AssertionError(f"{name} does not even take {LARGEST[-1]}")


def noise(i: int) -> np.random.Generator:
    return np.random.default_rng(100 + i)


def problem_and_start(
    text: str, loss: str = "categorical_cross_entropy", optimizer: str = "adam"
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


def it_learns(name: str, loss: str, optimizer: str) -> None:
    problem, start = problem_and_start("16-8-4", loss, optimizer)
    engine = make_engine(name, problem, start)
    images, labels = data()
    losses = [np.mean(engine.advance(images, labels, 10, [0.2] * 5, noise)) for _ in range(30)]
    assert losses[-1] < 0.7 * losses[0]


def how_batches_are_grouped_makes_no_difference(name: str) -> None:
    problem, start = largest(name)
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


def a_position_is_a_place_to_go_on_from(name: str) -> None:
    problem, start = largest(name)
    images, labels = data()
    engine = make_engine(name, problem, start)
    engine.advance(images, labels, 10, [0.01] * 5, noise)
    middle = engine.position()
    kept = copied(middle)
    engine.advance(images, labels, 10, [0.01] * 5, noise)
    assert_equal(middle, kept)
    again = make_engine(name, problem, middle)
    again.advance(images, labels, 10, [0.01] * 5, noise)
    assert_equal(again.position(), engine.position())
    assert_equal(middle, kept)


def logits_are_of_the_weights_as_they_are_now(name: str) -> None:
    problem, start = largest(name)
    images, labels = data(1203)  # more than a prediction takes at once, and a rest
    engine = make_engine(name, problem, start)
    for _ in range(2):
        engine.advance(images, labels, 50, [0.05], noise)
        now = engine.position()
        expected = Network(problem.spec, now.weights, now.state).logits(images)
        Z = engine.logits(images)
        assert Z.dtype == np.float32
        np.testing.assert_allclose(Z, expected, rtol=1e-4, atol=1e-5)
    assert engine.logits(images[:0]).shape == (0, 4)
    one = engine.logits(images[:1])
    np.testing.assert_allclose(one, Z[:1], rtol=1e-4, atol=1e-5)


def every_array_comes_back_as_it_went_in(name: str) -> None:
    for optimizer in OPTIMIZERS:
        problem, start = largest(name, optimizer)
        rng = np.random.default_rng(0)
        shaken = Position(
            *(
                {key: rng.random(array.shape).astype(np.float32) for key, array in part.items()}
                for part in (start.weights, start.state, start.slots)
            ),
            updates=7,
        )
        assert_equal(make_engine(name, problem, shaken).position(), shaken)


def signatures_do_not_drift(name: str) -> None:
    for method in ("__init__", "advance", "logits", "position"):
        protocol = inspect.signature(getattr(Engine, method))
        own = inspect.signature(getattr(engine_class(name), method))
        assert list(own.parameters) == list(protocol.parameters), method


def copied(position: Position) -> Position:
    parts = (position.weights, position.state, position.slots)
    return Position(*({k: A.copy() for k, A in part.items()} for part in parts), position.updates)


def assert_equal(a: Position, b: Position) -> None:
    assert a.updates == b.updates
    for part in ("weights", "state", "slots"):
        assert set(getattr(a, part)) == set(getattr(b, part))
        for name, array in getattr(a, part).items():
            np.testing.assert_array_equal(array, getattr(b, part)[name], err_msg=name)


CHECKS = {
    "signatures": signatures_do_not_drift,
    **{
        f"learns, {loss}, {optimizer}": partial(it_learns, loss=loss, optimizer=optimizer)
        for loss in LOSSES
        for optimizer in OPTIMIZERS
        if optimizer == "sgd" or loss == "categorical_cross_entropy"
    },
    "grouping": how_batches_are_grouped_makes_no_difference,
    "going on": a_position_is_a_place_to_go_on_from,
    "logits": logits_are_of_the_weights_as_they_are_now,
    "arrays": every_array_comes_back_as_it_went_in,
}


def it_is_the_only_backend(name: str) -> None:
    problem, start = problem_and_start(LARGEST[-1])
    make_engine(name, problem, start)
    for other in sorted(ENGINES):
        if other.startswith("keras:") and other != name:
            with pytest.raises(
                SettingError,
                match=f"engine {other}: Keras has one backend a process, and this process has "
                f"{name[6:]}: use {name} here, or start another process",
            ):
                make_engine(other, problem, start)


def it_keeps_to_its_threads(name: str) -> None:
    """Another library that comes in with more threads does not raise the limit."""
    problem, start = problem_and_start(LARGEST[-1])
    make_engine(name, problem, start)
    assert threads_in_use() == 1
    if name == "keras:torch":
        import torch

        assert torch.get_num_threads() == 1
    if name == "keras:tensorflow":
        import tensorflow as tf

        assert tf.config.threading.get_intra_op_parallelism_threads() == 1


KERAS_CHECKS = {"one backend": it_is_the_only_backend, "threads": it_keeps_to_its_threads}
