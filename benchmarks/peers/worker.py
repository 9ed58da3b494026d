"""The process of one candidate of the training benchmark.

    python benchmarks/peers/worker.py NAME IMAGES

Questions: {"epoch": 3} trains an epoch and answers with its seconds; {"finish": "weights.npz"}
keeps the weights there, if a path is given, and answers with the accuracy on the test set.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from common.serving import serve


def begin() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Load the images and make the candidate."""
    import numpy as np

    from common.work import load_work
    from peers import make_peer

    name, images = sys.argv[1], int(sys.argv[2])
    work = load_work(images)
    peer = make_peer(name, work)

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        if "epoch" in asked:
            began = time.perf_counter()
            peer.epoch(asked["epoch"])
            return {"seconds": time.perf_counter() - began}
        if asked["finish"]:
            weights: dict[str, Any] = dict(peer.weights())
            np.savez(asked["finish"], **weights)
        answers = peer.answers(work.test.images)
        if answers is None:
            return {"accuracy": None}
        return {"accuracy": float(np.mean(answers == work.test.labels))}

    return answer


if __name__ == "__main__":
    serve(begin)
