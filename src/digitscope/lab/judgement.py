"""A judgement: what a model says of the whole test set, found in the background.

A network of feature maps takes seconds for 10,000 images. So whoever asks gets what is known by
then, and how much that is; nothing waits for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from digitscope.arrays import Floats, Images, Indices
from digitscope.data.mnist import Dataset, load_mnist
from digitscope.data.splits import keep_digits
from digitscope.evaluation.doubts import Doubt, doubtful_labels
from digitscope.lab.examples import Examples
from digitscope.models.model import NONE, Model, load
from digitscope.models.prediction import MORE_LIKELY_NONE
from digitscope.training.lessons import fingerprint

BATCH = 100  # images between two looks at whether anybody still wants to know
KEPT = 8  # judgements, as many as models are kept; their answers need less than 3 MB each
UNFINISHED = 3  # of them that may still be working though their pages have gone
GONE = 5.0  # seconds: a page that waits asks many times in these
ROOM = 400_000_000  # bytes that the features of the training images may take in all


class Judgement:
    """The test images of a model's digits, and its answers to them.

    `numbers` [n] are their places in the test set. Of the answers those at `done` are known: P
    [n, n_classes] as `Model.probabilities`, `none` [n] how likely it is no digit. `doubts` has the
    doubtful labels by number, once all is done; it stays empty for a network in training.
    """

    def __init__(self, model: Model, live: bool = False) -> None:
        self.model, self.live = model, live
        self.asked = time.monotonic()  # when somebody asked for it last
        whole = load_part("test")
        self.numbers = np.flatnonzero(np.isin(whole.labels, model.classes))
        self.data = keep_digits(whole, model.classes)
        n = len(self.data.labels)
        self.P = np.zeros((n, len(model.classes)))
        self.none = np.zeros(n)
        self.doubts: dict[int, Doubt] = {}
        # By chance, since MNIST's second half is harder: what is known early is a fair sample.
        self._order = np.random.default_rng(0).permutation(n)
        self._count = 0
        self._finished = threading.Event()
        self._closed = False
        self._problem: Exception | None = None
        self._examples: Examples | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._judge, daemon=True).start()

    @property
    def finished(self) -> bool:
        """Whether all is known."""
        return self._finished.is_set()

    @property
    def done(self) -> Indices:
        """Rows of the images that have been judged, in their order."""
        return self.first(self._count)

    def first(self, n: int) -> Indices:
        """Those of the first n that were judged, if so many were."""
        return np.sort(self._order[: min(n, self._count)])

    @property
    def examples(self) -> Examples:
        """The training images, as the model sees them."""
        with self._lock:
            if self._examples is None:
                self._examples = Examples(self.model, load_part("train"))
            return self._examples

    @property
    def bytes(self) -> int:
        """What the training images take, as the model sees them."""
        examples = self._examples
        return 0 if examples is None else examples.bytes

    def forget_examples(self) -> None:
        """Make room; whoever asks for the training images again has them looked at again."""
        with self._lock:
            if self._examples is not None:
                self._examples.close()
            self._examples = None

    def wait(self, seconds: float) -> None:
        """Give it so long to finish; whatever it failed at is raised here."""
        self._finished.wait(seconds)
        if self._problem is not None:
            raise self._problem

    def answers(self) -> Indices:
        """The digit that each image is taken for, [n]; NONE where it is refused."""
        digits = np.asarray(self.model.classes)[self.P.argmax(axis=1)]
        return np.where(self.none > MORE_LIKELY_NONE, NONE, digits)

    def confidence(self) -> Floats:
        """How sure the model is of that answer, [n]."""
        return np.where(
            self.none > MORE_LIKELY_NONE, self.none, self.P.max(axis=1) * (1 - self.none)
        )

    def close(self) -> None:
        """Nobody wants to know any more."""
        self._closed = True
        self.forget_examples()

    def _judge(self) -> None:
        try:
            for start in range(0, len(self._order), BATCH):
                if self._closed:
                    return
                rows = np.sort(self._order[start : start + BATCH])
                Z = self.model.network.logits(self.data.images[rows])
                self.P[rows] = self.model.probabilities_of(Z)
                self.none[rows] = self.model.judgement_of(Z)[:, NONE]
                self._count = start + len(rows)
            if not self.live:
                self._doubt()
        except Exception as problem:  # for whoever asks
            self._problem = problem
        finally:
            self._finished.set()

    def _doubt(self) -> None:
        """Look for doubtful labels among what was not refused."""
        rows = np.flatnonzero(self.none <= MORE_LIKELY_NONE)
        images, labels = self.data.images[rows], self.data.labels[rows]
        known = keep_digits(load_part("train"), self.model.classes)
        witness = None if self._is_witness() else self._witness
        for doubt in doubtful_labels(images, self.P[rows], labels, known, witness):
            self.doubts[int(self.numbers[rows[doubt.index]])] = doubt

    def _witness(self, images: Images) -> Floats:
        """What the model that ships says of images; of the rest nothing, once nobody asks."""
        told = np.zeros((len(images), len(self.model.classes)))
        for start in range(0, len(images), BATCH):
            if self._closed:
                break
            part = slice(start, start + BATCH)
            told[part] = shipped().judge(images[part])[:, list(self.model.classes)]
        return told

    def _is_witness(self) -> bool:
        return fingerprint(self.model) == fingerprint(shipped())


class Judgements:
    """The judgements of the models that were asked about last: several pages may each look at
    another one, turn by turn.

    A network in training is another one five times a second; it is judged anew only where that is
    asked for, and the judgement before has ended.
    """

    def __init__(self, model: Callable[[str], Model], live: Callable[[str], Model | None]) -> None:
        self._model, self._live = model, live
        self._kept: dict[str, Judgement] = {}
        self._lock = threading.Lock()

    def of(self, id: str, fresh: bool = False) -> Judgement:
        """The judgement of the model that an id means; ModelFileError where there is none."""
        with self._lock:
            live = self._live(id)
            model = live or self._model(id)
            kept = self._kept.pop(id, None)
            still = kept is not None and kept.live and live and not (fresh and kept.finished)
            if kept is None or not (still or kept.model is model):
                if kept is not None:
                    kept.close()
                kept = Judgement(model, live is not None)
            kept.asked = time.monotonic()
            self._kept[id] = kept  # last, as it was asked for last
            self._make_room()
            return kept

    def _make_room(self) -> None:
        """What was asked for longest ago goes first: whole judgements, the work at those that were
        never finished and that nobody waits for, the training images of the others.
        """
        newest, now = [*reversed(self._kept.items())], time.monotonic()
        working, taken = 0, 0
        for place, (id, judgement) in enumerate(newest):
            working += not judgement.finished
            forsaken = not judgement.finished and now - judgement.asked > GONE
            if place >= KEPT or (working > UNFINISHED and forsaken):
                self._kept.pop(id).close()
                continue
            taken += judgement.bytes
            if place and taken > ROOM:
                taken -= judgement.bytes
                judgement.forget_examples()


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The model that ships, the witness of doubtful labels, read once."""
    return load("reader")


@lru_cache(maxsize=2)
def load_part(part: str) -> Dataset:
    """A part of MNIST, read once."""
    return load_mnist(part)
