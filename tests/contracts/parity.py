"""Every engine computes what the NumPy engine computes: from the same weights, on the same batches.

Compared are the logits, the loss, the gradients, and after 100 updates every loss on the way, all
weights, state and slots. The difference of two tensors is always measured in one way,

    max |a - b| / max |b|          with b from the NumPy engine

at most 1e-9 in float64 and 1e-4 in float32. Slots are compared in float32 after the first update
only: a running mean of the gradient shows at once when one image has a neuron at ReLU's kink, on
whose sides rounding may put it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from digitscope.arrays import Floats, Weights, to_input
from digitscope.data.mnist import load_mnist
from digitscope.engines import Position, Problem, make_engine
from digitscope.maths.losses import LOSSES
from digitscope.network.layers import Activation, BatchNorm, Dense, Dropout
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from digitscope.network.optimizers import OPTIMIZERS
from digitscope.network.schedules import SCHEDULES
from digitscope.network.spec import Spec
from digitscope.training.recipe import load_recipe, shipped_recipes
from tests.contracts.engine_checks import Check, apart
from tests.contracts.engine_promises import takes

BOUND = {"float64": 1e-9, "float32": 1e-4}
STEPS = 100
Noise = Callable[[int], Any]


@dataclass(frozen=True)
class Case:
    """What is trained, and how."""

    problem: Problem
    batch_size: int = 8
    learning_rate: float = 0.1
    schedule: str = "constant"
    part: float = 1.0  # of the schedule, in these updates
    seed: int = 3  # of the first weights
    steps: int = STEPS  # updates that are compared
    as_floats: bool = False  # images; bytes become float32 at the door, which float64 would notice

    @property
    def rates(self) -> list[float]:
        """A learning rate an update."""
        factor = SCHEDULES[self.schedule]
        return [self.learning_rate * factor(i / STEPS * self.part) for i in range(self.steps)]


def small(
    text: str = "784-12-10",
    loss: str = "categorical_cross_entropy",
    output: str = "softmax",
    optimizer: str = "sgd",
    l2: float = 0.0,
    **settings: Any,
) -> Case:
    """A small network with a smooth activation."""
    spec = parse_spec(text, "tanh", output)
    return Case(Problem(spec, loss, optimizer, l2), **settings)


# Seeds with which no neuron comes closer than 2e-5 to ReLU's kink in these updates: at a rate of 0.1
# the gradient of a single image that rounding has put on the other side would show.
OFF_THE_KINKS = {"lesson": 11, "deep": 24}
# No seed does that for thousands of neurons an image: fewer updates are compared there.
FEWER = {"neighbours": 4, "reader": 4}


def of_recipe(name: str) -> Case:
    """A recipe with its own settings, in batches of at most 10."""
    recipe = load_recipe(name)
    updates = recipe.epochs * math.ceil(60_000 / recipe.batch_size)
    return Case(
        recipe.problem(),
        min(10, recipe.batch_size),
        recipe.learning_rate,
        recipe.schedule,
        STEPS / updates,
        OFF_THE_KINKS.get(name, 3),
        FEWER.get(name, STEPS),
    )


# Batch normalization behind the activation; users have it ahead of it.
NORMALIZED = Spec((784,), (Dense(12), Activation("tanh"), BatchNorm(0.8, 1e-2), Dense(10)))
CASES: dict[str, Case] = {
    **{f"recipe {name}": of_recipe(name) for name in shipped_recipes()},
    **{
        f"{loss} of {output}": small(
            "784-12-1" if loss == "binary_cross_entropy" else "784-12-10",
            loss,
            output,
            learning_rate=0.02,
        )
        for loss, row in LOSSES.items()
        for output in row.outputs
    },
    **{
        optimizer: small(
            optimizer=optimizer,
            # Adam divides by the gradient's size: at high rates it makes steps of mere rounding.
            learning_rate=0.002 if optimizer == "adam" else 0.02,
            schedule="cosine",
        )
        for optimizer in OPTIMIZERS
    },
    "l2": small(l2=0.01),
    "l2, momentum": small(l2=0.01, optimizer="momentum", learning_rate=0.02),
    "dropout": small("784-d0.2-24-d0.5-12-10", as_floats=True),
    "same convolution": small("28x28-2c3s-p4-d0.3-10"),
    "batch norm": small("28x28-3c5-bn-p4-12-10", optimizer="momentum", learning_rate=0.01),
    "batch norm, behind": Case(
        Problem(NORMALIZED, "categorical_cross_entropy", "nesterov"), learning_rate=0.01
    ),
}


def agrees(name: str, case: Case, dtype: str) -> None:
    """One case, one engine, one type of numbers."""
    problem = case.problem
    network = Network.initialize(problem.spec, case.seed, dtype)
    start = Position.start(network, problem.optimizer)
    if not takes(name, problem, start):
        return
    images, labels = data(case.batch_size * case.steps, problem.spec.n_out)
    if case.as_floats:
        images = (images / 255).astype(dtype)
    theirs, ours = make_engine(name, problem, start), make_engine("numpy", problem, start)
    own_noise, noise = noise_of(name, problem.spec, case.batch_size, dtype)
    idle = idle_biases(problem.spec)
    found = {"logits": relative(theirs.logits(images[:200]), ours.logits(images[:200]))}

    def advance(engine: Any, first: int, end: int, noise: Noise) -> Floats:
        part = slice(first * case.batch_size, end * case.batch_size)
        return np.array(
            engine.advance(
                images[part],
                labels[part],
                case.batch_size,
                case.rates[first:end],
                lambda i: noise(first + i),
            )
        )

    for what, first, end in (("first step", 0, 1), ("all steps", 1, case.steps)):
        losses = [advance(theirs, first, end, own_noise), advance(ours, first, end, noise)]
        found[f"{what}: losses"] = float(np.max(np.abs(losses[0] - losses[1]) / losses[1]))
        a, b = theirs.position(), ours.position()
        assert a.updates == b.updates == end
        parts = ["weights", "state"]
        if first == 0 or dtype == "float64":
            parts.append("slots")
        for part in parts:
            found |= errors(f"{what}: {part}", getattr(a, part), getattr(b, part), idle)
        if first == 0:
            gradients = (GRADIENTS[problem.optimizer](start, at, case.rates[0]) for at in (a, b))
            found |= errors("gradient", *gradients, idle)
        assert {W.dtype.name for W in a.weights.values()} == {dtype}
    assert_within(found, dtype)


def of_step(start: Position, after: Position, eta: float) -> Weights:
    """W1 = W0 - eta dW."""
    return {name: (W - after.weights[name]) / eta for name, W in start.weights.items()}


def of_velocity(start: Position, after: Position, eta: float) -> Weights:
    """From rest v = -eta dW."""
    return {name: -after.slots[f"{name}.v"] / eta for name in start.weights}


def of_mean(start: Position, after: Position, eta: float) -> Weights:
    """From nothing m = (1 - beta_1) dW."""
    return {name: after.slots[f"{name}.m"] / 0.1 for name in start.weights}


# How the first update of each optimizer shows the gradient.
GRADIENTS = {"sgd": of_step, "momentum": of_velocity, "nesterov": of_velocity, "adam": of_mean}


def saturated(name: str, loss: str, output: str, dtype: str) -> None:
    """Logits of +-1000, right and wrong ones, among some of moderate size."""
    n_out = 1 if loss == "binary_cross_entropy" else 3
    spec = parse_spec(f"3-{n_out}", "tanh", output)
    Z = np.array([[1000, -1000, 0], [-1000, 1000, 0.5], [1, 2, -1], [0, -1000, 1000]])
    weights = {"W1": np.eye(3, n_out).astype(dtype), "b1": np.zeros(n_out, dtype)}
    problem = Problem(spec, loss, "sgd")
    start = Position(weights, {}, {})
    labels = np.array([0, 0, 1, 1], np.uint8)
    engines = [make_engine(which, problem, start) for which in (name, "numpy")]
    losses, gradients = [], []
    for engine in engines:
        losses.append(np.array(engine.advance(Z.astype(dtype), labels, 4, [1.0], default_noise)))
        gradients.append(of_step(start, engine.position(), 1.0))
    assert np.isfinite(losses[0]).all()
    assert all(np.isfinite(dW).all() for dW in gradients[0].values())
    found = {"loss": relative(*losses), **errors("gradient", gradients[0], gradients[1])}
    assert_within(found, dtype)


def fit_is_our_loop(name: str, text: str, dtype: str) -> None:
    """The model in the hands of a user of Keras: compile, fit, predict; against our own updates."""
    network = Network.initialize(text, 3, dtype)
    problem = Problem(network.spec, "categorical_cross_entropy", "sgd")
    ours = make_engine("numpy", problem, Position.start(network, "sgd"))
    make_engine(name, problem, Position.start(network, "sgd"))  # Keras comes in with its backend
    import keras

    from digitscope.engines.frameworks import floats
    from digitscope.engines.keras_model import build_model, read, weight_variables

    images, labels = data(410, 10)
    X = to_input(images, network.spec.input_shape).astype(dtype)
    with floats(dtype):
        model = build_model(network.spec, network.weights, network.state, dtype=dtype)
        model.compile(
            keras.optimizers.SGD(learning_rate=0.125),  # a number that float32 has exactly
            loss=keras.losses.SparseCategoricalCrossentropy(),
            metrics=["accuracy"],
        )
        before = model.evaluate(X, labels, verbose=0)[1]
        history = model.fit(X, labels, batch_size=16, epochs=1, shuffle=False, verbose=0).history
        A = model.predict(X, verbose=0)
    losses = ours.advance(X, labels, 16, [0.125] * 26, default_noise)  # the last batch is smaller
    now = ours.position()
    trained = Network(network.spec, now.weights, now.state)
    sizes = [16] * 25 + [10]
    mean = float(np.average(losses, weights=sizes))
    found = {
        "probabilities": relative(A, trained.predict(X)),
        "loss": abs(history["loss"][0] - mean) / mean,
        **errors("weights", read(weight_variables(model, network.spec)), now.weights),
    }
    assert_within(found, dtype)
    assert before == np.float32((network.predict(X).argmax(axis=1) == labels).mean())


def default_noise(i: int) -> np.random.Generator:
    return np.random.default_rng([70, i])


class Drawn:
    """In the place of a generator: the masks that another has drawn, layer after layer."""

    def __init__(self, kept: list[Any]) -> None:
        self._kept = iter(kept)

    def random(self, shape: tuple[int, ...], dtype: Any) -> Floats:
        """1 for what is kept, which no rate is above, and 0 for what is dropped."""
        kept = next(self._kept)
        assert kept.shape == shape
        return kept.astype(dtype)


def noise_of(name: str, spec: Spec, batch_size: int, dtype: str) -> tuple[Noise, Noise]:
    """The noise for an engine that stands, and the one with which NumPy drops the same numbers."""
    places = [
        (layer.rate, shape)
        for layer, shape in zip(spec.layers, spec.shapes(), strict=True)
        if isinstance(layer, Dropout)
    ]
    if not apart(name) or not places:
        return default_noise, default_noise
    import keras

    layers = [keras.layers.Dropout(rate, seed=0, dtype=dtype) for rate, _ in places]

    def drawn(i: int) -> Drawn:
        rng, kept = default_noise(i), []
        for layer, (_, shape) in zip(layers, places, strict=True):
            layer.seed_generator.state.assign(rng.integers(2**31, size=2))
            Y = layer(np.ones((batch_size, *shape), dtype), training=True)
            kept.append(keras.ops.convert_to_numpy(Y) > 0)
        assert not all(mask.all() for mask in kept)
        return Drawn(kept)

    return default_noise, drawn


@functools.cache
def mnist() -> tuple[Any, Any]:
    return load_mnist("test")


def data(n: int, n_out: int) -> tuple[Any, Any]:
    """Images of MNIST in their order, all digits or the first two, as often as it takes."""
    images, labels = mnist()
    chosen = np.flatnonzero(labels < max(2, n_out))
    chosen = np.resize(chosen, n)
    return images[chosen], labels[chosen]


def relative(a: Any, b: Any) -> float:
    """See above; 0 where both are zero."""
    difference = float(np.max(np.abs(np.asarray(a, np.float64) - b)))
    return difference / float(np.max(np.abs(b))) if difference else 0.0


def idle_biases(spec: Spec) -> set[str]:
    """Biases straight ahead of batch normalization, which takes them off again: their gradient is
    zero but for rounding, so that they are measured against 1.
    """
    return {
        own["b"]
        for own, after in zip(spec.weight_names, spec.layers[1:], strict=False)
        if "b" in own and isinstance(after, BatchNorm)
    }


def errors(what: str, a: Weights, b: Weights, idle: set[str] = frozenset()) -> dict[str, float]:  # type: ignore[assignment]
    """The error of every tensor."""
    assert set(a) == set(b)
    return {
        f"{what} {key}": float(np.max(np.abs(a[key] - b[key])))
        if key.partition(".")[0] in idle
        else relative(a[key], b[key])
        for key in b
    }


def assert_within(found: dict[str, float], dtype: str) -> None:
    bad = {key: f"{error:.1e}" for key, error in found.items() if not error <= BOUND[dtype]}
    worst = max(found, key=lambda key: found[key])
    assert not bad, f"beyond {BOUND[dtype]} in {dtype}: {bad}; worst: {worst}"


DTYPES = ("float32", "float64")  # JAX, once it takes float64, goes on taking it: so that is last
CHECKS: dict[str, Check] = {
    f"{what}, {dtype}": partial(check, dtype=dtype)
    for dtype in DTYPES
    for what, check in (
        *((what, partial(agrees, case=case)) for what, case in CASES.items()),
        *(
            (f"saturated {loss} of {output}", partial(saturated, loss=loss, output=output))
            for loss, row in LOSSES.items()
            for output in row.outputs
        ),
    )
}
KERAS_CHECKS: dict[str, Check] = {
    "fit, float64": partial(fit_is_our_loop, text="784-12-10", dtype="float64"),
    "fit a convolution": partial(fit_is_our_loop, text="28x28-3c3s-p2-12-10", dtype="float32"),
}
