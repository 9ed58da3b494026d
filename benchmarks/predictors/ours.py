"""Our predictor, which takes the bytes of the images as they are."""

from __future__ import annotations

from digitscope.arrays import Images
from digitscope.models.model import Model
from digitscope.models.predictor import Predictor
from digitscope.threads import threads_in_use


class Ours:
    """`digitscope.models.predictor.Predictor`."""

    def __init__(self, model: Model) -> None:
        self.run = Predictor(model, threads_in_use())

    def prepare(self, images: Images) -> Images:
        """Nothing is needed."""
        return images
