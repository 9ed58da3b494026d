"""A lesson: a few drawings and what they are, learned in about a second, forgetting little.

The drawings, each slightly distorted into copies, are mixed with images that the model has seen
before ("rehearsal": Robins (1995), "Catastrophic forgetting, rehearsal and pseudorehearsal"). Only
the head is trained (see `training.head`): of a dense network that is all of it; of a convolutional
one the layers from the first dense one on, whose inputs are computed once. Steps are taken in
rounds, each with the learning rate falling to 0 and with more of the drawings in it than the last,
until every drawing is read rightly and surely, or time is up.

The temperature is fitted anew on images that neither the model nor the lesson has seen, where the
model's recipe says which these are; so its confidence stays calibrated.

A lesson always begins from the model that was taught first, with all drawings so far: the second
does not undo the first, and without the last the model is what it was before.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from digitscope.arrays import Floats, Images, Labels
from digitscope.data.augmentation import augment
from digitscope.data.mnist import Dataset
from digitscope.engines import Position, Problem, chosen, make_engine
from digitscope.engines.engine import Engine
from digitscope.errors import SettingError
from digitscope.evaluation.calibration import fit_temperature
from digitscope.models.model import NONE, Model
from digitscope.network.layers import Flatten
from digitscope.network.network import Network
from digitscope.network.spec import Spec
from digitscope.training.adapt import DISTORTION, mnist_for, rehearsed
from digitscope.training.head import split

__all__ = ["SURE", "Taught", "Teacher", "choices"]

SURE = 0.8  # the probability from which on a drawing counts as learned
ROUNDS, STEPS = 4, 150  # at most, and in each
AT_ONCE = 10  # steps between two looks at the clock
SECONDS = 1.5  # from here on no further steps are taken
RATE, OPTIMIZER = 1e-3, "adam"  # the rate of the first round; each doubles it
CALIBRATED = ("categorical_cross_entropy", "binary_cross_entropy")  # losses of probabilities
BATCH, SHARE, MOST_SHARE = 128, 8, 64  # images a step, and of them copies; each round doubles these
COPIES, MOST_COPIES, FEWEST_COPIES = 400, 40, 8  # in all, and of one drawing
REHEARSAL = 10_000  # images seen again where they cost nothing
REHEARSAL_SEEN = 6_000  # where layers before the head must look at them first
HELD_OUT, HELD_OUT_SEEN = 5_000, 2_000  # images that the temperature is fitted on, likewise
MOST_NUMBERS = 16_000_000  # of what the head is given for them: 64 MB


@dataclass(frozen=True, eq=False)
class Taught:
    """The model after a lesson; how many steps it took; whether each drawing is read surely now;
    whether its temperature is that of this model, not of the one before the lesson.
    """

    model: Model
    steps: int
    sure: bool
    calibrated: bool
    seconds: float


class Teacher:
    """Teaches one model, which itself never changes. Making one looks at what the model is to see
    again, which takes a moment; a lesson is then quick.

    >>> model = Model(Network.initialize("784-16-10"))
    >>> four = np.zeros((1, 28, 28), np.uint8)
    >>> four[:, 4:24, 13:15] = 255
    >>> taught = Teacher(model, rehearsal=200).teach(four, np.array([4], np.uint8))
    >>> int(taught.model.judge(four).argmax()), taught.sure
    (4, True)
    """

    def __init__(self, model: Model, rehearsal: int = 0, pause: Callable[[], None] = lambda: None):
        """`rehearsal` images are seen again (0: as many as are worth it); `pause` is called between
        batches of them, so that whoever does this beside other work can let that go first.
        """
        began = time.perf_counter()
        self.model = model
        self.parts = split(model.network)
        self._head = self.parts.head
        n = rehearsal or (REHEARSAL_SEEN if self.looks_first else REHEARSAL)
        n = max(500, min(n, MOST_NUMBERS // int(np.prod(self._head.spec.input_shape))))
        rng = np.random.default_rng(0)
        known, unseen = mnist_for(model)
        images, self._labels = _rehearsal(model, known, n, rng)
        self._features = self._looked_at(images, pause)
        self._held = self._held_out(unseen, pause)
        self.images = len(images)
        self.seconds = time.perf_counter() - began

    @property
    def looks_first(self) -> bool:
        """Whether there are layers before the head, which stay as they are."""
        before = self.model.network.spec.layers[: self.parts.first]
        return any(not isinstance(layer, Flatten) for layer in before)

    def teach(self, drawings: Images, labels: Labels, steps: int | None = None) -> Taught:
        """The model once it has learned drawings [n, 28, 28]; `labels` [n] are digits, and 10 means
        "not a digit".

        With `steps` so many are taken, whatever the clock says: the same number gives the same
        model. SettingError for a label that the model has no output for.
        """
        began = time.perf_counter()
        y = np.array([_class_of(self.model, int(label)) for label in labels], np.uint8)
        rng = np.random.default_rng([1, len(y)])
        copies = max(FEWEST_COPIES, min(MOST_COPIES, COPIES // max(1, len(y))))
        drawn = np.repeat(drawings, copies, axis=0)
        own = self.parts.features(augment(drawn, DISTORTION, rng))
        itself = self.parts.features(drawings)
        mixed = _Mixed(self._features, self._labels, own, np.repeat(y, copies), rng)
        problem = Problem(self._head.spec, _loss(self._head.spec), OPTIMIZER)
        engine = make_engine(
            chosen("auto", problem)[0], problem, Position.start(self._head, OPTIMIZER)
        )

        def sure() -> bool:
            P = self.model.judgement_of(engine.logits(itself))
            return bool(P[np.arange(len(y)), labels].min(initial=1) >= SURE)

        done, most = 0, ROUNDS * STEPS if steps is None else steps
        while done < most:
            if steps is None and done % STEPS == 0 and sure():
                break
            if steps is None and time.perf_counter() - began > SECONDS:
                break
            _advance(engine, mixed, done, len(y), rng)
            done += AT_ONCE
        end = engine.position()
        head = Network(self._head.spec, end.weights, end.state)
        model = self.model
        if done:
            temperature = self._temperature(head)
            model = replace(model, network=self.parts.joined(head), temperature=temperature)
        P = model.judgement_of(engine.logits(itself))[np.arange(len(y)), labels]
        calibrated = model.calibrated and (not done or self._held is not None)
        learned = bool(P.min(initial=1) >= SURE)
        return Taught(model, done, learned, calibrated, time.perf_counter() - began)

    def _held_out(self, unseen: Dataset | None, pause: Callable[[], None]) -> _HeldOut | None:
        """What a temperature is fitted on; None where the model has none, or nothing is known that
        it was not trained on.
        """
        loss = self.model.recipe.get("loss")
        if self.model.temperature is None or unseen is None or loss not in CALIBRATED:
            return None
        n = HELD_OUT_SEEN if self.looks_first else HELD_OUT
        n = min(n, MOST_NUMBERS // 4 // int(np.prod(self._head.spec.input_shape)))
        chosen = np.random.default_rng(2).permutation(len(unseen.labels))[:n]
        features = self._looked_at(unseen.images[chosen], pause)
        held = _HeldOut(features, unseen.labels[chosen], str(loss))
        return replace(held, first=held.temperature(self._head))

    def _temperature(self, head: Network) -> float | None:
        """The first model's temperature, times how much another one suits the new head better on
        the same images: so that it is no matter of chance which these are.
        """
        if self._held is None or self.model.temperature is None:
            return self.model.temperature
        return self.model.temperature * self._held.temperature(head) / self._held.first

    def _looked_at(self, images: Images, pause: Callable[[], None]) -> Floats:
        """What the head is given for the images, as bytes where nothing lies before it."""
        if not self.looks_first:
            return images.reshape(len(images), *self._head.spec.input_shape)  # type: ignore[return-value]
        found = []
        for i in range(0, len(images), 64):
            found.append(self.parts.features(images[i : i + 64]))
            pause()
        return np.concatenate(found)


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """What the head is given for images that it never learns from, and their labels; the
    temperature that suits the first head on them.
    """

    features: Floats
    labels: Labels
    loss: str
    first: float = 1.0

    def temperature(self, head: Network) -> float:
        """The one that suits a head."""
        Z = head.logits(self.features)
        return fit_temperature(Z, self.labels, self.loss, head.spec.output)


@dataclass(frozen=True, eq=False)
class _Mixed:
    """Batches of what was seen before and of copies of the drawings."""

    before: Floats
    labels_before: Labels
    own: Floats
    labels_own: Labels
    rng: np.random.Generator

    def batches(self, share: int) -> tuple[Floats, Labels]:
        """AT_ONCE batches, in each `share` copies."""
        i = self.rng.integers(len(self.labels_before), size=(AT_ONCE, BATCH - share))
        j = self.rng.integers(len(self.labels_own), size=(AT_ONCE, share))
        X = np.concatenate([_numbers(self.before[i]), self.own[j]], axis=1)
        y = np.concatenate([self.labels_before[i], self.labels_own[j]], axis=1)
        return X.reshape(-1, *X.shape[2:]), y.reshape(-1)


def choices(model: Model) -> tuple[int, ...]:
    """What a drawing can be taught to be: the model's digits, and 10, "not a digit", where it can
    say that.

    >>> choices(Model(Network.initialize("784-8-2"), classes=(4, 9)))
    (4, 9)
    """
    return (*model.classes, NONE) if model.refuses else model.classes


def _class_of(model: Model, label: int) -> int:
    if label not in choices(model):
        known = ", ".join("none" if c == NONE else str(c) for c in choices(model))
        raise SettingError(f"model {model.name} has no output for {label}: expected one of {known}")
    return choices(model).index(label)


def _advance(
    engine: Engine, mixed: _Mixed, done: int, drawings: int, rng: np.random.Generator
) -> None:
    """AT_ONCE steps more."""
    number, at = divmod(done, STEPS)
    share = min(MOST_SHARE, (SHARE + drawings // 2) * 2**number)
    X, y = mixed.batches(share)
    rates = [RATE * 2**number * (1 - (at + i) / STEPS) for i in range(AT_ONCE)]
    engine.advance(X, y, BATCH, rates, lambda i: rng)  # dropout draws from it too


def _loss(spec: Spec) -> str:
    """The natural loss of an output; the quadratic one suits any."""
    if spec.output == "softmax":
        return "categorical_cross_entropy"
    return "binary_cross_entropy" if (spec.output, spec.n_out) == ("sigmoid", 1) else "quadratic"


def _rehearsal(
    model: Model, data: Dataset, n: int, rng: np.random.Generator
) -> tuple[Images, Labels]:
    """What the model sees again: images that it was trained on, as they are. One that refuses sees
    a sixth of them as its recipe makes them, with drawn digits and things that are no digit.
    """
    picked = rng.permutation(len(data.labels))[:n]
    made = len(picked) // 6 if model.refuses else 0
    plain = Dataset(data.images[picked[made:]], data.labels[picked[made:]])
    if not made:
        return plain.images, plain.labels
    again = rehearsed(model, Dataset(data.images[picked[:made]], data.labels[picked[:made]]), rng)
    images = np.concatenate([plain.images, again.images])
    return images, np.concatenate([plain.labels, again.labels])


def _numbers(X: Floats) -> Floats:
    """Bytes as the network takes them."""
    return X / np.float32(255) if X.dtype == np.uint8 else X
