"""A model made ready to be asked often: for a server, a folder of images, a pen that moves."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from digitscope.arrays import Floats
from digitscope.engines.fast_engine import FastNetwork, covers_spec
from digitscope.engines.kernels import why_none
from digitscope.models.model import Model


class Predictor:
    """The probabilities of a model, by the kernels of engine `fast` where they cover its network.

    `engine` says who computes. The weights are copied: a predictor gives the answers of the model
    that it was made from, whatever becomes of that. Threads may share it; they take turns.

    >>> import numpy as np
    >>> from digitscope.network.network import Network
    >>> predictor = Predictor(Model(Network.initialize("784-16-10")))
    >>> predictor(np.zeros((1, 28, 28), np.uint8)).shape
    (1, 10)
    """

    def __init__(self, model: Model, threads: int = 1) -> None:
        spec = model.network.spec
        self._model = model
        self._fast: FastNetwork | None = None
        self.why_numpy = covers_spec(spec) or why_none()
        self.engine = "numpy" if self.why_numpy else "fast"
        if not self.why_numpy:
            self._fast = FastNetwork(spec, model.network.weights, threads)
        self._temperature = model.temperature or 1.0
        self._softmax = spec.output != "sigmoid"

    def __call__(self, images: NDArray[Any]) -> Floats:
        """The probability of every class [n, n_classes], float64, for images [n, 28, 28]: uint8, or
        floats in 0..1; as `Model.probabilities`.
        """
        if self._fast is None:
            return self._model.probabilities(images)
        if self._softmax:
            return self._fast.probabilities(images, self._temperature)
        return self._model.probabilities_of(self._fast.logits(images))
