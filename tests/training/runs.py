"""What the tests of runs share."""

from __future__ import annotations

import json
from pathlib import Path

from digitscope.store import read_tensors
from digitscope.training.checkpoint import FORMAT
from digitscope.training.messages import Stop

# All that makes going on hard: state, slots, noise, distortion, a schedule.
HARD = {
    "hidden": "16-bn-d0.2",
    "engine": "numpy",
    "optimizer": "adam",
    "learning_rate": 0.01,
    "augment": "shift:1 rotate:5",
    "schedule": "one_cycle",
    "epochs": 4,
    "train": 2000,
    "validation": 500,
    "train_sample": 200,
}


def tensors(run: Path) -> dict[str, bytes]:
    """Every tensor of a run, by file and name."""
    found = {}
    for path in sorted(run.rglob("*.safetensors")):
        kind = FORMAT if path.parent.name == "checkpoint" else "digitscope model"
        for name, array in read_tensors(path, kind, 1)[0].items():
            found[f"{path.relative_to(run)}:{name}"] = array.tobytes()
    return found


def log_without_times(run: Path) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    return [
        {k: v for k, v in row.items() if k not in ("seconds", "images_per_second")}
        for row in rows
        if row["event"] not in ("started", "stopped")
    ]


def follow_until(events, inbox, n: int) -> None:  # type: ignore[no-untyped-def]
    """Ask a run to stop after n events."""
    for i, _ in enumerate(events):
        if i == n:
            inbox.put(Stop())
