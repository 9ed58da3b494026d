"""Doubtful labels: images that are probably not what their label says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Floats, Images, Labels
from digitscope.data.mnist import Dataset
from digitscope.evaluation.nearest import nearest_images

__all__ = ["Doubt", "doubtful_labels", "self_confidence"]

VOTES = 10  # nearest training images that are asked
FOR_THE_ANSWER = 5  # of these at least
FOR_THE_LABEL = 2  # of these at most
LEAST_ACCURACY = 0.9  # a network that is wrong more often is no witness


@dataclass(frozen=True)
class Doubt:
    """An image whose label is doubtful: its index, and class ids of its label and of the answer.

    `confidence` is the probability of the answer; `for_answer` and `for_label` of `votes` training
    images, those with the nearest pixels, have that label.
    """

    index: int
    label: int
    answer: int
    confidence: float
    for_answer: int
    for_label: int
    votes: int = VOTES

    def reason(self, classes: tuple[int, ...]) -> str:
        """Why, in a sentence.

        >>> Doubt(3, 0, 1, 0.9971, 9, 0).reason((4, 9))
        'The network is 99.7 % sure of a 9, and of the 10 nearest training images 9 are 9, none 4.'
        """
        answer, label = classes[self.answer], classes[self.label]
        return (
            f"The network is {100 * self.confidence:.1f} % sure of a {answer}, and of the "
            f"{self.votes} nearest training images {self.for_answer} are {answer}, "
            f"{self.for_label or 'none'} {label}."
        )


def self_confidence(P: Floats, truth: Labels) -> Floats:
    """How sure a model is of each class, [n_classes]: the mean of its probability where it is the
    label; infinity for a class without images.
    """
    counts = np.bincount(truth, minlength=P.shape[1])
    sums = np.bincount(truth, weights=P[np.arange(len(P)), truth], minlength=P.shape[1])
    return np.where(counts, sums / np.maximum(counts, 1), np.inf)


def doubtful_labels(images: Images, P: Floats, truth: Labels, known: Dataset) -> list[Doubt]:
    """The images [n, 28, 28] whose labels are doubtful, the surest first.

    P [n, n_classes] must be probabilities of a model that was not trained on these images, and
    `truth` [n] their labels as class ids. Two witnesses that may each be wrong have to agree:

    - The model: by confident learning (Northcutt, Jiang, Chuang 2021, Journal of Artificial
      Intelligence Research 70) an image counts for another class than its label where the
      probability of that class is at least what it is on average for images that bear it, and is
      the largest of those.
    - The training images `known`: of the 10 with the nearest pixels at least 5 bear that class and
      at most 2 the label.

    Nothing is doubted where less than 90 % of the labels are the model's answers. On MNIST's test
    set with 1 in 100 labels falsified by chance, this finds about 9 in 10 of those, and about 9 in
    10 of what it finds are those; most of the rest are images that people doubt too.

    >>> sure = np.array([[0.99, 0.01]] * 20, np.float32)
    >>> truth = np.zeros(20, np.uint8)
    >>> images = np.zeros((20, 28, 28), np.uint8)
    >>> doubtful_labels(images, sure, truth, Dataset(images, truth))
    []
    """
    if len(P) == 0 or np.mean(P.argmax(axis=1) == truth) < LEAST_ACCURACY:
        return []
    able = self_confidence(P, truth) <= P
    answer = np.where(able, P, -1).argmax(axis=1)
    suspects = np.flatnonzero(able.any(axis=1) & (answer != truth))
    if not len(suspects):
        return []
    near = known.labels[nearest_images(images[suspects], known.images, VOTES).indices]
    for_answer = (near == answer[suspects, None]).sum(axis=1)
    for_label = (near == truth[suspects, None]).sum(axis=1)
    agreed = (for_answer >= FOR_THE_ANSWER) & (for_label <= FOR_THE_LABEL)
    found = [
        Doubt(int(i), int(truth[i]), int(answer[i]), float(P[i, answer[i]]), int(a), int(b))
        for i, a, b in zip(suspects[agreed], for_answer[agreed], for_label[agreed], strict=True)
    ]
    return sorted(found, key=lambda doubt: (-doubt.confidence, doubt.index))
