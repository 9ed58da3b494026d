"""Everyone who answers with the same model: one file each, one table."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from common.serving import limit_threads
from digitscope.models.model import Model
from predictors.predictor import Answering


class Row(NamedTuple):
    """A row of the table: how it is called, where its class is, and how many threads it has."""

    title: str
    where: str
    threads: int


KERAS = "predictors.keras_calls"
PREDICTORS = {
    "ours": Row("digitscope, Predictor", "predictors.ours:Ours", 1),
    "ours-2": Row("digitscope, Predictor", "predictors.ours:Ours", 2),
    "products-1": Row("the bare products", "predictors.products:Products", 1),
    "products": Row("the bare products", "predictors.products:Products", 2),
    "onnxruntime": Row("onnxruntime", "predictors.onnx_runtime:OnnxRuntime", 1),
    "onnxruntime-2": Row("onnxruntime", "predictors.onnx_runtime:OnnxRuntime", 2),
    "torch": Row("PyTorch, inference_mode", "predictors.torch_inference:TorchInference", 1),
    "torch-2": Row("PyTorch, inference_mode", "predictors.torch_inference:TorchInference", 2),
    "sklearn": Row("scikit-learn, predict_proba", "predictors.scikit_proba:ScikitProba", 2),
    "tensorflow-call": Row("Keras on TensorFlow, model(X)", f"{KERAS}:call_on_tensorflow", 2),
    "tensorflow-predict": Row("Keras on TensorFlow, predict", f"{KERAS}:predict_on_tensorflow", 2),
    "jax-call": Row("Keras on JAX, model(X)", f"{KERAS}:call_on_jax", 2),
    "jax-predict": Row("Keras on JAX, predict", f"{KERAS}:predict_on_jax", 2),
    "keras-torch-call": Row("Keras on PyTorch, model(X)", f"{KERAS}:call_on_torch", 2),
    "keras-torch-predict": Row("Keras on PyTorch, predict", f"{KERAS}:predict_on_torch", 2),
}

__all__ = ["PREDICTORS", "Answering", "Row", "make_predictor"]


def make_predictor(name: str, model: Model) -> Answering:
    """A candidate in this process, which from now on has as many threads as the row says."""
    row = PREDICTORS[name]
    module, _, attribute = row.where.partition(":")
    limit_threads(row.threads)
    made: Answering = getattr(import_module(module), attribute)(model)
    return made
