"""The comparison: each engine in a process of its own, from the same weights on the same batches.

The loop derives first weights and every order of images from the seed, so that all engines do the
same work; what they do differently is the arithmetic.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from digitscope.arrays import Weights
from digitscope.comparison.first_step import step_recipe
from digitscope.comparison.process import WORKER, run_worker
from digitscope.comparison.results import (
    Answers,
    Comparison,
    Difference,
    Measured,
    Row,
    StepNumbers,
)
from digitscope.comparison.worker import answered
from digitscope.data.mnist import load_mnist
from digitscope.engines import AUTO, ENGINES, chosen, lacking
from digitscope.errors import SettingError, nearest
from digitscope.maths.activations import ACTIVATIONS
from digitscope.network.notation import format_spec
from digitscope.training.events import EpochEnded
from digitscope.training.recipe import Recipe
from digitscope.training.run_folder import describe_machine

REFERENCE = "numpy"
SHOWN = 64  # images of the grid of answers

# The ways of writing the step that run in the process of an engine, whose framework is there.
STEPS_OF = {
    "numpy": ("numpy",),
    "keras:tensorflow": ("tensorflow", "keras"),
    "keras:jax": ("jax", "keras"),
    "keras:torch": ("torch", "keras"),
}

OnProgress = Callable[[str, dict[str, Any]], None]


def choose_engines(names: str, recipe: Recipe) -> tuple[list[str], dict[str, str]]:
    """The engines of a comma-separated list, NumPy first; SettingError for an unknown one.

    Without names: all that are installed and can train the recipe. For each that is left out the
    second gives the reason, and the command that installs what it needs.

    >>> from digitscope.training.recipe import load_recipe
    >>> choose_engines("fast,numpy", load_recipe("lesson"))
    (['numpy', 'fast'], {})
    """
    asked = [name.strip() for name in names.split(",") if name.strip()]
    for name in asked:
        if name not in ENGINES:
            raise SettingError(f"unknown engine {name!r}: {nearest(name, ENGINES)}")
    if asked:
        return _numpy_first(asked), {}
    _, reason = chosen(AUTO, recipe.problem())
    reasons = {name: lacking(name) or (reason if name == "fast" else "") for name in ENGINES}
    left_out = {name: reason for name, reason in reasons.items() if reason}
    return _numpy_first(name for name in ENGINES if name not in left_out), left_out


def compare_engines(
    recipe: Recipe,
    engines: Sequence[str],
    left_out: dict[str, str] | None = None,
    on_progress: OnProgress = lambda engine, said: None,
    command: Sequence[str] = WORKER,
) -> Comparison:
    """Train a recipe with each engine, one after another, and measure.

    An engine that fails or crashes says so in its row. An interrupt ends the one that runs; what
    was done until then is in the result. Patience is left out: all do the same number of epochs.
    """
    recipe = replace(recipe, patience=0)
    rows: list[Row] = []
    steps: list[StepNumbers] = []
    with tempfile.TemporaryDirectory(prefix="digitscope-compare-") as temporary:
        folders = {name: Path(temporary) / name.replace(":", "-") for name in engines}
        reference = folders.get(REFERENCE, Path(temporary) / "none")
        try:
            for engine, folder in folders.items():
                on_progress(engine, {})
                result = _work(recipe, engine, folder, True, on_progress, command)
                row = _row(engine, result, folder, reference)
                rows.append(row)
                steps += _numbers(engine, result, folder, reference)
                on_progress(engine, {"status": row.status, "message": row.message})
        except KeyboardInterrupt:
            rows += [Row(engine, "interrupted") for engine in engines[len(rows) :]]
        answers = _answers(recipe, rows, folders)
    return Comparison(
        recipe,
        tuple(rows),
        tuple(steps),
        format_spec(step_recipe(recipe).spec()),
        answers,
        left_out or {},
        describe_machine(recipe.threads),
    )


def compare_steps(
    recipe: Recipe, engines: Sequence[str], command: Sequence[str] = WORKER
) -> tuple[StepNumbers, ...]:
    """Only the same step in NumPy and in the frameworks of these engines, each carried out."""
    steps: list[StepNumbers] = []
    with tempfile.TemporaryDirectory(prefix="digitscope-compare-") as temporary:
        folders = {e: Path(temporary) / e.replace(":", "-") for e in engines if e in STEPS_OF}
        for engine, folder in folders.items():
            result = _work(recipe, engine, folder, False, lambda engine, said: None, command)
            steps += _numbers(engine, result, folder, Path(temporary) / REFERENCE)
    return tuple(steps)


def _numpy_first(names: Iterable[str]) -> list[str]:
    """NumPy, which all are compared with, ahead of the others; each once."""
    return list(dict.fromkeys([REFERENCE, *names]))


def _work(
    recipe: Recipe,
    engine: str,
    folder: Path,
    train: bool,
    on_progress: OnProgress,
    command: Sequence[str],
) -> dict[str, Any]:
    """The worker of one engine."""
    folder.mkdir()
    job = {
        "engine": engine,
        "recipe": recipe.to_dict(),
        "train": train,
        "steps": STEPS_OF.get(engine, ()),
        "started": time.time(),
        "temporary": str(folder.parent),
    }
    return run_worker(job, folder, lambda said: on_progress(engine, said), command)


def _row(engine: str, result: dict[str, Any], folder: Path, reference: Path) -> Row:
    """An engine's result, and its difference from NumPy's."""
    for status in ("failed", "diverged"):
        if status in result:
            return Row(engine, status, result[status])
    known = Measured.__dataclass_fields__
    figures = {name: value for name, value in result.items() if name in known}
    figures["history"] = tuple(EpochEnded(**event) for event in result["history"])
    compared = (reference / "test.npy").exists()
    difference = _difference(folder, reference, len(figures["history"])) if compared else None
    return Row(engine, "done", "", Measured(**figures), difference)


def _difference(mine: Path, reference: Path, epochs: int) -> Difference:
    """How far one engine is from NumPy, from the files that both left."""
    of_epoch = [
        _largest(_arrays(mine / f"epoch-{e}.npz"), _arrays(reference / f"epoch-{e}.npz"))
        for e in range(epochs)
    ]
    Z, Z_reference = np.load(mine / "test.npy"), np.load(reference / "test.npy")
    first, first_reference = np.load(mine / "first.npy"), np.load(reference / "first.npy")
    return Difference(
        float(np.max(np.abs(first - first_reference))),
        of_epoch[-1],
        tuple(max(each.values()) for each in of_epoch),
        int(np.sum(answered(Z) != answered(Z_reference))),
    )


def _arrays(path: Path) -> Weights:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def _largest(a: Weights, b: Weights) -> dict[str, float]:
    """The largest absolute difference of each array."""
    return {name: float(np.max(np.abs(a[name] - b[name]))) for name in b}


def _numbers(
    engine: str, result: dict[str, Any], folder: Path, reference: Path
) -> list[StepNumbers]:
    """The numbers of the steps that a worker took."""
    numbers = []
    for name in STEPS_OF.get(engine, ()):
        error = result.get("steps", {}).get(name, result.get("failed", "it did not come to it"))
        if error:
            numbers.append(StepNumbers(name, engine, error=error))
            continue
        mine = _arrays(folder / f"step-{name}.npz")
        theirs = reference / "step-numpy.npz"
        norms = {w: float(np.linalg.norm(mine[f"gradients/{w}"])) for w in ("W1", "b1", "W2", "b2")}
        compared = max(_largest(mine, _arrays(theirs)).values()) if theirs.exists() else None
        numbers.append(StepNumbers(name, engine, float(mine["loss"]), norms, compared))
    return numbers


def _answers(recipe: Recipe, rows: list[Row], folders: dict[str, Path]) -> Answers | None:
    """For two digits: some test images as NumPy and one other answer them, TensorFlow if it ran."""
    done = [row.engine for row in rows if row.measured is not None]
    others = [name for name in ("keras:tensorflow", *done) if name in done and name != REFERENCE]
    if recipe.loss != "binary_cross_entropy" or REFERENCE not in done or not others:
        return None
    labels = load_mnist("test").labels
    kept = np.flatnonzero(np.isin(labels, recipe.classes))
    n = min(SHOWN, len(kept))
    chosen = np.sort(np.random.default_rng(recipe.seed).choice(len(kept), n, replace=False))
    sigmoid = ACTIVATIONS["sigmoid"].g
    P = {
        name: sigmoid(np.load(folders[name] / "test.npy")[chosen, 0].astype(np.float64))
        for name in (REFERENCE, others[0])
    }
    return Answers(
        others[0],
        (recipe.classes[0], recipe.classes[1]),
        tuple(kept[chosen].tolist()),
        tuple(labels[kept[chosen]].tolist()),
        tuple(P[REFERENCE].tolist()),
        tuple(P[others[0]].tolist()),
    )
