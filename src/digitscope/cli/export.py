"""`digitscope export`."""

from __future__ import annotations

from pathlib import Path

import typer

from digitscope.exporting import Exported, export, find_format
from digitscope.models.model import load


def command(
    model: Path = typer.Argument(help="A model file, or a run folder."),
    format: str = typer.Option(help="keras, onnx, page, tensorflow or torch."),
    out: Path | None = typer.Option(
        None, help="The new file or folder. [default: the model's name and the format's suffix]"
    ),
) -> int:
    """Write a model for another framework, or as a page to draw on."""
    chosen = find_format(format)
    loaded = load(model)
    path = export(loaded, format, out)
    takes, gives = Exported.of(loaded).signature(chosen.channels_first)
    print(f"X: {takes}\nP: {gives}\n\n{chosen.lines(path)}\n")
    print(path)
    return 0
