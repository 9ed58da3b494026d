"""The time machine's questions: which runs, which frames, what is seen at one of them, and what
every one of them says of the image that was read last.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from digitscope.arrays import Floats
from digitscope.errors import ModelFileError
from digitscope.inside.features import first_features
from digitscope.lab.desk import Desk
from digitscope.lab.message import Message
from digitscope.lab.request import whole
from digitscope.lab.story import Row
from digitscope.models.model import NONE, Model
from digitscope.network.notation import format_spec
from digitscope.training.frames import Frame, frame_after
from digitscope.training.run_folder import RunFolder

MOST_LOSSES = 1500  # points of a curve


def runs(desk: Desk, asked: dict[str, Any]) -> Message:
    """Every run, those of sweeps among them; how many frames each has."""
    told = []
    for entry in desk.lab.catalog.runs():
        with contextlib.suppress(ModelFileError, OSError):  # deleted while we looked
            count = len(list(_folder(desk, entry.id).frames.glob("step-*")))
            told.append(entry.to_dict() | {"frames": count})
    return Message({"said": "runs", "id": asked.get("id"), "runs": told})


def frames(desk: Desk, asked: dict[str, Any]) -> Message:
    """The frames of a run, and its curves."""
    run = str(asked.get("run"))
    folder = _folder(desk, run)
    recipe = folder.recipe()
    found, damaged = desk.lab.past.frames(folder)
    story = desk.lab.story(run)
    rows = story.rows
    started = next((row for row in rows if row["event"] == "started"), {})
    fields = {
        "said": "frames",
        "id": asked.get("id"),
        "run": run,
        "architecture": format_spec(recipe.spec()),
        "classes": list(recipe.classes),
        "refuses": recipe.refuses,
        "running": story.running,
        "batches": started.get("batches"),
        "watched": started.get("watched"),
        "frames": [
            {"updates": f.updates, "epoch": f.epoch, "batch": f.batch, "changed": _changed(f)}
            for f in found
        ],
        "damaged": damaged,
        "largest": _largest(desk, found),
        "history": [row for row in rows if row["event"] == "epoch_ended"],
        "losses": _losses(rows),
    }
    return Message(fields)


def frame(desk: Desk, asked: dict[str, Any]) -> Message:
    """What is seen at one frame; the bytes: its weights as pictures."""
    run, updates = str(asked.get("run")), whole(asked, "updates")
    folder = _folder(desk, run)
    told = desk.lab.past.moment(frame_after(folder, updates), folder.recipe())
    return Message(told.fields | {"id": asked.get("id"), "run": run}, told.payload)


def through(desk: Desk, asked: dict[str, Any]) -> Message:
    """What the network of every frame says of the image that was read last. The bytes: a row of
    probabilities for each frame, float32; those of a damaged frame are not numbers.
    """
    image, run = desk.given.image, str(asked.get("run"))
    found, _ = desk.lab.past.frames(_folder(desk, run))
    rows: list[Floats] = []
    for moment in found:
        try:
            rows.append(answers(desk.lab.past.model(moment), image))
        except ModelFileError:
            rows.append(np.full(1, np.nan))
    width = max((len(row) for row in rows), default=0)
    table = np.full((len(rows), width), np.nan, "<f4")
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    fields = {
        "said": "through",
        "id": asked.get("id"),
        "run": run,
        "updates": [moment.updates for moment in found],
        "shape": list(table.shape),
    }
    return Message(fields, table.tobytes())


def answers(model: Model, image: np.ndarray) -> Floats:
    """The probability of every class for one image [28, 28]; of a network that refuses, of all its
    outputs, the last "not a digit".
    """
    judgement = model.judge(image[None])[0]
    return judgement[[*model.classes, *([NONE] if model.refuses else [])]]


def _folder(desk: Desk, run: str) -> RunFolder:
    return RunFolder(desk.lab.catalog.path(run))


def _largest(desk: Desk, found: list[Frame]) -> float | None:
    """The largest of the newest frame's first weights: so that the pictures of all frames have one
    scale.
    """
    for newest in reversed(found):
        try:
            features = first_features(desk.lab.past.model(newest).network)
            return float(np.abs(features.images).max(initial=0)) or 1.0
        except ModelFileError:
            continue
    return None


def _losses(rows: list[Row]) -> list[list[float]]:
    """The mean loss over neighbouring batches, as [epoch, batch, loss, images]; of a long training
    over those of several epochs.
    """
    told = [row for row in rows if row["event"] == "advanced"]
    losses = [[row["epoch"], row["batch"], row["loss"], row["images"]] for row in told]
    while len(losses) > MOST_LOSSES:
        losses = [_mean(losses[i : i + 2]) for i in range(0, len(losses), 2)]
    return losses


def _mean(losses: list[list[float]]) -> list[float]:
    """Neighbours as one, which stands where the last of them stood."""
    images = sum(row[3] for row in losses)
    loss = sum(row[2] * row[3] for row in losses) / images
    return [*losses[-1][:2], loss, images]


def _changed(frame: Frame) -> int:
    """When a frame was written, in milliseconds since 1970: one that is written anew is another."""
    try:
        return frame.path.stat().st_mtime_ns // 1_000_000
    except OSError:
        return 0
