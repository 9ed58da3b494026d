"""Whatever is sent, reading gives an answer or one clear error, soon, and in bounded memory."""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from typing import Any

import numpy as np
import pytest

from digitscope.arrays import Floats, Images
from digitscope.errors import DigitscopeError
from digitscope.reader import Reader
from digitscope.reading.classifier import NONE
from digitscope.reading.tree import Page
from tests.helpers import fuzz_factor
from tests.reading.spoilt import images

SHARDS = 8
IN_CI = 2_000  # images of all shards together; a hundred thousand of them where there is time
IMAGES = max(IN_CI, 1_000 * fuzz_factor())
SECONDS = 20.0  # of the processor for an image, most of which take 0.01; `timeout` ends the rest
MEGABYTES = 900  # that a process may grow by: an image of 99 megapixels is decoded once


def any_answer(images: Images) -> Floats:
    """Stands for the network: cheap, always the same for the same image, sure and unsure alike."""
    sums = images.reshape(len(images), 784).astype(np.int64) @ np.arange(1, 785)
    logits = np.sin(sums[:, None] * (1 + np.arange(NONE + 1)) / 7.0) * (1 + sums[:, None] % 9)
    P = np.exp(logits - logits.max(axis=1, keepdims=True))
    return P / P.sum(axis=1, keepdims=True)


def whole(page: Page) -> None:
    """Everything that a page says is possible."""
    for part in (*page.lines, *page.numbers, *page.digits):
        x, y, w, h = part.box
        assert x >= 0
        assert y >= 0
        assert w > 0
        assert h > 0
        assert x + w <= page.width
        assert y + h <= page.height
        assert -1e-9 <= part.confidence <= 1 + 1e-9
    for digit in page.digits:
        assert re.fullmatch(r"[0-9?]", digit.text)
        assert digit.image.shape == (28, 28)
    json.dumps(page.to_dict(), allow_nan=False)
    assert page.to_csv().count("\n") == 1 + len(page.numbers)
    assert str(page)


def peak() -> float:
    """The most memory that this process ever had, in MB."""
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def read_or_refuse(reader: Reader, seed: int, n: int) -> tuple[int, int]:
    """How many of n images were read, and how many refused; anything else fails."""
    pages = refusals = 0
    for name, image in images(seed, n):
        print(name)  # the last one stands in the report if the time limit of the tests strikes
        began = time.process_time()
        try:
            whole(reader.read(image))
            pages += 1
        except DigitscopeError as error:
            assert 20 < len(str(error)) < 1000, name
            assert "\n" not in str(error), name
            refusals += 1
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__}: {error}") from error
        assert time.process_time() - began < SECONDS, name
    return pages, refusals


@pytest.mark.parametrize("shard", range(SHARDS))
def test_mutated_images_are_read_or_refused(shard: int) -> None:
    before = peak()
    pages, refusals = read_or_refuse(Reader(any_answer), shard, IMAGES // SHARDS)
    assert pages > IMAGES // SHARDS // 4
    assert refusals > IMAGES // SHARDS // 4
    assert peak() - before < MEGABYTES


def test_mutated_images_are_read_or_refused_by_the_network_that_ships() -> None:
    pages, refusals = read_or_refuse(Reader(), SHARDS, IMAGES // 20)
    assert pages
    assert refusals


def test_the_mutated_images_are_the_same_every_time() -> None:
    def told(image: Any) -> Any:
        return image if isinstance(image, bytes) else (image.dtype, image.shape, image.tolist())

    some = [(n, told(i)) for n, i in images(0, 30) if "giant" not in n and "odd_a" not in n]
    again = [(n, told(i)) for n, i in images(0, 30) if "giant" not in n and "odd_a" not in n]
    assert some == again
    assert len({name.split()[0] for name, _ in images(0, 300)}) >= 7
