"""A model of the user's own from a trained one, in under a minute, that forgets little.

Only the head is trained (see `training.head`): what it is given is computed once, and what the
layers before it learned from 60,000 images stays. It sees the user's digits, slightly distorted so
that few make many, among MNIST's own and, where the model knows them, things that are no digit.
A part of the user's digits is held out and judges both models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Labels
from digitscope.data.augmentation import augment, parse_augmentation
from digitscope.data.mnist import Dataset, load_mnist
from digitscope.data.splits import keep_digits
from digitscope.engines import Position, Problem, chosen, make_engine
from digitscope.errors import DataError, SettingError
from digitscope.evaluation.calibration import fit_temperature
from digitscope.evaluation.metrics import wilson_interval
from digitscope.models.model import Model
from digitscope.network.network import Network
from digitscope.network.schedules import one_cycle
from digitscope.reading.classifier import NONE
from digitscope.synthesis.mixture import mix, parse_synthesis, reframe
from digitscope.training.crops import Crops
from digitscope.training.head import Split, split
from digitscope.training.recipe import SETTINGS, Recipe, read_settings
from digitscope.training.split import split_for

__all__ = ["Adapted", "Score", "adapt", "mnist_for", "rehearsed"]

FEWEST = 20  # crops; with less, the held-out part would say nothing
HELD_OUT = 0.25  # of the crops of each digit
FEWEST_JUDGES = 5  # crops held out in all, where a quarter of each digit rounds to less
COPIES, MOST_COPIES = 4_000, 40  # distorted crops in all, and at most of one
DISTORTION = {"shift": 1.0, "rotate": 6.0, "scale": 0.08, "shear": 0.08, "elastic": 4.0}
MNIST_IMAGES = 12_000
NEGATIVES = 0.2  # of the distorted ones, where the model's recipe does not say
LOSS, OPTIMIZER = "categorical_cross_entropy", "adam"
RATE, BATCH, EPOCHS = 1e-3, 128, 8
WORTH_A_WARNING = 0.005  # of MNIST's test set forgotten


@dataclass(frozen=True)
class Score:
    """How many of some images were read rightly, before and after."""

    images: int
    before: int
    after: int

    def interval(self, correct: int) -> tuple[float, float]:
        """The 95 % interval of an accuracy."""
        return wilson_interval(correct, self.images)


@dataclass(frozen=True, eq=False)
class Adapted:
    """The user's model, and how both read: their held-out digits, of which a refused one counts as
    wrong, and MNIST's test set, counted as `evaluate` counts.
    """

    model: Model
    crops: Score
    mnist: Score
    trained_on: int

    @property
    def verdict(self) -> str:
        """One sentence: is it worth using?"""
        gained = self.crops.after - self.crops.before
        lost = (self.mnist.before - self.mnist.after) / self.mnist.images
        if gained <= 0:
            return "It reads your digits no better: keep the model that you had."
        if gained <= 2:
            return "A gain so small may be chance: label more digits, and adapt again."
        if lost > WORTH_A_WARNING:
            return "It reads yours better, and others' worse: use it for your own hand alone."
        return "It reads your digits better, and others' about as well as before."


def adapt(
    model: Model, crops: Crops, seed: int = 0, tell: Callable[[str], None] = lambda line: None
) -> Adapted:
    """A model of the user's own; `model` itself stays as it is.

    `tell` is given a line as each part of the work begins. DataError for too few crops,
    SettingError for a model whose output is not softmax over the ten digits. Crops of what is no
    digit are left out for a model that cannot refuse. The confidence is scaled on the validation
    part of the model's own recipe; where it has none, the scale of `model` stays.
    """
    if not model.refuses:
        digits = crops.labels < NONE
        crops = Crops(crops.images[digits], crops.labels[digits])
    _check(model, crops)
    rng = np.random.default_rng([seed, len(crops.labels)])
    held = _held_out(crops.labels, rng)
    theirs = Dataset(crops.images[~held], crops.labels[~held])
    judges = Dataset(crops.images[held], crops.labels[held])
    rehearsal, unseen = mnist_for(model)
    parts = split(model.network)
    tell(f"looking at {len(theirs.labels):,} of your digits and {MNIST_IMAGES:,} of MNIST")
    features, labels = _lessons(parts, model, theirs, rehearsal, rng)
    tell(f"training the head: {parts.head.spec.parameters:,} of the network's parameters")
    head = _trained(parts.head, features, labels, rng)
    tell("judging both on digits that neither has seen")
    temperature = model.temperature
    if unseen is not None:
        Z = head.logits(parts.features(unseen.images))
        temperature = fit_temperature(Z, unseen.labels, LOSS, "softmax")
    else:
        tell("no recipe says what it was not trained on: the confidence stays scaled as it was")
    test = load_mnist("test")
    scores = [
        _score(parts, head, judges, model.network.spec.n_out),
        _score(parts, head, test, len(model.classes)),
    ]
    adapted = replace(
        model,
        network=parts.joined(head),
        temperature=temperature,
        recipe={**model.recipe, "adapted_from": model.name, "adapted_seed": seed},
        measured={
            "own_images_trained_on": len(theirs.labels),
            **_figures("own_held_out", scores[0]),
            **_figures("test", scores[1]),
        },
    )
    return Adapted(adapted, scores[0], scores[1], len(theirs.labels))


def _check(model: Model, crops: Crops) -> None:
    if model.network.spec.output != "softmax" or model.classes != tuple(range(10)):
        raise SettingError(
            f"model {model.name} cannot be adapted: expected ten digits and output softmax, got "
            f"{len(model.classes)} and {model.network.spec.output}"
        )
    if len(crops.labels) < FEWEST:
        raise DataError(
            f"{len(crops.labels)} labelled digits are too few to learn from and to judge by: "
            f"expected at least {FEWEST}, better 100: label more of them"
        )


def mnist_for(model: Model) -> tuple[Dataset, Dataset | None]:
    """What of MNIST the head sees again, and what neither it nor the model was trained on: the
    validation part of the model's own recipe, or None where it has none.
    """
    told = {name: value for name, value in model.recipe.items() if name in SETTINGS}
    if not {"seed", "validation"} <= told.keys():
        return keep_digits(load_mnist("train"), model.classes), None
    try:
        recipe = Recipe(**read_settings({**told, "train": 0}))  # 0: all that validation leaves
    except SettingError:  # the recipe of another version
        return keep_digits(load_mnist("train"), model.classes), None
    parts = split_for(recipe)
    return parts.train, parts.validation


def _held_out(labels: Labels, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which crops judge, bool [n]: a quarter of each digit's, drawn at random; of one, none. Where
    these are too few, more are drawn, as long as one of each digit is left to learn from.
    """
    held, spare = np.zeros(len(labels), bool), np.zeros(0, np.int64)
    for digit in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == digit))
        n = round(HELD_OUT * len(own))
        held[own[:n]] = True
        spare = np.append(spare, own[n:-1])
    if (missing := FEWEST_JUDGES - held.sum()) > 0:
        held[rng.permutation(spare)[:missing]] = True
    return held


def _lessons(
    parts: Split, model: Model, theirs: Dataset, mnist: Dataset, rng: np.random.Generator
) -> tuple[Floats, Labels]:
    """What the head is to learn from: features [n, ...], and classes [n].

    Of MNIST's images half are as they are; the others are distorted, and mixed with drawn digits
    and with things that are no digit, as the model's own recipe says.
    """
    copies = max(1, min(MOST_COPIES, COPIES // len(theirs.labels)))
    own = augment(np.repeat(theirs.images, copies, axis=0), DISTORTION, rng)
    picked = rng.permutation(len(mnist.labels))[:MNIST_IMAGES]
    plain, other = (Dataset(mnist.images[i], mnist.labels[i]) for i in np.split(picked, 2))
    again = rehearsed(model, other, rng)
    images = np.concatenate([own, plain.images, again.images])
    labels = np.concatenate([np.repeat(theirs.labels, copies), plain.labels, again.labels])
    return parts.features(images), labels


def rehearsed(model: Model, data: Dataset, rng: np.random.Generator) -> Dataset:
    """Images as the model was trained on; one that refuses always sees what it is to refuse."""
    shares = parse_synthesis(str(model.recipe.get("synthesis", "")))
    if model.refuses:
        shares = {"negatives": NEGATIVES, **shares}
    strengths = parse_augmentation(str(model.recipe.get("augment", "")))
    images, labels = data
    if shares:
        images, labels = mix(images, labels, model.classes, shares, rng)
    if strengths:
        images = augment(images, strengths, rng)
    return Dataset(reframe(images, shares, rng) if shares else images, labels)


def _trained(head: Network, X: Floats, y: Labels, rng: np.random.Generator) -> Network:
    """The head after some epochs; compiled kernels do it, where they are there."""
    problem = Problem(head.spec, LOSS, OPTIMIZER)
    engine = make_engine(chosen("auto", problem)[0], problem, Position.start(head, OPTIMIZER))
    batches = max(1, len(y) // BATCH)
    for epoch in range(EPOCHS):
        order = rng.permutation(len(y))[: batches * BATCH]
        done = (epoch * batches + np.arange(batches)) / (EPOCHS * batches)
        rates = [RATE * one_cycle(p) for p in done]
        engine.advance(X[order], y[order], BATCH, rates, lambda i: rng)  # dropout draws from it too
    end = engine.position()
    return Network(head.spec, end.weights, end.state)


def _figures(name: str, score: Score) -> dict[str, float]:
    """A score as the model file keeps it."""
    return {
        f"{name}_images": score.images,
        f"{name}_accuracy_before": score.before / score.images,
        f"{name}_accuracy": score.after / score.images,
    }


def _score(parts: Split, head: Network, data: Dataset, among: int) -> Score:
    """Both networks' answers among the first outputs. Without the last, which says "not a digit",
    they are those that `evaluate` counts; with it a digit that is refused counts as wrong.
    """
    X = parts.features(data.images)
    before, after = (
        int((network.logits(X)[:, :among].argmax(axis=1) == data.labels).sum())
        for network in (parts.head, head)
    )
    return Score(len(data.labels), before, after)
