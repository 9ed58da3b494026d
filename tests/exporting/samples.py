"""Models for exports: every layer, every activation, every kind of output."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digitscope.models.model import Model
from digitscope.network.layers import Activation, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from digitscope.network.spec import Spec

CNN = "28x28-3c3s-bn-p2-d0.25-4c5-p3-d0.5-12-bn-10"
# Features behind a flatten meet batch norm; the last layers are none that the temperature scales.
ODD = Spec(
    (28, 28, 1),
    (
        MaxPool2D(5),
        Conv2D(4, 2),
        Activation("softmax"),
        Flatten(),
        BatchNorm(epsilon=0.01),
        Activation("linear"),
        Dense(10),
        Activation("tanh"),
    ),
    "linear",
)
ENDS_FLAT = Spec((28, 28, 1), (MaxPool2D(4), Conv2D(2, 6), Flatten()), "softmax")


def network(spec: Spec | str, seed: int = 0) -> Network:
    """A network none of whose numbers is trivial, batch norm's state included."""
    rng = np.random.default_rng(seed)
    made = Network.initialize(spec, rng)
    return Network(
        made.spec,
        {n: (W + 0.1 * rng.standard_normal(W.shape)).astype(np.float32) for n, W in made.weights.items()},
        {n: (S + 0.5 * rng.random(S.shape)).astype(np.float32) for n, S in made.state.items()},
    )  # fmt: skip


def models() -> dict[str, Model]:
    """The models by name; "lesson" is the one in docs/exporting.md."""
    sigmoids = parse_spec("784-25-1", "sigmoid", "sigmoid")
    made = {
        "lesson": Model(network("784-32-10"), temperature=1.7, measured={"test_accuracy": 0.5}),
        "cnn": Model(network(CNN), temperature=0.6),
        "binary": Model(network(sigmoids), classes=(3, 7), temperature=2.5),
        "sigmoids": Model(network(parse_spec("784-12-10", "tanh", "sigmoid")), temperature=1.5),
        "refuser": Model(network("784-16-11"), temperature=1.3),
        "odd": Model(network(ODD), temperature=0.5),
        "flat": Model(network(ENDS_FLAT), classes=tuple(range(8)), temperature=3.0),
    }
    return {name: replace(model, name=name) for name, model in made.items()}
