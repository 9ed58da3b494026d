"""What a page takes away with it: its model as a page of its own, or as a file."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from digitscope.lab.desk import Desk
from digitscope.lab.message import Message
from digitscope.models.model import Model, save
from digitscope.store import SUFFIX


def share(desk: Desk, id: Any) -> Message:
    """The model that reads, as one HTML file to draw on; the bytes are the file's."""
    from digitscope.exporting.exported import Exported
    from digitscope.exporting.page_file import render

    model = _named(desk)
    page = render(Exported.of(model), date.today())
    return Message({"said": "share", "id": id, "name": f"{model.name}.html"}, page.encode())


def file(desk: Desk, id: Any) -> Message:
    """The model that reads, as its file; the bytes are the file's."""
    model = _named(desk)
    with tempfile.TemporaryDirectory() as folder:
        data = save(model, Path(folder) / "model").read_bytes()
    return Message({"said": "file", "id": id, "name": f"{model.name}{SUFFIX}"}, data)


def _named(desk: Desk) -> Model:
    """The model under the name that the page knows it by; in training it has only its recipe's."""
    name = PurePosixPath(desk.chosen).name.removesuffix(SUFFIX)
    return replace(desk.model, name=name)
