"""A training on the screen: a line an epoch, and on a terminal a live bar below it."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from digitscope.cli.console import percent
from digitscope.training.events import (
    Advanced,
    Continued,
    EpochEnded,
    Event,
    Paused,
    RateChanged,
    Started,
)

LINE = "{:>6}  {:>10}  {:>9}  {:>10}  {:>9}  {:>8}  {:>9}"


class Progress:
    """Shows events as they come."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._started: Started | None = None
        self._bar: Any = None
        self._task: Any = None
        self._stack = ExitStack()
        self._seen: list[tuple[float, int]] = []

    def __enter__(self) -> Progress:
        if sys.stdout.isatty():
            self._bar = self._stack.enter_context(_live_bar())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def show(self, event: Event) -> None:
        """One event."""
        match event:
            case Started():
                self._begin(event)
            case Advanced():
                self._advance(event)
            case EpochEnded():
                self._print(self._epoch_line(event))
            case Paused():
                self._print("paused")
            case Continued():
                self._print("going on")
            case RateChanged(learning_rate=rate):
                self._print(f"learning rate is now {rate:g}")

    def _begin(self, event: Started) -> None:
        self._started = event
        self._print(
            f"{self.title}: {event.architecture}, {event.parameters:,} parameters, "
            f"{event.train_images:,} training and {event.watched_images:,} {event.watched} images, "
            f"engine {event.engine}"
        )
        if event.epoch or event.batch:
            self._print(f"going on after epoch {event.epoch}, batch {event.batch}")
        second = "valid." if event.watched == "validation" else "test"
        heads = (
            "epoch",
            "train loss",
            "train acc",
            f"{second} loss",
            f"{second} acc",
            "seconds",
            "images/s",
        )
        self._print(LINE.format(*heads))
        if self._bar is not None:
            self._task = self._bar.add_task("epoch", total=event.batches, speed="")

    def _advance(self, event: Advanced) -> None:
        if self._bar is None or self._started is None:
            return
        now = time.perf_counter()
        self._seen = [*self._seen[-20:], (now, event.images)]
        spent = now - self._seen[0][0]
        speed = sum(n for _, n in self._seen[1:]) / spent if spent else 0
        self._bar.update(
            self._task,
            completed=event.batch,
            description=f"epoch {event.epoch}/{self._started.epochs}",
            speed=f"{speed:,.0f} images/s  loss {event.loss:.4f}",
        )

    def _epoch_line(self, event: EpochEnded) -> str:
        line = LINE.format(
            event.epoch,
            f"{event.train_loss:.4f}",
            percent(event.train_accuracy),
            f"{event.watched_loss:.4f}",
            percent(event.watched_accuracy),
            f"{event.seconds:.2f}" if event.epoch else "",
            f"{event.images_per_second:,.0f}" if event.epoch else "",
        )
        chooses = self._started is not None and self._started.watched == "validation"
        return line + ("  best" if event.best and chooses and event.epoch else "")

    def _print(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)
        else:
            print(line, flush=True)


def _live_bar() -> Any:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        transient=True,
    )
