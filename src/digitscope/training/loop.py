"""The loop: which images come when, when to measure, when to stop. It never prints and writes no
file.

    for epoch:
        a fresh random order of the training images
        for batch:
            forward, loss, back-propagation, update          (the engine)
        measure; keep the best

Everything random is derived from (seed, epoch, batch), so a loop that starts at any saved place
goes on exactly as one that was never cut.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import numpy as np

from digitscope.arrays import Indices
from digitscope.data.mnist import Dataset
from digitscope.data.splits import Split
from digitscope.engines import Engine, Position
from digitscope.maths.losses import LOSSES
from digitscope.network.notation import format_spec
from digitscope.network.schedules import SCHEDULES
from digitscope.training.events import (
    Advanced,
    Continued,
    EpochEnded,
    Event,
    Paused,
    RateChanged,
    Started,
    Stopped,
)
from digitscope.training.feeder import Feeder
from digitscope.training.messages import Advance, Continue, Inbox, Pause, SetLearningRate, Stop
from digitscope.training.randomness import generator
from digitscope.training.recipe import Recipe

# The first batches are where most happens: the loop stops after each of these to be looked at.
FIRST_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
# A loss so many times that of the untrained network has run away: in a batch, and after an epoch.
BLOWN_UP, WORSE = 1000.0, 1.5
GROUPS = 40  # of batches an epoch; between two groups the loop listens and reports


@dataclass(frozen=True)
class Place:
    """Where a loop is: whole epochs done, batches done of the next, and what it has to remember."""

    epoch: int = -1  # -1: not even the untrained network has been measured
    batch: int = 0
    learning_rate: float | None = None  # set by a message, instead of the recipe's
    best_epoch: int = 0
    best_accuracy: float = -1.0
    best_loss: float = math.inf
    patient_from: int = 0  # patience starts anew where a run was extended
    first_loss: float = math.inf  # of the untrained network; a loss far beyond it has run away
    seconds: float = 0.0  # spent on the epoch so far


class Loop:
    """One training. `events` drives it; `place`, `position` and `best` say where it is."""

    def __init__(
        self,
        recipe: Recipe,
        split: Split,
        engine: Engine,
        place: Place | None = None,
        best: Position | None = None,
        inbox: Inbox | None = None,
    ) -> None:
        self.recipe, self.split, self.engine = recipe, split, engine
        self.place = place or Place()
        self.best = best or engine.position()
        self.inbox = inbox or Inbox()
        self._feeder = Feeder(recipe, split.train)
        self._sample = self._training_sample()
        self._allowed: int | None = None  # batches until the next pause, if one was asked for

    @property
    def batches(self) -> int:
        """Batches an epoch."""
        n = len(self.split.train.labels)
        whole = n // self.recipe.batch_size
        return max(1, whole if self.recipe.drop_last else math.ceil(n / self.recipe.batch_size))

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        return self.place.epoch >= self.recipe.epochs or self._out_of_patience()

    def position(self) -> Position:
        """The engine's position."""
        return self.engine.position()

    def events(self) -> Iterator[Event]:
        """Train, and say what happens."""
        with self._feeder.ahead():
            yield from self._training()

    def _training(self) -> Iterator[Event]:
        """The rest of the epochs."""
        yield self._started()
        if self.place.epoch < 0:
            self.place = replace(self.place, epoch=0)
            untrained = self._measure()
            if not math.isfinite(untrained.train_loss):
                yield self._diverged(untrained.train_loss, "before training")
                return
            self.place = replace(self.place, first_loss=untrained.train_loss)
            yield untrained
        while self.place.epoch < self.recipe.epochs:
            if self._out_of_patience():
                yield self._stopped("patience")
                return
            stopped = yield from self._epoch()
            if stopped:
                yield stopped
                return
        yield self._stopped("done")

    def _epoch(self) -> Generator[Event, None, Stopped | None]:
        """The rest of one epoch; returns why to stop, if so."""
        order = self._order()
        images_done, busy = 0, 0.0
        while (start := self.place.batch) < self.batches:
            stopped = yield from self._listen()
            if stopped:
                return stopped
            began = time.perf_counter()
            end = self._next_end(start)
            with np.errstate(all="ignore"):  # a loss that leaves the numbers is noticed below
                losses, n = self._advance(order, start, end)
            if self._has_run_away(float(np.mean(losses)), BLOWN_UP):
                return self._diverged(float(np.mean(losses)), self._batches(start, end))
            spent = time.perf_counter() - began
            images_done, busy = images_done + n, busy + spent
            self.place = replace(self.place, batch=end, seconds=self.place.seconds + spent)
            yield Advanced(
                self.place.epoch + 1, end, n, float(np.mean(losses)), self._rate(end - 1)
            )
        began, rate = time.perf_counter(), self._rate(self.batches - 1)
        self.place = replace(self.place, epoch=self.place.epoch + 1, batch=0)
        ended = self._measure()
        seconds = self.place.seconds + time.perf_counter() - began
        self.place = replace(self.place, seconds=0.0)
        if self._has_run_away(ended.train_loss, WORSE) or not math.isfinite(ended.watched_loss):
            return self._diverged(ended.train_loss, f"after epoch {self.place.epoch}")
        speed = images_done / busy if busy else 0.0
        yield replace(ended, learning_rate=rate, seconds=seconds, images_per_second=speed)
        return None

    def _advance(self, order: Indices, start: int, end: int) -> tuple[list[float], int]:
        """Batches `start` to `end` of the epoch."""
        seed, epoch = self.recipe.seed, self.place.epoch
        images, labels = self._feeder.group(order, (epoch, start, end))
        if self._allowed is not None:
            self._allowed -= end - start
        self._feeder.make_ahead(order, (epoch, end, self._next_end(end)))
        rates = [self._rate(b) for b in range(start, end)]
        losses = self.engine.advance(
            images,
            labels,
            self.recipe.batch_size,
            rates,
            lambda i: generator(seed, "noise", epoch, start + i),
        )
        return losses, len(labels)

    def _order(self) -> Indices:
        """This epoch's order of the training images."""
        rng = generator(self.recipe.seed, "order", self.place.epoch)
        return rng.permutation(len(self.split.train.labels))

    def _next_end(self, done: int) -> int:
        """The batch before which the loop looks up after `done`; no place on this grid depends on
        where it was cut.
        """
        total = self.batches
        size = max(1, math.ceil(total / GROUPS))
        ends = [min(total, (done // size + 1) * size)]
        if self.place.epoch == 0:
            ends += [end for end in FIRST_BATCHES if end > done]
        if self._allowed is not None:
            ends.append(done + self._allowed)
        return min(ends)

    def _rate(self, batch: int) -> float:
        """The learning rate of a batch of this epoch."""
        part = (self.place.epoch + batch / self.batches) / self.recipe.epochs
        base = self._base_rate()
        return base * SCHEDULES[self.recipe.schedule](part)

    def _base_rate(self) -> float:
        """What the schedule's factor applies to: the recipe's rate, or one that a message set."""
        set_by_message = self.place.learning_rate
        return self.recipe.learning_rate if set_by_message is None else set_by_message

    def _measure(self) -> EpochEnded:
        """Losses and accuracies of the network as it is now; remembers the best."""
        with np.errstate(all="ignore"):
            train_loss, train_accuracy = self._score(self._sample)
            loss, accuracy = self._score(self.split.watched)
        place = self.place
        better = accuracy > place.best_accuracy or (
            accuracy == place.best_accuracy and loss < place.best_loss
        )
        # Without a validation part nothing may be chosen: the last is the best.
        sane = math.isfinite(loss) and not self._has_run_away(train_loss, WORSE)
        best = sane and (better or self.split.validation is None)
        if best:
            self.best = self.engine.position()
            self.place = replace(
                place, best_epoch=place.epoch, best_accuracy=accuracy, best_loss=loss
            )
        return EpochEnded(
            place.epoch, train_loss, train_accuracy, loss, accuracy, 0.0, 0.0, 0.0, best
        )

    def _score(self, data: Dataset) -> tuple[float, float]:
        """Loss and accuracy on images; the accuracy of one output neuron is counted at 1/2."""
        Z = self.engine.logits(data.images)
        loss, _ = LOSSES[self.recipe.loss].loss(Z, data.labels, self.recipe.output)
        predicted = (Z[:, 0] > 0).astype(np.uint8) if Z.shape[1] == 1 else Z.argmax(axis=1)
        return loss, float(np.mean(predicted == data.labels))

    def _training_sample(self) -> Dataset:
        """The training images that the training curve is measured on."""
        images, labels = self.split.train
        n = self.recipe.train_sample
        if not 0 < n < len(labels):
            return self.split.train
        chosen = generator(self.recipe.seed, "sample").permutation(len(labels))[:n]
        return Dataset(images[chosen], labels[chosen])

    def _listen(self) -> Generator[Event, None, Stopped | None]:
        """Do what the messages say, and wait while paused; returns a stop, if one came."""
        paused = self._allowed == 0
        if paused:
            self._allowed = None
            yield Paused(self.place.epoch, self.place.batch)
        while paused or not self.inbox.empty():
            message = self.inbox.get()
            here = (self.place.epoch, self.place.batch)
            match message:
                case Stop():
                    return self._stopped("message")
                case SetLearningRate(learning_rate=rate):
                    self.place = replace(self.place, learning_rate=rate)
                    yield RateChanged(*here, rate)
                case Pause() if not paused:
                    paused = True
                    yield Paused(*here)
                case Continue() if paused:
                    paused = False
                    yield Continued(*here)
                case Advance(batches=batches):
                    paused, self._allowed = False, batches
                    yield Continued(*here)
        return None

    def _out_of_patience(self) -> bool:
        """Whether so many epochs have passed without a better one."""
        patience, place = self.recipe.patience, self.place
        since = max(place.best_epoch, place.patient_from)
        return bool(patience) and place.epoch - since >= patience

    def _started(self) -> Started:
        spec, split = self.recipe.spec(), self.split
        return Started(
            format_spec(spec),
            spec.parameters,
            self.recipe.engine,
            len(split.train.labels),
            split.watched_name,
            len(split.watched.labels),
            self.batches,
            self.recipe.epochs,
            max(0, self.place.epoch),
            self.place.batch,
        )

    def _stopped(self, reason: str, advice: str = "") -> Stopped:
        return Stopped(reason, max(0, self.place.epoch), self.place.batch, advice)

    def _has_run_away(self, loss: float, factor: float) -> bool:
        """Whether a loss is no number any more, or far worse than before the training."""
        return not loss <= factor * self.place.first_loss or math.isinf(loss)

    def _batches(self, start: int, end: int) -> str:
        """Where a loss was measured: counted from 1, as events count."""
        which = f"batch {end}" if end == start + 1 else f"batches {start + 1} to {end}"
        return f"in {which} of epoch {self.place.epoch + 1}"

    def _diverged(self, loss: float, where: str) -> Stopped:
        rate, first = self._base_rate(), self.place.first_loss
        before = f"from {first:.3g} before training " if math.isfinite(first) else ""
        return self._stopped(
            "diverged",
            f"the loss has run away, {before}to {loss:.3g} {where}: "
            f"the learning rate {rate:g} is too large for this network; try {rate / 10:g}",
        )
