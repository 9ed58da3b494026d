"""`digitscope recipes`."""

from __future__ import annotations

import textwrap

import typer

from digitscope.training.recipe import load_recipe, shipped_recipes


def command(name: str = typer.Argument("", help="Print this recipe as TOML.")) -> int:
    """List the recipes, or print one."""
    if name:
        print(load_recipe(name).to_toml(), end="")
        return 0
    for shipped in shipped_recipes():
        recipe = load_recipe(shipped)
        lines = textwrap.wrap(recipe.description, 84)
        print(f"{shipped:<12}  {lines[0]}")
        for line in lines[1:]:
            print(f"{'':<12}  {line}")
    return 0
