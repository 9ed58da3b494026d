"""What a run folder remembers of its training, read back from results.csv and events.jsonl."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

from digitscope.errors import RunError
from digitscope.training.events import EpochEnded

__all__ = ["read_history", "read_stop"]

COMMON = ("epoch", "train_loss", "train_accuracy", "learning_rate", "seconds", "images_per_second")


def read_history(path: Path) -> tuple[str, list[EpochEnded]]:
    """What the second curve was measured on, and an `EpochEnded` for each row.

    The first is "validation" or "test". The file does not hold `best`; it is found again by the
    loop's own rule: the highest accuracy on the validation images, of equals the lower loss;
    without them every epoch so far is the best, and so the last one was kept. RunError says what
    is missing or unreadable.

    >>> import tempfile
    >>> head = "epoch,train_loss,train_accuracy,test_loss,test_accuracy,"
    >>> head += "learning_rate,seconds,images_per_second"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "results.csv"
    ...     _ = path.write_text(head + "\\n0,2.3,0.1,2.4,0.09,0,0,0\\n")
    ...     watched, history = read_history(path)
    >>> watched, history[0].watched_accuracy, history[0].best
    ('test', 0.09, True)
    """
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: cannot be read: {error}: train the run first") from None
    if not rows:
        raise RunError(f"{path}: no epoch has been measured yet: let the run go on, then try again")
    names = [name for name in ("validation", "test") if f"{name}_accuracy" in rows[0]]
    missing = [name for name in COMMON if name not in rows[0]]
    if missing or not names:
        what = ", ".join(missing) or "validation_accuracy or test_accuracy"
        raise RunError(f"{path}: not the results of a run: the column {what} is missing")
    try:
        return names[0], _events(rows, names[0])
    except (TypeError, ValueError, KeyError) as error:
        raise RunError(f"{path}: damaged: {error}: use another copy") from None


def _events(rows: list[dict[str, str]], watched: str) -> list[EpochEnded]:
    events = []
    best = (-1.0, -math.inf)
    for row in rows:
        accuracy, loss = float(row[f"{watched}_accuracy"]), float(row[f"{watched}_loss"])
        better = watched == "test" or (accuracy, -loss) > best
        best = max(best, (accuracy, -loss))
        events.append(
            EpochEnded(
                epoch=int(row["epoch"]),
                train_loss=float(row["train_loss"]),
                train_accuracy=float(row["train_accuracy"]),
                watched_loss=loss,
                watched_accuracy=accuracy,
                learning_rate=float(row["learning_rate"]),
                seconds=float(row["seconds"]),
                images_per_second=float(row["images_per_second"]),
                best=better,
            )
        )
    return events


def read_stop(path: Path) -> str:
    """Why the training ended, as `Stopped` has it, or "" if that is not known."""
    try:
        lines = path.read_text("utf-8").splitlines()
        last = json.loads(lines[-1]) if lines else {}
    except (OSError, ValueError):
        return ""
    if not isinstance(last, dict) or last.get("event") != "stopped":
        return ""
    return str(last.get("reason", ""))
