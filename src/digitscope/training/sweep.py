"""A sweep: every combination of some settings, each an ordinary run.

The winner is chosen on validation images, and judged once on the test set.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from digitscope.errors import RunError, SettingError
from digitscope.evaluation.evaluate import evaluate
from digitscope.models.model import load
from digitscope.store import write_atomically
from digitscope.training.events import EpochEnded, Event, Stopped
from digitscope.training.finish import finish
from digitscope.training.messages import Inbox
from digitscope.training.recipe import Recipe, read_settings
from digitscope.training.resume import resumed_run
from digitscope.training.run_folder import RunFolder, create_run, sole_writer
from digitscope.training.sweep_files import (
    Grid,
    Judgement,
    Summary,
    past_epochs,
    read_grid,
    read_judgement,
    read_summary,
    save_json,
    save_judgement,
)
from digitscope.training.train import Run, started_run, why_engine

VALIDATION = 5000
MOST_RUNS = 1000


@dataclass(frozen=True)
class Outcome:
    """One run of a sweep: where it is, what was varied, every epoch, and how it ended."""

    folder: Path
    settings: dict[str, Any]
    history: list[EpochEnded]
    summary: Summary

    @property
    def diverged(self) -> bool:
        """Whether its loss ran away."""
        return self.summary.stopped == "diverged"


@dataclass(frozen=True)
class Sweep:
    """A sweep, as far as it got; the judgement is there when every run is done."""

    folder: Path
    outcomes: list[Outcome]
    judgement: Judgement | None = None
    interrupted: bool = False


def parse_grid(words: list[str]) -> Grid:
    """The settings that vary: ["hidden=64,128", "learning_rate=0.1,0.2"].

    >>> parse_grid(["hidden=64,128-64"])
    {'hidden': ['64', '128-64']}
    """
    grid: Grid = {}
    for word in words:
        name, equals, values = word.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not values.strip():
            raise SettingError(
                f"--grid needs setting=value,value, got {word!r}: as in --grid hidden=64,128"
            )
        if name in grid:
            raise SettingError(f"--grid names {name} twice: put all its values into one")
        if name in ("name", "description", "source"):
            raise SettingError(f"--grid cannot vary {name}: it changes no training")
        read = [read_settings({name: value})[name] for value in values.split(",") if value.strip()]
        if len(set(read)) != len(read):
            raise SettingError(f"--grid {name} has a value twice: {values}")
        grid[name] = read
    if not grid:
        raise SettingError("a sweep needs at least one --grid setting=value,value")
    return grid


def with_validation(recipe: Recipe) -> Recipe:
    """A recipe to sweep. One without a validation part gets one: a sweep chooses.

    >>> with_validation(Recipe(validation=0)).validation
    5000
    """
    if recipe.validation:
        return recipe
    most = 60_000 - VALIDATION
    return replace(recipe, validation=VALIDATION, train=min(recipe.train, most), source="")


def combinations(recipe: Recipe, grid: Grid) -> list[tuple[str, Recipe]]:
    """A name and a recipe for each combination; SettingError where one cannot be trained.

    >>> [name for name, _ in combinations(Recipe(), {"hidden": ["64"], "seed": [0, 1]})]
    ['hidden=64,seed=0', 'hidden=64,seed=1']
    """
    rows = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    if len(rows) > MOST_RUNS:
        raise SettingError(
            f"the grid has {len(rows)} combinations, at most {MOST_RUNS}: leave some out"
        )
    named: dict[str, Recipe] = {}
    for row in rows:
        name = ",".join(f"{key}={_safe(value)}" for key, value in row.items())[:90]
        named[f"{name}+{len(named)}" if name in named else name] = recipe.with_settings(row)
    if any(not r.validation for r in named.values()):
        raise SettingError("a sweep chooses on validation images: leave validation=0 out of it")
    return list(named.items())


def why_engines(path: Path) -> list[str]:
    """Why "auto" does not mean `fast` for some runs of a sweep; each reason once."""
    grid = read_grid(path)  # first, as it says best what is no sweep
    runs = combinations(RunFolder(path).recipe(), grid)
    reasons = dict.fromkeys(why_engine(recipe) for _, recipe in runs)
    return [reason for reason in reasons if reason]


def start_sweep(recipe: Recipe, grid: Grid, root: Path, name: str) -> RunFolder:
    """A new sweep folder, which holds the recipe that varies, the grid, and later the runs."""
    combinations(recipe, grid)  # every combination is checked before anything is written
    folder = create_run(root, name, recipe)
    save_json(folder.path / "grid.json", grid)
    for unused in ("weights", "checkpoint", "frames"):
        (folder.path / unused).rmdir()
    return folder


def run_sweep(
    path: Path, on_event: Callable[[str, Event], None], inbox: Inbox | None = None
) -> Sweep:
    """Do every run that is not done yet, go on with the one that was cut, and write the table.

    When all are done the chosen run is judged on the test set, once, and that is kept too.
    """
    grid = read_grid(path)
    folder = RunFolder(path)
    outcomes: list[Outcome] = []
    with sole_writer(folder):
        for name, recipe in combinations(folder.recipe(), grid):
            settings = {key: getattr(recipe, key) for key in grid}
            outcomes.append(_one(path / name, recipe, settings, on_event, inbox))
            _write_table(path, outcomes, grid)
            if outcomes[-1].summary.stopped == "message":
                return Sweep(path, outcomes, interrupted=True)
        return Sweep(path, outcomes, _judge(path, outcomes))


def ranked(outcomes: list[Outcome]) -> list[Outcome]:
    """The best on validation images first, the diverged last."""
    return sorted(outcomes, key=lambda o: (o.diverged, -o.summary.accuracy, o.summary.loss))


def _judge(path: Path, outcomes: list[Outcome]) -> Judgement | None:
    """The judgement of the best run; None where every one diverged."""
    best = ranked(outcomes)[0]
    judgement = read_judgement(path)
    if best.diverged or judgement is not None:
        return judgement
    e = evaluate(load(RunFolder(best.folder).best))
    judgement = Judgement(best.folder.name, best.settings, e.accuracy, list(e.interval), e.images)
    save_judgement(path, judgement)
    return judgement


def _one(
    path: Path,
    recipe: Recipe,
    settings: dict[str, Any],
    on_event: Callable[[str, Event], None],
    inbox: Inbox | None,
) -> Outcome:
    """One combination: done already, cut, or new."""
    if (path / "outcome.json").exists():
        return Outcome(path, settings, past_epochs(path), read_summary(path))
    if path.exists() and not (path / "recipe.toml").is_file():
        raise RunError(
            f"{path}: in the way of a run, and none itself: move it, and resume the sweep"
        )
    opened = (
        resumed_run(path, None, inbox, of_sweep=True)
        if path.exists()
        else started_run(recipe, path.parent, path.name, inbox)
    )
    with opened as run:
        history, stopped = _follow(run, path.name, on_event)
        place = run.loop.place
        if stopped.reason in ("done", "patience"):
            finish(run.folder, recipe, run.loop.split, judge=False)
        summary = Summary(
            stopped.reason,
            place.best_accuracy,
            place.best_loss,
            place.best_epoch,
            sum(e.seconds for e in history),
        )
        if stopped.reason != "message":
            save_json(path / "outcome.json", asdict(summary))
        return Outcome(path, settings, history, summary)


def _follow(
    run: Run, name: str, on_event: Callable[[str, Event], None]
) -> tuple[list[EpochEnded], Stopped]:
    """Drive a run to its end. The epochs before a resume are read back from its events."""
    history = past_epochs(run.folder.path)
    stopped: Stopped | None = None
    for event in run.events:
        on_event(name, event)
        if isinstance(event, EpochEnded):
            history.append(event)
        if isinstance(event, Stopped):
            stopped = event
    assert stopped is not None, "a loop ends with Stopped"
    return history, stopped


def _write_table(path: Path, outcomes: list[Outcome], grid: Grid) -> None:
    """sweep.csv: a row a run, the best on validation images first."""
    text = io.StringIO()
    figures = ["validation_accuracy", "validation_loss", "best_epoch", "seconds", "stopped", "run"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*grid, *figures])
    for outcome in ranked(outcomes):
        s = outcome.summary
        cells = [f"{s.accuracy:.6f}", f"{s.loss:.6f}", s.epoch, f"{s.seconds:.2f}", s.stopped]
        writer.writerow([*outcome.settings.values(), *cells, outcome.folder.name])
    write_atomically(path / "sweep.csv", text.getvalue().encode())


def _safe(value: Any) -> str:
    """A value as part of a folder's name."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in str(value)) or "none"
