"""Small recipes, which train on real images in a fraction of a second."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from digitscope.training.recipe import Recipe, load_recipe

SMALL = {"train": 3000, "validation": 1000, "epochs": 2, "hidden": "24", "train_sample": 500}


def small_recipe(**settings: object) -> Recipe:
    """A recipe that trains in a fraction of a second."""
    return load_recipe("deep").with_settings({**SMALL, "patience": 0, **settings})


def small_options(**settings: object) -> list[str]:
    """The same on the command line, after `digitscope train`."""
    given = {**SMALL, "patience": 0, **settings}
    return ["--recipe", "deep", *(f"--{k.replace('_', '-')}={v}" for k, v in given.items())]


def environment() -> dict[str, str]:
    """Warnings are errors, and lines are 100 wide."""
    return {**os.environ, "PYTHONWARNINGS": "error", "COLUMNS": "100"}


# A shell that starts the tests in the background has SIGINT ignored, which processes inherit.
HEEDING_INTERRUPTS = [
    sys.executable,
    "-c",
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from digitscope.cli.main import main; sys.exit(main(sys.argv[1:]))",
]


def run_cli(*arguments: object, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """`digitscope ARGUMENTS` in a process of its own."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "digitscope", *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=options.pop("text", True),
        timeout=300,
        check=False,
        **options,
    )


def on_a_terminal(*arguments: object, cwd: Path, columns: int = 100) -> str:
    """`digitscope ARGUMENTS` to its end, as it should: all that a terminal was given to show."""
    import pty

    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "digitscope", *map(str, arguments)],
        cwd=cwd,
        env={**environment(), "TERM": "xterm", "COLUMNS": str(columns)},
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    with contextlib.suppress(OSError):  # which is how a terminal says that nobody writes any more
        while data := os.read(screen, 65536):
            shown += data
    os.close(screen)
    assert process.wait() == 0
    return shown.decode()


def chromium() -> str | None:
    """The Chromium that is there, if any."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


WAYS_TO_SPOIL = 5


def spoilt(whole: bytes, way: int, rng: np.random.Generator) -> bytes:
    """A file spoilt in one of five ways: bytes, header bytes, a bit, its end, a piece inside."""
    data = bytearray(whole)
    if way == 0:
        for place in rng.integers(0, len(data), rng.integers(1, 9)):
            data[place] = rng.integers(256)
    elif way == 1:
        for place in rng.integers(0, min(64, len(data)), rng.integers(1, 5)):
            data[place] = rng.choice([0, 1, 127, 128, 255])
    elif way == 2:
        data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    elif way == 3:
        del data[rng.integers(len(data)) :]
    else:
        start = rng.integers(len(data))
        data[start : start + rng.integers(40)] = rng.bytes(rng.integers(40))
    return bytes(data)


def fuzz_factor() -> int:
    """How many times the usual number of mutated files are tried: `make fuzz` sets it."""
    return int(os.environ.get("DIGITSCOPE_FUZZ", "1"))
