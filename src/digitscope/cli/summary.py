"""`digitscope summary`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from digitscope.cli.console import save_figure
from digitscope.cli.settings import with_settings
from digitscope.errors import SettingError
from digitscope.models.model import load
from digitscope.network.summary import summarize
from digitscope.training.recipe import load_recipe


@with_settings
def command(
    model: Path | None = typer.Argument(
        None, help="A model file or run folder, instead of a recipe."
    ),
    recipe: str = typer.Option("", help="A recipe that ships, or a .toml file. [default: lesson]"),
    figure: Path | None = typer.Option(None, help="Draw the network into this new PNG file."),
    **settings: Any,
) -> int:
    """Show what a network is made of."""
    if model is not None:
        if recipe or settings:
            raise SettingError(
                "a model's architecture is fixed: give a model, or a recipe and settings"
            )
        spec = load(model).network.spec
    else:
        spec = load_recipe(recipe or "lesson").with_settings(settings).spec()
    print(summarize(spec))
    if figure is not None:
        from digitscope.figures.table import FIGURES

        save_figure(FIGURES["network_diagram"](spec), figure)
    return 0
