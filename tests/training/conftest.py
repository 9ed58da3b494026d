"""A run that was never cut, to compare with."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitscope.training.train import train
from tests.helpers import small_recipe
from tests.training.runs import HARD


@pytest.fixture(scope="module")
def uncut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = train(small_recipe(**HARD), folder=tmp_path_factory.mktemp("uncut")).folder
    assert folder is not None
    return folder
