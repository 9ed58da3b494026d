"""A run as one zip, sent as it is made: what a person needs to read it, use it and run it again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from digitscope.errors import RunError
from digitscope.training.run_folder import RunFolder

# Frames and checkpoint, which make a run large, are for this machine.
KEPT = (
    *("recipe.toml", "environment.json", "results.csv", "events.jsonl", "evaluation.json"),
    *("weights/best.safetensors", "weights/last.safetensors", "report.html", "*.png"),
)
LARGEST = 500_000_000  # bytes of one file: what is larger is none of ours
CHUNK = 1 << 18


def archived(path: Path) -> list[Path]:
    """The files of a run folder that go into its zip; RunError where it is none. Links are left
    out: they may lead outside.
    """
    if not RunFolder(path).recipe_file.is_file():
        raise RunError(f"{path}: not a run folder: choose a run from the list")
    found = {file for pattern in KEPT for file in path.glob(pattern)}
    return sorted(
        file
        for file in found
        if file.is_file()
        and not file.is_symlink()
        and not file.parent.is_symlink()
        and file.stat().st_size <= LARGEST
    )


def zipped(path: Path) -> Iterator[bytes]:
    """The zip of a run folder, part by part; no more than a part of it is held in memory."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in archived(path):
            name = f"{path.name}/{file.relative_to(path).as_posix()}"
            info = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
            info.compress_type = zipfile.ZIP_DEFLATED
            with file.open("rb") as source, archive.open(info, "w") as target:
                while part := source.read(CHUNK):
                    target.write(part)
                    yield sink.taken()
    yield sink.taken()


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
