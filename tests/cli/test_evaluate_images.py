"""`digitscope evaluate MODEL --images FOLDER`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitscope.data.mnist import load_mnist
from tests.cli.test_errors import complaint
from tests.conftest import Cli


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sets: files in the folders of their digits, and arrays."""
    images, labels = load_mnist("test")
    folder = tmp_path / "mine"
    for i in range(12):
        path = folder / str(labels[i]) / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(images[i]).save(path)
    (folder / "7" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    np.savez(folder / "arrays.npz", images=255 - images[20:30], labels=labels[20:30])
    return folder


def test_sets_are_judged_one_by_one(cli: Cli, small_run: Path, folder: Path) -> None:
    done = cli("evaluate", small_run, "--images", folder, "--figures", "drawn")
    assert done.returncode == 0, done.stderr
    for said in (
        "mine: 13 images of single digits, of which 1 could not be read and count as wrong",
        "small on 12 mine images",
        "small on 10 arrays images",
        "broken.jpg: ",
        "could not be read (1)",
    ):
        assert said in done.stdout, said
    lines = done.stdout.splitlines()
    table = lines[lines.index("set      digits   accuracy  lines exact  errors") + 1 :]
    assert [row.split()[:2] for row in table[:2]] == [["mine", "13"], ["arrays", "10"]]
    drawn = folder.parent / "drawn"
    assert {p.name for p in drawn.iterdir()} == {"mine", "arrays"}
    assert (drawn / "arrays" / "confusion_matrix.png").stat().st_size > 5000


def test_json(cli: Cli, small_run: Path, folder: Path) -> None:
    done = cli("evaluate", small_run, "--images", folder, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["format"], found["model"]) == ("digitscope evaluation of images", "small")
    mine, arrays = found["sets"]
    assert (mine["set"], mine["images"], mine["evaluation"]["images"]) == ("mine", 13, 12)
    assert [Path(u["image"]).name for u in mine["unreadable"]] == ["broken.jpg"]
    assert mine["accuracy"] == mine["correct"] / 13
    assert arrays["evaluation"]["format"] == "digitscope evaluation"
    assert (arrays["lines"], arrays["pages"]) == (None, [])


def test_what_cannot_be_judged(cli: Cli, small_run: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no labelled images, expected FOLDER/<digit>/*.png" in complaint(
        cli("evaluate", small_run, "--images", empty)
    )
    assert "none: no such folder of labelled images" in complaint(
        cli("evaluate", small_run, "--images", "none")
    )
    assert "--part is one of MNIST, --images a folder: give one of them" in complaint(
        cli("evaluate", small_run, "--images", empty, "--part", "train")
    )
