"""Vectorization: the sums of a layer as Python's loops, exactly as the maths writes them, and as
one matrix product; and what broadcasting does to shapes.
"""

from __future__ import annotations

import inspect
import statistics
import textwrap
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from digitscope.arrays import Floats, Shape
from digitscope.threads import limited_threads
from digitscope.training.run_folder import describe_machine

FORMAT, VERSION = "digitscope vectorization", "1.0"
BUDGET = 2.5  # seconds for one function; one call of the slowest loop takes about one
REPEATS = 7


def neuron_loop(x: list[float], w: list[float], b: float) -> float:
    """One neuron: z = sum_i x_i w_i + b."""
    z = b
    for i in range(len(x)):
        z += x[i] * w[i]
    return z


def neuron_product(x: Floats, w: Floats, b: float) -> Any:
    """One neuron: the dot product of two vectors."""
    return x @ w + b


def layer_loop(x: list[float], W: list[list[float]], b: list[float]) -> list[float]:
    """One layer: z_j = sum_i x_i w_ij + b_j for every neuron j."""
    z = []
    for j in range(len(b)):
        z_j = b[j]
        for i in range(len(x)):
            z_j += x[i] * W[i][j]
        z.append(z_j)
    return z


def layer_product(x: Floats, W: Floats, b: Floats) -> Floats:
    """One layer: a vector times a matrix."""
    return x @ W + b


def batch_loop(X: list[list[float]], W: list[list[float]], b: list[float]) -> list[list[float]]:
    """A batch: z_kj = sum_i x_ki w_ij + b_j for every image k and neuron j."""
    Z = []
    for k in range(len(X)):
        z = []
        for j in range(len(b)):
            z_j = b[j]
            for i in range(len(X[k])):
                z_j += X[k][i] * W[i][j]
            z.append(z_j)
        Z.append(z)
    return Z


def batch_product(X: Floats, W: Floats, b: Floats) -> Floats:
    """A batch: a matrix times a matrix, and b added to every row."""
    return X @ W + b


@dataclass(frozen=True)
class Timing:
    """A loop beside its product: source of both, median seconds a call, the largest difference."""

    what: str
    shapes: str
    multiplications: int
    loop: str
    product: str
    loop_seconds: float
    product_seconds: float
    difference: float

    @property
    def speed_up(self) -> float:
        """How many times faster the product is."""
        return self.loop_seconds / self.product_seconds


@dataclass(frozen=True)
class Broadcast:
    """Two shapes that meet in an operation: the shape that comes out, or NumPy's refusal."""

    left: str
    operation: str
    right: str
    shapes: tuple[Shape, Shape]
    result: Shape | None
    because: str
    error: str = ""

    def sentence(self) -> str:
        """The shapes in a line.

        >>> Broadcast("Z", "+", "b", ((128, 10), (10,)), (128, 10), "").sentence()
        'Z [128, 10] + b [10] -> [128, 10]'
        """
        left, right = (str(list(shape)) for shape in self.shapes)
        result = "an error" if self.result is None else str(list(self.result))
        return f"{self.left} {left} {self.operation} {self.right} {right} -> {result}"


@dataclass(frozen=True)
class Vectorization:
    """What was measured, and how shapes meet."""

    timings: tuple[Timing, ...]
    broadcasts: tuple[Broadcast, ...]
    machine: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; see docs/formats.md."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "machine": self.machine,
            "timings": [asdict(t) | {"speed_up": t.speed_up} for t in self.timings],
            "broadcasting": [
                {
                    "expression": f"{b.left} {b.operation} {b.right}",
                    "shapes": [list(shape) for shape in b.shapes],
                    "result": None if b.result is None else list(b.result),
                    "because": b.because,
                    "error": b.error or None,
                }
                for b in self.broadcasts
            ],
        }


def measure_vectorization(
    n_in: int = 784, n_out: int = 128, m: int = 64, seed: int = 0
) -> Vectorization:
    """Time the loops and the products of one neuron, one layer and a batch, on one thread.

    x has n_in numbers, W is [n_in, n_out], a batch has m images; all float64, as Python's own.

    >>> measured = measure_vectorization(20, 5, 4)
    >>> [t.what for t in measured.timings]
    ['one neuron', 'one layer', 'a batch']
    >>> all(t.difference < 1e-12 for t in measured.timings)
    True
    """
    rng = np.random.default_rng(seed)
    X, W, b = rng.random((m, n_in)), rng.normal(0, 0.05, (n_in, n_out)), rng.random(n_out)
    pairs: tuple[tuple[str, Any, Any, tuple[Any, ...]], ...] = (
        ("one neuron", neuron_loop, neuron_product, (X[0], W[:, 0].copy(), b[0])),
        ("one layer", layer_loop, layer_product, (X[0], W, b)),
        ("a batch", batch_loop, batch_product, (X, W, b)),
    )
    with limited_threads(1) as threads:
        timings = tuple(_timing(*pair) for pair in pairs)
    return Vectorization(timings, tuple(broadcasts()), describe_machine(threads))


def _timing(what: str, loop: Any, product: Any, arrays: tuple[Any, ...]) -> Timing:
    """Both ways on the same numbers; a loop is given lists, which Python walks fastest."""
    lists = tuple(array.tolist() for array in arrays)
    x, w = arrays[:2]
    by_loop, loop_seconds = _timed(lambda: loop(*lists))
    by_product, product_seconds = _timed(lambda: product(*arrays))
    return Timing(
        what,
        f"{'X' if x.ndim == 2 else 'x'} {list(x.shape)}, {'W' if w.ndim == 2 else 'w'} "
        f"{list(w.shape)}",
        int(x.size * (w.size // w.shape[0])),
        source(loop),
        source(product),
        loop_seconds,
        product_seconds,
        float(np.max(np.abs(np.asarray(by_loop) - by_product))),
    )


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and the median of its times; quick ones are repeated a measurement."""
    began = time.perf_counter()
    result = call()
    once = max(time.perf_counter() - began, 1e-7)
    times = 1 if once > 1e-2 else int(min(10_000, 1e-2 / once))
    seconds: list[float] = []
    until = began + BUDGET
    while not seconds or (len(seconds) < REPEATS and time.perf_counter() + once * times < until):
        start = time.perf_counter()
        for _ in range(times):
            call()
        seconds.append((time.perf_counter() - start) / times)
    return result, statistics.median(seconds)


def source(function: Callable[..., Any]) -> str:
    """A function's source as it runs, without types and docstring.

    >>> print(source(layer_product))
    def layer_product(x, W, b):
        return x @ W + b
    """
    lines = inspect.getsource(function).splitlines()
    body = next(i for i, line in enumerate(lines) if line.endswith('"""')) + 1
    names = ", ".join(inspect.signature(function).parameters)
    return textwrap.dedent("\n".join([f"def {function.__name__}({names}):", *lines[body:]]))


def broadcasts() -> list[Broadcast]:
    """Shapes that meet in a network, each operation carried out.

    >>> print(broadcasts()[0].sentence())
    Z [128, 10] + b [10] -> [128, 10]
    """
    cases: list[tuple[str, str, str, Shape, Shape, str]] = [
        ("Z", "+", "b", (128, 10), (10,),
         "b has no rows: it is taken for a row, and added to every one of the 128"),
        ("Z", "-", "row maxima", (128, 10), (128, 1),
         "a column of one number a row: it is repeated along the 10 columns"),
        ("images", "/", "255", (128, 784), (),
         "a single number meets every number"),
        ("row", "+", "column", (1, 3), (3, 1),
         "each is repeated along the axis on which it has length 1: a table of all sums"),
        ("A", "-", "y", (128, 1), (128,),
         "no error, and yet wrong: y is taken for a row, so every answer meets every label; "
         "y as a column [128, 1] is meant"),
        ("Z", "+", "b", (128, 10), (128,),
         "compared from the right, 10 meets 128, and neither is 1: nothing can be repeated"),
    ]  # fmt: skip
    return [_broadcast(*case) for case in cases]


def _broadcast(
    left: str, operation: str, right: str, a: Shape, b: Shape, because: str
) -> Broadcast:
    """Carry the operation out, and keep its shape or its error."""
    operations = {"+": np.add, "-": np.subtract, "/": np.divide}
    try:
        result = operations[operation](np.ones(a), np.ones(b))
    except ValueError as error:
        return Broadcast(left, operation, right, (a, b), None, because, str(error))
    return Broadcast(left, operation, right, (a, b), np.shape(result), because)
