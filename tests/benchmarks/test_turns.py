"""Candidates take turns, and one that fails does not stop the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.asking import candidates
from tests.benchmarks.helpers import BENCHMARKS

SERVES = f"""
import os, sys
sys.path.insert(0, {str(BENCHMARKS)!r})
from common.serving import CORES, serve

def begin():
    if sys.argv[1] == "lacking":
        raise ImportError("no such framework")
    print("this is no answer")
    def answer(asked):
        if sys.argv[1] == "weak" and asked["turn"] == 1:
            raise ValueError("too much for me")
        if sys.argv[1] == "crashing" and asked["turn"] == 2:
            os._exit(7)
        cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(1)
        assert len(cores) <= CORES
        return {{"turn": asked["turn"]}}
    return answer

serve(begin)
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "candidate.py"
    path.write_text(SERVES, "utf-8")
    return str(path)


def test_turns(script: str) -> None:
    said: list[str] = []
    names = ("a", "weak", "b", "lacking", "crashing", "c")
    with candidates({name: [script, name] for name in names}, said.append) as there:
        asked = [[name for name, _ in there.ask(turn, turn=turn)] for turn in range(4)]
        assert asked == [
            ["a", "weak", "b", "crashing", "c"],
            ["b", "crashing", "c", "a"],  # "weak" would have begun
            ["c", "a", "b"],  # "crashing" was asked between them
            ["a", "b", "c"],
        ]
        assert list(there.candidates) == ["a", "b", "c"]
        processes = [candidate._process for candidate in there.candidates.values()]
        assert all(process.poll() is None for process in processes)
    assert all(process.poll() is not None for process in processes)
    assert there.failed == {
        "lacking": "ImportError: no such framework",
        "weak": "ValueError: too much for me",
        "crashing": "its process ended with code 7: this is no answer",
    }
    assert "weak failed: ValueError: too much for me" in said


def test_the_processes_end_with_an_error_of_ours(script: str) -> None:
    processes = []

    def interrupted() -> None:
        with candidates({"a": [script, "a"]}, lambda text: None) as there:
            processes.append(there.candidates["a"]._process)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert processes[0].poll() is not None
