"""Optimizers: from the gradient of a weight to its update.

Each is two pure functions. `init` makes the slots that a weight needs (none for plain gradient
descent); `update` takes the gradient dW, the slots, the learning rate eta and the number t of the
update, counted from 1, and returns what is to be added to W, and the new slots.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from digitscope.arrays import Floats, Weights

Slots = dict[str, Floats]
Update = tuple[Floats, Slots]


def no_slots(W: Floats) -> Slots:
    """Nothing to remember."""
    return {}


def velocity_slot(W: Floats) -> Slots:
    """The velocity v, at rest."""
    return {"v": np.zeros_like(W)}


def moment_slots(W: Floats) -> Slots:
    """Adam's running means of the gradient (m) and of its square (v)."""
    return {"m": np.zeros_like(W), "v": np.zeros_like(W)}


def sgd(dW: Floats, slots: Slots, eta: float, t: int) -> Update:
    """Plain gradient descent: W := W - eta dW."""
    return dW * dW.dtype.type(-eta), slots


def momentum(dW: Floats, slots: Slots, eta: float, t: int, mu: float = 0.9) -> Update:
    """v := mu v - eta dW;  W := W + v. The step keeps part of its last direction.

    Source: Polyak (1964). As in Keras; PyTorch keeps eta outside of v, which differs when eta
    changes.
    """
    v = dW.dtype.type(mu) * slots["v"] - dW.dtype.type(eta) * dW
    return v, {"v": v}


def nesterov(dW: Floats, slots: Slots, eta: float, t: int, mu: float = 0.9) -> Update:
    """v := mu v - eta dW;  W := W + mu v - eta dW: momentum that looks one step ahead.

    Source: Nesterov (1983), in the form of Sutskever et al. (2013); as in Keras.
    """
    step = dW.dtype.type(eta) * dW
    v = dW.dtype.type(mu) * slots["v"] - step
    return dW.dtype.type(mu) * v - step, {"v": v}


def adam(
    dW: Floats,
    slots: Slots,
    eta: float,
    t: int,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Update:
    """W := W - eta m^ / (sqrt(v^) + epsilon), every weight with a rate of its own.

        m := beta_1 m + (1 - beta_1) dW        m^ = m / (1 - beta_1^t)
        v := beta_2 v + (1 - beta_2) dW^2      v^ = v / (1 - beta_2^t)

    Source: Kingma and Ba (2014), arXiv:1412.6980, the efficient form at the end of section 2, with
    epsilon beside sqrt(v) before its correction, as in Keras, whose 1e-7 this is too; PyTorch
    corrects first, 1e-8.
    """
    number = dW.dtype.type
    m = number(beta_1) * slots["m"] + number(1 - beta_1) * dW
    v = number(beta_2) * slots["v"] + number(1 - beta_2) * (dW * dW)
    rate = number(adam_rate(eta, t, beta_1, beta_2))
    return -rate * m / (np.sqrt(v) + number(epsilon)), {"m": m, "v": v}


def adam_rate(eta: float, t: int, beta_1: float = 0.9, beta_2: float = 0.999) -> float:
    """Adam's learning rate with both corrections in it: eta sqrt(1 - beta_2^t) / (1 - beta_1^t).

    >>> round(adam_rate(0.001, 1), 6)
    0.000316
    """
    return float(eta * np.sqrt(1 - beta_2**t) / (1 - beta_1**t))


class Optimizer(NamedTuple):
    """A row of the table."""

    init: Callable[[Floats], Slots]
    update: Callable[[Floats, Slots, float, int], Update]


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(no_slots, sgd),
    "momentum": Optimizer(velocity_slot, momentum),
    "nesterov": Optimizer(velocity_slot, nesterov),
    "adam": Optimizer(moment_slots, adam),
}


def initial_slots(name: str, weights: Weights) -> Weights:
    """The slots of every weight, as "W1.v"."""
    init = OPTIMIZERS[name].init
    return {f"{w}.{slot}": S for w, W in weights.items() for slot, S in init(W).items()}


def updated(
    name: str, weights: Weights, gradients: Weights, slots: Weights, eta: float, t: int
) -> tuple[Weights, Weights]:
    """Every weight and every slot after one update; the arrays given are left as they were.

    >>> W = {"W1": np.array([1.0])}
    >>> updated("sgd", W, {"W1": np.array([0.5])}, {}, eta=0.1, t=1)[0]["W1"].tolist()
    [0.95]
    """
    update = OPTIMIZERS[name].update
    new_weights: Weights = {}
    new_slots: Weights = {}
    of_weight: dict[str, Slots] = {w: {} for w in weights}
    for key, S in slots.items():
        w, _, slot = key.partition(".")
        of_weight[w][slot] = S
    for w, W in weights.items():
        step, own = update(gradients[w], of_weight[w], eta, t)
        new_weights[w] = W + step
        new_slots |= {f"{w}.{slot}": S for slot, S in own.items()}
    return new_weights, new_slots
