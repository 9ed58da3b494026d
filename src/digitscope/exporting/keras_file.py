"""Keras: a `.keras` file, which plain Keras opens on any of its backends."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from digitscope.errors import SettingError
from digitscope.exporting.exported import Exported
from digitscope.exporting.format import Format, quoted, row
from digitscope.store import write_atomically

# The file is the same on all; where TensorFlow is installed, Keras imports it to save a file in any
# case, so it comes first.
BACKENDS = ("tensorflow", "jax", "torch")

# Our activations of the output -> theirs.
OUTPUTS = {"sigmoid": "sigmoid", "log_sigmoid": "log_sigmoid", "softmax": "softmax"}


def write(exported: Exported, path: Path) -> None:
    """Write the file; SettingError where Keras or all of its backends are missing."""
    from digitscope.engines.frameworks import hushed

    model = build(keras_on(BACKENDS, "keras"), exported)
    with tempfile.TemporaryDirectory() as folder, hushed():
        file = Path(folder, f"model{path.suffix}")
        model.save(file)
        write_atomically(path, file.read_bytes())


def lines(path: Path) -> str:
    """How to load it."""
    return f"import keras\n\nmodel = keras.models.load_model({quoted(path)})\nP = model.predict(X)"


KERAS = Format(".keras", write, lines)


def build(keras: Any, exported: Exported) -> Any:
    """The `keras.Sequential` that gives the probabilities."""
    from digitscope.engines.keras_model import build_model

    network = exported.network
    model = build_model(network.spec, network.weights, network.state, output=False)
    for name in exported.output:
        model.add(keras.layers.Activation(row(OUTPUTS, name, "keras"), name=name, dtype="float32"))
    return model


def keras_on(backends: tuple[str, ...], format: str) -> Any:
    """Keras on one of these backends: the one that KERAS_BACKEND names, or the first installed.

    A process has Keras on one backend for good. SettingError where that is another one, and where
    something is missing.
    """
    from digitscope.engines.frameworks import load_keras, missing

    if keras := sys.modules.get("keras"):
        backend = keras.backend.backend()
    else:
        named = os.environ.get("KERAS_BACKEND", "")
        there = (name for name in backends if not missing([name]))
        backend = named if named in backends else next(there, backends[0])
        if lacking := missing(["keras", backend]):
            raise SettingError(f"format {format} {lacking}")
    if backend not in backends:
        raise SettingError(
            f"format {format} needs Keras on {' or '.join(backends)}, this process has it on "
            f"{backend}: export in a process of its own"
        )
    load_keras(backend)
    return importlib.import_module("keras")
