"""One lab for all tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.served import Page, Served, opened, served, with_run


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, small_run: Path) -> Iterator[Served]:
    """A lab with one run in it, shared by the tests of a file."""
    with served(with_run(tmp_path_factory.mktemp("lab"), small_run)) as running:
        yield running


@pytest.fixture
def page(lab: Served) -> Iterator[Page]:
    """A page that has been greeted."""
    with opened(lab) as page:
        assert page.hear()["said"] == "hello"
        yield page
