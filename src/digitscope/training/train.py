"""Training, from a recipe to a trained model: in memory, or with a run folder that keeps
everything.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from digitscope.data.splits import Split
from digitscope.engines import Position, make_engine
from digitscope.errors import RunError
from digitscope.evaluation.evaluate import Evaluation
from digitscope.models.model import Model, load
from digitscope.network.network import Network
from digitscope.store import write_atomically
from digitscope.threads import limited_threads
from digitscope.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from digitscope.training.events import EpochEnded, Event, Stopped
from digitscope.training.finish import finish, temperature
from digitscope.training.loop import Loop
from digitscope.training.messages import Inbox
from digitscope.training.randomness import generator
from digitscope.training.recipe import Recipe, load_recipe
from digitscope.training.recorder import Recorder
from digitscope.training.run_folder import (
    RunFolder,
    create_run,
    describe_machine,
    open_run,
    sole_writer,
)
from digitscope.training.split import split_for


@dataclass(frozen=True)
class Trained:
    """What a training gives back: the chosen model, an `EpochEnded` an epoch, why it stopped, and
    its folder
    and, where there is one, the judgement of the test set.
    """

    model: Model
    history: list[EpochEnded]
    stopped: Stopped
    folder: Path | None = None
    evaluation: Evaluation | None = None


def train(
    recipe: str | Path | Recipe = "lesson",
    *,
    folder: str | Path | None = None,
    inbox: Inbox | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    **settings: Any,
) -> Trained:
    """Train a network on MNIST. `settings` override the recipe's, by the same names as on the
    command line.

    With `folder` a new run folder is made in it; without, nothing is written. SettingError,
    RunError and StorageError say what does not work.

    >>> trained = train("lesson", epochs=1, train=2000)
    >>> trained.history[-1].watched_accuracy > 0.7
    True
    """
    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    recipe = recipe.with_settings(settings)
    history: list[EpochEnded] = []
    stopped: Stopped | None = None
    with contextlib.ExitStack() as stack:
        if folder is not None:
            run = stack.enter_context(started_run(recipe, Path(folder), recipe.name, inbox))
            path, loop, events = run.folder.path, run.loop, run.events
        else:
            stack.enter_context(limited_threads(recipe.threads))
            loop = make_loop(recipe, inbox=inbox)
            path, events = None, loop.events()
        for event in events:
            on_event(event)
            if isinstance(event, EpochEnded):
                history.append(event)
            if isinstance(event, Stopped):
                stopped = event
        assert stopped is not None, "a loop ends with Stopped"
        model, evaluation = best_model(loop), None
        if stopped.reason in ("done", "patience"):
            if folder is None:
                model = replace(model, temperature=temperature(model, recipe, loop.split))
            else:
                evaluation = finish(run.folder, recipe, loop.split)
                model = load(run.folder.best)
    return Trained(model, history, stopped, path, evaluation)


def make_loop(
    recipe: Recipe,
    checkpoint: Checkpoint | None = None,
    split: Split | None = None,
    inbox: Inbox | None = None,
) -> Loop:
    """A loop at its beginning, or where a checkpoint stands."""
    problem = recipe.problem()
    if checkpoint:
        position, best, place = checkpoint.position, checkpoint.best, checkpoint.place
    else:
        network = Network.initialize(problem.spec, generator(recipe.seed, "weights"))
        position, best, place = Position.start(network, recipe.optimizer), None, None
    engine = make_engine(recipe.engine, problem, position)
    return Loop(recipe, split or split_for(recipe), engine, place, best, inbox)


def best_model(loop: Loop) -> Model:
    """The model that a loop has chosen so far."""
    recipe, best = loop.recipe, loop.best
    network = Network(recipe.spec(), best.weights, best.state)
    measured = {"epoch": loop.place.best_epoch}
    return Model(
        network, recipe.classes, recipe=recipe.to_dict(), measured=measured, name=recipe.name
    )


@dataclass(frozen=True)
class Run:
    """A run that is being written: its folder, its loop, the recorded events, and a note for the
    user.
    """

    folder: RunFolder
    loop: Loop
    events: Iterator[Event]
    note: str = ""


@contextlib.contextmanager
def started_run(recipe: Recipe, root: Path, name: str, inbox: Inbox | None = None) -> Iterator[Run]:
    """A new run, its lock held and its threads limited.

    Data and network come first: what is wrong with them is said before a folder is made.
    """
    with limited_threads(recipe.threads) as threads:
        loop = make_loop(recipe, inbox=inbox)
        folder = create_run(root, name, recipe)
        with sole_writer(folder):
            recorder = Recorder(folder, loop, describe_machine(threads))
            yield Run(folder, loop, recorder.record())


@contextlib.contextmanager
def resumed_run(
    path: Path, more_epochs: int = 0, inbox: Inbox | None = None, of_sweep: bool = False
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
    recipe = folder.recipe()
    with sole_writer(folder), limited_threads(recipe.threads) as threads:
        checkpoint = load_checkpoint(folder, recipe.problem())
        if more_epochs:
            recipe, checkpoint = _extended(folder, recipe, checkpoint, more_epochs)
        loop = make_loop(recipe, checkpoint, inbox=inbox)
        machine = describe_machine(threads)
        recorder = Recorder(folder, loop, machine)
        recorder.rewind(checkpoint)
        note = _differences(checkpoint.machine, machine) if checkpoint else ""
        yield Run(folder, loop, recorder.record(), note)


def _extended(
    folder: RunFolder, recipe: Recipe, checkpoint: Checkpoint | None, more: int
) -> tuple[Recipe, Checkpoint | None]:
    """The recipe with more epochs, kept in the folder. A run that ran out of patience goes on from
    where it stopped.
    """
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
        save_checkpoint(folder, checkpoint)
    write_atomically(folder.recipe_file, recipe.to_toml().encode())
    return recipe, checkpoint


def _differences(then: dict[str, Any], now: dict[str, Any]) -> str:
    """What is not as it was, so that the bits may differ from an uninterrupted run."""
    changed = [
        f"{key} {then.get(key)} is now {now[key]}"
        for key in ("numpy", "blas", "processor", "threads")
        if then.get(key) != now[key]
    ]
    return f"not bit for bit as before the interruption: {'; '.join(changed)}" if changed else ""


def resume_settings(settings: dict[str, Any]) -> int:
    """The epochs that a resume may add: from {"epochs": "+20"} 20; RunError for any other change.

    >>> resume_settings({"epochs": "+20"}), resume_settings({})
    (20, 0)
    """
    for name, value in settings.items():
        if name != "epochs":
            raise RunError(
                f"{name} cannot change when a run is resumed: start a new run, or leave --{name} "
                f"out"
            )
        text = str(value)
        if not (text.startswith("+") and text[1:].isdigit() and int(text) > 0):
            raise RunError(
                f"epochs can only be added to when a run is resumed, got {text!r}: write --epochs "
                f"+20"
            )
    return int(settings.get("epochs", 0))
