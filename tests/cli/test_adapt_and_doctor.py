"""`digitscope adapt` and `digitscope doctor`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitscope.cli.console import complain_of
from digitscope.cli.doctor import describe
from digitscope.data.mnist import load_mnist
from digitscope.evaluation.doctor import Diagnosis, Measure
from digitscope.models.model import Model, load, save
from tests.cli.test_errors import complaint
from tests.conftest import Cli
from tests.training.test_adapt import leaning

TEST = load_mnist("test")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a digit, of somebody who leans far to the left, with a thin pen on grey paper."""
    root = tmp_path_factory.mktemp("theirs")
    for i, image in enumerate(leaning(TEST.images[:120], -0.8)):
        folder = root / str(TEST.labels[i])
        folder.mkdir(exist_ok=True)
        Image.fromarray(200 - np.kron(np.pad(image, 6), np.ones((3, 3), np.uint8)) // 2).save(
            folder / f"{i}.png"
        )
    return root


def test_adapt_writes_a_model_that_is_better_on_theirs(
    cli: Cli, tmp_path: Path, theirs: Path, small_model: Model
) -> None:
    save(small_model, tmp_path / "base")
    before = (tmp_path / "base.safetensors").read_bytes()
    done = cli("adapt", theirs, "--model", "base.safetensors", "--out", "mine", "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["own"]["accuracy_after"] > data["own"]["accuracy_before"]
    assert data["own"]["images"] + data["trained_on"] == 120
    assert data["mnist_test"]["images"] == 10_000
    assert len(done.stderr.splitlines()) == 3
    mine = load(tmp_path / "mine.safetensors")
    right = (mine.probabilities(TEST.images).argmax(axis=1) == TEST.labels).mean()
    assert right == data["mnist_test"]["accuracy_after"]
    assert (tmp_path / "base.safetensors").read_bytes() == before
    again = complaint(cli("adapt", theirs, "--model", "base.safetensors", "--out", "mine"))
    assert "mine.safetensors: exists, nothing is overwritten" in again


def test_adapt_prints_before_and_after(
    cli: Cli, tmp_path: Path, theirs: Path, small_model: Model
) -> None:
    save(small_model, tmp_path / "base")
    (theirs / "3" / "broken.png").write_bytes(b"no image")
    done = cli("adapt", theirs, "--model", "base.safetensors", "--out", "mine.safetensors")
    (theirs / "3" / "broken.png").unlink()
    assert done.returncode == 1  # one of the crops could not be read
    assert "broken.png" in done.stderr
    assert "your digits, held out" in done.stdout
    assert "MNIST test" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("mine.safetensors, in ")


def test_adapt_refuses(cli: Cli, tmp_path: Path, theirs: Path) -> None:
    assert "no such folder" in complaint(cli("adapt", "none", "--out", "m"))
    assert "make the folder first" in complaint(cli("adapt", theirs, "--out", "no/where"))
    assert "Missing option '--out'" in complaint(cli("adapt", theirs))
    few = tmp_path / "few" / "1"
    few.mkdir(parents=True)
    Image.fromarray(255 - TEST.images[2]).save(few / "a.png")
    assert "1 labelled digits are too few" in complaint(cli("adapt", "few", "--out", "m"))
    assert [p.name for p in tmp_path.iterdir()] == ["few"]


def test_doctor_finds_the_lean(cli: Cli, theirs: Path) -> None:
    done = cli("doctor", theirs)
    assert done.returncode == 0, done.stderr
    findings = [line for line in done.stdout.splitlines() if line[:2] in ("1.", "2.", "3.", "4.")]
    assert any("slant: more to the left than in the training data" in line for line in findings)
    assert "shear" in done.stdout
    assert f"digitscope adapt {theirs} --out mine.safetensors" in done.stdout
    assert not any("aspect" in line or "noise" in line for line in findings)


def test_doctor_as_json_and_with_unreadable_images(cli: Cli, tmp_path: Path, theirs: Path) -> None:
    for path in sorted(theirs.rglob("*.png"))[:12]:
        (tmp_path / path.name).write_bytes(path.read_bytes())  # without labels
    (tmp_path / "broken.png").write_bytes(b"no image")
    done = cli("doctor", tmp_path, "--json")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert data["format"] == "digitscope diagnosis"
    assert data["images"] == 12
    assert data["dark_ink"] == 1
    assert len(data["unreadable"]) == 1
    assert len(done.stderr.splitlines()) == 1
    assert [m["name"] for m in data["measures"]][:3] == ["stroke width", "slant", "aspect"]


@pytest.mark.parametrize(("lost", "last"), [(5, "4.png: no"), (7, "2 more images cannot be read")])
def test_unreadable_images_are_named_up_to_a_few(
    lost: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    complain_of([f"{i}.png: no" for i in range(lost)])
    lines = capsys.readouterr().err.splitlines()
    named = [f"digitscope: error: {i}.png: no" for i in range(5)]
    assert lines[:5] == named
    assert lines[-1] == f"digitscope: error: {last}"
    assert len(lines) == min(lost, 6)


def test_columns_of_large_numbers_stay_apart() -> None:
    sizes = Measure("size of the image", "pixels", (142.0, 354.0, 13540.0), None, None, None)
    slant = Measure("slant", "degrees", (-12.5, 0.0, 1354.0), (-9.0, 1.0, 8.0), 40.0, 0.25)
    found = Diagnosis(12, 1.0, (sizes, slant), (), ())
    lines = describe(found, Path("mine")).splitlines()
    assert lines[4].split()[-3:] == ["142", "354", "13,540"]
    assert lines[5].split()[2:] == [*["-12.5", "0", "1,354", "-9", "1", "8", "25", "%"]]
    assert len(lines[3]) == len(lines[5])


def test_doctor_refuses(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no such folder" in complaint(cli("doctor", "none"))
    assert "a folder without images" in complaint(cli("doctor", "empty"))
    Image.new("L", (50, 50), 200).save(tmp_path / "empty" / "blank.png")
    assert "none of 1 images shows a digit" in complaint(cli("doctor", "empty"))
