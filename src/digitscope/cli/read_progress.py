"""A bar for a folder of images, on the terminal only: what is printed stays pure data."""

from __future__ import annotations

import sys
from pathlib import PurePath
from types import TracebackType
from typing import Any


class ReadProgress:
    """Counts images, if there are several and somebody is looking.

    The bar stands on standard output if that is a terminal, above it the lines that are printed;
    else on standard error, if that is one.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._bar: Any = None
        self._task: Any = None
        self._on_stdout = sys.stdout.isatty()

    def __enter__(self) -> ReadProgress:
        self._begin()
        return self

    def _begin(self) -> None:
        if self.total > 1 and (self._on_stdout or sys.stderr.isatty()):
            self._bar = _bar(on_stderr=not self._on_stdout)
            self._bar.__enter__()
            self._task = self._bar.add_task("reading", total=self.total)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, trace)

    def print(self, line: str) -> None:
        """A line of data."""
        if self._bar is not None and self._on_stdout:
            self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)
        else:
            print(line, flush=True)

    def advance(self, name: str = "reading") -> None:
        """One more image is done, if there is a name that of this one."""
        if self._bar is not None:
            self._bar.update(self._task, advance=1, description=PurePath(name).name[-30:])

    def reach(self, done: int, total: int) -> None:
        """So many of so many are done, where the total is known only now."""
        if not self.total:
            self.total = total
            self._begin()
        if self._bar is not None:
            self._bar.update(self._task, completed=done)


def _bar(on_stderr: bool) -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=on_stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=sys.stderr.isatty(),
    )
