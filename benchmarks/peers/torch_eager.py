"""PyTorch as its users write it: a Sequential, an optimizer, a loop over batches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.work import Work, flat
from digitscope.arrays import Images, Weights
from digitscope.engines.frameworks import start_torch
from digitscope.threads import threads_in_use


def sequential(weights: Weights) -> Any:
    """The network up to its logits, with these weights; PyTorch's are [n_out, n_in]."""
    import torch

    model = torch.nn.Sequential(
        torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
    )
    with torch.no_grad():
        for i, layer in ((1, model[0]), (2, model[2])):
            layer.weight.copy_(torch.from_numpy(weights[f"W{i}"].T.copy()))
            layer.bias.copy_(torch.from_numpy(weights[f"b{i}"]))
    return model


class TorchEager:
    """The images lie in a tensor; every batch is gathered from it."""

    def __init__(self, work: Work) -> None:
        start_torch(threads_in_use())
        import torch

        self._torch, self._work = torch, work
        self._X = torch.from_numpy(flat(work.images))
        self._labels = torch.from_numpy(work.labels.astype(np.int64))
        self._model = sequential(work.weights)
        self._optimizer = torch.optim.SGD(self._model.parameters(), lr=work.recipe.learning_rate)
        self._loss = torch.nn.CrossEntropyLoss()

    def epoch(self, number: int) -> None:
        """See `Peer.epoch`."""
        order = self._torch.from_numpy(self._work.order(number))
        for chosen in order.split(self._work.recipe.batch_size):
            self._optimizer.zero_grad()
            self._loss(self._model(self._X[chosen]), self._labels[chosen]).backward()
            self._optimizer.step()

    def answers(self, images: Images) -> NDArray[Any]:
        """See `Peer.answers`."""
        with self._torch.inference_mode():
            Z = self._model(self._torch.from_numpy(flat(images)))
        return np.asarray(Z.argmax(1))

    def weights(self) -> Weights:
        """See `Peer.weights`."""
        first, _, second = self._model
        found = {"W1": first.weight.T, "b1": first.bias, "W2": second.weight.T, "b2": second.bias}
        return {name: W.detach().numpy() for name, W in found.items()}
