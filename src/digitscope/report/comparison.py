"""The page of a comparison of engines, and the files of its folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import digitscope
from digitscope.comparison.results import (
    Comparison,
    Measured,
    Row,
    StepNumbers,
    in_powers,
)
from digitscope.comparison.steps import PARTS, STEPS, step_parts
from digitscope.data.mnist import load_mnist
from digitscope.figures.side_by_side import ENGINE_TITLES
from digitscope.figures.style import percent
from digitscope.figures.table import FIGURES
from digitscope.network.notation import format_spec
from digitscope.report.page import render
from digitscope.report.pictures import Picture, picture
from digitscope.store import write_atomically

__all__ = ["write_comparison"]

HEADS = ("import", "first step", "epoch", "images a second", "memory", "test", "difference")


def write_comparison(folder: Path, comparison: Comparison) -> Path:
    """Write a comparison into its folder; returns the page's path.

    compared.toml (the recipe), comparison.json, compare.png, answers.png (of two digits) and
    compare.html, which needs no other file. StorageError why a file could not be written.
    """
    pictures = _pictures(comparison)
    page = render("comparison.html.jinja", _contents(comparison) | {"pictures": pictures})
    data = json.dumps(comparison.to_dict(), indent=1, allow_nan=False) + "\n"
    write_atomically(folder / "compared.toml", comparison.recipe.to_toml().encode())
    write_atomically(folder / "comparison.json", data.encode())
    for drawn in pictures.values():
        write_atomically(folder / drawn.file, drawn.png)
    path = folder / "compare.html"
    write_atomically(path, page.encode())
    return path


def _pictures(comparison: Comparison) -> dict[str, Picture]:
    names = ", ".join(row.engine for row in comparison.done)
    alt = (
        f"Curves of the loss of {names}, laid over each other; their largest difference from "
        "NumPy; seconds to the first step, seconds an epoch and peak memory as bars."
    )
    pictures = {"compare": picture("compare", FIGURES["engines"](comparison), alt)}
    if answers := comparison.answers:
        images = load_mnist("test").images[list(answers.indices)]
        figure = FIGURES["side_by_side"](answers, images)
        other = ENGINE_TITLES.get(answers.engine, answers.engine)
        alt = f"{len(images)} digits, each with its label and the answers of {other} and NumPy."
        pictures["answers"] = picture("answers", figure, alt)
    return pictures


def _contents(comparison: Comparison) -> dict[str, Any]:
    """Everything that the template names, apart from the pictures."""
    recipe, done = comparison.recipe, comparison.done
    epochs = f"{recipe.epochs} epoch{'' if recipe.epochs == 1 else 's'}"
    return {
        "title": f"The same network in {len(done)} engine{'' if len(done) == 1 else 's'}",
        "lead": f"{format_spec(recipe.spec())}, {epochs}, from the same first weights on the same "
        "batches, each engine in a process of its own.",
        "settings": f"Recipe {recipe.name}. {recipe.description}",
        "notices": _notices(comparison),
        "facts": _facts(done),
        "caption": "In seconds; memory in MB. What each column includes is said below.",
        "heads": HEADS,
        "table": [_row(row) for row in comparison.rows],
        "meaning": _meaning(done),
        "compared": [row.engine for row in _compared(done)],
        "differences": _differences(_compared(done)),
        "relu": recipe.activation == "relu",
        "step_network": comparison.step_network,
        "steps": [_step(step) for step in comparison.steps],
        "pairs": _pairs(comparison.steps),
        "command": _command(comparison),
        "machine": [(name.replace("_", " "), value) for name, value in comparison.machine.items()],
        "version": digitscope.__version__,
    }


def _notices(comparison: Comparison) -> list[str]:
    left_out = [f"{engine} is left out: {reason}" for engine, reason in comparison.left_out.items()]
    cut = ["Interrupted: not every engine had its turn."] if comparison.interrupted else []
    return cut + left_out


def _facts(done: Sequence[Row]) -> list[tuple[str, str, str]]:
    """What to see at first sight."""
    measured = [(row, row.measured) for row in done if row.measured is not None]
    if not measured:
        return []
    fast, m = min(measured, key=lambda pair: pair[1].epoch_seconds)
    soon, s = min(measured, key=lambda pair: pair[1].first_step_seconds)
    facts = [
        ("shortest epoch", f"{m.epoch_seconds:.3g} s", fast.engine),
        ("soonest first step", f"{s.first_step_seconds:.3g} s", soon.engine),
    ]
    if compared := _compared(done):
        far = max(compared, key=lambda row: row.difference.largest if row.difference else 0)
        most = max(row.difference.answers for row in compared if row.difference)
        assert far.difference is not None
        facts += [
            ("largest difference of a weight", in_powers(far.difference.largest), far.engine),
            ("test images answered otherwise", f"{most:,}", "at most, of any engine"),
        ]
    return facts


def _row(row: Row) -> dict[str, Any]:
    m = row.measured
    return {
        "engine": row.engine,
        "versions": ", ".join(f"{k} {v}" for k, v in m.versions.items()) if m else "",
        "message": f"{row.status}: {row.message}" if row.message else row.status,
        "cells": _cells(m, row) if m else None,
    }


def _cells(m: Measured, row: Row) -> list[str]:
    return [
        f"{m.import_seconds:.2f}",
        f"{m.first_step_seconds:.2f}",
        f"{m.epoch_seconds:.3f}",
        f"{m.images_per_second:,.0f}",
        "not known" if m.memory is None else f"{m.memory / 1e6:,.0f}",
        percent(m.test_accuracy, 2),
        "not known" if row.difference is None else in_powers(row.difference.largest),
    ]


def _meaning(done: Sequence[Row]) -> list[str]:
    """What each column includes."""
    single = any(row.measured.compile_included for row in done if row.measured)
    keras = any(row.engine.startswith("keras:") for row in done)
    how = "Keras: trained by train_on_batch under our loop; its own fit is faster."
    return [
        "Import: from the start of the process until the engine stands, its framework imported "
        "and the network built in it.",
        "First step: from the start of the process until the first update is done; the images "
        "loaded, the step compiled where that is done.",
        "Epoch: training alone, without measuring"
        + (
            "; of one epoch only, so it may hold a compilation."
            if single
            else "; the median of the epochs after the first, which may hold a compilation."
        ),
        "Memory: the most that the process held at once, images included.",
        "Difference: the largest absolute difference of any weight from NumPy's at the end.",
        *([how] if keras else []),
    ]


def _compared(done: Sequence[Row]) -> list[Row]:
    return [row for row in done if row.difference is not None and row.engine != "numpy"]


def _differences(compared: Sequence[Row]) -> list[tuple[str, list[str]]]:
    """A row a weight, and ahead of them the first outputs; the answers at the end."""
    differences = [row.difference for row in compared if row.difference is not None]
    if not differences:
        return []
    return [
        ("first logits", [in_powers(d.first_logits) for d in differences]),
        *(
            (name, [in_powers(d.weights[name]) for d in differences])
            for name in differences[0].weights
        ),
        ("other answers", [f"{d.answers:,}" for d in differences]),
    ]


def _step(step: StepNumbers) -> dict[str, Any]:
    cells = None
    if step.loss is not None and step.norms is not None:
        cells = [f"{step.loss:.6f}", *(f"{norm:.6f}" for norm in step.norms.values())]
        cells.append("" if step.difference is None else in_powers(step.difference))
    return {"title": step.title, "cells": cells, "error": step.error}


def _pairs(steps: Sequence[StepNumbers]) -> list[dict[str, Any]]:
    """NumPy's parts beside those of each framework, which is shown once."""
    numpy = step_parts("numpy")
    written = {step.name for step in steps} - {"numpy"}
    names = [name for name in STEPS if name in written]
    return [
        {
            "title": STEPS[name].title,
            "parts": [(part, numpy[part], step_parts(name)[part]) for part in PARTS],
        }
        for name in names
    ]


def _command(comparison: Comparison) -> str:
    """The command that makes this comparison again."""
    command = comparison.recipe.command().replace("digitscope train", "digitscope compare")
    command = command.replace("--recipe recipe.toml", "--recipe compared.toml")
    return f"{command} --engines {','.join(row.engine for row in comparison.rows)}"
