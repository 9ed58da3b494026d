"""The catalog: what may be chosen, and what must not be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitscope.errors import ModelFileError
from digitscope.lab.catalog import Catalog
from digitscope.models.model import Model, save
from digitscope.network.network import Network
from tests.lab.served import with_run


@pytest.fixture
def runs(tmp_path: Path, small_run: Path) -> Path:
    return with_run(tmp_path, small_run) / "runs"


def test_damaged_and_foreign_things_are_left_out(runs: Path) -> None:
    (runs / "note.txt").write_text("hello")
    (runs / "broken.safetensors").write_bytes(b"\0" * 40)
    (runs / "empty").mkdir()
    (runs / "foreign").mkdir()
    (runs / "foreign" / "recipe.toml").write_text("hidden = 7 + ")
    (runs / ".draft.tmp").mkdir()
    (runs / "compare").mkdir()
    (runs / "gone").symlink_to("/nowhere")
    assert [entry.id for entry in Catalog(runs).entries()] == ["runs/small"]


def test_without_a_folder_there_is_what_ships(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "runs")
    assert catalog.entries() == []
    assert [(entry.id, entry.ships) for entry in catalog.shipped()] == [("reader", True)]
    assert catalog.default() == "reader"
    assert catalog.load("reader").refuses


def test_ones_own_finished_run_answers_first(runs: Path) -> None:
    assert Catalog(runs).default() == "runs/small"
    (runs / "small" / "evaluation.json").unlink()  # in training, or stopped
    assert Catalog(runs).default() == "reader"


@pytest.mark.parametrize(
    "id", ["", ".", "/", "..", "runs", "runs/..", "runs/../secret", "/etc", "secret", "runs/none",
           "../runs/small", "runs/./../../x", "runs/\0", "reader/..", "reader.md", "./reader"]
)  # fmt: skip
def test_nothing_outside_the_folder_is_read(runs: Path, id: str) -> None:
    save(Network.initialize("784-4-10"), runs.parent / "secret")
    with pytest.raises(ModelFileError):
        Catalog(runs).load(id)


def test_the_newest_comes_first_and_a_changed_file_is_read_anew(runs: Path) -> None:
    catalog = Catalog(runs)
    path = save(Model(Network.initialize("784-4-10", seed=1)), runs / "one")
    assert [entry.id for entry in catalog.entries()] == ["runs/one.safetensors", "runs/small"]
    first = catalog.load("runs/one.safetensors")
    assert catalog.load("runs/one.safetensors") is first
    save(Model(Network.initialize("784-5-10", seed=2)), path, overwrite=True)
    assert catalog.load("runs/one.safetensors").network.spec.weight_shapes()["b1"] == (5,)


def test_any_folder_can_be_the_folder_of_runs(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)
    catalog = Catalog(Path())
    (entry,) = catalog.entries()
    assert entry.id == "runs/small"
    assert catalog.load(entry.id).network.spec.parameters == 19_090


def test_a_model_stays_the_same_while_many_others_are_listed(runs: Path) -> None:
    catalog = Catalog(runs)
    for i in range(12):
        save(Model(Network.initialize("784-4-10", seed=i)), runs / f"model-{i}")
    chosen = catalog.load("runs/model-0.safetensors")
    assert len(catalog.entries()) == 13
    assert catalog.load("runs/model-0.safetensors") is chosen
