"""PyTorch, eager, in inference_mode."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from common.work import flat
from digitscope.arrays import Images
from digitscope.engines.frameworks import start_torch
from digitscope.models.model import Model
from digitscope.threads import threads_in_use
from peers.torch_eager import sequential


class TorchInference:
    """A Sequential that ends in a softmax."""

    def __init__(self, model: Model) -> None:
        start_torch(threads_in_use())
        import torch

        self._torch = torch
        self._model = torch.nn.Sequential(
            *sequential(model.network.weights), torch.nn.Softmax(dim=1)
        ).eval()

    def prepare(self, images: Images) -> Any:
        """A tensor of floats in 0..1."""
        return self._torch.from_numpy(flat(images))

    def run(self, X: Any) -> NDArray[Any]:
        """See `Answering.run`."""
        with self._torch.inference_mode():
            answers: NDArray[Any] = self._model(X).numpy()
        return answers
