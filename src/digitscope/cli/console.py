"""How figures are put into words on the command line."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from digitscope.errors import StorageError
from digitscope.store import free, write_atomically
from digitscope.training.messages import Inbox, Stop

MOST_TOLD = 5  # unreadable images that are named one by one


def percent(part: float) -> str:
    """A part as a percentage.

    >>> percent(0.9706)
    '97.06 %'
    """
    return f"{part * 100:.2f} %"


def bar(part: float, width: int = 30) -> str:
    """A bar of a part of the width, in eighths where the terminal has them.

    >>> len(bar(0.3, 20))
    20
    """
    if not can_print("█▏"):
        return ("#" * round(part * width)).ljust(width)
    eighths = round(max(0.0, min(1.0, part)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(width)


def can_print(text: str) -> bool:
    """Whether standard output can show these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def print_json(data: Any) -> None:
    """Plain data on standard output."""
    print(json.dumps(data, indent=1, allow_nan=False))


def complain_of(unreadable: Sequence[str]) -> None:
    """A line for each image that cannot be read, but for those beyond the first few."""
    for line in unreadable[:MOST_TOLD]:
        print(f"digitscope: error: {line}", file=sys.stderr)
    if more := len(unreadable[MOST_TOLD:]):
        print(f"digitscope: error: {more} more images cannot be read", file=sys.stderr)


def new_file(path: Path) -> Path:
    """A path for a new picture; StorageError where there can be none."""
    if path.suffix.lower() != ".png":
        raise StorageError(f"{path}: figures are PNG files: name it {path.stem}.png")
    return free(path)


def save_figure(figure: Any, path: Path, quiet: bool = False) -> None:
    """A figure as a new PNG file; `quiet` keeps standard output free for JSON."""
    from digitscope.figures.table import figure_png

    write_atomically(new_file(path), figure_png(figure))
    print(f"figure: {path}", file=sys.stderr if quiet else sys.stdout)


@contextmanager
def stop_on_interrupt(inbox: Inbox) -> Iterator[None]:
    """The first Ctrl-C asks the loop to stop, which keeps everything; a second does not wait."""

    def ask(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("stopping; press Ctrl-C again to stop at once", file=sys.stderr)
        inbox.put(Stop())

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
