"""The files of a sweep, each read with one check: grid.json, outcome.json, sweep.json, and a run's
events.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from digitscope.errors import RunError
from digitscope.store import write_atomically
from digitscope.training.events import EpochEnded
from digitscope.training.recipe import read_settings
from digitscope.training.run_folder import RunFolder

Grid = dict[str, list[Any]]


@dataclass(frozen=True)
class Summary:
    """How one run ended. Accuracy and loss are the best epoch's on validation images."""

    stopped: str
    accuracy: float
    loss: float
    epoch: int
    seconds: float


@dataclass(frozen=True)
class Judgement:
    """The one look at the test set: the run that validation chose, and how it did."""

    run: str
    settings: dict[str, Any]
    test_accuracy: float
    test_interval_95: list[float]
    test_images: int


def save_json(path: Path, data: Any) -> None:
    """Plain data as a file."""
    write_atomically(path, (json.dumps(data, indent=1, allow_nan=False) + "\n").encode())


def read_grid(folder: Path) -> Grid:
    """The settings that a sweep varies; RunError where grid.json is missing or damaged."""
    path = folder / "grid.json"
    try:
        grid = json.loads(path.read_text("utf-8"))
        assert isinstance(grid, dict)
        assert grid
        assert all(isinstance(values, list) and values for values in grid.values())
        return {name: [read_settings({name: v})[name] for v in grid[name]] for name in grid}
    except FileNotFoundError:
        raise RunError(f"{folder}: not a sweep: grid.json is missing") from None
    except (OSError, ValueError, AssertionError, RecursionError):
        raise RunError(f"{path}: damaged: start the sweep anew") from None


def read_summary(run: Path) -> Summary:
    """How a run ended; RunError where outcome.json is damaged."""
    path = run / "outcome.json"
    try:
        row = json.loads(path.read_text("utf-8"))
        return Summary(
            str(row["stopped"]),
            float(row["accuracy"]),
            float(row["loss"]),
            int(row["epoch"]),
            float(row["seconds"]),
        )
    except (OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise RunError(f"{path}: damaged ({error}): delete the run, and resume the sweep") from None


def read_judgement(folder: Path) -> Judgement | None:
    """The judgement that was written, or None before there is one."""
    path = folder / "sweep.json"
    if not path.exists():
        return None
    try:
        return Judgement(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{path}: damaged ({error}): delete it, and resume the sweep") from None


def save_judgement(folder: Path, judgement: Judgement) -> None:
    """Write sweep.json."""
    save_json(folder / "sweep.json", asdict(judgement))


def past_epochs(run: Path) -> list[EpochEnded]:
    """The epochs that a run has logged; RunError where events.jsonl is damaged."""
    path = RunFolder(run).events
    epochs = []
    try:
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            row = json.loads(line)
            if row.pop("event") == "epoch_ended":
                epochs.append(EpochEnded(**row))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunError(f"{path}: damaged ({error}): delete the run, and resume the sweep") from None
    return epochs
