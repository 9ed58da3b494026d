"""What the lab's tests share: a good network, and one lab for all that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from digitscope.evaluation.evaluate import Evaluation, evaluate
from digitscope.models.model import Model, load
from tests.helpers import run_cli
from tests.lab.browsing import Person, person
from tests.lab.served import Page, Served, opened, served, with_run


@pytest.fixture(scope="session")
def good_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a network that is right 98 times out of 100. Tests only read it."""
    folder = tmp_path_factory.mktemp("good")
    done = run_cli("train", "--recipe", "speedrun-98", "--no-report", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "runs" / "speedrun-98"


@pytest.fixture(scope="session")
def model(good_run: Path) -> Model:
    """That network."""
    return load(good_run)


@pytest.fixture(scope="session")
def judged(model: Model) -> Evaluation:
    """Its answers to the test images."""
    return evaluate(model)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, small_run: Path) -> Path:
    """The folder a lab is started in, with one run in it; a file that wants others has its own."""
    return with_run(tmp_path_factory.mktemp("lab"), small_run)


@pytest.fixture(scope="module")
def lab(home: Path) -> Iterator[Served]:
    """A lab shared by the tests of a file."""
    with served(home) as running:
        yield running


@pytest.fixture
def page(lab: Served) -> Iterator[Page]:
    """A page that has been greeted."""
    with opened(lab) as page:
        assert page.hear()["said"] == "hello"
        yield page


@pytest.fixture
def someone(browser: Browser, lab: Served) -> Iterator[Person]:
    """A person before an empty pad."""
    with person(browser, lab.address) as here:
        here.page.locator("#pad").wait_for()
        yield here
