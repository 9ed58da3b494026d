"""`digitscope data`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import typer

from digitscope.cli.console import save_figure
from digitscope.data.mnist import load_mnist
from digitscope.errors import ImageError
from digitscope.models.prediction import take_input
from digitscope.training.run_folder import new_folder


def command(
    image: str = typer.Option("train:0", help="The image to follow into the network."),
    out: Path = typer.Option(Path("runs"), help="Where a folder 'data' for the figures is made."),
) -> int:
    """Show the data."""
    given = take_input(image)
    if given.label is None:
        raise ImageError(f"{image}: expected an image of MNIST such as train:0 or test:100")
    train, test = load_mnist("train"), load_mnist("test")
    counts = [np.bincount(part.labels, minlength=10) for part in (train, test)]
    print("MNIST, handwritten digits")
    print(
        f"images   {len(train.labels) + len(test.labels):,}: {len(train.labels):,} for training, "
        f"{len(test.labels):,} for testing"
    )
    print("pixels   784 an image (28x28)")
    print(f"classes  {len(np.unique(train.labels))} (the digits 0 to 9)")
    print(f"type     {train.images.dtype}")
    print(f"range    {train.images.min()} (paper) to {train.images.max()} (ink)")
    print()
    print("digit  training    test")
    for digit, (a, b) in enumerate(zip(*counts, strict=True)):
        print(f"{digit:>5}  {a:>8,}  {b:>6,}")
    print()
    flat = given.image.reshape(-1)
    row = given.image[14]
    print(f"from image to input: {given.name}, labelled {given.label}")
    print(f"image    28x28, flattened to {flat.shape[0]} numbers")
    print(f"first 20 pixels, before scaling  {' '.join(map(str, flat[:20]))}")
    print(f"first 20 pixels, after           {' '.join(f'{v:g}' for v in flat[:20] / 255)}")
    print(f"row 14, before scaling           {' '.join(map(str, row))}")
    print(f"row 14, after                    {' '.join(f'{v:.2f}' for v in row / 255)}")
    one_hot = " ".join(str(int(digit == given.label)) for digit in range(10))
    print(f"label    {given.label} as one-hot {one_hot}")
    print()
    from digitscope.figures.table import FIGURES

    folder = new_folder(out, "data")
    save_figure(FIGURES["samples"](*train), folder / "samples.png")
    save_figure(
        FIGURES["image_to_input"](given.image, given.label, name=given.name),
        folder / "image_to_input.png",
    )
    print(folder)
    return 0
