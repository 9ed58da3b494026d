"""`digitscope compare` as users meet it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from digitscope.comparison.compare import STEPS_OF
from digitscope.engines import ENGINES
from tests.conftest import Cli
from tests.helpers import HEEDING_INTERRUPTS, environment, on_a_terminal, run_cli, small_options

SMALL = ["--train", "3000", "--epochs", "2"]


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Every engine on two digits: what was printed as JSON, and the folder."""
    folder = tmp_path_factory.mktemp("compare")
    done = run_cli("compare", "--recipe", "binary", *SMALL, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder / "runs" / "compare"


def test_every_engine_agrees_with_numpy(binary: tuple[dict[str, Any], Path]) -> None:
    rows = {row["engine"]: row for row in binary[0]["engines"]}
    assert set(rows) == set(ENGINES)
    for row in rows.values():
        assert row["status"] == "done"
        assert row["measured"]["test_accuracy"] > 0.95
        assert row["measured"]["memory"] > 50e6
        difference = row["difference_from_numpy"]
        assert set(difference["weights"]) == {"W1", "b1", "W2", "b2"}
        assert max(difference["weights"].values()) < 1e-4
        assert difference["first_logits"] < 1e-5
        assert difference["answers"] == 0
    others = [row["difference_from_numpy"] for name, row in rows.items() if ":" in name]
    assert all(max(other["weights"].values()) > 0 for other in others)  # other arithmetic it is


def test_the_step_is_the_same_in_every_framework(binary: tuple[dict[str, Any], Path]) -> None:
    steps = binary[0]["step"]["written_in"]
    assert [(s["engine"], s["name"]) for s in steps] == [
        (engine, name) for engine in ENGINES for name in STEPS_OF.get(engine, ())
    ]
    numpy = steps[0]
    for step in steps:
        assert not step["error"]
        assert step["loss"] == pytest.approx(numpy["loss"], rel=1e-6)
        assert step["norms"] == pytest.approx(numpy["norms"], rel=1e-5)
        assert step["difference"] < 1e-6
    titles = {step["title"] for step in steps}
    assert {"TensorFlow", "JAX", "PyTorch", "Keras on JAX"} <= titles


def test_label_tensorflow_numpy(binary: tuple[dict[str, Any], Path]) -> None:
    answers = binary[0]["answers"]
    assert answers["engine"] == "keras:tensorflow"
    assert len(answers["indices"]) == 64
    assert set(answers["labels"]) == {0, 1}
    assert answers["other"] == pytest.approx(answers["numpy"], abs=1e-5)
    right = [(p > 0.5) == bool(y) for p, y in zip(answers["numpy"], answers["labels"], strict=True)]
    assert sum(right) >= 60


def test_the_folder_has_everything(binary: tuple[dict[str, Any], Path]) -> None:
    data, folder = binary
    assert {path.name for path in folder.iterdir()} == {
        "answers.png", "compare.html", "compare.png", "compared.toml", "comparison.json",
    }  # fmt: skip
    assert json.loads((folder / "comparison.json").read_text("utf-8")) == data
    page = (folder / "compare.html").read_text("utf-8")
    assert "digitscope compare --recipe binary --train 3000 --epochs 2 --engines numpy" in page
    for said in ("keras:tensorflow", "GradientTape", "value_and_grad", "J.backward()", "model.fit"):
        assert said in page


def test_the_table_fits_80_columns_and_nothing_is_overwritten(cli: Cli, tmp_path: Path) -> None:
    first = cli("compare", "--engines", "fast", *small_options())
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "numpy  done"
    assert [line.split()[0] for line in lines if line.startswith(("numpy ", "fast "))] == [
        "numpy", "fast", "numpy", "fast",
    ]  # fmt: skip
    assert "784-24-10, 2 epochs, the same first weights and batches" in first.stdout
    assert lines[-1] == "runs/compare"
    before = (tmp_path / "runs/compare/compare.html").read_bytes()
    recipe = "runs/compare/compared.toml"
    again = cli("compare", "--recipe", recipe, "--engines", "numpy", "--epochs", "1")
    assert again.stdout.splitlines()[-1] == "runs/compare-2"
    assert "may hold a compilation" in again.stdout
    assert (tmp_path / "runs/compare/compare.html").read_bytes() == before
    resumed = cli("train", "--resume", "runs/compare")
    assert (resumed.returncode, "not a run folder" in resumed.stderr) == (2, True)


def test_a_missing_framework_is_left_out_or_says_so_in_its_row(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nfor name in ('jax', 'torch', 'tensorflow'):\n    sys.modules[name] = None\n"
    )
    env = {**environment(), "PYTHONPATH": str(tmp_path)}

    def compare(*options: str) -> subprocess.CompletedProcess[str]:
        command = [*HEEDING_INTERRUPTS, "compare", *small_options(), *options]
        return subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )

    default = compare()
    assert default.returncode == 0, default.stderr
    assert "keras:jax is left out" in default.stderr
    assert 'pip install "digitscope[jax]"' in default.stderr
    assert "fast" in default.stdout
    asked = compare("--engines", "keras:torch")
    assert asked.returncode == 1
    assert "keras:torch  failed: " in asked.stdout
    assert 'pip install "digitscope[torch]"' in asked.stdout
    assert "numpy  done" in asked.stdout


def test_a_terminal_sees_the_epochs_pass(tmp_path: Path) -> None:
    shown = on_a_terminal("compare", "--engines", "numpy", *small_options(), cwd=tmp_path)
    for line in ("starting", "epoch 0/2", "epoch 1/2", "epoch 2/2"):
        assert f"numpy  {line}\x1b[K\r" in shown
    assert "numpy  done\x1b[K\r\n" in shown


def test_steps_alone(cli: Cli, tmp_path: Path) -> None:
    done = cli("compare", "--steps", "--engines", "numpy")
    assert done.returncode == 0, done.stderr
    assert "dZ2 = (np.exp(logA2) - Y) / m" in done.stdout
    assert "2.35737" in done.stdout
    assert list(tmp_path.iterdir()) == []
    data = json.loads(cli("compare", "--steps", "--engines", "numpy", "--json").stdout)
    assert data["network"] == "784-128-10"


def test_vectorization(cli: Cli, tmp_path: Path) -> None:
    done = cli("compare", "--vectorization")
    assert done.returncode == 0, done.stderr
    for said in ("one neuron", "one layer", "a batch", "times faster", "Z [128, 10] + b [10]"):
        assert said in done.stdout
    assert "could not be broadcast together with shapes (128,10) (128,)" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    data = json.loads(cli("compare", "--vectorization", "--json").stdout)
    assert [timing["what"] for timing in data["timings"]] == ["one neuron", "one layer", "a batch"]
    assert data["timings"][2]["speed_up"] > 20
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engines", "nunpy"], "unknown engine 'nunpy': did you mean 'numpy'?"),
        (["--engine", "numpy"], "compare runs several engines: write --engines numpy,fast"),
        (["--vectorization", "--steps"], "--vectorization takes no other option than --json"),
        (["--recipe", "lessen"], "unknown recipe 'lessen': did you mean 'lesson'"),
        (["--out", "file/in/it"], "cannot be written"),
    ],
)
def test_what_cannot_be_is_one_line(
    cli: Cli, tmp_path: Path, options: list[str], said: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    done = cli("compare", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def workers(parent: int) -> list[int]:
    """The processes of engines that a process has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines())
            command = (status.parent / "cmdline").read_text()
        except (OSError, ValueError):
            continue
        if int(lines["PPid"]) == parent and "digitscope.comparison.worker" in command:
            found.append(int(lines["Pid"]))
    return found


def temporary(tmp_path: Path) -> Path:
    """Where a comparison that was `started` has its temporary files."""
    return tmp_path / "temporary"


def started(tmp_path: Path, *options: str) -> tuple[subprocess.Popen[str], int]:
    """A comparison that would take for ever, and its worker."""
    temporary(tmp_path).mkdir()
    process = subprocess.Popen(
        [*HEEDING_INTERRUPTS, "compare", *small_options(), *options],
        cwd=tmp_path, env={**environment(), "TMPDIR": str(temporary(tmp_path))},
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if found := workers(process.pid):
            return process, found[0]
        time.sleep(0.05)
    raise AssertionError("no worker was started")


def ends(pid: int) -> bool:
    """Whether a process ends within some seconds."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True  # ended; nobody has asked how
        time.sleep(0.05)
    return False


def test_an_interrupt_ends_the_worker_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    process, worker = started(tmp_path, "--engines", "numpy", "--epochs", "100000")
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "interrupted before the first engine was done; nothing is kept\n"
    assert ends(worker)
    assert list((tmp_path / "runs").iterdir()) == []
    assert list(temporary(tmp_path).iterdir()) == []


def test_an_interrupt_keeps_the_engines_that_were_done(tmp_path: Path) -> None:
    process, first = started(tmp_path, "--engines", "keras:torch", "--epochs", "1")
    assert ends(first)  # NumPy's
    until = time.monotonic() + 60
    while not (second := workers(process.pid)) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    shown, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "keras:torch  interrupted" in shown
    assert "the engines that were done are kept" in said
    assert ends(second[0])
    data = json.loads((tmp_path / "runs/compare/comparison.json").read_text("utf-8"))
    assert [row["status"] for row in data["engines"]] == ["done", "interrupted"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_comparison_takes_its_worker_along(tmp_path: Path, how: signal.Signals) -> None:
    process, worker = started(tmp_path, "--engines", "numpy", "--epochs", "100000")
    until = time.monotonic() + 60
    while not list(temporary(tmp_path).rglob("epoch-3.npz")) and time.monotonic() < until:
        time.sleep(0.05)
    (own,) = temporary(tmp_path).iterdir()
    process.send_signal(how)
    process.communicate()
    while own.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not own.exists()
    assert ends(worker)
