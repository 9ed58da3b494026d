"""Checksums: rules that a number's digits keep, as small machines that read it from the right.

A machine has states 0 to n - 1. It begins in state 0, and each digit, with its place counted from
0 on the right, leads from one state to another. Where state `accepted` is reached behind the first
digit, the number keeps the rule. For one digit and place no two states lead to the same one, so
that a lattice can be searched with the states beside it.

    luhn      every second digit doubled, its cross sum taken; the sum ends in 0
              (H. P. Luhn, US patent 2,950,048, 1960; ISO/IEC 7812-1)
    ean13     weights 1 and 3 in turn from the right; the sum ends in 0 (GS1 General Specifications)
    ean8, upc the same with 8 and with 12 digits
    isbn10    weights 1, 2, 3 ... from the right; a multiple of 11 (ISO 2108, before 2007; its "X"
              for 10 is no digit, so numbers that end in it are not read)
    isbn13    an ean13
    mod97     the number leaves 1 when divided by 97 (ISO 7064 MOD 97-10, as an IBAN's digits)
    verhoeff  a product in the group of the pentagon (J. Verhoeff, Error Detecting Decimal Codes,
              1969)
    damm      a totally anti-symmetric quasigroup (H. M. Damm, 2004)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["CHECKSUMS", "Checksum", "keeps"]


@dataclass(frozen=True)
class Checksum:
    """A rule: its states, the lengths it is for (none: any), and its step(state, digit, place)."""

    states: int
    lengths: tuple[int, ...]
    step: Callable[[int, int, int], int]
    accepted: int = 0


def keeps(number: str, checksum: str) -> bool:
    """Whether a number of digits keeps a rule.

    >>> keeps("79927398713", "luhn"), keeps("79927398718", "luhn")
    (True, False)
    >>> keeps("4006381333931", "ean13"), keeps("2363", "verhoeff"), keeps("5724", "damm")
    (True, True, True)
    """
    rule = CHECKSUMS[checksum]
    if rule.lengths and len(number) not in rule.lengths:
        return False
    state = 0
    for place, digit in enumerate(reversed(number)):
        state = rule.step(state, int(digit), place)
    return state == rule.accepted


def _luhn(state: int, digit: int, place: int) -> int:
    doubled = digit * 2 - 9 * (digit > 4)
    return (state + (doubled if place % 2 else digit)) % 10


def _ean(state: int, digit: int, place: int) -> int:
    return (state + digit * (3 if place % 2 else 1)) % 10


def _isbn10(state: int, digit: int, place: int) -> int:
    return (state + digit * (place + 1)) % 11


def _mod97(state: int, digit: int, place: int) -> int:
    return (state + digit * pow(10, place, 97)) % 97


def _times(a: int, b: int) -> int:
    """The product of two symmetries of the pentagon: 0 to 4 turn it, 5 to 9 flip it."""
    turn = (a + (b if a < 5 else -b)) % 5
    return turn + 5 * ((a < 5) != (b < 5))


VERHOEFF = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)  # what becomes of a digit from place to place


def _verhoeff(state: int, digit: int, place: int) -> int:
    for _ in range(place % 8):
        digit = VERHOEFF[digit]
    return _times(state, digit)


DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
# Damm's machine reads from the left. From the right its states are those that must come before.
BEFORE_DAMM = {
    (int(after), d): before for before, row in enumerate(DAMM) for d, after in enumerate(row)
}


def _damm(state: int, digit: int, place: int) -> int:
    return BEFORE_DAMM[state, digit]


CHECKSUMS = {
    "luhn": Checksum(10, (), _luhn),
    "ean13": Checksum(10, (13,), _ean),
    "ean8": Checksum(10, (8,), _ean),
    "upc": Checksum(10, (12,), _ean),
    "isbn10": Checksum(11, (10,), _isbn10),
    "isbn13": Checksum(10, (13,), _ean),
    "mod97": Checksum(97, (), _mod97, accepted=1),
    "verhoeff": Checksum(10, (), _verhoeff),
    "damm": Checksum(10, (), _damm),
}
