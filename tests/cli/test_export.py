"""`digitscope export` as users meet it; tests/exporting has what the exports say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from digitscope.models.model import save
from digitscope.network.network import Network
from tests.cli.test_errors import complaint
from tests.conftest import Cli


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model file, in the folder where the command runs."""
    return save(Network.initialize("784-8-10"), tmp_path / "m.safetensors")


def run(statements: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """`digitscope export m.safetensors ARGUMENTS` in a process that began with some statements."""
    given = ["export", "m.safetensors", *arguments]
    code = (
        f"import sys; {statements}; from digitscope.cli.main import main; sys.exit(main({given}))"
    )
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True,
                          env={**os.environ, "KERAS_BACKEND": ""}, check=False)  # fmt: skip


@pytest.mark.parametrize(
    ("format", "files"),
    [("onnx", ["small.onnx"]), ("page", ["small.html"]), ("torch", ["small-torch"])],
)
def test_the_path_comes_last_and_is_named_after_the_run(
    cli: Cli, small_run: Path, tmp_path: Path, format: str, files: list[str]
) -> None:
    done = cli("export", small_run, "--format", format)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("X: float32 [n, 784] in 0..1, ink high\nP: float32 [n, 10], ")
    assert done.stdout.splitlines()[-1] == files[0]
    assert [p.name for p in tmp_path.iterdir()] == files
    again = cli("export", small_run, "--format", format)
    assert f"{files[0]}: exists, nothing is overwritten: choose another" in complaint(again)
    elsewhere = cli("export", small_run, "--format", format, "--out", "other")
    assert elsewhere.stdout.splitlines()[-1] == "other" + Path(files[0]).suffix


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "onx"], "unknown format 'onx': did you mean 'onnx'?"),
        (["--format", "pytorch"], "unknown format 'pytorch': did you mean 'torch'?"),
        ([], "Missing option '--format'"),
        (["--format", "onnx", "--out", "no/m"], "no/m.onnx: cannot be written: No such file"),
        (["--format", "torch", "--out", "no/m"], "no/m: cannot be written: No such file"),
        (["--format", "torch", "--out", "m.safetensors/m"], "a part of this path is a file"),
        (["--format", "torch", "--out", "."], ".: exists, nothing is overwritten"),
    ],
)
def test_bad_input(cli: Cli, model: Path, tmp_path: Path, options: list[str], message: str) -> None:
    assert message in complaint(cli("export", model, *options))
    assert list(tmp_path.iterdir()) == [model]


@pytest.mark.parametrize("format", ["onnx", "torch"])
def test_a_folder_that_cannot_be_written(
    cli: Cli, model: Path, tmp_path: Path, format: str
) -> None:
    place = Path("/proc")  # root may write to a locked folder, but not there
    if os.geteuid() != 0:
        place = tmp_path / "locked"
        place.mkdir(mode=0o500)
    said = complaint(cli("export", model, "--format", format, "--out", place / "m"))
    assert f"{place}/m" in said
    assert "cannot be written" in said


@pytest.mark.parametrize(
    ("format", "lacking", "message"),
    [
        ("onnx", ["onnx"], 'format onnx needs ONNX: pip install "digitscope[onnx]"'),
        ("keras", ["keras"], 'format keras needs Keras: pip install "digitscope[keras]"'),
        (
            "keras",
            ["tensorflow", "jax", "torch"],
            'format keras needs TensorFlow: pip install "digitscope[tensorflow]"',
        ),
        (
            "tensorflow",
            ["keras", "tensorflow"],
            'format tensorflow needs Keras and TensorFlow: pip install "digitscope[keras,tensorflow]"',
        ),
    ],
)
def test_a_missing_framework_is_one_line_with_its_remedy(
    model: Path, tmp_path: Path, format: str, lacking: list[str], message: str
) -> None:
    block = f"sys.modules.update(dict.fromkeys({lacking}))"
    assert complaint(run(block, "--format", format, cwd=tmp_path)) == message
    assert list(tmp_path.iterdir()) == [model]


def test_pytorchs_files_need_no_pytorch_to_be_written(model: Path, tmp_path: Path) -> None:
    done = run("sys.modules.update(torch=None)", "--format", "torch", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "m-torch/network.py").is_file()


def test_a_process_has_keras_on_one_backend(model: Path, tmp_path: Path) -> None:
    jax = "import os; os.environ['KERAS_BACKEND'] = 'jax'; import keras"
    said = complaint(run(jax, "--format", "tensorflow", cwd=tmp_path))
    assert said == (
        "format tensorflow needs Keras on tensorflow, this process has it on jax: "
        "export in a process of its own"
    )
    assert list(tmp_path.iterdir()) == [model]
