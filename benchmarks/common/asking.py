"""The outer side: candidates in processes of their own, which take turns.

Thread pools of different frameworks do not mix in one process, and Keras has one backend a process.
Only one candidate works at a time; the others wait for their next question.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

REST = 0.25  # seconds between two turns, in which the threads of the last one fall asleep

Answer = dict[str, Any]
Say = Callable[[str], None]


class FailedError(Exception):
    """A candidate that cannot go on; its last words."""


class Candidate:
    """A process that answers; see `common/serving.py`. `python` is whose packages it has."""

    def __init__(self, name: str, command: Sequence[str], python: str = sys.executable) -> None:
        self.name = name
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [python, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )
        try:
            self._hear()
        except BaseException:
            self.end()
            raise

    def ask(self, **question: Any) -> Answer:
        """Ask, and wait for the answer; FailedError says why there is none."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise FailedError(self._last_words()) from None
        return self._hear()

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._said):
            if stream is not None:
                stream.close()

    def _hear(self) -> Answer:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise FailedError(self._last_words())
        answer: Answer = json.loads(line)
        if "failed" in answer:
            raise FailedError(answer["failed"])
        return answer

    def _last_words(self) -> str:
        code = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"its process ended with code {code}: {last[:300]}"


class Round:
    """The candidates that are left, and what befell the others."""

    def __init__(self, candidates: dict[str, Candidate], failed: dict[str, str], say: Say) -> None:
        self.candidates, self.failed, self._say = candidates, failed, say

    def ask(self, turn: int, /, **question: Any) -> Iterator[tuple[str, Answer]]:
        """Ask each in turn. Another begins every time, so that nobody always follows the same."""
        names = list(self.candidates)
        first = turn % max(1, len(names))
        for name in names[first:] + names[:first]:
            time.sleep(REST)
            try:
                yield name, self.candidates[name].ask(**question)
            except FailedError as error:
                self.failed[name] = str(error)
                self._say(f"{name} failed: {error}")
                self.candidates.pop(name).end()


@contextmanager
def candidates(commands: Mapping[str, Sequence[str]], say: Say) -> Iterator[Round]:
    """Start a process for each command; all end with the block. Those that cannot start say why."""
    with ExitStack() as stack:
        there = Round({}, {}, say)
        for name, command in commands.items():
            say(f"starting {name}")
            try:
                there.candidates[name] = candidate = Candidate(name, command)
                stack.callback(candidate.end)
            except FailedError as error:
                there.failed[name] = str(error)
                say(f"{name} failed: {error}")
        yield there
