"""A field: what is known of a number before it is read: its pattern, its length, its checksum."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from digitscope.errors import SettingError, nearest
from digitscope.reading.checksums import CHECKSUMS

__all__ = ["LONGEST", "Field", "parse_field"]

LONGEST = 64  # digits
TOKEN = re.compile(r"(\[[^\]]*\]|.)(\{\d+\})?", re.DOTALL)


@dataclass(frozen=True)
class Field:
    """What a number may be.

    `slots` are the places of its pattern from left to right: the digits that may stand there
    ("0123456789" for any), or "" followed by a separator, such as ("", "."). Without a pattern they
    are None, and `lengths` has the numbers of digits that are allowed (none: any).
    """

    slots: tuple[tuple[str, str], ...] | None
    lengths: tuple[int, ...]
    checksum: str | None
    told: str

    def written(self, digits: str) -> str:
        """The digits with the pattern's separators between them.

        >>> parse_field("dd.dd.dddd").written("24122026")
        '24.12.2026'
        """
        if self.slots is None:
            return digits
        rest = iter(digits)
        return "".join(next(rest) if allowed else literal for allowed, literal in self.slots)


def parse_field(
    pattern: str | None = None, length: int | None = None, checksum: str | None = None
) -> Field | None:
    """What the user knows of each number; None if that is nothing. SettingError for what cannot be.

    In a pattern `d` is a digit, `d{4}` are four, `[0-3]` or `[05]` is one of these; a digit stands
    for itself, and so does any other character: it is a separator, which may be visible as a mark
    or not, and never costs a digit.

    >>> parse_field("[0-3]d.dd.d{4}").lengths
    (8,)
    >>> parse_field(checksum="ean13").told
    'the checksum ean13'
    >>> parse_field() is None
    True
    """
    if pattern is None and length is None and checksum is None:
        return None
    if checksum is not None and checksum not in CHECKSUMS:
        raise SettingError(f"unknown checksum {checksum!r}: {nearest(checksum, CHECKSUMS)}")
    if pattern is not None and not isinstance(pattern, str):
        raise SettingError(f"a pattern must be text such as 'dd.dd.dddd', got {pattern!r}")
    if length is not None and not (isinstance(length, int | np.integer) and 1 <= length <= LONGEST):
        raise SettingError(f"a length must be a whole number from 1 to {LONGEST}, got {length!r}")
    slots = None if pattern is None else _slots(pattern)
    lengths = CHECKSUMS[checksum].lengths if checksum else ()
    for name, count in (
        ("the length", length),
        ("the pattern", None if slots is None else sum(bool(allowed) for allowed, _ in slots)),
    ):
        if count is None:
            continue
        if lengths and count not in lengths:
            other = f"the checksum {checksum}" if length is None or slots is None else "the rest"
            raise SettingError(
                f"{name} asks for {count} digits, {other} for "
                f"{' or '.join(map(str, lengths))}: leave one of them out"
            )
        lengths = (count,)
    words = [
        f"the pattern {pattern!r}" if pattern is not None else "",
        f"the length {length}" if length is not None else "",
        f"the checksum {checksum}" if checksum is not None else "",
    ]
    return Field(slots, lengths, checksum, " and ".join(word for word in words if word))


def _slots(pattern: str) -> tuple[tuple[str, str], ...]:
    slots: list[tuple[str, str]] = []
    for token, count in TOKEN.findall(pattern):
        times = int(count[1:-1]) if count else 1
        if times > LONGEST:
            raise SettingError(
                f"pattern {pattern!r}: {count} is too many, expected {LONGEST} at most"
            )
        slots += [_slot(token, pattern)] * times
    digits = sum(bool(allowed) for allowed, _ in slots)
    if not 1 <= digits <= LONGEST:
        raise SettingError(
            f"pattern {pattern!r} has {digits} digits, expected 1 to {LONGEST}: write d for a "
            "digit, as in dd.dd.dddd"
        )
    return tuple(slots)


def _slot(token: str, pattern: str) -> tuple[str, str]:
    if token == "d":
        return "0123456789", ""
    if token.isascii() and token.isdigit():
        return token, ""
    if len(token) == 1:
        return "", token
    if not re.fullmatch(r"\[(\d(-\d)?)+\]", token, re.ASCII):
        raise SettingError(
            f"pattern {pattern!r}: {token} is no choice of digits, expected one such as [0-3] or "
            "[05]"
        )
    allowed = set()
    for low, high in re.findall(r"(\d)(?:-(\d))?", token):
        allowed |= set(range(int(low), int(high or low) + 1))
    if not allowed:
        raise SettingError(
            f"pattern {pattern!r}: {token} allows no digit, expected one such as [0-3]"
        )
    return "".join(map(str, sorted(allowed))), ""
