"""Loading MNIST as lessons do, and an epoch of training on it: what memory that takes.

    python benchmarks/lesson_loading.py [--train]

A downloader gives all 70,000 images as a table of int64. They are divided by 255 into a second
array, of float64; the labels become one-hot rows; the first 60,000 are the training set. An epoch
of training shuffles that into a third array. What the download itself takes, and parsing its text,
is left out: there is no network here.
"""

from __future__ import annotations

import sys

import numpy as np

from common.work import load_work
from digitscope.data.mnist import load_mnist
from peers.textbook import Textbook


def main(train: bool) -> None:
    """Load, and train an epoch if asked."""
    parts = [load_mnist(part) for part in ("train", "test")]
    images = np.concatenate([part.images.reshape(-1, 784).astype(np.int64) for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    X = images / 255.0
    Y = np.zeros((len(labels), 10))
    Y[np.arange(len(labels)), labels] = 1
    X_train, Y_train = X[:60_000], Y[:60_000]
    if train:
        network = Textbook(load_work(), X_train, Y_train)
        network.epoch(0)
    print(f"{X.nbytes + images.nbytes + Y.nbytes:,} bytes in arrays, {len(X_train):,} images")


if __name__ == "__main__":
    main("--train" in sys.argv[1:])
