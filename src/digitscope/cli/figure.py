"""`digitscope figure`."""

from __future__ import annotations

from pathlib import Path

import typer

from digitscope.cli.console import save_figure


def command(
    name: str = typer.Argument(help="Which figure; 'list' names them."),
    model: Path | None = typer.Argument(
        None, help="A model file or run folder, for the figures of a model."
    ),
    recipe: str = typer.Option("lesson", help="For figures of a network: its recipe."),
    image: str = typer.Option("test:0", help="For figures of one image: test:100, or a file."),
    out: Path | None = typer.Option(None, help="The new PNG file. [default: NAME.png]"),
) -> int:
    """Draw one figure."""
    from digitscope.report.gallery import GALLERY, draw

    if name == "list":
        for known, entry in GALLERY.items():
            print(f"{known:<28}  {entry.help}")
        return 0
    figure = draw(name, model, recipe, image)
    save_figure(figure, out if out is not None else Path(f"{name}.png"))
    return 0
