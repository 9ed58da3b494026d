"""Every error that a user can meet, in one tree.

    DigitscopeError
    ├── InputError                 something the user gave is not usable (exit code 2)
    │   ├── SettingError           an option, a recipe or one of its settings
    │   │   └── SpecError          an architecture that cannot be built
    │   ├── DataError              a data file is missing, damaged or foreign
    │   ├── ImageError             an image that cannot be read, or shows no ink
    │   ├── ModelFileError         a model file that is truncated, corrupt, foreign or too new
    │   ├── RunError               a run folder that cannot be made, resumed or written
    │   └── StorageError           a file that cannot be written: rights, a full disk
    └── NotFittedError             a prediction was asked of an estimator before fit

A message is one line: what, where, what was expected, what came, what to try.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "DataError",
    "DigitscopeError",
    "ImageError",
    "InputError",
    "ModelFileError",
    "NotFittedError",
    "RunError",
    "SettingError",
    "SpecError",
    "StorageError",
    "nearest",
]


class DigitscopeError(Exception):
    """The root: whatever digitscope raises on purpose is one of these."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class InputError(DigitscopeError, ValueError):
    """Something the user gave is not usable; the command line exits with 2."""


class SettingError(InputError):
    """An option, a recipe, or one of its settings."""


class SpecError(SettingError):
    """An architecture that cannot be built."""


class DataError(InputError):
    """A data file is missing, damaged or foreign."""


class ImageError(InputError):
    """An image that cannot be read, or that shows no ink."""


class ModelFileError(InputError):
    """A model file that is truncated, corrupt, foreign or too new."""


class RunError(InputError):
    """A run folder that cannot be made, resumed or written."""


class StorageError(InputError):
    """A file that cannot be written."""


class NotFittedError(DigitscopeError, ValueError, AttributeError):
    """A prediction was asked of an estimator that has not been fitted."""


def nearest(name: str, choices: Iterable[str]) -> str:
    """The end of a sentence that says what to try instead of `name`.

    >>> nearest("lessen", ["lesson", "deep"])
    "did you mean 'lesson'?"
    >>> nearest("xyz", ["lesson", "deep"])
    'choose one of deep, lesson'
    """
    known = sorted(choices)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return "choose one of " + ", ".join(known)
