"""What a training says of itself, in the order in which it happens. docs/formats.md fixes the JSON
of each.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """The base; `to_dict` is the line in events.jsonl."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data; "event" holds the name in snake case.

        >>> Paused(epoch=1, batch=7).to_dict()
        {'event': 'paused', 'epoch': 1, 'batch': 7}
        """
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        return {"event": name, **asdict(self)}


@dataclass(frozen=True)
class Started(Event):
    """The loop begins, or goes on after `epoch` whole epochs and `batch` batches."""

    architecture: str
    parameters: int
    engine: str
    train_images: int
    watched: str
    watched_images: int
    batches: int
    epochs: int
    epoch: int
    batch: int


@dataclass(frozen=True)
class Advanced(Event):
    """Some batches of an epoch are done; `loss` is the mean over these."""

    epoch: int
    batch: int
    images: int
    loss: float
    learning_rate: float


@dataclass(frozen=True)
class EpochEnded(Event):
    """An epoch is done and measured; epoch 0 is the untrained network."""

    epoch: int
    train_loss: float
    train_accuracy: float
    watched_loss: float
    watched_accuracy: float
    learning_rate: float
    seconds: float
    images_per_second: float
    best: bool


@dataclass(frozen=True)
class Paused(Event):
    """The loop waits for a message."""

    epoch: int
    batch: int


@dataclass(frozen=True)
class Continued(Event):
    """It goes on."""

    epoch: int
    batch: int


@dataclass(frozen=True)
class RateChanged(Event):
    """A message set another learning rate; the schedule's factor still applies to it."""

    epoch: int
    batch: int
    learning_rate: float


@dataclass(frozen=True)
class Stopped(Event):
    """`reason` is "done", "patience", "message" or "diverged"; `advice` is for the last."""

    reason: str
    epoch: int
    batch: int
    advice: str = ""
