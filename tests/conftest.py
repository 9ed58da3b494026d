"""What many tests need: the command line as users call it, and small trained things."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from digitscope.models.model import Model
from digitscope.training.train import train
from tests.helpers import chromium, run_cli, small_options, small_recipe

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line, in an empty folder."""

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        return run_cli(*arguments, cwd=options.pop("cwd", tmp_path), **options)  # type: ignore[arg-type]

    return run


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder that the command line made. Tests only read it."""
    folder = tmp_path_factory.mktemp("small")
    done = run_cli("train", "--name", "small", *small_options(), cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "runs" / "small"


@pytest.fixture(scope="session")
def small_model() -> Model:
    """A model of ten digits that is right more often than not."""
    return train(small_recipe()).model


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_chromium: drives a real browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium its tests are left out, by name; never in CI."""
    if chromium() is not None:
        return
    assert not os.environ.get("CI"), "in CI no test may be left out: no Chromium was found"
    for item in items:
        if item.get_closest_marker("needs_chromium"):
            item.add_marker(pytest.mark.skip(reason="no Chromium found"))
