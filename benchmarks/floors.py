"""The two floors under an epoch of `lesson`: operations over the machine's rate, bytes over its
bandwidth.

    python benchmarks/floors.py [--json FILE]

What the work needs is counted exactly; what the machine can is measured on one core, the best of
several: the rate as BLAS reaches it on large matrices, the bandwidth of a copy that no cache holds,
and of the second-level cache with an array as large as W1 that is read and written.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from common.figures import table
from common.serving import stay_on_cores
from common.work import load_work
from digitscope.threads import limited_threads

N_IN, HIDDEN, N_OUT = 784, 128, 10
SIZE = 2048  # of the square matrices of the rate
COPIED = 256 << 20  # bytes


def counted() -> dict[str, int]:
    """What an epoch needs: multiply-adds and bytes."""
    work = load_work()
    n = len(work.images)
    batches = math.ceil(n / work.recipe.batch_size)
    inked = int(np.count_nonzero(work.images))
    # Forward and dW of both layers, and dA1; the first layer's dX is nobody's input.
    second = 3 * HIDDEN * N_OUT * n
    W1 = 4 * N_IN * HIDDEN
    return {
        "images": n,
        "batches": batches,
        "pixels": work.images.size,
        "inked": inked,
        "dense multiply-adds": 2 * N_IN * HIDDEN * n + second,
        "inked multiply-adds": 2 * inked * HIDDEN + second,
        # Images: read, written in the epoch's order, read. W1: read forward; read and written.
        "image bytes": 3 * work.images.size,
        "W1 bytes": 3 * W1 * batches,
    }


def best(call: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest call."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return min(taken)


def measured() -> dict[str, float]:
    """Of one core: multiply-adds a second, and bytes a second of a copy and of the cache."""
    A = np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(np.float32)
    C = np.empty_like(A)
    source, target = np.ones(COPIED, np.uint8), np.empty(COPIED, np.uint8)
    W, one = np.ones((N_IN, HIDDEN), np.float32), np.float32(1)
    with limited_threads(1):
        product = best(lambda: np.matmul(A, A, out=C), 7)
        copy = best(lambda: np.copyto(target, source), 7)
        update = best(lambda: np.multiply(W, one, out=W), 1000)
    return {
        "multiply-adds": SIZE**3 / product,
        "copy": 2 * COPIED / copy,
        "cache": 2 * W.nbytes / update,
    }


def measure() -> dict[str, Any]:
    """What is needed, what the machine can, and the seconds of one core that follow."""
    need, rate = counted(), measured()
    seconds = {
        "dense": need["dense multiply-adds"] / rate["multiply-adds"],
        "inked": need["inked multiply-adds"] / rate["multiply-adds"],
        "bytes": need["image bytes"] / rate["copy"] + need["W1 bytes"] / rate["cache"],
    }
    return {"need": need, "rate": rate, "seconds": seconds, "failed": {}}


def page(found: dict[str, Any]) -> str:
    """The table."""
    need, rate, seconds = found["need"], found["rate"], found["seconds"]
    giga = {key: f"{value / 1e9:.1f} G/s" for key, value in rate.items()}
    rows = [
        [
            "operations, dense",
            f"{need['dense multiply-adds'] / 1e9:.2f} G multiply-adds",
            giga["multiply-adds"],
            f"{seconds['dense']:.3f}",
        ],
        [
            f"operations, at the {100 * need['inked'] / need['pixels']:.1f} % inked pixels",
            f"{need['inked multiply-adds'] / 1e9:.2f} G multiply-adds",
            giga["multiply-adds"],
            f"{seconds['inked']:.3f}",
        ],
        [
            "bytes",
            f"{need['image bytes'] / 1e6:.0f} MB of images, {need['W1 bytes'] / 1e6:.0f} MB of W1",
            f"{giga['copy']}, {giga['cache']} in the cache",
            f"{seconds['bytes']:.3f}",
        ],
    ]
    return table(["floor", "what an epoch needs", "what one core can", "seconds"], rows)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--json", type=Path, help="keep what was measured here")
    options = parser.parse_args()
    stay_on_cores()
    found = measure()
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(page(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
