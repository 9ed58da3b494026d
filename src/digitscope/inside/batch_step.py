"""One batch step, with everything on its way kept: forward, loss, backward, update."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from digitscope.arrays import Floats, Weights
from digitscope.errors import SettingError, nearest
from digitscope.maths.activations import ACTIVATIONS
from digitscope.maths.losses import LOSSES, ClassIds, Delta, l2_gradient, l2_penalty
from digitscope.network.layers import Forward
from digitscope.network.network import Network, Pass
from digitscope.network.optimizers import OPTIMIZERS, initial_slots, updated

__all__ = ["BatchStep", "fitting_losses", "take_step"]


@dataclass(frozen=True, eq=False)
class BatchStep:
    """What `Network.step` and an optimizer's update compute, none of it thrown away.

    `network` is in float64, X is [n, *input_shape], y [n] holds class ids. `dY` has, for every
    layer, the gradient of the loss by its output; `dX` is that by the images. `gradients` are those
    of the loss and of the L2 penalty. The update is the first of an optimizer that begins.
    """

    network: Network
    X: Floats
    y: ClassIds
    loss: str
    optimizer: str
    eta: float
    l2: float
    passed: Pass
    J: float
    delta: Delta
    dY: tuple[Floats, ...]
    dX: Floats
    gradients: Weights

    @cached_property
    def weights(self) -> Weights:
        """The weights after the update."""
        return self.weights_at(self.eta)

    @property
    def A(self) -> Floats:
        """The output's activations [n, n_out]."""
        return ACTIVATIONS[self.network.spec.output].g(self.passed.Z)

    @property
    def updated(self) -> Network:
        """The network after the update."""
        return Network(self.network.spec, self.weights, self.network.state)

    def weights_at(self, eta: float) -> Weights:
        """The weights after one update with this rate."""
        slots = initial_slots(self.optimizer, self.network.weights)
        before, dW = self.network.weights, self.gradients
        return updated(self.optimizer, before, dW, slots, eta, t=1)[0]

    def J_with(self, weights: Weights) -> float:
        """J on the same batch with other weights."""
        moved = Network(self.network.spec, weights, self.network.state)
        Z = moved.forward(self.X).Z
        return LOSSES[self.loss].loss(Z, self.y, self.network.spec.output)[0]

    def loss_with(self, weights: Weights) -> float:
        """The same and the L2 penalty of these weights: what the gradients are those of."""
        return self.J_with(weights) + l2_penalty(weights, self.l2)


def take_step(
    network: Network,
    X: Floats,
    y: ClassIds,
    loss: str,
    optimizer: str = "sgd",
    eta: float = 0.1,
    l2: float = 0.0,
) -> BatchStep:
    """One step on X [n, *input_shape] and the class ids y [n], in float64, so that a finite
    difference can judge it.

    The network works as when it answers: batch norm takes its running mean and variance, dropout
    lets everything through. So every image stands for itself, and a batch is their mean.
    SettingError where loss, optimizer or rate do not fit.

    >>> network = Network.initialize("4-3-2", seed=1)
    >>> step = take_step(network, np.ones((1, 4)), np.array([1]), "categorical_cross_entropy")
    >>> step.loss_with(step.weights) < step.J
    True
    """
    if loss not in fitting_losses(network):
        raise SettingError(
            f"loss {loss!r} does not fit an output of {network.spec.n_out} "
            f"{network.spec.output}: {nearest(loss, fitting_losses(network))}"
        )
    if optimizer not in OPTIMIZERS:
        raise SettingError(f"unknown optimizer {optimizer!r}: {nearest(optimizer, OPTIMIZERS)}")
    if not 0 < eta <= 1000:
        raise SettingError(f"the learning rate must be above 0, at most 1000, got {eta:g}")
    spec = network.spec
    network = Network(spec, _exact(network.weights), _exact(network.state))
    X = X.astype(np.float64)
    passed = network.forward(X)
    J, delta = LOSSES[loss].loss(passed.Z, y, spec.output)
    met: list[Floats] = []
    watched = [_watched(step, met) for step in passed.steps]
    dX, gradients = network.backward(watched, delta(), need_dX=True)
    if l2:
        for name, dW in l2_gradient(network.weights, l2).items():
            gradients[name] = gradients[name] + dW
    return BatchStep(
        network, X, y, loss, optimizer, eta, l2, passed, J, delta, tuple(reversed(met)), dX,
        gradients,
    )  # fmt: skip


def fitting_losses(network: Network) -> list[str]:
    """The losses that a network's output can be trained with.

    >>> fitting_losses(Network.initialize("4-3-2"))
    ['categorical_cross_entropy', 'quadratic']
    """
    spec = network.spec
    one = spec.n_out == 1
    return [
        name
        for name, loss in LOSSES.items()
        if spec.output in loss.outputs
        and (one or name != "binary_cross_entropy")
        and not (one and spec.output == "softmax")  # one softmax output is always 1
    ]


def _exact(arrays: Weights) -> Weights:
    return {name: array.astype(np.float64) for name, array in arrays.items()}


def _watched(step: Forward, met: list[Floats]) -> Forward:
    """A layer's pass whose way back remembers with what dY it was called."""

    def backward(dY: Floats, /, need_dX: bool = True) -> tuple[Floats | None, Weights]:
        met.append(dY)
        return step.backward(dY, need_dX)

    return step._replace(backward=backward)
