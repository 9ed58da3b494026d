"""Small recipes, which train on real images in a fraction of a second."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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


def chromium() -> str | None:
    """The Chromium that is there, if any."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def fuzz_factor() -> int:
    """How many times the usual number of mutated files are tried: `make fuzz` sets it."""
    return int(os.environ.get("DIGITSCOPE_FUZZ", "1"))
