"""A run as one zip, sent as it is made: what a person needs to read it, use it and run it again."""

from __future__ import annotations

import io
import os
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from digitscope.errors import RunError
from digitscope.lab.guard import Receive, Scope, Send
from digitscope.training.run_folder import RunFolder

# Frames and checkpoint, which make a run large, are for this machine.
KEPT = (
    *("recipe.toml", "environment.json", "results.csv", "events.jsonl", "evaluation.json"),
    *("weights/best.safetensors", "weights/last.safetensors", "report.html", "*.png"),
)
LARGEST = 500_000_000  # bytes of one file: what is larger is none of ours
CHUNK = 1 << 18
FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # that a zip can tell


class Archive(StreamingResponse):
    """The answer to who asks for a run: its zip, made while it is sent. All files are opened first:
    whatever becomes of the folder in the meantime, what was promised is sent.

    RunError where a folder is no run, or is being deleted at this moment.
    """

    def __init__(self, path: Path) -> None:
        self._files = opened(path)
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(path.name)}.zip"}
        super().__init__(
            zipped(path.name, self._files), media_type="application/zip", headers=headers
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; whoever has gone away before the end leaves no file open."""
        try:
            await super().__call__(scope, receive, send)
        except RunError as error:  # no end is sent, so that the browser knows it for a broken one
            print(error, file=sys.stderr)
        finally:
            for file in self._files.values():
                file.close()


def opened(path: Path) -> dict[str, BinaryIO]:
    """The files of a run folder that go into its zip, by their names in the folder, open; RunError
    where it is none. Links are left out: they may lead outside.
    """
    if not RunFolder(path).recipe_file.is_file():
        raise RunError(f"{path}: not a run folder: choose a run from the list")
    files: dict[str, BinaryIO] = {}
    try:
        found = {file for pattern in KEPT for file in path.glob(pattern)}
        for file in sorted(found):
            if file.is_symlink() or file.parent.is_symlink() or not file.is_file():
                continue
            name = file.relative_to(path).as_posix()
            files[name] = file.open("rb")
            if os.fstat(files[name].fileno()).st_size > LARGEST:
                files.pop(name).close()
    except OSError as error:
        for source in files.values():
            source.close()
        raise RunError(f"{path}: cannot be packed: {error.strerror}: choose another run") from None
    return files


def zipped(name: str, files: dict[str, BinaryIO]) -> Iterator[bytes]:
    """The zip of open files in a folder of that name, part by part; no more than a part of it is
    held in memory.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file, source in files.items():
            status = os.fstat(source.fileno())
            date = max(time.localtime(status.st_mtime)[:6], FIRST_DATE)
            info = zipfile.ZipInfo(f"{name}/{file}", date)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (status.st_mode & 0xFFFF) << 16
            info.file_size = status.st_size
            with archive.open(info, "w") as target:
                while part := _read(source, info.filename):
                    target.write(part)
                    yield sink.taken()
    yield sink.taken()


def _read(source: BinaryIO, name: str) -> bytes:
    try:
        return source.read(CHUNK)
    except OSError as error:
        raise RunError(
            f"{name}: cannot be read: {error.strerror}: the zip was not sent whole: try again"
        ) from None


class _Sink(io.RawIOBase):
    """A stream that is only written to, and emptied as it fills."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What has come since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
