"""What is said of a training, and what it leaves."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lab.served import Fields, Page, Served


def ended(page: Page) -> list[Fields]:
    """Everything that is said until the training has ended."""
    said = []
    while not said or said[-1].get("status") != "ended":
        said.append(page.hear())
    return said


def events(said: list[Fields], event: str) -> list[Fields]:
    """The events of a name, in the order in which they were told."""
    return [row for row in every(said) if row["event"] == event]


def every(said: list[Fields]) -> list[Fields]:
    """All events: a story that begins anew holds those that came before it."""
    told: list[Fields] = []
    for fields in said:
        if fields["said"] == "training":
            told = list(fields["events"])
        elif fields["said"] == "event":
            told.append({k: v for k, v in fields.items() if k != "said"})
    return told


def children(lab: Served) -> list[int]:
    """The processes that a lab has started."""
    path = Path(f"/proc/{lab.process.pid}/task/{lab.process.pid}/children")
    return [int(pid) for pid in path.read_text().split()]


def log(run: Path) -> list[Fields]:
    """The events that a run folder has recorded."""
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
