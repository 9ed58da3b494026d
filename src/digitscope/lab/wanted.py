"""The batch step that a page asks for: its images, their truths, and how the network is moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from digitscope.arrays import Images, Labels, to_input
from digitscope.data.mnist import load_mnist
from digitscope.errors import SettingError
from digitscope.inside.batch_step import BatchStep, fitting_losses, take_step
from digitscope.lab.request import whole
from digitscope.models.model import NONE, Model
from digitscope.models.prediction import Input

MOST_IMAGES = 32  # in a batch
Asked = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Wanted:
    """A batch step that a page wants: the step, the names and true classes of its images, and the
    number of the image that is shown.
    """

    step: BatchStep
    names: tuple[str, ...]
    truths: tuple[int, ...]
    shown: int


def wanted(model: Model, given: Input, asked: Asked) -> Wanted:
    """The step that a request means; what it leaves out is as in the model's own training, and the
    truth as MNIST's label has it, or the model's answer. SettingError for what does not fit.
    """
    recipe, network = model.recipe, model.network
    images, labels, names = _batch(model, given, asked)
    fitting = fitting_losses(network)
    if not fitting:
        raise SettingError(
            f"no loss fits an output of {network.spec.n_out} {network.spec.output}: "
            "choose another model"
        )
    trained = str(recipe.get("loss", ""))
    loss = asked.get("loss") or (trained if trained in fitting else fitting[0])
    optimizer = asked.get("optimizer") or recipe.get("optimizer", "sgd")
    y = np.array([_class_of(model, digit) for digit in labels])
    step = take_step(
        network, to_input(images, network.spec.input_shape), y, str(loss), str(optimizer),
        _rate(asked.get("eta") or recipe.get("learning_rate", 0.1)), float(recipe.get("l2", 0.0)),
    )  # fmt: skip
    shown = whole(asked, "of")
    return Wanted(step, names, tuple(labels), shown if shown < len(names) else 0)


def _batch(model: Model, given: Input, asked: Asked) -> tuple[Images, list[int], tuple[str, ...]]:
    """The image that was read last, and those that follow it in its part of MNIST (behind a
    drawing: the first of the training images), with their true digits. Images of digits that the
    model does not know are passed over.
    """
    n = whole(asked, "batch") or 1
    if n > MOST_IMAGES:
        raise SettingError(f"a batch may have 1 to {MOST_IMAGES} images here, got {n}")
    truth = _truth(model, given, asked.get("truth"))
    part, number = "train", "-1"
    if given.label is not None:  # else a file, whatever it is called
        part, _, number = given.name.partition(":")
    if n == 1:
        return given.image[None], [truth], (given.name,)
    images, labels = load_mnist(part)
    chosen = _following(model, labels, int(number), n - 1)
    return (
        np.concatenate([given.image[None], images[chosen]]),
        [truth, *(int(labels[i]) for i in chosen)],
        (given.name, *(f"{part}:{i}" for i in chosen)),
    )


def _following(model: Model, labels: Labels, number: int, n: int) -> list[int]:
    """The next n images of digits that a model knows, around the end to the beginning."""
    known = np.flatnonzero(np.isin(labels, model.classes))
    start = int(np.searchsorted(known, number, side="right"))
    return [int(known[(start + k) % len(known)]) for k in range(n)]


def _truth(model: Model, given: Input, asked: Any) -> int:
    """The true digit: as asked, else the label, else the model's answer; 10 is "not a digit"."""
    if asked not in (None, ""):
        if asked not in truths(model):
            raise SettingError(f"the truth must be one of {truths(model)}, got {asked!r}")
        return int(asked)
    if given.label is not None and int(given.label) in model.classes:
        return int(given.label)
    return int(model.judge(given.image[None])[0].argmax())


def truths(model: Model) -> list[int]:
    """The digits that can be true; 10 is "not a digit"."""
    return [*model.classes, *([NONE] if model.refuses else [])]


def _class_of(model: Model, digit: int) -> int:
    return len(model.classes) if digit == NONE else model.classes.index(digit)


def _rate(value: Any) -> float:
    """A learning rate; SettingError if it is none."""
    try:
        rate = float(value)
    except (TypeError, ValueError):
        rate = math.nan
    if math.isnan(rate):
        raise SettingError(f"the learning rate must be a number such as 0.1, got {value!r}")
    return rate
