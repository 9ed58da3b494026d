"""The story of a run: what has happened so far, as one list that every page reads at its own pace.

So there is no queue for a page to fill: one that is slow, or comes late, reads the same list.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from digitscope.errors import RunError
from digitscope.lab.message import Message
from digitscope.models.model import Model
from digitscope.training.run_folder import RunFolder

Row = dict[str, Any]
MOST_ROWS = 4000


@dataclass(eq=False)
class Story:
    """One run. `status` is "starting", "running", "paused", "judging" or "ended", and "idle" where
    there is none; `what` is a line for the user, where something went wrong. `model` holds the
    weights of this moment, where it runs.

    `edition` changes where the rows do not just grow: a reader of an older one starts anew.
    """

    run: str
    recipe: Row
    status: str = "starting"
    what: str = ""
    note: str = ""
    rows: list[Row] = field(default_factory=list)
    edition: int = 0
    model: Model | None = None
    weights: Message | None = None
    confusion: Message | None = None
    evaluated: Row | None = None
    _limit: int = MOST_ROWS

    @property
    def running(self) -> bool:
        """Whether its process is at work."""
        return self.status not in ("ended", "idle")

    def begin(self, past: list[Row]) -> None:
        """The run folder stands, or is found again with what has happened in it before."""
        for row in past:
            self.add(row)
        self.status, self.what = "starting", ""
        self.edition += 1

    def add(self, row: Row, seconds: float | None = None) -> None:
        """One more event, and how long the loop was at work for it, where that is known."""
        if row["event"] == "advanced":
            row = {**row, "seconds": seconds}
        self.rows.append(row)
        match row["event"]:
            case "started" | "continued":
                self.status = "running"
            case "paused":
                self.status = "paused"
            case "stopped":
                self.status = "judging" if row["reason"] in ("done", "patience") else "ended"
                self.what = row["advice"]
        if len(self.rows) > self._limit:
            self.rows = condensed(self.rows)
            self._limit = max(MOST_ROWS, 2 * len(self.rows))
            self.edition += 1

    def message(self) -> Message:
        """All of it, for a page that opens."""
        return Message(
            {
                "said": "training",
                "run": self.run,
                "recipe": self.recipe,
                "note": self.note,
                "status": self.status,
                "what": self.what,
                "evaluated": self.evaluated,
                "events": merged_each(self.rows),
            }
        )

    def news(self) -> Message:
        """What changes beside the events."""
        told = {"status": self.status, "what": self.what, "evaluated": self.evaluated}
        return Message({"said": "status", "run": self.run, **told})


def merged(rows: list[Row]) -> list[Row]:
    """The rows, with what was said of neighbouring groups of batches said at once.

    >>> one = {"event": "advanced", "epoch": 1, "images": 100, "loss": 1.0, "seconds": 0.5}
    >>> (both,) = merged([{**one, "batch": 1}, {**one, "batch": 2, "loss": 2.0}])
    >>> both["images"], both["loss"], both["batch"], both["images_per_second"]
    (200, 1.5, 2, 200.0)
    """
    found: list[Row] = []
    for (event, _), group in groupby(rows, key=lambda row: (row["event"], row["epoch"])):
        same = list(group)
        if event != "advanced":
            found += same
            continue
        images = sum(row["images"] for row in same)
        loss = sum(row["loss"] * row["images"] for row in same) / images
        times = [row["seconds"] for row in same if row["seconds"]]
        seconds = sum(times) if len(times) == len(same) else None
        speed = images / seconds if seconds else None
        own = {"images": images, "loss": loss, "seconds": seconds, "images_per_second": speed}
        found.append({**same[-1], **own})
    return found


def merged_each(rows: list[Row]) -> list[Row]:
    """The rows as they are, each group of batches in the same words as merged ones."""
    return [row for one in rows for row in merged([one])]


def condensed(rows: list[Row]) -> list[Row]:
    """About half as many rows: every two groups of batches are said at once."""
    found: list[Row] = []
    for event, group in groupby(rows, key=lambda row: row["event"]):
        same = list(group)
        if event == "advanced":
            pairs = [merged(same[i : i + 2]) for i in range(0, len(same), 2)]
            found += [row for pair in pairs for row in pair]
        else:
            found += same
    return found


def past_story(path: Path, id: str) -> Story:
    """The story of a run that nobody in this lab is training; RunError where its log is damaged."""
    folder = RunFolder(path)
    story = Story(id, folder.recipe().to_dict())
    try:
        lines = folder.events.read_text("utf-8").splitlines() if folder.events.exists() else []
        for line in lines:
            story.add(json.loads(line))
        story.evaluated = _evaluated(path)
        story.message()  # what it cannot tell is found here, and not in the midst of telling
    except (OSError, ArithmeticError, ValueError, LookupError, TypeError) as error:
        raise RunError(f"{folder.events}: damaged ({error}): train anew") from None
    story.status = "ended"
    return story


def _evaluated(path: Path) -> Row | None:
    """The judgement of a run, where it has one."""
    file = path / "evaluation.json"
    if not file.exists():
        return None
    found = json.loads(file.read_text("utf-8"))
    return {key: found[key] for key in ("accuracy", "interval_95", "images")}
