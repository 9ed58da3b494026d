"""MNIST, as it ships: 60,000 images for training and 10,000 for testing, no network, no pickle."""

from __future__ import annotations

import hashlib
import zlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

import numpy as np

from digitscope.arrays import Images, Labels
from digitscope.data.idx import parse_idx
from digitscope.errors import DataError, nearest

FILES = {
    "train images": "train-images-idx3-ubyte",
    "train labels": "train-labels-idx1-ubyte",
    "test images": "t10k-images-idx3-ubyte",
    "test labels": "t10k-labels-idx1-ubyte",
}

# Of the raw bytes, as published; so it does not matter how the files are packed here.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
SIZES = {"train": 60_000, "test": 10_000}


class Dataset(NamedTuple):
    """Images uint8 [n, 28, 28], ink 255 on paper 0, and their labels uint8 [n]."""

    images: Images
    labels: Labels


def load_mnist(part: str = "train", folder: Traversable | None = None) -> Dataset:
    """One part of MNIST, "train" (60,000) or "test" (10,000), read-only.

    Checked against the published SHA-256 of the raw bytes; DataError names a damaged file. `folder`
    is for other places of the same packed files.

    >>> images, labels = load_mnist("test")
    >>> images.shape, images.dtype, labels[:3].tolist()
    ((10000, 28, 28), dtype('uint8'), [7, 2, 1])
    """
    if part not in SIZES:
        raise DataError(f"MNIST has no part {part!r}: {nearest(str(part), SIZES)}")
    folder = folder if folder is not None else files("digitscope.data") / "files"
    n = SIZES[part]
    images = _read(folder, FILES[f"{part} images"], 16 + n * 28 * 28)
    labels = _read(folder, FILES[f"{part} labels"], 8 + n)
    return Dataset(images, labels)


def _read(folder: Traversable, name: str, size: int) -> Images:
    """One file, unpacked straight into its final place, so that it is never in memory twice."""
    packed = folder / f"{name}.gz"
    raw = np.empty(size, np.uint8)
    length = 0
    unpacker = zlib.decompressobj(wbits=31)
    try:
        with packed.open("rb") as stream:
            while length <= size and (chunk := stream.read(1 << 18)):
                out = unpacker.decompress(chunk)
                raw[length : length + len(out)] = np.frombuffer(out, np.uint8)[: size - length]
                length += len(out)
    except (OSError, zlib.error) as error:
        raise DataError(f"{packed}: cannot be read ({error}): install digitscope again") from None
    complete = length == size and unpacker.eof
    digest = hashlib.sha256(raw.data).hexdigest()
    if not complete or digest != SHA256[name]:
        raise DataError(
            f"{packed}: damaged: expected SHA-256 {SHA256[name]}, got {digest}: install digitscope "
            f"again"
        )
    raw.flags.writeable = False
    return parse_idx(raw.data, str(packed))
