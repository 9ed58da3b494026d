"""Every verb as users meet it."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitscope.data.mnist import load_mnist
from digitscope.evaluation.evaluate import evaluate
from digitscope.figures.table import FIGURES
from digitscope.models.model import load
from digitscope.report.gallery import GALLERY
from digitscope.training.recipe import load_recipe, shipped_recipes
from tests.conftest import Cli
from tests.helpers import environment, on_a_terminal, small_options
from tests.reading.pages import compose_page


def test_train_says_what_happened(cli: Cli, tmp_path: Path) -> None:
    done = cli("train", "--no-report", *small_options(), "--name", "mine")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith(
        "Training mine: 784-24-10, 19,090 parameters, 3,000 training and 1,000"
    )
    assert [line.split()[0] for line in lines[2:5]] == ["0", "1", "2"]
    assert "%" in lines[3]
    words = "validation accuracy: initial", "(untrained)", "after epoch 1", "final", "improvement +"
    assert all(word in done.stdout for word in words)
    assert "correct," in done.stdout
    assert "95 % interval" in done.stdout
    assert lines[-1] == "runs/mine"
    again = cli("train", "--no-report", *small_options(), "--name", "mine")
    assert again.stdout.splitlines()[-1] == "runs/mine-2"
    accuracy = json.loads((tmp_path / "runs/mine/evaluation.json").read_text())["accuracy"]
    assert f"test accuracy: {accuracy * 100:.2f} %" in done.stdout


def test_a_terminal_gets_a_live_bar(tmp_path: Path) -> None:
    options = small_options(train=20_000, engine="numpy")
    text = on_a_terminal("train", "--no-report", *options, cwd=tmp_path, columns=120)
    assert "images/s" in text
    assert "epoch 1/2" in text
    assert "━" in text
    assert "runs/deep" in text


def test_a_run_that_diverges_ends_with_advice_and_1(cli: Cli, tmp_path: Path) -> None:
    options = small_options(
        learning_rate=1e5,
        activation="linear",
        output="linear",
        loss="quadratic",
        optimizer="momentum",
    )
    done = cli("train", *options)
    assert done.returncode == 1
    assert "the learning rate 100000 is too large for this network; try 10000" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert load(tmp_path / "runs/deep").measured["epoch"] == 0


def test_resume_goes_on_in_the_same_folder(cli: Cli, tmp_path: Path) -> None:
    cli("train", "--no-report", *small_options())
    done = cli("train", "--no-report", "--resume", "runs/deep", "--epochs", "+1")
    assert done.returncode == 0, done.stderr
    assert "going on after epoch 2" in done.stdout
    assert done.stdout.splitlines()[-1] == "runs/deep"
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["deep"]
    rows = (tmp_path / "runs/deep/results.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["0", "1", "2", "3"]


def test_evaluate(cli: Cli, small_run: Path, tmp_path: Path) -> None:
    text = cli("evaluate", small_run, "--mistakes", 3, "--figures", tmp_path / "figures")
    assert text.returncode == 0, text.stderr
    plain = cli("evaluate", small_run, "--json", "--mistakes", 3)
    data = json.loads(plain.stdout)
    e = evaluate(load(small_run), mistakes=3)
    assert data == json.loads(json.dumps(e.to_dict()))
    assert f"{e.accuracy * 100:.2f} %" in text.stdout
    assert f"correct   {e.correct:,}" in text.stdout
    for row in e.matrix:
        assert "".join(f"{n:>6}" for n in row) in text.stdout
    for m in e.mistakes:
        assert f"test:{m.index:<6} {m.digit} taken for {m.taken_for}" in text.stdout
    for sentence in e.in_common:
        assert sentence in text.stdout
    names = {p.name for p in (tmp_path / "figures").iterdir()}
    assert {"confusion_matrix.png", "reliability.png", "mistakes.png"} <= names


def test_predict(cli: Cli, small_run: Path, tmp_path: Path) -> None:
    digit = 255 - np.kron(load_mnist("test").images[0], np.ones((4, 4), np.uint8))
    Image.fromarray(np.pad(digit, ((5, 60), (90, 10)), constant_values=255)).save(
        tmp_path / "a.png"
    )
    done = cli("predict", small_run, "a.png", "--figure", "f.png", "--explain", "e.png")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("a.png: 7 ")
    assert "  7 " in done.stdout
    for name in ("f.png", "e.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.width > 800
    data = json.loads(cli("predict", small_run, "a.png", "test:0", "--json").stdout)
    assert [p["digit"] for p in data["predictions"]] == [7, 7]
    assert [p["label"] for p in data["predictions"]] == [None, 7]
    assert data["predictions"][0]["calibrated"] is True
    piped = cli("predict", small_run, "-", input=(tmp_path / "a.png").read_bytes(), text=False)
    assert piped.stdout.decode().startswith("standard input: 7 ")
    doubtful = cli("predict", small_run, "test:0", "--reject-below", "1")
    assert "rejected: too unsure; best guess 7" in doubtful.stdout


def test_predict_of_many_digits_says_what_reads_them(cli: Cli, tmp_path: Path) -> None:
    """The sentence, the bars and the confidence are of one mind."""
    digits = [np.pad(np.kron(load_mnist("test").images[i], np.ones((3, 3), np.uint8)), 20)
              for i in range(3)]  # fmt: skip
    Image.fromarray(255 - np.hstack(digits)).save(tmp_path / "page.png")
    done = cli("predict", "reader", "page.png")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1].endswith("crop it to one, or read them all: digitscope read FILE")
    found = re.fullmatch(
        r"page.png: not a digit, (.*?) % sure; best guess (\d)  (.*?) % sure", lines[0]
    )
    assert found, lines[0]
    shown = {line.split()[0]: line.split()[1] for line in lines[1:-1]}
    assert list(shown) == [*map(str, range(10)), "none"]
    assert shown["none"] == found[1]
    assert shown[found[2]] == found[3]
    assert sum(map(float, shown.values())) == pytest.approx(100, abs=0.1)


def test_predict_writes_nothing_of_itself(cli: Cli, small_run: Path, tmp_path: Path) -> None:
    cli("predict", small_run, "test:0")
    cli("evaluate", small_run)
    assert list(tmp_path.iterdir()) == []


def test_data(cli: Cli, tmp_path: Path) -> None:
    done = cli("data")
    assert done.returncode == 0, done.stderr
    for words in (
        "70,000: 60,000 for training, 10,000 for testing",
        "784",
        "uint8",
        "5,923",
        "980",
    ):
        assert words in done.stdout
    assert "label    5 as one-hot 0 0 0 0 0 1 0 0 0 0" in done.stdout
    row = " ".join(str(v) for v in load_mnist("train").images[0, 14])
    assert row in done.stdout
    assert {p.name for p in (tmp_path / "runs/data").iterdir()} == {
        "samples.png",
        "image_to_input.png",
    }


def test_summary(cli: Cli, small_run: Path, tmp_path: Path) -> None:
    assert "101,770" in cli("summary").stdout
    assert "109,386" in cli("summary", "--hidden", "128-64", "--figure", "n.png").stdout
    assert (tmp_path / "n.png").is_file()
    assert "784-24-10" in cli("summary", small_run).stdout


def test_recipes(cli: Cli) -> None:
    listed = cli("recipes").stdout
    assert all(f"\n{name} " in "\n" + listed for name in shipped_recipes())
    assert 'hidden = "128"' in cli("recipes", "lesson").stdout


@pytest.mark.parametrize("recipe", shipped_recipes())
def test_check(cli: Cli, recipe: str) -> None:
    done = cli("check", "--recipe", recipe, "--images", 4)
    assert done.returncode == 0, done.stdout
    assert "right: at most 1e-06" in done.stdout
    assert "dW1" in done.stdout


def test_every_figure_has_a_name_on_the_command_line(cli: Cli, tmp_path: Path) -> None:
    of_many = {"sweep_settings", "sweep_curves", "engines", "side_by_side"}
    assert set(FIGURES) - of_many == set(GALLERY) - {"confusion_matrix_normalized"}
    listed = cli("figure", "list").stdout
    assert all(name in listed for name in GALLERY)
    assert cli("figure", "network-diagram", "--recipe", "cnn").returncode == 0
    assert (tmp_path / "network-diagram.png").is_file()
    Image.fromarray(compose_page(["2024"])).save(tmp_path / "page.png")
    for name in ("reading-steps", "lattice"):
        done = cli("figure", name, "--image", "page.png")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"{name}.png").is_file()


def test_a_sweep_compares_and_judges_once(cli: Cli, tmp_path: Path) -> None:
    options = ["--recipe", "lesson", "--train", "2000", "--epochs", "2", "--train-sample", "200"]
    grid = ["--grid", "hidden=8,16", "--grid", "learning_rate=0.001,0.1,1e6"]
    done = cli("sweep", *options, *grid)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "runs/lesson-sweep"
    rows = list(csv.DictReader((folder / "sweep.csv").read_text().splitlines()))
    assert len(rows) == 6
    accuracies = [float(row["validation_accuracy"]) for row in rows if row["stopped"] == "done"]
    assert accuracies == sorted(accuracies, reverse=True)
    assert rows[0]["learning_rate"] == "0.1"
    assert "chosen on validation images: " in done.stdout
    assert "has no validation part; a sweep chooses, so each run gets 5,000" in done.stdout
    for name in ("hidden.png", "learning_rate.png", "curves.png"):
        assert (folder / name).is_file()
    runs = sorted(p.name for p in folder.iterdir() if p.is_dir())
    assert len(runs) == 6
    ordinary = folder / runs[0]
    assert load_recipe(ordinary / "recipe.toml").validation == 5000
    evaluation = json.loads((ordinary / "evaluation.json").read_text())
    assert evaluation["part"] == "validation"
    assert not any("test" in key for key in load(ordinary).measured)
    reported = cli("report", ordinary)
    assert reported.returncode == 0, reported.stderr
    page = (ordinary / "report.html").read_text("utf-8")
    assert "validation" in page
    again = cli("sweep", "--resume", "runs/lesson-sweep")
    assert again.returncode == 0
    assert (folder / "sweep.csv").read_text().splitlines()[0].startswith("hidden,learning_rate,")


def test_a_sweep_says_who_trains_and_why(cli: Cli) -> None:
    options = ["--recipe", "lesson", "--train", "500", "--epochs", "1", "--train-sample", "100"]
    done = cli("sweep", *options, "--grid", "hidden=8,2c5-p4")
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "digitscope: note: engine numpy, because fast does not accelerate conv2d layers\n"
    )
    ended = [line for line in done.stdout.splitlines() if " after epoch 1" in line]
    assert [line.rpartition(", ")[2] for line in ended] == ["engine fast", "engine numpy"]


def test_version_and_python_m(cli: Cli) -> None:
    assert cli("--version").stdout == "digitscope 0.1.0\n"
    help_text = cli("--help").stdout
    for verb in ("train", "evaluate", "predict", "sweep", "data", "summary", "figure", "recipes"):
        assert f"  {verb}" in help_text


def test_a_reader_that_goes_away_is_no_error(small_run: Path, tmp_path: Path) -> None:
    for arguments in (["evaluate", small_run], ["train", "--no-report", *small_options()]):
        read, write = os.pipe()
        os.close(read)
        process = subprocess.run(
            [sys.executable, "-m", "digitscope", *map(str, arguments)],
            cwd=tmp_path,
            stdout=write,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
        )
        os.close(write)
        assert process.returncode == 0, process.stderr
        assert process.stderr == b""
    assert (tmp_path / "runs/deep/evaluation.json").is_file()


def test_output_that_cannot_be_written_or_shown(cli: Cli, small_run: Path, tmp_path: Path) -> None:
    full = subprocess.run(
        f"{sys.executable} -m digitscope evaluate {small_run} > /dev/full",
        shell=True,
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert full.returncode == 2
    assert full.stderr == "digitscope: error: No space left on device\n"
    closed = subprocess.run(
        f"{sys.executable} -m digitscope evaluate {small_run} >&-",
        shell=True,
        capture_output=True,
        text=True,
        env={**environment(), "PYTHONWARNINGS": "default::UserWarning"},
        check=False,
    )
    assert (closed.returncode, closed.stderr) == (0, "")
    name = os.fsdecode(b"\xc3\xbc\xff.png")
    Image.fromarray(load_mnist("test").images[0]).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / name)
    plain = {**environment(), "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "digitscope", "predict", str(small_run), name, "--figure", "f.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=plain,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "\\xfc" in done.stdout
    assert (tmp_path / "f.png").is_file()


def test_json_stays_json_beside_figures(cli: Cli, small_run: Path) -> None:
    done = cli("predict", small_run, "test:0", "--json", "--figure", "f.png")
    assert json.loads(done.stdout)["predictions"][0]["digit"] == 7
    assert done.stderr == "figure: f.png\n"
    assert json.loads(cli("evaluate", small_run, "--json", "--figures", "new").stdout)["images"]


def test_a_sweep_is_resumed_as_a_sweep_and_judged_once(cli: Cli, tmp_path: Path) -> None:
    options = ["--recipe", "lesson", "--train", "500", "--epochs", "1", "--hidden", "4"]
    assert cli("sweep", *options, "--grid", "seed=0,1", "--name", "s").returncode == 0
    judged = (tmp_path / "runs/s/sweep.json").read_bytes()
    for run in ("runs/s", "runs/s/seed=0"):
        refused = cli("train", "--resume", run, "--epochs", "+1")
        assert refused.returncode == 2
        assert "digitscope sweep --resume runs/s" in refused.stderr
    (tmp_path / "runs/s/seed=1/outcome.json").unlink()
    again = cli("sweep", "--resume", "runs/s")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "runs/s/sweep.json").read_bytes() == judged
    for name, text in {"grid.json": "[]", "seed=0/outcome.json": "{}", "sweep.json": "[1]"}.items():
        path = tmp_path / "runs/s" / name
        whole = path.read_bytes()
        path.write_text(text)
        broken = cli("sweep", "--resume", "runs/s")
        assert broken.returncode == 2
        assert f"{name}: damaged" in broken.stderr
        assert len(broken.stderr.splitlines()) == 1
        path.write_bytes(whole)
