"""A sweep: every combination of some settings, each an ordinary run, chosen on validation and
judged once on test.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from digitscope.errors import RunError, SettingError
from digitscope.store import write_atomically
from digitscope.training.events import EpochEnded, Event, Stopped
from digitscope.training.finish import finish
from digitscope.training.messages import Inbox
from digitscope.training.recipe import Recipe, read_settings
from digitscope.training.run_folder import RunFolder, create_run, open_run
from digitscope.training.train import Run, resumed_run, started_run

Grid = dict[str, list[Any]]
VALIDATION = 5000
MOST_RUNS = 1000


@dataclass(frozen=True)
class Outcome:
    """One run of a sweep. Accuracy and loss are the best epoch's on validation images."""

    folder: Path
    settings: dict[str, Any]
    history: list[EpochEnded]
    stopped: str
    accuracy: float
    loss: float
    epoch: int
    seconds: float

    @property
    def diverged(self) -> bool:
        """Whether the loss left the finite numbers."""
        return self.stopped == "diverged"


@dataclass(frozen=True)
class Sweep:
    """A sweep: its folder, its outcomes, and the one that validation chose."""

    folder: Path
    outcomes: list[Outcome]
    interrupted: bool = False

    @property
    def chosen(self) -> Outcome | None:
        """The best on validation images, among those that did not diverge."""
        usable = [o for o in self.outcomes if not o.diverged]
        return max(usable, key=lambda o: (o.accuracy, -o.loss), default=None)


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


def combinations(recipe: Recipe, grid: Grid) -> list[tuple[str, Recipe]]:
    """A name and a recipe for each combination. A recipe without a validation part gets one: a
    sweep chooses.

    >>> [name for name, _ in combinations(Recipe(), {"hidden": ["64"], "seed": [0, 1]})]
    ['hidden=64,seed=0', 'hidden=64,seed=1']
    """
    if not recipe.validation and "validation" not in grid:
        most = 60_000 - VALIDATION
        recipe = replace(recipe, validation=VALIDATION, train=min(recipe.train, most), source="")
    rows = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    if len(rows) > MOST_RUNS:
        raise SettingError(
            f"the grid has {len(rows)} combinations, at most {MOST_RUNS}: leave some out"
        )
    named: list[tuple[str, Recipe]] = []
    for row in rows:
        name = ",".join(f"{key}={_safe(value)}" for key, value in row.items())[:90]
        if name in {taken for taken, _ in named}:
            name = f"{name}+{len(named)}"
        named.append((name, recipe.with_settings(row)))
    if any(not r.validation for _, r in named):
        raise SettingError(
            "a sweep chooses on validation images: leave validation=0 out of the grid"
        )
    return named


def start_sweep(recipe: Recipe, grid: Grid, root: Path, name: str) -> RunFolder:
    """A new sweep folder, which holds the recipe that varies, the grid, and later the runs."""
    combinations(recipe, grid)  # every combination is checked before anything is written
    folder = create_run(root, name, recipe)
    write_atomically(folder.path / "grid.json", (json.dumps(grid, indent=1) + "\n").encode())
    for unused in ("weights", "checkpoint", "frames"):
        (folder.path / unused).rmdir()
    return folder


def run_sweep(
    path: Path, on_event: Callable[[str, Event], None], inbox: Inbox | None = None
) -> Sweep:
    """Do every run that is not done yet, resume the one that was cut, and write the table.

    The chosen run is judged on the test set only when all are done.
    """
    folder = open_run(path)
    try:
        grid: Grid = json.loads((path / "grid.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise RunError(f"{path}: not a sweep: grid.json is missing or damaged") from None
    outcomes: list[Outcome] = []
    for name, recipe in combinations(folder.recipe(), grid):
        settings = {key: getattr(recipe, key) for key in grid}
        outcome = _one(path, name, recipe, settings, on_event, inbox)
        outcomes.append(outcome)
        _write_table(path, outcomes, grid)
        if outcome.stopped == "message":
            return Sweep(path, outcomes, interrupted=True)
    return Sweep(path, outcomes)


def _one(
    root: Path,
    name: str,
    recipe: Recipe,
    settings: dict[str, Any],
    on_event: Callable[[str, Event], None],
    inbox: Inbox | None,
) -> Outcome:
    """One combination: a new run, or the one that stands there."""
    outcome_file = root / name / "outcome.json"
    if outcome_file.is_file():
        return _read_outcome(outcome_file, root / name, settings)
    exists = (root / name / "recipe.toml").is_file()
    opened = (
        resumed_run(root / name, 0, inbox) if exists else started_run(recipe, root, name, inbox)
    )
    with opened as run:
        history, stopped = _follow(run, name, on_event)
        place = run.loop.place
        if stopped.reason in ("done", "patience"):
            finish(run.folder, recipe, run.loop.split, judge=False)
        outcome = Outcome(
            run.folder.path,
            settings,
            history,
            stopped.reason,
            place.best_accuracy,
            place.best_loss,
            place.best_epoch,
            sum(e.seconds for e in history),
        )
        if stopped.reason != "message":
            _save_outcome(outcome_file, outcome)
        return outcome


def _follow(
    run: Run, name: str, on_event: Callable[[str, Event], None]
) -> tuple[list[EpochEnded], Stopped]:
    """Drive a run to its end. The epochs before a resume are read back from its events."""
    history = list(_past_epochs(run.folder))
    stopped: Stopped | None = None
    for event in run.events:
        on_event(name, event)
        if isinstance(event, EpochEnded):
            history.append(event)
        if isinstance(event, Stopped):
            stopped = event
    assert stopped is not None, "a loop ends with Stopped"
    return history, stopped


def _past_epochs(folder: RunFolder) -> Iterator[EpochEnded]:
    if folder.events.exists():
        for line in folder.events.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row.pop("event") == "epoch_ended":
                yield EpochEnded(**row)


def _save_outcome(path: Path, outcome: Outcome) -> None:
    row = {
        "stopped": outcome.stopped,
        "accuracy": outcome.accuracy,
        "loss": outcome.loss,
        "epoch": outcome.epoch,
        "seconds": outcome.seconds,
    }
    write_atomically(path, (json.dumps(row, indent=1) + "\n").encode())


def _read_outcome(path: Path, folder: Path, settings: dict[str, Any]) -> Outcome:
    try:
        row = json.loads(path.read_text("utf-8"))
        return Outcome(folder, settings, list(_past_epochs(RunFolder(folder))), **row)
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{path}: damaged ({error}): delete the run and resume the sweep") from None


def _write_table(path: Path, outcomes: list[Outcome], grid: Grid) -> None:
    """sweep.csv: a row a run, the best on validation images first."""
    text = io.StringIO()
    columns = [
        *grid,
        "validation_accuracy",
        "validation_loss",
        "best_epoch",
        "seconds",
        "stopped",
        "run",
    ]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for o in ranked(outcomes):
        figures = [f"{o.accuracy:.6f}", f"{o.loss:.6f}", o.epoch, f"{o.seconds:.2f}"]
        writer.writerow([*o.settings.values(), *figures, o.stopped, o.folder.name])
    write_atomically(path / "sweep.csv", text.getvalue().encode())


def ranked(outcomes: list[Outcome]) -> list[Outcome]:
    """The best on validation images first, the diverged last."""
    return sorted(outcomes, key=lambda o: (o.diverged, -o.accuracy, o.loss))


def _safe(value: Any) -> str:
    """A value as part of a folder's name."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in str(value)) or "none"
