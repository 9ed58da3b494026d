"""The work that is measured: epochs of recipe `lesson`, the same for everyone.

784-128-10, ReLU and softmax, batches of 128, every image once an epoch in a fresh random order,
plain gradient descent at 0.1, float32. First weights and orders are those of `digitscope train
--recipe lesson --seed 0`.
"""

from __future__ import annotations

from typing import NamedTuple

from digitscope.arrays import Floats, Images, Indices, Labels, Weights, to_input
from digitscope.data.mnist import Dataset, load_mnist
from digitscope.network.network import Network
from digitscope.training.randomness import generator
from digitscope.training.recipe import Recipe, load_recipe

SEED = 0


class Work(NamedTuple):
    """Images uint8 [n, 28, 28], labels uint8 [n], the test set, and the first weights."""

    recipe: Recipe
    images: Images
    labels: Labels
    test: Dataset
    weights: Weights

    def order(self, epoch: int) -> Indices:
        """The order of the images in an epoch, int64 [n]. Drawing it is part of the work."""
        return generator(SEED, "order", epoch).permutation(len(self.labels))


def load_work(images: int = 0) -> Work:
    """The work on the first `images` training images; 0 for all 60,000."""
    recipe = load_recipe("lesson")
    train = load_mnist("train")
    n = images or len(train.labels)
    weights = Network.initialize(recipe.spec(), generator(SEED, "weights")).weights
    return Work(recipe, train.images[:n], train.labels[:n], load_mnist("test"), weights)


def flat(images: Images) -> Floats:
    """Images as a user of another library prepares them: float32 [n, 784] in 0..1."""
    return to_input(images, (784,))
