"""Running a worker: start it, listen to it, and end it with us."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

WORKER = (sys.executable, "-m", "digitscope.comparison.worker")


def run_worker(
    job: dict[str, Any],
    folder: Path,
    on_progress: Callable[[dict[str, Any]], None] = lambda said: None,
    command: Sequence[str] = WORKER,
) -> dict[str, Any]:
    """Do a job in a process of its own; returns its result, or {"failed": why} if it crashed.

    An interrupt ends the worker too, and goes on to the caller.
    """
    (folder / "job.json").write_text(json.dumps(job), "utf-8")
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            [*command, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,  # Ctrl-C is for us to hear; we end the worker
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for line in process.stdout:
                on_progress(json.loads(line))
            process.wait()
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
    result = folder / "result.json"
    if result.exists():
        found: dict[str, Any] = json.loads(result.read_text("utf-8"))
        return found
    return {"failed": _last_words(folder, process.returncode)}


def _last_words(folder: Path, code: int) -> str:
    """What a crashed worker said last, and how it ended."""
    said = (folder / "said.txt").read_text("utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(said) if line.strip()), "")
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return f"its process crashed ({how})" + (f": {last[:300]}" if last else "")
