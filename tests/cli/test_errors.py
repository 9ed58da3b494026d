"""Bad input: one clear line on standard error, exit code 2, nothing written, no traceback."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitscope.cli.main import main
from digitscope.models.model import save
from digitscope.network.network import Network
from tests.conftest import Cli


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(Network.initialize("784-8-10"), tmp_path_factory.mktemp("model") / "m.safetensors")


def complaint(done: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """The one line that was said."""
    assert done.returncode == code, (done.stdout, done.stderr)
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("digitscope: error: ")
    assert "Traceback" not in done.stderr
    return lines[0].removeprefix("digitscope: error: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "0"], "epochs must be a whole number from 1 to 1000000, got '0'"),
        (["--batch-size", "0"], "batch_size must be a whole number of at least 1, got '0'"),
        (["--hidden", "-3"], "hidden layers are joined by hyphens, got '-3': write neurons (128)"),
        (
            ["--learning-rate", "fast"],
            "learning_rate must be a number above 0 up to 1e+06, got 'fast'",
        ),
        (["--recipe", "leson"], "unknown recipe 'leson': did you mean 'lesson'?"),
        (["--recipe", "missing.toml"], "missing.toml: the recipe cannot be read: No such file"),
        (["--learning-rte", "1"], "No such option: --learning-rte"),
        (["--epochs"], "requires an argument"),
        (["--optimizer", "adm"], "unknown optimizer 'adm': did you mean 'adam'?"),
        (["--patience", "3"], "patience needs a validation part, and recipe lesson has none"),
        (["--loss", "binary_cross_entropy"], "needs output sigmoid, got 'softmax'"),
        (["--name", "../x"], "'../x' cannot name a run"),
        (["--out", "/dev/null/runs"], "a part of this path is a file: choose another folder"),
        (["--resume", "runs/none"], "no such run folder"),
        (["extra"], "unexpected extra argument"),
        (["--recipe", "x" * 300 + ".toml"], "the recipe cannot be read: File name too long"),
        (["--resume", "y" * 300], "File name too long"),
        (["--resume", "runs/x", "--out", "z"], "--out does not go with --resume"),
        (["--recipe", "binary", "--train", "1", "--validation", "0"], "raise --train"),
    ],
)
def test_train(cli: Cli, tmp_path: Path, options: list[str], message: str) -> None:
    assert message in complaint(cli("train", *options))
    assert list(tmp_path.iterdir()) == []


def test_usage(cli: Cli) -> None:
    assert "No such command 'trian'. Did you mean 'train'?" in complaint(cli("trian"))
    assert "Missing argument 'model'" in complaint(cli("evaluate"))
    assert "see 'digitscope evaluate --help'" in complaint(cli("evaluate"))
    assert "No such option" in complaint(cli("--nonsense"))
    said = complaint(cli("evaluate", "m", "--mistakes", "few"))
    assert said == "--mistakes must be a whole number, got 'few': see 'digitscope evaluate --help'"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["read", "x.png", "--length", "x"], "--length must be a whole number, got 'x'"),
        (["read", "x.png", "--length", "1.5"], "--length must be a whole number, got '1.5'"),
        (["read", "x.png", "--reject-below", "z"], "--reject-below must be a number, got 'z'"),
        (["read", "x.png", "--crops-below", "7"], "--crops-below must be at most 1, got '7'"),
        (["lab", "--port", "abc"], "--port must be a whole number, got 'abc'"),
        (["lab", "--port", "-1"], "--port must be at least 0, got '-1'"),
    ],
)
def test_values_of_a_wrong_kind(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    told = f"digitscope: error: {said}: see 'digitscope {words[0]} --help'\n"
    assert capsys.readouterr().err == told


def test_a_run_folder_that_cannot_be_written(cli: Cli, tmp_path: Path) -> None:
    if (
        os.geteuid() == 0
    ):  # root may write anywhere, but not below a file, and not on a read-only system
        place: Path | str = "/proc/runs"
    else:
        place = tmp_path / "locked"
        Path(place).mkdir(mode=0o500)
    message = complaint(cli("train", "--out", place))
    assert "cannot be written" in message
    assert str(place) in message


def write_images(folder: Path) -> dict[str, str]:
    """Bad images, and what is to be said of each."""
    (folder / "folder.png").mkdir()
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("This is no picture at all.\n" * 20)
    Image.new("L", (200, 100), 250).save(folder / "blank.png")
    Image.new("1", (12_500, 8_000)).save(folder / "huge.png")
    good = folder / "good.png"
    Image.fromarray(np.kron(np.eye(8, dtype=np.uint8) * 255, np.ones((9, 9), np.uint8))).save(good)
    (folder / "cut.png").write_bytes(good.read_bytes()[:60])
    return {
        "missing.png": "no such file",
        "folder.png": "folder",
        "empty.png": "empty",
        "text.png": "image",
        "blank.png": "no ink",
        "huge.png": "100",
        "cut.png": "cut.png",
    }


def test_predict_names_each_bad_image_and_reads_the_good_one(
    cli: Cli, tmp_path: Path, model: Path
) -> None:
    expected = write_images(tmp_path)
    for name, message in expected.items():
        said = complaint(cli("predict", model, name))
        assert name in said
        assert message in said, said
    done = cli("predict", model, *expected, "good.png")
    assert done.returncode == 1
    assert "good.png: " in done.stdout
    assert len(done.stderr.splitlines()) == len(expected)
    assert "test:10000" in complaint(cli("predict", model, "test:10000"))
    assert "standard input" in complaint(cli("predict", model, "-", input=""))


@pytest.mark.parametrize("verb", ["evaluate", "predict", "summary"])
def test_models(cli: Cli, tmp_path: Path, model: Path, verb: str) -> None:
    image = ["test:0"] if verb == "predict" else []
    assert "no such model file or run folder" in complaint(cli(verb, "none.safetensors", *image))
    (tmp_path / "empty.safetensors").write_bytes(b"")
    assert "the file is empty" in complaint(cli(verb, "empty.safetensors", *image))
    (tmp_path / "cut.safetensors").write_bytes(model.read_bytes()[:-7])
    assert "truncated, corrupt" in complaint(cli(verb, "cut.safetensors", *image))


def test_a_model_of_another_shape(cli: Cli, tmp_path: Path) -> None:
    save(Network.initialize("16-8-10"), tmp_path / "other.safetensors")
    for verb, image in (("evaluate", []), ("predict", ["test:0"])):
        said = complaint(cli(verb, "other.safetensors", *image))
        assert "takes 16 numbers" in said
        assert "28x28 = 784" in said


def test_predict_options(cli: Cli, tmp_path: Path, model: Path) -> None:
    assert "reject-below must be a number from 0 up to 1" in complaint(
        cli("predict", model, "test:0", "--reject-below", "1.5")
    )
    assert "draw one image" in complaint(
        cli("predict", model, "test:0", "test:1", "--figure", "a.png")
    )
    (tmp_path / "a.png").write_text("mine")
    done = cli("predict", model, "test:0", "--figure", "a.png")
    assert done.returncode == 2
    assert "nothing is overwritten" in done.stderr
    assert (tmp_path / "a.png").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "a sweep needs at least one --grid"),
        (["--grid", "hidden"], "--grid needs setting=value,value, got 'hidden'"),
        (["--grid", "hiden=3"], "unknown setting 'hiden': did you mean 'hidden'?"),
        (["--grid", "epochs=0,1"], "epochs must be a whole number"),
        (["--grid", "seed=0,0"], "has a value twice"),
        (["--grid", "seed=0", "--grid", "seed=1"], "names seed twice"),
        (["--grid", "validation=0"], "leave validation=0 out"),
        (["--grid", "name=a,b"], "cannot vary name"),
        (["--resume", "runs/none"], "not a sweep: grid.json is missing"),
    ],
)
def test_sweep(cli: Cli, tmp_path: Path, options: list[str], message: str) -> None:
    assert message in complaint(cli("sweep", *options))
    assert list(tmp_path.iterdir()) == []


def test_report(cli: Cli, tmp_path: Path) -> None:
    assert "no such run folder" in complaint(cli("report", "runs/none"))
    (tmp_path / "recipe.toml").write_text("")
    assert "not finished yet: go on with digitscope train --resume" in complaint(cli("report", "."))


def test_figure(cli: Cli, model: Path) -> None:
    assert "unknown figure 'feature': did you mean 'features'?" in complaint(
        cli("figure", "feature")
    )
    assert "needs a model" in complaint(cli("figure", "features"))
    assert "needs a run folder" in complaint(cli("figure", "curves", model))
    assert "give --image FILE" in complaint(cli("figure", "preparation_steps"))
    assert "from test:0 to test:9999" in complaint(cli("data", "--image", "test:x"))
