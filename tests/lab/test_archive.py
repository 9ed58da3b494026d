"""A run as a zip, while its folder goes away."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http.client
import io
import os
import shutil
import time
import zipfile
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from digitscope.errors import RunError
from digitscope.lab import archive
from digitscope.lab.archive import opened, zipped
from tests.lab.served import Served, served, with_run

Message = MutableMapping[str, Any]
LARGE = 40_000_000  # bytes: more than the system takes in before the other side reads


@pytest.fixture
def lab(tmp_path: Path, small_run: Path) -> Iterator[Served]:
    with served(with_run(tmp_path, small_run)) as running:
        yield running


def test_a_folder_that_is_deleted_meanwhile_is_sent_whole(lab: Served) -> None:
    run = lab.folder / "runs" / "small"
    noise = os.urandom(LARGE)
    (run / "large.png").write_bytes(noise)
    before = {f"small/{name}": (run / name).read_bytes() for name in ("recipe.toml", "results.csv")}
    connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/archive/runs/small")
        answer = connection.getresponse()
        first = answer.read(1000)
        shutil.rmtree(run)
        body = first + answer.read()
    with zipfile.ZipFile(io.BytesIO(body)) as sent:
        assert sent.testzip() is None
        assert sent.read("small/large.png") == noise
        assert {name: sent.read(name) for name in before} == before
        assert "small/weights/best.safetensors" in sent.namelist()
    assert lab.end() == ""


def test_a_folder_that_goes_before_it_is_packed_is_one_clear_line(
    tmp_path: Path, small_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = with_run(tmp_path, small_run) / "runs" / small_run.name
    really = Path.is_file

    def deleted_just_after(path: Path) -> bool:
        found = really(path)
        if path.name == "results.csv":
            path.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Path, "is_file", deleted_just_after)
    with pytest.raises(RunError, match="small: cannot be packed: No such file or directory"):
        opened(run)


class Broken(io.BytesIO):
    """A file on a disk that fails."""

    def read(self, size: int | None = -1) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    def fileno(self) -> int:
        return 0


def test_what_cannot_be_read_to_its_end_is_no_whole_zip_and_one_line(
    small_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = list[Message]()

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    broken = Broken()
    monkeypatch.setattr(archive, "opened", lambda path: {"events.jsonl": broken})
    answer = archive.Archive(small_run)
    asyncio.run(answer({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start"]  # and no end
    assert capsys.readouterr().err.splitlines() == [
        "small/events.jsonl: cannot be read: Input/output error: the zip was not sent whole: "
        "try again"
    ]
    assert broken.closed


def test_a_zip_keeps_the_times_of_the_files(small_run: Path) -> None:
    files = opened(small_run)
    with contextlib.ExitStack() as stack:
        for file in files.values():
            stack.enter_context(file)
        whole = b"".join(zipped("small", files))
    with zipfile.ZipFile(io.BytesIO(whole)) as packed:
        info = packed.getinfo("small/recipe.toml")
        assert packed.read(info) == (small_run / "recipe.toml").read_bytes()
        changed = time.localtime((small_run / "recipe.toml").stat().st_mtime)
        assert info.date_time == (*changed[:5], changed[5] // 2 * 2)
