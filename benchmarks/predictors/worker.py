"""The process of one candidate of the prediction benchmark.

    python benchmarks/predictors/worker.py NAME MODEL

Questions: {"seconds": 0.1} answers one image after another for so long, each another of the test
set, and 10,000 at once; the answer holds seconds a call, with preparing the input and without.
{"finish": true} answers how far its probabilities are from the model's.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from common.serving import serve

FEWEST = 3  # calls a turn


def timed(call: Callable[[Any], object], inputs: Iterable[Any], seconds: float) -> float:
    """The median seconds of a call, of as many as fit into `seconds`."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    for X in inputs:
        began = time.perf_counter()
        call(X)
        done = time.perf_counter()
        taken.append(done - began)
        if done > end and len(taken) >= FEWEST:
            break
    return statistics.median(taken)


def begin() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Load the model and make the candidate."""
    import numpy as np

    from digitscope.data.mnist import load_mnist
    from digitscope.models.model import load
    from predictors import make_predictor

    name, model = sys.argv[1], load(Path(sys.argv[2]))
    images = load_mnist("test").images
    made = make_predictor(name, model)

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        if "finish" in asked:
            P = made.run(made.prepare(images))
            if name.startswith("products"):
                return {"difference": None}
            return {"difference": float(np.abs(P - model.probabilities(images)).max())}

        def call(X: Any) -> object:
            return made.run(made.prepare(X))

        seconds = asked["seconds"]
        ones = [images[i : i + 1] for i in range(1000)]
        found = {
            "one": timed(call, itertools.cycle(ones), seconds),
            "one run": timed(made.run, itertools.cycle(map(made.prepare, ones)), seconds),
            "many": timed(call, itertools.repeat(images), seconds),
        }
        X = made.prepare(images)
        return found | {"many run": timed(made.run, itertools.repeat(X), seconds)}

    return answer


if __name__ == "__main__":
    serve(begin)
