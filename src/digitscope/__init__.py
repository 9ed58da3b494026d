"""digitscope: handwritten digits with neural networks. Train one, look inside it, use it.

The verbs below are loaded when they are first used, so that `import digitscope` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from digitscope.data.mnist import load_mnist
    from digitscope.estimator import DigitClassifier
    from digitscope.evaluation.evaluate import evaluate
    from digitscope.exporting import export
    from digitscope.models.model import load, save
    from digitscope.models.prediction import predict
    from digitscope.models.predictor import Predictor
    from digitscope.network.network import Network
    from digitscope.reader import Reader, read, read_pages
    from digitscope.training.frames import frames
    from digitscope.training.train import train

_HOMES = {
    "DigitClassifier": "digitscope.estimator",
    "Network": "digitscope.network.network",
    "Predictor": "digitscope.models.predictor",
    "Reader": "digitscope.reader",
    "evaluate": "digitscope.evaluation.evaluate",
    "export": "digitscope.exporting",
    "frames": "digitscope.training.frames",
    "load": "digitscope.models.model",
    "load_mnist": "digitscope.data.mnist",
    "predict": "digitscope.models.prediction",
    "read": "digitscope.reader",
    "read_pages": "digitscope.reader",
    "save": "digitscope.models.model",
    "train": "digitscope.training.train",
}

__all__ = [
    "DigitClassifier",
    "Network",
    "Predictor",
    "Reader",
    "__version__",
    "evaluate",
    "export",
    "frames",
    "load",
    "load_mnist",
    "predict",
    "read",
    "read_pages",
    "save",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'digitscope' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
