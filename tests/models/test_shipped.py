"""The models that ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitscope.data.mnist import load_mnist
from digitscope.errors import ModelFileError
from digitscope.models.model import find_model, load, save
from digitscope.models.shipped import (
    card,
    committee_files,
    neighbours_file,
    shipped_model,
    shipped_models,
)
from digitscope.training.recipe import Recipe, load_recipe

MOST_BYTES = 4_000_000  # of all weights together


def test_all_weights_together_are_small() -> None:
    folder = shipped_model("reader").parent
    assert 0 < sum(path.stat().st_size for path in folder.rglob("*.safetensors")) < MOST_BYTES


@pytest.mark.parametrize(
    "path",
    dict.fromkeys([*map(shipped_model, shipped_models()), *committee_files(), neighbours_file()]),
    ids=lambda path: path.stem,
)
def test_each_is_what_its_recipe_makes(path: Path) -> None:
    model = load(path)
    assert model.name == path.stem
    assert model.refuses
    assert model.calibrated
    recipe = Recipe(**model.recipe)
    made_by = load_recipe("neighbours" if path == neighbours_file() else "reader")
    assert recipe.with_settings({"engine": "auto", "seed": 0}) == made_by
    assert recipe.spec() == model.network.spec


@pytest.mark.parametrize("name", shipped_models())
def test_each_has_a_card(name: str) -> None:
    text = card(name)
    for part in ("license:", "## Data", "## Figures", "## Limits"):
        assert part in text, part


def test_the_reader_reads_mnist_and_refuses_noise() -> None:
    images, labels = load_mnist("test")
    model = load("reader")
    J = model.judge(images[:1000])
    assert np.mean(J.argmax(axis=1) == labels[:1000]) >= 0.98
    noise = np.random.default_rng(0).integers(0, 256, (200, 28, 28), dtype=np.uint8)
    assert np.mean(model.judge(noise)[:, 10] > 0.5) >= 0.95


def test_a_file_of_the_users_own_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_model(Path("reader")) == shipped_model("reader")
    (tmp_path / "reader").write_bytes(b"mine")
    assert find_model(Path("reader")) == Path("reader")


def test_the_suffix_may_be_left_out(tmp_path: Path) -> None:
    path = save(load("reader"), tmp_path / "mine")
    assert find_model(tmp_path / "mine") == path
    assert load(tmp_path / "mine").name == "mine"


def test_a_name_that_is_nearly_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ModelFileError, match="readr: no such model file or run folder: did you mean 'reader'"
    ):
        load("readr")
