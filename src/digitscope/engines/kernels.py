"""The compiled kernels: found, chosen for this processor, and called.

They are C (`native/`), compiled when the package is built: for float32 and float64, and each of
these for processors with AVX-512, with AVX2, and for any.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from ctypes import c_char_p, c_double, c_int, c_long, c_void_p
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from digitscope.errors import SettingError, nearest

LIBRARY = Path(__file__).parent / "native" / "kernels.so"
ROOT = Path(__file__).parents[3]  # of the sources, where this is no installation
NUMBERS = ("float32", "float64")
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


def library() -> ctypes.CDLL | None:
    """The library, or None where there is none that can be used."""
    return _load()[0]


def why_none() -> str:
    """Why there are no kernels here, and what to do; "" where they are."""
    return _load()[1]


@cache
def _load() -> tuple[ctypes.CDLL | None, str]:
    if not LIBRARY.exists():
        return None, (
            "has no compiled kernels here, without which training takes several times as long "
            f"({_remedy()})"
        )
    try:
        found = ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        return None, f"cannot load its compiled kernels ({error}; install digitscope again)"
    if not _is_current(found):
        return None, "has compiled kernels of another version (install digitscope again)"
    return found, ""


def _remedy() -> str:
    """How to get the kernels: whoever works on the sources has nothing to install again."""
    compiler = "install a C compiler, or pip install ziglang, and then"
    if (ROOT / "hatch_build.py").is_file():
        return f"{compiler} pip install -e {ROOT}"
    return f"{compiler} digitscope again"


def _is_current(found: ctypes.CDLL) -> bool:
    """Whether a library is of the sources beside it and holds all that is called: a call of what
    it does not have, or has with other arguments, would end the process."""
    if not hasattr(found, "sources") or not hasattr(found, "best_processor"):
        return False
    found.sources.restype = c_char_p
    able = PROCESSORS[: 1 + found.best_processor()]
    names = (f"{n}_{kind}_{name}" for n in NUMBERS for kind in able for name in SIGNATURES)
    return found.sources() == _digest().encode() and all(hasattr(found, name) for name in names)


def _digest() -> str:
    """The SHA-256 of the sources, as hatch_build.py computes it of those that it compiles."""
    files = sorted(LIBRARY.parent.glob("*.[ch]"), key=lambda path: path.name)
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


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
