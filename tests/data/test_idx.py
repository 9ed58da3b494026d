from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from digitscope.data.idx import CODES, format_idx, parse_idx
from digitscope.errors import DataError
from tests.helpers import fuzz_factor

dtypes = st.sampled_from(sorted(CODES, key=str))


@given(arrays(dtypes, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)))
@settings(max_examples=300, deadline=None)
def test_what_is_written_is_read_back(array: np.ndarray) -> None:
    again = parse_idx(format_idx(array))
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array)


@given(st.binary(max_size=64))
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_an_array_or_one_clear_line(data: bytes) -> None:
    try:
        parse_idx(data, "some file")
    except DataError as error:
        assert str(error).startswith("some file: ")
        assert "\n" not in str(error)


def test_mutated_files_are_an_array_or_one_clear_line() -> None:
    rng = random.Random(0)
    whole = format_idx(np.arange(60, dtype=np.int32).reshape(3, 4, 5))
    refused = 0
    for _ in range(tries := 5000 * fuzz_factor()):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(min(len(data), 24))] = rng.randrange(256)
        if rng.random() < 0.3:
            del data[rng.randrange(len(data)) :]
        try:
            parse_idx(bytes(data))
        except DataError:
            refused += 1
    assert 0.4 * tries < refused < tries


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got nothing"),
        (b"PK\x03\x04....", "expected an IDX file"),
        (bytes.fromhex("00000803 00000002"), "the IDX header ends after 8 of 16 bytes"),
        (bytes.fromhex("00000801 00000003 0102"), "promises 3 numbers, 3 bytes, got 2"),
        (bytes.fromhex("00000803 00000000 ffffffff ffffffff"), "4294967295 numbers is not supp"),
        (bytes.fromhex("00000801 ffffffff 01"), "promises 4294967295 numbers"),
        (bytes.fromhex("00000a01 00000000"), "expected an IDX file"),
    ],
)
def test_the_message(data: bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_idx(data, "digits.idx")
    assert message in str(caught.value)
    assert "digits.idx" in str(caught.value)


def test_types_that_idx_does_not_have() -> None:
    with pytest.raises(DataError, match="IDX has no type int64"):
        format_idx(np.zeros(3, np.int64))
