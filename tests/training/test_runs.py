"""Run folders: what is in them."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digitscope.errors import RunError, SettingError
from digitscope.models.model import load
from digitscope.training.recipe import load_recipe
from digitscope.training.run_folder import create_run, lock, open_run
from digitscope.training.train import train
from tests.helpers import environment, small_recipe


def test_what_a_run_folder_holds(small_run: Path) -> None:
    names = {str(p.relative_to(small_run)) for p in small_run.rglob("*") if p.is_file()}
    expected = {
        "recipe.toml", "environment.json", "results.csv", "events.jsonl", "evaluation.json", "lock",
        "results.png", "samples.png", "predictions.png", "mistakes.png", "confusion_matrix.png",
        "confusion_matrix_normalized.png", "features.png", "network.png", "reliability.png",
        "report.html", "weights/best.safetensors", "weights/last.safetensors",
        "checkpoint/checkpoint.safetensors",
    }  # fmt: skip
    frames = {f"frames/step-{n:08d}.safetensors" for n in (0, 1, 2, 4, 8, 16, 24, 48)}
    assert names == expected | frames


def test_results_and_recipe_of_a_run(small_run: Path) -> None:
    rows = list(csv.DictReader((small_run / "results.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert float(rows[2]["validation_accuracy"]) > 0.6
    recipe = load_recipe(small_run / "recipe.toml")
    assert recipe == small_recipe(engine="fast")  # what "auto" stands for is written down
    machine = json.loads((small_run / "environment.json").read_text())
    assert machine["threads"] == 1
    assert machine["numpy"] == np.__version__


def test_the_model_of_a_run_says_where_it_comes_from(small_run: Path) -> None:
    model = load(small_run)
    evaluation = json.loads((small_run / "evaluation.json").read_text())
    assert model.recipe == small_recipe(engine="fast").to_dict()
    assert model.measured["test_accuracy"] == evaluation["accuracy"]
    assert model.calibrated


def test_names_count_up_and_nothing_is_overwritten(tmp_path: Path) -> None:
    recipe = small_recipe()
    paths = [create_run(tmp_path, "a", recipe).path for _ in range(3)]
    assert [p.name for p in paths] == ["a", "a-2", "a-3"]
    with pytest.raises(RunError, match="cannot name a run"):
        create_run(tmp_path, "../a", recipe)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "a-2", "a-3"]


def test_two_writers_cannot_have_one_run(tmp_path: Path) -> None:
    folder = create_run(tmp_path, "a", small_recipe())
    held = lock(folder)
    code = f"""
from pathlib import Path
from digitscope.training.run_folder import RunFolder, lock
lock(RunFolder(Path({str(folder.path)!r})))
"""
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "another process is writing to this run" in other.stderr
    held.release()
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_run_that_is_not_there(tmp_path: Path) -> None:
    create_run(tmp_path, "lesson", small_recipe())
    with pytest.raises(RunError, match="no such run folder: did you mean 'lesson'"):
        open_run(tmp_path / "leson")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"not a run folder: recipe\.toml is missing"):
        open_run(tmp_path / "empty")


def test_training_in_memory_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    trained = train(small_recipe(epochs=1))
    assert trained.folder is None
    assert trained.stopped.reason == "done"
    assert [e.epoch for e in trained.history] == [0, 1]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SettingError, match="unknown setting 'epoch'"):
        train("lesson", epoch=3)


def test_memory_of_a_training_process(tmp_path: Path) -> None:
    code = """
import re, sys
from pathlib import Path
from digitscope.cli.main import main
assert main(["train", "--epochs", "1"]) == 0
# Not getrusage: its peak counts that of the process which started this one.
print("peak", int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout.split("peak ")[1]) < 400
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["lesson"]


def test_a_training_says_why_auto_is_not_fast() -> None:
    settings = {"train": 200, "validation": 100, "epochs": 1}
    assert train(small_recipe(hidden="2c5-p4", **settings)).note == (
        "engine numpy, because fast does not accelerate conv2d layers"
    )
    assert train(small_recipe(**settings)).note == ""
