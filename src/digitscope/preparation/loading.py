"""From whatever the user has to a Picture: paths, bytes, streams, Pillow images, arrays."""

from __future__ import annotations

import io
import os
import re
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitscope.errors import ImageError
from digitscope.preparation.decoding import decode
from digitscope.preparation.results import Picture
from digitscope.preparation.values import to_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Source", "load", "read_stream"]

Source: TypeAlias = "str | os.PathLike[str] | bytes | IO[bytes] | Image | NDArray[Any]"


def load(source: Source, name: str | None = None) -> Picture:
    """Decode any image, set it upright, put it on white paper, bound its size.

    `source` is a path, the bytes of a file, a binary stream, a Pillow image, or an array: bool,
    integers from 0, or floats in 0..1 (or 0..255), of shape [h, w], [h, w, 1], [h, w, 3] or
    [h, w, 4]. The content decides the format, not the name. `name` is what messages call it.
    Raises ImageError, with one line, for whatever cannot be decoded.

    >>> import numpy as np
    >>> picture = load(np.zeros((30, 40), np.uint8))
    >>> picture.width, picture.height, picture.factors
    (40, 30, (1.0, 1.0))
    """
    from PIL.Image import Image as PillowImage

    if isinstance(source, PillowImage):
        return decode(source, name or str(getattr(source, "filename", "") or "the Pillow image"))
    if isinstance(source, np.ndarray):
        return _load_array(source, name or "the array")
    if isinstance(source, (bytes, bytearray, memoryview)):
        return decode(io.BytesIO(source), name or "the image bytes")
    if isinstance(source, (str, os.PathLike)):
        return _load_file(source, name)
    if hasattr(source, "read"):
        data, name = read_stream(source, name)
        return decode(io.BytesIO(data), name)
    raise ImageError(
        f"{name or 'the image'}: expected a path, bytes, a binary stream, a Pillow image or an "
        f"array, got {type(source).__name__}; try the path of an image file"
    )


def _load_file(path: str | os.PathLike[str], name: str | None) -> Picture:
    name = name or str(path)
    with ExitStack() as stack:
        try:
            if Path(path).is_dir():
                raise ImageError(
                    f"{name or 'an empty path'}: expected an image file, got a folder; "
                    "try one of the images in it"
                )
            stream = stack.enter_context(Path(path).open("rb"))
        except ImageError:
            raise
        except FileNotFoundError as reason:
            if re.match(r"file:/", name, re.IGNORECASE):
                raise ImageError(
                    f"{name}: expected a path, got an address; try it without file://"
                ) from reason
            if re.match(r"[a-z][a-z0-9+.-]+://", name, re.IGNORECASE):
                raise ImageError(
                    f"{name}: expected a file, got an address; nothing is fetched from the "
                    "network; try to download it first, and give its path"
                ) from reason
            raise ImageError(
                f"{name}: no such file; expected an image; try its path from {Path.cwd()}"
            ) from reason
        except PermissionError as reason:
            raise ImageError(
                f"{name}: no permission to read this file; expected a readable image; "
                "try changing its rights (chmod u+r)"
            ) from reason
        except (OSError, ValueError) as reason:
            raise ImageError(
                f"{name!r}: cannot be opened ({reason}); try the path of an image file"
            ) from reason
        return decode(stream, name)


def read_stream(stream: IO[bytes], name: str | None) -> tuple[bytes, str]:
    """What a stream holds, and what messages call it; ImageError where that is no bytes."""
    given = getattr(stream, "name", None)
    name = name or (given if isinstance(given, str) else "the image stream")
    try:
        data = stream.read()
    except (OSError, ValueError) as reason:  # closed, write-only, or text that is no text
        raise ImageError(
            f"{name}: the stream cannot be read ({reason}); try opening the file with mode 'rb'"
        ) from reason
    if not isinstance(data, bytes):
        raise ImageError(
            f"{name}: expected a binary stream, got one that yields {type(data).__name__}; "
            "try opening the file with mode 'rb'"
        )
    return data, name


def _load_array(array: NDArray[Any], name: str) -> Picture:
    from PIL import Image

    pixels = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[2] in (3, 4)):
        raise ImageError(
            f"{name}: expected an array of shape [h, w], [h, w, 3] or [h, w, 4], got shape "
            f"{list(array.shape)}; try one image at a time, such as images[0] or x.reshape(28, 28)"
        )
    if pixels.size == 0:
        raise ImageError(
            f"{name}: expected an image, got an empty array of shape {list(array.shape)}; "
            "try an array of at least 8x8"
        )
    return decode(Image.fromarray(to_bytes(pixels, name)), name)
