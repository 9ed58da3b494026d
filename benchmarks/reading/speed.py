"""How long the network takes for a digit, in batches on one core."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from common.serving import limit_threads
from digitscope.arrays import Floats, Images
from digitscope.data.mnist import load_mnist
from digitscope.models.model import Model, load
from digitscope.preparation import prepare
from digitscope.preparation.field import frame

BATCH, ROUNDS = 500, 7


def measure(name: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Milliseconds a digit: of the network by each runtime that is here, of the preparation, and
    of bringing a piece of ink into MNIST's frame, as every candidate on a page is.
    """
    limit_threads(1)
    images = load_mnist("test").images[:BATCH]
    model = load(name)
    answers: dict[str, Floats] = {}
    found: dict[str, Any] = {"batch": BATCH, "network": {}, "failed": {}}
    for runtime, judge in _runtimes(model).items():
        try:
            answers[runtime] = judge(images)
            found["network"][runtime] = _milliseconds(lambda judge=judge: judge(images), BATCH)
        except Exception as error:  # a runtime that is not here, or cannot, is a line of the page
            found["failed"][runtime] = f"{type(error).__name__}: {error}"
        say(f"{runtime}: {found['network'].get(runtime, found['failed'].get(runtime))}")
    first = next(iter(answers.values()))
    found["difference"] = max(float(np.abs(P - first).max()) for P in answers.values())
    large = [np.kron(255 - image, np.ones((4, 4), np.uint8)) for image in images[:100]]
    found["preparation"] = _milliseconds(lambda: [prepare(image) for image in large], len(large))
    found["frame"] = _milliseconds(lambda: [frame(image) for image in images], BATCH)
    return found


def _milliseconds(work: Callable[[], Any], n: int) -> float:
    """The median of some rounds, an item; the first round does not count. It is the processor's
    time that counts, on one thread: how busy the machine is otherwise does not matter much.
    """
    seconds = []
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return 1e3 * statistics.median(seconds[1:]) / n


def _runtimes(model: Model) -> dict[str, Callable[[Images], Floats]]:
    """Everything that computes the same answers; who is not here says so when it is asked."""

    def by_onnx(images: Images) -> Floats:
        if not sessions:
            from digitscope.exporting.onnx_classifier import OnnxClassifier

            sessions.append(OnnxClassifier(model, threads=1))
        return sessions[0](images)

    sessions: list[Callable[[Images], Floats]] = []
    return {"numpy": model.judge, "onnxruntime": by_onnx}
