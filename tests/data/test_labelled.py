"""Labelled folders: what is found in them, and what is said of those that are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitscope.data.labelled import LabelledSet, find_sets
from digitscope.errors import DataError


def draw(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (12, 12), 200).save(path)


def test_every_kind_of_set_in_one_folder(tmp_path: Path) -> None:
    for name in ("3/b.png", "3/A.JPG", "9/x.bmp", "pages/one.png", "pages/two.tif"):
        draw(tmp_path / name)
    (tmp_path / "3" / "notes.txt").write_text("not an image")
    (tmp_path / "3" / ".hidden.png").write_text("")
    (tmp_path / "pages" / "labels.json").write_text(
        json.dumps(
            {
                "two.tif": {"lines": ["12 3", "4"], "kind": "scan", "rotate_ccw_to_upright": 90},
                "one.png": ["007"],
            }
        )
    )
    np.savez(tmp_path / "pages" / "many.npz", images=np.ones((3, 9, 8)), labels=[1, 2, 0])
    own, pages, many = find_sets(tmp_path)
    assert [(d.label, Path(d.name).name) for d in own.digits] == [
        (3, "A.JPG"),
        (3, "b.png"),
        (9, "x.bmp"),
    ]
    assert (own.name, own.pages) == (tmp_path.name, ())
    two, one = pages.pages
    assert (two.lines, two.kind, two.turn) == (("12 3", "4"), "scan", 90)
    assert (one.lines, one.kind, one.turn) == (("007",), "", None)
    assert one.path == tmp_path / "pages" / "one.png"
    assert (many.name, [d.label for d in many.digits]) == ("many", [1, 2, 0])
    assert isinstance(many.digits[0].source, np.ndarray)
    assert many.digits[0].source.shape == (9, 8)
    assert all(isinstance(found, LabelledSet) for found in (own, pages, many))


def test_every_set_has_a_name_of_its_own(tmp_path: Path) -> None:
    root = tmp_path / "all"
    for place in ("a/scans.npz", "b/scans.npz", "b/other.npz", "all/some.npz", "c/x.npz"):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        np.savez(root / place, images=np.ones((1, 9, 8)), labels=[1])
    for place in ("c/x/3/i.png", "5/i.png", "all/6/i.png"):
        draw(root / place)
    sets = find_sets(root)
    assert [found.name for found in sets] == [
        *("all", "a/scans", "all/all", "some", "other", "b/scans", "c/x.npz", "c/x"),
    ]
    assert sets[1].digits[0].name == "scans.npz[0]"


def test_a_turn_that_is_not_a_quarter_is_not_known(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    for turn in ("unknown", 45, None, True):
        told = {"a.png": {"lines": [], "rotate_ccw_to_upright": turn}}
        (tmp_path / "labels.json").write_text(json.dumps(told))
        assert find_sets(tmp_path)[0].pages[0].turn is None


def refused(folder: Path, *texts: str) -> None:
    with pytest.raises(DataError) as caught:
        find_sets(folder)
    for text in texts:
        assert text in str(caught.value)


def test_folders_that_are_none(tmp_path: Path) -> None:
    refused(tmp_path / "none", "none: no such folder of labelled images: FOLDER/<digit>/*.png")
    (tmp_path / "file").touch()
    refused(tmp_path / "file", "file: is a file, expected a folder")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "empty: holds no labelled images, expected FOLDER/<digit>/*.png")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "labels.json: not JSON ("),
        ("[" * 100_000, "labels.json: not JSON ("),
        ("[1]", "expected {\"page.jpg\": [\"12 345\", \"678\"]}, got a list"),
        ('{"none.png": ["1"]}', "names 'none.png', and there is no such file beside it"),
        ('{"a.png": "12"}', "'a.png' must have a list of lines, such as {"),
        ('{"a.png": [12]}', "'a.png' must have a list of lines"),
        ('{"a.png": {"kind": "scan"}}', "'a.png' must have a list of lines"),
    ],
)  # fmt: skip
def test_labels_that_cannot_be_understood(tmp_path: Path, text: str, message: str) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "labels.json").write_text(text)
    refused(tmp_path, message)


def test_arrays_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    images, labels = np.zeros((2, 9, 9), np.uint8), np.array([1, 2])
    np.savez(path, images=images)
    refused(tmp_path, "a.npz: expected the arrays images and labels in it")
    np.savez(path, images=images, labels=labels[:1])
    refused(tmp_path, "got [2, 9, 9] and [1]")
    np.savez(path, images=images[0], labels=labels)
    refused(tmp_path, "expected images [n, h, w] or [n, h, w, 3] and labels [n]")
    np.savez(path, images=images, labels=labels * 5)
    refused(tmp_path, "labels must be whole numbers from 0 to 9, got 10")
    np.savez(path, images=images, labels=np.array(["1", "2"]))
    refused(tmp_path, "from 0 to 9, got dtype <U1")
    np.savez(path, images=np.array([None, 1]), labels=labels)
    refused(tmp_path, "a.npz: cannot be read as .npz (", "save it again")
    path.write_bytes(b"PK nothing of the kind")
    refused(tmp_path, "a.npz: cannot be read as .npz (")


def test_a_damaged_file_of_arrays(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 9, 9)).astype(np.uint8)
    np.savez_compressed(path, images=images, labels=np.arange(20) % 10)
    whole = path.read_bytes()
    answers = 0
    for _ in range(150):
        data = bytearray(whole)
        data[rng.integers(len(data))] = rng.integers(256)
        path.write_bytes(data[: rng.integers(1, len(data)) if rng.random() < 0.3 else None])
        try:
            answers += len(find_sets(tmp_path)[0].digits) == 20
        except DataError as error:
            assert "\n" not in str(error)
    assert 0 < answers < 150
