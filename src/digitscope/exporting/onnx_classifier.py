"""A model run by ONNX Runtime: the answers of `Model.judge`, where speed matters."""

from __future__ import annotations

import numpy as np

from digitscope.arrays import Floats, Images, to_input
from digitscope.errors import SettingError
from digitscope.exporting.exported import Exported
from digitscope.exporting.onnx_file import build
from digitscope.models.model import NONE, Model


class OnnxClassifier:
    """Probabilities [n, 11] for images [n, 28, 28], as `Model.judge`, by ONNX Runtime on `threads`.

    SettingError where onnx or onnxruntime is missing.
    """

    def __init__(self, model: Model, threads: int = 1) -> None:
        try:
            import onnx
            import onnxruntime
        except ImportError:
            raise SettingError(
                'runtime onnxruntime needs ONNX: pip install "digitscope[onnx]", '
                "or leave it to NumPy"
            ) from None
        exported = Exported.of(model)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            build(onnx, exported).SerializeToString(),
            options,
            providers=["CPUExecutionProvider"],
        )
        self._shape = exported.network.spec.input_shape
        self._classes, self._refuses = model.classes, model.refuses
        self._lone = exported.network.spec.n_out == 1

    def __call__(self, images: Images) -> Floats:
        """Rows add up to 1; a digit that the model does not know has 0."""
        P = np.zeros((len(images), NONE + 1))
        if not len(images):
            return P
        X = to_input(images, self._shape).astype(np.float32)
        A = self._session.run(["probabilities"], {"images": X})[0].astype(np.float64)
        A = np.hstack([1 - A, A]) if self._lone else A
        A /= A.sum(axis=1, keepdims=True)
        P[:, [*self._classes, NONE] if self._refuses else list(self._classes)] = A
        return P
