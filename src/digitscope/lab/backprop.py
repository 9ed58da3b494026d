"""One batch step for a page: its stages with their numbers, and the chain rule of any weight."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from digitscope.arrays import Floats, Images, Labels, to_input
from digitscope.data.mnist import load_mnist
from digitscope.errors import SettingError
from digitscope.inside.backprop import Part, Stage, stages
from digitscope.inside.batch_step import BatchStep, fitting_losses, take_step
from digitscope.inside.chain_rule import chain_rule
from digitscope.inside.features import field_of
from digitscope.inside.naming import output_symbols, subscript
from digitscope.lab.message import Message
from digitscope.lab.request import whole
from digitscope.models.model import NONE, Model
from digitscope.models.prediction import Input
from digitscope.network.optimizers import OPTIMIZERS

MOST_IMAGES = 32  # in a batch
RATES = [10 ** (k / 6) for k in range(-24, 7)]  # 0.0001 to 10: what other rates would have done
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


def backprop(model: Model, given: Input, asked: Asked) -> Message:
    """A batch step, paused at one stage. The bytes, as float32: for the image that is shown what it
    sets off in every column, then the gradients there from the images to the logits, then the parts
    of the stage.
    """
    want = wanted(model, given, asked)
    step, told = want.step, stages(want.step)
    at = next((k for k, stage in enumerate(told) if stage.id == asked.get("stage")), 0)
    overview = [step.X, *(p.Y for p in step.passed.steps), step.A, step.dX, *step.dY]
    arrays = [array[want.shown] for array in overview]
    arrays += [_shown(part, want.shown) for part in told[at].parts]
    fields = {
        "said": "backprop",
        "id": asked.get("id"),
        "model": model.name,
        "images": [
            {"name": name, "truth": truth}
            for name, truth in zip(want.names, want.truths, strict=True)
        ],
        "of": want.shown,
        "label": given.label,
        "truths": _truths(model),
        "outputs": _outputs(model),
        "loss": step.loss,
        "losses": fitting_losses(model.network),
        "optimizer": step.optimizer,
        "optimizers": list(OPTIMIZERS),
        "eta": step.eta,
        "J": step.J,
        "columns": _columns(model, step, told),
        "weights": [[name, list(W.shape)] for name, W in step.network.weights.items()],
        "stages": [_heading(stage) for stage in told],
        "stage": at,
        "parts": [_part(model, part) for part in told[at].parts],
        "source": asdict(told[at].source),
        "rates": _rates(step) if told[at].id == "after" else [],
    }
    return Message(fields, b"".join(np.ascontiguousarray(a, "<f4").tobytes() for a in arrays))


def weight(model: Model, given: Input, asked: Asked) -> Message:
    """The chain rule of one weight of the same step; without an index of that whose gradient is
    largest.
    """
    want = wanted(model, given, asked)
    name = str(asked.get("weight"))
    index = _numbers(asked.get("index"), "index") or _strongest(want.step, name)
    told = chain_rule(
        want.step, str(asked.get("weight")), index, _numbers(asked.get("path"), "path")
    )
    return Message({"said": "chain_rule", "id": asked.get("id"), **asdict(told)})


# --- what is asked ---


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
        if asked not in _truths(model):
            raise SettingError(f"the truth must be one of {_truths(model)}, got {asked!r}")
        return int(asked)
    if given.label is not None and int(given.label) in model.classes:
        return int(given.label)
    return int(model.judge(given.image[None])[0].argmax())


def _truths(model: Model) -> list[int]:
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


def _strongest(step: BatchStep, weight: str) -> list[int]:
    """Where a weight's gradient is largest."""
    if weight not in step.gradients:
        return []
    dW = step.gradients[weight]
    return [int(i) for i in np.unravel_index(np.abs(dW).argmax(), dW.shape)]


def _numbers(value: Any, name: str) -> list[int]:
    value = [] if value is None else value
    if not isinstance(value, list) or not all(type(x) is int and abs(x) < 2**31 for x in value):
        raise SettingError(f"{name} must be a list of whole numbers, got {value!r}")
    return value


# --- what is told ---


def _outputs(model: Model) -> list[str]:
    """What each output stands for."""
    if model.network.spec.n_out == 1:
        return [f"is it {model.classes[1]}?"]
    return [*map(str, model.classes), *(["none"] if model.refuses else [])]


def _columns(model: Model, step: BatchStep, stages: list[Stage]) -> list[dict[str, Any]]:
    """What stands side by side: the images, what leaves every layer, the output, the loss."""
    symbols = ["X", *output_symbols(model.network)]
    values = [step.X, *(p.Y for p in step.passed.steps)]
    told = [
        {"symbol": subscript(symbol), "shape": list(array.shape[1:])}
        for symbol, array in zip(symbols, values, strict=True)
    ]
    output = next(s for s in stages if s.column == len(values) and s.phase == "forward").id
    told.append({"symbol": subscript(output), "shape": list(step.A.shape[1:])})
    return [*told, {"symbol": "J", "shape": []}]


def _heading(stage: Stage) -> dict[str, Any]:
    names = ("id", "phase", "column", "title", "formula", "words")
    return {name: getattr(stage, name) for name in names}


def _shown(part: Part, of: int) -> Floats:
    """The numbers of a part that are told: of a batch those of one image."""
    return part.array[of] if part.kind in ("value", "output") else part.array


def _part(model: Model, part: Part) -> dict[str, Any]:
    """A part without its numbers. `field` is how the inputs of one unit of a weight make a
    picture: (height, width, channels).
    """
    told: dict[str, Any] = {
        "before": part.before,
        "symbol": part.symbol,
        "kind": part.kind,
        "shape": list(part.array.shape),
        "weight": part.weight,
    }
    return told | {"field": _field(model, part) if part.kind == "weight" else []}


def _field(model: Model, part: Part) -> list[int]:
    shape = part.array.shape
    if len(shape) == 4:
        return list(shape[:3])
    if len(shape) == 1:
        return [1, 1, 1]
    spec = model.network.spec
    layer = next(i for i, own in enumerate(spec.weight_names) if part.weight in own.values())
    return list(field_of(model.network, layer))


def _rates(step: BatchStep) -> list[list[float]]:
    """The loss after an update with other rates, as J and the new J are told: [rate, loss]."""
    with np.errstate(over="ignore", invalid="ignore"):
        return [[eta, step.J_with(step.weights_at(eta))] for eta in RATES]
