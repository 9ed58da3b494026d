"""The images of a group of batches, mixed and distorted if the recipe says so; where the recipe has
more than one thread, the next group is made ready while the engine is at work on this one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from digitscope.arrays import Indices
from digitscope.data.augmentation import augment, parse_augmentation
from digitscope.data.mnist import Dataset
from digitscope.synthesis.mixture import finish, mix, parse_synthesis
from digitscope.training.randomness import generator
from digitscope.training.recipe import Recipe

Place = tuple[int, int, int]  # epoch, first batch, the batch after the last


class Feeder:
    """Gives the images and labels of batches `start` to `end` of an epoch.

    Chance is derived from the place, so what was made ahead is what would be made on time.
    """

    def __init__(self, recipe: Recipe, train: Dataset) -> None:
        self.recipe, self.train = recipe, train
        self._strengths = parse_augmentation(recipe.augment)
        self._shares = parse_synthesis(recipe.synthesis)
        self._ahead: tuple[Place, Future[Dataset]] | None = None
        self._thread: ThreadPoolExecutor | None = None

    @contextlib.contextmanager
    def ahead(self) -> Iterator[None]:
        """Within it the second thread stands ready, if the recipe has one."""
        if not works_ahead(self.recipe):
            yield
            return
        import cv2

        before = cv2.getNumThreads()
        cv2.setNumThreads(1)  # its own threads would take the core that the engine has
        try:
            with ThreadPoolExecutor(1) as self._thread:
                yield
        finally:
            self._thread = self._ahead = None
            cv2.setNumThreads(before)

    def group(self, order: Indices, place: Place) -> Dataset:
        """The images and labels of a group, ready or made now."""
        ahead, self._ahead = self._ahead, None
        if ahead and ahead[0] == place:
            return ahead[1].result()
        return self._make(order, place)

    def make_ahead(self, order: Indices, place: Place) -> None:
        """Begin with the group that will be asked for next."""
        _, start, end = place
        if self._thread and start < end:
            self._ahead = (place, self._thread.submit(self._make, order, place))

    def _make(self, order: Indices, place: Place) -> Dataset:
        epoch, start, end = place
        size, seed = self.recipe.batch_size, self.recipe.seed
        chosen = order[start * size : end * size]
        images, labels = self.train.images.take(chosen, axis=0), self.train.labels[chosen]
        if not self._strengths and not self._shares:
            return Dataset(images, labels)
        made: list[Dataset] = []
        # Batch by batch, so that the groups' sizes make no difference.
        for batch in range(start, end):
            here = slice((batch - start) * size, (batch - start + 1) * size)
            part = Dataset(images[here], labels[here])
            made.append(self._distorted(part, generator(seed, "augmentation", epoch, batch)))
        return Dataset(*(np.concatenate(parts) for parts in zip(*made, strict=True)))

    def _distorted(self, batch: Dataset, rng: np.random.Generator) -> Dataset:
        """One batch as the recipe wants it."""
        images, labels = batch
        if self._shares:
            images, labels = mix(images, labels, self.recipe.classes, self._shares, rng)
        images = augment(images, self._strengths, rng)
        if self._shares:
            images, labels = finish(images, labels, self.recipe.classes, self._shares, rng)
        return Dataset(images, labels)


def works_ahead(recipe: Recipe) -> bool:
    """Whether a second thread distorts images. A nudge is too little work to give one to."""
    work = {*parse_augmentation(recipe.augment), *parse_synthesis(recipe.synthesis)} - {"nudge"}
    return bool(work) and recipe.threads != 1


def engine_threads(recipe: Recipe) -> int:
    """The threads of the arithmetic (0: all cores), less the one that distorts images."""
    if not works_ahead(recipe):
        return recipe.threads
    return max(1, (recipe.threads or _cores()) - 1)


def _cores() -> int:
    """The cores that this process may use, where the system tells it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
