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


def test_pages_are_read_by_the_model(cli: Cli, tmp_path: Path) -> None:
    images, labels = load_mnist("test")
    strip = np.hstack([np.pad(images[i], ((20, 20), (4, 4))) for i in (0, 1, 2, 3)])
    page = Image.fromarray(255 - strip).resize((strip.shape[1] * 2, strip.shape[0] * 2))
    folder = tmp_path / "pages"
    folder.mkdir()
    page.save(folder / "one.png")
    (folder / "two.png").write_bytes(b"no image")
    written = "".join(str(labels[i]) for i in (0, 1, 2, 3))
    told = {"one.png": [written], "two.png": {"lines": ["99"], "kind": "none"}}
    (folder / "labels.json").write_text(json.dumps(told))
    done = cli("evaluate", "reader", "--images", folder)
    assert done.returncode == 0, done.stderr
    assert "pages: 2 pages\nlines exact   1 of 2" in done.stdout
    assert "one.png: 1 of 1 lines exact, 0 errors" in done.stdout
    assert "    written  99\n    read     \n" in done.stdout
    assert "two.png: not an image that can be decoded" in done.stdout
    found = json.loads(cli("evaluate", "reader", "--images", folder, "--json").stdout)["sets"][0]
    assert [page["read"] for page in found["pages"]] == [[written], []]
    assert (found["lines"]["errors"], found["lines"]["digits"]) == (2, 6)
    assert [u["label"] for u in found["unreadable"]] == [None]


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
