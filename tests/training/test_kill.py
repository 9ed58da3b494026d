"""A run that was killed, interrupted or ran out of disk goes on as though it had not been."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digitscope.models.model import load
from digitscope.threads import limited_threads
from digitscope.training.messages import Inbox
from digitscope.training.resume import resumed_run
from digitscope.training.train import started_run
from tests.conftest import Cli
from tests.helpers import HEEDING_INTERRUPTS, environment, small_options, small_recipe
from tests.training.runs import HARD, follow_until, log_without_times, tensors

MOMENTS = int(os.environ.get("DIGITSCOPE_KILLS", "20"))


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
    process = subprocess.Popen([*HEEDING_INTERRUPTS, *options], cwd=tmp_path,
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
