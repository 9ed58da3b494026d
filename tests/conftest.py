"""What many tests need: the command line as users call it, and small trained things."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from digitscope.models.model import Model
from digitscope.training.train import train
from tests.helpers import chromium, run_cli, small_options, small_recipe

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium, shared by the tests of a file."""
    from playwright.sync_api import sync_playwright

    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=flags)
        yield launched
        launched.close()


# Files whose tests all read what one process makes.
TOGETHER = (
    "tests/cli/test_compare.py",
    "tests/comparison/test_compare.py",
    "tests/exporting/test_exports.py",
)


def group_of(nodeid: str) -> str:
    """What stays with one worker: such a file, or all that one of Keras's backends is asked."""
    if found := re.search(r"\[(keras:\w+)", nodeid):
        return found[1]
    file = nodeid.partition("::")[0]
    return file if file in TOGETHER else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Tests are handed out one by one, but groups whole."""
    from xdist.scheduler import LoadGroupScheduling

    class Grouped(LoadGroupScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Grouped(config, log)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_chromium: drives a real browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium its tests are left out, by name; never in CI."""
    if chromium() is not None:
        return
    for item in items:
        if item.get_closest_marker("needs_chromium"):
            if os.environ.get("CI"):
                raise pytest.UsageError("in CI no test may be left out: no Chromium was found")
            item.add_marker(pytest.mark.skip(reason="no Chromium found"))
