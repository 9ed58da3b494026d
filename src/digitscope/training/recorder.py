"""The recorder: it listens to a loop and keeps everything in the run folder.

At the end of an epoch it writes the logs, the frame, the weights, and the checkpoint last. Cut
anywhere, the checkpoint that stands is whole, and `rewind` takes the rest back to it.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from digitscope.engines import Position
from digitscope.errors import StorageError
from digitscope.models.model import Model, save
from digitscope.network.network import Network
from digitscope.store import unwritable, write_atomically
from digitscope.training.checkpoint import Checkpoint, save_checkpoint
from digitscope.training.events import Advanced, EpochEnded, Event, Stopped
from digitscope.training.loop import FIRST_BATCHES, Loop
from digitscope.training.run_folder import RunFolder

# Frames of a run: as many as fit into so many bytes, but never fewer or more than these.
FRAMES_BYTES, LEAST_FRAMES, MOST_FRAMES = 64_000_000, 64, 256


class Recorder:
    """Writes one run. Hold its lock."""

    def __init__(self, folder: RunFolder, loop: Loop, machine: dict[str, Any]) -> None:
        self.folder, self.loop, self.machine = folder, loop, machine

    def record(self) -> Iterator[Event]:
        """The loop's events, each passed on once it is kept."""
        environment = self.folder.path / "environment.json"
        if not environment.exists() or not self.loop.finished:  # of those who train now
            write_atomically(environment, (json.dumps(self.machine, indent=1) + "\n").encode())
        for event in self.loop.events():
            self._log_event(event)
            if isinstance(event, Advanced):
                if event.epoch == 1 and event.batch in FIRST_BATCHES:
                    self._save_frame(0, event.batch)
            elif isinstance(event, EpochEnded):
                self._log_results(event)
                self._save_frame(event.epoch, 0)
                self._thin_frames(event.epoch)
                self._save_weights(event)
                self._save_checkpoint()
            elif isinstance(event, Stopped) and event.reason == "message":
                if event.batch:
                    self._save_model(self.folder.last, self.loop.position(), {})
                self._save_checkpoint()
            yield event

    def rewind(self, checkpoint: Checkpoint | None) -> None:
        """Take logs, frames and weights back to the checkpoint, or to nothing.

        A run with nothing left to train stays as it is, with its judgement. Of any other the
        judgement and the report go: they speak of weights that are about to change.
        """
        for stray in self.folder.path.rglob(".*.tmp"):
            stray.unlink()
        if self.loop.finished:
            return
        for stale in ("evaluation.json", "report.html"):
            (self.folder.path / stale).unlink(missing_ok=True)
        lengths = checkpoint.log_lengths if checkpoint else {}
        for log in (self.folder.events, self.folder.results):
            _cut(log, lengths.get(log.name, 0))
        updates = checkpoint.position.updates if checkpoint else -1
        for frame in self.folder.frames.glob("step-*.safetensors"):
            if _step(frame) > updates:
                frame.unlink()
        if checkpoint:
            self._save_model(self.folder.last, checkpoint.position, {})
            self._save_model(self.folder.best, checkpoint.best, self._chosen())

    def _chosen(self) -> dict[str, Any]:
        """What is known of the best weights while the run goes on."""
        place, watched = self.loop.place, self.loop.split.watched_name
        return {
            "epoch": place.best_epoch,
            f"{watched}_accuracy": place.best_accuracy,
            f"{watched}_loss": place.best_loss,
        }

    def _log_event(self, event: Event) -> None:
        _append(self.folder.events, json.dumps(event.to_dict(), allow_nan=False) + "\n")

    def _log_results(self, event: EpochEnded) -> None:
        """A row of results.csv, named for what the second curve is measured on."""
        watched = self.loop.split.watched_name
        row = {
            "epoch": event.epoch,
            "train_loss": f"{event.train_loss:.6f}",
            "train_accuracy": f"{event.train_accuracy:.6f}",
            f"{watched}_loss": f"{event.watched_loss:.6f}",
            f"{watched}_accuracy": f"{event.watched_accuracy:.6f}",
            "learning_rate": f"{event.learning_rate:.8g}",
            "seconds": f"{event.seconds:.3f}",
            "images_per_second": f"{event.images_per_second:.0f}",
        }
        text = io.StringIO()
        writer = csv.DictWriter(text, list(row), lineterminator="\n")
        results = self.folder.results
        if not results.exists() or results.stat().st_size == 0:
            writer.writeheader()
        writer.writerow(row)
        _append(results, text.getvalue())

    def _save_weights(self, event: EpochEnded) -> None:
        watched = self.loop.split.watched_name
        measured = {
            "epoch": event.epoch,
            f"{watched}_accuracy": event.watched_accuracy,
            f"{watched}_loss": event.watched_loss,
        }
        self._save_model(self.folder.last, self.loop.position(), measured)
        if event.best:
            self._save_model(self.folder.best, self.loop.best, measured)

    def _save_model(self, path: Path, position: Position, measured: dict[str, Any]) -> None:
        recipe = self.loop.recipe
        network = Network(recipe.spec(), position.weights, position.state)
        model = Model(network, recipe.classes, recipe=recipe.to_dict(), measured=measured)
        save(model, path, overwrite=True)

    def _save_frame(self, epoch: int, batch: int) -> None:
        position = self.loop.position()
        path = self.folder.frames / f"step-{position.updates:08d}.safetensors"
        self._save_model(path, position, {"epoch": epoch, "batch": batch})

    def _thin_frames(self, epoch: int) -> None:
        """Keep no more than there is room for: of many epochs every second one, every fourth, and
        so on, and the newest.
        """
        untrained = self.folder.frames / f"step-{0:08d}.safetensors"
        size = untrained.stat().st_size if untrained.exists() else FRAMES_BYTES
        most = min(MOST_FRAMES, max(LEAST_FRAMES, FRAMES_BYTES // size)) - len(FIRST_BATCHES)
        every = 1
        while epoch // every + 2 > most:
            every *= 2
        for frame in self.folder.frames.glob("step-*.safetensors"):
            of, rest = divmod(_step(frame), self.loop.batches)
            if rest == 0 and of % every and of != epoch:
                frame.unlink()

    def _save_checkpoint(self) -> None:
        lengths = {}
        for log in (self.folder.events, self.folder.results):
            if log.exists():
                _sync(log)
                lengths[log.name] = log.stat().st_size
        loop = self.loop
        save_checkpoint(
            self.folder, Checkpoint(loop.place, loop.position(), loop.best, lengths, self.machine)
        )


def _step(frame: Path) -> int:
    """The number of updates before a frame, from its name."""
    found = re.fullmatch(r"step-(\d+)", frame.stem)
    return int(found[1]) if found else -1


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise StorageError(unwritable(path, error)) from None


def _cut(path: Path, length: int) -> None:
    """Cut a log back to the length that it had at the checkpoint."""
    try:
        if path.exists():
            os.truncate(path, min(length, path.stat().st_size))
    except OSError as error:
        raise StorageError(unwritable(path, error)) from None


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
