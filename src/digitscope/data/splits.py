"""Splits: which images train, which validate, which test.

The test set judges and never chooses. Choices (the best epoch, early stopping, a sweep's winner)
are made on a validation part, drawn from the 60,000 with a seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Labels
from digitscope.data.mnist import Dataset, load_mnist
from digitscope.errors import SettingError


@dataclass(frozen=True)
class Split:
    """The three parts. `validation` is None for a recipe that reproduces a source without one."""

    train: Dataset
    validation: Dataset | None
    test: Dataset

    @property
    def watched(self) -> Dataset:
        """What the second curve is measured on after each epoch."""
        return self.validation or self.test

    @property
    def watched_name(self) -> str:
        """What that curve is called: "validation", or plainly "test"."""
        return "validation" if self.validation else "test"


def keep_digits(data: Dataset, digits: tuple[int, ...]) -> Dataset:
    """Only these digits, with labels counted along `digits`: for (0, 1), a 0 is class 0, a 1 class
    1.

    >>> data = Dataset(np.zeros((3, 28, 28), np.uint8), np.array([3, 8, 5], np.uint8))
    >>> keep_digits(data, (5, 3)).labels.tolist()
    [1, 0]
    """
    if digits == tuple(range(10)):
        return data
    kept = np.isin(data.labels, digits)
    class_of = np.zeros(256, np.uint8)
    class_of[list(digits)] = np.arange(len(digits), dtype=np.uint8)
    return Dataset(data.images[kept], class_of[data.labels[kept]])


def split_mnist(
    train: int, validation: int, digits: tuple[int, ...], rng: np.random.Generator
) -> Split:
    """MNIST in three parts: `validation` images drawn at random from the 60,000, then up to `train`
    of the rest.

    With no validation part the first `train` images are taken, in their order, as the sources do.
    `digits` are picked last, so the parts are the same images for every choice of digits.
    """
    whole = load_mnist("train")
    n = len(whole.labels)
    if train + validation > n:
        raise SettingError(
            f"{train} training and {validation} validation images were asked for, MNIST has {n} "
            f"for both: "
            "lower one of them"
        )
    held_out: Dataset | None
    if validation:
        order = rng.permutation(n)
        kept = _take(whole, order[validation : validation + train])
        held_out = keep_digits(_take(whole, order[:validation]), digits)
    else:
        kept, held_out = Dataset(whole.images[:train], whole.labels[:train]), None
    kept = keep_digits(kept, digits)
    for what, part in (("train", kept), ("validation", held_out)):
        if part is not None and not len(part.labels):
            raise SettingError(
                f"no image of {''.join(map(str, digits))} is among the {what} images: raise "
                f"--{what}"
            )
    return Split(
        kept,
        held_out,
        keep_digits(load_mnist("test"), digits),
    )


def _take(data: Dataset, indices: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Dataset:
    """These images, in MNIST's own order."""
    indices = np.sort(indices)
    return Dataset(data.images[indices], data.labels[indices])


def class_counts(labels: Labels, n_classes: int = 10) -> list[int]:
    """Images of each class."""
    return np.bincount(labels, minlength=n_classes).tolist()
