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
from digitscope.engines import Position, chosen, make_engine
from digitscope.engines.kernels import processor
from digitscope.evaluation.evaluate import Evaluation
from digitscope.models.model import Model, load
from digitscope.network.network import Network
from digitscope.threads import limited_threads
from digitscope.training.checkpoint import Checkpoint
from digitscope.training.events import EpochEnded, Event, Stopped
from digitscope.training.feeder import engine_threads
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
    sole_writer,
)
from digitscope.training.split import split_for


@dataclass(frozen=True)
class Trained:
    """What a training gives back: the chosen model, an `EpochEnded` an epoch, why it stopped, its
    folder and, where there is one, the judgement of the test set; and a note, why engine "auto"
    did not mean `fast`.
    """

    model: Model
    history: list[EpochEnded]
    stopped: Stopped
    folder: Path | None = None
    evaluation: Evaluation | None = None
    note: str = ""


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
            stack.enter_context(limited_threads(engine_threads(recipe)))
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
                model = replace(model, temperature=temperature(model, loop.recipe, loop.split))
            else:
                evaluation = finish(run.folder, loop.recipe, loop.split)
                model = load(run.folder.best)
    return Trained(model, history, stopped, path, evaluation, why_engine(recipe))


def make_loop(
    recipe: Recipe,
    checkpoint: Checkpoint | None = None,
    split: Split | None = None,
    inbox: Inbox | None = None,
) -> Loop:
    """A loop at its beginning, or where a checkpoint stands."""
    recipe = with_engine(recipe)
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
    settled = with_engine(recipe)
    with limited_threads(engine_threads(recipe)) as threads:
        loop = make_loop(settled, inbox=inbox)
        folder = create_run(root, name, settled)
        with sole_writer(folder):
            recorder = Recorder(folder, loop, describe_machine(threads) | engine_facts(settled))
            yield Run(folder, loop, recorder.record(), note=why_engine(recipe))


def with_engine(recipe: Recipe) -> Recipe:
    """The recipe with the engine that "auto" means for it, so that it says who did the work."""
    return replace(recipe, engine=chosen(recipe.engine, recipe.problem())[0])


def why_engine(recipe: Recipe) -> str:
    """Why "auto" does not mean `fast` for a recipe; "" where it does, or was not asked."""
    name, reason = chosen(recipe.engine, recipe.problem())
    return f"engine {name}, because {reason}" if reason else ""


def engine_facts(recipe: Recipe) -> dict[str, str]:
    """What of the engine decides the bits, beside what `describe_machine` says."""
    facts = {"engine": recipe.engine}
    if recipe.engine == "fast":
        facts["kernels"] = processor()
    return facts
