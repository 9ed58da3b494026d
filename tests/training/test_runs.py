"""Run folders: what is in them, and that a run which was cut goes on as though it had not been."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from digitscope.errors import RunError, SettingError
from digitscope.models.model import load
from digitscope.store import read_tensors
from digitscope.threads import limited_threads
from digitscope.training.checkpoint import FORMAT
from digitscope.training.finish import judged_part
from digitscope.training.messages import Inbox, Stop
from digitscope.training.recipe import load_recipe
from digitscope.training.recorder import MOST_FRAMES
from digitscope.training.run_folder import RunFolder, create_run, lock, open_run
from digitscope.training.train import resume_settings, resumed_run, started_run, train
from tests.conftest import Cli
from tests.helpers import environment, small_options, small_recipe

# All that makes going on hard: state, slots, noise, distortion, a schedule.
HARD = {
    "hidden": "16-bn-d0.2",
    "optimizer": "adam",
    "learning_rate": 0.01,
    "augment": "shift:1 rotate:5",
    "schedule": "one_cycle",
    "epochs": 4,
    "train": 2000,
    "validation": 500,
    "train_sample": 200,
}
MOMENTS = int(os.environ.get("DIGITSCOPE_KILLS", "20"))


def tensors(run: Path) -> dict[str, bytes]:
    """Every tensor of a run, by file and name."""
    found = {}
    for path in sorted(run.rglob("*.safetensors")):
        kind = FORMAT if path.parent.name == "checkpoint" else "digitscope model"
        for name, array in read_tensors(path, kind, 1)[0].items():
            found[f"{path.relative_to(run)}:{name}"] = array.tobytes()
    return found


def log_without_times(run: Path) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    return [
        {k: v for k, v in row.items() if k not in ("seconds", "images_per_second")}
        for row in rows
        if row["event"] not in ("started", "stopped")
    ]


@pytest.fixture(scope="module")
def uncut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = train(small_recipe(**HARD), folder=tmp_path_factory.mktemp("uncut")).folder
    assert folder is not None
    return folder


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
    assert recipe == small_recipe()
    machine = json.loads((small_run / "environment.json").read_text())
    assert machine["threads"] == 1
    assert machine["numpy"] == np.__version__


def test_the_model_of_a_run_says_where_it_comes_from(small_run: Path) -> None:
    model = load(small_run)
    evaluation = json.loads((small_run / "evaluation.json").read_text())
    assert model.recipe == small_recipe().to_dict()
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


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": "64"}, "hidden cannot change when a run is resumed"),
        ({"learning_rate": "0.2"}, "learning_rate cannot change"),
        ({"epochs": "30"}, "epochs can only be added to when a run is resumed, got '30'"),
        ({"epochs": "+0"}, "write --epochs"),
        ({"epochs": "-5"}, "write --epochs"),
    ],
)
def test_only_more_epochs_may_be_asked_of_a_resume(settings: dict[str, str], message: str) -> None:
    with pytest.raises(RunError) as caught:
        resume_settings(settings)
    assert message in str(caught.value)


def test_stopped_at_any_batch_and_resumed_it_ends_with_the_same_bytes(
    tmp_path: Path, uncut: Path
) -> None:
    recipe = small_recipe(**HARD)
    stops = random.Random(0).sample(range(1, 60), 6)
    with started_run(recipe, tmp_path, "cut") as run:
        path = run.folder.path
        follow_until(run.events, run.loop.inbox, stops[0])
    for after in stops[1:]:
        with resumed_run(path, inbox=Inbox()) as run:
            follow_until(run.events, run.loop.inbox, after)
    with resumed_run(path) as run:
        assert run.note == ""
        for _ in run.events:
            pass
    assert tensors(path) == tensors(uncut)


def follow_until(events, inbox, n: int) -> None:  # type: ignore[no-untyped-def]
    """Ask a run to stop after n events."""
    for i, _ in enumerate(events):
        if i == n:
            inbox.put(Stop())


def test_more_epochs_are_the_same_as_more_from_the_start(tmp_path: Path) -> None:
    constant = {**HARD, "schedule": "constant"}
    short = train(small_recipe(**constant, name="short"), folder=tmp_path).folder
    long = train(small_recipe(**{**constant, "epochs": 6}, name="long"), folder=tmp_path).folder
    assert short is not None
    assert long is not None
    with resumed_run(short, more_epochs=2) as run:
        for _ in run.events:
            pass
    assert load_recipe(short / "recipe.toml").epochs == 6
    assert tensors(short) == tensors(long)
    assert log_without_times(short) == log_without_times(long)


def test_a_run_out_of_patience_can_be_extended(tmp_path: Path) -> None:
    # With a rate this small no epoch changes any answer, so patience ends the run.
    recipe = small_recipe(epochs=20, patience=2, learning_rate=1e-30)
    with started_run(recipe, tmp_path, "a") as run:
        reasons = [getattr(event, "reason", None) for event in run.events]
    assert reasons[-1] == "patience"
    with resumed_run(tmp_path / "a") as run:
        assert [getattr(event, "reason", None) for event in run.events][-1] == "patience"
    with resumed_run(tmp_path / "a", more_epochs=1) as run:
        epochs = [event.epoch for event in run.events if type(event).__name__ == "EpochEnded"]
    assert epochs == [3]


def test_a_run_extended_after_patience_and_cut_at_once_still_goes_on(tmp_path: Path) -> None:
    recipe = small_recipe(epochs=20, patience=1, learning_rate=1e-30)
    with started_run(recipe, tmp_path, "a") as run:
        for _ in run.events:
            pass
    with resumed_run(tmp_path / "a", more_epochs=3) as run:
        next(iter(run.events))  # and then it is cut
    with resumed_run(tmp_path / "a") as run:
        epochs = [event.epoch for event in run.events if type(event).__name__ == "EpochEnded"]
    assert epochs


@pytest.mark.parametrize("cut", [0, 2, 5, 9])
def test_a_run_that_diverges_diverges_again_wherever_it_was_cut(tmp_path: Path, cut: int) -> None:
    recipe = small_recipe(learning_rate=30.0, epochs=5, hidden="64")
    whole = train(recipe, folder=tmp_path / "whole")
    assert whole.stopped.reason == "diverged"
    assert whole.folder is not None
    with started_run(recipe, tmp_path / "cut", "deep", Inbox()) as run:
        path = run.folder.path
        follow_until(run.events, run.loop.inbox, cut)
    for _ in range(2):  # cut, and then as a run that has diverged already
        with resumed_run(path) as run:
            assert [getattr(event, "reason", None) for event in run.events][-1] == "diverged"
        assert load(path).measured["epoch"] == 0
        best = "weights/best.safetensors:W1"
        assert tensors(path)[best] == tensors(whole.folder)[best]


def test_an_extended_run_loses_its_judgement_until_it_is_done_again(tmp_path: Path) -> None:
    trained = train(small_recipe(name="a"), folder=tmp_path)
    path = trained.folder
    assert path is not None
    assert trained.evaluation is not None
    assert trained.model.calibrated
    before = (path / "weights" / "best.safetensors").read_bytes()
    with resumed_run(path) as run:  # nothing is left to do, so nothing changes
        for _ in run.events:
            pass
    assert (path / "weights" / "best.safetensors").read_bytes() == before
    assert (path / "evaluation.json").exists()
    with resumed_run(path, more_epochs=1, inbox=Inbox()) as run:
        follow_until(run.events, run.loop.inbox, 1)
    assert not (path / "evaluation.json").exists()
    with pytest.raises(RunError, match="not finished yet"):
        judged_part(RunFolder(path))


def test_frames_are_thinned(tmp_path: Path) -> None:
    recipe = small_recipe(epochs=130, train=200, validation=50, hidden="2", train_sample=10)
    folder = train(recipe, folder=tmp_path).folder
    assert folder is not None
    frames = sorted(int(p.stem.removeprefix("step-")) for p in (folder / "frames").iterdir())
    assert len(frames) <= MOST_FRAMES
    assert frames[0] == 0
    assert frames[-1] == 130 * 2
    assert len(frames) > 30


def kill_when(lines: int, delay: float, arguments: list[str], cwd: Path) -> None:
    """SIGKILL once the run has logged so many events (-1: at once; 0: once its folder stands)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "digitscope", *arguments],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    folder = cwd / "runs" / "deep"
    while process.poll() is None and lines >= 0:
        log = folder / "events.jsonl"
        if folder.exists() and (lines == 0 or (log.exists() and count_lines(log) >= lines)):
            break
        time.sleep(0.001)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    _, complaint = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), complaint


def count_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_killed_at_any_moment_and_resumed_it_ends_with_the_same_bytes(
    tmp_path: Path, uncut: Path, moment: int
) -> None:
    """From before the run folder stands to after the last epoch, a little later each time."""
    options = small_options(**HARD)
    start = ["train", "--no-report", *options]
    last = count_lines(uncut / "events.jsonl")
    lines = -1 + round((last + 1) * moment / (MOMENTS - 1))
    delay = random.Random(moment).uniform(0, 0.02)
    kill_when(lines, delay, start, tmp_path)
    path = tmp_path / "runs" / "deep"
    if not path.exists():  # killed before there was anything to resume
        assert not list(tmp_path.glob("runs/*"))
        subprocess.run([sys.executable, "-m", "digitscope", *start], cwd=tmp_path, check=True,
                       env=environment(), capture_output=True)  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "digitscope", "train", "--no-report", "--resume", str(path)],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert tensors(path) == tensors(uncut)
    assert log_without_times(path) == log_without_times(uncut)
    epochs = [
        row["epoch"] for row in csv.DictReader((path / "results.csv").read_text().splitlines())
    ]
    assert epochs == ["0", "1", "2", "3", "4"]
    assert not list(path.rglob(".*.tmp"))


@pytest.mark.parametrize("save", range(0, 30, 3))
def test_killed_in_the_middle_of_a_save(tmp_path: Path, uncut: Path, save: int) -> None:
    """The process dies between a file's two halves, in the `save`-th file that it writes."""
    code = f"""
import os, signal, sys
from digitscope import store
count = 0
whole = os.fsync
def half(handle):
    global count
    count += 1
    if count > {save}:
        try:
            os.ftruncate(handle, os.fstat(handle).st_size // 2)
        except OSError:  # a folder, or a log that is only synced
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    whole(handle)
os.fsync = half
from digitscope.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
    options = ["train", "--no-report", *small_options(**HARD)]
    killed = subprocess.run([sys.executable, "-c", code, *options], cwd=tmp_path, env=environment(),
                            capture_output=True, check=False)  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    path = tmp_path / "runs" / "deep"
    if not path.exists():
        assert save == 0
        return
    with resumed_run(path) as run:
        for _ in run.events:
            pass
    assert tensors(path) == tensors(uncut)
    assert not list(path.rglob(".*.tmp"))


def test_ctrl_c_keeps_everything_and_exits_with_130(tmp_path: Path, cli: Cli) -> None:
    options = ["train", "--no-report", *small_options(epochs=500)]
    process = subprocess.Popen([sys.executable, "-m", "digitscope", *options], cwd=tmp_path,
                               env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.split()[:1] == ["3"]:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "go on with: digitscope train --resume runs/deep" in out
    load(tmp_path / "runs" / "deep")
    resumed = cli("train", "--resume", "runs/deep", "--epochs", "30")
    assert resumed.returncode == 2


def test_another_setting_is_refused_by_name(cli: Cli, small_run: Path) -> None:
    done = cli("train", "--resume", small_run, "--hidden", "64")
    assert done.returncode == 2
    assert "hidden cannot change when a run is resumed" in done.stderr
    done = cli("train", "--resume", small_run, "--recipe", "deep")
    assert done.returncode == 2
    assert "--recipe does not go with --resume" in done.stderr


def test_a_resume_with_other_threads_says_that_the_bits_may_differ(tmp_path: Path) -> None:
    recipe = small_recipe(threads=0)  # as many as there are
    with limited_threads(1), started_run(recipe, tmp_path, "a", Inbox()) as run:
        follow_until(run.events, run.loop.inbox, 12)
    with limited_threads(2), resumed_run(tmp_path / "a") as run:
        assert "threads 1 is now 2" in run.note


def test_a_full_disk_stops_a_run_with_one_line_and_it_can_be_resumed(
    tmp_path: Path, uncut: Path
) -> None:
    """RLIMIT_FSIZE makes every write beyond it fail, as a full disk does, in the middle of the file."""
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from digitscope.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
    size = (uncut / "weights" / "best.safetensors").stat().st_size
    for limit in (size // 2, size + 5000):  # in the first frame; in the first checkpoint
        folder = tmp_path / str(limit)
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", code, str(limit), "train", "--no-report", *small_options(**HARD)],
            cwd=folder, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr.startswith("digitscope: error: ")
        assert "cannot be written" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        with resumed_run(folder / "runs" / "deep") as run:
            for _ in run.events:
                pass
        assert tensors(folder / "runs" / "deep") == tensors(uncut)


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
