"""The lab as users start it, and a page of it without a browser."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.helpers import HEEDING_INTERRUPTS, SMALL, environment

Fields = dict[str, Any]
# Enough batches that there is time to say something in between.
LONG = {**SMALL, "epochs": 500, "patience": 0}


@dataclass
class Served:
    """A lab that runs: its address without a token, its process, and the folder it was started in."""

    address: str
    process: subprocess.Popen[str]
    folder: Path
    token: str = ""

    @property
    def port(self) -> int:
        return int(self.address.rstrip("/").rpartition(":")[2])

    def kill(self) -> None:
        """As a crash of the machine would."""
        self.process.kill()
        self.process.wait()

    def end(self) -> str:
        """As Ctrl-C does; what it said on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=30)
        return err


@contextlib.contextmanager
def served(folder: Path, *options: object) -> Iterator[Served]:
    """`digitscope lab` in a folder, until the block ends. Its warnings are errors."""
    given = ["--no-browser", *map(str, options)]
    given += [] if "--port" in given else ["--port", "0"]
    process = subprocess.Popen(
        [*HEEDING_INTERRUPTS, "lab", *given],
        cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("http://"), process.communicate()
        address, _, token = line.split()[0].partition("?token=")
        yield Served(address, process, folder, token)
    finally:
        process.kill()
        process.communicate()


def with_run(folder: Path, run: Path, name: str = "") -> Path:
    """A folder in which `runs` holds a copy of a finished run."""
    shutil.copytree(run, folder / "runs" / (name or run.name))
    return folder


@contextlib.contextmanager
def opened(lab: Served, **options: Any) -> Iterator[Page]:
    """A page on its socket, until the block ends."""
    host = lab.address.removeprefix("http://").rstrip("/")
    usual = {"origin": f"http://{host}", "open_timeout": 30, "close_timeout": 1, "max_size": None}
    options = usual | options
    with connect(f"ws://{host}/socket", **options) as socket:
        yield Page(socket)


@dataclass
class Page:
    """What a page does on the socket."""

    socket: ClientConnection

    def say(self, do: str, payload: bytes | None = None, **fields: Any) -> None:
        """A request, its bytes behind it."""
        self.socket.send(json.dumps({"do": do, **fields}))
        if payload is not None:
            self.socket.send(payload)

    def hear(self, timeout: float = 60) -> Fields:
        """The next message, its bytes as "payload"."""
        fields: Fields = json.loads(self.socket.recv(timeout))
        if "bytes" in fields:
            fields["payload"] = self.socket.recv(timeout)
            assert len(fields["payload"]) == fields["bytes"]
        return fields

    def hear_until(
        self, said: str, where: Callable[[Fields], bool] = lambda fields: True, timeout: float = 60
    ) -> Fields:
        """The first message of a kind for which something holds; what comes before is dropped."""
        end = time.monotonic() + timeout
        while True:
            fields = self.hear(max(0.01, end - time.monotonic()))
            if fields["said"] == said and where(fields):
                return fields
            assert fields["said"] != "error" or said == "error", fields

    def hear_event(self, event: str, **values: Any) -> Fields:
        """The next event of a name with these values."""
        return self.hear_until(
            "event",
            lambda f: f["event"] == event and all(f[k] == v for k, v in values.items()),
        )

    def train(self, **settings: Any) -> None:
        """Train a small recipe that takes long."""
        self.say("train", recipe="deep", settings={**LONG, **settings})
