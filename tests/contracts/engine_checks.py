"""Checks of engines are functions of an engine's name, kept in a table by name.

Engines of this process are checked in it. Keras has one backend a process, so all checks of a
backend that pytest has selected run in one other process, which writes what it found as JSON:

    python -m tests.contracts.engine_checks ENGINE MODULE < names of the checks, as JSON
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
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


def every_engine(module: Any, but: str = "") -> Any:
    """The parameters `name` and `check`; what runs in one process stays with one worker."""
    return pytest.mark.parametrize(
        ("name", "check"),
        [
            pytest.param(name, check, marks=[pytest.mark.xdist_group(name)] if apart(name) else [])
            for name in sorted(ENGINES)
            if name != but
            for check in checks_of(module, name)
        ],
    )


def checks_of(module: Any, name: str) -> dict[str, Check]:
    """A module's checks of an engine."""
    of_keras: dict[str, Check] = getattr(module, "KERAS_CHECKS", {}) if apart(name) else {}
    return {**module.CHECKS, **of_keras}


def run_check(request: pytest.FixtureRequest, module: Any, name: str, check: str) -> None:
    """One check of one engine, here or in the process that has its backend."""
    if not apart(name):
        with limited_threads():
            module.CHECKS[check](name)
        return
    selected = [
        item.callspec.params["check"]
        for item in request.session.items
        if getattr(item, "function", None) is request.function
        and item.callspec.params["name"] == name  # type: ignore[attr-defined]
    ]
    found = _in_its_process(name, module.__name__, tuple(selected))
    if found[check]:
        pytest.fail(found[check], pytrace=False)


@functools.cache
def _in_its_process(name: str, module: str, checks: tuple[str, ...]) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.contracts.engine_checks", name, module],
        input=json.dumps(checks),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    # Frameworks write to standard error as they start; a user is to see nothing of it.
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _found(check: Check, name: str) -> str:
    """Nothing, or how a check failed."""
    try:
        check(name)
    except Exception:
        return traceback.format_exc()
    return ""


if __name__ == "__main__":
    engine, checks = sys.argv[1], checks_of(import_module(sys.argv[2]), sys.argv[1])
    with limited_threads():
        print(json.dumps({key: _found(checks[key], engine) for key in json.load(sys.stdin)}))
