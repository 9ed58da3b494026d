"""A run folder: where everything about one training stands. docs/formats.md lists its files."""

from __future__ import annotations

import contextlib
import itertools
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import digitscope
from digitscope.errors import RunError, nearest
from digitscope.store import unwritable, write_atomically
from digitscope.training.recipe import Recipe, parse_recipe


@dataclass(frozen=True)
class RunFolder:
    """The paths of a run."""

    path: Path

    @property
    def recipe_file(self) -> Path:
        """Every setting, enough to run it again."""
        return self.path / "recipe.toml"

    @property
    def results(self) -> Path:
        """A row an epoch."""
        return self.path / "results.csv"

    @property
    def events(self) -> Path:
        """A line an event."""
        return self.path / "events.jsonl"

    @property
    def best(self) -> Path:
        """The model that the validation part chose; without one, the last."""
        return self.path / "weights" / "best.safetensors"

    @property
    def last(self) -> Path:
        """The model after the last epoch or batch."""
        return self.path / "weights" / "last.safetensors"

    @property
    def checkpoint(self) -> Path:
        """What is needed to go on bit for bit."""
        return self.path / "checkpoint" / "checkpoint.safetensors"

    @property
    def frames(self) -> Path:
        """Weights along the way."""
        return self.path / "frames"

    def recipe(self) -> Recipe:
        """The settings of the run."""
        try:
            return parse_recipe(self.recipe_file.read_text("utf-8"), str(self.recipe_file))
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"{self.recipe_file}: cannot be read: {error}") from None


def create_run(root: Path, name: str, recipe: Recipe) -> RunFolder:
    """A new folder root/name, or root/name-2 and so on if that is taken; RunError if it cannot be
    written.

    It is filled under a temporary name and then renamed, so that every run folder that exists can
    be resumed.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._=,+-]{0,99}", name):
        raise RunError(f"{name!r} cannot name a run: use letters, digits and . _ - = , +")
    try:
        root.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".tmp", dir=root))
    except OSError as error:
        raise RunError(unwritable(root / name, error)) from None
    try:
        draft.chmod(0o755)
        for folder in ("weights", "checkpoint", "frames"):
            (draft / folder).mkdir()
        write_atomically(draft / "recipe.toml", recipe.to_toml().encode())
        return RunFolder(_rename_to_free(draft, root, name))
    except OSError as error:
        raise RunError(unwritable(root / name, error)) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def open_run(path: Path) -> RunFolder:
    """An existing run folder; RunError with the nearest name if it is none."""
    folder = RunFolder(path)
    if (path / "grid.json").is_file():
        raise RunError(
            f"{path}: a sweep, not a run: digitscope sweep --resume {path}, or name a run in it"
        )
    if folder.recipe_file.is_file():
        return folder
    if path.is_dir():
        raise RunError(f"{path}: not a run folder: recipe.toml is missing")
    siblings = path.parent.iterdir() if path.parent.is_dir() else ()
    runs = [sibling.name for sibling in siblings if (sibling / "recipe.toml").is_file()]
    hint = f": {nearest(path.name, runs)}" if runs else ": train one with 'digitscope train'"
    raise RunError(f"{path}: no such run folder{hint}")


def lock(folder: RunFolder) -> Any:
    """The lock of the run's one writer, held until released or until the process dies, however it
    dies.
    """
    from filelock import FileLock, Timeout

    held = FileLock(folder.path / "lock")
    try:
        held.acquire(timeout=0)
    except Timeout:
        raise RunError(
            f"{folder.path}: another process is writing to this run: wait for it, or stop it"
        ) from None
    except OSError as error:
        raise RunError(unwritable(folder.path / "lock", error)) from None
    return held


@contextlib.contextmanager
def sole_writer(folder: RunFolder) -> Iterator[None]:
    """Hold the lock of a run; RunError if another process has it."""
    held = lock(folder)
    try:
        yield
    finally:
        held.release()


def describe_machine(threads: int) -> dict[str, Any]:
    """What the same seed needs to give the same bits: versions, machine, threads."""
    return {
        "digitscope": digitscope.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"],
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count() or 1,
        "threads": threads,
    }


def processor() -> str:
    """The processor's name, where the system tells it.

    >>> isinstance(processor(), str)
    True
    """
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def new_folder(root: Path, name: str) -> Path:
    """A new, empty folder root/name, or root/name-2 and so on if that is taken."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        for target in _names(root, name):
            with contextlib.suppress(FileExistsError):
                target.mkdir()
                return target
    except OSError as error:
        raise RunError(unwritable(root / name, error)) from None
    raise AssertionError("names never end")


def _names(root: Path, name: str) -> Iterator[Path]:
    """root/name, root/name-2, root/name-3, ..."""
    yield root / name
    for number in itertools.count(2):
        yield root / f"{name}-{number}"


def _rename_to_free(draft: Path, root: Path, name: str) -> Path:
    """Give the draft the first free name; a rename never lands on a folder that holds something."""
    for target in _names(root, name):
        if not target.exists():
            try:
                return draft.rename(target)
            except OSError:
                if not target.exists():
                    raise
    raise AssertionError("names never end")
