"""TensorFlow: a SavedModel, a folder that TensorFlow loads alone and TensorFlow Serving serves."""

from __future__ import annotations

from pathlib import Path

from digitscope.exporting.exported import Exported
from digitscope.exporting.format import Format, quoted
from digitscope.exporting.keras_file import build, keras_on
from digitscope.store import folder_atomically


def write(exported: Exported, path: Path) -> None:
    """Write the folder; SettingError where TensorFlow is missing.

    Its signatures "serve" and "serving_default" take batches of any size.
    """
    from digitscope.engines.frameworks import hushed

    model = build(keras_on(("tensorflow",), "tensorflow"), exported)
    with folder_atomically(path) as folder, hushed():
        model.export(folder, format="tf_saved_model", verbose=False)


def lines(path: Path) -> str:
    """How to load it."""
    return (
        "import tensorflow as tf\n\n"
        f"model = tf.saved_model.load({quoted(path)})\n"
        "P = model.serve(X).numpy()"
    )


TENSORFLOW = Format("-tensorflow", write, lines)
