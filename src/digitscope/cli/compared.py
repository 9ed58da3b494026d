"""A comparison in words and tables."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from digitscope.cli.console import percent
from digitscope.comparison.results import Comparison, Row, StepNumbers, in_powers
from digitscope.comparison.steps import PARTS, STEPS, WEIGHTS, step_parts
from digitscope.comparison.vectorization import Timing, Vectorization
from digitscope.network.notation import format_spec

HEADS = (
    ("engine", "import", "first", "epoch", "images", "memory", "test", "difference"),
    ("", "s", "step s", "s", "a second", "MB", "accuracy", "from NumPy"),
)
KERAS = "keras: by train_on_batch under our loop; its own fit is faster"


def table_of_engines(comparison: Comparison) -> str:
    """Time, memory, accuracy: a row an engine; 80 columns are enough."""
    recipe = comparison.recipe
    rows = [_row(row) for row in comparison.rows]
    single = any(row.measured.compile_included for row in comparison.done if row.measured)
    epoch = (
        "epoch: of one only, so it may hold a compilation"
        if single
        else "epoch: training alone, the median of those after the first"
    )
    return "\n".join(
        [
            f"{recipe.name}: {format_spec(recipe.spec())}, {recipe.epochs} "
            f"epoch{'' if recipe.epochs == 1 else 's'}, the same first weights and batches",
            "",
            *_aligned([*HEADS, *(row for row in rows if len(row) > 2)]),
            *(f"{row[0]}  {row[1]}" for row in rows if len(row) == 2),
            "",
            "import and first step: from the start of the engine's process",
            epoch,
            "difference: the largest of any weight after the last epoch",
            *([KERAS] if any(row.engine.startswith("keras:") for row in comparison.done) else []),
        ]
    )


def _row(row: Row) -> Sequence[str]:
    """The cells of an engine, or its name and what became of it."""
    m = row.measured
    if m is None:
        return (row.engine, f"{row.status}: {row.message}" if row.message else row.status)
    return (
        row.engine,
        f"{m.import_seconds:.2f}",
        f"{m.first_step_seconds:.2f}",
        f"{m.epoch_seconds:.3f}",
        f"{m.images_per_second:,.0f}",
        "?" if m.memory is None else f"{m.memory / 1e6:,.0f}",
        percent(m.test_accuracy),
        "?" if row.difference is None else in_powers(row.difference.largest),
    )


def table_of_differences(comparison: Comparison) -> str:
    """The largest differences from NumPy: a row a weight, a column an engine; "" without any."""
    rows = [row for row in comparison.done if row.difference and row.engine != "numpy"]
    found = [row.difference for row in rows if row.difference]
    if not found:
        return ""
    cells = [
        ("largest difference", *(row.engine for row in rows)),
        ("first logits", *(in_powers(d.first_logits) for d in found)),
        *((name, *(in_powers(d.weights[name]) for d in found)) for name in found[0].weights),
        ("other answers", *(f"{d.answers:,}" for d in found)),
    ]
    return "\n".join(_aligned(cells))


def table_of_steps(steps: Sequence[StepNumbers], network: str) -> str:
    """The step in NumPy beside the step in each framework, part by part, and their numbers."""
    width = max(60, shutil.get_terminal_size((80, 24)).columns)
    written = {step.name for step in steps} - {"numpy"}
    names = [name for name in STEPS if name in written]
    cells = [("written in", "loss", *(f"|d{w}|" for w in WEIGHTS), "difference")]
    for step in steps:
        if step.loss is not None and step.norms is not None:
            difference = "?" if step.difference is None else in_powers(step.difference)
            norms = (f"{norm:.4f}" for norm in step.norms.values())
            cells.append((step.title, f"{step.loss:.5f}", *norms, difference))
    lines = [f"one step of training of {network}, as it ran"]
    for name in names or ["numpy"]:
        lines += ["", *_beside(name, width)]
    lines += ["", *_aligned(cells)]
    lines += [f"{step.title}: {step.error}" for step in steps if step.error]
    lines += ["|dW|: length of the gradient; difference: the largest from NumPy's numbers"]
    return "\n".join(lines)


def _beside(name: str, width: int) -> Iterator[str]:
    """The parts of NumPy and of another way, in two columns, or one below the other where the
    terminal is narrow.
    """
    parts = {way: step_parts(way) for way in dict.fromkeys(("numpy", name))}
    titles = [STEPS[way].title for way in parts]
    yield f"--- {' beside '.join(titles)} ".ljust(min(width, 110), "-")
    code = {way: [part.splitlines() for part in of.values()] for way, of in parts.items()}
    widest = [max(len(line) for part in of for line in part) for of in code.values()]
    together = len(titles) == 2 and sum(widest) + 3 <= width
    for i, part in enumerate(PARTS):
        yield f"# {part}"
        if together:
            left, right = (of[i] for of in code.values())
            for a, b in zip_longest(left, right, fillvalue=""):
                yield f"{a:<{widest[0]}} | {b}".rstrip()
        else:
            for title, of in zip(titles, code.values(), strict=True):
                yield from (f"{title:<10} | {line}".rstrip() for line in of[i])


def vectorization(measured: Vectorization) -> str:
    """The loops beside the products, and broadcasting."""
    cells = [("", "multiplications", "loop", "product", "times faster", "difference")]
    cells += [
        (
            t.what,
            f"{t.multiplications:,}",
            _seconds(t.loop_seconds),
            _seconds(t.product_seconds),
            f"{t.speed_up:,.0f}",
            f"{t.difference:.0e}",
        )
        for t in measured.timings
    ]
    lines = ["the sums of a layer, as Python's loops and as a matrix product"]
    for timing in measured.timings:
        lines += ["", *_timing(timing)]
    lines += ["", *_aligned(cells), "one thread, float64, the median time of a call", ""]
    lines += ["broadcasting: shapes are compared from the right; 1, or nothing, is repeated"]
    for b in measured.broadcasts:
        lines += ["", f"  {b.sentence()}", *_wrapped(b.because)]
        if b.error:
            lines += _wrapped(f"NumPy says: {b.error}")
    return "\n".join(lines)


def _timing(timing: Timing) -> Iterator[str]:
    """One pair of functions side by side, as they ran."""
    yield f"--- {timing.what}: {timing.shapes} ".ljust(78, "-")
    for left, right in zip_longest(
        timing.loop.splitlines(), timing.product.splitlines(), fillvalue=""
    ):
        yield f"{left:<39} | {right}".rstrip(" |")


def _wrapped(sentence: str) -> list[str]:
    """A sentence below what it explains."""
    width = min(100, shutil.get_terminal_size((80, 24)).columns)
    return textwrap.wrap(sentence, width, initial_indent=" " * 6, subsequent_indent=" " * 6)


def _seconds(seconds: float) -> str:
    """Seconds in a unit in which they can be read.

    >>> _seconds(1.94), _seconds(0.0144), _seconds(1.7e-6)
    ('1.9 s', '14 ms', '1.7 µs')
    """
    units = ((1.0, "s"), (1e3, "ms"), (1e6, "µs"))
    factor, unit = next((row for row in units if seconds * row[0] >= 1), units[-1])
    value = seconds * factor
    return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells in columns: the first to the left, the rest to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in rows
    ]
