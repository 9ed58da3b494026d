"""The process of a training, apart from the server, so that the page stays alive and a stop is at
once.

    python -m digitscope.lab.training_process

On its standard input it hears a job and then messages, a line of JSON each; on its standard output
it says what happens: a line of JSON, and where that has "bytes", so many behind it. When its
standard input ends, the server is gone: it stops as though asked to, and the run can be resumed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

from digitscope.lab.message import Message

WEIGHTS_EVERY = 0.2  # seconds


class Channel:
    """Where to say what happens. Nobody need be listening any more."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def tell(self, said: str, payload: bytes | None = None, **fields: Any) -> None:
        """A message, its bytes right behind it."""
        message = Message({"said": said, **fields}, payload)
        with contextlib.suppress(BrokenPipeError):
            self._stream.write(message.text().encode() + b"\n" + (payload or b""))
            self._stream.flush()


def main() -> None:
    """Do the job that comes first on standard input."""
    from digitscope.errors import DigitscopeError

    channel = Channel(_own_output())
    heard = _lines()
    try:
        with _run(next(heard), heard) as run:
            _follow(run, channel)
    except DigitscopeError as error:
        channel.tell("failed", what=str(error))
    except OSError as error:
        channel.tell("failed", what=f"{error.filename or 'a file'}: {error.strerror or error}")
    # The thread that listens waits for a line that need not come.
    sys.stdout.flush()
    os._exit(0)


@contextlib.contextmanager
def _run(job: dict[str, Any], heard: Iterator[dict[str, Any]]) -> Iterator[Any]:
    """The run that a job asks for: a new one, or one to go on with."""
    from digitscope.training.messages import Inbox, Pause
    from digitscope.training.recipe import Recipe
    from digitscope.training.resume import read_changes, resumed_run
    from digitscope.training.train import Run, started_run

    inbox = Inbox()
    if job.get("paused"):
        inbox.put(Pause())
    opened: AbstractContextManager[Run]
    if "resume" in job:
        opened = resumed_run(Path(job["resume"]), read_changes(job["changes"]), inbox)
    else:
        recipe = Recipe(**job["recipe"])
        opened = started_run(recipe, Path(job["root"]), recipe.name, inbox)
    with opened as run:
        threading.Thread(target=_listen, args=[heard, run], daemon=True).start()
        yield run


def _listen(heard: Iterator[dict[str, Any]], run: Any) -> None:
    """Pass on what is said to the loop; when nobody can say anything any more, stop it."""
    from digitscope.training.messages import Advance, Continue, Pause, SetLearningRate, Stop

    inbox, loop = run.loop.inbox, run.loop
    for said in heard:
        match said["do"]:
            case "pause":
                inbox.put(Pause())
            case "continue":
                inbox.put(Continue())
            case "rate":
                inbox.put(SetLearningRate(said["learning_rate"]))
            case "advance":
                of_epoch = loop.batches - loop.place.batch
                inbox.put(Advance(of_epoch if said["batches"] == "epoch" else said["batches"]))
            case "stop":
                inbox.put(Stop())
    inbox.put(Stop())


def _follow(run: Any, channel: Channel) -> None:
    """Drive the run to its end, and tell of it."""
    from digitscope.training.events import Advanced, EpochEnded, Stopped
    from digitscope.training.finish import finish

    loop = run.loop
    channel.tell(
        "opened",
        run=str(run.folder.path),
        recipe=loop.recipe.to_dict(),
        note=run.note,
        events=_past(run.folder.events),
    )
    shown = 0.0
    stopped = None
    began = time.perf_counter()
    for event in run.events:
        seconds = time.perf_counter() - began
        channel.tell("event", event=event.to_dict(), seconds=seconds)
        if isinstance(event, EpochEnded):
            channel.tell("confusion", epoch=event.epoch, matrix=_confusion(loop))
        if isinstance(event, Stopped):
            stopped = event
        moving = isinstance(event, (Advanced, EpochEnded))
        if not moving or time.monotonic() - shown >= WEIGHTS_EVERY:
            _tell_weights(loop, channel)
            shown = time.monotonic()
        began = time.perf_counter()
    if stopped is not None and stopped.reason in ("done", "patience"):
        evaluation = finish(run.folder, loop.recipe, loop.split)
        channel.tell(
            "evaluated",
            accuracy=evaluation.accuracy,
            interval_95=list(evaluation.interval),
            images=evaluation.images,
        )


def _tell_weights(loop: Any, channel: Channel) -> None:
    """The weights as they are now, as the bytes of a safetensors file."""
    import numpy as np
    from safetensors.numpy import save

    from digitscope.models.model import STATE_PREFIX

    position, place = loop.position(), loop.place
    tensors = position.weights | {STATE_PREFIX + n: T for n, T in position.state.items()}
    payload = save({name: np.ascontiguousarray(T) for name, T in tensors.items()})
    channel.tell("weights", payload, epoch=max(0, place.epoch), batch=place.batch)


def _confusion(loop: Any) -> list[list[int]]:
    """How often the images of each class (rows) are taken for each class, on watched images; a
    network that refuses has a last column for that, as the loop counts its accuracy.
    """
    from digitscope.evaluation.metrics import confusion_matrix

    images, labels = loop.split.watched
    n = len(loop.recipe.classes)
    Z = loop.engine.logits(images)
    predicted = (Z[:, 0] > 0).astype(int) if Z.shape[1] == 1 else Z.argmax(axis=1)
    matrix: list[list[int]] = confusion_matrix(labels, predicted, max(n, Z.shape[1]))[:n].tolist()
    return matrix


def _past(log: Path) -> list[dict[str, Any]]:
    """The events so far of a run that goes on."""
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def _lines() -> Iterator[dict[str, Any]]:
    """What is said on standard input, until it ends."""
    for line in sys.stdin:
        yield json.loads(line)


def _own_output() -> BinaryIO:
    """Our standard output; frameworks that print get standard error."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


if __name__ == "__main__":
    main()
