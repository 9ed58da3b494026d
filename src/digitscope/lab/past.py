"""The past of runs: what was read and computed of their frames, kept so that scrubbing is fluid."""

from __future__ import annotations

import time
from pathlib import Path

from digitscope.data.mnist import Dataset
from digitscope.errors import ModelFileError
from digitscope.lab.kept import Kept
from digitscope.lab.message import Message
from digitscope.lab.weights import pictures
from digitscope.models.model import Model
from digitscope.training.frames import Frame, judge, scan_frames, watched_images
from digitscope.training.recipe import Recipe
from digitscope.training.run_folder import RunFolder

MODELS, MOMENTS = 256_000_000, 64_000_000  # bytes
LISTS, PARTS = 20, 3  # folders, parts of the data
FRESH = 2_000_000_000  # nanoseconds: a clock of files may be as coarse as that


class Past:
    """What all pages have asked about frames so far. A frame that was written anew is another."""

    def __init__(self) -> None:
        self._lists = Kept[tuple[list[Frame], list[str]]](LISTS, lambda found: 1)
        self._models = Kept[Model](MODELS, _size)
        self._moments = Kept[Message](MOMENTS, lambda told: len(told.payload or b""))
        self._parts = Kept[tuple[Dataset, str, int]](PARTS, lambda part: 1)

    def frames(self, folder: RunFolder) -> tuple[list[Frame], list[str]]:
        """See `scan_frames`. A folder that was just written to is looked at again the next time."""
        try:
            changed = folder.frames.stat().st_mtime_ns
        except OSError:
            return [], []
        if time.time_ns() - changed < FRESH:
            return scan_frames(folder)
        return self._lists.get((str(folder.path), changed), lambda: scan_frames(folder))

    def model(self, frame: Frame) -> Model:
        """The network of a frame; ModelFileError where its file is damaged or gone."""
        return self._models.get(_stamp(frame.path), frame.load)

    def watched(self, recipe: Recipe) -> tuple[Dataset, str, int]:
        """See `watched_images`."""
        of = (recipe.seed, recipe.train, recipe.validation, recipe.digits, recipe.spec())
        return self._parts.get(of, lambda: watched_images(recipe))

    def moment(self, frame: Frame, recipe: Recipe) -> Message:
        """What can be seen at a frame: its weights as pictures, and how it is judged."""
        return self._moments.get(_stamp(frame.path), lambda: self._moment(frame, recipe))

    def last(self, folder: RunFolder, run: str) -> tuple[Message | None, Message | None]:
        """The weights and the confusion matrix of a run's last frame, in the words in which a
        training tells them; None where it has no frame that can be read.
        """
        found, _ = self.frames(folder)
        if not found:
            return None, None
        try:
            told = self.moment(found[-1], folder.recipe())
        except ModelFileError:
            return None, None
        at = {"run": run, "epoch": found[-1].epoch, "batch": found[-1].batch}
        counted = {name: told.fields[name] for name in ("part", "part_images", "images", "matrix")}
        weights = {"said": "weights", **at, **told.fields["weights"]}
        return Message(weights, told.payload), Message({"said": "confusion", **at, **counted})

    def _moment(self, frame: Frame, recipe: Recipe) -> Message:
        model = self.model(frame)
        data, part, n = self.watched(recipe)
        judged = judge(model, data, recipe.loss)
        shown = pictures(model, {})
        told = {
            "said": "frame",
            "updates": frame.updates,
            "epoch": frame.epoch,
            "batch": frame.batch,
            "part": part,
            "part_images": n,
            "images": judged.images,
            "accuracy": judged.accuracy,
            "loss": judged.loss,
            "matrix": judged.matrix.tolist(),
            "weights": {k: v for k, v in shown.fields.items() if k != "said"},
        }
        return Message(told, shown.payload)


def _stamp(path: Path) -> tuple[str, int, int]:
    """A file as it is now."""
    try:
        stat = path.stat()
    except OSError:
        raise ModelFileError(f"{path}: is not there any more: choose another moment") from None
    return str(path), stat.st_mtime_ns, stat.st_size


def _size(model: Model) -> int:
    return sum(W.nbytes for W in model.network.weights.values())
