"""Exports: a model as the files of other frameworks, or as a page of its own. One file a format,
one table.

What every export takes and gives, and what it holds, is in `digitscope.exporting.exported`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from digitscope.errors import SettingError, nearest
from digitscope.exporting.exported import Exported
from digitscope.exporting.format import Format
from digitscope.models.model import Model, load
from digitscope.store import free

# Name -> module and its row, imported when the format is first asked for.
FORMATS = {
    "keras": "digitscope.exporting.keras_file:KERAS",
    "onnx": "digitscope.exporting.onnx_file:ONNX",
    "page": "digitscope.exporting.page_file:PAGE",
    "tensorflow": "digitscope.exporting.saved_model:TENSORFLOW",
    "torch": "digitscope.exporting.torch_files:TORCH",
}

__all__ = ["FORMATS", "Exported", "Format", "export", "find_format"]


def find_format(name: str) -> Format:
    """A row of the table; SettingError for an unknown name."""
    if name not in FORMATS:
        raise SettingError(f"unknown format {name!r}: {nearest(name, FORMATS)}")
    module, _, attribute = FORMATS[name].partition(":")
    found: Format = getattr(import_module(module), attribute)
    return found


def export(model: Model | str | Path, format: str, path: str | Path | None = None) -> Path:
    """Write a model as a file or folder of another framework; the path written is returned.

    `format` is "keras", "onnx", "page", "tensorflow" or "torch"; `path` is the model's name with
    the format's suffix, unless given. The export takes what the network takes, float32 [n, 784] or
    [n, 28, 28, 1] in 0..1, ink high (PyTorch's: channels first), and gives the probability of every
    class [n, n_classes]; of a model that refuses also, last, that of "not a digit". A network of
    one output gives that of the second class [n, 1].
    SettingError for an unknown format or a missing framework, StorageError where something exists
    already or cannot be written: nothing is overwritten.

    >>> import tempfile
    >>> from digitscope.network.network import Network
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = export(Model(Network.initialize("784-16-10")), "torch", Path(folder) / "small")
    ...     sorted(file.name for file in path.iterdir())
    ['network.py', 'weights.safetensors']
    """
    chosen = find_format(format)
    model = model if isinstance(model, Model) else load(model)
    path = Path(model.name + chosen.suffix) if path is None else Path(path)
    if not chosen.is_folder and path.suffix != chosen.suffix:
        path = path.with_name(path.name + chosen.suffix)
    chosen.write(Exported.of(model), free(path))
    return path
