"""The network: layers one after another, forward and back.

forward            X -> layer 1 -> ... -> layer L -> Z -> g -> A
loss               J(Z, y), and dZ = dJ/dZ
back-propagation   dZ -> layer L -> ... -> layer 1, each leaving the gradients of its weights
update             W := W - eta * dW, in `digitscope.network.optimizers`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Weights, to_input
from digitscope.errors import SpecError
from digitscope.maths.activations import ACTIVATIONS
from digitscope.maths.losses import LOSSES, ClassIds, l2_gradient
from digitscope.network.layers import Forward
from digitscope.network.notation import format_spec, parse_spec
from digitscope.network.spec import Spec
from digitscope.network.summary import summarize


class Pass(NamedTuple):
    """One forward pass: the logits, the layers' state afterwards, and every layer's own pass."""

    Z: Floats
    state: Weights
    steps: list[Forward]


class Step(NamedTuple):
    """What one batch says: its loss, the gradient of every weight, the layers' state afterwards."""

    loss: float
    gradients: Weights
    state: Weights


@dataclass(frozen=True, repr=False)
class Network:
    """A spec with its weights and its layers' state, by canonical names.

    >>> network = Network.initialize("784-128-10", seed=0)
    >>> network.predict(np.zeros((2, 28, 28), np.uint8)).shape
    (2, 10)
    """

    spec: Spec
    weights: Weights
    state: Weights

    def __post_init__(self) -> None:
        for what, arrays, shapes in (
            ("weights", self.weights, self.spec.weight_shapes()),
            ("state", self.state, self.spec.state_shapes()),
        ):
            given = {name: array.shape for name, array in arrays.items()}
            if given != shapes:
                raise SpecError(
                    f"the {what} do not fit the architecture {format_spec(self.spec)}: "
                    f"expected {shapes}, got {given}"
                )

    def __repr__(self) -> str:
        return f"Network({format_spec(self.spec)!r}, {self.spec.parameters:,} parameters)"

    @classmethod
    def initialize(
        cls, spec: Spec | str, seed: int | np.random.Generator = 0, dtype: Any = np.float32
    ) -> Network:
        """An untrained network; `spec` may be a line such as "784-128-10"."""
        spec = parse_spec(spec) if isinstance(spec, str) else spec
        rng = np.random.default_rng(seed)
        return cls(spec, spec.initial_weights(rng, dtype), spec.initial_state(dtype))

    def forward(self, X: Floats, rng: np.random.Generator | None = None) -> Pass:
        """Z from X [n, *input_shape]. A generator means training: see `Layer.forward`."""
        steps: list[Forward] = []
        state: Weights = {}
        spec = self.spec
        for layer, W, S in zip(spec.layers, spec.weight_names, spec.state_names, strict=True):
            own_weights = {symbol: self.weights[name] for symbol, name in W.items()}
            own_state = {symbol: self.state[name] for symbol, name in S.items()}
            step = layer.forward(own_weights, own_state, X, rng)
            steps.append(step)
            state |= {S[symbol]: value for symbol, value in step.state.items()}
            X = step.Y
        return Pass(X, state, steps)

    def backward(
        self, steps: list[Forward], dZ: Floats, need_dX: bool = False
    ) -> tuple[Any, Weights]:
        """Back-propagation: from dZ to every weight's gradient, and to dX if it is wanted."""
        gradients: Weights = {}
        dY: Floats | None = dZ
        for i in reversed(range(len(steps))):
            dY, of_layer = steps[i].backward(dY, need_dX=i > 0 or need_dX)  # type: ignore[arg-type]
            names = self.spec.weight_names[i]
            gradients |= {names[symbol]: dW for symbol, dW in of_layer.items()}
        return dY, gradients

    def step(
        self,
        X: Floats,
        y: ClassIds,
        loss: str,
        l2: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> Step:
        """Forward, loss and back-propagation on one batch. The loss is without the penalty."""
        Z, state, steps = self.forward(X, rng)
        J, delta = LOSSES[loss].loss(Z, y, self.spec.output)
        _, gradients = self.backward(steps, delta())
        if l2:
            for name, dW in l2_gradient(self.weights, l2).items():
                gradients[name] += dW
        return Step(J, gradients, state)

    def logits(self, images: NDArray[Any], batch_size: int = 1000) -> Floats:
        """Z [n, n_out] for images [n, 28, 28] (uint8, or floats in 0..1), in batches to bound
        memory.
        """
        batches = [
            self.forward(to_input(images[i : i + batch_size], self.spec.input_shape)).Z
            for i in range(0, len(images), batch_size)
        ]
        return np.concatenate(batches) if batches else np.empty((0, self.spec.n_out), np.float32)

    def predict(self, images: NDArray[Any], batch_size: int = 1000) -> Floats:
        """A [n, n_out]: the output's activations, for softmax the probability of every class."""
        return ACTIVATIONS[self.spec.output].g(self.logits(images, batch_size))

    def summary(self) -> str:
        """A table of layers, shapes and parameters."""
        return summarize(self.spec)
