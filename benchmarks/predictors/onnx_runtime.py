"""onnxruntime with the file that `digitscope export --format onnx` writes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from common.work import flat
from digitscope.arrays import Floats, Images
from digitscope.exporting import export
from digitscope.models.model import Model
from digitscope.threads import threads_in_use


class OnnxRuntime:
    """A session with all of its optimizations, which are its default."""

    def __init__(self, model: Model) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads_in_use()
        with tempfile.TemporaryDirectory() as folder:
            path = export(model, "onnx", Path(folder) / "model")
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        self._input = self._session.get_inputs()[0].name

    def prepare(self, images: Images) -> Floats:
        """Floats in 0..1."""
        return flat(images)

    def run(self, X: Floats) -> NDArray[Any]:
        """See `Answering.run`."""
        answers: NDArray[Any] = self._session.run(None, {self._input: X})[0]
        return answers
