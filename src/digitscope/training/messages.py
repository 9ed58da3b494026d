"""What can be said to a running loop. It listens between two groups of batches."""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue


@dataclass(frozen=True)
class Message:
    """The base."""


@dataclass(frozen=True)
class Pause(Message):
    """Wait."""


@dataclass(frozen=True)
class Continue(Message):
    """Go on."""


@dataclass(frozen=True)
class Advance(Message):
    """Do this many batches, then pause."""

    batches: int = 1


@dataclass(frozen=True)
class SetLearningRate(Message):
    """Take another learning rate from here on."""

    learning_rate: float


@dataclass(frozen=True)
class Stop(Message):
    """Stop here. What is done is kept, and can be resumed."""


Inbox = SimpleQueue[Message]
