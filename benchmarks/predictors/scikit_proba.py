"""scikit-learn's MLPClassifier, predict_proba."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from common.work import flat
from digitscope.arrays import Floats, Images
from digitscope.models.model import Model
from peers.scikit import classifier


class ScikitProba:
    """A classifier with the model's weights."""

    def __init__(self, model: Model) -> None:
        self._made = classifier(model.network.weights)

    def prepare(self, images: Images) -> Floats:
        """Floats in 0..1."""
        return flat(images)

    def run(self, X: Floats) -> NDArray[Any]:
        """See `Answering.run`."""
        answers: NDArray[Any] = self._made.predict_proba(X)
        return answers
