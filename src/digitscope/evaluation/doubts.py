"""Doubtful labels: images that are probably not what their label says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digitscope.arrays import Floats, Images, Labels
from digitscope.data.mnist import Dataset
from digitscope.evaluation.nearest import nearest_images

__all__ = ["Doubt", "Witness", "doubtful_labels"]

SURE = 0.5  # the probability from which on a network counts as sure of its answer
WITNESS_SURE = 0.9  # and the witness, whose word decides
VOTES = 10  # nearest training images that are asked
FOR_THE_ANSWER = 5  # of these at least
FOR_THE_LABEL = 2  # of these at most

Witness = Callable[[Images], Floats]  # images [n, 28, 28] -> probabilities [n, n_classes]


@dataclass(frozen=True)
class Doubt:
    """An image whose label is doubtful: its index, and class ids of its label and of the answer.

    `confidence` is the probability of the answer, `witness` what the witness gives it, None where
    there was none; `for_answer` and `for_label` of `votes` training images, those with the nearest
    pixels, have that label.
    """

    index: int
    label: int
    answer: int
    confidence: float
    witness: float | None
    for_answer: int
    for_label: int
    votes: int = VOTES

    def reason(self, classes: tuple[int, ...]) -> str:
        """Why, in a sentence.

        >>> Doubt(3, 0, 1, 0.9971, 0.98, 9, 0).reason((4, 9))  # doctest: +NORMALIZE_WHITESPACE
        'The network is 99.7 % sure of a 9, the model that ships 98.0 %, and of the 10 nearest
        training images 9 are 9, none 4.'
        """
        answer, label = classes[self.answer], classes[self.label]
        too = "" if self.witness is None else f" the model that ships {100 * self.witness:.1f} %,"
        return (
            f"The network is {100 * self.confidence:.1f} % sure of a {answer},{too} and of the "
            f"{self.votes} nearest training images {self.for_answer} are {answer}, "
            f"{self.for_label or 'none'} {label}."
        )


def doubtful_labels(
    images: Images, P: Floats, truth: Labels, known: Dataset, witness: Witness | None
) -> list[Doubt]:
    """The images [n, 28, 28] whose labels are doubtful, the surest first.

    P [n, n_classes] must be probabilities of a model that was not trained on these images, and
    `truth` [n] their labels as class ids. All of these must contradict a label with one voice:

    - The model: another class is its answer, with a probability of at least 50 %.
    - The witness, a network that is hardly ever wrong (the model `reader`): at least 90 % for that
      class. Without one the model is asked for these 90 % itself; that is for the best there is.
    - The training images `known`: of the 10 with the nearest pixels at least 5 bear that class and
      at most 2 the label.

    A witness is needed since a network's own confidence cannot tell a wrong label from a mistake of
    its own: networks that are right in 91 to 98 of 100 test images of MNIST each doubted 10 to 40
    labels with the neighbours alone, nearly all of them wrongly. With the witness each doubts a
    single one, number 9729, a 6 labelled 5. With 1 in 100 labels falsified by chance 99 in 100 of
    what is found is rightly found, and 9 in 10 of the false ones are, by any such network.

    >>> sure = np.array([[0.99, 0.01]] * 20, np.float32)
    >>> truth = np.zeros(20, np.uint8)
    >>> images = np.zeros((20, 28, 28), np.uint8)
    >>> doubtful_labels(images, sure, truth, Dataset(images, truth), None)
    []
    """
    if not len(P):
        return []
    answer = P.argmax(axis=1)
    confidence = np.asarray(P[np.arange(len(P)), answer], np.float64)
    least = WITNESS_SURE if witness is None else SURE
    suspects = np.flatnonzero((answer != truth) & (confidence >= least))
    if witness is None:
        second = confidence[suspects]
    else:
        second = witness(images[suspects])[np.arange(len(suspects)), answer[suspects]]
    suspects, second = suspects[second >= WITNESS_SURE], second[second >= WITNESS_SURE]
    if not len(suspects):
        return []
    near = known.labels[nearest_images(images[suspects], known.images, VOTES).indices]
    for_answer = (near == answer[suspects, None]).sum(axis=1)
    for_label = (near == truth[suspects, None]).sum(axis=1)
    found = [
        Doubt(
            index=int(i),
            label=int(truth[i]),
            answer=int(answer[i]),
            confidence=float(confidence[i]),
            witness=None if witness is None else float(sure),
            for_answer=int(a),
            for_label=int(b),
        )
        for i, sure, a, b in zip(suspects, second, for_answer, for_label, strict=True)
        if a >= FOR_THE_ANSWER and b <= FOR_THE_LABEL
    ]
    return sorted(found, key=lambda doubt: (-doubt.confidence, doubt.index))
