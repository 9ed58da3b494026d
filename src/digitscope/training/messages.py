"""What can be said to a running loop. It listens between two groups of batches."""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue

from digitscope.training.setting import real, whole


@dataclass(frozen=True)
class Message:
    """The base. SettingError where a message asks for what cannot be."""


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

    def __post_init__(self) -> None:
        whole(1)("batches", self.batches)


@dataclass(frozen=True)
class SetLearningRate(Message):
    """Take another learning rate from here on."""

    learning_rate: float

    def __post_init__(self) -> None:
        real(0, 1e6, False)("learning_rate", self.learning_rate)


@dataclass(frozen=True)
class Stop(Message):
    """Stop here. What is done is kept, and can be resumed."""


Inbox = SimpleQueue[Message]
