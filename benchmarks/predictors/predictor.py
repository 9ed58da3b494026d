"""What a candidate of the prediction benchmark is."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from digitscope.arrays import Images
from digitscope.models.model import Model


class Answering(Protocol):
    """Made from a model. An answer is `run(prepare(images))`; both are timed together and apart."""

    def __init__(self, model: Model) -> None: ...

    def prepare(self, images: Images) -> Any:
        """Images uint8 [n, 28, 28] as what `run` takes."""
        ...

    def run(self, X: Any) -> NDArray[Any]:
        """The probabilities [n, 10]."""
        ...
