"""What carries the checks of engines out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.engine_checks import Checker


@pytest.fixture(scope="session")
def checker() -> Iterator[Checker]:
    """Keeps a process for each backend of Keras while the tests run."""
    checker = Checker()
    yield checker
    checker.close()
