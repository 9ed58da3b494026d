"""scikit-learn's MLPClassifier, an epoch a call of `partial_fit`, in float32.

What it does besides: it checks its input and turns the labels into one-hot rows at every call,
computes the loss of every batch, adds the L2 penalty with a weight of 0, and keeps a velocity,
which with a momentum of 0 is the step itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.work import Work, flat
from digitscope.arrays import Images, Weights


def classifier(weights: Weights, batch_size: int = 128, eta: float = 0.1) -> Any:
    """A classifier with these weights. It has none before its first step, so it takes one."""
    from sklearn.neural_network import MLPClassifier

    made = MLPClassifier(
        (128,),
        activation="relu",
        solver="sgd",
        alpha=0,
        batch_size=batch_size,
        learning_rate="constant",
        learning_rate_init=eta,
        momentum=0,
        nesterovs_momentum=False,
        shuffle=False,
        tol=0,
        n_iter_no_change=1_000_000,
    )
    X, y = np.zeros((batch_size, 784), np.float32), np.arange(batch_size) % 10
    made.partial_fit(X, y, classes=np.arange(10))
    for i in (1, 2):
        made.coefs_[i - 1][...] = weights[f"W{i}"]
        made.intercepts_[i - 1][...] = weights[f"b{i}"]
    return made


class Scikit:
    """The order is ours: the images are gathered first, and not shuffled again."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._X, self._labels = flat(work.images), work.labels
        self._made = classifier(work.weights, work.recipe.batch_size, work.recipe.learning_rate)

    def epoch(self, number: int) -> None:
        """See `Peer.epoch`."""
        order = self._work.order(number)
        self._made.partial_fit(self._X[order], self._labels[order])

    def answers(self, images: Images) -> NDArray[Any]:
        """See `Peer.answers`."""
        answers: NDArray[Any] = self._made.predict(flat(images))
        return answers

    def weights(self) -> Weights:
        """See `Peer.weights`."""
        (W1, W2), (b1, b2) = self._made.coefs_, self._made.intercepts_
        return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
