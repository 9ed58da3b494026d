"""From a drawing to an answer, with all that it sets off in the network."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from digitscope.arrays import Floats, Images
from digitscope.errors import ImageError
from digitscope.inside.flows import kernel_flows, strongest_flows
from digitscope.inside.trace import TraceStep, trace
from digitscope.lab.message import MOST_PIXELS, Message
from digitscope.models.model import Model
from digitscope.models.prediction import Input, Prediction, prediction_of, take_input
from digitscope.network.layers import Conv2D, Dense, MaxPool2D
from digitscope.network.notation import format_spec
from digitscope.preparation import prepare
from digitscope.preparation.pipeline import several_marks

STRONGEST = 80  # connections into a layer that are told
STRONGEST_MAPS = 40  # between two layers of maps
PIXELS = "pixels:"  # before an image that is written out
MOST_SHOWN = 280  # pixels on the longer side of a preparation's picture


@dataclass(frozen=True)
class Drawing:
    """What a page wants read: grey bytes as drawn, an image file, or the name of an MNIST image."""

    id: Any
    width: int = 0
    height: int = 0
    file: str = ""
    image: str = ""
    payload: bytes = b""
    brief: bool = False  # the pen still moves: the answer without what it sets off in the network


def take_drawing(drawing: Drawing) -> Input:
    """The image for the network; ImageError says why there is none."""
    if drawing.image.startswith(PIXELS):
        return Input("pixels", _pixels(drawing.image.removeprefix(PIXELS)))
    if drawing.image:
        if not drawing.image.startswith(("test:", "train:")):
            raise ImageError(f"{drawing.image!r}: expected an image of MNIST such as test:100")
        return _of_mnist(drawing.image)
    if drawing.file:
        done = prepare(drawing.payload, drawing.file)
        return Input(done.name, done.image, None, done)
    done = prepare(grey_of(drawing), "the drawing")
    return Input(done.name, done.image, None, done)


def grey_of(drawing: Drawing) -> Images:
    """The grey bytes of a drawing, uint8 [h, w]; ImageError where they are others than it says."""
    w, h = drawing.width, drawing.height
    if not (0 < w * h <= MOST_PIXELS and len(drawing.payload) == w * h):
        raise ImageError(
            f"the drawing: expected {w} x {h} bytes, at most {MOST_PIXELS:,}, got "
            f"{len(drawing.payload):,}"
        )
    return np.frombuffer(drawing.payload, np.uint8).reshape(h, w)


def _pixels(text: str) -> Images:
    """The 784 bytes of an image that is taken as it is, written in base64 for addresses."""
    try:
        found = np.frombuffer(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), np.uint8)
        return found.reshape(28, 28)
    except ValueError:
        raise ImageError("the image: expected 784 bytes in base64 after pixels:") from None


@lru_cache(maxsize=256)
def _of_mnist(name: str) -> Input:
    """An image of MNIST; all of MNIST is read for it, so those that were asked for are kept."""
    return take_input(name)


def answer(model: Model, given: Input, id: Any, brief: bool = False) -> Message:
    """What a model says of an image. The bytes: the 784 that it saw, and unless it is brief those
    of `activations`, whose fields it has too.
    """
    steps = trace(model.network, given.image)
    prediction = prediction_of(model, steps[-2].output[None], given)
    marks = given.preparation.marks if given.preparation else 1
    fields = {
        "said": "answer",
        "id": id,
        "digit": prediction.digit,
        "probabilities": [round(p, 6) for p in prediction.probabilities],
        "not_a_digit": round(prediction.not_a_digit, 6),
        "rejected": prediction.rejected,
        "judged": judged(prediction, model.refuses),
        "classes": list(model.classes),
        "calibrated": model.calibrated,
        "marks": marks,
        "warnings": [told for told in prediction.warnings if told != several_marks(marks)],
        "label": given.label,
    }
    if brief:
        return Message(fields, given.image.tobytes())
    lit, numbers = _lit(model, steps)
    return Message(fields | lit, given.image.tobytes() + numbers)


def activations(model: Model, given: Input, id: Any) -> Message:
    """What an image sets off in the network. The bytes: every layer's output as float32."""
    lit, numbers = _lit(model, trace(model.network, given.image))
    return Message({"said": "activations", "id": id, **lit}, numbers)


def _lit(model: Model, steps: list[TraceStep]) -> tuple[dict[str, Any], bytes]:
    """The layers of a trace and the connections between them; their outputs as bytes."""
    numbers = [np.ascontiguousarray(step.output, "<f4").tobytes() for step in steps]
    lit = {"layers": layers(steps), "connections": connections(model, steps)}
    return lit, b"".join(numbers)


def judged(prediction: Prediction, refuses: bool) -> list[float]:
    """The probability of every digit, and where a model refuses, last that of "not a digit": they
    add up to 1.

    >>> both = Prediction(7, (0.25, 0.75), (1, 7), True, False, not_a_digit=0.2)
    >>> judged(both, True)
    [0.2, 0.6, 0.2]
    """
    none = prediction.not_a_digit
    shares = [round(p * (1 - none), 9) for p in prediction.probabilities]
    return [*shares, round(none, 9)] if refuses else shares


def warm() -> None:
    """Load what a first drawing would wait for. The pictures are small: a second thread of OpenCV
    would only be waited for.
    """
    import cv2

    cv2.setNumThreads(1)
    page = np.full((40, 40), 255, np.uint8)
    page[10:30, 18:22] = 0
    prepare(page)


def connections(model: Model, steps: list[TraceStep]) -> list[dict[str, Any]]:
    """What flows strongest into every layer: input times weight, as [from, to, product].

    `into` is the place in the answer's list of layers. `between` "units" they are counted in C
    order; between "maps" a convolution's flows are summed over the map, and of a pooling's map it
    is the sum of what it keeps.
    """
    spec, found = model.network.spec, []
    for place, step in enumerate(steps):
        layer = None if step.layer is None else spec.layers[step.layer]
        x = steps[place - 1].output
        if isinstance(layer, Dense):
            W = model.network.weights[spec.weight_names[step.layer or 0]["W"]]
            found.append({"into": place, "between": "units", "links": strongest(x.ravel(), W)})
        elif isinstance(layer, Conv2D):
            W = model.network.weights[spec.weight_names[step.layer or 0]["W"]]
            flows = kernel_flows(x, W, layer.same)
            found.append({"into": place, "between": "maps", "links": links(flows, STRONGEST_MAPS)})
        elif isinstance(layer, MaxPool2D):
            kept = step.output.sum((0, 1)).tolist()
            own = [[i, i, round(value, 5)] for i, value in enumerate(kept)]
            own.sort(key=lambda link: -abs(link[2]))
            found.append({"into": place, "between": "maps", "links": own[:STRONGEST]})
    return found


def strongest(x: Floats, W: Floats, most: int = STRONGEST) -> list[list[float]]:
    """The products x[i] W[i, j] of largest size, as [i, j, product], the largest first.

    >>> strongest(np.array([1.0, 0.0, 2.0]), np.array([[3.0, 0.0], [9.0, 9.0], [-2.0, 1.0]]), 2)
    [[2, 0, -4.0], [0, 0, 3.0]]
    """
    alive = np.flatnonzero(x)  # most pixels are paper, and many neurons silent
    own = links(x[alive, None] * W[alive], most)
    return [[int(alive[int(i)]), j, product] for i, j, product in own]


def links(flows: Floats, most: int) -> list[list[float]]:
    """The strongest flows as a page gets them: [from, to, product]."""
    rows, columns, values = strongest_flows(flows, most)
    return [
        [i, j, round(value, 5)]
        for i, j, value in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True)
    ]


def steps(given: Input, id: Any) -> Message:
    """The steps of a preparation, none for an image of MNIST; the bytes: their pictures, one after
    another.
    """
    done = given.preparation
    if done is None:
        return Message({"said": "steps", "id": id, "steps": [], "box": []}, b"")
    pictures = [_shown(step.image) for step in done.steps]
    told = [
        {"name": step.name, "explanation": step.explanation, "shape": list(picture.shape)}
        for step, picture in zip(done.steps, pictures, strict=True)
    ]
    fields = {"said": "steps", "id": id, "steps": told, "box": list(done.box)}
    return Message(fields, b"".join(picture.tobytes() for picture in pictures))


def about_model(model: Model, id: str) -> Message:
    """What a page shows of a model before it has read anything."""
    spec = model.network.spec
    return Message(
        {
            "said": "model",
            "id": id,
            "name": id.rpartition("/")[2],
            "architecture": format_spec(spec),
            "classes": list(model.classes),
            "refuses": model.refuses,
            "calibrated": model.calibrated,
            "temperature": model.temperature,
            "measured": model.measured,
            "spec": spec.to_dict(),
            "parameters": spec.parameters,
            "layers": layers(trace(model.network, np.zeros((28, 28), np.uint8))),
        }
    )


def layers(steps: list[TraceStep]) -> list[dict[str, Any]]:
    """What a trace passes through; `layer` is the number in the spec."""
    return [
        {"name": step.name, "shape": list(step.output.shape), "layer": step.layer} for step in steps
    ]


def _shown(image: Images) -> Images:
    """A picture no larger than the page shows it: a photograph has many megabytes."""
    import cv2

    shrink = MOST_SHOWN / max(image.shape[:2])
    if shrink >= 1:
        return image
    h, w = (max(1, round(side * shrink)) for side in image.shape[:2])
    return np.asarray(cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
