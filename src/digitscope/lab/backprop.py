"""One batch step for a page: its stages with their numbers, and the chain rule of any weight."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from digitscope.arrays import Floats
from digitscope.errors import SettingError
from digitscope.inside.backprop import stages
from digitscope.inside.batch_step import BatchStep, fitting_losses
from digitscope.inside.chain_rule import chain_rule
from digitscope.inside.features import field_of
from digitscope.inside.naming import output_symbols, subscript
from digitscope.inside.stage import Part, Stage
from digitscope.lab.message import Message
from digitscope.lab.wanted import Asked, truths, wanted
from digitscope.models.model import Model
from digitscope.models.prediction import Input
from digitscope.network.optimizers import OPTIMIZERS

RATES = [10 ** (k / 6) for k in range(-24, 7)]  # 0.0001 to 10: what other rates would have done


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
        "truths": truths(model),
        "outputs": _outputs(model),
        "loss": step.loss,
        "losses": fitting_losses(model.network),
        "optimizer": step.optimizer,
        "optimizers": list(OPTIMIZERS),
        "eta": step.eta,
        "J": step.J,
        "columns": _columns(model, step, told),
        "weights": [[name, list(W.shape)] for name, W in step.network.weights.items()],
        "stages": [_heading(model, stage) for stage in told],
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


def _heading(model: Model, stage: Stage) -> dict[str, Any]:
    """A stage without its parts. Where the answer stands in Draw, it is another where a model is
    calibrated: that is done when its training has ended.
    """
    names = ("id", "phase", "column", "title", "formula", "words")
    told = {name: getattr(stage, name) for name in names}
    if model.calibrated and stage.title.startswith("Output: "):
        told["words"] += " Not calibrated: that comes after training, and Draw and Why show it."
    return told


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
