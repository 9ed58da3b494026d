"""IDX, the format of MNIST's files: two zero bytes, a type, a rank, the sizes, then the numbers.

    00 00 08 03   0000ea60 0000001c 0000001c   60,000 x 28 x 28 unsigned bytes

Sizes and numbers are big-endian. Source: LeCun, Cortes, Burges, The MNIST database of handwritten
digits.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.errors import DataError

TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
CODES: dict[np.dtype[Any], int] = {kind.newbyteorder("="): code for code, kind in TYPES.items()}


def parse_idx(data: bytes | bytearray | memoryview, name: str = "IDX data") -> NDArray[Any]:
    """The array in an IDX file's bytes, as a view where the byte order allows it.

    DataError names the file and what is wrong with it.

    >>> parse_idx(format_idx(np.array([[1, 2], [3, 4]], np.uint8))).tolist()
    [[1, 2], [3, 4]]
    """
    view = memoryview(data)
    if len(view) < 4 or view[0] or view[1] or view[2] not in TYPES:
        raise DataError(
            f"{name}: expected an IDX file (00 00, a type, a rank), "
            f"got {bytes(view[:4]).hex(' ') or 'nothing'}"
        )
    kind, rank = TYPES[view[2]], view[3]
    start = 4 + 4 * rank
    if len(view) < start:
        raise DataError(f"{name}: the IDX header ends after {len(view)} of {start} bytes")
    sizes = struct.unpack(f">{rank}I", view[4:start])
    expected = math.prod(sizes) * kind.itemsize
    if len(view) - start != expected:
        raise DataError(
            f"{name}: the IDX header promises {'x'.join(map(str, sizes))} numbers, {expected} "
            f"bytes, "
            f"got {len(view) - start}"
        )
    # NumPy counts what an empty array would hold if its empty dimensions had one element each.
    if rank > 32 or math.prod(max(1, n) for n in sizes) * kind.itemsize >= 2**63:
        what = f"of {'x'.join(map(str, sizes))} numbers" if rank <= 32 else f"of rank {rank}"
        raise DataError(f"{name}: an IDX array {what} is not supported")
    array = np.frombuffer(view, kind, offset=start).reshape(sizes)
    return array.astype(kind.newbyteorder("="), copy=False)


def format_idx(array: NDArray[Any]) -> bytes:
    """The bytes of an IDX file; DataError for a type that IDX does not have.

    >>> format_idx(np.array([7, 8], np.uint8)).hex(" ")
    '00 00 08 01 00 00 00 02 07 08'
    """
    if array.dtype not in CODES:
        raise DataError(f"IDX has no type {array.dtype}: use one of {', '.join(map(str, CODES))}")
    if array.ndim > 32:
        raise DataError(f"an IDX array of rank {array.ndim} is not supported")
    code = CODES[array.dtype]
    header = struct.pack(f">2xBB{array.ndim}I", code, array.ndim, *array.shape)
    return bytes(header + array.astype(TYPES[code]).tobytes())
