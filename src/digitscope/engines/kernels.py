"""The compiled kernels: found, chosen for this processor, and called.

They are C (`native/`), compiled when the package is built: for float32 and float64, and each of
these for processors with AVX-512, with AVX2, and for any.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import c_double, c_int, c_long, c_void_p
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from digitscope.errors import SettingError, nearest

LIBRARY = Path(__file__).parent / "native" / "kernels.so"
PROCESSORS = ("any", "avx2", "avx512")  # in the order of `best_processor` in native/processor.c

# In the order of the enums in native/: network.c, activations.h, losses.h, optimizers.h.
KINDS = ("dense", "activation", "dropout")
FUNCTIONS = ("linear", "sigmoid", "tanh", "relu", "softmax")
KERNEL_LOSSES = ("binary_cross_entropy", "categorical_cross_entropy", "quadratic")
KERNEL_OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam")
WEIGHTS = -1  # among the slots of `copy`


class Kernels(NamedTuple):
    """The functions of native/network.c, for one type of numbers and one kind of processor."""

    open: Any
    close: Any
    copy: Any
    mask: Any
    advance: Any
    logits: Any
    probabilities: Any


P3, I3 = [c_void_p] * 3, [c_int] * 3
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "open": (c_void_p, [c_long, c_void_p, c_void_p, c_int]),
    "close": (None, [c_void_p]),
    "copy": (None, [c_void_p, c_long, c_int, c_void_p, c_void_p, c_int]),
    "mask": (None, [c_void_p, c_long, c_void_p]),
    "advance": (c_int, [c_void_p, c_long, *P3, c_long, c_long, *P3[:2], *I3, c_double, c_void_p]),
    "logits": (c_int, [c_void_p, c_long, *P3]),
    "probabilities": (c_int, [c_void_p, c_long, *P3[:2], c_double, *P3[:2]]),
}


@cache
def library() -> ctypes.CDLL | None:
    """The library, or None where this installation has none."""
    try:
        return ctypes.CDLL(str(LIBRARY))
    except OSError:
        return None


def why_none() -> str:
    """Why there are no kernels here, and what to do; "" where they are."""
    if library():
        return ""
    return (
        "has no compiled kernels in this installation (install a C compiler, or pip install "
        "ziglang, and then digitscope again)"
    )


def processor() -> str:
    """The kernels that this processor runs fastest; DIGITSCOPE_PROCESSOR may ask for lesser ones.

    SettingError where it asks for what the processor does not have.
    """
    found = library()
    able = PROCESSORS[: 1 + (found.best_processor() if found else 0)]
    asked = os.environ.get("DIGITSCOPE_PROCESSOR", "")
    if asked and asked not in able:
        raise SettingError(
            f"DIGITSCOPE_PROCESSOR: this machine runs kernels for {', '.join(able)}, "
            f"got {asked!r}: {nearest(asked, able)}"
        )
    return asked or able[-1]


def kernels(dtype: np.dtype[Any]) -> Kernels:
    """The kernels for float32 or float64 on this processor; SettingError where there are none."""
    found = library()
    if found is None:
        raise SettingError(f"engine fast {why_none()}: choose engine numpy")
    return _bound(dtype.name, processor())


@cache
def _bound(numbers: str, kind: str) -> Kernels:
    functions = {}
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library(), f"{numbers}_{kind}_{name}")
        function.restype, function.argtypes = result, arguments
        functions[name] = function
    return Kernels(**functions)
