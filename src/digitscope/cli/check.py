"""`digitscope check`."""

from __future__ import annotations

from typing import Any

import numpy as np
import typer

from digitscope.arrays import Floats, to_input
from digitscope.cli.settings import with_settings
from digitscope.data.mnist import load_mnist
from digitscope.data.splits import keep_digits
from digitscope.network.gradient_check import gradient_errors, off_the_kinks
from digitscope.network.network import Network
from digitscope.training.randomness import generator
from digitscope.training.recipe import load_recipe

ENOUGH = 1e-6
IN_PART = 1


@with_settings
def command(
    recipe: str = typer.Option("lesson", help="A recipe that ships, or a .toml file."),
    images: int = typer.Option(16, min=1, max=1000, help="Images in the batch."),
    **settings: Any,
) -> int:
    """Compare the gradients that back-propagation gives with finite differences of the loss."""
    chosen = load_recipe(recipe).with_settings(settings)
    spec = chosen.spec()
    network = Network.initialize(spec, generator(chosen.seed, "weights"), np.float64)
    data = keep_digits(load_mnist("test"), chosen.classes)
    X: Floats = to_input(data.images[:images], spec.input_shape).astype(np.float64)
    network, X = off_the_kinks(network, X, chosen.seed)
    errors = gradient_errors(network, X, data.labels[:images], chosen.loss, chosen.l2, chosen.seed)
    shapes: dict[str, tuple[int, ...]] = {**spec.weight_shapes(), "X": X.shape}
    print(f"recipe {chosen.name}, loss {chosen.loss}, {images} test images, float64")
    print(f"{'gradient':<10}  {'shape':<16}  relative error")
    for name, error in errors.items():
        print(f"d{name:<9}  {'x'.join(map(str, shapes[name])):<16}  {error:.1e}")
    right = max(errors.values()) < ENOUGH
    print(f"{'right' if right else 'WRONG'}: at most {ENOUGH:g} is expected")
    return 0 if right else IN_PART
