"""The same training step of a network of two layers, in NumPy and in every framework.

Each file has one function, `step`, divided by comments into the same parts in the same order. What
is shown is what runs: the parts are cut out of the source, only types are left out. A framework is
imported by the function that is written in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from digitscope.arrays import Floats, Weights

WEIGHTS = ("W1", "b1", "W2", "b2")
PARTS = (
    "to begin with",
    "forward, layer 1",
    "activation",
    "forward, layer 2",
    "loss",
    "gradients",
    "update",
)


class Written(NamedTuple):
    """A row of the table: how the way of writing is called, and its module."""

    title: str
    module: str


STEPS = {
    "numpy": Written("NumPy", "numpy_step"),
    "tensorflow": Written("TensorFlow", "tensorflow_step"),
    "jax": Written("JAX", "jax_step"),
    "torch": Written("PyTorch", "torch_step"),
    "keras": Written("Keras", "keras_step"),
}


@dataclass(frozen=True)
class Stepped:
    """What a step gave: the loss before the update, gradients and new weights by their names."""

    loss: float
    gradients: Weights
    weights: Weights


def run_step(name: str, X: Floats, Y: Floats, weights: Weights, eta: float) -> Stepped:
    """One step, as `name` writes it, on X [m, n_in], one-hot Y [m, n_out] and W1, b1, W2, b2.

    ImportError where the framework is missing.

    >>> from digitscope.network.network import Network
    >>> weights = Network.initialize("784-128-10").weights
    >>> stepped = run_step("numpy", np.zeros((1, 784)), np.eye(10)[:1], weights, 0.1)
    >>> round(stepped.loss, 4)  # log 10: of nothing, the network thinks nothing
    2.3026
    """
    module = import_module(f"{__name__}.{STEPS[name].module}")
    step: Callable[..., tuple[Any, Any, Any]] = module.step
    given = {w: weights[w].copy() for w in WEIGHTS}
    loss, gradients, updated = step(X, Y, *given.values(), eta)
    return Stepped(float(loss), _named(gradients), _named(updated))


def _named(arrays: Any) -> Weights:
    """The four arrays of a framework as NumPy's, by their names."""
    return {
        name: np.array(array.detach() if hasattr(array, "detach") else array)
        for name, array in zip(WEIGHTS, arrays, strict=True)
    }


def step_parts(name: str) -> dict[str, str]:
    """The source of a step, part by part, in the order of `PARTS`.

    >>> print(step_parts("numpy")["activation"])
    A1 = np.maximum(Z1, 0)
    """
    text = (files(__name__) / f"{STEPS[name].module}.py").read_text("utf-8")
    body = text.partition("def step(")[2].splitlines()[1:]
    parts: dict[str, list[str]] = {}
    for line in body:
        heading = line.strip().removeprefix("# ")
        if heading in PARTS:
            parts[heading] = []
        elif parts:
            shown = line.removeprefix("    ").replace(": Any", "").replace(" -> Any", "")
            parts[next(reversed(parts))].append(shown)
    return {part: "\n".join(lines).rstrip() for part, lines in parts.items()}
