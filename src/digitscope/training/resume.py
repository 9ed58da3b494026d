"""Resuming a run: where its checkpoint stands, by its own recipe, with more epochs or in another
engine if asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from digitscope.errors import RunError
from digitscope.store import write_atomically
from digitscope.threads import limited_threads
from digitscope.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from digitscope.training.feeder import engine_threads
from digitscope.training.messages import Inbox
from digitscope.training.recipe import SETTINGS, Recipe
from digitscope.training.recorder import Recorder
from digitscope.training.run_folder import describe_machine, open_run, sole_writer
from digitscope.training.train import Run, engine_facts, make_loop, with_engine


@dataclass(frozen=True)
class Changes:
    """What a resume may change: add epochs, and take another engine ("" for the same)."""

    more_epochs: int = 0
    engine: str = ""


@contextlib.contextmanager
def resumed_run(
    path: Path, changes: Changes | None = None, inbox: Inbox | None = None, of_sweep: bool = False
) -> Iterator[Run]:
    """An existing run, taken back to its last checkpoint, its lock held and its threads limited.

    A run of a sweep is resumed by its sweep only, which alone may judge it.
    """
    folder = open_run(path)
    if not of_sweep and (folder.path.resolve().parent / "grid.json").exists():
        raise RunError(
            f"{path}: part of a sweep: go on with digitscope sweep --resume {path.parent}, or "
            f"train "
            f"anew with --recipe {folder.recipe_file}"
        )
    changes = changes or Changes()
    before = folder.recipe()
    recipe = with_engine(replace(before, engine=changes.engine or before.engine))
    with sole_writer(folder), limited_threads(engine_threads(recipe)) as threads:
        checkpoint = load_checkpoint(folder, recipe.problem())
        if checkpoint:  # those of before there were two engines do not name theirs
            named = {"engine": before.engine, **checkpoint.machine}
            checkpoint = replace(checkpoint, machine=named)
        if changes.more_epochs:
            recipe, checkpoint = _extended(recipe, checkpoint, changes.more_epochs)
        loop = make_loop(recipe, checkpoint, inbox=inbox)  # says so if the engine is not here
        if loop.finished and changes.engine and recipe.engine != before.engine:
            raise RunError(
                f"{path}: already finished after {loop.place.epoch} epochs, so there is nothing "
                f"for engine {recipe.engine} to train: add epochs with --epochs +10"
            )
        if checkpoint and changes != Changes() and not loop.finished:
            save_checkpoint(folder, checkpoint)
        if recipe != before and not loop.finished:
            write_atomically(folder.recipe_file, recipe.to_toml().encode())
        machine = describe_machine(threads) | engine_facts(recipe)
        recorder = Recorder(folder, loop, machine)
        recorder.rewind(checkpoint)
        note = ""
        if checkpoint and not loop.finished:
            note = _differences(checkpoint.machine, machine)
        yield Run(folder, loop, recorder.record(), note)


def _extended(
    recipe: Recipe, checkpoint: Checkpoint | None, more: int
) -> tuple[Recipe, Checkpoint | None]:
    """The recipe with more epochs. A run that ran out of patience goes on from where it stopped."""
    done = checkpoint.place.epoch if checkpoint else 0
    impatient = (
        bool(recipe.patience)
        and checkpoint is not None
        and (
            done - max(checkpoint.place.best_epoch, checkpoint.place.patient_from)
            >= recipe.patience
        )
    )
    recipe = replace(recipe, epochs=(done if impatient else recipe.epochs) + more)
    if checkpoint:
        place = replace(checkpoint.place, patient_from=max(0, done))
        checkpoint = replace(checkpoint, place=place)
    return recipe, checkpoint


def _differences(then: dict[str, Any], now: dict[str, Any]) -> str:
    """What is not as it was, so that the bits may differ from an uninterrupted run."""
    changed = [
        f"{key} {then[key]} is now {now[key]}"
        for key in ("engine", "kernels", "numpy", "blas", "processor", "threads")
        if key in then and key in now and then[key] != now[key]
    ]
    return f"not bit for bit as before the interruption: {'; '.join(changed)}" if changed else ""


def read_changes(settings: dict[str, Any]) -> Changes:
    """What a resume may change, from settings of recipes; RunError for any other.

    >>> read_changes({"epochs": "+20"})
    Changes(more_epochs=20, engine='')
    """
    for name, value in settings.items():
        if name not in ("epochs", "engine"):
            raise RunError(
                f"{name} cannot change when a run is resumed: start a new run, or leave --{name} "
                f"out"
            )
        text = str(value)
        if name == "epochs" and not (text.startswith("+") and text[1:].isdigit() and int(text) > 0):
            raise RunError(
                f"epochs can only be added to when a run is resumed, got {text!r}: write --epochs "
                f"+20"
            )
    engine = SETTINGS["engine"].read("engine", settings["engine"]) if "engine" in settings else ""
    return Changes(int(settings.get("epochs", 0)), engine)
