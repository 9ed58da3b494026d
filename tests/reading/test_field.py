"""Fields: what may be said of a number, and what is wrong with what was said."""

from __future__ import annotations

import re

import numpy as np
import pytest

from digitscope.errors import SettingError
from digitscope.reading.checksums import CHECKSUMS, keeps
from digitscope.reading.field import parse_field

# Published examples: the sources that checksums.py names, and Wikipedia's pages on each.
VALID = {
    "luhn": ["79927398713", "4539578763621486"],
    "ean13": ["4006381333931"],
    "ean8": ["73513537"],
    "upc": ["036000291452"],
    "isbn10": ["0306406152"],
    "isbn13": ["9780306406157"],
    "mod97": ["3214282912345698765432161182"],
    "verhoeff": ["2363"],
    "damm": ["5724"],
}


@pytest.mark.parametrize("name", CHECKSUMS)
def test_published_numbers_keep_their_checksum_and_no_digit_can_change(name):
    for number in VALID[name]:
        assert keeps(number, name)
        for i, digit in enumerate(number):
            for other in "0123456789".replace(digit, ""):
                assert not keeps(number[:i] + other + number[i + 1 :], name)


@pytest.mark.parametrize("name", CHECKSUMS)
def test_no_two_states_become_one(name):
    rule = CHECKSUMS[name]
    for place in range(12):
        for digit in range(10):
            after = {rule.step(state, digit, place) for state in range(rule.states)}
            assert after == set(range(rule.states))


@pytest.mark.parametrize("name", ["verhoeff", "damm"])
def test_neighbours_that_change_places_are_noticed(name):
    rng = np.random.default_rng(0)
    for _ in range(20):
        stem = "".join(map(str, rng.integers(0, 10, 6)))
        number = next(stem + d for d in "0123456789" if keeps(stem + d, name))
        for i in range(len(number) - 1):
            swapped = number[:i] + number[i + 1] + number[i] + number[i + 2 :]
            assert keeps(swapped, name) == (number[i] == number[i + 1])


def test_a_pattern_is_written_with_its_separators():
    field = parse_field("[0-3]d.[01]d.20dd")
    assert field.written("24122026") == "24.12.2026"
    assert field.lengths == (8,)
    assert field.told == "the pattern '[0-3]d.[01]d.20dd'"
    assert parse_field("d{2} d{3}").written("12345") == "12 345"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pattern": "..."}, "pattern '...' has 0 digits, expected 1 to 64"),
        ({"pattern": ""}, "pattern '' has 0 digits"),
        ({"pattern": "d{99}"}, "pattern 'd{99}': {99} is too many, expected 64 at most"),
        ({"pattern": "[a-z]d"}, "[a-z] is no choice of digits, expected one such as [0-3] or [05]"),
        ({"pattern": "[5-2]"}, "[5-2] allows no digit, expected one such as [0-3]"),
        ({"length": 0}, "a length must be a whole number from 1 to 64, got 0"),
        ({"length": "7"}, "a length must be a whole number from 1 to 64, got '7'"),
        ({"length": 7.0}, "a length must be a whole number from 1 to 64, got 7.0"),
        ({"pattern": 7}, "a pattern must be text such as 'dd.dd.dddd', got 7"),
        ({"checksum": "lun"}, "unknown checksum 'lun': did you mean 'luhn'?"),
        ({"length": 5, "checksum": "ean13"}, "the length asks for 5 digits, the checksum ean13"),
        ({"pattern": "ddd", "length": 4}, "the pattern asks for 3 digits, the rest for 4"),
    ],
)
def test_what_cannot_be_is_said(options, words):
    with pytest.raises(SettingError, match=re.escape(words)):
        parse_field(**options)
