"""The first step of a training: the batch that the loop would take first, and the first weights."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from digitscope.arrays import Floats, Labels, to_input
from digitscope.data.mnist import Dataset
from digitscope.data.splits import Split
from digitscope.maths.losses import one_hot
from digitscope.network.layers import Activation, Dense
from digitscope.network.network import Network
from digitscope.training.randomness import generator
from digitscope.training.recipe import Recipe, load_recipe


class FirstStep(NamedTuple):
    """X [m, n_in], one-hot Y [m, n_out], the first weights' network, the learning rate."""

    X: Floats
    Y: Floats
    network: Network
    eta: float


def first_network(recipe: Recipe) -> Network:
    """The untrained network of a recipe."""
    return Network.initialize(recipe.spec(), generator(recipe.seed, "weights"))


def first_batch(recipe: Recipe, split: Split) -> Dataset:
    """The first batch of the first epoch, as the loop's order has it."""
    labels: Labels = split.train.labels
    chosen = generator(recipe.seed, "order").permutation(len(labels))[: recipe.batch_size]
    return Dataset(split.train.images[chosen], labels[chosen])


def first_step(recipe: Recipe, split: Split) -> FirstStep:
    """The first step, for the ways of writing it in `digitscope.comparison.steps`."""
    network = first_network(recipe)
    images, labels = first_batch(recipe, split)
    X = to_input(images, network.spec.input_shape)
    return FirstStep(X, one_hot(labels, network.spec.n_out), network, recipe.learning_rate)


def step_recipe(recipe: Recipe) -> Recipe:
    """The recipe itself where it trains the network that the steps are written for, two dense
    layers with ReLU and softmax by plain descent; else the lesson, with the same seed.

    >>> step_recipe(load_recipe("lesson")).hidden, step_recipe(load_recipe("cnn")).name
    ('128', 'lesson')
    """
    lesson = load_recipe("lesson")
    kinds = [type(layer) for layer in recipe.spec().layers]
    same = (
        kinds == [Dense, Activation, Dense]
        and not recipe.l2
        and not recipe.augment
        and all(
            getattr(recipe, name) == getattr(lesson, name)
            for name in ("activation", "output", "loss", "optimizer", "schedule")
        )
    )
    return recipe if same else replace(lesson, seed=recipe.seed)
