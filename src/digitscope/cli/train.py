"""`digitscope train`."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import typer

from digitscope.cli.console import percent, stop_on_interrupt
from digitscope.cli.progress import Progress
from digitscope.cli.settings import with_settings
from digitscope.errors import SettingError
from digitscope.evaluation.evaluate import Evaluation
from digitscope.training.events import EpochEnded, Stopped
from digitscope.training.finish import finish
from digitscope.training.messages import Inbox
from digitscope.training.recipe import load_recipe
from digitscope.training.resume import read_changes, resumed_run
from digitscope.training.train import Run, started_run

IN_PART, INTERRUPTED = 1, 130


@with_settings
def command(
    recipe: str = typer.Option("", help="A recipe that ships, or a .toml file. [default: lesson]"),
    resume: Path | None = typer.Option(
        None, help="Go on with this run; only --epochs +20 and --engine may be added."
    ),
    out: Path | None = typer.Option(None, help="Where run folders are made. [default: runs]"),
    name: str = typer.Option("", help="The run's name. [default: the recipe's]"),
    report: bool = typer.Option(True, help="Draw the figures and the report at the end."),
    **settings: Any,
) -> int:
    """Train a network."""
    inbox = Inbox()
    run: AbstractContextManager[Run]
    if resume is None:
        chosen = load_recipe(recipe or "lesson").with_settings(settings)
        run = started_run(chosen, out or Path("runs"), name or chosen.name, inbox)
    elif given := [
        flag for flag, value in (("recipe", recipe), ("name", name), ("out", out)) if value
    ]:
        raise SettingError(f"--{given[0]} does not go with --resume: leave it out")
    else:
        run = resumed_run(resume, read_changes(settings), inbox)
    with stop_on_interrupt(inbox), run as writing:
        return _follow(writing, report)


def _follow(run: Run, report: bool) -> int:
    """Show a run, and end it as it ended."""
    history: list[EpochEnded] = []
    stopped: Stopped | None = None
    if run.note:
        print(f"digitscope: note: {run.note}", file=sys.stderr)
    if run.loop.finished:
        done = run.loop.place.epoch
        print(f"already finished after {done} epochs; add some with --epochs +10")
    with Progress(f"Training {run.folder.path.name}") as progress:
        for event in run.events:
            progress.show(event)
            if isinstance(event, EpochEnded):
                history.append(event)
            if isinstance(event, Stopped):
                stopped = event
    assert stopped is not None, "a loop ends with Stopped"
    path = run.folder.path
    if stopped.reason == "message":
        print(f"stopped in epoch {stopped.epoch + 1}; go on with: digitscope train --resume {path}")
        return INTERRUPTED
    if stopped.reason == "diverged":
        print(f"digitscope: error: {stopped.advice}", file=sys.stderr)
        print(path)
        return IN_PART
    if stopped.reason == "patience":
        print(f"stopped: no better epoch for {run.loop.recipe.patience} epochs")
    evaluation = finish(run.folder, run.loop.recipe, run.loop.split)
    _print_end(run, history, evaluation)
    if report:
        from digitscope.report import write_report

        print(f"report: {write_report(run.folder, evaluation)}")
    print(path)
    return 0


def _print_end(run: Run, history: list[EpochEnded], evaluation: Evaluation) -> None:
    """What the training has brought, and the judgement of the test set."""
    watched = run.loop.split.watched_name
    trained = [event for event in history if event.epoch]
    if trained and history[0].epoch == 0:
        start, first = history[0].watched_accuracy, trained[0].watched_accuracy
        last = trained[-1].watched_accuracy
        print(
            f"{watched} accuracy: initial {percent(start)} (untrained), {percent(first)} after "
            f"epoch 1, final {percent(last)}: improvement {(last - start) * 100:+.2f} points, "
            f"{(last - first) * 100:+.2f} of them since epoch 1"
        )
    if watched == "validation":
        place = run.loop.place
        print(
            f"best epoch: {place.best_epoch}, {percent(place.best_accuracy)} on validation images"
        )
    low, high = evaluation.interval
    print(
        f"test accuracy: {percent(evaluation.accuracy)} (95 % interval {percent(low)} to "
        f"{percent(high)}), "
        f"{evaluation.correct:,} of {evaluation.images:,} correct, "
        f"{evaluation.images - evaluation.correct:,} wrong"
    )
