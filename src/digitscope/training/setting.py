"""One setting of a recipe: what it may be, and what is said when it is not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from digitscope.errors import SettingError, nearest


@dataclass(frozen=True)
class Setting:
    """How a setting is explained, and how a value from TOML, Python or the command line is read.

    `read` takes the setting's name and the value; it returns the value in its own type, or raises a
    SettingError.
    """

    help: str
    read: Callable[[str, Any], Any]
    group: str


def whole(low: int, high: int = 1_000_000_000) -> Callable[[str, Any], int]:
    """A whole number from `low` to `high`.

    >>> whole(1)("epochs", "12")
    12
    """

    def read(name: str, value: Any) -> int:
        text = str(value).strip().replace("_", "")
        if not isinstance(value, bool) and re.fullmatch(r"[+-]?\d{1,12}", text):
            number = int(text)
            if low <= number <= high:
                return number
        limit = f"of at least {low}" if high == 1_000_000_000 else f"from {low} to {high}"
        raise SettingError(f"{name} must be a whole number {limit}, got {value!r}")

    return read


def real(low: float, high: float, low_included: bool = True) -> Callable[[str, Any], float]:
    """A number from `low` to `high`.

    >>> real(0, 1)("l2", "1e-4")
    0.0001
    """

    def read(name: str, value: Any) -> float:
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if low <= number <= high and (low_included or number > low):
            return number
        start = f"from {low:g}" if low_included else f"above {low:g}"
        raise SettingError(f"{name} must be a number {start} up to {high:g}, got {value!r}")

    return read


def choice(table: Collection[str]) -> Callable[[str, Any], str]:
    """A name from a table; hyphens are taken as underscores."""

    def read(name: str, value: Any) -> str:
        key = str(value).strip().replace("-", "_")
        if key in table:
            return key
        raise SettingError(f"unknown {name} {value!r}: {nearest(key, table)}")

    read.__doc__ = f"one of {', '.join(table)}"
    return read


def text(name: str, value: Any) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise SettingError(f"{name} must be text, got {value!r}")
    return value


def architecture(name: str, value: Any) -> str:
    """The hidden part of an architecture; whether it fits is found out when the spec is built."""
    if isinstance(value, (list, tuple)):
        value = "-".join(str(item) for item in value)
    return str(value).replace(" ", "")


def yes_or_no(name: str, value: Any) -> bool:
    """True or false."""
    known = {"true": True, "yes": True, "false": False, "no": False}
    key = str(value).strip().lower()
    if key in known:
        return known[key]
    raise SettingError(f"{name} must be true or false, got {value!r}")


def some_digits(name: str, value: Any) -> str:
    """Two or more different digits: "01", "0,1" or [0, 1]."""
    items = value if isinstance(value, (list, tuple)) else re.sub(r"[\s,]", "", str(value))
    digits = "".join(str(item) for item in items)
    if re.fullmatch(r"[0-9]{2,10}", digits) and len(set(digits)) == len(digits):
        return digits
    raise SettingError(f"{name} must be two or more different digits such as 01, got {value!r}")
