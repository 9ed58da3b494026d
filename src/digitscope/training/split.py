"""The images of a recipe."""

from __future__ import annotations

from digitscope.data.splits import Split, split_mnist
from digitscope.training.randomness import generator
from digitscope.training.recipe import Recipe


def split_for(recipe: Recipe) -> Split:
    """The images that a recipe trains, validates and tests on; the same for the same seed."""
    count = recipe.train or 60_000 - recipe.validation
    return split_mnist(count, recipe.validation, recipe.classes, generator(recipe.seed, "split"))
