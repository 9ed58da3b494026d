"""Checks of engines are functions of an engine's name, kept in a module's table CHECKS.

Engines of this process are checked in it. Keras has one backend a process, so each of its engines
has a process of its own, which is asked for one check after another:

    python -m tests.contracts.engine_checks ENGINE MODULE

reads the names of checks, and answers each with a line of JSON: how it failed, or "".
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest

from digitscope.engines import ENGINES
from digitscope.threads import limited_threads
from tests.helpers import environment

ROOT = Path(__file__).parents[2]
Check = Callable[[str], None]


def apart(name: str) -> bool:
    """Whether an engine is checked in a process of its own."""
    return name.startswith("keras:")


def checks_of(module: Any, name: str) -> dict[str, Check]:
    """A module's checks of an engine."""
    of_keras: dict[str, Check] = getattr(module, "KERAS_CHECKS", {}) if apart(name) else {}
    return {**module.CHECKS, **of_keras}


def every_engine(module: Any, but: str = "") -> Any:
    """The parameters `name` and `check`; `group_of` in conftest.py keeps a backend's together."""
    return pytest.mark.parametrize(
        ("name", "check"),
        [
            (name, check)
            for name in sorted(ENGINES)
            if name != but
            for check in checks_of(module, name)
        ],
    )


class Checker:
    """Carries checks out, here or where the engine is."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], Place] = {}

    def check(self, module: Any, name: str, check: str) -> None:
        """One check of one engine; fails as the check does."""
        if not apart(name):
            with limited_threads():
                checks_of(module, name)[check](name)
            return
        key = (name, module.__name__)
        if key not in self._places:
            self._places[key] = Place(*key)
        if failure := self._places[key].ask(check):
            pytest.fail(failure, pytrace=False)

    def close(self) -> None:
        """End the other processes."""
        for place in self._places.values():
            place.close()


class Place:
    """A process for the checks of a module on one engine."""

    def __init__(self, name: str, module: str) -> None:
        # The process writes where we read: a buffer would not notice that the place has moved.
        self._errors = TemporaryFile(buffering=0)  # noqa: SIM115 - it is closed with the process
        self._heard = 0  # bytes
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contracts.engine_checks", name, module],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def ask(self, check: str) -> str:
        """How a check failed, or ""."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{check}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        # Frameworks write to standard error as they start; a user is to see nothing of it.
        self._errors.seek(self._heard)
        said = self._errors.read()
        self._heard += len(said)
        return said.decode() or (json.loads(answer) if answer else "the process has ended")

    def close(self) -> None:
        """End it, by the end of its input."""
        self._process.communicate()
        self._errors.close()


def _found(check: Check, name: str) -> str:
    """Nothing, or how a check failed."""
    try:
        check(name)
    except Exception:
        return traceback.format_exc()
    return ""


def _answer(name: str, module: str) -> None:
    """Carry out the checks that standard input names."""
    checks = checks_of(import_module(module), name)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else prints
    with limited_threads():
        for line in sys.stdin:
            print(json.dumps(_found(checks[line.rstrip("\n")], name)), file=answers, flush=True)


if __name__ == "__main__":
    _answer(*sys.argv[1:])
