"""What a format is: how its files are named, written and loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from digitscope.errors import SpecError, nearest
from digitscope.exporting.exported import Exported

T = TypeVar("T")


class Format(NamedTuple):
    """A row of the table.

    `suffix` follows the model's name: ".onnx" for a file, "-torch" for a folder. `write` makes it,
    whole or not at all, at a path that is free; `lines` are those that load it. `channels_first`
    says that it takes images so.
    """

    suffix: str
    write: Callable[[Exported, Path], None]
    lines: Callable[[Path], str]
    channels_first: bool = False

    @property
    def is_folder(self) -> bool:
        """Whether the export is a folder of files."""
        return not self.suffix.startswith(".")


def quoted(path: Path) -> str:
    """A path as it is written in code.

    >>> print(quoted(Path("a b") / 'c".onnx'))
    "a b/c\\".onnx"
    """
    return json.dumps(path.as_posix(), ensure_ascii=False)


def row(table: Mapping[str, T], kind: str, format: str) -> T:
    """A format's row for one of our layers or activations; SpecError where it has none.

    >>> row({"dense": 1}, "dens", "onnx")
    Traceback (most recent call last):
        ...
    digitscope.errors.SpecError: format onnx has no row for 'dens': did you mean 'dense'?
    """
    if kind not in table:
        raise SpecError(f"format {format} has no row for {kind!r}: {nearest(kind, table)}")
    return table[kind]
